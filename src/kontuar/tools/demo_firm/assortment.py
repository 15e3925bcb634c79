"""What the demo firm sells: `articles.csv` read into articles, pictures, prices and opening stock.

The file keeps what a person chose (name, rate, price, look); regular things such as EANs, cheaper cartons
or a price that rises next year follow from the place in the file, so that the same firm comes out each time.
A new article goes at the end of its group: codes never move.
"""

import csv
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from typing import NamedTuple
from zlib import crc32

import msgspec

from kontuar.domain.catalogue.records import Article, ArticleCode, AuxiliaryUnit, Picture, Price
from kontuar.kernel.canonical import content_hash
from kontuar.kernel.codes import with_ean_check_digit
from kontuar.kernel.rounding import half_up
from kontuar.tools.demo_firm.groups import FAVOURITES, GROUNDS
from kontuar.tools.demo_firm.pictures.article_pictures import MEDIA_TYPE, size_in, webp
from kontuar.tools.demo_firm.structure import (
    CARTON,
    LOYALTY,
    PERCENTS,
    RETAIL,
    STORES,
    WAREHOUSES,
    WHOLESALE,
)
from kontuar.tools.demo_firm.varieties import properties_of

BEFORE, NOW, NEXT = "2025-09-01", "2026-01-02", "2027-01-04"
"""Days on which prices begin."""

_CARTON_DISCOUNT = Decimal("0.95")
_LOYALTY_DISCOUNT = Decimal("0.90")
_WHOLESALE_DISCOUNT = Decimal("0.88")
_FACTOR_PLACES = 10


class OpeningStock(NamedTuple):
    """What lies in a warehouse when the demo begins, in base units."""

    store: str
    warehouse: str
    article: str
    quantity: Decimal


class CatalogueRow(msgspec.Struct, frozen=True):
    """A row of `articles.csv`; `more` holds words: fav, inactive, service, nodisc, carton=12, m2=0.37, up."""

    code: str
    name: str
    group: str
    vat: str
    unit: str
    price: Decimal
    picture: str
    colour: str
    accent: str
    more: dict[str, str]


def catalogue_rows() -> list[CatalogueRow]:
    """All rows, in the order of codes."""
    text = files(__package__).joinpath("articles.csv").read_text(encoding="utf-8")
    found = []
    for row in csv.DictReader(text.splitlines(), delimiter=";"):
        words = (word.partition("=") for word in row.pop("more").split())
        price = Decimal(row.pop("price"))
        found.append(CatalogueRow(**row, price=price, more={word: value for word, _, value in words}))
    return found


def picture_of(row: CatalogueRow) -> Picture:
    """The drawn picture, named by the hash of its bytes."""
    data = webp(row.picture, row.colour, row.accent, GROUNDS[row.group[:2]], size_in(row.name))
    return Picture(code=content_hash(data).hex(), media_type=MEDIA_TYPE, data=b64encode(data).decode())


def article_of(row: CatalogueRow, place: int, picture: str) -> Article:
    """The article; `place` counts rows and decides who has a second EAN."""
    return Article(
        code=row.code,
        name=row.name,
        vat=row.vat,
        unit=row.unit,
        group=row.group,
        kind="service" if "service" in row.more else "goods",
        units=tuple(_auxiliary_units(row)),
        eans=tuple(_eans(row, place)),
        groups=(FAVOURITES,) if "fav" in row.more else (),
        picture=picture,
        active="inactive" not in row.more,
        no_discount="nodisc" in row.more,
        properties=properties_of(row.code),
    )


def _auxiliary_units(row: CatalogueRow) -> Iterator[AuxiliaryUnit]:
    if "carton" in row.more:
        factor = half_up(1 / Decimal(row.more["carton"]), _FACTOR_PLACES).normalize()
        yield AuxiliaryUnit(unit=CARTON, factor=factor)
    if "m2" in row.more:
        yield AuxiliaryUnit(unit="m2", factor=Decimal(row.more["m2"]), round_up="up" in row.more)


def _eans(row: CatalogueRow, place: int) -> Iterator[ArticleCode]:
    """Prefixes 20 to 24 are for use inside a firm: no real product has them."""
    if row.unit in ("kg", "m", "l") or "service" in row.more:
        return
    yield ArticleCode(ean=with_ean_check_digit(f"2000000{row.code}"), unit=row.unit)
    if place % 12 == 0:
        yield ArticleCode(ean=with_ean_check_digit(f"2100000{row.code}"), unit=row.unit)
    if "carton" in row.more:
        yield ArticleCode(ean=with_ean_check_digit(f"2200000{row.code}"), unit=CARTON)


def prices_of(row: CatalogueRow, place: int) -> Iterator[Price]:
    """Retail prices past, present and to come; loyalty for some; cartons cheaper, wholesale net."""
    if "inactive" in row.more:
        return
    if place % 5 == 0:
        yield _price(row, RETAIL, row.unit, BEFORE, row.price * Decimal("0.94"))
    yield _price(row, RETAIL, row.unit, NOW, row.price)
    if place % 15 == 0:
        yield _price(row, RETAIL, row.unit, NEXT, row.price * Decimal("1.06"))
    if place % 8 == 0 and "nodisc" not in row.more and "service" not in row.more:
        yield _price(row, LOYALTY, row.unit, NOW, row.price * _LOYALTY_DISCOUNT)
    if "carton" in row.more:
        whole = row.price * Decimal(row.more["carton"])
        yield _price(row, RETAIL, CARTON, NOW, whole * _CARTON_DISCOUNT)
        net = whole * 100 / (100 + (PERCENTS[row.vat] or 0))
        yield _price(row, WHOLESALE, CARTON, NOW, net * _WHOLESALE_DISCOUNT)


def _price(row: CatalogueRow, price_list: str, unit: str, day: str, price: Decimal) -> Price:
    return Price(price_list=price_list, article=row.code, unit=unit, valid_from=day, price=half_up(price, 2))


def opening_stock(rows: list[CatalogueRow]) -> Iterator[OpeningStock]:
    """Goods on the shelves of both shops, and in the back rooms of what comes in quantity."""
    store_of = {warehouse.code: warehouse.store for warehouse in WAREHOUSES}
    shelves = {store.warehouse for store in STORES}
    for warehouse, store in store_of.items():
        for row in rows:
            if "service" in row.more or "inactive" in row.more:
                continue
            quantity = _quantity(row, warehouse, on_shelf=warehouse in shelves)
            if quantity > 0:
                yield OpeningStock(store, warehouse, row.code, quantity)


def _quantity(row: CatalogueRow, warehouse: str, *, on_shelf: bool) -> Decimal:
    spread = crc32(f"{warehouse}|{row.code}".encode())
    if not on_shelf:
        cartons = Decimal(row.more.get("carton", 0)) * (spread % 5)
        return cartons if cartons or spread % 3 else Decimal(10 + spread % 30)
    if row.unit in ("kg", "l", "m"):
        return Decimal(60 + spread % 540) / 10
    if row.price >= 50:
        return Decimal(2 + spread % 9)
    return Decimal(8 + spread % 72)
