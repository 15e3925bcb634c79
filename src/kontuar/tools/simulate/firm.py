"""The small firm that is simulated: stores, tills, a handful of articles, one cashier and one manager."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, ArticleCode, ArticleGroup, Price, PriceList, Unit, VatRate
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.firm.records import Centre, Currency, Firm, Reason, StationDefinition, Store, Warehouse
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator, Role
from kontuar.operations.actor import Actor

ARTICLES: Final = tuple(f"A{number}" for number in range(1, 9))
CASH: Final = "cash"
REASON: Final = "OTHER"
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
    records = [*_firm(), *_assortment(), *_people()]
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


def _firm() -> list[msgspec.Struct]:
    return [
        Currency(code="PLN", name="złoty", symbol="zł"),
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
        vat = "5" if number % 2 else "23"
        ean = f"200000000{number:03}"
        records.append(
            Article(
                code=code,
                name=code,
                vat=vat,
                unit="pc",
                group="G",
                eans=(ArticleCode(ean=ean + _check_digit(ean), unit="pc"),),
            )
        )
        price = Decimal(number * 199) / 100
        records.append(Price(price_list="RETAIL", article=code, unit="pc", valid_from="2026-01-01", price=price))
    return records


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def _people() -> list[msgspec.Struct]:
    return [
        Contractor(code=UNDEFINED, name="Undefined"),
        Contractor(code="ALFA", name="Alfa", kind="business", tax_number="5260250995"),
        Role(code="all", name="All", rights=tuple(sorted(rights.ADMINISTRATOR))),
        Operator(code=BOSS.operator, name=BOSS.name, pin_verifier="$argon2id$none", roles=("all",)),
    ]
