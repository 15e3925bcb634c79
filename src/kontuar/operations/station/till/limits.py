"""What an operator may give on one document: discounts, and initial prices typed below the list's (DISC-06, DOC-22).

An initial price below the base price costs the shop as much as a discount, so it counts against the same limit: it is
raised to what the limit leaves, and what it took of the limit is not there for discounts any more.
"""

from decimal import ROUND_DOWN, Decimal
from typing import Final

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.discounting import OPERATOR
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.basket import OperatorLimit
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import PRICE_PLACES, exponent_of, to_major
from kontuar.kernel.rounding import away_from_zero
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station

WHOLE: Final = Decimal(100)
CENT: Final = Decimal("0.01")
NOTHING: Final = Decimal(0)


def limit_of(station: Station, actor: Actor, document: Document, right: str, number: int = 0) -> OperatorLimit:
    """What he may still give on a line (0: on the header) who gives, or who allowed it, his typed prices counted."""
    grant = actor.granted(right, document.doc_id)
    giver = grant.operator if grant else actor.operator
    limit = _own(station, giver)
    lowered = _lowered(document, giver)
    if not lowered:
        return limit
    chosen = [line for line in document.lines if number in (0, line.number)]
    percent = limit.percent
    if percent is not None:
        share = _share([line for line in chosen if line in lowered], chosen)
        percent = max(percent - share, NOTHING).quantize(CENT, ROUND_DOWN)
    amount = limit.amount if limit.amount is None else max(limit.amount - _sum_lowered(lowered), NOTHING)
    return OperatorLimit(percent=percent, amount=amount)


def within_limit(station: Station, document: Document, line: Line) -> tuple[Line, Problem | None]:
    """The line whose typed initial price its giver may give; raised to that, and said so, where it was lower.

    `document` as it was priced last: what the giver gave on it leaves so much less.
    """
    giver = line.initial_allowed_by or line.initial_by
    limit = _own(station, giver) if giver else OperatorLimit()
    least = _least(document, line, giver, limit)
    if not giver or line.initial_price >= least:
        return line, None
    raised = msgspec.structs.replace(line, initial_price=least)
    facts = {"limit": words_of(limit), "price": str(least), "name": line.name}
    return lines.undiscounted(raised, document.currency), Problem(
        "discount.initial_price_raised", f"line:{line.number}", facts
    )


def words_of(limit: OperatorLimit) -> str:
    """The limit as messages state it."""
    percent = [] if limit.percent is None else [f"{limit.percent.normalize():f}%"]
    return " / ".join(percent if limit.amount is None else [*percent, str(limit.amount)])


def _own(station: Station, operator: str) -> OperatorLimit:
    found = station.books.definitions.get(Operator, operator)
    if found is None:
        return OperatorLimit()
    return OperatorLimit(percent=found.discount_percent, amount=found.discount_amount)


def _least(document: Document, line: Line, giver: str, limit: OperatorLimit) -> Decimal:
    """The lowest initial price of a unit that the limit allows; of who has none, nothing."""
    others = [other for other in document.lines if other.number != line.number]
    given = _sum_lowered(_lowered(msgspec.structs.replace(document, lines=tuple(others)), giver))
    given += _discounts(document, giver)
    most: list[Decimal] = []
    if limit.percent is not None:
        listed = sum((other.base_price * other.quantity for other in others), line.base_price * line.quantity)
        most += [line.base_price * line.quantity * limit.percent / 100, listed * limit.percent / 100 - given]
    if limit.amount is not None:
        most.append(limit.amount - given)
    if not most:
        return NOTHING
    exact = line.base_price - max(min(most), NOTHING) / line.quantity
    places = exponent_of(document.currency)
    least = away_from_zero(exact, places)
    return max(NOTHING, least if least <= line.base_price else away_from_zero(exact, PRICE_PLACES))


def _lowered(document: Document, giver: str) -> list[Line]:
    """The lines whose initial price that operator typed below the list's."""
    return [
        line
        for line in document.lines
        if line.initial_by and (line.initial_allowed_by or line.initial_by) == giver
        and line.initial_price < line.base_price
    ]  # fmt: skip


def _sum_lowered(lowered: list[Line]) -> Decimal:
    return sum(((line.base_price - line.initial_price) * line.quantity for line in lowered), NOTHING)


def _share(lowered: list[Line], of: list[Line]) -> Decimal:
    """How many per cent of the value at base prices the typed ones took."""
    whole = sum((line.base_price * line.quantity for line in of), NOTHING)
    return _sum_lowered(lowered) * WHOLE / whole if whole else NOTHING


def _discounts(document: Document, giver: str) -> Decimal:
    given = -sum(
        min(one.amount, 0)
        for line in document.lines
        for one in line.adjustments
        if one.source == OPERATOR and (one.allowed_by or one.by) == giver
    )
    return to_major(given, document.currency)  # type: ignore[arg-type]
