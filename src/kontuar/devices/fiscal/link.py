"""Questions and answers with a POSNET device over one connection."""

from collections.abc import Mapping

from kontuar.devices.fiscal.device_errors import DeviceAnswer
from kontuar.devices.fiscal.frames import BAD_FRAME, Fields, Frame, Garbled, PosnetReader, encoded
from kontuar.devices.wire import Link, LinkBroken


class PosnetLink(Link[Frame | Garbled]):
    """One connection to the device."""

    def __init__(self, address: tuple[str, int], connect_seconds: float, answer_seconds: float) -> None:
        super().__init__(address, PosnetReader(), connect_seconds)
        self._answer_seconds = answer_seconds

    def ask(self, command: str, fields: Fields = ()) -> Mapping[str, str]:
        """The fields of the answer; raises `DeviceAnswer` (the device says no) or `LinkBroken`."""
        self.send(encoded(command, fields), self._answer_seconds)
        while True:
            answer = self.receive(self._answer_seconds)
            if isinstance(answer, Garbled):
                # The device may have done what was asked: only its state can tell.
                raise LinkBroken("the answer is garbled", connected=True)
            if answer.command in (command, command.removeprefix("!"), BAD_FRAME):
                break
        if answer.error is not None:
            raise DeviceAnswer(answer.error, command, answer.fields.get("fd", ""))
        return answer.fields
