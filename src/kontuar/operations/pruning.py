"""Pruning: a station and an agent let go of what head office has for good (REL-17).

Only from the beginning of a life, a shift at a time: what is left is a chain that starts from a signed mark.
"""

import datetime
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

import msgspec

from kontuar.domain.firm.parameters import Parameters
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.streams import Head, Position, SignedHead, StreamId, signed_head

LARGEST_SKEW_SECONDS: Final = 3_600.0
"""A clock that is further off than this from the node above prunes nothing: it may be years ahead."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """In days. `keep`: 0 = nothing is ever pruned; `returns`: so long goods come back and receipts become invoices;
    `backups`: so far back head office may be restored."""

    keep: int
    returns: int
    backups: int

    def before(self, now: datetime.datetime) -> str:
        """What was written earlier than this moment is old enough (ISO 8601)."""
        return instant_text(now - datetime.timedelta(days=max(self.keep, self.returns)))

    def final_by(self, now: datetime.datetime) -> str:
        """What was final on this day is in every backup of head office (ISO 8601)."""
        return (now - datetime.timedelta(days=self.backups + 1)).date().isoformat()


def limits_in(parameters: Parameters) -> Limits:
    """As head office set them."""
    return Limits(
        keep=parameters.whole("books.keep_days"), returns=parameters.whole("books.return_days"),
        backups=parameters.whole("books.backup_days"),
    )  # fmt: skip


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that may be pruned: how far it was so far, how far it is final now, and how far the hub signed to hold
    it (0 = it signed nothing)."""

    stream: StreamId
    pruned: int
    final: int
    signed: int


class PruneBooks(Protocol):
    """The books of a station or an agent. The changing calls run inside `transaction()`."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def lives(self) -> Sequence[Life]:
        """Streams that contradict nobody."""
        ...

    def note_final(self, life: Life, day: str) -> None:
        """How far it is final today; the first word of a day stays."""
        ...

    def final_on(self, stream: StreamId, day: str) -> int:
        """How far it was final on the last day noted up to this one; 0 = none is."""
        ...

    def may_go(self, life: Life, most: int, before: str) -> int:
        """How far everything is old enough, decided, and not referred to by anything that stays; at most to `most`."""
        ...

    def next_cut(self, life: Life, most: int) -> int:
        """The next position at which what is left can be proved by itself; 0 = there is none up to `most`."""
        ...

    def hash_at(self, stream: StreamId, seq: int) -> str:
        """The chain hash (hex)."""
        ...

    def prune(self, life: Life, mark: Position, signed: SignedHead, at: str) -> None:
        """Everything up to the mark goes, with what was booked of it here."""
        ...


def note_finals(books: PruneBooks, now: datetime.datetime) -> None:
    """Once a day; without it nothing is ever old enough for head office's backups."""
    with books.transaction():
        for life in books.lives():
            books.note_final(life, now.date().isoformat())


def prune_once(
    books: PruneBooks, limits: Limits, node: tuple[str, str], sign: Callable[[bytes], bytes], now: datetime.datetime
) -> Position | None:
    """One piece of one life, in one transaction; None when nothing may go. `node`: (number, incarnation) who signs."""
    if limits.keep <= 0:
        return None
    for life in books.lives():
        most = min(life.final, life.signed, books.final_on(life.stream, limits.final_by(now)))
        if most <= life.pruned:
            continue
        with books.transaction():
            cut = books.next_cut(life, books.may_go(life, most, limits.before(now)))
            if cut <= life.pruned:
                continue
            mark = Position(cut, books.hash_at(life.stream, cut))
            at = instant_text(now)
            head = Head(
                signer=node[0], signer_incarnation=node[1], origin=life.stream.origin,
                incarnation=life.stream.incarnation, seq=mark.seq, hash=mark.hash, at=at,
            )  # fmt: skip
            books.prune(life, mark, signed_head(head, sign), at)
        return mark
    return None
