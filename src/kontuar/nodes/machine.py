"""What a node needs of the world around it: clock, chance, the way to other nodes; handed to everything below."""

import gc
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from kontuar.kernel.ids import Ids, uuid7
from kontuar.kernel.time import Clock
from kontuar.nodes.storage_trouble import end_process
from kontuar.sync.transport import HttpTransport, Transport

_SINCE_BOOT: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class MachineClock:
    """The `Clock` of a running node."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Sleep counts where the machine can tell: a till that was suspended must not take its leases for fresh."""
        return time.clock_gettime(_SINCE_BOOT) if _SINCE_BOOT is not None else time.monotonic()


class MachineIds:
    """The `Ids` of a running node."""

    def new_id(self) -> str:
        return uuid7(datetime.now(UTC), secrets.token_bytes(10))

    def secret(self, byte_count: int) -> bytes:
        return secrets.token_bytes(byte_count)


class NodeTransport(Transport, Protocol):
    """The way to one other node, which can be let go of."""

    async def close(self) -> None:
        """Close all connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The machine in a process; virtual time, a network that fails and seeded chance in a simulation.

    `transport` gives the way to the node at an address; `end` ends the node after damage; `settle` is called when many
    objects were made that will stay.
    """

    clock: Clock
    ids: Ids
    transport: Callable[[str], NodeTransport]
    end: Callable[[], None]
    settle: Callable[[], None]


def this_machine() -> World:
    """The world of a real process."""
    return World(
        clock=MachineClock(), ids=MachineIds(), transport=HttpTransport, end=end_process, settle=_settle_memory
    )


def _settle_memory() -> None:
    """The collector need not walk through what stays, and not while a line is priced (PERF-01)."""
    gc.collect()
    gc.freeze()
