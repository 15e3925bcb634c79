"""Exchange by file at the hub: a thread of its own, so that a large file does not hold up the intake."""

import asyncio
import dataclasses
from functools import partial
from typing import Final

from kontuar.kernel.errors import refuse
from kontuar.nodes.hub import HubCore, HubExtension
from kontuar.nodes.hub_sync import HubReceiver
from kontuar.nodes.lanes import Lane
from kontuar.operations.ports.sync import HUB_NODE, NodeIdentity
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.sync.exchange_file import Here
from kontuar.sync.exchange_office import FilesForNodes, KeptQuestions, Office
from kontuar.sync.keyring import fault_of_seal
from kontuar.web.api import hub_exchange

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
    files = FilesForNodes(
        Office(
            site=site,
            here=lambda: Here(sender=site.sender, signer=core.key, keys=core.keys),
            transaction=lane.database.transaction,
            questions=KeptQuestions(core.settings.data / FOLDER),
            known=lambda node: lane(_newest_key, PostgresNodes(lane.database), node),
            booked=partial(_booked, lane, desk),
            ids=core.ids,
        )
    )

    async def ready() -> None:
        site.sender = sync.sender
        lane.open()
        core.exchange = files

    async def stop() -> None:
        await asyncio.to_thread(lane.close)

    return HubExtension(
        handlers=[hub_exchange.router], state={hub_exchange.STATE_KEY: files}, on_ready=[ready], on_stop=[stop]
    )


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
