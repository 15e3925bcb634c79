"""Trouble of the network: storms, ways that are cut for a while or deaf in one direction."""

from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate.network import Weather
from kontuar.tools.simulate.scene import Scene


def storm(scene: Scene) -> None:
    """Messages late, lost, twice, out of order, slow."""
    chance, network = scene.chance, scene.machines.network
    network.weather = Weather(
        delay_seconds=chance.choice((0.005, 0.05, 0.5)), loss=chance.choice((0.0, 0.05, 0.3)),
        twice=chance.choice((0.0, 0.1, 0.4)), slow=chance.choice((0.0, 0.02)),
        bytes_per_second=chance.choice((0.0, 0.0, 20_000.0)),
    )  # fmt: skip
    scene.later(scene.span(), lambda: setattr(network, "weather", Weather()))


def cut_store(scene: Scene) -> None:
    """A store has no line to head office."""
    scene.cut((scene.chance.choice(list(scene.machines.agents)), "hub"))


def cut_station(scene: Scene) -> None:
    """A till has no line to its agent."""
    station = scene.chance.choice(list(scene.machines.stations))
    scene.cut((station, scene.machines.agent_of[station]))


def cut_who_continues(scene: Scene) -> None:
    """A till that has a parked document open: others will take it over, and it comes back."""
    found = list(dict.fromkeys(scene.seen.continued.values()))
    if found:
        station = scene.chance.choice(found)
        scene.cut((station, scene.machines.agent_of[station]), scene.chance.uniform(15.0, 150.0))


def deaf(scene: Scene) -> None:
    """Requests arrive, answers do not: everything is done and nobody learns of it."""
    network = scene.machines.network
    station = scene.chance.choice(list(scene.machines.stations))
    agent = scene.machines.agent_of[station]
    way = scene.chance.choice(((station, agent), (agent, "hub")))
    network.deaf[way] = None
    scene.later(scene.span(), lambda: network.deaf.pop(way, None))


def no_news(scene: Scene) -> None:
    """What is pushed arrives and is acknowledged; what would come down does not."""
    network = scene.machines.network
    agent = scene.chance.choice(list(scene.machines.agents))
    way = (agent, "hub")
    network.no_news[way] = None
    scene.later(scene.span(), lambda: network.no_news.pop(way, None))


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "storm": storm, "cut_store": cut_store, "cut_station": cut_station, "cut_who_continues": cut_who_continues,
    "deaf": deaf,
    "no_news": no_news,
}  # fmt: skip
