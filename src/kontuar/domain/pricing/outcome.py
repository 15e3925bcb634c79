"""What a finished run says: lines in the order given, applications, savings, VAT, marks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from kontuar.domain.pricing.basket import Application, Priced, PricedLine, UnusedGift
from kontuar.domain.pricing.exact import rounded_times
from kontuar.domain.pricing.lines import LineState, quantity_of
from kontuar.domain.pricing.operator import LINE_RULE
from kontuar.domain.pricing.rules import BundleDeal, CouponPresented, SharedDeal
from kontuar.domain.pricing.run import Applied, Run
from kontuar.kernel.money import Minor

Split = tuple[int, int, int]
"""Net, VAT, gross."""


def outcome_of(run: Run, could: Mapping[int, Sequence[str]], freed: Collection[int]) -> Priced:
    """The result as records. `could`: by the line's rank, the open bundles that concern it; `freed`: numbers of lines
    that are carried no more."""
    by_number = {id(line.input): line for line in run.lines}
    lines = [by_number[id(line)] for line in run.basket.lines]
    splits = _splits(run, lines) if run.settings.vat_at == "line" else [(0, 0, 0)] * len(lines)
    priced = tuple(
        [_priced_line(line, could.get(line.rank, ()), split) for line, split in zip(lines, splits, strict=True)]
    )
    if freed:
        priced = tuple(msgspec.structs.replace(line, freed=line.number in freed) for line in priced)
    net, tax, gross = _sums(run, lines, splits)
    applications = tuple([_application(run, applied) for applied in run.applied])
    return Priced(
        lines=priced, applications=applications,
        list_value=Minor(sum(line.listed for line in lines)), value=Minor(sum(line.value for line in lines)),
        net=Minor(net), tax=Minor(tax), gross=Minor(gross), savings=_savings(applications), lost=tuple(run.lost),
        unused_gifts=_unused(run), problems=tuple(run.problems), lowered=run.lowered, header=run.header,
        coupons_used=_coupons_used(applications), proven=run.proven, gap=Minor(run.gap),
    )  # fmt: skip


def _priced_line(line: LineState, could: Sequence[str], split: Split) -> PricedLine:
    net, tax, gross = split
    if not net and not gross and not line.adjustments and not could and not line.has:
        return PricedLine(number=line.input.number, list_value=Minor(line.listed), value=Minor(line.value))
    return PricedLine(
        number=line.input.number, list_value=Minor(line.listed), value=Minor(line.value),
        adjustments=tuple(line.adjustments),
        could=tuple([rule for rule in could if rule not in line.has]) if could else (), has=tuple(line.has),
        net=Minor(net), tax=Minor(tax), gross=Minor(gross),
    )  # fmt: skip


def _splits(run: Run, lines: Iterable[LineState]) -> list[Split]:
    return [vat_split(line.value, line.vat, run.settings.direction) for line in lines]


def vat_split(value: int, percent: Decimal, direction: str) -> Split:
    """A value in the document's direction as net, VAT and gross, rounded once."""
    if not percent:
        return value, 0, value
    top, bottom = percent.as_integer_ratio()
    if direction == "gross":
        tax = rounded_times(value, top, 100 * bottom + top)
        return value - tax, tax, value
    tax = rounded_times(value, top, 100 * bottom)
    return value, tax, value + tax


def _sums(run: Run, lines: Sequence[LineState], splits: Sequence[Split]) -> Split:
    """The document's sums: of lines, or of rates (`vat_at`)."""
    if run.settings.vat_at == "rate_sum":
        values: dict[Decimal, int] = {}
        for line in lines:
            values[line.vat] = values.get(line.vat, 0) + line.value
        splits = [vat_split(value, percent, run.settings.direction) for percent, value in values.items()]
    return sum(net for net, _, _ in splits), sum(tax for _, tax, _ in splits), sum(gross for _, _, gross in splits)


def _savings(applications: Iterable[Application]) -> dict[str, Minor]:
    savings: dict[str, Minor] = {}
    for application in applications:
        if application.amount:
            savings[application.rule] = Minor(savings.get(application.rule, 0) + application.amount)
    return savings


def _application(run: Run, applied: Applied) -> Application:
    rule = applied.ready.rule
    used: tuple[str, ...] = ()
    if rule.conditions and run.basket.coupons:
        asked = [condition.coupons for condition in rule.conditions if isinstance(condition, CouponPresented)]
        used = tuple(coupon for coupon in run.basket.coupons if any(coupon in coupons for coupons in asked))
    return Application(
        rule=rule.id, version=rule.version, name=rule.name, source=rule.source, group=rule.group,
        for_buyer=applied.for_buyer, times=applied.times, amount=Minor(applied.amount), wanted=Minor(applied.wanted),
        consumed=_consumed(run, applied) if applied.consumed else (),
        coupons=used[:1],
        header=rule.source == "WTR" or (rule.source == "OPERATOR" and rule.id != LINE_RULE),
        by_operator=rule.source == "OPERATOR",
        buyer=run.basket.buyer if applied.ready.names_buyers else "",
    )  # fmt: skip


def _consumed(run: Run, applied: Applied) -> tuple[tuple[int, Decimal], ...]:
    return tuple([(run.lines[rank].input.number, quantity_of(q)) for rank, q in sorted(applied.consumed.items())])


def _coupons_used(applications: Iterable[Application]) -> tuple[str, ...]:
    """Coupons whose discount was given; the others are not used up (COUP-02)."""
    used = [coupon for application in applications for coupon in application.coupons]
    return tuple(dict.fromkeys(used))


def _unused(run: Run) -> tuple[UnusedGift, ...]:
    """Gifts still due (DISC-05: the operator is reminded)."""
    unused: list[UnusedGift] = []
    for due in run.gifts:
        deal = due.ready.deal
        assert isinstance(deal, BundleDeal | SharedDeal)
        if due.left > 0:
            goods = deal.gifts[due.which].goods
            unused.append(UnusedGift(rule=due.ready.rule.id, goods=goods, quantity=quantity_of(due.left)))
    return tuple(unused)
