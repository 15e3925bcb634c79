"""Who is woken by what (PERF-04: a booking in one shop is no news for the others)."""

import asyncio
from collections.abc import Awaitable, Callable

from kontuar.sync.bell import Bell


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def test_a_ring_for_a_store_wakes_those_who_wait_for_it_or_for_everything() -> None:
    async def story() -> None:
        bell = Bell()
        waits = {store: asyncio.create_task(bell.wait(bell.heard(store), 60, store)) for store in ("S1", "S2", "")}
        await asyncio.sleep(0)
        bell.ring("S1")
        await asyncio.sleep(0.01)
        assert {store for store, task in waits.items() if task.done()} == {"S1", ""}
        bell.ring()
        assert all([await task for task in waits.values()])

    run(story)


def test_a_ring_between_looking_and_waiting_is_not_missed() -> None:
    async def story() -> None:
        bell = Bell()
        here, elsewhere, everywhere = bell.heard("S1"), bell.heard("S2"), bell.heard()
        bell.ring("S1")
        assert await bell.wait(here, 60, "S1")
        assert await bell.wait(everywhere, 60)
        assert not await bell.wait(elsewhere, 0.01, "S2")

    run(story)


def test_a_closed_bell_keeps_nobody() -> None:
    async def story() -> None:
        bell = Bell()
        waiting = asyncio.create_task(bell.wait(bell.heard("S1"), 60, "S1"))
        await asyncio.sleep(0)
        bell.close()
        assert await waiting
        assert await bell.wait(bell.heard("S1"), 60, "S1")

    run(story)
