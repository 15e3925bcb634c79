"""A small shop for tests: definitions, a station over real SQLite, a clock that is turned by hand."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import (
    Article,
    ArticleCode,
    ArticleGroup,
    AuxiliaryUnit,
    Price,
    PriceList,
    Unit,
    VatRate,
)
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Message
from kontuar.domain.firm.records import (
    Centre,
    Currency,
    ExchangeRate,
    Firm,
    Parameter,
    Reason,
    StationDefinition,
    Store,
    Warehouse,
)
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator, Role
from kontuar.kernel.canonical import decode, encode, row_checksum
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.ids import uuid7
from kontuar.kernel.quantity import scaled
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_documents import StockFigures
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.station import approval, cash_documents, payments, shifts, till
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.storage.sqlite.stock_view import StockView
from kontuar.sync.keys import Signer

MORNING = datetime.datetime(2026, 11, 21, 8, 0, tzinfo=datetime.UTC)
MILK, WATER, NUTS, TILE, BAG, REPAIR = "MILK", "WATER", "NUTS", "TILE", "BAG", "REPAIR"
MILK_EAN, CARTON_EAN, NUTS_EAN, TILE_EAN = "2000000000015", "2000000000022", "2000000000039", "2000000000046"


class HandClock:
    """Stands still until it is turned."""

    def __init__(self, start: datetime.datetime = MORNING) -> None:
        self.instant = start

    def now(self) -> datetime.datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def turn(self, seconds: float) -> None:
        self.instant += datetime.timedelta(seconds=seconds)


class CountedIds:
    """Identities in a fixed order."""

    def __init__(self, clock: HandClock, first: int = 0) -> None:
        self._clock = clock
        self._count = first

    def new_id(self) -> str:
        self._count += 1
        return uuid7(self._clock.now(), self._count.to_bytes(10, "big"))

    def secret(self, byte_count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(byte_count, "big")


def small_shop() -> list[msgspec.Struct]:
    """The definitions: one store, two stations, six articles, four payment forms."""
    return [*_firm(), *_assortment(), *_people()]


def _firm() -> list[msgspec.Struct]:
    return [
        Currency(code="PLN", name="złoty", symbol="zł"),
        Currency(code="EUR", name="euro", symbol="€"),
        Firm(code="F", name="Kontuar Testowy", tax_number="5260250995", city="Kraków"),
        Centre(code="C", name="Polska"),
        Unit(code="szt", name="sztuka"),
        Unit(code="kg", name="kilogram", precision=3),
        Unit(code="m2", name="metr kwadratowy", precision=2),
        Unit(code="kart", name="karton"),
        VatRate(code="23", valid_from="2020-01-01", percent=Decimal(23), letter="A"),
        VatRate(code="8", valid_from="2020-01-01", percent=Decimal(8), letter="B"),
        VatRate(code="5", valid_from="2020-01-01", percent=Decimal(5), letter="C"),
        PriceList(code="RETAIL", name="Detal", currency="PLN"),
        PriceList(code="CLUB", name="Klub", currency="PLN"),
        Store(code="S1", name="Rynek", centre="C", price_list="RETAIL", warehouse="S1M"),
        Warehouse(code="S1M", name="Sala", store="S1"),
        Warehouse(code="S1Z", name="Zaplecze", store="S1", kind="back"),
        PaymentForm(code="cash", name="Gotówka", kind="cash", currencies=("EUR",), opens_drawer=True,
                    gives_change=True, position=1),
        PaymentForm(code="card", name="Karta", kind="card", position=2),
        PaymentForm(code="transfer", name="Przelew", kind="bank", position=3),
        PaymentForm(code="coupon", name="Kupon", kind="coupon", clear_after_shift=True, position=4),
        StationDefinition(code="S1T1", name="Kasa 1", store="S1", series="POS1"),
        StationDefinition(code="S1T2", name="Kasa 2", store="S1", series="POS2"),
        ExchangeRate(currency="EUR", valid_from="2026-01-01", rate=Decimal("4.25")),
        Reason(code="CHANGE", name="Rozmienienie", document_types=("cash_in", "cash_out")),
        Reason(code="LOSS", name="Strata", document_types=("internal_release", "internal_receipt")),
    ]  # fmt: skip


def _assortment() -> list[msgspec.Struct]:
    return [
        ArticleGroup(code="FOOD", name="Spożywcze"),
        ArticleGroup(code="DIY", name="Budowlane"),
        Article(code=MILK, name="Mleko 2% 1 l", vat="5", unit="szt", group="FOOD",
                units=(AuxiliaryUnit(unit="kart", factor=Decimal("0.1")),),
                eans=(ArticleCode(ean=MILK_EAN, unit="szt"), ArticleCode(ean=CARTON_EAN, unit="kart"))),
        Article(code=WATER, name="Woda gazowana", vat="23", unit="szt", group="FOOD"),
        Article(code=NUTS, name="Pistacje luzem", vat="8", unit="kg", group="FOOD",
                eans=(ArticleCode(ean=NUTS_EAN, unit="kg"),)),
        Article(code=TILE, name="Płytka ścienna", vat="23", unit="szt", group="DIY",
                units=(AuxiliaryUnit(unit="m2", factor=Decimal("0.37")),),
                eans=(ArticleCode(ean=TILE_EAN, unit="szt"),)),
        Article(code=BAG, name="Tor", vat="23", unit="szt", group="DIY"),
        Article(code=REPAIR, name="Usługa skrócenia", vat="23", unit="szt", group="DIY", kind="service"),
        *[
            Price(price_list="RETAIL", article=code, unit=unit, valid_from="2026-01-01", price=Decimal(price))
            for code, unit, price in [
                (MILK, "szt", "3.99"), (MILK, "kart", "37.90"), (WATER, "szt", "2.49"), (NUTS, "kg", "59.90"),
                (TILE, "szt", "7.40"), (BAG, "szt", "0.50"), (REPAIR, "szt", "20.00"),
            ]
        ],
        Price(price_list="RETAIL", article=WATER, unit="szt", valid_from="2026-12-01", price=Decimal("2.99")),
        Price(price_list="CLUB", article=MILK, unit="szt", valid_from="2026-01-01", price=Decimal("3.49")),
    ]  # fmt: skip


def _people() -> list[msgspec.Struct]:
    return [
        Contractor(code=UNDEFINED, name="Nieokreślony"),
        Contractor(code="ANNA", name="Anna Nowak", price_list="CLUB", loyalty_card="9900001"),
        Contractor(code="ALFA", name="Alfa Sp. z o.o.", kind="business", tax_number="5260250995"),
        Role(code="cashier", name="Kasjer", rights=tuple(sorted(rights.CASHIER))),
        Role(code="manager", name="Kierownik", rights=tuple(sorted(rights.MANAGER))),
        Operator(code="OLA", name="Ola Kasjerka", pin_verifier="$argon2id$right-1111", roles=("cashier",)),
        Operator(code="EWA", name="Ewa Kierownik", pin_verifier="$argon2id$right-2222", roles=("manager",)),
        Operator(code="JAN", name="Jan Były", pin_verifier="$argon2id$right-3333", roles=("cashier",),
                 active=False),
    ]  # fmt: skip


def feed_rows(records: Iterable[msgspec.Struct], version: int = 1) -> list[tuple[str, str, int, bytes]]:
    """The records as rows of the feed."""
    return [
        (KIND_OF[type(record)].name, KIND_OF[type(record)].key_of(record), version, encode(record))
        for record in records
    ]


def load(books: SqliteBooks, records: Iterable[msgspec.Struct], version: int = 1) -> None:
    """Switch the station to these definitions."""
    rows = feed_rows(records, version)
    checksum = sum(row_checksum(kind, key, body) for kind, key, _, body in rows) % 2**64
    books.definitions.replace_all(rows, "e1", version, checksum)


def change(books: SqliteBooks, *records: msgspec.Struct) -> None:
    """Put single rows as a delta."""
    epoch, version, checksum = books.definitions.cursor()
    for kind, key, _, body in feed_rows(records):
        old = books.database.value("SELECT body FROM definition WHERE kind = ? AND key = ?", (kind, key))
        checksum += row_checksum(kind, key, body) - (row_checksum(kind, key, old) if old else 0)
    books.definitions.apply_delta(feed_rows(records, version + 1), [], epoch, version + 1, checksum % 2**64)


def with_parameter(books: SqliteBooks, name: str, value: str) -> None:
    """Set a parameter for the whole firm."""
    change(books, Parameter(name=name, scope="global", value=value))


def new_station(
    folder: Path,
    code: str = "S1T1",
    series: str = "POS1",
    *,
    clock: HandClock | None = None,
    loaded: bool = True,
    vfs: str | None = None,
    level: Connectivity = Connectivity.ONLINE,
    **more: bool,
) -> Station:
    """A station over real SQLite with the small shop loaded, connected unless told otherwise."""
    clock = clock or HandClock()
    stream = StreamId(code, "i1")
    database = SqliteDatabase(folder / f"{code}.db", migrations=MIGRATIONS, vfs=vfs)
    books = SqliteBooks(database, stream, "S1", signer().sign, clock)
    if loaded and not books.definitions.version()[0]:
        load(books, small_shop())
    return Station(
        identity=Identity(station=code, store="S1", incarnation="i1", series=series), books=books, clock=clock,
        ids=CountedIds(clock), connectivity=lambda: level, committed=lambda: None, **more,
    )  # fmt: skip


def signer() -> Signer:
    """A node key that is the same in every test."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def actor_of(*own_rights: str, operator: str = "EWA", name: str = "Ewa Kierownik") -> Actor:
    """An operator with rights; a manager's when none are named."""
    return Actor(
        operator=operator, name=name, rights=frozenset(own_rights) or frozenset(rights.ADMINISTRATOR), login_id="l1"
    )


