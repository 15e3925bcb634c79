"""What must follow from one message to the next: numbers, times, the perpetual total, and closings of shifts."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from kontuar.domain.cash.records import ShiftReport
from kontuar.domain.documents.booking_checks import ShiftSums, shift_differences
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import (
    Cancelled,
    Message,
    MessageOffered,
    ShiftClosed,
    ShiftOpened,
    TechnicalEvent,
    read_body,
)
from kontuar.domain.documents.number_reading import read_number
from kontuar.domain.documents.numbering import default_rule
from kontuar.domain.documents.proof.records import Fault
from kontuar.domain.documents.types import TYPES, turnover
from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.canonical import decode

Rules = Mapping[str, tuple[NumberingRule, ...]]
CLOCK_ACCEPTED = "clock.accepted"


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A closing report that is not what the stream alone makes."""

    seq: int
    report: ShiftReport
    sums: ShiftSums

    def faults(self, aside: Iterable[Document | Cancelled]) -> Iterator[Fault]:
        """Where they differ, with what lies `aside` of it: sales of a forked log have their money in the drawer, and
        are none of the report's documents (REL-05, REL-06)."""
        cash = Counter(self.sums.cash)
        for body in aside:
            for move in body.cash_moves if body.shift_id == self.report.shift.shift_id else ():
                cash[(move.form, move.currency)] += move.amount
        with_aside = ShiftSums()
        with_aside.counts, with_aside.gross, with_aside.cash = self.sums.counts, self.sums.gross, cash
        if not shift_differences(self.report, with_aside):
            return
        for problem in shift_differences(self.report, self.sums):
            detail = ", ".join(f"{fact} {value}" for fact, value in sorted(problem.facts.items()))
            name = shift_name(self.report)
            yield Fault(code="chain.shift_differs", name=name, seq=self.seq, detail=f"{problem.code} {detail}")


def shift_name(report: ShiftReport) -> str:
    """As faults call it."""
    return f"{report.shift.register} {report.shift.number}"


def offered_in(offer: MessageOffered) -> Document | Cancelled | None:
    """The sale of a forked log that an offer tells; None where it is none, or cannot be read."""
    try:
        body = read_body(decode(offer.payload.encode(), Message))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, Document | Cancelled) else None


class Sequence:
    """Takes the bodies of one stream in their order."""

    def __init__(self, rules: Rules, *, from_the_beginning: bool = True) -> None:
        """`rules`: the number patterns that ever held, newest first, by document type."""
        self._rules = rules
        self._whole = from_the_beginning
        self._last: dict[tuple[str, str, str], tuple[int, datetime.datetime | None]] = {}
        self._clock_was_set = False
        self._unread_types: set[str] = set()
        self._shifts: dict[str, ShiftSums] = {}
        self._opened: set[str] = set()
        self.closing: Closing | None = None
        """Of the body that was taken last."""
        self.perpetual: int | None = None
        self.unread = 0

    def anew(self) -> "Sequence":
        """For what follows after messages that are elsewhere: nobody knows here what they did."""
        found = Sequence(self._rules, from_the_beginning=False)
        found.unread = self.unread
        return found

    def take(self, body: Any, before: bytes) -> Iterator[Fault]:
        """The next body; `before` = the chain hash it builds on. A closing that differs is left in `closing`: what lies
        aside of it may stand in another stream."""
        self.closing = None
        if isinstance(body, Document):
            yield from self._number(body)
            yield from self._total(body)
        if isinstance(body, Document | Cancelled):
            self._shifts.setdefault(body.shift_id, ShiftSums()).add(body)
        if isinstance(body, ShiftOpened):
            self._opened.add(body.shift.shift_id)  # a life tells it late of a shift that goes on: what it sold counts
        elif isinstance(body, ShiftClosed):
            yield from self._closing(body, before)
        elif isinstance(body, TechnicalEvent) and body.event == CLOCK_ACCEPTED:
            self._clock_was_set = True

    def _number(self, document: Document) -> Iterator[Fault]:
        kind, day = TYPES.get(document.type), document.business_day
        if kind is None or day is None:
            return
        rules = (*self._rules.get(document.type, ()), default_rule(document.type))
        found = read_number(document.number, rules, symbol=kind.symbol, day=day, warehouse=document.warehouse)
        if found is None:
            self.unread += 1
            self._unread_types.add(document.type)
            return
        key = (document.type, found.series, found.period)
        known = key in self._last or (self._whole and document.type not in self._unread_types)
        ordinal, at = self._last.get(key, (0 if known else found.ordinal - 1, None))
        if found.ordinal <= ordinal:
            yield Fault(code="chain.number_repeated", name=document.number)
        elif found.ordinal > ordinal + 1:
            missing = f"{ordinal + 1}–{found.ordinal - 1}" if found.ordinal > ordinal + 2 else str(ordinal + 1)
            yield Fault(code="chain.number_missing", name=document.number, detail=missing)
        if at is not None and document.approved_at is not None and document.approved_at < at:
            if not self._clock_was_set:
                yield Fault(code="chain.time_back", name=document.number, detail=f"{document.approved_at} after {at}")
            self._clock_was_set = False
        self._last[key] = (max(found.ordinal, ordinal), document.approved_at)

    def _total(self, document: Document) -> Iterator[Fault]:
        if document.type not in TYPES:
            return
        expected = None if self.perpetual is None else self.perpetual + turnover(document)
        if expected is not None and document.perpetual_gross != expected:
            detail = f"{document.perpetual_gross} instead of {expected}"
            yield Fault(code="chain.total_differs", name=document.number, detail=detail)
        self.perpetual = document.perpetual_gross

    def _closing(self, body: ShiftClosed, before: bytes) -> Iterator[Fault]:
        report = body.report
        name = shift_name(report)
        sums = self._shifts.pop(report.shift.shift_id, ShiftSums())
        # what an earlier life did in a shift that it opened stands in another stream
        if report.shift.shift_id in self._opened and shift_differences(report, sums):
            self.closing = Closing(seq=0, report=report, sums=sums)
        if self.perpetual is not None and report.perpetual_gross != self.perpetual:
            detail = f"{report.perpetual_gross} instead of {self.perpetual}"
            yield Fault(code="chain.total_differs", name=name, detail=detail)
        if before and report.chain_head and report.chain_head != before.hex():
            yield Fault(code="chain.head_differs", name=name, detail=report.chain_head[:12])
