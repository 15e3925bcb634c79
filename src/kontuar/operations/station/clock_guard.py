"""A clock that went back is dangerous: times in a series never go back (REL-05, REL-19)."""

from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import instant_text
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import CLOCK_TOLERANCE, Station


def require_sane_clock(station: Station, actor: Actor) -> None:
    """Refuse when the clock stands before the last message, unless an authorised person lets it pass.

    That he did is told to head office; from that message on the station counts by its new clock.
    Raises `Refused("clock.behind")` with the time of the last message.
    """
    last = station.books.stream.last_time()
    now = station.clock.now()
    if last is None or now >= last - CLOCK_TOLERANCE:
        return
    facts = {"last": instant_text(last), "now": instant_text(now)}
    if not actor.may(rights.ACCEPT_CLOCK):
        raise refuse("clock.behind", "clock", **facts)
    station.accept_clock(actor.operator, **facts)
