"""The demo firm itself: who it is, its two shops with their tills, money, taxes, numbering, settings."""

from decimal import Decimal
from typing import Final

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import PriceList, Unit, VatRate
from kontuar.domain.documents import numbering
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.records import (
    Centre,
    Currency,
    DeliveryMethod,
    ExchangeRate,
    Firm,
    NumberingRule,
    Parameter,
    Reason,
    StationDefinition,
    Store,
    Warehouse,
)

RETAIL: Final = "DETAL"
LOYALTY: Final = "LOJAL"
WHOLESALE: Final = "HURT"
PIECE: Final = "szt"
CARTON: Final = "kart"

CURRENCIES: Final = (
    Currency(code="PLN", name="Złoty polski", symbol="zł"),
    Currency(code="EUR", name="Euro", symbol="€"),
    Currency(code="USD", name="Dolar amerykański", symbol="$"),
)

FIRM: Final = Firm(
    code="MODRY",
    name="Modry Koszyk sp. z o.o.",
    tax_number="9990100135",
    street="ul. Wiklinowa 8",
    postal_code="30-199",
    city="Kraków",
    bank_name="Bank Modry",
    bank_account="PL61109010140000071219812874",
    vat_number="PL9990100135",
    register="KRS",
    registry_number="0000999135",
)

CENTRES: Final = (
    Centre(code="FIRMA", name="Modry Koszyk"),
    Centre(code="POLUDNIE", name="Region południowy", parent="FIRMA"),
    Centre(code="POLNOC", name="Region północny", parent="FIRMA"),
)

UNITS: Final = (
    Unit(code=PIECE, name="sztuka"),
    Unit(code="kg", name="kilogram", precision=3),
    Unit(code="l", name="litr", precision=3),
    Unit(code="m", name="metr", precision=2),
    Unit(code="m2", name="metr kwadratowy", precision=2),
    Unit(code="opak", name="opakowanie"),
    Unit(code=CARTON, name="karton"),
    Unit(code="usl", name="usługa"),
)

PERCENTS: Final = {"A": Decimal(23), "B": Decimal(8), "C": Decimal(5), "D": Decimal(0), "E": None}
_NAMES = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "zwolnione"}
_UNTIL_2010 = {"A": Decimal(22), "B": Decimal(7), "C": Decimal(3)}

VAT_RATES: Final = (
    *(
        VatRate(code=code, valid_from="2004-05-01", percent=percent, letter=code, name=f"{percent}%")
        for code, percent in _UNTIL_2010.items()
    ),
    *(
        VatRate(code=code, valid_from="2011-01-01", percent=percent, letter=code, name=_NAMES[code])
        for code, percent in PERCENTS.items()
    ),
)

PRICE_LISTS: Final = (
    PriceList(code=RETAIL, name="Cennik detaliczny", currency="PLN"),
    PriceList(code=LOYALTY, name="Cennik dla stałych klientów", currency="PLN"),
    PriceList(code=WHOLESALE, name="Cennik hurtowy netto", currency="PLN", direction="net"),
)

STORES: Final = (
    Store(
        code="KRK", name="Modry Koszyk Kraków", centre="POLUDNIE", price_list=RETAIL, warehouse="KRK-S",
        street="ul. Lipowego Mostu 14", postal_code="31-099", city="Kraków",
    ),
    Store(
        code="GDN", name="Modry Koszyk Gdańsk", centre="POLNOC", price_list=RETAIL, warehouse="GDN-S",
        street="ul. Żaglowych Mistrzów 7", postal_code="80-899", city="Gdańsk",
    ),
)  # fmt: skip

WAREHOUSES: Final = (
    Warehouse(code="KRK-S", name="Kraków, sala sprzedaży", store="KRK"),
    Warehouse(code="KRK-Z", name="Kraków, zaplecze", store="KRK", kind="back"),
    Warehouse(code="GDN-S", name="Gdańsk, sala sprzedaży", store="GDN"),
    Warehouse(code="GDN-Z", name="Gdańsk, zaplecze", store="GDN", kind="back"),
)

