"""A station proves its own books at night, beside its work, and says what it found (HUB-10, REL-14, REL-19)."""

import asyncio
import dataclasses
import datetime
from collections.abc import Iterator
from pathlib import Path

import apsw
import httpx
import pytest

from kontuar.domain.documents.messages import TechnicalEvent, read_body
from kontuar.nodes.agent import AgentNode
from kontuar.nodes.machine import this_machine
from kontuar.nodes.settings import AgentSettings, StationSettings
from kontuar.nodes.station import DATABASE_FILE, StationNode
from kontuar.operations.proving import is_due
from proved_books import EWA, KEYS, agent_of, busy_station, sealed
from shop import MILK, MORNING, HandClock, messages, sell
from sync_chain import keys_for

HOUR = datetime.timedelta(hours=1)
EVENING, NIGHT = MORNING + 8 * HOUR, MORNING + 19 * HOUR


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MORNING + datetime.timedelta(minutes=10))


@pytest.fixture
def node(tmp_path: Path, clock: HandClock) -> Iterator[StationNode]:
    busy_station(tmp_path).books.database.close()  # type: ignore[attr-defined]
    settings = StationSettings(data=tmp_path, agent_url="http://127.0.0.1:9", station="S1T1")
    node = StationNode(settings, KEYS, dataclasses.replace(this_machine(), clock=clock))
    yield node
    node.lane.close()
    node.devices.close()


async def told(node: StationNode) -> tuple[str, str, str]:
    """What /health and /metrics say of the proof."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=node.app), base_url="http://till") as client:
        health = (await client.get("/health")).json()
        metrics = (await client.get("/metrics")).text
    line = next(line for line in metrics.splitlines() if line.startswith("kontuar_station_book_faults"))
    return health["proof"], health["proved_at"], line


@pytest.mark.parametrize(
    ("since", "now", "due"),
    [
        (None, NIGHT, False), (MORNING, EVENING, False), (MORNING, NIGHT, True), (NIGHT, NIGHT + HOUR, False),
        (MORNING, MORNING + 30 * HOUR, False), (MORNING, MORNING + 45 * HOUR, True),
    ],
)  # fmt: skip
def test_it_is_time_at_night_and_by_day_only_for_a_till_that_sleeps_at_night(
    since: datetime.datetime | None, now: datetime.datetime, due: bool
) -> None:
    """PERF-01: selling comes first."""
    assert is_due(since, now) is due


def test_the_books_are_proved_in_the_night_and_that_is_said(node: StationNode, clock: HandClock) -> None:
    """HUB-10, REL-14: remembered over the next start."""

    async def a_day_and_a_night() -> list[tuple[str, str, str]]:
        await node._nightly.look()
        said = [await told(node)]
        clock.instant = NIGHT
        await node._nightly.look()
        return [*said, await told(node)]

    assert asyncio.run(a_day_and_a_night()) == [
        ("never", "", "kontuar_station_book_faults 0"),
        ("holds", "2026-11-22T03:00:00.000000Z", "kontuar_station_book_faults 0"),
    ]
    node._nightly._kept = None
    asyncio.run(node._nightly.look())
    assert node.sync_status().books.word == "holds"


def test_what_does_not_hold_is_shown_and_told_to_head_office(node: StationNode, tmp_path: Path) -> None:
    """HUB-07, HUB-10: the document is named; the till sells on."""
    connection = apsw.Connection(str(tmp_path / DATABASE_FILE))
    connection.set_busy_timeout(5000)
    connection.execute("UPDATE document SET operator = 'JAN' WHERE number LIKE 'PAR%00001%'")
    connection.close()
    verdict = asyncio.run(node._nightly.prove_now())
    assert verdict is not None
    assert (verdict.faults, node.sync_status().books.word) == (1, "faulty")
    told_so = read_body(messages(node.station)[-1])
    assert isinstance(told_so, TechnicalEvent)
    assert (told_so.event, told_so.facts) == (
        "books.faulty",
        {"faults": "1", "code": "chain.booked_differs", "document": "PAR/2026/11/00001/POS1", "seq": "2"},
    )  # fmt: skip
    assert sell(node.station, MILK, actor=EWA).number == "PAR/2026/11/00001/S1T1"


def test_a_node_that_ends_does_not_wait_for_the_proof(node: StationNode) -> None:
    """PERF-03: it is made another night."""
    node._nightly.stop()
    assert asyncio.run(node._nightly.prove_now()) is None
    assert node.sync_status().books.word == "never"


def test_an_agent_proves_its_books_as_well(tmp_path: Path, clock: HandClock) -> None:
    """HUB-10, REL-14: and says so to whoever watches it."""
    (tmp_path / "till").mkdir()
    station = busy_station(tmp_path / "till")
    agent_of(tmp_path, sealed(station.books.database)).database.close()  # type: ignore[attr-defined]
    keys = keys_for("agent@S1", "agent")
    keys.keys.learn(KEYS.signed.certificate, KEYS.signed.signature)
    settings = AgentSettings(data=tmp_path, hub_url="http://127.0.0.1:9", store="S1")
    node = AgentNode(settings, keys, dataclasses.replace(this_machine(), clock=clock))

    async def proof_in_health() -> tuple[str, str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=node.app), base_url="http://agent") as client:
            before = (await client.get("/health")).json()["proof"]
            await node.nightly.prove_now()
            return before, (await client.get("/health")).json()["proof"]

    try:
        assert asyncio.run(proof_in_health()) == ("never", "holds")
    finally:
        node.run.close()
