"""One stream, message by message: its chain, what must follow from one to the next, and what the books made of it."""

from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Cancelled, Fiscalised, Message, MessageOffered, read_body
from kontuar.domain.documents.proof.chain import Chain, Passed, Seal, opened
from kontuar.domain.documents.proof.expected import EXPECTED, rows_of, subject_of
from kontuar.domain.documents.proof.records import Fault, Row, Rows, Stored
from kontuar.domain.documents.proof.sequence import Closing, Rules, Sequence, offered_in
from kontuar.domain.documents.proof.tables import CANCELLED_MOVE, LATER, Table

MOST_FAULTS: Final = 200
"""So many are named of a stream: one damage may show in everything that follows."""
_NOTHING: Final[Mapping[str, Document | Cancelled]] = MappingProxyType({})
_NEVER: Final = (False, False, "")


class StreamWalk:
    """Give it every message in the order of the stream, then ask for the rest.

    `told`: (document, what) of what it tells of documents that are not its own; `aside`: sales of forked logs that it
    offers, by their hash.
    """

    def __init__(
        self, kind: str, origin: str, incarnation: str, store: str, seal: Seal, rules: Rules, *,
        may_begin_later: bool = False, elsewhere: Iterable[Passed] = (), holes: Iterable[Passed] = (),
        pruned: tuple[int, bytes] | None = None,
    ) -> None:  # fmt: skip
        """`kind` of the node whose books are looked at: station, agent or hub."""
        self._known, self._expect = EXPECTED[kind]
        self._place = (origin, incarnation)
        self._rules = rules
        self._awaited: dict[tuple[str, str], str] = {}
        self._closings: list[Closing] = []
        self.told: set[tuple[str, str]] = set()
        self.aside: dict[str, Document | Cancelled] = {}
        self._sequence: Sequence | None = None
        self.chain = Chain(
            origin,
            incarnation,
            store,
            seal,
            may_begin_later=may_begin_later,
            elsewhere=tuple(elsewhere),
            holes=tuple(holes),
            pruned=pruned,
        )
        self.faults: list[Fault] = []
        self.messages = 0
        self.documents = 0
        self.undecided = 0

    @property
    def perpetual(self) -> int | None:
        """The perpetual total of the last document; None before the first."""
        return None if self._sequence is None else self._sequence.perpetual

    @property
    def unread(self) -> int:
        """Documents whose number follows no pattern that is known here."""
        return 0 if self._sequence is None else self._sequence.unread

    def take(self, stored: Stored) -> None:
        """The next message."""
        if self.chain.pass_by(stored.seq) and self._sequence is not None:
            self._sequence = self._sequence.anew()
        before = self.chain.hash
        found = list(self.chain.take(stored))
        message = opened(stored.payload)
        found += self.chain.beside(stored, message)
        body = _body(message)
        self.messages += 1
        self.documents += isinstance(body, Document)
        self.undecided += not stored.settled
        if self._sequence is None:
            self._sequence = Sequence(self._rules, from_the_beginning=stored.seq == 1)
        follows = list(self._sequence.take(body, before))
        found += () if stored.decided else follows
        if self._sequence.closing is not None and not stored.decided:
            self._closings.append(msgspec.structs.replace(self._sequence.closing, seq=stored.seq))
        if isinstance(body, MessageOffered) and (sale := offered_in(body)) is not None:
            self.aside[body.hash] = sale
        found += self._books(stored, body)
        self._add(found, stored, body)

    def end(
        self, told: Container[tuple[str, str]] = (), aside: Mapping[str, Document | Cancelled] = _NOTHING, *,
        others_whole: bool = True,
    ) -> None:  # fmt: skip
        """What the books say happened, and no message told.

        `told`: (document, what) that other streams of the same origin tell: a till cancels in its present life what it
        issued in an earlier one. `aside`: the sales of forked logs that all streams of the origin offer, this one too.
        `others_whole`: none of these was pruned; else what one told of a document that stays may be gone with it.
        """
        for closing in self._closings:
            self.faults += [*closing.faults(aside.values())][: max(0, MOST_FAULTS - len(self.faults))]
        self._closings.clear()
        for event, name in self._awaited.items():
            if event not in told and others_whole:
                subject, what = event
                self.faults.append(Fault(code="chain.booked_unasked", name=name, detail=f"{what} {subject}"))
        self._awaited.clear()

    def _add(self, found: list[Fault], stored: Stored, body: Any) -> None:
        named = getattr(body, "number", "") or stored.message_id
        for fault in found[: max(0, MOST_FAULTS - len(self.faults))]:
            self.faults.append(msgspec.structs.replace(fault, seq=fault.seq or stored.seq, name=fault.name or named))

    def _books(self, stored: Stored, body: Any) -> Iterator[Fault]:
        """The rows of the document or shift against the message that wrote them."""
        subject = stored.subject or subject_of(body)
        if not stored.settled or not subject:
            if isinstance(body, Document) and any(key[0] == "document" for key in stored.rows):
                yield Fault(code="chain.booked_unasked", detail="it waits for a decision, and is booked")
            return
        if isinstance(body, Fiscalised):
            yield from self._later(stored, body.doc_id, "fiscalised", (True, body.fiscal_number))
            return
        place = (*self._place, stored.seq)
        wanted = rows_of(self._known, self._expect, body, place, subject)
        there = {key: row for key, row in stored.rows.items() if key[0] != LATER and _is_back(key) == _is_cancel(body)}
        yield from _differences(self._known, wanted, there, subject)
        if isinstance(body, Document):
            self._await(stored.rows, subject, body.number)
        elif isinstance(body, Cancelled):
            yield from self._later(stored, subject, "cancelled", (True, ""))

    def _await(self, rows: Rows, subject: str, number: str) -> None:
        cancelled, fiscalised, _ = rows.get((LATER, subject), _NEVER)
        if cancelled or any(_is_back(key) for key in rows):
            self._awaited[subject, "cancelled"] = number
        if fiscalised:
            self._awaited[subject, "fiscalised"] = number

    def _later(self, stored: Stored, subject: str, what: str, said: tuple[bool, str]) -> Iterator[Fault]:
        """A document was cancelled or fiscalised: its row says so."""
        if self._awaited.pop((subject, what), None) is None:
            self.told.add((subject, what))
        if (LATER, subject) not in stored.rows:
            return  # kept nowhere on this node
        cancelled, fiscalised, number = stored.rows[LATER, subject]
        there = (cancelled, "") if what == "cancelled" else (fiscalised, number)
        if there != said:
            yield Fault(code="chain.booked_differs", detail=f"{what}: {there[1] or there[0]}, not {said[1] or said[0]}")


def _body(message: Message | None) -> Any:
    """None when it is of a kind that is not known here, or not of its kind's shape (receivers park those)."""
    try:
        return None if message is None else read_body(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_back(key: Row) -> bool:
    return key[0] in ("stock_move", "cash_move") and str(key[3]).endswith(CANCELLED_MOVE)


def _is_cancel(body: Any) -> bool:
    return isinstance(body, Cancelled)


def _differences(known: Mapping[str, Table], wanted: Rows, there: Rows, subject: str) -> Iterator[Fault]:
    for key in sorted(wanted.keys() | there.keys(), key=str):
        label = " ".join(str(part) for part in (key[0], *key[2:]))
        if key not in there:
            yield Fault(code="chain.booked_missing", detail=label)
        elif key not in wanted:
            yield Fault(code="chain.booked_unasked", detail=f"{label} of {subject}")
        elif wanted[key] != there[key]:
            columns = known[str(key[0])].columns
            parts = [
                f"{column}: {one} instead of {other}"
                for column, one, other in zip(columns, there[key], wanted[key], strict=True)
                if one != other
            ]
            yield Fault(code="chain.booked_differs", detail=f"{label}: {'; '.join(parts)[:400]}")
