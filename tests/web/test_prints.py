"""What stands on prints: documents and shift reports as the neutral model (DOC-32, PAY-10)."""

import datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from kontuar.domain.documents.document import Document
from kontuar.operations.print_model import PrintModel, PrintRow, VatRow
from kontuar.operations.station import approval, cash_documents, payments, shifts, till
from kontuar.operations.station.shifts import Counted
from kontuar.operations.station.station import Station
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model
from kontuar.web.prints.scene import scene_of
from kontuar.web.prints.shifts import shift_model
from shop import MILK_EAN, NUTS_EAN, actor_of, new_station, with_parameter


@pytest.fixture
def station(tmp_path: Path) -> Station:
    station = new_station(tmp_path)
    shifts.open_shift(station, actor_of(), "100,00")
    return station


def sold(station: Station, *, euro: str = "") -> Document:
    """Two litres of milk and 0.25 kg of nuts at a typed value of 14.00."""
    ewa = actor_of()
    doc_id = till.begin(station, ewa, "receipt").doc_id
    till.scan(station, ewa, doc_id, MILK_EAN, "2")
    till.scan(station, ewa, doc_id, NUTS_EAN, "0,25")
    till.change_value(station, ewa, doc_id, 2, "14,00")
    if euro:
        payments.assign(station, ewa, doc_id, "cash", euro, "EUR")
    payments.assign(station, ewa, doc_id, "cash", "30,00")
    return approval.approve(station, ewa, doc_id)


def printed(station: Station, document: Document, **more: object) -> PrintModel:
    scene = scene_of(station)
    return document_model(document, scene, texts(scene.language), **more)  # type: ignore[arg-type]


def test_a_receipt_shows_seller_lines_tax_and_what_was_paid(station: Station) -> None:
    """Amounts as the customer reads them; what the cashier took off stands under its line."""
    model = printed(station, sold(station))
    assert model.number == "PAR/2026/11/00001/POS1"
    assert model.seller == ("Kontuar Testowy", "Kraków", "NIP 5260250995")
    assert (model.store, model.station, model.operator) == ("Rynek", "Kasa 1", "Ewa Kierownik")
    assert model.issued_at == "21.11.2026, 09:00"
    milk, nuts = model.lines
    assert (milk.name, milk.quantity, milk.unit, milk.unit_price, milk.value, milk.vat_letter) == (
        "Mleko 2% 1 l", "2", "szt", "3,99", "7,98", "C",
    )  # fmt: skip
    assert (nuts.quantity, nuts.unit_price, nuts.value, nuts.discount) == ("0,25", "56,00", "14,00", "Rabat: -0,98")
    assert model.vat == (
        VatRow(letter="B", rate="8%", net="12,96", vat="1,04", gross="14,00"),
        VatRow(letter="C", rate="5%", net="7,60", vat="0,38", gross="7,98"),
    )
    assert model.totals[-1] == PrintRow(label="RAZEM PLN", value="21,98", strong=True)
    assert [(row.label, row.value) for row in model.payments] == [("Gotówka PLN", "30,00"), ("Reszta PLN", "8,02")]
    assert model.buyer == ()


def test_the_code_on_a_receipt_names_the_document(station: Station) -> None:
    document = sold(station)
    assert printed(station, document).qr == f"kontuar:document:{document.doc_id}"


def test_money_of_another_currency_is_printed_with_its_rate_and_worth(station: Station) -> None:
    model = printed(station, sold(station, euro="2,00"))
    assert [(row.label.strip(), row.value) for row in model.payments] == [
        ("Gotówka EUR", "2,00"), ("Kurs 4,25", "8,50\xa0zł"), ("Gotówka PLN", "30,00"), ("Reszta PLN", "16,52"),
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "mark"), [("pl", "KOPIA"), ("fr", "COPIE"), ("en", "COPY")])
def test_a_further_print_of_a_receipt_is_marked_in_the_customers_language(
    station: Station, language: str, mark: str
) -> None:
    """DOC-32; the language is the station's parameter, not the operator's."""
    with_parameter(station.books, "locale.language", language)  # type: ignore[arg-type]
    document = sold(station)
    assert printed(station, document).copy_mark == ""
    assert printed(station, document, copy=True).copy_mark == mark


