"""The operator's own discounts on lines and header, lowered to the limit where they go beyond it (DISC-06).

What one person may give on one document is one budget of hers, spent in the order in which she gave: what was granted
stays granted, and only the last to be given is lowered. A header discount is reckoned after all others and yet keeps
its place in that order: what it came to in its turn is put aside for it.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kontuar.domain.pricing.basket import Adjustment, HeaderDiscount, LineDiscount
from kontuar.domain.pricing.exact import minor, rounded, rounded_times
from kontuar.domain.pricing.lines import LineState, Piece, quantity_of
from kontuar.domain.pricing.ready import ReadyRule
from kontuar.domain.pricing.rules import Rule, SharedDeal
from kontuar.domain.pricing.run import Run, room_of, share_out
from kontuar.domain.pricing.shared import group_by_line, take_together
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor
from kontuar.kernel.rounding import half_up

LINE_RULE = "operator:line"
HEADER_RULE = "operator:header"
Given = LineDiscount | HeaderDiscount


def apply_operator(run: Run) -> None:
    """Line discounts, then the header's, all within what their givers may give on one document."""
    header = run.basket.header
    discounted = [line for line in run.lines if line.input.discount is not None]
    if not discounted and header is None:
        return
    budget = _Budget(run)
    ready = _operator_rule(run, LINE_RULE, -1)
    for line in _in_turn(discounted, header):
        if line is not None:
            _discount_line(run, ready, line, budget)
        elif header is not None:
            budget.put_aside(header, *_header_wanted(run, header))
    if header is not None:
        _discount_header(run, header, budget)


def _in_turn(lines: Iterable[LineState], header: HeaderDiscount | None) -> list[LineState | None]:
    """As they were given, the header as None; what is being given now comes last, the header after lines."""
    turns: list[tuple[bool, int, bool, int, LineState | None]] = []
    for line in lines:
        assert line.input.discount is not None
        turn = line.input.discount.turn
        turns.append((not turn, turn, False, line.rank, line))
    if header is not None:
        turns.append((not header.turn, header.turn, True, 0, None))
    return [row[4] for row in sorted(turns, key=lambda row: row[:4])]


class _Budget:
    """What each giver gave on this document so far, against what she may give on it (minor units)."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._document = sum(line.value for line in run.lines)
        self._given: dict[str, int] = {}
        self._aside = 0

    def put_aside(self, header: HeaderDiscount, wanted: int, base: int) -> None:
        """Keep for the header discount what it may have now."""
        self._aside = self._allowed(header, wanted, base)
        self._spend(header, self._aside)

    def use_aside(self, header: HeaderDiscount) -> None:
        """Its turn has come: what was kept for it is free for it again."""
        self._spend(header, -self._aside)
        self._aside = 0

    def within(self, discount: Given, wanted: int, base: int, place: str) -> int:
        """`wanted`, lowered to the limit and said so."""
        settings = self._run.settings
        allowed = self._allowed(discount, wanted, base)
        if allowed < wanted:
            major = Decimal(allowed).scaleb(-settings.exponent)
            facts = {"limit": _limit_words(*self.limits(discount)), "granted": str(major)}
            self._run.problems.append(Problem("discount.lowered", place, facts))
        self._spend(discount, allowed)
        return allowed

    def limits(self, discount: Given) -> tuple[Decimal | None, Decimal | None]:
        """The percent and the amount (major units) that the giver may give on one document."""
        settings, own = self._run.settings, discount.limit
        percent = settings.operator_percent_limit if own.percent is None else own.percent
        return percent, settings.operator_amount_limit if own.amount is None else own.amount

    def _allowed(self, discount: Given, wanted: int, base: int) -> int:
        percent, amount = self.limits(discount)
        given = self._given.get(_giver(discount), 0)
        allowed = wanted
        if percent is not None:
            share = (percent / 100).as_integer_ratio()
            allowed = min(allowed, rounded_times(max(base, 0), *share))
            allowed = min(allowed, rounded_times(max(self._document, 0), *share) - given)
        if amount is not None:
            allowed = min(allowed, rounded(minor(amount, self._run.settings.exponent)) - given)
        return max(allowed, 0)

    def _spend(self, discount: Given, amount: int) -> None:
        giver = _giver(discount)
        self._given[giver] = self._given.get(giver, 0) + amount


def _giver(discount: Given) -> str:
    """Whose budget it is: of who allowed it, where somebody had to."""
    return discount.allowed_by or discount.by


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


def _discount_line(run: Run, ready: ReadyRule, line: LineState, budget: _Budget) -> None:
    """Give what the operator gave on the line, if the line takes it."""
    discount, place = line.input.discount, f"line:{line.input.number}"
    assert discount is not None
    reason = _refusal(line)
    if reason:
        run.problems.append(Problem(reason, place))
        return
    base = line.value
    wanted = _line_wanted(run, line, discount)
    if wanted > 0:
        wanted = min(wanted, max(0, base - line.floor))
        allowed = budget.within(discount, wanted, base, place)
        if allowed < wanted:
            granted = _as_granted(discount, line, allowed, budget.limits(discount)[0], run.settings.exponent)
            run.lowered[line.input.number] = granted
            discount, wanted = granted or discount, allowed
    if wanted:
        _take(run, ready, line, discount, wanted)


def _line_wanted(run: Run, line: LineState, discount: LineDiscount) -> int:
    if discount.kind == "percent":
        return rounded_times(line.value, *(discount.value / 100).as_integer_ratio())
    if discount.kind == "price":
        return line.value - rounded(minor(discount.value * line.input.quantity, run.settings.exponent))
    return line.value - rounded(minor(discount.value, run.settings.exponent))


def _take(run: Run, ready: ReadyRule, line: LineState, discount: LineDiscount, amount: int) -> None:
    base = line.value
    share_out(amount, [(piece, max(piece.value, 0)) for piece in line.pieces] if base > 0 else _all_on_first(line))
    line.value = base - amount
    applied = run.apply(ready)
    applied.times += 1
    applied.amount += amount
    applied.wanted += amount
    line.adjustments.append(
        Adjustment(
            source="OPERATOR", kind=discount.kind, rule=LINE_RULE, version=0, base=Minor(base), amount=Minor(-amount),
            after=Minor(line.value), rate=discount.value, quantity=quantity_of(line.q),
            application=applied.index, by=discount.by, allowed_by=discount.allowed_by,
        )
    )  # fmt: skip


def _as_granted(
    discount: LineDiscount, line: LineState, allowed: int, percent: Decimal | None, exponent: int
) -> LineDiscount | None:
    """The discount that comes to exactly what was granted: in the words it was given in where they fit, else as the
    line's value. None = nothing."""
    if not allowed:
        return None
    after = Decimal(line.value - allowed).scaleb(-exponent)
    if discount.kind == "percent" and _comes_to(percent, line.value, allowed):
        return msgspec.structs.replace(discount, value=percent)
    if discount.kind == "price":
        price = half_up(after / line.input.quantity, exponent)
        if rounded(minor(price * line.input.quantity, exponent)) == line.value - allowed:
            return msgspec.structs.replace(discount, value=price)
    return msgspec.structs.replace(discount, kind="value", value=after)


