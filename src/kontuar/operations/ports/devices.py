"""What the till asks of its devices. Every call blocks until the device has answered or its time is up."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from kontuar.kernel.money import ZERO, Minor
from kontuar.operations.print_model import PrintModel

PaymentKind = Literal["cash", "card", "cheque", "coupon", "credit", "other", "voucher", "transfer"]
PaperState = Literal["ok", "near_end", "out", "cover_open", "fault"]
CardOutcome = Literal["approved", "declined", "uncertain"]


class FiscalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a fiscal receipt; prices are gross, amounts in whole grosz."""

    name: str
    quantity: Decimal
    unit_price: Minor
    value: Minor
    """Price times quantity, before the discount."""
    discount: Minor = ZERO
    """Taken off `value`; never negative."""
    vat_letter: str
    unit: str = ""


class FiscalPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer handed over in one form (before change)."""

    kind: PaymentKind
    amount: Minor
    name: str = ""


class FiscalSale(msgspec.Struct, frozen=True, kw_only=True):
    """A sale as a fiscal device needs it (SALE-05)."""

    doc_id: str
    system_number: str
    lines: tuple[FiscalLine, ...]
    payments: tuple[FiscalPayment, ...] = ()
    discount: Minor = ZERO
    """A discount on the whole receipt, beside those of the lines."""
    change: Minor = ZERO
    buyer_nip: str = ""
    total: Minor


class FiscalReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the device registered."""

    receipt_number: int
    """The number of the receipt, as printed in its footer."""
    print_number: int
    """The number of the print (all prints of the device), as printed in its header."""
    device_number: str
    """The unique number of the device."""
    recovered: bool = False
    """The answer was lost; the device was asked afterwards and had registered it."""


class FiscalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the device says of itself."""

    device: str
    version: str
    device_number: str
    fiscal_mode: bool
    read_only: bool
    transaction_open: bool
    paper: PaperState
    receipts: int
    """Receipts registered since the device began its life."""
    daily_reports: int


class DailyReport(msgspec.Struct, frozen=True, kw_only=True):
    """A daily report that the device made."""

    number: int
    made: bool
    """False when there was nothing to report since the last one."""


class FiscalDevice(Protocol):
    """The device that registers sales with the state's authority."""

    @property
    def minimum_name_length(self) -> int:
        """Shorter article names are refused by the device (SALE-05)."""
        ...

    def short_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of the names that the device would refuse as too short (asked before approval)."""
        ...

    def register_sale(self, sale: FiscalSale) -> FiscalReceipt:
        """Register and print; raises `DeviceFailure` (surely not registered) or `FiscalUncertain`."""
        ...

    def find_out(self, sale: FiscalSale, receipts_before: int) -> FiscalReceipt | None:
        """Was this sale registered after the device stood at `receipts_before`? None = surely not."""
        ...

    def status(self) -> FiscalStatus:
        """The device's state, asked now."""
        ...

    def daily_report(self) -> DailyReport:
        """Close the fiscal day."""
        ...

    def header(self) -> tuple[str, ...]:
        """The lines that the device prints on top of every receipt."""
        ...

    def vat_rates(self) -> Mapping[str, Decimal | None]:
        """Per cent by letter; None = exempt; letters not in use are absent."""
        ...


class CardResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a card operation; `uncertain` makes the till ask the operator (PAY-05)."""

    operation_id: str
    outcome: CardOutcome
    amount: Minor
    currency: str
    reason: str = ""
    """Code of a refusal (`card.declined.…`); empty when approved."""
    authorisation_code: str = ""
    masked_card: str = ""
    card_name: str = ""
    terminal_id: str = ""
    receipt_number: int = 0
    slip: tuple[str, ...] = ()


class CardTerminal(Protocol):
    """The device that takes cards."""

    def pay(self, amount: Minor, currency: str, operation_id: str) -> CardResult:
        """Take the amount; the same operation id never takes it twice in the life of this object."""
        ...

    def refund(self, amount: Minor, currency: str, operation_id: str) -> CardResult:
        """Give the amount back to a card."""
        ...

    def cancel(self, operation_id: str) -> CardResult:
        """Stop a running payment, or reverse one that was approved."""
        ...

    def status(self, operation_id: str) -> CardResult:
        """What became of the operation, as far as the terminal can tell."""
        ...


class ReceiptPrinter(Protocol):
    """The printer of receipts and slips."""

    def print(self, model: PrintModel, *, open_drawer: bool = False) -> None:
        """Put it on paper; raises `DeviceFailure`, or `PartlyPrinted` when it stopped midway."""
        ...


class CashDrawer(Protocol):
    """The drawer with the cash."""

    def open(self) -> None:
        """Open it; raises `DeviceFailure` when it cannot be reached."""
        ...
