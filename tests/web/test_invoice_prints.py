"""Invoices on paper: what the Polish and the French law want, word for word (SALE-04, SALE-07, PAY-08, DOC-32)."""

from pathlib import Path

import msgspec
import pytest

from invoices import SCRAP, STEEL, invoice, invoiced, with_attribute, with_business
from kontuar.devices.printing import layout
from kontuar.devices.printing.pdf import pdf
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import Firm
from kontuar.operations.station import approval, invoicing, payments, till
from kontuar.operations.station.station import Station
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model
from kontuar.web.prints.scene import scene_of
from papers import pdf_text
from shop import MILK, WATER, actor_of, change, fill, open_till, with_parameter

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    made = with_business(open_till(tmp_path))
    firm = Firm(
        code="F", name="Kontuar Testowy", tax_number="5260250995", street="Rynek 1", postal_code="31-042",
        city="Kraków", bank_name="Bank Testowy", bank_account="PL61109010140000071219812874", vat_number="PL5260250995",
        registry_number="0000123456", register="KRS", legal_form="sp. z o.o.", capital="50 000 zł",
    )  # fmt: skip
    change(made.books, firm)
    return made


def words_of(station: Station, document: Document, language: str = "pl", *, copy: bool = False) -> str:
    """The text of the A4 page, without line ends."""
    model = document_model(document, scene_of(station), texts(language), copy=copy)
    return " ".join(pdf_text(pdf(model, "page")).split())


def test_a_polish_invoice_says_everything_that_the_law_wants(station: Station) -> None:
    """SALE-07, art. 106e: parties, dates, unit, prices, rates, sums per rate, terms."""
    draft = invoice(station, MILK, WATER)
    till.set_direction(station, EWA, draft.doc_id, "net")
    payments.assign(station, EWA, draft.doc_id, "term")
    said = words_of(station, approval.approve(station, EWA, draft.doc_id))
    for words in (
        "FAKTURA", "FS/2026/11/00001/POS1", "Kontuar Testowy", "5260250995", "PL61109010140000071219812874",
        "KRS 0000123456", "Nabywca: Beta S.A.", "Chemików 7, 09-411 Płock", "7740001454", "Data wystawienia",
        "Data sprzedaży", "21.11.2026", "Termin płatności do", "5.12.2026", "Cena netto", "Wartość netto", "szt",
        "Mleko 2% 1 l", "5%", "23%", "Razem netto PLN", "Razem VAT PLN", "Pozostało PLN 6,47", "Przelew z terminem",
    ):  # fmt: skip
        assert words in said, (words, said)


def test_the_words_of_split_payment_and_reverse_charge_stand_where_the_law_wants_them(station: Station) -> None:
    """PAY-08: the Polish words in every language; reverse charge in the customer's."""
    draft = invoice(station, STEEL, STEEL)
    payments.window(station, EWA, draft.doc_id)
    payments.assign(station, EWA, draft.doc_id, "term")
    split = approval.approve(station, EWA, draft.doc_id)
    assert "mechanizm podzielonej płatności" in words_of(station, split, "fr")
    scrap = invoice(station, SCRAP)
    till.set_reverse_charge(station, EWA, scrap.doc_id, on=True)
    payments.assign(station, EWA, scrap.doc_id, "cash")
    reverse = approval.approve(station, EWA, scrap.doc_id)
    assert "odwrotne obciążenie" in words_of(station, reverse)
    assert "Autoliquidation" in words_of(station, reverse, "fr")
    assert "mechanizm podzielonej" not in words_of(station, reverse)


def test_a_french_invoice_names_penalty_and_indemnity(station: Station) -> None:
    """SALE-07: between businesses in France; the firm may use its own words, and another amount."""
    firm = msgspec.structs.replace(station.firm(), country="FR", register="SIREN", registry_number="732829320")
    change(station.books, firm)
    document = invoiced(station, MILK, form="term")
    said = words_of(station, document, "fr")
    for words in ("FACTURE", "SIREN 732829320", "À payer avant le", "Pénalités de retard", "40,00 €"):
        assert words in said.replace("\xa0", " "), (words, said)
    with_parameter(station.books, "invoice.late_payment_words", "Intérêts de 12 % l'an.")
    with_parameter(station.books, "invoice.recovery_indemnity", "55")
    own = words_of(station, document, "fr")
    assert "Intérêts de 12 % l" in own
    assert "55,00" in own


