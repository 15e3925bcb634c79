"""Machines that are set up again from an old backup: what they had acknowledged or issued since is gone there."""

from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate.chain import StationMachine
from kontuar.tools.simulate.losses import set_back
from kontuar.tools.simulate.scene import Scene
from kontuar.tools.simulate.trouble_machines import end


def back_up_agent(scene: Scene) -> None:
    """Those of all stores, as a nightly job would."""
    for agent in scene.machines.agents.values():
        agent.back_up()


def restore_agent(scene: Scene) -> None:
    """It knows less than its stations and the hub, which at times cannot be reached to tell it."""
    found = [each for each in scene.machines.agents.values() if each.has_backup and each.is_up]
    if found:
        agent = scene.chance.choice(found)
        scene.seen.agent_restores[agent.name] = None
        agent.sound = False
        end(scene, agent, power=True)
        scene.later(0.2, lambda: None if agent.is_up else set_back(scene, agent, agent.restore))
        if scene.chance.random() < 0.5:
            scene.cut((agent.name, "hub"))


def back_up_station(scene: Scene) -> None:
    """All tills of the chain, as a nightly job would."""
    for station in scene.machines.stations.values():
        station.back_up()


def restore_station(scene: Scene) -> None:
    """An old backup of its database: it must go on in another life."""
    _set_back(scene, witnessed=True)


def restore_station_unwitnessed(scene: Scene) -> None:
    """An old image of its whole disk: only others know that it issued more."""
    _set_back(scene, witnessed=False)


def _set_back(scene: Scene, *, witnessed: bool) -> None:
    found = [each for each in scene.machines.stations.values() if each.has_backup and each.is_up]
    if found:
        station = scene.chance.choice(found)
        scene.seen.set_back(station.name, str(station.base))
        end(scene, station, power=True)
        scene.later(0.2, lambda: _set_up_again(scene, station, witnessed=witnessed))


def _set_up_again(scene: Scene, station: StationMachine, *, witnessed: bool) -> None:
    if not station.is_up:  # else it was started meanwhile
        set_back(scene, station, station.restore if witnessed else station.restore_with_witness)


def back_up_hub(scene: Scene) -> None:
    """Head office's, while it stands still."""
    hub = scene.machines.hub
    hub.end()
    scene.later(0.2, lambda: None if hub.is_up else hub.back_up())
    scene.later(1.0, lambda: scene.boot_if_down(hub))


def restore_hub(scene: Scene) -> None:
    """What head office had acknowledged since is gone there."""
    hub = scene.machines.hub
    if hub.has_backup:
        scene.seen.hub_restores += 1
        hub.end()
        scene.later(0.2, lambda: set_back(scene, hub, hub.restore) if hub.has_backup and not hub.is_up else None)
        scene.later(scene.chance.uniform(1.0, 60.0), lambda: scene.boot_if_down(hub))


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "back_up_agent": back_up_agent, "restore_agent": restore_agent, "back_up_station": back_up_station,
    "restore_station": restore_station, "restore_station_unwitnessed": restore_station_unwitnessed,
    "back_up_hub": back_up_hub, "restore_hub": restore_hub,
}  # fmt: skip
