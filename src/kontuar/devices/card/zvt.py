"""Client of card terminals that speak ZVT over TCP (PAY-05).

Before the amount is sent nothing can have happened: a break is `card.unreachable`. After it, a break is asked
about: the terminal repeats its last receipt, and its number tells a new payment from the one before it. When
that does not tell either, the outcome is `uncertain` and the till asks the operator. An uncertain operation
is asked about once more before the next one starts: afterwards the last receipt is another one.
"""

import threading
from collections import OrderedDict

import msgspec

from kontuar.devices.card import apdu
from kontuar.devices.card.apdu import ACK, Apdu, ApduReader, Unreadable
from kontuar.devices.card.results import currency_number, reason_of, result_from
from kontuar.devices.failures import failure
from kontuar.devices.wire import Link, LinkBroken
from kontuar.kernel.money import ZERO, Minor
from kontuar.operations.ports.devices import CardResult

REMEMBERED_OPERATIONS = 200
CONFIGURATION = 0x8E
"""The till prints the receipts of payments and administration, and starts payments; the terminal does not."""
LARGEST_AMOUNT = 10**12 - 1


class ZvtTerminal:
    """One terminal; one operation at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        password: int = 0,
        currency: str = "PLN",
        connect_seconds: float = 3.0,
        answer_seconds: float = 8.0,
        person_seconds: float = 120.0,
    ) -> None:
        self._address = (host, port)
        self._password = password
        self._currency = currency
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._person_seconds = person_seconds
        self._lock = threading.Lock()
        self._results: OrderedDict[str, CardResult] = OrderedDict()
        self._last_receipt: int | None = None
        self._latest: tuple[CardResult, int] | None = None
        """The operation that started last, as asked, and the receipt number before it."""
        self._running: tuple[str, Link[Apdu]] | None = None

    def pay(self, amount: Minor, currency: str, operation_id: str) -> CardResult:
        """Take the amount; blocks while the customer acts; `card.unreachable` = nothing happened."""
        return self._run(apdu.AUTHORISATION, amount, currency, operation_id)

    def refund(self, amount: Minor, currency: str, operation_id: str) -> CardResult:
        """Give the amount back to a card."""
        return self._run(apdu.REFUND, amount, currency, operation_id)

    def cancel(self, operation_id: str) -> CardResult:
        """Ask a running payment to stop (its own call returns the outcome), or reverse an approved one."""
        running = self._running
        if running and running[0] == operation_id:
            try:
                running[1].send(Apdu(apdu.STOP).encoded(), self._answer_seconds)
            except LinkBroken as fault:
                raise self._unreachable(fault) from fault
            return _asked(operation_id, ZERO, self._currency)
        known = self._results.get(operation_id)
        if known is None or known.outcome != "approved":
            raise failure("card.nothing_to_cancel", operation=operation_id)
        return self._reverse(known)

    def status(self, operation_id: str) -> CardResult:
        """From memory; an uncertain one is asked about once more."""
        known = self._results.get(operation_id)
        if known is None:
            empty = _asked(operation_id, ZERO, self._currency)
            return msgspec.structs.replace(empty, reason="card.unknown_operation")
        if known.outcome != "uncertain":
            return known
        with self._lock:
            self._settle_latest()
        return self._results[operation_id]

    # -- one operation --------------------------------------------------------------------------------------

    def _run(self, command: bytes, amount: Minor, currency: str, operation_id: str) -> CardResult:
        if not 0 < amount <= LARGEST_AMOUNT:
            raise failure("card.amount", amount=amount)
        number = apdu.bcd(currency_number(currency), 2)
        with self._lock:
            self._settle_latest()
            known = self._results.get(operation_id)
            if known and known.outcome != "declined":
                return known
            asked = _asked(operation_id, amount, currency)
            data = apdu.field(apdu.AMOUNT, apdu.bcd(amount, 6)) + apdu.field(apdu.CURRENCY, number)
            if command == apdu.REFUND:
                data = apdu.bcd(self._password, 3) + data
            return self._remember(self._performed(Apdu(command, data), asked))

    def _performed(self, command: Apdu, asked: CardResult) -> CardResult:
        try:
            link = self._registered()
        except (LinkBroken, Unreadable) as fault:
            raise self._unreachable(fault) from fault
        self._running = (asked.operation_id, link)
        self._latest = (asked, self._last_receipt or 0)
        try:
            with link:
                return self._conducted(link, command, asked)
        except (LinkBroken, Unreadable):
            return self._found_out(asked)
        finally:
            self._running = None

    def _conducted(self, link: Link[Apdu], command: Apdu, asked: CardResult) -> CardResult:
        """From the command to completion or abort; what the terminal says on the way is acknowledged."""
        link.send(command.encoded(), self._answer_seconds)
        result, slip = asked, list(asked.slip)
        while True:
            block = link.receive(self._person_seconds)
            if block.control == apdu.POSITIVE:
                continue
            if block.control[0] == apdu.NEGATIVE_CLASS:
                return _declined(asked, "card.declined.terminal")
            link.send(ACK.encoded(), self._answer_seconds)
            if block.control == apdu.STATUS_INFORMATION:
                result = result_from(block.data, asked)
            elif block.control == apdu.PRINT_LINE:
                slip.append(_slip_line(block))
            elif block.control == apdu.ABORT:
                return _declined(asked, reason_of(block.data[0] if block.data else 0xFF))
            elif block.control == apdu.COMPLETION:
                # What an uncertain operation left behind is learned when the next one starts.
                certain = result.outcome != "uncertain"
                self._last_receipt = (result.receipt_number or self._last_receipt) if certain else None
                return msgspec.structs.replace(result, slip=tuple(slip))

    def _reverse(self, paid: CardResult) -> CardResult:
        number = apdu.field(apdu.RECEIPT_NUMBER, apdu.bcd(paid.receipt_number, 2))
        with self._lock:
            asked = _asked(paid.operation_id, paid.amount, paid.currency)
            command = Apdu(apdu.REVERSAL, apdu.bcd(self._password, 3) + number)
            reversed_ = self._performed(command, asked)
            if reversed_.outcome == "approved":
                gone = _declined(reversed_, "card.declined.reversed")
                self._remember(msgspec.structs.replace(gone, receipt_number=paid.receipt_number))
            return reversed_

    # -- registration and questions -------------------------------------------------------------------------

    def _registered(self) -> Link[Apdu]:
        """A connection on which the till is registered; learns the last receipt's number the first time."""
        link: Link[Apdu] = Link(self._address, ApduReader(), self._connect_seconds)
        try:
            number = apdu.bcd(currency_number(self._currency), 2)
            data = apdu.bcd(self._password, 3) + bytes([CONFIGURATION]) + number
            self._answers(link, Apdu(apdu.REGISTRATION, data))
            if self._last_receipt is None:
                last = self._repeated(link)
                self._last_receipt = last.receipt_number if last else 0
        except (LinkBroken, Unreadable):
            link.close()
            raise
        return link

    def _repeated(self, link: Link[Apdu]) -> CardResult | None:
        """The terminal's last operation; None = it has none to repeat."""
        blocks = self._answers(link, Apdu(apdu.REPEAT_RECEIPT, apdu.bcd(self._password, 3)))
        statuses = [block.data for block in blocks if block.control == apdu.STATUS_INFORMATION]
        slip = tuple(_slip_line(block) for block in blocks if block.control == apdu.PRINT_LINE)
        if not statuses:
            return None
        asked = _asked("", ZERO, self._currency)
        return result_from(statuses[-1], msgspec.structs.replace(asked, slip=slip))

    def _answers(self, link: Link[Apdu], command: Apdu) -> list[Apdu]:
        """All blocks up to completion or abort, acknowledged."""
        link.send(command.encoded(), self._answer_seconds)
        blocks: list[Apdu] = []
        while not blocks or blocks[-1].control not in (apdu.COMPLETION, apdu.ABORT):
            block = link.receive(self._answer_seconds)
            if block.control == apdu.POSITIVE:
                continue
            if block.control[0] == apdu.NEGATIVE_CLASS:
                raise Unreadable(f"refused with {block.control[1]:02X}")
            link.send(ACK.encoded(), self._answer_seconds)
            blocks.append(block)
        return blocks

    def _settle_latest(self) -> None:
        """Ask once more about the last operation while its receipt is still the terminal's last one."""
        if self._latest is None:
            return
        known = self._results.get(self._latest[0].operation_id)
        if known and known.outcome == "uncertain":
            self._remember(self._found_out(self._latest[0]))

    def _found_out(self, asked: CardResult) -> CardResult:
        """After a break: is the terminal's last receipt a new one, and of this amount?"""
        assert self._latest is not None, "nothing was asked of the terminal"
        before = self._latest[1]
        self._last_receipt = None  # learned again when nothing is certain below
        try:
            with self._registered() as link:
                last = self._repeated(link)
        except (LinkBroken, Unreadable):
            return msgspec.structs.replace(asked, outcome="uncertain", reason="card.uncertain")
        number = last.receipt_number if last else 0
        self._last_receipt = number
        if number == before:
            return _declined(asked, "card.declined.terminal")
        if last is None or last.amount != asked.amount:
            return msgspec.structs.replace(asked, outcome="uncertain", reason="card.uncertain")
        approved = not last.reason or last.reason == "card.uncertain"
        return msgspec.structs.replace(
            last,
            operation_id=asked.operation_id,
            currency=asked.currency,
            outcome="approved" if approved else "declined",
            reason="" if approved else last.reason,
        )

    def _remember(self, result: CardResult) -> CardResult:
        self._results[result.operation_id] = result
        while len(self._results) > REMEMBERED_OPERATIONS:
            self._results.popitem(last=False)
        return result

    def _unreachable(self, fault: Exception) -> Exception:
        return failure("card.unreachable", terminal=f"{self._address[0]}:{self._address[1]}", reason=fault)


def _asked(operation_id: str, amount: Minor, currency: str) -> CardResult:
    """An operation of which nothing is known yet."""
    return CardResult(
        operation_id=operation_id,
        outcome="uncertain",
        amount=amount,
        currency=currency,
        reason="card.uncertain",
    )


def _slip_line(block: Apdu) -> str:
    """The text of a print-line block; its first byte is about fonts."""
    return block.data[1:].decode("cp437", "replace")


def _declined(asked: CardResult, reason: str) -> CardResult:
    return msgspec.structs.replace(asked, outcome="declined", reason=reason)
