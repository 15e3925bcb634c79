"""Answers agents that tell what they kept aside of forked logs (REL-05)."""

from collections.abc import Callable
from functools import partial

from kontuar.kernel.canonical import decode, encode
from kontuar.nodes.lanes import Lane
from kontuar.operations.hub.forks import take_forks
from kontuar.operations.ports.questions import TellForks
from kontuar.operations.ports.sync import KeyRing, NodeIdentity
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.sync.keyring import fault_of_seal


class ForkAnswer:
    """Works on the intake's lane, for it writes what the intake writes. `taken` is called when something came."""

    def __init__(
        self, intake: Lane[HubDatabase], log: PostgresStreamLog, keys: KeyRing, taken: Callable[[], None]
    ) -> None:
        self._intake = intake
        self._log = log
        self._keys = keys
        self._taken = taken

    async def __call__(self, asker: NodeIdentity, body: bytes) -> bytes:
        """`TellForks` → `ForksTold`; raises `Refused` and `DecodeError`."""
        asked = decode(body, TellForks)
        seal = partial(fault_of_seal, self._keys)
        answer = await self._intake(take_forks, self._log, self._keys, seal, asker, asked)
        self._taken()
        return encode(answer)
