"""What goes wrong, drawn by weights from the seed; the kinds stand in the modules that are named `trouble_…`."""

import asyncio
from typing import Final

from kontuar.tools.simulate import (
    trouble_backups,
    trouble_files,
    trouble_hub,
    trouble_machines,
    trouble_network,
    trouble_nights,
    trouble_places,
    trouble_rot,
)
from kontuar.tools.simulate.chain import SqliteNode
from kontuar.tools.simulate.scene import Scene

KINDS: Final = {
    **trouble_network.KINDS, **trouble_machines.KINDS, **trouble_backups.KINDS, **trouble_hub.KINDS,
    **trouble_places.KINDS, **trouble_files.KINDS, **trouble_nights.KINDS, **trouble_rot.KINDS,
}  # fmt: skip
WEIGHTS: Final[dict[str, float]] = {
    "storm": 6, "cut_store": 5, "cut_station": 4, "cut_who_continues": 6, "deaf": 4, "no_news": 3,
    "kill": 6, "kill_at_a_write": 8, "power": 4, "power_at_a_write": 10, "skew": 2, "no_room": 2, "slow_disk": 3,
    "upgrade": 4, "kill_hub": 3, "kill_hub_at_a_statement": 5, "lose_postgres_at_a_statement": 3,
    "back_up_agent": 3, "restore_agent": 2.5, "back_up_hub": 3, "restore_hub": 2.5,
    "back_up_station": 4, "restore_station": 2, "restore_station_unwitnessed": 1.5,
    "replace_station": 1.2, "lose_station": 1.5, "copy_station": 1.5, "cut_for_good": 2,
    "nights": 3, "alter_message": 8,
}  # fmt: skip


class Trouble:
    """Makes trouble until it is told to stop."""

    def __init__(self, scene: Scene, pause: float) -> None:
        """`pause`: seconds between two troubles, on the average."""
        self._scene = scene
        self._pause = pause

    async def make(self) -> None:
        """One thing after another."""
        policy = self._scene.seen.policy
        names = list(WEIGHTS)
        weights = [policy.weight_of(name, weight) for name, weight in WEIGHTS.items()]
        chance = self._scene.chance
        while True:
            await asyncio.sleep(chance.expovariate(1 / self._pause))
            (name,) = chance.choices(names, weights)
            self._scene.seen.troubles[name] += 1
            KINDS[name](self._scene)

    def stop(self) -> None:
        """What was to end later ends now: the network is whole, every machine stands and its clock is right."""
        self._scene.calm()
        self._scene.seen.traps.clear()
        if self._scene.seen.policy.keep_days or self._scene.seen.policy.rots:
            trouble_nights.skip(self._scene, 2)
        machines = self._scene.machines
        machines.network.heal()
        machines.network.forget_late()
        machines.hub.statements_left = None
        for machine in machines.every():
            machine.clock.skew_seconds = 0.0
            if isinstance(machine, SqliteNode):
                machine.disk.writes_left = machine.disk.free_bytes = None
                machine.disk.slow_seconds = 0.0
