"""What both ends of an exchange by file share: the frames that a file holds, sorted, and what they say."""

import datetime
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.kernel.errors import refuse
from kontuar.operations.ports.sync import DefinitionCursor, DownCursors, FeedCursor, OutgoingStream
from kontuar.sync import frames, wire

SNAPSHOT: Final = "snapshot"
"""The kind of a frame that holds a snapshot file; over HTTP it is fetched by itself."""
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of a file by their kinds, each kind in the order of the file, none of them opened yet."""

    down: tuple[bytes, ...] = ()
    push: tuple[bytes, ...] = ()
    ack: tuple[bytes, ...] = ()
    answer: tuple[bytes, ...] = ()
    snapshot: tuple[bytes, ...] = ()
    ask: tuple[bytes, ...] = ()
    reply: tuple[bytes, ...] = ()


def sorted_parts(parts: Sequence[bytes]) -> Parts:
    """Raises `Refused("exchange.damaged")` for a kind that no file holds."""
    found: dict[str, list[bytes]] = {name: [] for name in Parts.__struct_fields__}
    for part in parts:
        kind = frames.peek(part).kind
        if kind not in found:
            raise refuse("exchange.damaged", reason=f"kind {kind[:20]}")
        found[kind].append(part)
    if len(found["down"]) > 1:
        raise refuse("exchange.damaged", reason="more than one question")
    return msgspec.convert({name: tuple(each) for name, each in found.items()}, Parts)


def asked_in(question: bytes) -> DownCursors:
    """With what a question was asked."""
    asked = wire.fields_of(frames.Frame(frames.peek(question), b""), "down", wire.DownFields)
    return DownCursors(
        definitions=DefinitionCursor(
            asked.definitions.epoch, asked.definitions.version, _number(asked.definitions.checksum)
        ),
        confirmations=asked.confirmations, stock=asked.stock, final=asked.final, parked=asked.parked,
    )  # fmt: skip


def told_in(answer: bytes, asked: DownCursors) -> DownCursors:
    """Where the feeds stand after an answer: with this the next one of the same file was asked for."""
    told = wire.fields_of(frames.Frame(frames.peek(answer), b""), "answer", wire.DownAnswerFields)
    d = told.definitions
    return DownCursors(
        definitions=DefinitionCursor(d.epoch, d.version, _number(d.checksum)), confirmations=told.confirmations,
        stock=FeedCursor(told.stock.epoch, told.stock.version), final=asked.final, parked=asked.parked,
    )  # fmt: skip


def nothing_asked() -> DownCursors:
    """A file that answers no question holds all there is."""
    return DownCursors(definitions=DefinitionCursor(), confirmations=FeedCursor(), stock=FeedCursor())


def messages_in(push: bytes) -> int:
    """How many messages a push frame holds."""
    fields = wire.fields_of(frames.Frame(frames.peek(push), b""), "push", wire.PushFields)
    return fields.last - fields.first + 1


def waiting_in(streams: Sequence[OutgoingStream]) -> int:
    """How many messages the receiver of these streams is not known to hold."""
    return sum(max(outgoing.head.seq - outgoing.held.seq, 0) for outgoing in streams)


def file_name(sender: str, receiver: str, now: datetime.datetime) -> str:
    """A name for a file, of letters that every system takes."""
    told = [_NOT_IN_NAMES.sub("-", part).strip("-") for part in (sender, receiver)]
    return f"kontuar-{told[0]}-{told[1]}-{now:%Y%m%d-%H%M%S}.ktx"


def certificate_name(node: str, now: datetime.datetime) -> str:
    """The same for the certificate of a node."""
    return f"{file_name('certificate', node, now).removesuffix('.ktx')}.kte"


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 20:
        raise refuse("exchange.damaged", reason="checksum")
    return int(text)
