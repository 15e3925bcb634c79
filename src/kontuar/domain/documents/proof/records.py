"""What is proved, and what is found: messages as a node keeps them, faults, the proof of one stream."""

from collections.abc import Mapping
from typing import Any

import msgspec

Row = tuple[Any, ...]
Rows = Mapping[Row, Row]
"""(table, subject, rest of the key …) → the columns that are compared."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A message as a node keeps it: its bytes, what stands in columns beside them, and what its books say of it.

    `kind`, `at`: None where the node has no such column. `settled`: its effects should stand in the books (False:
    parked, set aside, or not looked at yet). `decided`: a person knows that something is odd with it. `subject`: the
    identity under which its document was booked, where that is not the document's own. `rows`: what the books hold
    of the document or shift it is about.
    """

    seq: int
    payload: bytes
    hash: bytes
    signature: bytes
    message_id: str
    kind: str | None = None
    at: str | None = None
    settled: bool = True
    decided: bool = False
    subject: str = ""
    rows: Rows = {}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not hold. `name`: the document's number, else what identifies it; `detail` for experts."""

    code: str
    name: str = ""
    seq: int = 0
    detail: str = ""


class StreamProof(msgspec.Struct, frozen=True, kw_only=True):
    """What looking at one stream from its beginning gave. `hash` (hex) at `last`.

    `notes`: what is so and no fault: `begins_later`, `parked`, `forked`, `not_booked`, `closed`, `stopped`,
    `numbers_unread`, `signatures_unchecked`. `held`: how far other nodes said that they hold it. `pruned_to`: so many
    messages at its beginning are at head office only, since `pruned_at` (ISO 8601). `behind_holes`: (first, last) of
    messages that lie behind what a relay holds: each is proved by itself, and that its station is asked for what is
    missing before them is no fault.
    """

    store: str
    origin: str
    incarnation: str
    first: int
    last: int
    messages: int
    documents: int
    hash: str
    notes: Mapping[str, int] = {}
    held: Mapping[str, int] = {}
    faults: tuple[Fault, ...] = ()
    pruned_to: int = 0
    pruned_at: str = ""
    behind_holes: tuple[tuple[int, int], ...] = ()


class BooksProof(msgspec.Struct, frozen=True, kw_only=True):
    """What looking at all books of a node gave; `faults` are those that belong to no stream."""

    kind: str
    node: str
    streams: tuple[StreamProof, ...]
    faults: tuple[Fault, ...] = ()

    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.faults and not any(stream.faults for stream in self.streams)
