"""The small firm that is simulated: stores, tills, a handful of articles, one cashier and one manager."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, ArticleCode, ArticleGroup, Price, PriceList, Unit, VatRate
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.firm.records import Centre, Currency, Firm, Parameter, Reason, StationDefinition, Store, Warehouse
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator, Role
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.domain.pricing.rules import Element, Goods, ItemDeal, Reward, Selector, Tier
from kontuar.operations.actor import Actor

ARTICLES: Final = tuple(f"A{number}" for number in range(1, 9))
CASH: Final = "cash"
REASON: Final = "OTHER"
BUSINESS: Final = "ALFA"
ONCE: Final = "ONCE"
UNCHECKED: Final = "ONCEFREE"
"""Series of coupons for one use of each code; those of the second one a till takes unchecked where nobody answers."""
PROMOTIONS: Final = ("PROMO1", "PROMO2")
_CODES: Final = 1_000
BOSS: Final = Actor(operator="BOSS", name="Boss", rights=frozenset(rights.ADMINISTRATOR), login_id="l1")


class Place(msgspec.Struct, frozen=True):
    """A store and the stations in it, by code."""

    store: str
    stations: tuple[str, ...]


def places(stores: int, stations_per_store: int) -> tuple[Place, ...]:
    """All stores with their stations."""
    return tuple(
        Place(f"S{store}", tuple(f"S{store}T{till}" for till in range(1, stations_per_store + 1)))
        for store in range(1, stores + 1)
    )


def definitions(where: Sequence[Place]) -> list[tuple[str, msgspec.Struct]]:
    """(kind, record) of everything that head office defines."""
    records = [*_firm(), *_assortment(), *_people(), *_discounts()]
    for place in where:
        records += [
            Store(code=place.store, name=place.store, centre="C", price_list="RETAIL", warehouse=f"{place.store}M"),
            Warehouse(code=f"{place.store}M", name="Sales", store=place.store),
            *[StationDefinition(code=code, name=code, store=place.store, series=f"K{code}") for code in place.stations],
        ]
    return [(KIND_OF[type(record)].name, record) for record in records]


def price_row(article: str, day: str, price: Decimal) -> tuple[str, msgspec.Struct]:
    """A price from a day on."""
    return "price", Price(price_list="RETAIL", article=article, unit="pc", valid_from=day, price=price)


def coupon_code(series: str, number: int) -> str:
    """One of its codes: many customers have the same."""
    return f"{series}{number % _CODES + 1:04}"


def promotion(code: str, percent: int, *, confirmed: bool) -> tuple[str, msgspec.Struct]:
    """So many percent on every other article."""
    number = PROMOTIONS.index(code)
    goods = (Selector(articles=ARTICLES[number::2]),)
    return "discount", _percent_off(code, percent, goods, confirmed=confirmed)


def coupon_series(series: str, *, active: bool = True) -> tuple[str, msgspec.Struct]:
    """A series of coupons."""
    return "coupon", _series(series, active=active)


def _percent_off(
    code: str, percent: int, goods: Goods = (), *, confirmed: bool = True, by_coupon: bool = False
) -> Discount:
    tier = Tier(reward=Reward(kind="percent", value=Decimal(percent)))
    return Discount(
        code=code, name=code, source="PRM", deal=ItemDeal(elements=(Element(tiers=(tier,), goods=goods),)),
        state="confirmed" if confirmed else "withdrawn", by_coupon=by_coupon,
    )  # fmt: skip


def _series(series: str, *, active: bool = True) -> Coupon:
    return Coupon(
        code=series, name=series, discount=f"BY-{series}", offline=series == UNCHECKED, digits=4,
        last_number=_CODES, active=active,
    )  # fmt: skip


def _discounts() -> list[msgspec.Struct]:
    return [
        *(_percent_off(code, 5, promoted) for code, promoted in _promoted()),
        *(_percent_off(f"BY-{series}", 10, by_coupon=True) for series in (ONCE, UNCHECKED)),
        *(_series(series) for series in (ONCE, UNCHECKED)),
    ]


def _promoted() -> list[tuple[str, Goods]]:
    return [(code, (Selector(articles=ARTICLES[number::2]),)) for number, code in enumerate(PROMOTIONS)]


def _firm() -> list[msgspec.Struct]:
    return [
        Currency(code="PLN", name="złoty", symbol="zł"),
        Parameter(name="sale.block_invoice_from_simplified", scope="global", value="no"),
        Firm(code="F", name="Simulated", tax_number="5260250995", city="Kraków"),
        Centre(code="C", name="Poland"),
        Unit(code="pc", name="piece"),
        VatRate(code="23", valid_from="2020-01-01", percent=Decimal(23), letter="A"),
        VatRate(code="5", valid_from="2020-01-01", percent=Decimal(5), letter="C"),
        PriceList(code="RETAIL", name="Retail", currency="PLN"),
        PaymentForm(code=CASH, name="Cash", kind="cash", opens_drawer=True, gives_change=True, position=1),
        PaymentForm(code="transfer", name="Transfer", kind="bank", position=2),
        Reason(
            code=REASON, name="Other",
            document_types=("cash_in", "cash_out", "internal_release", "internal_receipt"),
        ),
    ]  # fmt: skip


def _assortment() -> list[msgspec.Struct]:
    records: list[msgspec.Struct] = [ArticleGroup(code="G", name="Goods")]
    for number, code in enumerate(ARTICLES, 1):
        records.append(_article(number, code))
        price = Decimal(number * 199) / 100
        records.append(Price(price_list="RETAIL", article=code, unit="pc", valid_from="2026-01-01", price=price))
    return records


def article_row(number: int, name: str) -> tuple[str, msgspec.Struct]:
    """The n-th article under another name."""
    return "article", _article(number, name)


def _article(number: int, name: str) -> Article:
    ean = f"200000000{number:03}"
    return Article(
        code=ARTICLES[number - 1], name=name, vat="5" if number % 2 else "23", unit="pc", group="G",
        eans=(ArticleCode(ean=ean + _check_digit(ean), unit="pc"),),
    )  # fmt: skip


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def _people() -> list[msgspec.Struct]:
    return [
        Contractor(code=UNDEFINED, name="Undefined"),
        Contractor(
            code=BUSINESS,
            name="Alfa",
            kind="business",
            tax_number="7740001454",
            street="Chemików 7",
            postal_code="09-411",
            city="Płock",
        ),
        Role(code="all", name="All", rights=tuple(sorted(rights.ADMINISTRATOR))),
        Operator(code=BOSS.operator, name=BOSS.name, pin_verifier="$argon2id$none", roles=("all",)),
    ]
