"""The operator's own discounts on lines and header, lowered to the limit where they go beyond it (DISC-06)."""

from decimal import Decimal

from kontuar.domain.pricing.basket import Adjustment, HeaderDiscount, LineDiscount
from kontuar.domain.pricing.exact import minor, rounded, rounded_times
from kontuar.domain.pricing.lines import LineState, Piece, quantity_of
from kontuar.domain.pricing.ready import ReadyRule
from kontuar.domain.pricing.rules import Rule, SharedDeal
from kontuar.domain.pricing.run import Run, share_out
from kontuar.domain.pricing.shared import take_together
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor

LINE_RULE = "operator:line"
HEADER_RULE = "operator:header"


def apply_operator(run: Run) -> None:
    """Line discounts, then the header's, all within what their giver may give on one document."""
    header = run.basket.header
    discounted = [line for line in run.lines if line.input.discount is not None]
    if not discounted and header is None:
        return
    budget = _Budget(run)
    ready = _operator_rule(run, LINE_RULE, -1)
    for line in discounted:
        assert line.input.discount is not None
        reason = _refusal(line)
        if reason:
            run.problems.append(Problem(reason, f"line:{line.input.number}"))
        else:
            _discount_line(run, ready, line, line.input.discount, budget)
    if header is not None:
        _discount_header(run, budget)


class _Budget:
    """What operators gave on this document so far, against what each of them may give on it (minor units)."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._document = sum(line.value for line in run.lines)
        self._given = 0

    def within(self, discount: LineDiscount | HeaderDiscount, wanted: int, base: int, place: str) -> int:
        """`wanted`, lowered to the limit and said so."""
        settings = self._run.settings
        own = discount.limit
        percent = settings.operator_percent_limit if own.percent is None else own.percent
        amount = settings.operator_amount_limit if own.amount is None else own.amount
        allowed = wanted
        if percent is not None:
            share = (percent / 100).as_integer_ratio()
            allowed = min(allowed, rounded_times(max(base, 0), *share))
            allowed = min(allowed, rounded_times(max(self._document, 0), *share) - self._given)
        if amount is not None:
            allowed = min(allowed, rounded(minor(amount, settings.exponent)) - self._given)
        allowed = max(allowed, 0)
        if allowed < wanted:
            major = Decimal(allowed).scaleb(-settings.exponent)
            facts = {"limit": _limit_words(percent, amount), "granted": str(major)}
            self._run.problems.append(Problem("discount.lowered", place, facts))
        self._given += allowed
        return allowed


def _limit_words(percent: Decimal | None, amount: Decimal | None) -> str:
    """The limit as the message states it."""
    words = [] if percent is None else [f"{percent.normalize():f}%"]
    return " / ".join(words if amount is None else [*words, f"{amount}"])


def _operator_rule(run: Run, name: str, order: int) -> ReadyRule:
    ready = ReadyRule(Rule(id=name, source="OPERATOR", deal=SharedDeal()), run.book.exponent)
    ready.order = order
    ready.prepare()
    return ready


def _refusal(line: LineState) -> str:
    """Why the operator may give nothing on the line; empty when he may."""
    if line.input.no_discount:
        return "discount.not_allowed"
    if line.input.in_carried_bundle or any(piece.bundle for piece in line.pieces):
        return "discount.line_in_bundle"
    return ""


def _discount_line(run: Run, ready: ReadyRule, line: LineState, discount: LineDiscount, budget: _Budget) -> None:
    base = line.value
    if discount.kind == "percent":
        wanted = rounded_times(base, *(discount.value / 100).as_integer_ratio())
    elif discount.kind == "price":
        wanted = base - rounded(minor(discount.value * line.input.quantity, run.settings.exponent))
    else:
        wanted = base - rounded(minor(discount.value, run.settings.exponent))
    place = f"line:{line.input.number}"
    if wanted > 0:
        wanted = budget.within(discount, min(wanted, max(0, base - line.floor)), base, place)
    if not wanted:
        return
    share_out(wanted, [(piece, max(piece.value, 0)) for piece in line.pieces] if base > 0 else _all_on_first(line))
    line.value = base - wanted
    applied = run.apply(ready)
    applied.times += 1
    applied.amount += wanted
    applied.wanted += wanted
    line.adjustments.append(
        Adjustment(
            source="OPERATOR", kind=discount.kind, rule=LINE_RULE, version=0, base=Minor(base), amount=Minor(-wanted),
            after=Minor(line.value), rate=discount.value, quantity=quantity_of(line.q),
            application=applied.index, by=discount.by, allowed_by=discount.allowed_by,
        )
    )  # fmt: skip


def _all_on_first(line: LineState) -> list[tuple[Piece, int]]:
    return [(line.pieces[0], 1)]


def _discount_header(run: Run, budget: _Budget) -> None:
    header = run.basket.header
    assert header is not None
    settings = run.settings
    pieces = [
        piece
        for line in run.lines
        if not line.input.no_discount
        and line.q > 0
        and (settings.header_on_bundles or not line.input.in_carried_bundle)
        for piece in line.pieces
        if (not piece.bundle or settings.header_on_bundles) and (not piece.gift or settings.header_on_gifts)
    ]
    base = rounded(sum(piece.value for piece in pieces))
    if header.kind == "percent":
        wanted = rounded_times(base, *(header.value / 100).as_integer_ratio())
    else:
        wanted = rounded(minor(header.value, settings.exponent))
    wanted = budget.within(header, wanted, sum(line.value for line in run.lines), "header")
    run.acting, run.acting_allowed = header.by, header.allowed_by
    ready = _operator_rule(run, HEADER_RULE, -2)
    if wanted > 0 and take_together(run, ready, pieces, wanted, header.kind, header.value):
        run.apply(ready).times = 1
    run.acting = run.acting_allowed = ""
