"""After a tidy stop a station checks its file beside the work, and ends where it is damaged (REL-19, PERF-03)."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from kontuar.nodes.machine import this_machine
from kontuar.nodes.settings import StationSettings
from kontuar.nodes.station import DATABASE_FILE, StationNode
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.storage.failures import StorageDamaged
from shop import load, small_shop
from sync_chain import keys_for


def node_over(folder: Path) -> StationNode:
    settings = StationSettings(data=folder, agent_url="http://127.0.0.1:9", station="S1T1")
    return StationNode(settings, keys_for("S1T1", "station"), this_machine())


def close(node: StationNode) -> None:
    node.lane.close()
    node.devices.close()


def test_a_till_knows_its_earlier_lives_before_their_certificates_come_down(tmp_path: Path) -> None:
    """REL-13, REL-14: its agent heard nothing from head office since; the proof of the books needs them."""
    earlier = keys_for("S1T1", "station", "i1").signed
    row = CertificateRow(certificate=earlier.certificate, signature=earlier.signature)
    keys = msgspec.structs.replace(keys_for("S1T1", "station", "i2", ordinal=2), lives=lambda _: [row])
    settings = StationSettings(data=tmp_path, agent_url="http://127.0.0.1:9", station="S1T1")
    node = StationNode(settings, keys, this_machine())
    try:
        assert keys.keys.speaker("S1T1", "i1") is None
        asyncio.run(node.learn())
        speaker = keys.keys.speaker("S1T1", "i1")
        assert speaker is not None
        assert speaker.ordinal == 1
    finally:
        close(node)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of a station that was closed tidily."""
    node = node_over(tmp_path)
    load(node.station.books, small_shop())  # type: ignore[arg-type]
    assert node.sync_status().books_checked
    close(node)
    return tmp_path


async def told(node: StationNode) -> tuple[str, str]:
    """What /health and /metrics say of the books."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=node.app), base_url="http://till") as client:
        health = (await client.get("/health")).json()["books"]
        metrics = (await client.get("/metrics")).text
    return health, next(line for line in metrics.splitlines() if line.startswith("kontuar_station_books_checked"))


def test_a_node_answers_before_its_file_was_checked_and_says_so(folder: Path) -> None:
    """PERF-03, REL-19."""
    node = node_over(folder)

    async def morning() -> list[tuple[str, str]]:
        before = await told(node)
        await node._check_rest()
        return [before, await told(node)]

    try:
        assert asyncio.run(morning()) == [
            ("being checked", "kontuar_station_books_checked 0"), ("checked", "kontuar_station_books_checked 1"),
        ]  # fmt: skip
    finally:
        close(node)


@pytest.fixture
def terminated() -> Iterator[list[int]]:
    """The signals to end that this process got."""
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: got.append(number))
    yield got
    signal.signal(signal.SIGTERM, before)


def test_damage_found_beside_the_work_ends_the_process_and_is_named_at_the_next_start(
    folder: Path, terminated: list[int]
) -> None:
    """REL-14, REL-19."""
    file = folder / DATABASE_FILE
    known, content = file.stat(), bytearray(file.read_bytes())
    content[-2000] ^= 0x10
    file.write_bytes(content)
    os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))
    node = node_over(folder)
    try:
        asyncio.run(node._check_rest())
        assert terminated == [signal.SIGTERM]
    finally:
        close(node)
    with pytest.raises(StorageDamaged):
        node_over(folder)