def test_an_invoice_of_a_receipt_names_the_receipt_and_asks_for_nothing(station: Station) -> None:
    """SALE-06: paid with the receipt."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash")
    receipt = approval.approve(station, EWA, draft.doc_id)
    made = invoicing.from_receipt(station, EWA, receipt.doc_id)
    till.set_buyer(station, EWA, made.doc_id, "ANNA")
    said = words_of(station, approval.approve(station, EWA, made.doc_id))
    assert f"Faktura do paragonu {receipt.number}" in said
    assert "Zapłacono PLN 3,99" in said
    assert "Pozostało PLN 0,00" in said


def test_an_invoice_of_a_receipt_that_is_owed_never_says_that_it_was_paid(station: Station) -> None:
    """SALE-03, SALE-06: what the receipt left owed is left to pay."""
    draft = fill(station, MILK, WATER)
    till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    payments.assign(station, EWA, draft.doc_id, "cash", "5")
    payments.assign(station, EWA, draft.doc_id, "later")
    receipt = approval.approve(station, EWA, draft.doc_id)
    made = invoicing.from_receipt(station, EWA, receipt.doc_id)
    said = words_of(station, approval.approve(station, EWA, made.doc_id))
    assert "Zapłacono PLN 5,00" in said
    assert "Pozostało PLN 1,48" in said


def test_a_receipt_with_the_buyers_number_says_that_it_is_an_invoice(station: Station) -> None:
    """SALE-04: up to the limit; above it the sentence is not there."""
    texts_of = {}
    for name, code in (("small", MILK), ("large", STEEL)):
        draft = fill(station, code)
        till.set_tax_number(station, EWA, draft.doc_id, "774-000-14-54")
        payments.assign(station, EWA, draft.doc_id, "cash")
        texts_of[name] = words_of(station, approval.approve(station, EWA, draft.doc_id))
    assert "Paragon z NIP nabywcy jest fakturą uproszczoną." in texts_of["small"]
    assert "uproszczoną" not in texts_of["large"]
    assert "774-000-14-54" in texts_of["large"]


def test_the_recipient_and_attributes_are_printed_and_further_prints_are_copies(station: Station) -> None:
    """DOC-27, DOC-30, DOC-32."""
    with_attribute(station, code="PROJECT", document_types=["invoice"])
    draft = invoice(station, MILK)
    till.set_recipient(station, EWA, draft.doc_id, "ANNA")
    till.set_attribute(station, EWA, draft.doc_id, "PROJECT", "Alfa 7")
    payments.assign(station, EWA, draft.doc_id, "cash")
    said = words_of(station, approval.approve(station, EWA, draft.doc_id), copy=True)
    for words in ("Odbiorca: Anna Nowak", "Projekt", "Alfa 7", "KOPIA"):
        assert words in said, (words, said)


@pytest.mark.parametrize("language", ["pl", "fr"])
def test_no_sum_of_a_large_invoice_is_cut_on_narrow_paper(station: Station, language: str) -> None:
    """DOC-32: 32 characters wide, net 10,000.00 at 23%, in every language."""
    draft = invoice(station, STEEL, MILK)
    payments.assign(station, EWA, draft.doc_id, "term")
    model = document_model(approval.approve(station, EWA, draft.doc_id), scene_of(station), texts(language))
    printed = layout.vat_table(model, 32)
    assert all(len(row) <= 32 for row in printed)
    said = "".join("".join(printed).split())
    for row in model.vat:
        for figure in (row.net, row.vat, row.gross):
            assert "".join(figure.split()) in said
