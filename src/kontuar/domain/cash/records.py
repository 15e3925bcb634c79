"""Payment forms, payments on a document, shifts."""

import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from kontuar.kernel.money import Minor


class PaymentForm(msgspec.Struct, frozen=True, kw_only=True):
    """A way to pay. `kind` decides behaviour; `separate` forms make a payment of their own each time (PAY-01).

    `without_collection`: no money is taken at the till, the document stays owed until its term (SALE-03).
    """

    code: str
    name: str
    kind: Literal["cash", "card", "bank", "coupon", "deferred", "other"]
    currencies: tuple[str, ...] = ()
    document_types: tuple[str, ...] = ("receipt", "invoice", "cash_in", "cash_out")
    opens_drawer: bool = False
    gives_change: bool = False
    clear_after_shift: bool = False
    active: bool = True
    position: int = 0
    without_collection: bool = False

    @property
    def on_credit(self) -> bool:
        """Whether what goes to this form stays owed."""
        return self.without_collection or self.kind == "deferred"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Money that arrived (or, negative, left) for a document.

    `amount` in minor units of `currency`; `in_system` = the same in the firm's currency at `rate`.
    `role` *change* is money given back. `card` holds what the terminal said; never a full card number.
    `on_credit`: nothing was collected, the amount is owed until the document's `due_on` (SALE-03).
    """

    number: int
    form: str
    kind: str
    currency: str
    amount: Minor
    rate: Decimal
    in_system: Minor
    role: Literal["payment", "change"] = "payment"
    card: str = ""
    authorisation: str = ""
    confirmed_by: str = ""
    operation_id: str = ""
    on_credit: bool = False


class CashMove(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the cash ledger, keyed (doc_id, line, effect); signed, positive = into the register."""

    line: int
    effect: str
    register: str
    form: str
    currency: str
    amount: Minor
    in_system: Minor


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """An open cash shift of a station: has the business day; nothing is sold without one."""

    shift_id: str
    number: int
    register: str
    business_day: datetime.date
    opened_at: datetime.datetime
    opened_by: str
    opening_float: Minor
    currency: str


class CountedCash(msgspec.Struct, frozen=True, kw_only=True):
    """What a person counted at closing for one form and currency."""

    form: str
    currency: str
    counted: Minor


class FormTotal(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the shift report: expected by the ledger, counted, difference (minor units of `currency`)."""

    form: str
    currency: str
    opening: Minor
    received: Minor
    paid_out: Minor
    expected: Minor
    counted: Minor | None = None
    difference: Minor | None = None
    clears: bool = False


class TypeTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one type in a shift: how many, the first and last number, and their gross sum."""

    document_type: str
    count: int
    first_number: str
    last_number: str
    gross: Minor


class TaxTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of a shift under one VAT rate."""

    vat: str
    net: Minor
    tax: Minor
    gross: Minor


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """Day or shift summary (PAY-10); a closure is this report, signed with the chain head."""

    shift: Shift
    documents: tuple[TypeTotal, ...]
    taxes: tuple[TaxTotal, ...]
    forms: tuple[FormTotal, ...]
    sales_gross: Minor
    not_fiscalised: int
    voided_drafts: int
    voided_lines: int
    perpetual_gross: Minor
    closed_at: datetime.datetime | None = None
    closed_by: str = ""
    chain_head: str = ""
