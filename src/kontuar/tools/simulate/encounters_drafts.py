"""Two tills at one parked document, one of them cut off; a draft that is begun before nights and needed after them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, NamedTuple

from kontuar.operations.ports.parking import LEASE_MARGIN_SECONDS, LEASE_SECONDS
from kontuar.tools.simulate import trouble_nights
from kontuar.tools.simulate.chain import StationMachine
from kontuar.tools.simulate.lives import Ended
from kontuar.tools.simulate.people import Cashier
from kontuar.tools.simulate.scene import Scene

_PAUSE_SECONDS: Final = 0.7
_AGAIN_SECONDS: Final = 2.0
_TRIES: Final = 10
_NIGHTS: Final = 0.35
_ENDS: Final = ("pay", "park", "leave")
_OVER_SECONDS: Final = LEASE_SECONDS + LEASE_MARGIN_SECONDS


class _Plan(NamedTuple):
    """How long the first till is cut off; when it and the other one go on, counted from then."""

    cut_seconds: float
    first_seconds: tuple[float, float]
    second_seconds: tuple[float, float]
    takes_over: bool
    first_ends: tuple[int, ...] = (7, 2, 1)


_PLANS: Final = (
    _Plan(30.0, (2.0, 12.0), (1.0, 10.0), takes_over=True),
    _Plan(_OVER_SECONDS + 35.0, (2.0, 15.0), (_OVER_SECONDS + 1, _OVER_SECONDS + 3), takes_over=False),
    _Plan(
        LEASE_SECONDS + 30.0, (LEASE_SECONDS + 1, LEASE_SECONDS + 8), (1.0, 40.0), takes_over=True, first_ends=(1, 0, 0)
    ),
)
"""It is taken over, its lease runs out, its lease is over before it is approved."""


class Colleague(Cashier):
    """A second person at a till, for one errand: what he does is chosen by whoever sends him."""

    def __init__(self, scene: Scene, machine: StationMachine) -> None:
        store = machine.name.partition("T")[0]
        super().__init__(machine, store, scene.seen, random.Random(scene.chance.random()), _PAUSE_SECONDS)
        self.hears_agent = partial(scene.machines.hears_agent, machine)
        self.silent_seconds = partial(scene.machines.silent_seconds, machine)
        self.doc_id = ""
        """What he has before him."""
        self._did = False

    async def does(self, what: str) -> bool:
        """If the till runs, and as long as it does; whether it came about."""
        life, self._did = self._machine.life, False
        if life is not None and self._machine.is_up:
            try:
                await life.do(self._one(f"meeting_{what}", partial(self._finished, self._work(what))))
            except Ended:
                self._seen.refusals["ended"] += 1
        return self._did

    def sees_it(self) -> bool:
        """Whether his till lists the document."""
        machine = self._machine
        return machine.is_up and machine.node.station.books.parking.row(self.doc_id) is not None

    async def _finished(self, doing: Callable[[], Awaitable[None]]) -> None:
        await doing()
        self._did = True

    def _work(self, what: str) -> Callable[[], Awaitable[None]]:
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "begin": self._begins, "open": self._opens, "take_over": partial(self._opens, take_over=True),
            "pay": self._pays, "park": self._parks, "delete": self._deletes, "invoice": self._begins_invoice,
        }  # fmt: skip
        return work[what]

    async def _begins(self) -> None:
        self.doc_id = ""
        doc_id = await self._filled("receipt")
        await self._parked(doc_id)
        self.doc_id = doc_id

    async def _opens(self, *, take_over: bool = False) -> None:
        self.doc_id = await self._continued(self.doc_id, take_over=take_over)
        await self._scan(self.doc_id)

    async def _pays(self) -> None:
        await self._pay(self.doc_id)

    async def _parks(self) -> None:
        await self._parked(self.doc_id)

    async def _deletes(self) -> None:
        await self._deleted(self.doc_id)

    async def _begins_invoice(self) -> None:
        receipt = await self._receipt_to_invoice()
        if receipt:
            self.doc_id = await self._invoice_begun(receipt)


def two_at_one_draft(scene: Scene) -> None:
    """One till opens a parked document and is cut off; another one of its store takes it over, or waits until the
    lease must be over. Each of them finishes it, parks it or leaves it, in any order (REL-11)."""
    scene.begin(_met(scene))


async def _met(scene: Scene) -> None:
    pair = await _undisturbed(scene)
    if pair is None:
        return
    first, second = (Colleague(scene, machine) for machine in pair)
    way = (pair[0].name, scene.machines.agent_of[pair[0].name])
    plan = scene.chance.choices(_PLANS, (4, 3, 4))[0]
    if not await first.does("begin"):
        return
    second.doc_id = first.doc_id
    scene.seen.put_by[first.doc_id] = way[1]
    if await _until(second.sees_it) and await first.does("open"):
        scene.cut(way, plan.cut_seconds)
        await asyncio.gather(_first(scene, first, plan), _second(scene, second, plan))
    del scene.seen.put_by[second.doc_id]


async def _until(holds: Callable[[], bool]) -> bool:
    for _ in range(_TRIES):
        if holds():
            return True
        await asyncio.sleep(_AGAIN_SECONDS)
    return False


async def _undisturbed(scene: Scene) -> tuple[StationMachine, StationMachine] | None:
    """Two tills of a store in which nobody else meets, and that reach their agent; None where there are none."""
    machines = scene.machines
    for _ in range(_TRIES):
        busy = set(scene.seen.put_by.values())
        found = [
            each
            for each in machines.stations.values()
            if each.is_up and machines.reaches_agent(each) and machines.agent_of[each.name] not in busy
        ]
        pairs = [
            (one, other)
            for one in found
            for other in found
            if one is not other and machines.agent_of[one.name] == machines.agent_of[other.name]
        ]
        if pairs:
            return scene.chance.choice(pairs)
        await asyncio.sleep(_AGAIN_SECONDS)
    return None


async def _first(scene: Scene, who: Colleague, plan: _Plan) -> None:
    """Who is cut off finishes it, or comes back with it and parks it then."""
    await asyncio.sleep(scene.chance.uniform(*plan.first_seconds))
    (end,) = scene.chance.choices(_ENDS, plan.first_ends)
    if end == "leave":
        await asyncio.sleep(plan.cut_seconds)
        end = "park"
    await who.does(end)


async def _second(scene: Scene, who: Colleague, plan: _Plan) -> None:
    await asyncio.sleep(scene.chance.uniform(*plan.second_seconds))
    (end,) = scene.chance.choices((*_ENDS, "delete"), (7, 1, 1, 2))
    for _ in range(_TRIES):
        if await who.does("take_over" if plan.takes_over else "open"):
            if end != "leave":
                await who.does(end)
            return
        await asyncio.sleep(_AGAIN_SECONDS)


def invoice_over_night(scene: Scene) -> None:
    """A customer wants an invoice of his receipt, and does not wait for it: the draft stays, and needs the receipt,
    also when nights pass in which old days are let go of (REL-17)."""
    scene.begin(_left(scene, Colleague(scene, scene.some_station())))
    if scene.seen.policy.keep_days and scene.chance.random() < _NIGHTS:
        trouble_nights.nights(scene)


async def _left(scene: Scene, who: Colleague) -> None:
    if await who.does("invoice") and who.doc_id:
        scene.seen.put_by[who.doc_id] = ""


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "two_at_one_draft": two_at_one_draft, "invoice_over_night": invoice_over_night,
}  # fmt: skip
