"""What is inside the double of a fiscal printer: registers, counters, the receipt that is open."""

from decimal import Decimal, InvalidOperation

import msgspec

from kontuar.devices.fiscal.device_errors import DeviceAnswer
from kontuar.devices.fiscal.frames import Frame
from kontuar.devices.fiscal.registers import is_true
from kontuar.devices.fiscal.vat_letters import LETTERS
from kontuar.kernel.rounding import to_whole

DEFAULT_RATES = {
    "A": "23,00",
    "B": "8,00",
    "C": "5,00",
    "D": "0,00",
    "E": "101,00",
    "F": "101,00",
    "G": "100,00",
}


class SoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as printed."""

    name: str
    vat_letter: str
    quantity: Decimal
    price: int
    value: int
    discount: int
    note: str


class Receipt(msgspec.Struct, kw_only=True):
    """A receipt that is being made or was registered."""

    number: int = 0
    lines: list[SoldLine] = []
    discount: int = 0
    payments: list[tuple[str, int]] = []
    change: int = 0
    buyer_nip: str = ""
    footer: list[str] = []

    def totals(self) -> dict[str, int]:
        """Grosz per letter; the receipt's discount is spread in proportion, the rest on the last rate."""
        totals = dict.fromkeys(LETTERS, 0)
        for line in self.lines:
            totals[line.vat_letter] += line.value - line.discount
        gross, left = sum(totals.values()), self.discount
        used = [letter for letter in LETTERS if totals[letter]]
        for letter in used:
            share = left if letter == used[-1] else to_whole(Decimal(self.discount * totals[letter]) / gross)
            totals[letter] -= share
            left -= share
        return totals

    def total(self) -> int:
        """What the receipt is worth."""
        return sum(self.totals().values())