def test_a_print_beside_a_fiscal_device_says_that_it_is_no_fiscal_receipt(station: Station) -> None:
    document = sold(station)
    assert printed(station, document).footer == ()
    station.fiscal_device = True
    assert printed(station, document, fiscal_number="17").footer == ("To nie jest paragon fiskalny",)
    assert PrintRow(label="Numer fiskalny", value="17") in printed(station, document, fiscal_number="17").details


def test_cash_in_is_printed_with_its_reason_and_places_to_sign_and_never_as_a_copy(station: Station) -> None:
    """PAY-09; copies are marked on trade documents only (DOC-32)."""
    ewa = actor_of()
    doc_id = till.begin(station, ewa, "cash_in").doc_id
    till.set_reason(station, ewa, doc_id, "CHANGE")
    till.set_buyer(station, ewa, doc_id, "ALFA")
    cash_documents.set_amount(station, ewa, doc_id, "cash", "50")
    model = printed(station, approval.approve(station, ewa, doc_id), copy=True)
    assert model.number == "KP/2026/11/00001/POS1"
    assert model.copy_mark == ""
    assert model.buyer == ("Kontrahent: Alfa Sp. z o.o.", "NIP 5260250995")
    assert PrintRow(label="Powód", value="Rozmienienie") in model.details
    assert model.totals == (PrintRow(label="KWOTA PLN", value="50,00", strong=True),)
    assert model.footer == ("Wpłacił(a): ....................", "Przyjął/przyjęła: ....................")


def test_goods_documents_are_printed_without_prices(station: Station) -> None:
    ewa = actor_of()
    doc_id = till.begin(station, ewa, "internal_release").doc_id
    till.scan(station, ewa, doc_id, MILK_EAN, "3")
    till.set_reason(station, ewa, doc_id, "LOSS")
    model = printed(station, approval.approve(station, ewa, doc_id))
    (line,) = model.lines
    assert (line.code, line.quantity, line.unit_price, line.value) == ("MILK", "3", "", "")
    assert model.vat == ()
    assert PrintRow(label="Magazyn", value="Sala") in model.details
    assert model.totals == (PrintRow(label="Ilość łącznie", value="3"),)


def test_a_line_given_away_or_sold_by_weight_keeps_its_exact_figures(station: Station) -> None:
    """Quantities carry the decimals they have, prices at least two."""
    document = sold(station)
    line = msgspec.structs.replace(document.lines[0], quantity=Decimal("0.5"), price=Decimal("1.2345"))
    (shown,) = printed(station, msgspec.structs.replace(document, lines=(line,))).lines
    assert (shown.quantity, shown.unit_price) == ("0,5", "1,2345")


def test_the_report_of_a_shift_shows_sales_tax_and_counted_money(station: Station) -> None:
    """PAY-10: closing with 121.98 expected and 120.00 counted is 1.98 short."""
    sold(station)
    report = shifts.close_shift(station, actor_of(), (Counted(form="cash", currency="PLN", amount="120,00"),))
    scene = scene_of(station)
    model = shift_model(report, scene, texts("pl"))
    assert model.title == "RAPORT ZMIANY"
    assert model.number == "Zmiana kasowa 1"
    assert PrintRow(label="Dzień handlowy", value="21.11.2026") in model.details
    assert PrintRow(label="Sprzedaż", value="21,98\xa0zł", strong=True) in model.totals
    assert [(row.label.strip(), row.value) for row in model.payments] == [
        ("Gotówka PLN", ""), ("Na początku", "100,00"), ("Wpłynęło", "30,00"), ("Wydano", "-8,02"),
        ("Powinno być", "121,98"), ("Policzono", "120,00"), ("Różnica", "-1,98"),
    ]  # fmt: skip
    assert model.footer == (f"Podpis: {report.chain_head[:16]}",)
    assert report.shift.business_day == datetime.date(2026, 11, 21)
