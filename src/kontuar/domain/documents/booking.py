"""What the hub cannot book and why (HUB-05): pure, given what is known at that moment.

A message is *read*, then *judged* in the order of its stream. What is parked still moves the series on, so one
bad document parks only itself and what depends on it (REL-09).
"""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from kontuar.domain.documents import booking_checks as checks
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import (
    BODIES,
    Cancelled,
    Fiscalised,
    Message,
    Printed,
    ShiftClosed,
    ShiftOpened,
)
from kontuar.domain.documents.number_reading import NumberRead, read_number
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.errors import Problem

_message_decoder = msgspec.json.Decoder(Message)
_body_decoders: Final = {kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()}

_NUMBER_NOT_READ: Final = frozenset({"certificate.unknown", "certificate.disputed", "stream.forked"})
"""Whatever was parked for these alone was not looked at any further: neither was its number."""
_NUL: Final = b"\\u0000"

BOOKED, PARKED, CANCELLED = "booked", "parked", "cancelled"
ASIDE: Final = "aside"
"""Only a message that contradicts its stream tells of the document, and waits for a person: the true log may tell of
it yet, for a till that was set back sells the same draft again."""
OPEN, CLOSED = "open", "closed"
SeriesKey = tuple[str, str, str]
"""(document type, series, period)."""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it lies in the log. `flaw` = the reason code that intake or the check of its seal found."""

    store: str
    origin: str
    incarnation: str
    seq: int
    message_id: str
    kind: str
    payload: bytes
    hash: bytes
    flaw: str = ""
    forked: bool = False
    earlier: tuple[Problem, ...] = ()
    """What it was parked for before, when it is judged again."""
    settled: bool = False
    """The same bytes came before, in a forked log or in the true one, and were booked or decided on (REL-08)."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was read: `body` None when `problem` says why not."""

    arrived: Arrived
    message: Message | None = None
    body: Any = None
    problem: Problem | None = None

    @property
    def subject(self) -> str:
        """The document or shift it is about; empty for others."""
        body = self.body
        if isinstance(body, Document | Cancelled | Fiscalised | Printed):
            return body.doc_id
        if isinstance(body, ShiftOpened):
            return body.shift.shift_id
        return body.report.shift.shift_id if isinstance(body, ShiftClosed) else ""


class LastNumber(msgspec.Struct, frozen=True):
    """How far a series got, and whose it is."""

    origin: str
    incarnation: str
    ordinal: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub knows about everything a batch of messages names.

    `undefined`: (kind, key) without a definition. `revoked`: operator → since when he may no longer work.
    `documents`, `shifts`: state by id, absent = never heard of. `rules`: all number patterns ever, newest first;
    `numbers`: (document type, number) → its parts, where they were read already. `invoiced`: receipt → (invoice, its
    number), of the receipts that invoices in the batch repeat. `drafts`: parked draft → (document that was made of it,
    its number), of the drafts that documents in the batch were made of; cancelled documents left out.
    """

    undefined: frozenset[tuple[str, str]] = frozenset()
    revoked: Mapping[str, datetime.datetime] = {}
    documents: Mapping[str, str] = {}
    shifts: Mapping[str, str] = {}
    series: Mapping[SeriesKey, LastNumber] = {}
    rules: Mapping[str, tuple[NumberingRule, ...]] = {}
    numbers: Mapping[tuple[str, str], NumberRead] = {}
    invoiced: Mapping[str, tuple[str, str]] = {}
    drafts: Mapping[str, tuple[str, str]] = {}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`problems` empty = book it. `remarks`: booked, but a person should see it. `waits_for`: the id whose arrival
    releases it."""

    reading: Reading
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
    waits_for: str = ""
    number: NumberRead | None = None

    @property
    def reason(self) -> str:
        """The code that stands for it in lists."""
        return (self.problems or self.remarks)[0].code