class PosnetMemory:
    """Answers commands as the device does; raises `DeviceAnswer` with the device's own error numbers."""

    def __init__(self, rates: dict[str, str] | None = None, minimum_name_length: int = 5) -> None:
        self.rates = dict(rates or DEFAULT_RATES)
        self.minimum_name_length = minimum_name_length
        self.receipts: list[Receipt] = []
        """Registered ones, in order."""
        self.cancelled = 0
        self.daily_reports = 0
        self.drawer_openings = 0
        self.prints = 0
        self.paper_code = 0
        """What `sprn` says; 5 = out of paper."""
        self.device_number = "ZBF 2600000001"
        self.clock = "2026-01-15;10:00"
        self._open: Receipt | None = None
        self._footer_open = False
        self._last = Receipt()
        self._reported_receipts = 0

    def answer(self, frame: Frame) -> list[tuple[str, str]]:
        """Carry out the command; the fields of the answer."""
        handler = getattr(self, "_do_" + frame.command.removeprefix("!"), None)
        if handler is None:
            raise DeviceAnswer(1, frame.command)
        fields: list[tuple[str, str]] = handler(_Fields(frame))
        return fields

    def _do_trinit(self, _fields: "_Fields") -> list[tuple[str, str]]:
        if self._open or self._footer_open:
            raise DeviceAnswer(2038, "trinit")
        self._open = Receipt()
        self.prints += 1
        return []

    def _do_trline(self, fields: "_Fields") -> list[tuple[str, str]]:
        receipt = self._receipt("trline")
        letter = self._letter(fields.number("vt"))
        name = fields.text("na")
        if len(name.strip()) < self.minimum_name_length:
            raise DeviceAnswer(2104, "trline", "na")
        price, quantity = fields.number("pr"), fields.decimal("il", "1")
        value, discount = fields.number("wa", to_whole(price * quantity)), fields.number("rw", 0)
        if price <= 0:
            raise DeviceAnswer(2006, "trline", "pr")
        if quantity <= 0:
            raise DeviceAnswer(2007, "trline", "il")
        if value != to_whole(price * quantity):
            raise DeviceAnswer(2802, "trline", "wa")
        if discount >= value:
            raise DeviceAnswer(1985, "trline", "rw")
        receipt.lines.append(
            SoldLine(
                name=name,
                vat_letter=letter,
                quantity=quantity,
                price=price,
                value=value,
                discount=discount,
                note=fields.text("op", ""),
            )
        )
        return []

    def _do_trdiscntbill(self, fields: "_Fields") -> list[tuple[str, str]]:
        self._receipt("trdiscntbill").discount += fields.number("rw")
        return []

    def _do_trnipset(self, fields: "_Fields") -> list[tuple[str, str]]:
        self._receipt("trnipset").buyer_nip = fields.text("ni")
        return []

    def _do_trpayment(self, fields: "_Fields") -> list[tuple[str, str]]:
        receipt, amount = self._receipt("trpayment"), fields.number("wa")
        if amount == 0:
            raise DeviceAnswer(1962, "trpayment", "wa")
        if is_true(fields.text("re", "0")):
            receipt.change += amount
        else:
            receipt.payments.append((fields.text("ty"), amount))
        return []

    def _do_trend(self, fields: "_Fields") -> list[tuple[str, str]]:
        receipt = self._receipt("trend")
        paid = sum(amount for _, amount in receipt.payments)
        if not receipt.lines:
            raise DeviceAnswer(1992, "trend")
        if fields.number("to", receipt.total()) != receipt.total():
            raise DeviceAnswer(2805, "trend", "to")
        if fields.number("fp", paid) != paid:
            raise DeviceAnswer(2808, "trend", "fp")
        if fields.number("re", receipt.change) != receipt.change:
            raise DeviceAnswer(2809, "trend", "re")
        if receipt.payments and paid - receipt.change < receipt.total():
            raise DeviceAnswer(2054, "trend")
        receipt.number = len(self.receipts) + 1
        self.receipts.append(receipt)
        self._last, self._open = receipt, None
        self._footer_open = not is_true(fields.text("fe", "1"))
        return []

    def _do_trftrln(self, fields: "_Fields") -> list[tuple[str, str]]:
        if not self._footer_open:
            raise DeviceAnswer(2066, "trftrln")
        self._last.footer.append(fields.text("na", ""))
        return []

    def _do_trftrend(self, _fields: "_Fields") -> list[tuple[str, str]]:
        if not self._footer_open:
            raise DeviceAnswer(2066, "trftrend")
        self._footer_open = False
        return []

    def _do_prncancel(self, _fields: "_Fields") -> list[tuple[str, str]]:
        if self._open:
            self._last, self._open = self._open, None
            self.cancelled += 1
        return []

    def _do_strns(self, _fields: "_Fields") -> list[tuple[str, str]]:
        shown = self._open or self._last
        totals = [(f"v{letter.lower()}", str(value)) for letter, value in shown.totals().items()]
        is_open = "1" if self._open or self._footer_open else "0"
        return [("to", is_open), ("ts", "17"), *totals, ("fe", "1" if self._footer_open else "0")]

    def _do_scnt(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [
            ("rd", str(self.daily_reports)),
            ("hn", str(self.prints)),
            ("bn", str(len(self.receipts))),
            ("fn", "0"),
            ("nu", self.device_number),
            ("bc", str(self.cancelled)),
            ("bt", str(len(self.receipts))),
            ("fc", "0"),
        ]

    def _do_scomm(self, _fields: "_Fields") -> list[tuple[str, str]]:
        state = "17" if self._open else "0"
        return [("fs", "T"), ("tz", "N"), ("ts", state), ("hr", "T"), ("nu", self.device_number), ("td", "N")]

    def _do_sid(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [("nm", "KONTUAR DOUBLE ONLINE"), ("vr", "1.00")]

    def _do_sprn(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [("pr", str(self.paper_code))]

    def _do_sdev(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [("ds", "3" if self.paper_code else "0"), ("cp", "1"), ("qe", "1"), ("pe", "0"), ("tl", "0")]

    def _do_vatget(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [(f"v{letter.lower()}", self.rates[letter]) for letter in LETTERS]

    def _do_hdrget(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [("tx", "&c&bSklep wzorcowy&b"), ("pr", "0")]

    def _do_rtcget(self, _fields: "_Fields") -> list[tuple[str, str]]:
        return [("da", self.clock)]

    def _do_dailyrep(self, _fields: "_Fields") -> list[tuple[str, str]]:
        if self._open or self._footer_open:
            raise DeviceAnswer(2038, "dailyrep")
        if self._reported_receipts == len(self.receipts):
            raise DeviceAnswer(382, "dailyrep")
        self._reported_receipts = len(self.receipts)
        self.daily_reports += 1
        self.prints += 1
        return []

    def _do_opendrwr(self, _fields: "_Fields") -> list[tuple[str, str]]:
        self.drawer_openings += 1
        return []

    def _receipt(self, command: str) -> Receipt:
        if self._open is None:
            raise DeviceAnswer(2005, command)
        return self._open

    def _letter(self, index: int) -> str:
        letter = LETTERS[index] if 0 <= index < len(LETTERS) else ""
        if not letter or self.rates[letter].startswith("101"):
            raise DeviceAnswer(2000, "trline", "vt")
        return letter


class _Fields:
    """Fields of a command, read as the device reads them."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def text(self, name: str, absent: str | None = None) -> str:
        value = self._frame.fields.get(name, absent)
        if value is None:
            raise DeviceAnswer(2, self._frame.command, name)
        return value

    def number(self, name: str, absent: int | None = None) -> int:
        text = self.text(name, None if absent is None else str(absent))
        if not text.lstrip("-").isdigit():
            raise DeviceAnswer(3, self._frame.command, name)
        return int(text)

    def decimal(self, name: str, absent: str) -> Decimal:
        try:
            return Decimal(self.text(name, absent).replace(",", "."))
        except InvalidOperation:
            raise DeviceAnswer(3, self._frame.command, name) from None
