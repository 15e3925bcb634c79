"""What a node does again and again beside its work (REL-09, REL-19)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog.testing

from kontuar.kernel.errors import refuse
from kontuar.nodes.chores import AGAIN_SECONDS, Chore, Chores
from kontuar.storage.failures import StorageUnavailable
from kontuar.tools.simulate.virtual_time import VirtualLoop


def in_virtual_time(story: Callable[[], Awaitable[None]]) -> list[Any]:
    """What was logged meanwhile."""
    loop = VirtualLoop()
    try:
        with structlog.testing.capture_logs() as logged:
            loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()
    return logged


class Work:
    """Goes wrong in the ways it is told to, then works; remembers when it was called."""

    def __init__(self, *trouble: Exception, pause: float | None = None) -> None:
        self._trouble = list(trouble)
        self._pause = pause
        self.at: list[float] = []

    async def __call__(self) -> float | None:
        self.at.append(asyncio.get_running_loop().time())
        if self._trouble:
            raise self._trouble.pop(0)
        return self._pause


def times(chore: Chore, work: Work, seconds: float) -> tuple[list[float], list[Any]]:
    """When it was looked, counted from the start, and what was said."""

    async def story() -> None:
        chores = Chores()
        began = asyncio.get_running_loop().time()
        chores.start([chore])
        await asyncio.sleep(seconds)
        await chores.stop()
        work.at = [round(at - began, 3) for at in work.at]

    logged = in_virtual_time(story)
    return work.at, logged


def test_a_chore_is_done_at_the_start_and_then_every_so_often() -> None:
    work = Work()
    assert times(Chore(name="books", look=work, seconds=3.0), work, 7.0) == ([0.0, 3.0, 6.0], [])


def test_a_chore_that_waits_first_is_done_after_its_pause() -> None:
    work = Work()
    assert times(Chore(name="books", look=work, seconds=3.0, waits_first=True), work, 7.0) == ([3.0, 6.0], [])


def test_a_chore_may_say_itself_when_it_is_due_again() -> None:
    work = Work(pause=2.0)
    assert times(Chore(name="books", look=work, seconds=30.0), work, 5.0) == ([0.0, 2.0, 4.0], [])


@pytest.mark.parametrize(
    ("trouble", "event", "code"),
    [
        (refuse("connectivity.too_low"), "chore.waits", "connectivity.too_low"),
        (StorageUnavailable("full"), "chore.waits", "storage.unavailable"),
        (OSError(28, "no space"), "chore.waits", "OSError"),
    ],
)
def test_what_cannot_be_done_now_is_tried_again(trouble: Exception, event: str, code: str) -> None:
    """REL-19: said with its code, no end of the task."""
    work = Work(trouble)
    chore = Chore(name="books", look=work, seconds=1.0, again_seconds=4.0)
    at, logged = times(chore, work, 5.5)
    assert at == [0.0, 4.0, 5.0]
    assert [(entry["event"], entry.get("code"), entry["chore"]) for entry in logged] == [
        (event, code, "books"),
        ("chore.works_again", None, "books"),
    ]


def test_the_same_refusal_is_said_once_until_something_else_happens() -> None:
    """A hub of an older version that refuses the same question for days does not fill the log."""
    declined, full = refuse("enrol.unknown_question"), StorageUnavailable("full")
    work = Work(declined, declined, declined, full, declined)
    _, logged = times(Chore(name="next life", look=work, seconds=1.0), work, 4.5)
    assert [entry["code"] for entry in logged] == [
        "enrol.unknown_question", "storage.unavailable", "enrol.unknown_question",
    ]  # fmt: skip


def test_a_bug_is_said_with_its_trace_and_the_chore_goes_on() -> None:
    work = Work(ZeroDivisionError("by nothing"), ZeroDivisionError("by nothing"))
    at, logged = times(Chore(name="books", look=work, seconds=1.0), work, 2.5)
    assert at == [0.0, 1.0, 2.0]
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [
        ("chore.broke", "error"),
        ("chore.works_again", "info"),
    ]
    assert logged[0]["exc_info"]


def test_one_chore_in_trouble_is_in_nobodys_way() -> None:
    """REL-09."""
    stuck, work = Work(*[StorageUnavailable("full")] * 9), Work()

    async def story() -> None:
        chores = Chores()
        chores.start([Chore(name="a", look=stuck, seconds=1.0), Chore(name="b", look=work, seconds=1.0)])
        await asyncio.sleep(4.5)
        await chores.stop()
        await asyncio.sleep(10)

    in_virtual_time(story)
    assert (len(stuck.at), len(work.at)) == (5, 5)


def test_what_is_to_be_done_once_is_tried_until_it_is_done() -> None:
    """SEC-02: a revocation that could not be read is not forgotten."""
    work = Work(StorageUnavailable("full"), StorageUnavailable("full"))

    async def story() -> None:
        chores = Chores()
        chores.until_done("certificates", work)
        await asyncio.sleep(20 * AGAIN_SECONDS)
        await chores.stop()

    logged = in_virtual_time(story)
    assert [at - work.at[0] for at in work.at] == [0.0, AGAIN_SECONDS, 2 * AGAIN_SECONDS]
    assert [entry["event"] for entry in logged] == ["chore.waits", "chore.works_again"]


def test_a_chore_that_can_be_woken_does_not_sit_out_its_pause() -> None:
    work, bell = Work(), asyncio.Event()

    async def woken(seconds: float) -> None:
        await asyncio.wait_for(bell.wait(), seconds)
        bell.clear()

    async def story() -> None:
        chores = Chores()
        chores.start([Chore(name="booking", look=work, seconds=50.0, wait=woken)])
        await asyncio.sleep(2)
        bell.set()
        await asyncio.sleep(1)
        await chores.stop()

    in_virtual_time(story)
    assert [at - work.at[0] for at in work.at] == [0.0, 2.0]


def test_a_chore_that_answers_a_count_is_a_bug_that_is_said_and_rests() -> None:
    """A count of 0 taken for a pause would never let the node rest."""

    async def counts() -> float | None:
        return 0

    work = Work()
    _, logged = times(Chore(name="decisions", look=counts, seconds=1.0), work, 3.5)
    assert [entry["event"] for entry in logged] == ["chore.broke"]


def test_what_ends_by_a_fault_says_so_at_once() -> None:
    """REL-19: nobody waits for such a task, so nobody else would tell."""

    async def story() -> None:
        chores = Chores()
        chores.until_done("certificates", Work(ValueError("odd row")))
        await asyncio.sleep(1)
        chores.begin("stopped", asyncio.sleep(60))
        await chores.stop()

    (said,) = in_virtual_time(story)
    assert (said["event"], said["chore"], said["log_level"]) == ("chore.ended", "certificates", "error")
