"""Two machines for one place: a till that was replaced while the old one comes back, a data folder that runs twice."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Final

from kontuar.kernel.errors import Refused
from kontuar.storage.failures import StorageFailure
from kontuar.sync.transport import Declined, Unreachable
from kontuar.tools.simulate.chain import StationMachine, certify, fetched_back
from kontuar.tools.simulate.lives import Ended
from kontuar.tools.simulate.losses import thrown_away
from kontuar.tools.simulate.scene import Scene

_AGAIN_SECONDS: Final = 5.0


def replace_station(scene: Scene) -> None:
    """A till broke, another machine takes its place with a code of its own; the old one is mended and comes back, or
    never (REL-13)."""
    old = untouched(scene)
    if old is None or not old.is_up:
        return
    comes_back = scene.chance.random() < 0.7
    scene.seen.replaced[old.name] = None
    scene.machines.set_aside(old)
    old.end(power=True)
    fresh = scene.machines.new_station(old.name)
    scene.at_the_end(lambda: _sold_for_scrap(scene, old, comes_back=comes_back))
    scene.begin(_installed(scene, fresh))
    if comes_back:
        scene.later(scene.span(), lambda: _back(scene, old))


def lose_station(scene: Scene) -> None:
    """A till is stolen the moment a receipt comes out of it. Another machine takes its place and fetches back what the
    agent has of the old one (REL-20, REL-21)."""
    old = untouched(scene)
    if old is not None:
        lies_in_wait(scene, old)


def lies_in_wait(scene: Scene, old: StationMachine) -> None:
    """For the till's next receipt."""
    loop, outside = asyncio.get_running_loop(), contextvars.copy_context()

    def sprung() -> None:
        loop.call_soon(_lost, scene, old, context=outside)

    scene.seen.traps[old.name] = sprung


def _lost(scene: Scene, old: StationMachine) -> None:
    seen = scene.seen
    if not old.is_up or seen.replaced or seen.copied or old.name in seen.carried:
        return
    seen.replaced[old.name] = None
    scene.machines.set_aside(old)
    old.end(power=True)
    scene.at_the_end(lambda: _sold_for_scrap(scene, old, comes_back=False))
    scene.begin(_installed(scene, scene.machines.new_station(old.name), brings_back=True))


def copy_station(scene: Scene) -> None:
    """Somebody starts a copy of a till's disk: two machines sell as one, until one of them is told (REL-13)."""
    original = untouched(scene)
    if original is None:
        return
    scene.seen.copied[original.name] = None
    was_up = original.is_up
    if was_up:
        original.end(power=False)

    def start() -> None:
        copy = scene.machines.copy_of(original)
        scene.machines.set_aside(copy)
        copy.stands_by = False
        scene.boot_if_down(copy)
        scene.boot_if_down(original)

    scene.later(0.2, start)


def untouched(scene: Scene) -> StationMachine | None:
    """A till of a place that has one machine; at most one place of a chain gets a second one."""
    seen = scene.seen
    if seen.replaced or seen.copied:
        return None
    found = scene.some_station()
    return None if found.name in seen.carried else found


async def _installed(scene: Scene, fresh: StationMachine, *, brings_back: bool = False) -> None:
    """Head office gives a code, the machine enrols through its agent, however long that takes; with `brings_back` it
    fetches its database from there before it starts."""
    while not await _certified(scene, fresh):
        await asyncio.sleep(_AGAIN_SECONDS)
    while brings_back and not await _brought_back(scene, fresh):
        await asyncio.sleep(_AGAIN_SECONDS)
    scene.machines.take_place(fresh)
    scene.boot_if_down(fresh)


async def _certified(scene: Scene, fresh: StationMachine) -> bool:
    try:
        await certify(scene.machines.hub, fresh, scene.machines.agent_of[fresh.name])
    except (Refused, StorageFailure, Declined, Unreachable, Ended):
        return False
    return True


async def _brought_back(scene: Scene, fresh: StationMachine) -> bool:
    """Whether its database is there, or is never to be had."""
    try:
        seq, held = await fetched_back(fresh, scene.machines.agent_of[fresh.name])
    except Refused as refusal:
        code = refusal.problems[0].code
        scene.seen.refusals[code] += 1
        if code == "backup.damaged":
            scene.seen.faults.append(f"REL-20: the backup of {fresh.name} cannot be restored: {refusal}")
        return code.startswith("backup.")
    except (StorageFailure, Declined, Unreachable, Ended):
        return False
    scene.seen.brought_back[fresh.name] = None
    if held < seq:
        scene.seen.faults.append(f"REL-20: the backup of {fresh.name} said message {seq}, and has {held}")
    return True


def _back(scene: Scene, old: StationMachine) -> None:
    old.stands_by = False
    scene.boot_if_down(old)


def _sold_for_scrap(scene: Scene, old: StationMachine, *, comes_back: bool) -> None:
    """Everything heals: it comes back at the latest now, or what only its disk held is gone."""
    if scene.machines.stations[old.name] is old:  # nobody came to install the other one
        old.stands_by = False
        return
    if comes_back:
        old.stands_by = False
    else:
        thrown_away(scene, old)


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "replace_station": replace_station, "lose_station": lose_station, "copy_station": copy_station,
}  # fmt: skip
