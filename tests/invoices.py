"""What tests of invoices and contractors need beside the small shop."""

from decimal import Decimal

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, Price, VatRate
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import Attribute
from kontuar.domain.parties.records import Contractor
from kontuar.operations.station import approval, payments, till
from kontuar.operations.station.station import Station
from shop import actor_of, change, fill

BETA = Contractor(
    code="BETA", name="Beta S.A.", kind="business", tax_number="7740001454", street="Chemików 7",
    postal_code="09-411", city="Płock", payment_days=14, credit_limit=100_000,
)  # fmt: skip
HANS = Contractor(code="HANS", name="Hans Muster", street="Hauptstr. 1", postal_code="10115", city="Berlin",
                  country="DE", status="eu")  # fmt: skip
BEAR = Contractor(
    code="BEAR", name="Bär GmbH", kind="business", tax_number="DE136695976", street="Hauptstr. 2", city="Berlin",
    country="DE", status="eu",
)  # fmt: skip
SCRAP, STEEL = "SCRAP", "STEEL"


def with_business(station: Station) -> Station:
    """Contractors, a form without collection, articles of the law's annexes, another country's rate."""
    change(
        station.books,
        BETA, HANS, BEAR,
        PaymentForm(code="term", name="Przelew z terminem", kind="bank", without_collection=True, position=5),
        PaymentForm(code="later", name="Odroczona", kind="deferred", position=6),
        VatRate(code="DE-23", valid_from="2020-01-01", percent=Decimal(19), letter=""),
        Article(code=SCRAP, name="Złom stalowy", vat="23", unit="kg", group="DIY", reverse_charge=True),
        Article(code=STEEL, name="Pręt stalowy", vat="23", unit="szt", group="DIY", split_payment=True),
        Price(price_list="RETAIL", article=SCRAP, unit="kg", valid_from="2026-01-01", price=Decimal("1.23")),
        Price(price_list="RETAIL", article=STEEL, unit="szt", valid_from="2026-01-01", price=Decimal("12300.00")),
    )  # fmt: skip
    return station


def with_attribute(station: Station, **fields: object) -> None:
    """One attribute more."""
    change(station.books, msgspec.convert({"name": "Projekt", "level": "document", **fields}, Attribute))


def invoice(station: Station, *codes: str, buyer: str = "BETA") -> Document:
    """A draft invoice with these lines."""
    draft = fill(station, *codes, document_type="invoice")
    return till.set_buyer(station, actor_of(), draft.doc_id, buyer)


def invoiced(station: Station, *codes: str, buyer: str = "BETA", form: str = "cash") -> Document:
    """An invoice, paid in one form and approved."""
    draft = invoice(station, *codes, buyer=buyer)
    payments.assign(station, actor_of(), draft.doc_id, form)
    return approval.approve(station, actor_of(), draft.doc_id)
