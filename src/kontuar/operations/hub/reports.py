"""Reports on sums that booking keeps: sales by many keys, and what loss prevention looks at (HUB-08)."""

import datetime
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from kontuar.domain.documents.types import TYPES
from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_lists import LossRow, ReportFilter, ReportShelf, SalesRow

SALES_BY: Final = ("day", "hour", "store", "station", "operator", "article", "group", "form")
LOSSES: Final = ("line_voided", "draft_discarded", "price_typed", "discount_typed", "cancelled", "drawer_opened")
LONGEST_DAYS: Final = 1_100
MOST_ROWS: Final = 1_000
NOTES_PER_STEP: Final = 50
MOST_STEPS: Final = 100
STEPS_BEFORE_A_REPORT: Final = 4
"""The rest is left to the timer: nobody waits minutes for a report after a long outage."""
_PER_PERSON_NOT_KEPT: Final = frozenset({"article", "group", "form"})
"""These sums are kept per store and day only."""
SALE_TYPES: Final = {kind.name: kind.sign for kind in TYPES.values() if kind.sign}


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a report beside the same of the period before (None where it was not asked for)."""

    now: SalesRow
    before: SalesRow | None = None


class SalesReport(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` in the order of the key for days and hours, else the largest first; at most 1,000, `total` of these.

    `complete` false: more was booked than could be added now; it follows within minutes.
    """

    by: str
    wanted: ReportFilter
    lines: tuple[ReportLine, ...]
    total: SalesRow
    complete: bool = True
    previous: ReportFilter | None = None
    previous_total: SalesRow | None = None


class LossLine(msgspec.Struct, frozen=True, kw_only=True):
    """An operator: how often each thing happened, and how often per hundred of his documents (two decimals)."""

    row: LossRow
    per_hundred: dict[str, Decimal]


def fold_waiting(shelf: ReportShelf, most_steps: int = MOST_STEPS) -> bool:
    """Bring the sums up to what is booked now, in bounded steps; whether all of it was added."""
    return any(shelf.fold(NOTES_PER_STEP) < NOTES_PER_STEP for _ in range(most_steps))


def sales(shelf: ReportShelf, actor: Actor, wanted: ReportFilter, by: str, *, compare: bool = False) -> SalesReport:
    """Sales of a period by one key, beside the period of the same length before it where asked.

    Raises `Refused("report.key_unknown" | "report.period_wrong" | "report.filter_not_kept")`. Needs `hub.reports`.
    """
    actor.require(rights.SEE_REPORTS)
    _check(wanted, by)
    complete = fold_waiting(shelf, STEPS_BEFORE_A_REPORT)
    earlier = previous_of(wanted)
    with shelf.reading():
        rows = shelf.sales(wanted, by, SALE_TYPES, MOST_ROWS)
        before = shelf.sales(earlier, by, SALE_TYPES, MOST_ROWS) if compare else ()
    return SalesReport(
        by=by, wanted=wanted, lines=tuple(_beside(rows, before, wanted, by, compare=compare)), total=_total(rows),
        complete=complete, previous=earlier if compare else None, previous_total=_total(before) if compare else None,
    )  # fmt: skip


def losses(shelf: ReportShelf, actor: Actor, wanted: ReportFilter) -> Sequence[LossLine]:
    """Voids and corrections per operator with rates, whoever stands out first. Needs the right `hub.reports`."""
    actor.require(rights.SEE_REPORTS)
    _check(wanted, "operator")
    fold_waiting(shelf, STEPS_BEFORE_A_REPORT)
    with shelf.reading():
        rows = shelf.losses(wanted, list(SALE_TYPES))
    lines = [LossLine(row=row, per_hundred=_rates(row)) for row in rows]
    return sorted(lines, key=lambda line: (-sum(line.per_hundred.values()), line.row.operator))


def today(shelf: ReportShelf, wanted: ReportFilter) -> tuple[SalesRow, ...]:
    """Sales by store for the dashboard, from sums that a timer keeps fresh: nothing is added here."""
    with shelf.reading():
        return tuple(shelf.sales(wanted, "store", SALE_TYPES, MOST_ROWS))


def previous_of(wanted: ReportFilter) -> ReportFilter:
    """The same number of days right before."""
    days = datetime.timedelta(days=(wanted.day_to - wanted.day_from).days + 1)
    return msgspec.structs.replace(wanted, day_from=wanted.day_from - days, day_to=wanted.day_to - days)


def _check(wanted: ReportFilter, by: str) -> None:
    if by not in SALES_BY:
        raise refuse("report.key_unknown", "by", by=by[:40])
    days = (wanted.day_to - wanted.day_from).days + 1
    if not 1 <= days <= LONGEST_DAYS or wanted.day_from.year < 1990:
        raise refuse("report.period_wrong", "day_to", most=LONGEST_DAYS)
    if by in _PER_PERSON_NOT_KEPT and (wanted.station or wanted.operator):
        raise refuse("report.filter_not_kept", "by", by=by)


def _beside(
    rows: Sequence[SalesRow], before: Sequence[SalesRow], wanted: ReportFilter, by: str, *, compare: bool
) -> list[ReportLine]:
    """Each row with its counterpart; a key that only the earlier period has comes last."""
    if not compare:
        return [ReportLine(now=row) for row in rows]
    days = (wanted.day_to - wanted.day_from).days + 1
    past = {_moved(row.key, days) if by == "day" else row.key: row for row in before}
    lines = [ReportLine(now=row, before=past.pop(row.key, SalesRow(key=row.key))) for row in rows]
    lines += [ReportLine(now=SalesRow(key=key, name=row.name), before=row) for key, row in past.items()]
    return sorted(lines, key=lambda line: line.now.key) if by in ("day", "hour") else lines


def _moved(day: str, days: int) -> str:
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=days)).isoformat()


def _total(rows: Sequence[SalesRow]) -> SalesRow:
    return SalesRow(
        key="", documents=sum(row.documents for row in rows), lines=sum(row.lines for row in rows),
        quantity_e4=sum(row.quantity_e4 for row in rows), net=Minor(sum(row.net for row in rows)),
        tax=Minor(sum(row.tax for row in rows)), gross=Minor(sum(row.gross for row in rows)),
        discount=Minor(sum(row.discount for row in rows)),
    )  # fmt: skip


def _rates(row: LossRow) -> dict[str, Decimal]:
    if not row.documents:
        return {}
    return {
        what: (Decimal(100 * times) / row.documents).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for what, times in row.times.items()
    }
