"""The chain that is measured: three stores and a catalogue of real size; the same input gives the same shop."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, ArticleCode, ArticleGroup, Price, PriceList, Unit, VatRate
from kontuar.domain.firm.records import Centre, Currency, Firm, Parameter, StationDefinition, Store, Warehouse
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator, Role
from kontuar.domain.pricing.discount import Discount
from kontuar.kernel.codes import is_ean, with_ean_check_digit
from kontuar.operations.pins import SALT_BYTES, pin_verifier

REAL_ARTICLES: Final = Path("../shared/data/articles_gtin_off2019.csv.gz")
OPERATOR: Final = "ADMIN"
PIN: Final = "471147"
SELLING_STORE: Final = "S1"
"""Its agent and its station run as processes."""
SENDING_STORE: Final = "S2"
"""Its agent is the measuring program itself, which sends what its stations sold."""
CROWDED_STORE: Final = "S3"
"""Its agent is a process; the measuring program is all its tills."""
CROWDED_TILLS: Final = tuple(f"S3T{number}" for number in range(1, 51))
STATIONS: Final = {
    "S1T1": "S1", "S2T1": "S2", "S2T2": "S2", "S2T3": "S2", "S2T4": "S2", "S2T5": "S2",
    **dict.fromkeys(CROWDED_TILLS, CROWDED_STORE),
}  # fmt: skip
_GROUPS: Final = 50
_VAT: Final = {"23": "A", "8": "B", "5": "C"}
_FIRST_DAY: Final = "2020-01-01"
_WORDS: Final = ("Mleko", "Chleb", "Ser", "Sok", "Kawa", "Herbata", "Makaron", "Ryż", "Jogurt", "Masło", "Woda")
_KINDS: Final = ("świeży", "wiejski", "bio", "klasyczny", "premium", "domowy", "lekki", "pełny", "mały", "duży")


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the hub is given. `source`: where names and GTINs come from."""

    definitions: tuple[msgspec.Struct, ...]
    articles: tuple[Article, ...]
    prices: tuple[Price, ...]
    source: str
    discounts: tuple[Discount, ...] = ()

    @property
    def eans(self) -> list[str]:
        """One EAN per article."""
        return [article.eans[0].ean for article in self.articles]

    def everything(self) -> list[msgspec.Struct]:
        """In an order in which every reference is already there."""
        return [*self.definitions, *self.articles, *self.prices, *self.discounts]


def shop(count: int) -> Shop:
    """A shop with so many articles, one EAN and one price each; real names and GTINs as far as they go."""
    real = list(_real(count)) if REAL_ARTICLES.exists() else []
    made = _made(count - len(real), {ean for ean, _ in real})
    articles = tuple(_article(number, ean, name) for number, (ean, name) in enumerate([*real, *made], 1))
    source = f"{len(real)} of {REAL_ARTICLES.name}, {count - len(real)} made up"
    return Shop(definitions=tuple(_firm()), articles=articles, prices=tuple(map(price_of, articles)), source=source)


def price_of(article: Article, change: int = 0) -> Price:
    """0.49 to 100.48, by the article's code; `change` in hundredths."""
    hundredths = 49 + zlib.crc32(article.code.encode()) % 10_000 + change
    price = Decimal(hundredths) / 100
    return Price(price_list="RETAIL", article=article.code, unit="szt", valid_from=_FIRST_DAY, price=price)


def _real(most: int) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    with gzip.open(REAL_ARTICLES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ean, name = row["gtin"], " ".join(row["name"].split())[:200]
            if len(seen) == most:
                return
            if row["kind"] != "restricted" and name and ean not in seen and is_ean(ean):
                seen.add(ean)
                yield ean, name


def _made(count: int, taken: set[str]) -> Iterator[tuple[str, str]]:
    number = 0
    while count > 0:
        number += 1
        ean = with_ean_check_digit(f"20{number:010d}")
        if ean not in taken:
            count -= 1
            yield ean, f"{_WORDS[number % len(_WORDS)]} {_KINDS[number // 7 % len(_KINDS)]} {number}"


def _article(number: int, ean: str, name: str) -> Article:
    chance = zlib.crc32(ean.encode())
    return Article(
        code=f"A{number:06d}", name=name, vat=tuple(_VAT)[chance % len(_VAT)], unit="szt",
        group=f"G{chance // 7 % _GROUPS:02d}", eans=(ArticleCode(ean=ean, unit="szt"),),
    )  # fmt: skip


def _firm() -> Iterable[msgspec.Struct]:
    yield Currency(code="PLN", name="złoty", symbol="zł")
    yield Firm(code="BENCH", name="Kontuar Pomiarowy", tax_number="5260250995", city="Kraków")
    yield Centre(code="C", name="Polska")
    yield Unit(code="szt", name="sztuka")
    for code, letter in _VAT.items():
        yield VatRate(code=code, valid_from=_FIRST_DAY, percent=Decimal(code), letter=letter)
    yield PriceList(code="RETAIL", name="Detal", currency="PLN")
    for store in (SELLING_STORE, SENDING_STORE, CROWDED_STORE):
        yield Store(code=store, name=f"Sklep {store}", centre="C", price_list="RETAIL", warehouse=f"{store}M")
        yield Warehouse(code=f"{store}M", name="Sala", store=store)
    yield PaymentForm(code="cash", name="Gotówka", kind="cash", opens_drawer=True, gives_change=True)
    for station, store in STATIONS.items():
        yield StationDefinition(code=station, name=station, store=store, series=station)
    for number in range(_GROUPS):
        yield ArticleGroup(code=f"G{number:02d}", name=f"Grupa {number}")
    yield Parameter(name="print.automatic", scope="global", value="no")
    yield Contractor(code=UNDEFINED, name="Nieokreślony")
    yield Role(code="administrator", name="Administrator", rights=tuple(sorted(rights.ADMINISTRATOR)))
    yield Operator(
        code=OPERATOR, name="Pomiar", pin_verifier=pin_verifier(PIN, bytes(SALT_BYTES)), roles=("administrator",),
        language="en",
    )  # fmt: skip
