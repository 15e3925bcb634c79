"""Trouble of head office: its process ends, also between two statements of one transaction, or it loses PostgreSQL."""

from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate.scene import Scene

_LANES: Final = (("", 400), ("booking", 80), ("intake", 60))
"""Whose statements are counted, and how many there may be until then: most of all are of nobody who writes."""


def kill_hub(scene: Scene) -> None:
    """Its process ends between two things it does."""
    scene.machines.hub.end()
    _boot_later(scene)


def kill_hub_at_a_statement(scene: Scene) -> None:
    """Its process ends right before a statement, or right after a commit."""
    _at_a_statement(scene, kills=True)


def lose_postgres_at_a_statement(scene: Scene) -> None:
    """Its connections are cut there; the process goes on, and has to make new ones."""
    _at_a_statement(scene, kills=False)


def _at_a_statement(scene: Scene, *, kills: bool) -> None:
    hub = scene.machines.hub
    if hub.is_up:
        lane, most = scene.chance.choice(_LANES)
        hub.statements_of, hub.statements_left, hub.statement_kills = lane, scene.chance.randint(1, most), kills
        _boot_later(scene, scene.span())


def _boot_later(scene: Scene, after: float = 0.0) -> None:
    hub = scene.machines.hub
    scene.later(after + scene.chance.uniform(0.5, 60.0), lambda: scene.boot_if_down(hub))


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "kill_hub": kill_hub, "kill_hub_at_a_statement": kill_hub_at_a_statement,
    "lose_postgres_at_a_statement": lose_postgres_at_a_statement,
}  # fmt: skip
