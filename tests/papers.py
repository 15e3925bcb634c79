"""Documents, lines and payments made by hand, for tests of rules that need no database."""

import datetime
import io
from decimal import Decimal
from typing import Any

import msgspec
from pypdf import PdfReader

from kontuar.domain.cash.records import Payment, Shift
from kontuar.domain.documents.case import Case
from kontuar.domain.documents.document import Buyer, Document, Line
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.parties.records import UNDEFINED
from kontuar.kernel.money import Minor, line_value

MADE_AT = datetime.datetime(2026, 11, 21, 8, 15, tzinfo=datetime.UTC)
DAY = datetime.date(2026, 11, 21)
DOC_ID = "019aa600-0000-7000-8000-000000000001"


def line(number: int = 1, price: str = "1.00", quantity: str = "1", **other: Any) -> Line:
    """A line of goods at 23%, in pieces."""
    known = {
        "number": number, "article": f"A{number}", "name": f"Article {number}", "kind": "goods", "unit": "szt",
        "precision": 0, "quantity": Decimal(quantity), "base_quantity": Decimal(quantity),
        "base_price": Decimal(price), "initial_price": Decimal(price), "price": Decimal(price),
        "value": line_value(Decimal(price), Decimal(quantity), "PLN"), "vat": "23", "percent": Decimal(23),
        "letter": "A", "warehouse": "S1M",
    }  # fmt: skip
    return Line(**{**known, **other})


def document(*lines: Line, **other: Any) -> Document:
    """A draft receipt with these lines, its sums worked out."""
    known = {
        "doc_id": DOC_ID, "type": "receipt", "created_at": MADE_AT, "created_by": "OLA", "store": "S1",
        "station": "S1T1", "warehouse": "S1M", "currency": "PLN", "register": "S1T1", "handler": "OLA",
        "buyer": Buyer(code=UNDEFINED, name=""), "price_list": "RETAIL", "lines": lines,
        "next_line": max((each.number for each in lines), default=0) + 1,
    }  # fmt: skip
    return with_totals(Document(**{**known, **other}))


def payment(amount: int, form: str = "cash", kind: str = "cash", **other: Any) -> Payment:
    """Money in the firm's currency."""
    known = {
        "number": 0, "form": form, "kind": kind, "currency": "PLN", "amount": Minor(amount), "rate": Decimal(1),
        "in_system": Minor(amount),
    }  # fmt: skip
    return Payment(**{**known, **other})


def shift() -> Shift:
    """An open shift."""
    return Shift(
        shift_id="019aa600-0000-7000-8000-0000000000aa", number=1, register="S1T1", business_day=DAY, opened_at=MADE_AT,
        opened_by="OLA", opening_float=Minor(10_000), currency="PLN",
    )  # fmt: skip


def case(paper: Document, **other: Any) -> Case:
    """The document in an open shift, with nothing else known."""
    return Case(**{"document": paper, "parameters": Parameters({}), "shift": shift(), **other})


def changed(record: Any, **fields: Any) -> Any:
    """The record with other fields."""
    return msgspec.structs.replace(record, **fields)


def pdf_text(data: bytes) -> str:
    """What a person reads on the pages of a PDF."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
