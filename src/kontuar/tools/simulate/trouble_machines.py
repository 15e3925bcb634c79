"""Trouble of single machines: processes and power that end, full and slow disks, clocks, upgrades."""

from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate.chain import AgentMachine, StationMachine
from kontuar.tools.simulate.scene import Scene

_KEPT: Final = (0.0, 0.5, 1.0)
"""How much of what was not synced a power cut leaves."""


def kill(scene: Scene) -> None:
    """A process ends; its machine stays."""
    end(scene, scene.some_node(), power=False)


def power(scene: Scene) -> None:
    """A machine loses power."""
    end(scene, scene.some_node(), power=True)


def kill_at_a_write(scene: Scene) -> None:
    """A process ends in the middle of what it does."""
    _end_at_a_write(scene, power=False)


def power_at_a_write(scene: Scene) -> None:
    """A machine loses power in the middle of a write."""
    _end_at_a_write(scene, power=True)


def end(scene: Scene, machine: StationMachine | AgentMachine, *, power: bool) -> None:
    """Now; somebody switches it on within a minute."""
    if machine.is_up:
        machine.disk.kept = scene.chance.choice(_KEPT)
        machine.end(power=power)
        scene.later(scene.chance.uniform(0.5, 60.0), lambda: scene.boot_if_down(machine))


def _end_at_a_write(scene: Scene, *, power: bool) -> None:
    machine = scene.some_node()
    if machine.is_up:
        machine.disk.kept = scene.chance.choice(_KEPT)
        machine.disk.kills = not power
        machine.disk.writes_left = scene.chance.randint(1, 60)
        scene.later(scene.span() + 30, lambda: scene.boot_if_down(machine))


def no_room(scene: Scene) -> None:
    """A disk runs full, for a while."""
    machine = scene.some_node()
    machine.disk.free_bytes = scene.chance.randint(0, 40_000)
    scene.later(scene.span(), lambda: setattr(machine.disk, "free_bytes", None))


def slow_disk(scene: Scene) -> None:
    """Whatever a machine does with its database takes long, for a while."""
    disk = scene.some_node().disk
    disk.slow_seconds = scene.chance.choice((0.02, 0.2, 1.5))
    scene.later(scene.span(), lambda: setattr(disk, "slow_seconds", 0.0))


def skew(scene: Scene) -> None:
    """A clock is wrong from now on."""
    machine = scene.chance.choice(scene.machines.every())
    machine.clock.skew_seconds += scene.chance.choice((-1.5, 1.5, 90.0, 600.0))


def upgrade(scene: Scene) -> None:
    """A machine ran the release before: its database is as that left it, drafts and all, and the present program brings
    it forward at its start, at times with a crash in the middle (REL-16)."""
    machine = scene.some_node()
    if not machine.is_up:
        return
    back, dies = scene.chance.randint(1, 2), scene.chance.random() < 0.5
    writes, powerless = scene.chance.randint(1, 25), scene.chance.random() < 0.5

    def install() -> None:
        if not machine.is_up and machine.downgrade(back):
            scene.seen.upgraded[machine.name] += 1
            if dies:
                machine.dies_at_its_start(writes, power=powerless)

    end(scene, machine, power=False)
    scene.later(0.2, install)


KINDS: Final[dict[str, Callable[[Scene], None]]] = {
    "kill": kill, "power": power, "kill_at_a_write": kill_at_a_write, "power_at_a_write": power_at_a_write,
    "no_room": no_room, "slow_disk": slow_disk, "skew": skew, "upgrade": upgrade,
}  # fmt: skip