PAYMENT_FORMS: Final = (
    PaymentForm(
        code="cash", name="Gotówka", kind="cash", currencies=("PLN", "EUR", "USD"), opens_drawer=True,
        gives_change=True, position=1,
    ),
    PaymentForm(
        code="card", name="Karta płatnicza", kind="card", currencies=("PLN",), document_types=("receipt", "invoice"),
        clear_after_shift=True, position=2,
    ),
    PaymentForm(
        code="transfer", name="Przelew bankowy", kind="bank", currencies=("PLN", "EUR"),
        document_types=("receipt", "invoice"), clear_after_shift=True, position=3,
    ),
    PaymentForm(
        code="coupon", name="Bon towarowy", kind="coupon", currencies=("PLN",), document_types=("receipt", "invoice"),
        clear_after_shift=True, position=4,
    ),
    PaymentForm(
        code="credit", name="Przelew z terminem", kind="bank", currencies=("PLN", "EUR"), document_types=("invoice",),
        without_collection=True, position=5,
    ),
)  # fmt: skip

DELIVERY_METHODS: Final = (
    DeliveryMethod(code="ODBIOR", name="Odbiór w sklepie", position=1),
    DeliveryMethod(code="KURIER", name="Kurier", position=2),
    DeliveryMethod(code="ROWER", name="Dostawa rowerem po Krakowie", stores=("KRK",), position=3),
)

STATIONS: Final = tuple(
    StationDefinition(
        code=f"{store.code}{place}",
        name=f"{store.city}, kasa {place}",
        store=store.code,
        series=f"POS{first + place}",
        warehouse=store.warehouse,
        register=f"KASA-{store.code}{place}",
    )
    for first, store in zip((0, 2), STORES, strict=True)
    for place in (1, 2)
)

EXCHANGE_RATES: Final = tuple(
    ExchangeRate(currency=currency, valid_from=day, rate=Decimal(rate))
    for currency, day, rate in (
        ("EUR", "2026-01-02", "4.2310"),
        ("EUR", "2026-07-01", "4.2685"),
        ("EUR", "2026-11-02", "4.2540"),
        ("USD", "2026-01-02", "3.6120"),
        ("USD", "2026-07-01", "3.6475"),
        ("USD", "2026-11-02", "3.6390"),
    )
)


def numbering_rules() -> tuple[NumberingRule, ...]:
    """The default pattern, written down for every document type."""
    return tuple(numbering.default_rule(name) for name in TYPES)


_REASONS = (
    ("cash_in", "ZASILENIE", "Zasilenie kasy drobnymi"),
    ("cash_in", "SEJF-KASA", "Pobranie gotówki z sejfu"),
    ("cash_in", "ZWROT-ZALICZKI", "Zwrot zaliczki pracownika"),
    ("cash_out", "UTARG", "Odprowadzenie utargu do sejfu"),
    ("cash_out", "ZAKUP-DROBNY", "Drobny zakup na potrzeby sklepu"),
    ("cash_out", "ZALICZKA", "Zaliczka dla pracownika"),
    ("internal_release", "ZUZYCIE", "Zużycie na potrzeby sklepu"),
    ("internal_release", "USZKODZENIE", "Towar uszkodzony"),
    ("internal_release", "TERMIN", "Upłynął termin przydatności"),
    ("internal_release", "DEGUSTACJA", "Degustacja dla klientów"),
    ("internal_receipt", "BILANS", "Stan początkowy"),
    ("internal_receipt", "NADWYZKA", "Nadwyżka znaleziona na półce"),
    ("internal_receipt", "EKSPOZYCJA", "Powrót towaru z ekspozycji"),
)
REASONS: Final = tuple(
    Reason(code=code, name=name, document_types=(document_type,)) for document_type, code, name in _REASONS
)

PARAMETERS: Final = tuple(
    Parameter(name=name, scope=scope, value=value)
    for name, scope, value in (
        ("locale.language", "global", "pl"),
        ("backup.minutes", "global", "10"),
        ("print.second_copy_seconds", "global", "2"),
        ("print.receipt_footer", "global", "Dziękujemy za zakupy. Zapraszamy ponownie!"),
        ("print.receipt_footer", "store:GDN", "Dziękujemy! Czekamy na Państwa także w niedziele handlowe."),
        ("sale.merge_same_article", "global", "yes"),
        ("search.documents", "centre:POLUDNIE", "local_and_hub"),
        ("screen.left_handed", "station:GDN2", "yes"),
    )
)
