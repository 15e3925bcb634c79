"""Savings in whole minor units: exact until one rounding, per line or per offer, then spread (DISC-24)."""

from collections.abc import Sequence
from fractions import Fraction

from kontuar.domain.pricing.assignment.assembling import Placed, Sums
from kontuar.domain.pricing.assignment.model import Model
from kontuar.domain.pricing.assignment.problem import Exact, Line, Saving
from kontuar.kernel.rounding import ratio_to_whole


def rounded(model: Model, placed: Sequence[Placed]) -> tuple[Saving, ...]:
    """One row per offer and line, earlier offers first, then earlier lines."""
    offers, pooled = model.problem.offers, model.problem.rounding == "pool"
    together: set[str] = set()
    by_rule: dict[str, Sums] = {}
    for one in placed:
        rule = offers[one.made.offer].rule
        if pooled or one.made.spread:
            together.add(rule)
        known = by_rule.get(rule)
        if known is None:
            by_rule[rule] = dict(one.sums)
            continue
        for line, (units, rewarded, saved) in one.sums.items():
            before = known.get(line, (0, 0, 0))
            known[line] = before[0] + units, before[1] + rewarded, before[2] + saved
    place: dict[int, int] = {}
    if together:
        place = {line.number: at for at, line in enumerate(sorted(model.problem.lines, key=_order))}
    rows: list[Saving] = []
    for rule, sums in by_rule.items():
        if rule in together:
            amounts = _spread({line: sums[line][2] for line in sorted(sums, key=place.__getitem__)}, model.scale)
        else:
            amounts = {line: _whole(saved, model.scale) for line, (_, _, saved) in sums.items()}
        for line in sorted(sums):
            units, rewarded, _ = sums[line]
            rows.append(Saving(rule=rule, line=line, units=units, rewarded=rewarded, amount=amounts[line]))
    return tuple(rows)


def _order(line: Line) -> tuple[str, Exact, int]:
    return line.order, -line.value, line.number


def _whole(grains: int | Fraction, scale: int) -> int:
    top, bottom = grains.as_integer_ratio()
    return ratio_to_whole(top, bottom * scale)


def _spread(exact: dict[int, int | Fraction], scale: int) -> dict[int, int]:
    """The rounded sum by largest remainder, ties to the earlier line."""
    amounts = {line: int(grains // scale) for line, grains in exact.items()}
    missing = _whole(sum(exact.values()), scale) - sum(amounts.values())
    for line in sorted(exact, key=lambda line: -(exact[line] % scale))[:missing]:
        amounts[line] += 1
    return amounts
