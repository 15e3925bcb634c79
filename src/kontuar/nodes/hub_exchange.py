"""Exchange by file at the hub: a thread of its own, so that a large file does not hold up the intake."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import Clock
from kontuar.nodes.hub import HubCore, HubExtension
from kontuar.nodes.hub_sync import HubReceiver
from kontuar.nodes.lanes import Lane
from kontuar.operations.actor import Actor
from kontuar.operations.hub.enrolment_files import FileAnswer, FileRequest
from kontuar.operations.ports.exchange import (
    CERTIFICATE,
    ExchangeEntry,
    ExchangeFile,
    ExchangeReport,
    entry_of_made,
    entry_of_refused,
    entry_of_taken,
)
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import HUB_NODE, NodeIdentity
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.exchange_log import PostgresExchangeLog
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.sync.enrol_file import is_enrolment, read_request, write_answer
from kontuar.sync.exchange_file import Here
from kontuar.sync.exchange_office import FilesForNodes, KeptQuestions, Office
from kontuar.sync.exchange_parts import certificate_name
from kontuar.sync.keyring import fault_of_seal
from kontuar.web.api import hub_exchange
from kontuar.web.hub import exchange as exchange_pages

FOLDER: Final = "exchange"
BOOKED_SECONDS: Final = 10.0
"""What is not booked by then is told by a later file."""
_LOOK_SECONDS: Final = 0.1


def extend_exchange(core: HubCore) -> HubExtension:
    """The files of nodes; comes after the sync, whose site it takes part in."""
    assert core.site is not None, "the sync comes first"
    sync = core.site
    lane = Lane("exchange", HubDatabase(core.main.database.conninfo, name="kontuar hub exchange"))
    receiver = HubReceiver(PostgresStreamLog(lane.database, core.clock), core)
    site = dataclasses.replace(sync, runner=lane, receiver=receiver)
    desk = PostgresBookingDesk(lane.database, partial(fault_of_seal, core.keys))

    async def enrol(actor: Actor, asked: FileRequest) -> FileAnswer:
        return await core.main(core.parts.enrolment.enrol_by_file, actor, asked)

    files = LoggedOffice(lane, PostgresExchangeLog(lane.database), core.clock, enrol=enrol, files=FilesForNodes(
        Office(
            site=site,
            here=lambda: Here(sender=site.sender, signer=core.key, keys=core.keys),
            transaction=lane.database.transaction,
            questions=KeptQuestions(core.settings.data / FOLDER),
            known=lambda node: lane(_newest_key, PostgresNodes(lane.database), node),
            booked=partial(_booked, lane, desk),
            ids=core.ids,
        )
    ))  # fmt: skip

    async def ready() -> None:
        site.sender = sync.sender
        lane.open()
        core.exchange = files

    async def stop() -> None:
        await asyncio.to_thread(lane.close)

    return HubExtension(
        pages=exchange_pages.HANDLERS,
        handlers=[hub_exchange.router],
        state={hub_exchange.STATE_KEY: files},
        on_ready=[ready],
        on_stop=[stop],
    )


class LoggedOffice:
    """Implements `operations.ports.exchange.OfficeExchange`: every file is written down, refused ones too."""

    def __init__(
        self, run: Runner, log: PostgresExchangeLog, clock: Clock, files: FilesForNodes,
        enrol: Callable[[Actor, FileRequest], Awaitable[FileAnswer]],
    ) -> None:  # fmt: skip
        self._run = run
        self._enrol = enrol
        self._log = log
        self._clock = clock
        self._files = files

    async def give(self, node: str, by: str = "") -> ExchangeFile:
        """What is new for a node since its last file."""
        made = await self._files.give(node)
        await self._run(self._log.add, entry_of_made(made, node, by, self._clock.now()))
        return made

    async def take(self, data: bytes, by: str = "") -> ExchangeReport:
        """Take in a file of a station or an agent, whole or not at all."""
        try:
            report = await self._files.take(data)
        except Refused as refusal:
            await self._run(self._log.add, entry_of_refused(refusal.problems[0], by, self._clock.now()))
            raise
        await self._run(self._log.add, entry_of_taken(report, by, self._clock.now()))
        return report

    def is_enrolment(self, data: bytes) -> bool:
        """Whether it is the request of a node that is to be enrolled, and no exchange file."""
        return is_enrolment(data)

    async def certify(self, data: bytes, actor: Actor) -> ExchangeFile:
        """Enrol the node of such a request; the file with its certificate."""
        now = self._clock.now()
        try:
            answer = await self._enrol(actor, read_request(data))
        except Refused as refusal:
            await self._run(self._log.add, entry_of_refused(refusal.problems[0], actor.operator, now))
            raise
        entry = ExchangeEntry(at=now, way="in", node=answer.node, by=actor.operator, news=(CERTIFICATE,))
        await self._run(self._log.add, entry)
        return ExchangeFile(name=certificate_name(answer.node, now), content=write_answer(answer))

    async def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The files that were made and that came, newest first."""
        return await self._run(self._log.newest, most)

    async def latest(self) -> Sequence[ExchangeEntry]:
        """Of each node the last file that came and the last that was made for it."""
        return await self._run(self._log.latest)


async def _booked(lane: Lane[HubDatabase], desk: PostgresBookingDesk, store: str) -> None:
    """Until nothing of a store waits to be booked, so that its answer tells what became of it."""
    for _ in range(round(BOOKED_SECONDS / _LOOK_SECONDS)):
        if all(place.store != store for place in await lane(desk.streams_waiting)):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _newest_key(nodes: PostgresNodes, node: str) -> NodeIdentity:
    """The present key of a node; raises `Refused("exchange.node.unknown")` when it was never enrolled, or revoked."""
    with nodes.transaction():
        own = nodes.lives(node)
    if not own or node == HUB_NODE:
        raise refuse("exchange.node.unknown", node=node[:80])
    newest = own[-1]
    if newest.revoked_at is not None:
        raise refuse("exchange.node.revoked", node=node[:80])
    return NodeIdentity(
        node=node, kind=newest.kind, store=newest.store, incarnation=newest.incarnation,
        public_key=bytes.fromhex(newest.public_key), ordinal=newest.ordinal,
    )  # fmt: skip
