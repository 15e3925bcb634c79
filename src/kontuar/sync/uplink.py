"""The sender's side: what to push next, and what an acknowledgement means (push rules 1, 4 and 6).

No input or output: `step(event)` says what to do, a loop or a simulator does it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from kontuar.kernel.errors import Refused
from kontuar.kernel.time import Clock
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.known_kinds import SCHEMAS
from kontuar.operations.ports.streams import Position, SealedMessage, StreamId
from kontuar.operations.ports.sync import KeyRing, Outbox, OutgoingStream
from kontuar.sync import frames, wire
from kontuar.sync.keyring import KnownLives, no_lives, open_certified
from kontuar.sync.keys import SignedCertificate, is_signed


class Woken(msgspec.Struct, frozen=True):
    """Something was committed, or time has passed."""


class Reached(msgspec.Struct, frozen=True):
    """The receiver was reached by another way: no more waiting."""


class Replied(msgspec.Struct, frozen=True):
    """The receiver's answer."""

    body: bytes


class Failed(msgspec.Struct, frozen=True):
    """No answer, or a refusal of the whole request."""

    reason: str


class Push(msgspec.Struct, frozen=True):
    """Effect: post these frames."""

    body: bytes


class Wait(msgspec.Struct, frozen=True):
    """Effect: nothing to do for so long, unless something is committed."""

    seconds: float


class UplinkLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much goes in one request, and how long to wait. A till's requests are small: reading and packing them
    takes the database thread from a sale that may be going on."""

    most_frames: int = 1
    most_messages: int = 50
    most_bytes: int = 4 * 1024 * 1024
    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 5.0
    claim_seconds: float = 60.0


MOST_LIVES: Final = 40
"""Certificates in one frame: its header stays below half of what a header may have."""
GAP: Final = "stream.gap"
"""The receiver lacks what the sender does not have any more."""
_MOST_HEADS: Final = 4
AGENT_LIMITS: Final = UplinkLimits(most_frames=24, most_messages=1000)


class Uplink:
    """Pushes every stream of an outbox. Runs on the database thread."""

    def __init__(
        self, outbox: Outbox, sender: frames.Sender, certificate: SignedCertificate | None, keys: KeyRing,
        clock: Clock, limits: UplinkLimits = UplinkLimits(), lives: KnownLives = no_lives,
    ) -> None:  # fmt: skip
        """`lives`: certificates to be told, asked for on the database thread."""
        self._lives = lives
        self._tell_lives_at = 0.0
        self._outbox = outbox
        self._sender = sender
        self._certificate = certificate
        self._keys = keys
        self._clock = clock
        self._limits = limits
        self._run_length = min(wire.MOST_MESSAGES, limits.most_messages)
        self._pause = 0.0
        self._not_before = 0.0
        self._turn = 0
        self._claimed: dict[StreamId, float] = {}
        self._gaps: set[StreamId] = set()
        self._refusal = ""
        self.problem = outbox.problem()
        """Why nothing is taken: a refusal's code, or `stream.forked`, `stream.closed`; empty when all is well."""

    def step(self, event: Woken | Reached | Replied | Failed) -> Push | Wait:
        """What to do after the event."""
        effect = self._step(event, self._clock.monotonic())
        self.problem = self._refusal or self._outbox.problem()
        return effect

    def _step(self, event: Woken | Reached | Replied | Failed, now: float) -> Push | Wait:
        if isinstance(event, Failed):
            return self._back_off(now, event.reason)
        if isinstance(event, Reached):
            # It may be another one now: claim at once, and tell who is who.
            self._claimed.clear()
            self._tell_lives_at = 0.0
            self._pause = self._not_before = 0.0
        if isinstance(event, Replied):
            try:
                moved = self.take(event.body)
            except Refused as refusal:
                return self._back_off(now, refusal.problems[0].code)
            if not moved:
                return self._back_off(now, "sync.no_progress")
            self._pause = self._not_before = 0.0
        if now < self._not_before:
            return Wait(self._not_before - now)
        return self._push(now)

    def _back_off(self, now: float, reason: str) -> Wait:
        limits = self._limits
        self._refusal = reason
        self._claimed.clear()
        self._tell_lives_at = 0.0
        self._pause = min(limits.longest_pause_seconds, max(limits.first_pause_seconds, self._pause * 2))
        self._not_before = now + self._pause
        return Wait(self._pause)

    # -- pushing ------------------------------------------------------------------------------------------
    def _push(self, now: float) -> Push | Wait:
        found = list(self._frames(now))
        if found:
            return Push(frames.join(found))
        due = min(self._claimed.values(), default=now) + self._limits.claim_seconds
        return Wait(max(due - now, 1.0))

    def _frames(self, now: float) -> Iterator[bytes]:
        """Frames of all streams in turn, within the limits of one request."""
        streams = self._outbox.streams()
        start = self._turn % len(streams) if streams else 0
        limits = self._limits
        count = 0
        messages_left, bytes_left = limits.most_messages, limits.most_bytes
        for offset, outgoing in enumerate([*streams[start:], *streams[:start]]):
            for after, messages in self._runs(outgoing, now):
                yield self._seal(outgoing, after, messages, self._lives_due(now))
                count += 1
                messages_left -= len(messages)
                bytes_left -= sum(len(message.payload) for message in messages)
                if count >= limits.most_frames or messages_left <= 0 or bytes_left <= 0:
                    self._turn = start + offset + 1
                    return

    def _runs(self, outgoing: OutgoingStream, now: float) -> Iterator[tuple[Position, Sequence[SealedMessage]]]:
        """Runs of messages of one stream, each for one frame; an empty one when a claim is due."""
        stream, after = outgoing.stream, outgoing.held
        self._gaps.discard(stream)
        while after.seq < outgoing.head.seq:
            messages = self._outbox.read(stream, after.seq, self._run_length, wire.MOST_BYTES)
            if not messages or messages[0].seq != after.seq + 1:
                # A relay that began after the hub's position cannot fill in what the hub has lost since, nor a till
                # what it let go of. The receiver may get it another way, so it is asked again where it stands.
                self._refusal = GAP
                self._gaps.add(stream)
                break
            self._claimed[stream] = now
            yield after, messages
            after = Position(messages[-1].seq, messages[-1].hash.hex())
        if after == outgoing.held and self._claim_is_due(stream, now):
            self._claimed[stream] = now
            yield after, ()

    def _claim_is_due(self, stream: StreamId, now: float) -> bool:
        claimed = self._claimed.get(stream)
        return claimed is None or now - claimed >= self._limits.claim_seconds

    def _lives_due(self, now: float) -> tuple[CertificateRow, ...]:
        """Once for each new beginning, and then with the claims: whoever is above may have been restored (rule 5)."""
        if now < self._tell_lives_at:
            return ()
        found = self._lives(self._tell_lives_at == 0.0)
        self._tell_lives_at = now + self._limits.claim_seconds
        return tuple(found[:MOST_LIVES])

    def _seal(
        self, outgoing: OutgoingStream, after: Position, messages: Sequence[SealedMessage],
        lives: tuple[CertificateRow, ...],
    ) -> bytes:  # fmt: skip
        fields = wire.PushFields(
            stream=outgoing.stream, store=outgoing.store, first=after.seq + 1,
            last=after.seq + len(messages), prev_hash=after.hash,
            head_hash=messages[-1].hash.hex() if messages else after.hash, claim=outgoing.held,
            schemas=SCHEMAS, lives=lives, certificate=self._certificate,
        )  # fmt: skip
        body = wire.pack_messages(messages)
        return frames.seal(self._sender, "push", wire.to_fields(fields), body, self._clock.now())

    # -- acknowledgements ---------------------------------------------------------------------------------
    def take(self, body: bytes) -> bool:
        """Take all acknowledgements of an answer in one transaction; whether any stream got on. Raises `Refused`."""
        read = [open_certified(data, self._keys, self._sender.protocol) for data in frames.split(body)]
        acks = [(wire.fields_of(frame, "ack", wire.AckFields), identity) for frame, identity in read]
        self._refusal = ""
        with self._outbox.transaction():
            moved = [self._acknowledge(ack) for ack, identity in acks if identity.kind in ("agent", "hub")]
        return any(moved)

    def _acknowledge(self, ack: wire.AckFields) -> bool:
        """Rule 1: what is acknowledged is (incarnation, seq, hash), never a bare number."""
        outgoing = self._outbox.stream(ack.stream)
        if outgoing is None:
            return False
        if self._contradicts(ack, outgoing):
            if ack.claim == outgoing.held:  # else it is a late answer, and the next push is answered again
                self._outbox.stop(ack.stream, "stream.forked", ack.held)
            return True
        if ack.stream.incarnation in ack.closed:  # nothing new is written in it; what is written goes on being pushed
            self._outbox.stop(ack.stream, "stream.closed")
        if ack.held.seq > outgoing.head.seq and not outgoing.origin_here:
            self._go_on_beyond(ack, outgoing)
            return True
        if ack.held.seq < outgoing.held.seq and ack.claim != outgoing.held:
            return True  # a late answer to an earlier push: the receiver was not rolled back
        self._outbox.acknowledged(ack.stream, ack.held, ack.final)
        self._keep_heads(ack, outgoing)
        waits = ack.held.seq == outgoing.head.seq or ack.stream in self._gaps
        return waits or ack.held != outgoing.held

    def _go_on_beyond(self, ack: wire.AckFields, outgoing: OutgoingStream) -> None:
        """The receiver is further than this relay. Of what lies here and was not in that push nobody knows yet whether
        the receiver has the same: it is pushed first, and found to be a repeat or a fork (rule 1)."""
        pushed = outgoing.head if ack.pushed is None else ack.pushed
        if outgoing.held.seq == outgoing.head.seq or pushed == outgoing.head:
            self._outbox.adopt(ack.stream, outgoing.store, ack.held)
        elif pushed.seq > outgoing.held.seq and self._outbox.hash_at(ack.stream, pushed.seq) == pushed.hash:
            self._outbox.acknowledged(ack.stream, pushed, pushed)

    def _keep_heads(self, ack: wire.AckFields, outgoing: OutgoingStream) -> None:
        """What others signed to hold; a statement that fits nothing here proves nothing, and is left."""
        for signed in ack.heads[:_MOST_HEADS]:
            head = signed.read()
            if head is None or head.stream != ack.stream or not self._is_ours(outgoing, head.position):
                continue
            signer = self._keys.speaker(head.signer, head.signer_incarnation)
            seal = signed.seal()
            if signer is not None and is_signed(signer.public_key, seal.signature, seal.hash):
                self._outbox.keep_head(signer.kind, head, signed)

    def _contradicts(self, ack: wire.AckFields, outgoing: OutgoingStream) -> bool:
        """Whether the receiver holds something else than we do."""
        return bool(ack.forked) or not (self._is_ours(outgoing, ack.held) and self._is_ours(outgoing, ack.final))

    def _is_ours(self, outgoing: OutgoingStream, position: Position) -> bool:
        if position.seq > outgoing.head.seq:
            # A relay's receiver may be final further than the relay has heard; an origin's own log was cut.
            return not outgoing.origin_here
        if position.seq < outgoing.pruned:
            return True  # nobody can say here: what follows is not given, and that is said (`stream.gap`)
        known = self._outbox.hash_at(outgoing.stream, position.seq)
        return known == position.hash or (known is None and not outgoing.origin_here)
