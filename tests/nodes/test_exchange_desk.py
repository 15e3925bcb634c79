"""A node's files on a disk that is full: the list may lack a row, the file is made (REL-15, REL-19)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange_world import done, exchange_of
from kontuar.kernel.errors import Refused
from kontuar.operations.station.exchange import note_export
from kontuar.operations.station.station import Station
from shop import MILK_EAN, open_till, sell

FILES = 100


async def run(operation: Callable[..., Any], *given: Any) -> Any:
    return operation(*given)


def events(station: Station) -> list[str]:
    """Technical events of the stream."""
    rows = station.books.database.rows(  # type: ignore[attr-defined]
        "SELECT payload FROM message WHERE kind = 'station.event/1' ORDER BY seq"
    )
    return [json.loads(bytes(payload))["body"]["event"] for (payload,) in rows]


def test_who_makes_a_file_is_told_in_it(tmp_path: Path) -> None:
    """REL-15: the command, which nobody is logged in at, tells nobody."""
    station = open_till(tmp_path)
    desk = exchange_of(station, run)  # type: ignore[arg-type]
    before = station.books.stream.waiting()
    assert done(desk.make("")).messages == before
    assert done(desk.make("EWA")).messages == before + 1
    assert events(station)[-1] == "exchange.exported"


def test_a_life_that_is_over_is_carried_away_all_the_same(tmp_path: Path) -> None:
    """REL-02, REL-13: it writes nothing any more, and what it wrote must arrive."""
    station = open_till(tmp_path)
    sell(station, MILK_EAN)
    waiting = station.books.stream.waiting()
    database: Any = station.books.database  # type: ignore[attr-defined]
    who = station.identity
    with database.transaction():
        zero = bytes(32)
        database.write("INSERT OR REPLACE INTO uplink VALUES (?, 0, ?, 0, ?, 2)", (who.incarnation, zero, zero))
    with pytest.raises(Refused, match=r"stream\.closed"):
        note_export(station, "EWA")
    assert done(exchange_of(station, run).make("EWA")).messages == waiting  # type: ignore[arg-type]


def test_on_a_full_disk_a_file_is_made_all_the_same(tmp_path: Path) -> None:
    """REL-15, REL-19: it may be the only way out for what is on that disk."""
    station = open_till(tmp_path)
    sell(station, MILK_EAN)
    desk = exchange_of(station, run)  # type: ignore[arg-type]
    connection: Any = station.books.database._connection  # type: ignore[attr-defined]
    connection.pragma("max_page_count", connection.pragma("page_count"))
    made = [done(desk.make("EWA")) for _ in range(FILES)]
    told = [event for event in events(station) if event == "exchange.exported"]
    assert len(told) < FILES, "there was room for a few messages, and no more"
    assert made[-1].messages == station.books.stream.waiting()
    assert 0 < len(done(desk.newest(FILES))) < FILES