def cashier() -> Actor:
    """Ola with a cashier's rights."""
    return Actor(operator="OLA", name="Ola Kasjerka", rights=frozenset(rights.CASHIER), login_id="l2")


def open_till(folder: Path, **settings: object) -> Station:
    """A station with an open shift and 100.00 in its register."""
    station = new_station(folder, **settings)  # type: ignore[arg-type]
    shifts.open_shift(station, actor_of(), "100")
    return station


def fill(station: Station, *codes: str, document_type: str = "receipt", actor: Actor | None = None) -> Document:
    """A draft with a line for each code."""
    who = actor or actor_of()
    document = till.begin(station, who, document_type)
    for code in codes:
        document = till.scan(station, who, document.doc_id, code)
    return document


def sell(station: Station, *codes: str, cash: str = "", actor: Actor | None = None) -> Document:
    """A receipt, paid in cash and approved."""
    who = actor or actor_of()
    document = fill(station, *codes, actor=who)
    payments.assign(station, who, document.doc_id, "cash", cash)
    return approval.approve(station, who, document.doc_id)


def move_cash(station: Station, document_type: str, amount: str, *, form: str = "cash") -> Document:
    """A KP or KW, approved."""
    document = till.begin(station, actor_of(), document_type)
    cash_documents.set_amount(station, actor_of(), document.doc_id, form, amount)
    till.set_reason(station, actor_of(), document.doc_id, "CHANGE")
    return approval.approve(station, actor_of(), document.doc_id)


