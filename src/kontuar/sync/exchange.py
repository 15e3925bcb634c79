"""A store's end of an exchange by file: the same frames as over HTTP, all at once (docs/protocol.md, REL-15).

There is no bookkeeping but the cursors of the streams and feeds: what a file says is done where it leads further.
"""

import hashlib
import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

import msgspec

from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock
from kontuar.operations.ports.exchange import Carrier, ExchangeFile, ExchangeReport
from kontuar.operations.ports.streams import Head, Position, SealedMessage, SignedHead, StreamId
from kontuar.operations.ports.sync import HUB_NODE, DownSink, Outbox, OutgoingStream
from kontuar.sync import downlink as down
from kontuar.sync import frames, wire
from kontuar.sync import uplink as up
from kontuar.sync.exchange_doubt import DIFFERS, DoubtedSink
from kontuar.sync.exchange_file import Here, open_file, write_file
from kontuar.sync.exchange_parts import (
    Parts,
    asked_in,
    file_name,
    messages_in,
    nothing_asked,
    sorted_parts,
    told_in,
    waiting_in,
)
from kontuar.sync.exchange_questions import ask_frames, replies_in
from kontuar.sync.figures import queue_of
from kontuar.sync.keyring import open_certified
from kontuar.sync.sealing import SECRET_BYTES
from kontuar.sync.snapshots import rows_in

LIMITS: Final = up.UplinkLimits(most_frames=10_000, most_messages=50_000, most_bytes=32 * 1024 * 1024)
"""One file; what does not fit goes in the next one, once this one was answered."""


