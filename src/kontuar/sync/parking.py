"""Questions about parked documents, answered by the agent of the store; all others go on to the hub."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.agent.parking_arrivals import offer
from kontuar.operations.agent.parking_buffer import ParkingBuffer
from kontuar.operations.agent.parking_look import look
from kontuar.operations.ports.parking import HoldParked, LookParked, OfferParked, OpenParked, SaveParked
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import Answerer, NodeIdentity

PREFIX: Final = "parking."
_CHANGES_NOTHING: Final = frozenset({"parking.renew", "parking.look"})


class ParkingAnswerer:
    """Implements `operations.ports.sync.Answerer` for stations of the agent's own store."""

    def __init__(self, buffer: ParkingBuffer, runner: Runner, beyond: Answerer, changed: Callable[[], None]) -> None:
        """`changed` is called on the server's thread after a question that may have changed the list."""
        self._runner = runner
        self._beyond = beyond
        self._changed = changed
        self._answers: dict[str, tuple[type[msgspec.Struct], Callable[[str, Any], Any]]] = {
            "parking.open": (OpenParked, buffer.open),
            "parking.look": (LookParked, lambda asker, asked: look(buffer, asker, asked)),
            "parking.save": (SaveParked, buffer.save),
            "parking.renew": (HoldParked, buffer.renew),
            "parking.approving": (HoldParked, buffer.approving),
            "parking.release": (HoldParked, buffer.release),
            "parking.delete": (HoldParked, buffer.delete),
            "parking.offer": (OfferParked, lambda asker, asked: offer(buffer, asker, asked)),
        }

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, canonical JSON)."""
        if not question.startswith(PREFIX):
            return await self._beyond(asker, question, body)
        try:
            return (), await self._answer(asker, question, body)
        except Refused as refusal:
            return refusal.problems, b"{}"
        except msgspec.DecodeError:
            return (Problem("question.unreadable"),), b"{}"

    async def _answer(self, asker: NodeIdentity, question: str, body: bytes) -> bytes:
        known = self._answers.get(question)
        if known is None or asker.kind != "station":
            raise refuse("question.unknown", question=question[:60])
        shape, answer = known
        found = await self._runner(answer, asker.node, decode(body, shape))
        if question not in _CHANGES_NOTHING:
            self._changed()
        return encode(found) if found is not None else b"{}"
