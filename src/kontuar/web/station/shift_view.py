"""What the screens of a cash shift show (PAY-09, PAY-10)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from kontuar.domain.cash.records import Shift, ShiftReport
from kontuar.domain.cash.shifts import with_counts
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.kernel.money import Minor, parse_amount
from kontuar.operations.actor import Actor
from kontuar.operations.station import shifts
from kontuar.operations.station.shifts import Counted
from kontuar.operations.station.station import Station
from kontuar.web.prints.scene import PrintScene, scene_of

PREFIX: Final = "counted:"


class CountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One form and currency to count. Sums are None for those who may not see them, or while nothing is typed."""

    field: str
    form: str
    currency: str
    typed: str
    unreadable: bool
    expected: Minor | None
    difference: Minor | None
    clears: bool


class ShiftView(msgspec.Struct, frozen=True, kw_only=True):
    """`report` None = no shift, or sums that the operator may not see. `hidden`: sums that nobody sees before the
    shift is closed (HUB-14). `float_expected`: what should be there."""

    shift: Shift | None
    report: ShiftReport | None
    names: PrintScene
    currency: str
    open_drafts: int
    counts: tuple[CountRow, ...] = ()
    printer: bool = True
    float_expected: Minor = Minor(0)
    hidden: bool = False


def now(station: Station, actor: Actor) -> ShiftView:
    """The open shift so far."""
    shift = station.books.cash.open_shift()
    may = actor.may(rights.SEE_CASH)
    hidden = shift is not None and not shifts.shows_sums(station)
    currency = station.firm().currency
    return ShiftView(
        shift=shift,
        report=shifts.summary(station, actor) if shift and may and not hidden else None,
        hidden=hidden,
        names=scene_of(station),
        currency=currency,
        open_drafts=_open_drafts(station),
        float_expected=_in_drawer(station, currency) if may and shift is None else Minor(0),
    )


def closing(station: Station, actor: Actor, typed: Mapping[str, str]) -> ShiftView:
    """The form that closes, with differences of what is typed so far."""
    actor.require(rights.CLOSE_SHIFT)
    seen = now(station, actor)
    rows = tuple(
        _count_row(station, seen, form, currency, typed.get(f"{PREFIX}{form}:{currency}", ""))
        for form, currency in sorted(shifts.countable(station, actor), key=lambda row: _place(station, *row))
    )
    return msgspec.structs.replace(seen, counts=rows)


def to_close(station: Station, actor: Actor, typed: Mapping[str, str]) -> ShiftView:
    """As `closing`, refusing amounts that cannot be read."""
    for row in counted_of(typed):
        if row.amount.strip():
            parse_amount(row.amount, row.currency, f"counted:{row.form}")
    return closing(station, actor, typed)


def one(station: Station, actor: Actor, shift_id: str, devices: Mapping[str, str]) -> ShiftView:
    """A closed shift's report, or the open one's."""
    report = shifts.report(station, actor, shift_id)
    return ShiftView(
        shift=report.shift, report=report, names=scene_of(station), currency=report.shift.currency, open_drafts=0,
        printer=devices.get("printer", "none") != "none",
    )  # fmt: skip


def past(station: Station, actor: Actor) -> tuple[list[ShiftReport], PrintScene]:
    """Reports of closed shifts, newest first, and the names in them."""
    found = (station.books.cash.report_of(shift.shift_id) for shift in shifts.past(station, actor))
    return [report for report in found if report is not None], scene_of(station)


def counted_of(typed: Mapping[str, str]) -> tuple[Counted, ...]:
    """The fields of the form as what was counted."""
    rows = [
        (name.removeprefix(PREFIX).rpartition(":"), text) for name, text in typed.items() if name.startswith(PREFIX)
    ]
    return tuple(Counted(form=form, currency=currency, amount=text) for (form, _, currency), text in rows)


def _place(station: Station, form: str, currency: str) -> tuple[int, bool, str]:
    """Forms in their order, the firm's currency before others."""
    positions = {row.code: place for place, row in enumerate(station.payment_forms())}
    return positions.get(form, len(positions)), currency != station.firm().currency, currency


def _count_row(station: Station, seen: ShiftView, form: str, currency: str, typed: str) -> CountRow:
    forms = {row.code: row for row in station.payment_forms()}
    counted = _read(typed, currency)
    known = [row for row in (seen.report.forms if seen.report else ()) if (row.form, row.currency) == (form, currency)]
    expected = with_counts(known, (), forms)[0].expected if known else None
    return CountRow(
        field=f"{PREFIX}{form}:{currency}", form=form, currency=currency, typed=typed,
        unreadable=bool(typed.strip()) and counted is None, expected=expected,
        difference=None if counted is None or expected is None else Minor(counted - expected),
        clears=form in forms and forms[form].clear_after_shift,
    )  # fmt: skip


def _read(typed: str, currency: str) -> Minor | None:
    if not typed.strip():
        return None
    try:
        return parse_amount(typed, currency, "counted")
    except Refused:
        return None


def _open_drafts(station: Station) -> int:
    return sum(1 for draft in station.books.drafts.every() if draft.payments)


def _in_drawer(station: Station, currency: str) -> Minor:
    balances = station.books.cash.balances(station.register())
    cash = [form.code for form in station.payment_forms() if form.kind == "cash" and form.gives_change]
    return balances.get((cash[0], currency), Minor(0)) if cash else Minor(0)
