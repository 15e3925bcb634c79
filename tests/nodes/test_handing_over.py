"""A machine that was replaced tells what it had sold beside the true log (REL-05)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from agent_chain import Chain, in_a_chain
from kontuar.domain.documents.messages import OFFERED
from kontuar.nodes.return_desk import ReturnDesk
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.station import own_documents
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.sync.keyring import fault_of_seal
from restored_till import EWA, TILL, RestoredTill, day, is_forked
from shop import MILK, sell
from sync_hub import until


def test_what_a_replaced_machine_sold_beside_the_log_comes_to_the_hub_without_a_life_of_its_own(tmp_path: Path) -> None:
    """REL-02, REL-05, REL-13: it sold on from an old backup, and was replaced before it had a next life. It tells it
    again at times."""

    async def scenario(chain: Chain) -> None:
        machine = RestoredTill(chain)
        first = await machine.first_keys()
        await day(machine, first)
        machine.restore()
        second = machine.next_keys(first)
        async with machine.living(first, lambda station: sell(station, MILK)) as till:
            await until(partial(is_forked, till))
        async with machine.living(second) as till:
            await till.all_final()
            await till.do(_replaced, till.database)
            assert await till.returning.once()
            told = [payload for _, payload in chain.hub.payloads(StreamId(TILL, "second"))]
            assert [payload for payload in told if f'"kind":"{OFFERED}"'.encode() in payload] == []
            assert till.database.rows("SELECT f.seq FROM forked_message f JOIN fork_offer o ON o.hash = f.hash") == (
                till.database.rows("SELECT seq FROM forked_message")
            )
            rows = (await till.do(own_documents.page, till.station, EWA, DocumentQuery(state="forked"))).rows
            assert [row.sync for row in rows] == ["final"]
            before = list(chain.hub.forks)
            await till.returning.once()
            assert chain.hub.forks == before, "not all the time"
            after_an_hour = ReturnDesk(till.desk, partial(fault_of_seal, till.keys.keys))
            assert await after_an_hour.once()
            assert chain.hub.forks[len(before) :] == before, "it may have been set up again from a backup"

    in_a_chain(tmp_path, scenario)


def _replaced(database: SqliteDatabase) -> None:
    """Somebody opened a later life of this till on another machine."""
    with database.transaction():
        database.write("UPDATE uplink SET forked = 2 WHERE incarnation = 'second'")
