"""Approving in one turn where nobody has to be asked first, which is nearly always (PERF-02)."""

from collections.abc import Callable
from typing import TypeVar

from kontuar.domain.documents.types import type_of
from kontuar.operations.actor import Actor
from kontuar.operations.station.parking import errands
from kontuar.operations.station.station import Station

Result = TypeVar("Result")


def approved_unasked(
    station: Station, actor: Actor, doc_id: str, approve: Callable[[Station, Actor, str], Result]
) -> Result | None:
    """What `approve` came to; None where nothing was done, because somebody has to be asked first: head office for the
    coupons on the draft (COUP-03), or the agent, because others may be told that it is being approved here (PARK-08).
    """
    if errands.approving(station, doc_id) is not None:
        return None
    draft = station.books.drafts.load(doc_id)
    if draft is not None:
        actor.require(type_of(draft.type).issue_right, doc_id)
        if draft.discounts.coupons:
            return None
    return approve(station, actor, doc_id)