def _comes_to(percent: Decimal | None, base: int, amount: int) -> bool:
    """Whether the percent of the giver's limit is exactly the amount."""
    return percent is not None and rounded_times(base, *(percent / 100).as_integer_ratio()) == amount


def _all_on_first(line: LineState) -> list[tuple[Piece, int]]:
    return [(line.pieces[0], 1)]


def _header_pieces(run: Run) -> list[Piece]:
    """The pieces that a header discount reaches."""
    settings = run.settings
    return [
        piece
        for line in run.lines
        if not line.input.no_discount and line.q > 0
        for piece in line.pieces
        if (not piece.bundle or settings.header_on_bundles) and (not piece.gift or settings.header_on_gifts)
    ]


def _header_wanted(run: Run, header: HeaderDiscount) -> tuple[int, int]:
    """What the header discount comes to now, as far as lines have room for it; the value that its limit is of."""
    pieces = _header_pieces(run)
    wanted = _asked(run, header, pieces)
    room = sum(room_of(of_line) for of_line in group_by_line(pieces))
    return min(wanted, room), sum(line.value for line in run.lines)


def _asked(run: Run, header: HeaderDiscount, pieces: Iterable[Piece]) -> int:
    if header.kind == "percent":
        base = rounded(sum(piece.value for piece in pieces))
        return rounded_times(base, *(header.value / 100).as_integer_ratio())
    return rounded(minor(header.value, run.settings.exponent))


def _discount_header(run: Run, header: HeaderDiscount, budget: _Budget) -> None:
    pieces = _header_pieces(run)
    wanted, base = _header_wanted(run, header)
    budget.use_aside(header)
    amount = budget.within(header, wanted, base, "header")
    given: HeaderDiscount | None = header
    if amount < wanted:
        given = run.header = _as_granted_header(run, header, pieces, amount, budget.limits(header)[0])
    elif header.kind == "amount":
        amount = _asked(run, header, pieces)
    if amount <= 0 or given is None:
        return
    run.acting, run.acting_allowed = header.by, header.allowed_by
    ready = _operator_rule(run, HEADER_RULE, -2)
    if take_together(run, ready, pieces, amount, given.kind, given.value):
        run.apply(ready).times = 1
    run.acting = run.acting_allowed = ""


def _as_granted_header(
    run: Run, header: HeaderDiscount, pieces: Iterable[Piece], allowed: int, percent: Decimal | None
) -> HeaderDiscount | None:
    """The header discount that comes to exactly what was granted; None = nothing."""
    if not allowed:
        return None
    base = rounded(sum(piece.value for piece in pieces))
    if header.kind == "percent" and _comes_to(percent, base, allowed):
        return msgspec.structs.replace(header, value=percent)
    return msgspec.structs.replace(header, kind="amount", value=Decimal(allowed).scaleb(-run.settings.exponent))
