"""The machine's clock and chance, handed to everything that needs them."""

import secrets
import time
from datetime import UTC, datetime

from kontuar.kernel.ids import uuid7


class MachineClock:
    """The `Clock` of a running node."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class MachineIds:
    """The `Ids` of a running node."""

    def new_id(self) -> str:
        return uuid7(datetime.now(UTC), secrets.token_bytes(10))

    def secret(self, byte_count: int) -> bytes:
        return secrets.token_bytes(byte_count)
