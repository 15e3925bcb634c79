"""Machines that something happens to in the moment when nobody hears of it."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from kontuar.kernel.errors import Refused
from kontuar.storage.failures import StorageFailure
from kontuar.tools.simulate.chain import HUB, AgentMachine
from kontuar.tools.simulate.lives import Ended
from kontuar.tools.simulate.losses import set_back
from kontuar.tools.simulate.scene import Scene
from kontuar.tools.simulate.trouble_files import file_from, file_made, take_file
from kontuar.tools.simulate.trouble_machines import end
from kontuar.tools.simulate.trouble_places import lies_in_wait, untouched

_UNHEARD_SECONDS: Final = (30.0, 70.0)
_BEFORE_SECONDS: Final = (10.0, 30.0)


def stolen_unheard(scene: Scene) -> None:
    """A till that its agent does not hear any more is stolen with its next receipt: what came out as if somebody else
    had it must be somewhere (REL-21)."""
    till = untouched(scene) if scene.seen.policy.copy_seconds else None
    if till is not None:
        scene.cut((till.name, scene.machines.agent_of[till.name]), scene.chance.uniform(*_UNHEARD_SECONDS))
        lies_in_wait(scene, till)


def hub_set_back_unheard(scene: Scene) -> None:
    """Head office is set up again from a backup while a box on the way breaks off the agents' long questions: they ask
    for news when it gave the versions that they have seen a second time (REL-18)."""
    hub, network, chance = scene.machines.hub, scene.machines.network, scene.chance
    if not hub.has_backup:
        return
    scene.seen.hub_restores += 1
    hub.end()
    scene.later(0.2, lambda: set_back(scene, hub, hub.restore) if hub.has_backup and not hub.is_up else None)
    scene.later(chance.uniform(1.0, 8.0), lambda: scene.boot_if_down(hub))
    for agent in scene.machines.agents:
        way = (agent, HUB)
        network.no_news[way] = None
        scene.later(chance.uniform(*_UNHEARD_SECONDS), partial(network.no_news.pop, way, None))


def hub_dies_booking(scene: Scene) -> None:
    """Head office ends between two statements of booking, and is there again soon (REL-08)."""
    hub = scene.machines.hub
    if hub.is_up:
        hub.statements_of, hub.statements_left, hub.statement_kills = "booking", scene.chance.randint(3, 30), True
        scene.later(scene.chance.uniform(5.0, 20.0), lambda: scene.boot_if_down(hub))


def file_of_another_day(scene: Scene) -> None:
    """An agent's question goes to head office in a file; before the answer is taken in, the agent is set up again from
    a backup that is older than the question (REL-15)."""
    agent = scene.chance.choice(list(scene.machines.agents.values()))
    scene.begin(_overtaken(scene, agent))


async def _overtaken(scene: Scene, agent: AgentMachine) -> None:
    chance, hub = scene.chance, scene.machines.hub
    if not agent.is_up:
        return
    agent.back_up()
    await asyncio.sleep(chance.uniform(*_BEFORE_SECONDS))
    try:
        question = await file_made(agent)
        if question:
            await take_file(hub, question)
        answer = await file_from(hub, agent.name)
    except (Refused, StorageFailure, Ended):
        return
    if not answer or not agent.is_up:
        return
    scene.seen.agent_restores[agent.name] = None
    agent.sound = False
    end(scene, agent, power=True)
    scene.cut((agent.name, HUB), chance.uniform(*_BEFORE_SECONDS))
    await asyncio.sleep(0.2)
    _set_up_again(scene, agent)
    await asyncio.sleep(1.0)
    try:
        await take_file(agent, answer)
    except (Refused, StorageFailure, Ended) as error:
        scene.seen.refusals[f"file_of_another_day: {error}"] += 1


def _set_up_again(scene: Scene, agent: AgentMachine) -> None:
    if not agent.is_up:
        set_back(scene, agent, agent.restore)
        scene.boot_if_down(agent)


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "stolen_unheard": stolen_unheard, "hub_set_back_unheard": hub_set_back_unheard,
    "hub_dies_booking": hub_dies_booking, "file_of_another_day": file_of_another_day,
}  # fmt: skip
