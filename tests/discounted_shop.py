"""Discounts for the small shop: a bundle, a bundle with a gift, a promotion, coupons, a discount for paying by card."""

import datetime
from decimal import Decimal

import msgspec

from discounts import article, off, reward
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.domain.pricing.rules import BundleDeal, Deal, Gift, Scope, Slot
from shop import BAG, MILK, NUTS, REPAIR, TILE, WATER

PACK, TILES = "Milk with water", "Three tiles and a bag"


def defined(code: str, name: str, deal: Deal, source: str = "PRM", **more: object) -> Discount:
    return Discount(code=code, name=name, source=source, deal=deal, state="confirmed", **more)  # type: ignore[arg-type]


def bundle(code: str, name: str, *codes: str, percent: str = "20", **more: object) -> Discount:
    """One of each of the articles together, cheaper."""
    slots = tuple(Slot(goods=article(one), quantity=Decimal(1)) for one in codes)
    return defined(code, name, BundleDeal(slots=slots, reward=reward(percent)), "BUNDLE", **more)


def discounted_shop() -> list[msgspec.Struct]:
    tiles = BundleDeal(slots=(Slot(goods=article(TILE), quantity=Decimal(3)),), gifts=(Gift(goods=article(BAG)),))
    return [
        bundle("PACK", PACK, MILK, WATER, position=10),
        defined("TILES", TILES, tiles, "BUNDLE", position=20),
        bundle("MEND", "Milk with a repair", MILK, REPAIR, percent="5", position=30),
        defined("NUTS10", "Nuts 10% off", off("10", article(NUTS))),
        defined("MENDED", "Repairs by coupon", off("5", article(REPAIR)), by_coupon=True),
        Coupon(code="REPAIR5", name="Cheaper repairs", discount="MENDED", uses=0, offline=True,
               last_day=datetime.date(2026, 12, 31)),
        Coupon(code="LEAFLET", name="From the leaflet", discount="MENDED", uses=0, offline=True, digits=4,
               first_number=1, last_number=2000),
    ]  # fmt: skip


def by_card() -> Discount:
    """A tenth off tiles, where they are paid by card."""
    return defined("CARD10", "Tiles by card", off("10", article(TILE)), scope=Scope(payment_forms=("card",)))
