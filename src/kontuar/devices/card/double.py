"""A card terminal for tests and demonstrations: ZVT on loopback, a patient customer, faults to order."""

import socket
import threading
from typing import Literal

import msgspec

from kontuar.devices.card import apdu
from kontuar.devices.card.apdu import ACK, Apdu, ApduReader
from kontuar.devices.double_server import DoubleServer, HangUp

Behaviour = Literal["approve", "decline", "break_before", "break_after", "gone", "silent", "stop", "wrong_amount"]
TransactionKind = Literal["payment", "refund", "reversal"]
BUSY_OR_UNKNOWN = 0x83
NOTHING_STORED = 0x6A


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer, the bank and the cable do in the next payment.

    `break_before`: the connection breaks and nothing is taken; `break_after`: it is taken, the news is lost;
    `gone`: as `break_after`, and no connection is taken until `refuse_connections` is switched off;
    `silent`: nothing is taken and nothing is said; `stop`: the customer presses the red key;
    `wrong_amount`: the terminal reports one minor unit less.
    """

    behaviour: Behaviour
    code: int = 0x05
    """Result code of `decline`."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """What the terminal has stored."""

    receipt_number: int
    kind: TransactionKind
    amount: int
    currency: int
    code: int
    reversed_number: int = 0


class ZvtDouble(DoubleServer):
    """Speaks to one till at a time; `transactions` shows what was taken, `order` plans the next turns."""

    def __init__(self, port: int = 0, *, delay_seconds: float = 0.0) -> None:
        self.transactions: list[Transaction] = []
        """Approved and declined ones, in order."""
        self.delay_seconds = delay_seconds
        """How long the customer takes."""
        self.blocks: list[bytes] = []
        """Control bytes of everything received, in order."""
        self._turns: list[Turn] = []
        self._turns_lock = threading.Lock()
        self._numbers = 0
        super().__init__(port)

    def order(self, *turns: Turn) -> None:
        """Plan the next payments; without a plan they are approved."""
        with self._turns_lock:
            self._turns.extend(turns)

    def taken(self) -> int:
        """Minor units that customers have really been charged, less what was given back."""
        signs = {"payment": 1, "refund": -1, "reversal": -1}
        return sum(signs[one.kind] * one.amount for one in self.transactions if one.code == 0)

    def converse(self, connection: socket.socket) -> None:
        """Answer until the till hangs up."""
        _Conversation(self, connection).run()

    def next_turn(self) -> Turn:
        """The planned turn, or an approval."""
        with self._turns_lock:
            return self._turns.pop(0) if self._turns else Turn(behaviour="approve")

    def store(self, kind: TransactionKind, amount: int, currency: int, code: int) -> Transaction:
        """Keep a transaction under the next receipt number."""
        self._numbers += 1
        made = Transaction(receipt_number=self._numbers, kind=kind, amount=amount, currency=currency, code=code)
        self.transactions.append(made)
        return made


class _Conversation:
    """One connection of a till."""

    def __init__(self, double: ZvtDouble, connection: socket.socket) -> None:
        self._double = double
        self._connection = connection
        self._reader = ApduReader()
        self._waiting: list[Apdu] = []

    def run(self) -> None:
        while True:
            command = self._next()
            if command.control == apdu.REGISTRATION:
                self._say(ACK)
                self._tell(Apdu(apdu.COMPLETION))
            elif command.control == apdu.REPEAT_RECEIPT:
                self._repeat()
            elif command.control in (apdu.AUTHORISATION, apdu.REFUND):
                self._take(command)
            elif command.control == apdu.REVERSAL:
                self._reverse(command)
            elif command.control != apdu.STOP:
                self._say(Apdu(bytes([apdu.NEGATIVE_CLASS, BUSY_OR_UNKNOWN])))

    def _take(self, command: Apdu) -> None:
        refund = command.control == apdu.REFUND
        fields = apdu.fields_of(command.data[3:] if refund else command.data)
        amount = apdu.number_of(fields[apdu.AMOUNT])
        currency = apdu.number_of(fields[apdu.CURRENCY])
        turn = self._double.next_turn()
        self._say(ACK)
        self._tell(Apdu(apdu.INTERMEDIATE_STATUS, b"\x0a"))
        if turn.behaviour == "silent":
            self._next()  # says nothing more until the till gives up
            raise HangUp
        if turn.behaviour == "break_before":
            raise HangUp
        if turn.behaviour == "stop" or self._stopped_while_waiting():
            self._tell(Apdu(apdu.ABORT, b"\x6c"))
            return
        code = turn.code if turn.behaviour == "decline" else 0
        made = self._double.store("refund" if refund else "payment", amount, currency, code)
        if turn.behaviour in ("break_after", "gone"):
            self._double.refuse_connections = turn.behaviour == "gone"
            raise HangUp
        shown = amount - 1 if turn.behaviour == "wrong_amount" else amount
        self._finish(made, shown)

    def _reverse(self, command: Apdu) -> None:
        number = apdu.number_of(apdu.fields_of(command.data[3:])[apdu.RECEIPT_NUMBER])
        done = {one.reversed_number for one in self._double.transactions}
        paid = [one for one in self._double.transactions if one.receipt_number == number and one.code == 0]
        self._say(ACK)
        if not paid or number in done:
            self._tell(Apdu(apdu.ABORT, bytes([BUSY_OR_UNKNOWN])))
            return
        made = self._double.store("reversal", paid[0].amount, paid[0].currency, 0)
        self._double.transactions[-1] = msgspec.structs.replace(made, reversed_number=number)
        self._finish(made, made.amount)

    def _repeat(self) -> None:
        self._say(ACK)
        if not self._double.transactions:
            self._tell(Apdu(apdu.ABORT, bytes([NOTHING_STORED])))
            return
        last = self._double.transactions[-1]
        self._finish(last, last.amount)

    def _finish(self, made: Transaction, shown_amount: int) -> None:
        self._tell(Apdu(apdu.STATUS_INFORMATION, _status(made, shown_amount)))
        if made.code:
            self._tell(Apdu(apdu.ABORT, bytes([made.code])))
            return
        for line in (f"KWOTA {shown_amount / 100:.2f}", f"NR {made.receipt_number:04}"):
            self._tell(Apdu(apdu.PRINT_LINE, b"\x00" + line.encode("cp437")))
        self._tell(Apdu(apdu.COMPLETION))

    def _stopped_while_waiting(self) -> bool:
        """The customer's time; a stop from the till ends it."""
        left = self._double.delay_seconds
        while left > 0:
            step = min(left, 0.05)
            self._double.pause(step)
            left -= step
            self._connection.settimeout(0.001)
            try:
                piece = self._connection.recv(4096)
            except TimeoutError:
                continue
            if not piece:
                raise HangUp
            self._waiting += self._reader.feed(piece)
            if any(block.control == apdu.STOP for block in self._waiting):
                self._waiting.clear()
                self._say(ACK)
                return True
        return False

    def _tell(self, block: Apdu) -> None:
        """Say something and wait for its acknowledgement."""
        self._say(block)
        while self._next().control != apdu.POSITIVE:
            pass  # a stop that came too late

    def _say(self, block: Apdu) -> None:
        self._connection.sendall(block.encoded())

    def _next(self) -> Apdu:
        while not self._waiting:
            self._waiting += self._reader.feed(self._double.receive(self._connection))
        block = self._waiting.pop(0)
        self._double.blocks.append(block.control)
        return block


def _status(made: Transaction, shown_amount: int) -> bytes:
    return b"".join(
        [
            apdu.field(apdu.RESULT, bytes([made.code])),
            apdu.field(apdu.AMOUNT, apdu.bcd(shown_amount, 6)),
            apdu.field(apdu.CURRENCY, apdu.bcd(made.currency, 2)),
            apdu.field(apdu.TRACE_NUMBER, apdu.bcd(made.receipt_number, 3)),
            apdu.field(apdu.CARD_NUMBER, bytes.fromhex("4761" + "EEEE" * 2 + "0010")),
            apdu.field(apdu.TERMINAL_ID, bytes.fromhex("52500041")),
            apdu.field(apdu.AUTHORISATION_CODE, f"{700000 + made.receipt_number}".encode().ljust(8, b"\x00")),
            apdu.field(apdu.RECEIPT_NUMBER, apdu.bcd(made.receipt_number, 2)),
            apdu.field(apdu.CARD_NAME, b"VISA DEBIT\x00"),
        ]
    )
