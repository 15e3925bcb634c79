"""A station's question for its own earlier lives, answered by the agent of the store, with the hub's help (REL-13)."""

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem
from kontuar.operations.ports.questions import MESSAGES, AskMessages, HeldMessages
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import Answerer, NodeIdentity
from kontuar.operations.stream_messages import HeldLog, continued, held_after, knows_better


class MessagesAnswerer:
    """Implements `operations.ports.sync.Answerer`: all other questions go on to `beyond`."""

    def __init__(self, log: HeldLog, runner: Runner, beyond: Answerer) -> None:
        self._log = log
        self._runner = runner
        self._beyond = beyond

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, canonical JSON). From this log alone where it has no hole and the hub did not say otherwise."""
        if question != MESSAGES or asker.kind != "station":
            return await self._beyond(asker, question, body)
        try:
            asked = decode(body, AskMessages)
        except msgspec.DecodeError:
            return (Problem("question.unreadable"),), b"{}"
        own = await self._runner(held_after, self._log, asker.node, asked)
        if await self._runner(knows_better, self._log, asker.node, asked, own):
            return (), encode(own)
        problems, told = await self._beyond(asker, question, body)
        if problems:
            return problems, told
        try:
            above = decode(told, HeldMessages)
        except msgspec.DecodeError:
            return (Problem("question.unreadable"),), b"{}"
        return (), encode(await self._runner(continued, self._log, asker.node, asked, above))
