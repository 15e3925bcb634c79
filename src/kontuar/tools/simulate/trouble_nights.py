"""Nights pass: days begin, leases end, nodes compare and prove their books, and let go of old ones."""

import asyncio
from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate.scene import Scene

DAYS: Final = (2, 3)
_BETWEEN_SECONDS: Final = (25.0, 60.0)
_MOST_WITH_ROT: Final = 2
"""What was altered is compared for a week."""


def nights(scene: Scene) -> None:
    """A few of them, with some work in between."""
    scene.begin(_pass(scene, scene.chance.randint(2, 3)))


async def _pass(scene: Scene, number: int) -> None:
    for _ in range(number):
        if scene.seen.policy.rots and scene.machines.calendar.nights >= _MOST_WITH_ROT:
            return
        skip(scene, 2 if scene.seen.policy.rots else scene.chance.choice(DAYS))
        await asyncio.sleep(scene.chance.uniform(*_BETWEEN_SECONDS))


def skip(scene: Scene, days: int) -> None:
    """It is night, some days later; backups that are older than what is kept for them are thrown away."""
    scene.machines.calendar.skip_to_night(days)
    if scene.seen.policy.keep_days:
        scene.machines.hub.backed_up_as("")


KINDS: Final[dict[str, Callable[[Scene], None]]] = {"nights": nights}
