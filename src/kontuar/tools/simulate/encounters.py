"""What seldom meets by chance is brought together in half of the seeds, by a chance of its own: the other half are told
as if there were no such thing. The kinds stand in the modules that are named `encounters_…`."""

import asyncio
from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate import encounters_drafts, encounters_places
from kontuar.tools.simulate.scene import Scene

KINDS: Final[dict[str, Callable[[Scene], None]]] = {**encounters_drafts.KINDS, **encounters_places.KINDS}
WEIGHTS: Final[dict[str, float]] = {
    "two_at_one_draft": 8, "stolen_unheard": 2, "hub_set_back_unheard": 1, "file_of_another_day": 0.5,
    "invoice_over_night": 2, "hub_dies_booking": 2,
}  # fmt: skip
_PAUSE_SECONDS: Final = 5.0


async def make(scene: Scene) -> None:
    """One after another, until it is ended."""
    policy = scene.seen.policy
    weights = [policy.weight_of(name, weight) for name, weight in WEIGHTS.items()]
    while True:
        await asyncio.sleep(scene.chance.expovariate(1 / _PAUSE_SECONDS))
        (name,) = scene.chance.choices(list(WEIGHTS), weights)
        scene.seen.troubles[name] += 1
        KINDS[name](scene)
