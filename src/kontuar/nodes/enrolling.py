"""A node's first certificate, asked for with a one-time code; whoever is still starting is waited for (SEC-02)."""

import asyncio
from pathlib import Path
from typing import Final

from kontuar import __version__
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.machine import World
from kontuar.sync.identity import NodeKeys, enrol

TRIES: Final = 30
AGAIN_SECONDS: Final = 1.0
_PASSING: Final = frozenset({"enrol.unreachable", "storage.unavailable", "connectivity.too_low"})
"""The other side, or the one behind it, does not answer now; the code was not used up."""


async def enrol_patiently(folder: Path, world: World, url: str, *, code: str, kind: str, place: str) -> NodeKeys:
    """Ask at an address, some thirty times when nobody answers there or head office is away.

    Raises `Refused("enrol.code_missing")` with the place's name, or what `enrol` was told.
    """
    if not code:
        raise refuse("enrol.code_missing", **{"store" if kind == "agent" else "station": place})
    transport = world.transport(url)
    try:
        for tries_left in range(TRIES, 0, -1):
            try:
                return await enrol(
                    folder, transport, code=code, kind=kind, new_incarnation=world.ids.new_id(), build=__version__,
                    secret=world.ids.secret,
                )  # fmt: skip
            except Refused as refusal:
                if refusal.problems[0].code not in _PASSING or tries_left == 1:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
        raise refuse("enrol.unreachable")
    finally:
        await transport.close()
