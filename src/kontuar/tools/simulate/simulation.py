"""One seed: while everything breaks people work; then everything heals, and all must agree."""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import structlog

from kontuar.tools.simulate import encounters, lives, policy
from kontuar.tools.simulate.chain import Node
from kontuar.tools.simulate.checks import violations
from kontuar.tools.simulate.firm import BOSS
from kontuar.tools.simulate.ground import Ground, Machines, run_to_the_end
from kontuar.tools.simulate.head_office import HeadOffice
from kontuar.tools.simulate.people import Cashier
from kontuar.tools.simulate.proved import unproved
from kontuar.tools.simulate.scene import Scene
from kontuar.tools.simulate.seen import Seen
from kontuar.tools.simulate.trouble import Trouble
from kontuar.tools.simulate.verdicts import Verdict, verdict_of
from kontuar.tools.simulate.virtual_time import VirtualLoop

_PAUSE_SECONDS: Final = 0.7
_TROUBLE_SECONDS: Final = 5.0
_DEFINE_SECONDS: Final = 30.0
_QUIET_SECONDS: Final = 900.0
"""How long after the healing everything may take to agree (REL-09)."""
_LOUD: Final = ("error", "critical", "exception")
_EXPECTED_LOUD: Final = frozenset(
    {"storage.failure", "node.stopping", "station.books_damaged", "hub.was_restored", "station.life_is_over",
     "station.is_stopped"}
)  # fmt: skip


_OF_ROT: Final = frozenset({"books.faulty", "digests.differ"})


