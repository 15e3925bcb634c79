"""A sale as the commands of a fiscal receipt. Pure functions; no device here."""

from collections.abc import Iterator

import msgspec

from kontuar.devices.failures import DeviceFailure
from kontuar.devices.fiscal.frames import Fields
from kontuar.devices.fiscal.vat_letters import LETTERS, index_of
from kontuar.kernel.errors import Problem
from kontuar.kernel.rounding import to_whole
from kontuar.operations.ports.devices import FiscalLine, FiscalSale

NAME_LIMIT = 80
LINE_LIMIT = 500
FOOTER_NUMBER = "0"
"""The footer line that says *transaction number*."""

_PAYMENT_TYPES = {
    "cash": "0",
    "card": "2",
    "cheque": "3",
    "coupon": "4",
    "credit": "5",
    "other": "6",
    "voucher": "7",
    "transfer": "8",
}


class Command(msgspec.Struct, frozen=True):
    """One command with its fields, in order."""

    name: str
    fields: Fields = ()


def opening_commands(sale: FiscalSale) -> Iterator[Command]:
    """Everything up to, and without, the command that has the fiscal effect."""
    yield Command("trinit", (("bm", "1"),))
    for line in sale.lines:
        yield Command("trline", _line_fields(line))
    if sale.discount:
        yield Command("trdiscntbill", (("rd", "1"), ("rw", str(sale.discount))))
    if sale.buyer_nip:
        yield Command("trnipset", (("ni", sale.buyer_nip),))
    for payment in sale.payments:
        name = (("na", payment.name[:25]),) if payment.name and payment.kind != "cash" else ()
        yield Command(
            "trpayment",
            (("ty", _PAYMENT_TYPES[payment.kind]), ("wa", str(payment.amount)), *name, ("re", "0")),
        )
    if sale.change:
        yield Command("trpayment", (("ty", "0"), ("wa", str(sale.change)), ("re", "1")))


def closing_command(sale: FiscalSale) -> Command:
    """The command after which the receipt is registered; the device checks the total against its own."""
    fields = [("to", str(sale.total))]
    if sale.payments:
        fields.append(("fp", str(sum(payment.amount for payment in sale.payments))))
    if sale.change:
        fields.append(("re", str(sale.change)))
    return Command("trend", (*fields, ("fe", "0" if sale.system_number else "1")))


def footer_commands(sale: FiscalSale) -> Iterator[Command]:
    """Our own document number below the fiscal part, then the end of the print."""
    if sale.system_number:
        yield Command("trftrln", (("id", FOOTER_NUMBER), ("na", sale.system_number[:40])))
        yield Command("trftrend")


def totals_by_letter(sale: FiscalSale) -> dict[str, int]:
    """Gross grosz per VAT letter after line discounts (what the device's registers show at the end)."""
    totals = dict.fromkeys(LETTERS, 0)
    for line in sale.lines:
        totals[line.vat_letter] += line.value - line.discount
    return totals


def check_sale(sale: FiscalSale, minimum_name_length: int) -> None:
    """Raises every problem that the device would find one by one, before it is bothered (SALE-05, DOC-05)."""
    problems = [
        *(
            problem
            for place, line in enumerate(sale.lines, 1)
            for problem in _line_problems(line, place, minimum_name_length)
        ),
        *_sale_problems(sale),
    ]
    if problems:
        raise DeviceFailure(*problems)


def too_short(name: str, minimum_name_length: int) -> bool:
    """Would the device refuse the name? Spaces at the ends do not count."""
    return len(name.strip()) < minimum_name_length


def _line_problems(line: FiscalLine, place: int, minimum: int) -> Iterator[Problem]:
    where = f"line:{place}"
    if too_short(line.name, minimum):
        yield Problem("fiscal.name_too_short", where, {"name": line.name, "minimum": str(minimum)})
    if line.vat_letter not in LETTERS or len(line.vat_letter) != 1:
        yield Problem("fiscal.vat_rate", where, {"letter": line.vat_letter})
    if line.quantity <= 0:
        yield Problem("fiscal.quantity", where, {"quantity": str(line.quantity)})
    if line.unit_price <= 0 or line.value <= 0:
        yield Problem("fiscal.price", where, {"price": str(line.unit_price), "value": str(line.value)})
    if not 0 <= line.discount < line.value:
        yield Problem("fiscal.discount", where, {"discount": str(line.discount), "value": str(line.value)})


def _sale_problems(sale: FiscalSale) -> Iterator[Problem]:
    if not sale.lines:
        yield Problem("fiscal.receipt_empty")
    if len(sale.lines) > LINE_LIMIT:
        yield Problem("fiscal.too_many_lines", "", {"lines": str(len(sale.lines)), "limit": str(LINE_LIMIT)})
    sum_of_lines = sum(line.value - line.discount for line in sale.lines) - sale.discount
    if sum_of_lines != sale.total:
        yield Problem("fiscal.total_mismatch", "", {"lines": str(sum_of_lines), "total": str(sale.total)})
    paid = sum(payment.amount for payment in sale.payments) - sale.change
    if sale.payments and paid != sale.total:
        yield Problem("fiscal.payment", "", {"paid": str(paid), "total": str(sale.total)})


def _line_fields(line: FiscalLine) -> Fields:
    """Quantity and price as they are when the device would reach the same value, else one piece at the value.

    Our unit prices have up to four decimals, the device's have two: 3 pcs at 0.3333 are worth 1.00, while the
    device would reach 0.99 and refuse the line.
    """
    fields = [("na", line.name[:NAME_LIMIT]), ("vt", str(index_of(line.vat_letter)))]
    if to_whole(line.unit_price * line.quantity) == line.value:
        quantity = format(line.quantity.normalize(), "f")
        fields += [("pr", str(line.unit_price)), ("wa", str(line.value)), ("il", quantity)]
        fields += [("jm", line.unit[:4])] if line.unit else []
    else:
        count = f"{format(line.quantity.normalize(), 'f')} {line.unit}".strip()
        fields += [("pr", str(line.value)), ("wa", str(line.value)), ("il", "1"), ("op", count[:50])]
    if line.discount:
        fields += [("rd", "1"), ("rw", str(line.discount))]
    return tuple(fields)
