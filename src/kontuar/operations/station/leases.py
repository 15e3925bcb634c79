"""Leases as their holder sees them: counted on his own monotonic clock from the moment he asked (PARK-05).

Nothing here is durable: after a restart no lease counts as live until the agent has renewed it.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from kontuar.operations.ports.parking import LEASE_SECONDS

RENEW_AFTER: Final = 1 / 3
"""The part of a lease's life after which it is renewed: two renewals may fail before it ends."""


class HeldLease(msgspec.Struct, frozen=True):
    """A fencing token, until when it is good, and when it is to be renewed (monotonic seconds)."""

    token: int
    ends: float
    renew: float


class HeldLeases:
    """The leases that this station holds, by document. Used on the database thread."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: dict[str, HeldLease] = {}

    def took(self, doc_id: str, token: int, asked_at: float, seconds: float = LEASE_SECONDS) -> None:
        """The agent gave or renewed a lease that was asked for at `asked_at`."""
        self._held[doc_id] = HeldLease(token, asked_at + seconds, asked_at + seconds * RENEW_AFTER)

    def live(self, doc_id: str) -> int:
        """The token, if the lease is surely still good; else 0."""
        lease = self._held.get(doc_id)
        return lease.token if lease is not None and self._monotonic() < lease.ends else 0

    def renewal_due(self, doc_id: str) -> bool:
        """Whether it is time to renew it; one that is not known here (after a restart) is renewed at once."""
        lease = self._held.get(doc_id)
        return lease is None or self._monotonic() >= lease.renew

    def dropped(self, doc_id: str) -> None:
        """Given back, lost, or used up."""
        self._held.pop(doc_id, None)
