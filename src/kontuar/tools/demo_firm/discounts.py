"""The demo firm's promotions: a dozen that a delicatessen of its kind would run (DISC-01 … DISC-07)."""

import datetime
from decimal import Decimal

from kontuar.domain.pricing.discount import Coupon, Discount, DiscountGroup
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Combination,
    Element,
    Gift,
    Goods,
    Hours,
    ItemDeal,
    Reward,
    RewardKind,
    Scope,
    Selector,
    SharedDeal,
    Slot,
    Target,
    Tier,
    Validity,
)

GROUPS = (
    DiscountGroup(code="GAZETKA", name="Gazetka"),
    DiscountGroup(code="STALI", name="Dla stałych klientów"),
)
_AFTERNOON = (Hours(14 * 60, 17 * 60),)


def _goods(*groups: str) -> Goods:
    return (Selector(groups=groups),)


def _tier(value: str, threshold: str = "0", kind: RewardKind = "percent") -> Tier:
    return Tier(threshold=Decimal(threshold), reward=Reward(kind=kind, value=Decimal(value)))


def _on(goods: Goods, *tiers: Tier, buyers: Buyers = Buyers()) -> ItemDeal:
    return ItemDeal(elements=(Element(goods=goods, tiers=tiers, buyers=buyers),))


def _set(
    *slots: tuple[Goods, str], reward: Reward | None, target: Target | None = None, gift: Goods = ()
) -> BundleDeal:
    return BundleDeal(
        slots=tuple(Slot(goods=goods, quantity=Decimal(quantity)) for goods, quantity in slots),
        reward=reward, target=target or Target(), gifts=(Gift(goods=gift),) if gift else (),
    )  # fmt: skip


def _discount(code: str, name: str, deal: BundleDeal | ItemDeal | SharedDeal, **more: object) -> Discount:
    source = "BUNDLE" if isinstance(deal, BundleDeal) else "WTR" if isinstance(deal, SharedDeal) else "PRM"
    fields = {"code": code, "name": name, "source": source, "deal": deal, "state": "confirmed", "group": "GAZETKA"}
    return Discount(**{**fields, **more})  # type: ignore[arg-type]


BUNDLES = (
    _discount("2PLUS1", "Jogurty 2+1: najtańszy z trzech gratis", _set(
        (_goods("122"), "3"), reward=Reward(kind="percent", value=Decimal(100)), target=Target(pick="cheapest"),
    ), position=10),
    _discount("SNIADANIE", "Śniadanie: chleb, masło lub ser i sok w cenie 19,90", _set(
        (_goods("111"), "1"), (_goods("123"), "1"), (_goods("172"), "1"),
        reward=Reward(kind="fixed_price", value=Decimal("19.90"), per="set"),
    ), position=20),
    _discount("TRZECIA", "Trzecia czekolada za pół ceny", _set(
        (_goods("161"), "3"), reward=Reward(kind="percent", value=Decimal(50)), target=Target(pick="cheapest"),
    ), position=30),
    _discount("PRANIE", "Do dwóch środków do prania papier gratis", _set(
        (_goods("191"), "2"), reward=None, gift=_goods("192"),
    ), position=40),
)  # fmt: skip
PROMOTIONS = (
    _discount("WARZYWA", "Warzywa 10% taniej", _on(_goods("132"), _tier("10")), position=10),
    _discount("WODA", "Napoje tym taniej, im więcej", _on(_goods("171"), _tier("5", "4"), _tier("12", "8")),
              position=20),
    _discount("KAWA", "Kawa i herbata 3 zł taniej", _on(_goods("173"), _tier("3", kind="amount")), position=30),
    _discount("RYBNY", "Rybny piątek: ryby 15% taniej", _on(_goods("142"), _tier("15")), position=40,
              validity=Validity(weekdays=(5,))),
    _discount("PIECZYWO", "Bułki po południu 20% taniej", _on(_goods("112"), _tier("20")), position=50,
              validity=Validity(hours=_AFTERNOON)),
    _discount("ROWER", "Dostawa rowerem: napoje 5% taniej", _on(_goods("17"), _tier("5")), step=4, position=55,
              scope=Scope(delivery_methods=("ROWER",))),
    _discount("OD200", "20 zł od 200 zł", SharedDeal(tiers=(_tier("20", "200", "amount"),)), step=9),
    _discount("GASTRO", "Gastronomia: spiżarnia 4% taniej", _on(
        _goods("15"), _tier("4"), buyers=Buyers(groups=("GASTRO",)),
    ), source="KNU", step=2, group="STALI"),
    _discount("STALI", "Klienci z kartą: 3% na wszystko", _on((), _tier("3")), step=3, group="STALI",
              scope=Scope(buyers=Buyers(groups=("OSOBY",))), combination=Combination(base="running")),
    _discount("SZKOLA", "Szkolny kupon: 10% na papier i prasę", _on(_goods("213"), _tier("10")), position=60,
              by_coupon=True),
    _discount("SWIETA", "Święta: bombonierki 25% taniej", _on(_goods("161"), _tier("25")), position=70,
              state="draft", validity=Validity(first_day=datetime.date(2026, 12, 20),
                                               last_day=datetime.date(2026, 12, 26))),
)  # fmt: skip
COUPONS = (
    Coupon(code="SZKOLA10", name="Szkolny kupon 10%", discount="SZKOLA", uses=0, offline=True),
    Coupon(code="ULOTKA", name="Kupon z ulotki", discount="SZKOLA", digits=5, first_number=1, last_number=2000),
)


def discounts() -> tuple[DiscountGroup | Discount | Coupon, ...]:
    """Groups, bundles, promotions, coupons."""
    return (*GROUPS, *BUNDLES, *PROMOTIONS, *COUPONS)
