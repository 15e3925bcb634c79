"""The chain of one stream: place, hash, signature of each message, and that nothing is missing between them."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from kontuar.domain.documents.booking_checks import says_where_it_lies
from kontuar.domain.documents.messages import Message
from kontuar.domain.documents.proof.records import Fault, Stored
from kontuar.kernel.canonical import CHAIN_START, chain_hash, decode
from kontuar.kernel.time import instant_text

Passed = tuple[int, int, bytes]
"""(first, last, hash of the last): messages that did not pass this node, and that it knows the node above to hold."""
Seal = Callable[[bytes, bytes], str]
"""(hash, signature) → what is wrong with the signature, empty when nothing."""
REVOKED = "certificate.revoked"
"""Signed before or after it was revoked: verification decides that, the bytes are as they were signed."""


class Chain:
    """Takes the messages of a stream in their order; every fault is named once, at its own place."""

    def __init__(
        self, origin: str, incarnation: str, store: str, seal: Seal, *, may_begin_later: bool = False,
        elsewhere: Sequence[Passed] = (), holes: Sequence[Passed] = (), pruned: tuple[int, bytes] | None = None,
    ) -> None:  # fmt: skip
        """`may_begin_later`: what came before may be elsewhere, its hash is not known here; `pruned`: (position, hash)
        from which on messages are here; `holes`: what is asked for, behind what counts as held."""
        self._place = (store, origin, incarnation)
        self._seal = seal
        self._may_begin_later = may_begin_later
        self._elsewhere = {first: (last, digest) for first, last, digest in elsewhere}
        self._holes = {first: (last, digest) for first, last, digest in holes}
        self._held: tuple[int, bytes] | None = None
        self._pruned = pruned
        self.behind: list[tuple[int, int]] = []
        self.first = 0
        self.seq = 0
        self.hash = CHAIN_START

    def take(self, stored: Stored) -> Iterator[Fault]:
        """The next message as it lies there."""
        if not self.first:
            self.first = stored.seq
            if self._pruned is not None and self.seq < self._pruned[0] < stored.seq:
                self.seq, self.hash = self._pruned
            if not self.seq and self._may_begin_later and stored.seq > 1:
                self.seq, self.hash = stored.seq - 1, b""
        if stored.seq != self.seq + 1:
            yield self._missing(stored.seq)
        elif self.hash and chain_hash(self.hash, stored.payload) != stored.hash:
            yield Fault(code="chain.altered", seq=stored.seq)
        problem = self._seal(stored.hash, stored.signature)
        if problem and problem != REVOKED:
            yield Fault(code=problem, seq=stored.seq)
        self.seq, self.hash = stored.seq, stored.hash
        if self.behind:
            self.behind[-1] = (self.behind[-1][0], stored.seq)

    @property
    def held(self) -> tuple[int, bytes]:
        """(position, hash) up to which it is without a hole."""
        return self._held or (self.seq, self.hash)

    def pass_by(self, before: int) -> bool:
        """Go over what is known to be elsewhere, or asked for, as far as it ends before a position; whether there was
        any."""
        start = self.seq
        while (found := self._next_elsewhere()) is not None and found[0] < before:
            if self.seq + 1 in self._holes:
                self._held = self.held
                self.behind.append((found[0] + 1, found[0] + 1))
            self.seq, self.hash = found
        return self.seq > start

    def _next_elsewhere(self) -> tuple[int, bytes] | None:
        return self._elsewhere.get(self.seq + 1) or self._holes.get(self.seq + 1)

    def beside(self, stored: Stored, message: Message | None) -> Iterator[Fault]:
        """Whether the message says where it lies, and the columns beside the bytes what stands in them.

        What a receiver took in although it says otherwise was `decided` on: it is parked.
        """
        if message is None or stored.decided:
            return
        if not says_where_it_lies(message, *self._place, stored.seq):
            detail = f"it says {message.origin} {message.incarnation} {message.seq}"
            yield Fault(code="chain.misplaced", seq=stored.seq, detail=detail)
        pairs = (
            ("message_id", stored.message_id, message.message_id), ("kind", stored.kind, message.kind),
            ("at", stored.at, instant_text(message.at)),
        )  # fmt: skip
        for column, there, said in pairs:
            if there is not None and there != said:
                yield Fault(code="chain.beside_differs", seq=stored.seq, detail=f"{column}: {there} instead of {said}")

    def ends_at(self, seq: int, digest: bytes) -> Iterator[Fault]:
        """Whether the stream ends where the books say that it does."""
        self.pass_by(seq + 1)
        last, here = self.held
        if seq > last:
            yield Fault(code="chain.message_missing", seq=last + 1, detail=_span(last + 1, seq))
        elif seq < last or (seq and here and digest != here):
            yield Fault(code="chain.head_differs", seq=last, detail=f"the books say {seq}, {digest.hex()[:12]}")

    def _missing(self, seq: int) -> Fault:
        return Fault(code="chain.message_missing", seq=self.seq + 1, detail=_span(self.seq + 1, seq - 1))


def opened(payload: bytes) -> Message | None:
    """The message, None when these bytes are none."""
    try:
        return decode(payload, Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _span(first: int, last: int) -> str:
    return str(first) if first >= last else f"{first}–{last}"