class Simulation:
    """One chain, one seed."""

    def __init__(self, ground: Ground, seed: int, operations: int) -> None:
        self._ground = ground
        self._seed = seed
        self._operations = operations
        self._trace = hashlib.sha256()
        self._loop = VirtualLoop()
        self.seen = Seen(policy=policy.drawn(seed))
        self.told: list[str] = []
        self._unwell: list[str] = []

    def run(self) -> Verdict:
        """The whole story; gives the verdict and cleans up."""
        began, wall = time.process_time(), time.perf_counter()
        with self.ended() as (machines, seen):
            found = [*self._unwell, *(f"fault: {fault}" for fault in seen.faults), *violations(machines, seen)]
            found += unproved(machines)
            stations = len(machines.stations)
        return verdict_of(
            seen, seed=self._seed, wanted=self._operations, stores=len(self._ground.where), stations=stations,
            virtual_seconds=self._loop.time(), cpu_seconds=time.process_time() - began,
            wall_seconds=time.perf_counter() - wall, violations=found, trace=self._trace.hexdigest(),
        )  # fmt: skip

    @contextmanager
    def ended(self) -> Iterator[tuple[Machines, Seen]]:
        """After the end, with every process stopped: the nodes' folders and databases, and what people saw."""
        with self._ground.copy(self._seed, self._loop, self._tell) as machines:
            with _watched_log(self._loud):
                run_to_the_end(self._loop, self._story(machines))
            for machine in machines.every():
                self.seen.faults += [f"{machine.name} {fault}" for fault in machine.faults]
            yield machines, self.seen

    async def _story(self, machines: Machines) -> None:
        chance = random.Random(f"story {self._seed}")
        self._machines = machines
        self._chance = chance
        machines.boot_all()
        await _decided(machines, self.seen)
        scene = Scene(machines, self.seen, random.Random(chance.random()), self._hire)
        trouble = Trouble(scene, _TROUBLE_SECONDS)
        self._at_work: dict[Node, object] = {}
        meeting = Scene(machines, self.seen, random.Random(f"encounters {self._seed}"), self._hire)
        loop = asyncio.get_running_loop()
        making = [loop.create_task(trouble.make(), name="trouble")]
        if self.seen.policy.meets:
            making.append(loop.create_task(encounters.make(meeting), name="encounters"))
        supervising = loop.create_task(self._supervise(machines), name="supervisor")
        self._hire()
        while self.seen.operations.total() < self._operations:
            await asyncio.sleep(1)
        for task in making:
            task.cancel()
        meeting.calm()
        trouble.stop()
        machines.boot_all()
        self._tell("healed")
        await self._until_quiet(machines)
        supervising.cancel()
        machines.find_tills()
        machines.end_all()
        await asyncio.sleep(1)

    async def _supervise(self, machines: Machines) -> None:
        """A station that ended to go on in its next life does so at once."""
        while True:
            await asyncio.sleep(0.5)
            if machines.go_on():
                self._hire()

    def _hire(self) -> None:
        """Somebody at every till that runs, and at head office."""
        for machine in self._machines.tills():
            if machine.is_up and self._at_work.get(machine) is not machine.life:
                assert machine.life is not None
                self._at_work[machine] = machine.life
                store = machine.name.partition("T")[0]
                who = Cashier(machine, store, self.seen, random.Random(self._chance.random()), _PAUSE_SECONDS)
                who.may_begin = self._still_open
                who.hears_agent = partial(self._machines.hears_agent, machine)
                who.silent_seconds = partial(self._machines.silent_seconds, machine)
                machine.life.begin(who.work())
        hub = self._machines.hub
        if hub.is_up and self._at_work.get(hub) is not hub.life:
            assert hub.life is not None
            self._at_work[hub] = hub.life
            boss = HeadOffice(hub, self.seen, random.Random(self._chance.random()), _DEFINE_SECONDS)
            boss.may_begin = self._still_open
            hub.life.begin(boss.work())

    def _still_open(self) -> bool:
        return self.seen.operations.total() < self._operations

    async def _until_quiet(self, machines: Machines) -> None:
        end = self._loop.time() + _QUIET_SECONDS
        quiet_since: float | None = None
        while self._loop.time() < end:
            await asyncio.sleep(5)
            if any(machine.faults for machine in machines.every()) or self.seen.faults:
                return  # the verdict is given already
            if not all(machine.is_up for machine in machines.every() if not machine.stands_by):
                machines.boot_all()
            quiet = _is_quiet(machines)
            quiet_since = (quiet_since if quiet_since is not None else self._loop.time()) if quiet else None
            if quiet_since is not None and self._loop.time() - quiet_since >= 90:
                return
        self._unwell.append("REL-09 healing: not everything had arrived after a quarter of an hour")

    def _tell(self, what: str) -> None:
        line = f"{self._loop.time():.6f} {what}"
        self._trace.update(line.encode())
        self.told.append(line)

    def _loud(self, event: dict[str, Any], level: str) -> None:
        name = str(event.get("event", ""))
        self._tell(f"log {level} {name}")
        life = lives.current()
        if life is not None and life.doomed:
            return
        facts = {key: value for key, value in event.items() if key not in ("event", "exception", "exc_info")}
        reason = f"{facts} {event.get('exception', '')} {event.get('exc_info', '')!r}"
        expected = _EXPECTED_LOUD | (_OF_ROT if self.seen.altered else frozenset())
        if level in _LOUD and name not in expected and not _is_full(reason):
            self.seen.faults.append(
                f"log {name} of {life.name if life else 'nobody'} at {self._loop.time():.1f} {reason}"
            )


def _is_full(reason: str) -> bool:
    return "StorageFull" in reason or "storage.full" in reason


async def _decided(machines: Machines, seen: Seen) -> None:
    """Before anything happens head office says what is on in this firm."""
    core = machines.hub.node.core
    while not core.incarnation or not core.main.is_open:
        await asyncio.sleep(0.1)
    assert machines.hub.life is not None
    rows = seen.policy.parameters()
    await machines.hub.life.do(core.parts.run(core.parts.definitions.put_rows, BOSS, rows))


def _is_quiet(machines: Machines) -> bool:
    """Whether every station's messages are final, as it knows itself."""
    return all(
        machine.is_up and machine.node.station.books.stream.waiting() == 0
        for machine in machines.tills()
        if not machine.stands_by
    )


@contextmanager
def _watched_log(loud: Callable[[dict[str, Any], str], None]) -> Iterator[None]:
    """Log events of the nodes come here instead of to the terminal."""

    def take(logger: Any, method: str, event: Any) -> Any:  # noqa: ARG001 - structlog's own shape
        loud(event, method)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, take], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
