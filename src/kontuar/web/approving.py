"""Approving a draft from a screen or the API: whoever has to be asked first is asked, nobody waits long for him."""

from collections.abc import Callable
from typing import TypeVar

from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.unasked import approved_unasked
from kontuar.web import coupons, parked
from kontuar.web.desk import Asked, Desk

Result = TypeVar("Result")


async def approved(request: Asked, desk: Desk, doc_id: str, approve: Callable[[Station, Actor, str], Result]) -> Result:
    """What `approve` came to, after coupons were reserved (COUP-03) and the store was told (PARK-08) where they have
    to be. Raises what they are refused with, and what `approve` is."""
    done = await desk.do(request, approved_unasked, doc_id, approve)
    if done is not None:
        return done
    await coupons.before_approval(request, desk, doc_id)
    await parked.tell_approving(desk, doc_id)
    return await desk.do(request, approve, doc_id)
