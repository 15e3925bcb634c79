"""A node's files on a disk that is full: the list may lack a row, the file is made (REL-15, REL-19)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from exchange_world import done, exchange_of
from shop import MILK_EAN, open_till, sell

FILES = 100


async def run(operation: Callable[..., Any], *given: Any) -> Any:
    return operation(*given)


def test_on_a_full_disk_a_file_is_made_all_the_same(tmp_path: Path) -> None:
    """REL-15, REL-19: it may be the only way out for what is on that disk."""
    station = open_till(tmp_path)
    sell(station, MILK_EAN)
    desk = exchange_of(station, run)  # type: ignore[arg-type]
    connection: Any = station.books.database._connection  # type: ignore[attr-defined]
    connection.pragma("max_page_count", connection.pragma("page_count"))
    waiting = station.books.stream.waiting()
    made = [done(desk.make("EWA")) for _ in range(FILES)]
    assert {file.messages for file in made} == {waiting}
    assert 0 < len(done(desk.newest(FILES))) < FILES
