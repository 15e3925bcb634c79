"""Cash shifts: opened with a float, closed with counted money, summarised at any time (PAY-09, PAY-10)."""

import datetime

import msgspec

from kontuar.domain.cash.records import CountedCash, Shift, ShiftReport
from kontuar.domain.cash.shifts import closing_moves, float_move, with_counts
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import ShiftClosed, ShiftOpened
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor, parse_amount
from kontuar.operations.actor import Actor
from kontuar.operations.station.clock_guard import require_sane_clock
from kontuar.operations.station.station import Station


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a person typed at closing: the amount in major units."""

    form: str
    currency: str
    amount: str


def open_shift(station: Station, actor: Actor, opening_float: str, business_day: datetime.date | None = None) -> Shift:
    """Begin a shift. Only a station of the *replay* profile may choose its business day.

    Raises `Refused("shift.already_open" | "shift.day_not_chosen" | "amount.…")`.
    """
    actor.require(rights.OPEN_SHIFT)
    require_sane_clock(station, actor)
    if business_day is not None and not station.replay:
        raise refuse("shift.day_not_chosen", "business_day")
    if station.books.cash.open_shift() is not None:
        raise refuse("shift.already_open")
    currency = station.firm().currency
    counted = parse_amount(opening_float or "0", currency, "float")
    with station.books.transaction():
        shift = Shift(
            shift_id=station.ids.new_id(), number=station.books.cash.last_shift_number() + 1,
            register=station.register(), business_day=business_day or station.today(),
            opened_at=station.clock.now(), opened_by=actor.operator, opening_float=counted, currency=currency,
        )  # fmt: skip
        form = _cash_form(station)
        there = station.books.cash.balances(shift.register).get((form, currency), Minor(0))
        moves = float_move(shift.register, form, currency, there, counted)
        station.books.cash.start(shift)
        station.books.cash.add_moves(shift.shift_id, moves, shift.shift_id)
        station.announce("shift.opened/1", shift.shift_id, ShiftOpened(shift=shift, cash_moves=moves), actor.operator)
    station.committed()
    return shift


def summary(station: Station, actor: Actor) -> ShiftReport:
    """The open shift so far (PAY-10).

    Raises `Refused("shift.sums_when_closed")` where the firm has it counted blind.
    """
    actor.require(rights.SEE_CASH)
    if not shows_sums(station):
        raise refuse("shift.sums_when_closed")
    return _report(station, station.open_shift(), ())


def shows_sums(station: Station) -> bool:
    """Whether the sums of a shift are told before it is closed (HUB-14)."""
    return station.parameters().yes("cash.sums_of_open_shift")


def report(station: Station, actor: Actor, shift_id: str) -> ShiftReport:
    """The report of a closed shift, or the open one so far; one's own closing without the right to see cash.

    Raises `Refused("shift.not_found" | "shift.never_closed")`: what an earlier life left open has no report (REL-13).
    """
    closed = station.books.cash.report_of(shift_id)
    if closed is None or closed.closed_by != actor.operator:
        actor.require(rights.SEE_CASH)
    if closed is not None:
        return closed
    shift = station.books.cash.open_shift()
    if shift is None or shift.shift_id != shift_id:
        if station.books.cash.known(shift_id):
            raise refuse("shift.never_closed", "shift")
        raise refuse("shift.not_found", "shift", shift_id=shift_id[:64])
    return summary(station, actor)


def past(station: Station, actor: Actor, limit: int = 50) -> list[Shift]:
    """Closed shifts, newest first."""
    actor.require(rights.SEE_CASH)
    return list(station.books.cash.closed_shifts(min(limit, 200)))


def countable(station: Station, actor: Actor) -> list[tuple[str, str]]:
    """(form, currency) that may lie in the drawer at closing, without the sums: those who may not see them count."""
    actor.require(rights.CLOSE_SHIFT)
    shift = station.open_shift()
    return [(row.form, row.currency) for row in station.books.cash.form_totals(shift)]


def close_shift(station: Station, actor: Actor, counted: tuple[Counted, ...]) -> ShiftReport:
    """End the shift with what was counted; drafts with card money must be settled first.

    Raises `Refused("shift.not_open" | "shift.payment_open" | "shift.count_missing" | "amount.…")`.
    """
    actor.require(rights.CLOSE_SHIFT)
    require_sane_clock(station, actor)
    if any(_holds_money(station, draft) for draft in station.books.drafts.every()):
        raise refuse("shift.payment_open")
    with station.books.transaction():
        shift = station.open_shift()
        report = msgspec.structs.replace(
            _report(station, shift, counted),
            closed_at=station.clock.now(),
            closed_by=actor.operator,
            chain_head=station.books.stream.head().hash,
        )
        moves = closing_moves(shift.register, report.forms)
        station.books.cash.add_moves(f"{shift.shift_id}:closed", moves, shift.shift_id)
        station.books.cash.finish(report)
        body = ShiftClosed(report=report, cash_moves=moves)
        station.announce("shift.closed/1", f"{shift.shift_id}:closed", body, actor.operator)
    station.committed()
    return report


def _holds_money(station: Station, draft: Document) -> bool:
    """A sale with money assigned or asked of a terminal; a cash document holds none before it is approved."""
    assigned = bool(draft.payments) and type_of(draft.type).paid
    return assigned or bool(station.books.cards.unfinished(draft.doc_id))


def _report(station: Station, shift: Shift, counted: tuple[Counted, ...]) -> ShiftReport:
    cash = station.books.cash
    forms = {form.code: form for form in station.payment_forms()}
    types = tuple(cash.type_totals(shift.shift_id))
    return ShiftReport(
        shift=shift,
        documents=types,
        taxes=tuple(cash.tax_totals(shift.shift_id)),
        forms=with_counts(cash.form_totals(shift), _counts(counted), forms),
        sales_gross=cash.sales_gross(shift.shift_id),
        not_fiscalised=station.books.documents.waiting_fiscal(),
        voided_drafts=int(station.books.fact(f"voided_drafts:{shift.shift_id}") or 0),
        voided_lines=int(station.books.fact(f"voided_lines:{shift.shift_id}") or 0),
        perpetual_gross=Minor(int(station.books.fact("perpetual_gross") or 0)),
    )


def _counts(counted: tuple[Counted, ...]) -> list[CountedCash]:
    return [
        CountedCash(
            form=row.form, currency=row.currency,
            counted=parse_amount(row.amount, row.currency, f"counted:{row.form}"),
        )
        for row in counted
        if row.amount.strip()
    ]  # fmt: skip


def _cash_form(station: Station) -> str:
    """The form that the float is kept in: the first cash form that gives change."""
    for form in station.payment_forms():
        if form.kind == "cash" and form.gives_change:
            return form.code
    raise refuse("payment.no_cash_form")
