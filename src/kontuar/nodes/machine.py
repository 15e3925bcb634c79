"""The machine's clock and chance, handed to everything that needs them."""

import secrets
import time
from datetime import UTC, datetime
from typing import Final

from kontuar.kernel.ids import uuid7

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