def read(arrived: Arrived) -> Reading:
    """Decode a message; never raises, whatever the bytes."""
    try:
        message = _message_decoder.decode(arrived.payload)
        decoder = _body_decoders.get(message.kind)
        body = None if decoder is None else decoder.decode(message.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Reading(arrived=arrived, problem=Problem("message.unreadable", "", {"detail": str(error)[:200]}))
    if _NUL in arrived.payload:
        body = None  # no name in it can be looked up: PostgreSQL refuses the character in any query
    return Reading(arrived=arrived, message=message, body=body, problem=_flaw_of(arrived, message))


def _flaw_of(arrived: Arrived, message: Message) -> Problem | None:
    if arrived.forked:
        return Problem("stream.forked", "", {"station": arrived.origin, "seq": str(arrived.seq)})
    if arrived.flaw:
        return Problem(arrived.flaw)
    if not checks.says_where_it_lies(message, arrived.store, arrived.origin, arrived.incarnation, arrived.seq):
        return Problem("message.elsewhere", "", {"origin": message.origin, "seq": str(message.seq)})
    if message.kind not in BODIES:
        return Problem("message.kind_unknown", "", {"kind": message.kind[:80]})
    if _NUL in arrived.payload:
        return Problem("message.unreadable", "", {"detail": "U+0000"})
    return None


def names_of(reading: Reading) -> Iterator[tuple[str, str]]:
    """(kind, key) of every definition that a readable message relies on."""
    if reading.message is None or reading.body is None:
        return
    body = reading.body
    if isinstance(body, Document):
        yield from checks.names_in(body)
    elif isinstance(body, Cancelled):
        yield from checks.names_in_moves(body.stock_moves)
        yield ("operator", reading.message.by)
    elif isinstance(body, ShiftOpened | ShiftClosed):
        yield ("operator", reading.message.by)


def drafts_of(document: Document) -> frozenset[str]:
    """The parked drafts that a document was made of: its own, one it was linked to, or what it is a twin of."""
    linked = {link.doc_id for link in document.links if link.kind == "approved_from"}
    return frozenset(linked if document.parked is None else linked | {document.parked.doc_id})


def number_of(document: Document, rules: Mapping[str, tuple[NumberingRule, ...]]) -> NumberRead | None:
    """The parts of a document's number; None when it follows no rule."""
    kind = TYPES.get(document.type)
    if kind is None or document.business_day is None:
        return None
    return read_number(
        document.number,
        rules.get(document.type, ()),
        symbol=kind.symbol,
        day=document.business_day,
        warehouse=document.warehouse,
    )


class Judge:
    """Judges the messages of streams one after the other; remembers what the earlier ones changed."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._documents = dict(facts.documents)
        self._shifts = dict(facts.shifts)
        self._invoiced = dict(facts.invoiced)
        self._drafts = dict(facts.drafts)
        self.series = dict(facts.series)

    def judge(self, reading: Reading) -> Verdict:
        """Book it or park it, and why."""
        if reading.problem is not None:
            return self._parked_unread(reading)
        body = reading.body
        if isinstance(body, Document):
            return self._document(reading, body)
        if isinstance(body, Cancelled | Fiscalised | Printed):
            return self._later(reading, body)
        if isinstance(body, ShiftOpened):
            return self._shift_opened(reading, body)
        if isinstance(body, ShiftClosed):
            return self._shift_closed(reading, body)
        return Verdict(reading=reading)

    def _parked_unread(self, reading: Reading) -> Verdict:
        assert reading.problem is not None
        number = None
        if isinstance(reading.body, Document):
            number, _ = self._number(reading, reading.body)
            self._documents.setdefault(reading.body.doc_id, ASIDE if reading.arrived.forked else PARKED)
        return Verdict(reading=reading, problems=(reading.problem,), number=number)

    def _document(self, reading: Reading, document: Document) -> Verdict:
        assert reading.message is not None
        problems = list(checks.wrong_in(document, reading.message))
        number, wrong_number = self._number(reading, document)
        problems += wrong_number
        problems += self._unknown(reading)
        waits_for = ""
        known = self._documents.get(document.doc_id)
        if known in (BOOKED, CANCELLED) or (known == PARKED and not reading.arrived.earlier):
            problems.append(Problem("document.id_conflict", "", {"number": document.number}))
        if checks.needs_shift(document) and document.shift_id not in self._shifts:
            problems.append(Problem("shift.never_opened", "", {"shift": document.shift_id}))
            waits_for = document.shift_id
        for link in document.links:
            if link.kind == "approved_from":
                continue  # a parked draft of the store: the hub never has it as such
            missing = self._missing(link.doc_id, link.number)
            if missing:
                problems.append(missing)
                waits_for = waits_for or link.doc_id
        problems += self._invoiced_before(document)
        state = PARKED if problems else BOOKED
        remarks = (*self._revoked(document), *self._draft_used_before(document))
        if state == BOOKED and document.repeats:
            self._invoiced[document.repeats] = (document.doc_id, document.number)
        if state == BOOKED:
            self._drafts.update(dict.fromkeys(drafts_of(document), (document.doc_id, document.number)))
        if state == BOOKED or document.doc_id not in self._documents:
            self._documents[document.doc_id] = state
        return Verdict(reading=reading, problems=tuple(problems), remarks=remarks, waits_for=waits_for, number=number)

    def _draft_used_before(self, document: Document) -> Iterator[Problem]:
        """Two documents of one parked draft: approved without a lease while it was continued elsewhere (PARK-08), or a
        draft and its conflict copy (PARK-15). Both are booked, for both may have happened; a person looks at them."""
        others = {self._drafts[draft] for draft in drafts_of(document) if draft in self._drafts}
        for doc_id, number in sorted(others):
            if doc_id != document.doc_id:
                yield Problem("document.draft_approved_twice", "", {"number": document.number, "other": number})

    def _invoiced_before(self, document: Document) -> tuple[Problem, ...]:
        """Two tills made an invoice of one receipt while they could not know of each other (SALE-06)."""
        other, number = self._invoiced.get(document.repeats, ("", "")) if document.repeats else ("", "")
        if not other or other == document.doc_id:
            return ()
        return (Problem("invoice.receipt_invoiced_twice", "", {"number": document.number, "other": number}),)

    def _number(self, reading: Reading, document: Document) -> tuple[NumberRead | None, list[Problem]]:
        """Where the number stands in its series; the series moves on even when the document parks."""
        kind, day, arrived = TYPES.get(document.type), document.business_day, reading.arrived
        facts = {"number": document.number}
        if kind is None or day is None:
            return None, []
        rules = self._facts.rules.get(document.type, ())
        found = read_number(document.number, rules, symbol=kind.symbol, day=day, warehouse=document.warehouse)
        if found is None:
            return None, [Problem("number.unreadable", "", facts)]
        before = [problem for problem in arrived.earlier if problem.code.startswith("number.")]
        unread = any(problem.code == "number.unreadable" for problem in before)
        if arrived.earlier and not unread and not self._never_counted(found, document.type, arrived):
            return found, before
        return found, list(self._next_number(found, document.type, arrived, facts))

    def _never_counted(self, found: NumberRead, document_type: str, arrived: Arrived) -> bool:
        """Whether nobody looked at the number yet: its life was not known, or another log was the true one."""
        if not any(problem.code in _NUMBER_NOT_READ for problem in arrived.earlier):
            return False
        last = self.series.get((document_type, found.series, found.period))
        return last is None or found.ordinal > last.ordinal

    def _next_number(
        self, found: NumberRead, document_type: str, arrived: Arrived, facts: dict[str, str]
    ) -> Iterator[Problem]:
        key = (document_type, found.series, found.period)
        last = self.series.get(key)
        if last and (last.origin, last.incarnation) != (arrived.origin, arrived.incarnation):
            yield Problem("number.series_foreign", "", {**facts, "station": last.origin})
            return
        expected = last.ordinal + 1 if last else 1
        if found.ordinal < expected:
            yield Problem("number.repeated", "", facts)
            return
        if found.ordinal > expected:
            yield Problem("number.gap", "", {**facts, "expected": str(expected)})
        self.series[key] = LastNumber(arrived.origin, arrived.incarnation, found.ordinal)

    def _later(self, reading: Reading, body: Cancelled | Fiscalised | Printed) -> Verdict:
        """Something that happened to a document: it needs the document."""
        problems: list[Problem] = []
        waits_for = ""
        missing = self._missing(body.doc_id, body.number)
        if missing:
            problems.append(missing)
            waits_for = body.doc_id
        if isinstance(body, Cancelled):
            problems += checks.wrong_moves(body.stock_moves, body.cash_moves)
            problems += self._unknown(reading)
            if self._documents.get(body.doc_id) == CANCELLED:
                problems.append(Problem("document.cancelled_twice", "", {"number": body.number}))
            elif not problems:
                self._documents[body.doc_id] = CANCELLED
        return Verdict(reading=reading, problems=tuple(problems), waits_for=waits_for)

    def _missing(self, doc_id: str, number: str) -> Problem | None:
        state = self._documents.get(doc_id)
        if state is None:
            return Problem("document.missing", "", {"number": number})
        return Problem("depends_on.parked", "", {"number": number}) if state in (PARKED, ASIDE) else None

    def _shift_opened(self, reading: Reading, body: ShiftOpened) -> Verdict:
        shift = body.shift
        if shift.shift_id in self._shifts:
            return Verdict(reading=reading, problems=(Problem("shift.id_conflict", "", {"shift": str(shift.number)}),))
        self._shifts[shift.shift_id] = OPEN
        return Verdict(reading=reading, remarks=self._unknown(reading))

    def _shift_closed(self, reading: Reading, body: ShiftClosed) -> Verdict:
        shift = body.report.shift
        state = self._shifts.get(shift.shift_id)
        if state is None:
            problem = Problem("shift.never_opened", "", {"shift": str(shift.number)})
            return Verdict(reading=reading, problems=(problem,), waits_for=shift.shift_id)
        if state == CLOSED:
            problem = Problem("shift.closed_twice", "", {"shift": str(shift.number)})
            return Verdict(reading=reading, problems=(problem,))
        self._shifts[shift.shift_id] = CLOSED
        return Verdict(reading=reading, remarks=self._unknown(reading))

    def _unknown(self, reading: Reading) -> tuple[Problem, ...]:
        """One problem per name that has no definition."""
        if not self._facts.undefined:
            return ()
        missing = sorted(set(names_of(reading)) & self._facts.undefined)
        return tuple(Problem(f"{kind}.undefined", "", {"code": key[:80]}) for kind, key in missing)

    def _revoked(self, document: Document) -> tuple[Problem, ...]:
        """What an operator did offline after he was revoked is accepted and listed (ownership of operators)."""
        since = self._facts.revoked.get(document.approved_by)
        if since is None or document.approved_at is None or document.approved_at < since:
            return ()
        facts = {"operator": document.approved_by, "number": document.number}
        return (Problem("operator.revoked_before", "", facts),)