class TowardsHub:
    """An outbox as head office is to see it: a station's *held* is its agent's word, and not what the hub holds."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._outbox.transaction()

    def streams(self) -> Sequence[OutgoingStream]:
        """Every stream, from where the hub is known to be."""
        return [_towards_hub(outgoing) for outgoing in self._outbox.streams()]

    def stream(self, stream: StreamId) -> OutgoingStream | None:
        """One of them."""
        found = self._outbox.stream(stream)
        return None if found is None else _towards_hub(found)

    def read(self, stream: StreamId, after: int, most_messages: int, most_bytes: int) -> Sequence[SealedMessage]:
        """Messages that follow a position."""
        return self._outbox.read(stream, after, most_messages, most_bytes)

    def hash_at(self, stream: StreamId, seq: int) -> str | None:
        """The chain hash at a position (hex)."""
        return self._outbox.hash_at(stream, seq)

    def acknowledged(self, stream: StreamId, held: Position, final: Position) -> None:
        """The hub's word moves *held* ahead of the agent's, and back where the hub itself was rolled back."""
        known = self._outbox.stream(stream)
        assert known is not None, "a stream that was just found"
        rolled_back = held.seq < _towards_hub(known).held.seq
        is_news = rolled_back or held.seq > known.held.seq
        self._outbox.acknowledged(stream, held if is_news else known.held, final)

    def adopt(self, stream: StreamId, store: str, position: Position) -> None:
        """A relay goes on from where the hub is."""
        self._outbox.adopt(stream, store, position)

    def stop(self, stream: StreamId, reason: str, held: Position | None = None) -> None:
        """The hub closed it, or holds something else."""
        self._outbox.stop(stream, reason, held)

    def problem(self) -> str:
        """Why a stream is stopped."""
        return self._outbox.problem()

    def keep_head(self, signer_kind: str, head: Head, signed: SignedHead) -> None:
        """What the hub signed to hold."""
        self._outbox.keep_head(signer_kind, head, signed)


class FilesForHub:
    """A station or an agent and its files. Runs on its database thread."""

    def __init__(
        self, outbox: Outbox, sink: DownSink, here: Here, store: str, clock: Clock, ids: Ids, carrier: Carrier
    ) -> None:
        self._outbox = TowardsHub(outbox)
        self._carrier = carrier
        self._sink = DoubtedSink(sink, carrier)
        self._here = here
        self._store = store
        self._clock = clock
        self._ids = ids

    def make(self) -> ExchangeFile:
        """Everything that head office is not known to hold, and a question for what is new there."""
        pushed = self._uplink().step(up.Woken())
        pushes = frames.split(pushed.body) if isinstance(pushed, up.Push) else []
        asked = self._downlink().step(down.Start())
        assert isinstance(asked, down.Ask), "the first step asks"
        hub = self._here.keys.identity(HUB_NODE, "")
        assert hub is not None, "every key ring knows its hub"
        now = self._clock.now()
        asks = ask_frames(self._here, self._carrier.asks(), self._clock)
        content = write_file(
            self._here, hub, [*frames.split(asked.body), *pushes, *asks], file=self._ids.new_id(),
            secret=self._ids.secret(SECRET_BYTES), now=now,
        )  # fmt: skip
        messages = sum(messages_in(push) for push in pushes)
        return ExchangeFile(
            name=file_name(self._here.sender.node, HUB_NODE, now), content=content, messages=messages,
            left=waiting_in(self._outbox.streams()) - messages,
        )  # fmt: skip

    def take(self, data: bytes) -> tuple[ExchangeReport, down.Applied]:
        """Apply a file of head office in one transaction; raises `Refused`, and then nothing was applied.

        Where the definitions do not fit (`exchange.definitions_differ`) the next file asks for all of them.
        """
        opened = open_file(self._here, data)
        if opened.sender.kind != "hub":
            raise refuse("exchange.wrong_way", sender=opened.sender.node)
        try:
            final, applied = self._take(sorted_parts(opened.parts))
        except Refused as refusal:
            if refusal.problems[0].code != DIFFERS:
                raise
            self._carrier.doubt(yes=True)
            raise refuse("exchange.definitions_differ") from None
        report = ExchangeReport(
            file=opened.file, sender=opened.sender.node, made_at=opened.made_at, final=max(final, 0),
            definitions=applied.definitions, confirmations=applied.confirmations, stock=applied.stock,
        )  # fmt: skip
        return report, applied

    def _take(self, parts: Parts) -> tuple[int, down.Applied]:
        replies = replies_in(parts.reply, self._here.keys)
        with self._outbox.transaction():
            before = self._final()
            if parts.ack:
                self._uplink().take(frames.join(parts.ack))
            applied = self._apply(parts)
            if replies:
                self._carrier.replied(replies)
            return self._final() - before, applied

    def _apply(self, parts: Parts) -> down.Applied:
        """Answers one after the other: each was asked for with what the one before it told."""
        asked = asked_in(parts.down[0]) if parts.down else nothing_asked()
        every = down.Applied()
        for answer in parts.answer:
            downlink = self._downlink()
            wanted = downlink.take(down.Answered(frames.join([answer]), asked=asked))
            every = _both(every, downlink.applied)
            if wanted is not None:
                downlink.take_snapshot(rows_in(io.BytesIO(self._snapshot(wanted.snapshot, parts))))
                every = _both(every, downlink.applied)
            asked = told_in(answer, asked)
        return every

    def _snapshot(self, wanted: wire.WireSnapshot, parts: Parts) -> bytes:
        for part in parts.snapshot:
            frame, identity = open_certified(part, self._here.keys)
            named = wire.fields_of(frame, "snapshot", wire.FetchFields).snapshot
            if identity.kind == "hub" and named == wanted.id:
                if hashlib.sha256(frame.body).hexdigest() != wanted.hash:
                    raise refuse("exchange.damaged", reason="snapshot")
                return frame.body
        raise refuse("exchange.damaged", reason="no snapshot")

    def _uplink(self) -> up.Uplink:
        here = self._here
        return up.Uplink(self._outbox, here.sender, here.certificate, here.keys, self._clock, LIMITS, here.lives)

    def _downlink(self) -> down.Downlink:
        here = self._here
        return down.Downlink(
            self._sink, self._store, here.sender, here.certificate, here.keys, self._clock, wait_seconds=0.0,
            queue=partial(queue_of, self._outbox),
        )  # fmt: skip

    def _final(self) -> int:
        return sum(outgoing.final.seq for outgoing in self._outbox.streams())


def _towards_hub(outgoing: OutgoingStream) -> OutgoingStream:
    """What the hub is believed to hold: *final*, or less where it said itself that it was rolled back."""
    if outgoing.held.seq <= outgoing.final.seq:
        return outgoing
    return msgspec.structs.replace(outgoing, held=outgoing.final)


def _both(one: down.Applied, other: down.Applied) -> down.Applied:
    pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return down.Applied(*(first or second for first, second in pairs))