def move_goods(station: Station, document_type: str, *codes: str) -> Document:
    """An RW or PW, approved."""
    document = fill(station, *codes, document_type=document_type)
    till.set_reason(station, actor_of(), document.doc_id, "LOSS")
    return approval.approve(station, actor_of(), document.doc_id)


def know_stock(station: Station, **quantities: str) -> None:
    """Figures from the agent: article → base units in the sales warehouse."""
    rows = tuple(("S1M", article, scaled(Decimal(quantity))) for article, quantity in quantities.items())
    figures = StockFigures(epoch="e1", version=1, full=True, rows=rows, covered=())
    with station.books.transaction():
        StockView(station.books.database).take_figures(figures)
        station.books.set_fact("stock_cursor", "e1 1")


def messages(station: Station) -> list[Message]:
    """The station's own stream, from the beginning."""
    rows = station.books.database.rows("SELECT payload FROM message ORDER BY seq")
    return [decode(payload, Message) for (payload,) in rows]


def everything(station: Station) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables that operations write: equal before and after = nothing was written."""
    database = station.books.database
    tables = (
        "fact", "draft", "message", "number_series", "document", "document_line", "document_tax", "document_history",
        "stock_move", "stock_pending", "cash_move", "cash_balance", "shift", "card_operation",
        "own_contractor", "parked", "parked_here",
    )  # fmt: skip
    return {table: database.rows(f"SELECT * FROM {table}") for table in tables}
