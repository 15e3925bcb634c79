"""What coupons a line was sold with, as far as its amounts tell, and the definitions that give those amounts.

The data set says what coupons took off a line and what the store added, not which coupons they were. So a coupon's
terms are read off the line: what it is worth, for which article, how many were handed in. What the store adds is not
read off: it follows from the store's rule, which doubles a manufacturer's coupon up to a dollar, and must agree.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.domain.pricing.rules import Combination, Reward, Selector, SharedDeal, Tier
from kontuar.kernel.money import ZERO, Minor, to_major
from kontuar.tools.replay.baskets import BasketLine

DOUBLED_UP_TO: Final = 100
"""A coupon and what the store adds to it come to a dollar at most."""
COUPON_STEP: Final = 2
MATCH_STEP: Final = 3
COUPON: Final = "MC"
MATCH: Final = "DC"
USUAL_FACES: Final = (25, 5)
"""Where two coupons of different worth share a line: quarters first, then whole five cents."""

DOUBLED: Final = "doubled by the store up to a dollar"
ABOVE: Final = "a dollar or more, so not doubled"
NOT_DOUBLED: Final = "not doubled though it is below a dollar"
BOUNDED: Final = "doubled as far as the price reaches"
TWO_FACES: Final = "two coupons of different worth"
WORTH_MORE: Final = "coupon worth more than the line"
NOT_BY_DOUBLING: Final = "the store added what no doubling of coupons within the pieces sold gives"


class CouponTerms(msgspec.Struct, frozen=True, order=True):
    """So many coupons of one face for an article, handed in together; `face` in minor units."""

    article: str
    face: int
    count: int = 1

    @property
    def coupon_code(self) -> str:
        """Of the coupon, and of the discount it unlocks."""
        return f"{COUPON}-{self.article}-{self.face}X{self.count}"

    @property
    def match_code(self) -> str:
        """Of the store's own coupon that doubles it."""
        return f"{MATCH}-{self.article}-{self.face}X{self.count}"

    @property
    def match(self) -> int:
        """What the store's rule adds."""
        return self.count * matched(self.face)


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The coupons of a line. `how` names what kind they are; empty = there were none.

    `paid` in minor units: a coupon that the till takes as money, because it is worth more than the line;
    `explained` false: no coupons give these amounts.
    """

    terms: tuple[CouponTerms, ...] = ()
    doubled: bool = False
    how: str = ""
    paid: Minor = ZERO
    explained: bool = True

    @property
    def codes(self) -> tuple[str, ...]:
        """What the cashier scans: the coupons, and the store's own where it doubles."""
        own = [one.match_code for one in self.terms if self.doubled and one.match]
        return (*(one.coupon_code for one in self.terms), *own)


def matched(face: int) -> int:
    """What the store adds to one coupon."""
    return max(0, min(face, DOUBLED_UP_TO - face))


def handed_in(line: BasketLine) -> HandedIn:
    """The fewest coupons that give what was booked on the line."""
    coupon, match = line.coupon, line.match
    if not coupon and not match:
        return HandedIn()
    if coupon > line.value - match:
        return HandedIn(how=WORTH_MORE, paid=coupon, explained=not match)
    alike = list(_alike(line))
    exact = next((one for one in alike if one.match == match), None)
    if exact is not None:
        return HandedIn(terms=(exact,), doubled=bool(match), how=DOUBLED if match else ABOVE)
    if match == 0:
        return HandedIn(terms=(CouponTerms(line.article, coupon),), how=NOT_DOUBLED)
    bounded = next((one for one in alike if coupon + match == line.value and match < one.match), None)
    if bounded is not None:
        return HandedIn(terms=(bounded,), doubled=True, how=BOUNDED)
    two = _two_faces(line)
    if two:
        return HandedIn(terms=two, doubled=True, how=TWO_FACES)
    return HandedIn(how=NOT_BY_DOUBLING, explained=False)


def _alike(line: BasketLine) -> Iterator[CouponTerms]:
    """One coupon, two of the same face, and so on: at most one for a piece."""
    for count in range(1, max(1, int(line.quantity)) + 1):
        if line.coupon and line.coupon % count == 0:
            yield CouponTerms(line.article, line.coupon // count, count)


def _two_faces(line: BasketLine) -> tuple[CouponTerms, ...]:
    """Two usual faces, as near to each other as can be; the amounts do not tell which they were."""
    if line.quantity < 2:
        return ()
    for usual in USUAL_FACES:
        for larger in range(line.coupon // 2 + 1, line.coupon):
            smaller = line.coupon - larger
            is_usual = larger % usual == smaller % usual == 0
            if is_usual and matched(larger) + matched(smaller) == line.match:
                return CouponTerms(line.article, larger), CouponTerms(line.article, smaller)
    return ()


def coupon_definitions(
    lines: Iterable[BasketLine], currency: str
) -> tuple[tuple[Discount, ...], tuple[Coupon, ...]]:  # fmt: skip
    """The discounts of all coupons that are handed in, the store's doubling of them, and the codes that unlock both.

    A manufacturer's coupon bears no number of its own, so that its code may be used any number of times and is taken
    by a till that reaches nobody.
    """
    doubled: dict[CouponTerms, bool] = {}
    for line in lines:
        handed = handed_in(line)
        for terms in handed.terms:
            doubled[terms] = doubled.get(terms, False) or handed.doubled
    discounts: list[Discount] = []
    for terms in sorted(doubled):
        face = terms.face * terms.count
        discounts.append(_discount(terms.coupon_code, "Coupon", terms.article, face, COUPON_STEP, currency))
        if doubled[terms] and terms.match:
            name = "Coupon doubled by the store"
            discounts.append(_discount(terms.match_code, name, terms.article, terms.match, MATCH_STEP, currency))
    coupons = [Coupon(code=row.code, name=row.name, discount=row.code, uses=0, offline=True) for row in discounts]
    return tuple(discounts), tuple(coupons)


def _discount(code: str, name: str, article: str, amount: int, step: int, currency: str) -> Discount:
    value: Decimal = to_major(Minor(amount), currency)
    return Discount(
        code=code, name=name, source="PRM", state="confirmed", by_coupon=True, step=step,
        deal=SharedDeal(
            tiers=(Tier(reward=Reward(kind="amount", value=value, per="document")),),
            goods=(Selector(articles=(article,)),),
        ),
        combination=Combination(base="running"),
    )  # fmt: skip
