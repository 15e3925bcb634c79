"""What an operator may still give on a document that was parked: never more than it came with (PARK-12).

The ceilings are data of the document. They outlive whatever is done to what was given: taking it back, another
quantity, another unit, another initial price. A percent bounds what it comes to of the value that the new discount is
given on; an amount is money, of a line per base unit. What there is now may always be lowered.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from kontuar.domain.documents.document import Ceiling, Document, DocumentDiscounts, Line
from kontuar.domain.pricing.basket import Adjustment, HeaderDiscount, LineDiscount
from kontuar.domain.pricing.operator import HEADER_RULE, LINE_RULE
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor, to_major, to_minor
from kontuar.kernel.rounding import half_up, to_whole

PLACES: Final = 8
"""Of an amount per base unit: enough for quantities of any line to come to the same money."""


def line_ceiling(line: Line, currency: str) -> Ceiling:
    """The most that may be given on a line that is parked as it is: what the operator gave, and never more than could
    be given before; nothing where he gave nothing."""
    return _lower(line.given_most, _on_line(line, currency))


def header_ceiling(discounts: DocumentDiscounts) -> Ceiling:
    """The most that may be given on the document, likewise."""
    header = discounts.header
    if header is None:
        return Ceiling()
    now = Ceiling(percent=header.value) if header.kind == "percent" else Ceiling(amount=header.value)
    return _lower(discounts.header_most, now)


def _on_line(line: Line, currency: str) -> Ceiling:
    if line.discount is not None and line.discount.kind == "percent":
        return Ceiling(percent=max(line.discount.value, Decimal(0)))
    given = _given([line], LINE_RULE)
    if given <= 0 or not line.base_quantity:
        return Ceiling()
    return Ceiling(amount=half_up(to_major(given, currency) / line.base_quantity, PLACES))


def _lower(before: Ceiling | None, now: Ceiling) -> Ceiling:
    """A higher initial price makes an amount given larger than it was meant; that is no leave to give as much."""
    if before is None or before.percent is not None or now.percent is not None:
        return now
    return min(before, now, key=lambda ceiling: ceiling.amount)


def require_lower_on_line(before: Line, after: Line, currency: str) -> None:
    """Raise `Refused("discount.only_lower")` where the operator gives more than the line's ceiling."""
    ceiling = before.given_most
    if ceiling is None and before.carried:
        ceiling = line_ceiling(before, currency)
    if ceiling is not None and not _is_within(after.discount, ceiling):
        _require([before], [after], LINE_RULE, ceiling, before.base_quantity, currency, f"line:{before.number}")


def require_lower_on_header(before: Document, after: Document) -> None:
    """The same of the document's header."""
    ceiling = before.discounts.header_most
    if ceiling is None and any(line.carried for line in before.lines):
        ceiling = header_ceiling(before.discounts)
    if ceiling is not None and not _is_within(after.discounts.header, ceiling):
        _require(before.lines, after.lines, HEADER_RULE, ceiling, Decimal(1), before.currency, "header")


def _is_within(given: LineDiscount | HeaderDiscount | None, ceiling: Ceiling) -> bool:
    """Whether nothing is given, or a percent no higher than the one that bounds it."""
    if given is None:
        return True
    return given.kind == "percent" and ceiling.percent is not None and given.value <= ceiling.percent


def turned(ceiling: Ceiling | None, factor: Decimal) -> Ceiling | None:
    """The ceiling in the other VAT direction: an amount is worth the same to who pays."""
    if ceiling is None or ceiling.percent is not None:
        return ceiling
    return Ceiling(amount=half_up(ceiling.amount * factor, PLACES))


def _require(
    before: Iterable[Line], after: Iterable[Line], rule: str, ceiling: Ceiling, quantity: Decimal, currency: str,
    place: str,
) -> None:  # fmt: skip
    steps = [one for line in after for one in line.adjustments if one.rule == rule]
    given = -sum(one.amount for one in steps)
    if given <= max(_most(ceiling, steps, quantity, currency), _given(before, rule)):
        return
    raise refuse("discount.only_lower", place, most=_words(ceiling, quantity, currency))


def _most(ceiling: Ceiling, steps: list[Adjustment], quantity: Decimal, currency: str) -> Minor:
    if ceiling.percent is not None:
        return Minor(to_whole(sum(one.base for one in steps) * ceiling.percent / 100))
    return to_minor(ceiling.amount * quantity, currency)


def _given(lines: Iterable[Line], rule: str) -> Minor:
    return Minor(-sum(one.amount for line in lines for one in line.adjustments if one.rule == rule))


def _words(ceiling: Ceiling, quantity: Decimal, currency: str) -> str:
    if ceiling.percent is not None:
        return f"{ceiling.percent.normalize():f}%"
    return str(to_major(_most(ceiling, [], quantity, currency), currency))
