"""A fiscal printer for tests and demonstrations: the same protocol on loopback, with faults to order."""

import socket
import threading
from typing import Literal

import msgspec

from kontuar.devices.double_server import DoubleServer, HangUp
from kontuar.devices.fiscal.device_errors import DeviceAnswer
from kontuar.devices.fiscal.double_memory import PosnetMemory
from kontuar.devices.fiscal.frames import BAD_FRAME, Frame, Garbled, PosnetReader, encoded

FaultKind = Literal["drop_before", "drop_after", "error", "slow", "garble", "paper_out"]
OUT_OF_PAPER = 5
_NEEDS_PAPER = frozenset({"trinit", "trline", "trend", "trftrln", "trftrend", "prncancel", "dailyrep"})


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong the next time `command` comes (`*` = any).

    `drop_before`: the connection breaks and nothing was done; `drop_after`: it was done, the answer is lost;
    `error`: answered with `number`, nothing done; `slow`: done, answered after `seconds`; `garble`: done, the
    answer's checksum is wrong; `paper_out`: done and answered, then the roll is empty.
    """

    kind: FaultKind
    command: str
    number: int = 0
    seconds: float = 0.0


class PosnetDouble(DoubleServer):
    """`memory` shows what was registered, `order` plans faults.

    Commands are carried out one after another, whatever connection they come from; only those marked `!` are
    answered at once, also while the device waits for paper.
    """

    parallel = True

    def __init__(self, port: int = 0, *, memory: PosnetMemory | None = None) -> None:
        self.memory = memory or PosnetMemory()
        self.commands: list[str] = []
        """Names of all commands received, in order."""
        self._faults: list[Fault] = []
        self._faults_lock = threading.Lock()
        self._queue = threading.Lock()
        super().__init__(port)

    def order(self, *faults: Fault) -> None:
        """Plan faults; each happens once, the earliest that fits first."""
        with self._faults_lock:
            self._faults.extend(faults)

    def converse(self, connection: socket.socket) -> None:
        """Answer frames until the client hangs up."""
        reader = PosnetReader()
        while True:
            for frame in reader.feed(self.receive(connection)):
                connection.sendall(self._reply(frame))

    def _reply(self, frame: Frame | Garbled) -> bytes:
        if isinstance(frame, Garbled):
            return encoded(BAD_FRAME, error=5 if frame.crc_wrong else 15)
        self.commands.append(frame.command)
        fault = self._due(frame.command)
        if fault and fault.kind == "drop_before":
            raise HangUp
        if fault and fault.kind == "error":
            return encoded(frame.command, error=fault.number)
        if frame.command.startswith("!"):
            answer = self._carried_out(frame)
        else:
            with self._queue:
                answer = self._carried_out(frame)
        if fault and fault.kind == "paper_out":
            self.memory.paper_code = OUT_OF_PAPER
        if fault and fault.kind == "drop_after":
            raise HangUp
        if fault and fault.kind == "slow":
            self.pause(fault.seconds)
        if fault and fault.kind == "garble":
            return answer[:-5] + b"0000\x03"
        return answer

    def _carried_out(self, frame: Frame) -> bytes:
        while self.memory.paper_code == OUT_OF_PAPER and frame.command in _NEEDS_PAPER:
            self.pause(0.02)  # the device waits for a person, and its client with it
        try:
            return encoded(frame.command, self.memory.answer(frame))
        except DeviceAnswer as refusal:
            return encoded(frame.command, error=refusal.number)

    def _due(self, command: str) -> Fault | None:
        with self._faults_lock:
            for fault in self._faults:
                if fault.command in ("*", command):
                    self._faults.remove(fault)
                    return fault
        return None
