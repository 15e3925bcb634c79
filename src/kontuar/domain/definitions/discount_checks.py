"""What is wrong with one discount, discount group or coupon by itself, as the engine will read it (DISC-40)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from kontuar.domain.documents.types import TYPES
from kontuar.domain.pricing.definition import problems_of
from kontuar.domain.pricing.discount import SIGNALLING, Coupon, Discount, impossible_number, rule_of
from kontuar.domain.pricing.rules import CouponPresented
from kontuar.kernel.errors import Problem

MOST_DIGITS: Final = 12
MOST_USES: Final = 1_000_000
MOST_PLACES_IN_ORDER: Final = 1_000_000


def _discount(discount: Discount) -> Iterable[Problem]:
    impossible = impossible_number(discount)
    if impossible is not None and SIGNALLING in impossible.facts["number"]:  # nothing else can be asked of it
        yield impossible
        return
    problems = problems_of(rule_of(discount, version=1))
    yield from problems
    if impossible is not None and not problems:
        yield impossible
    if any(isinstance(condition, CouponPresented) for condition in discount.conditions):
        yield Problem("discount.coupon_condition", "conditions")
    if discount.limits.counted_by_hub:  # no ledger counts what all tills together gave: it would never be applied
        yield Problem("discount.counted_by_hub", "limits")
    for kind in discount.scope.document_kinds:
        if kind not in TYPES:
            yield Problem("definition.document_type_unknown", "scope", {"value": kind[:40]})
    for number, field in ((discount.step, "step"), (discount.position, "position")):
        if not 0 <= number <= MOST_PLACES_IN_ORDER:
            yield Problem("discount.place_impossible", field, {"number": str(number)[:20]})


def _coupon(coupon: Coupon) -> Iterable[Problem]:
    first, last = coupon.first_day, coupon.last_day
    if first and last and last < first:
        yield Problem("discount.dates_impossible", "last_day", {"first": str(first), "last": str(last)})
    if not 0 <= coupon.uses <= MOST_USES:
        yield Problem("coupon.bad_uses", "uses", {"value": str(coupon.uses)[:20], "limit": str(MOST_USES)})
    if not 0 <= coupon.digits <= MOST_DIGITS:
        yield Problem("coupon.bad_digits", "digits", {"value": str(coupon.digits)[:20], "limit": str(MOST_DIGITS)})
    elif coupon.digits:
        if not 0 <= coupon.first_number <= coupon.last_number < 10**coupon.digits:
            facts = {"first": str(coupon.first_number)[:20], "last": str(coupon.last_number)[:20]}
            yield Problem("coupon.bad_series", "last_number", {**facts, "digits": str(coupon.digits)})
    elif coupon.first_number or coupon.last_number:
        yield Problem("coupon.series_without_digits", "digits")


DISCOUNT_CHECKS: Final[Mapping[type, Callable[[Any], Iterable[Problem]]]] = {Discount: _discount, Coupon: _coupon}
