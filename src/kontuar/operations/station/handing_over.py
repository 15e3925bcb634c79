"""What lies aside at a till that issues nothing any more goes to head office by a question (REL-05, REL-13).

A till tells what contradicts the true log in messages of its next life. A machine that was replaced has none, until a
person gives it a code; what it sold is head office's to decide on before that.
"""

from collections.abc import Sequence
from typing import Final

from kontuar.operations.ports.questions import MOST_FORK_BYTES, MOST_FORKS, ForksTold, KeptFork, TellForks
from kontuar.operations.ports.station.returned import ForkedMessage
from kontuar.operations.station import returned
from kontuar.operations.station.station import Station

_MOST: Final = 5_000


def is_due(station: Station) -> bool:
    """Whether a later life was opened elsewhere, so that nothing can be offered here."""
    return station.books.stream.stopped() == "stream.closed"


def next_telling(station: Station) -> TellForks | None:
    """What to tell next; None when all is told. The opening of a shift that goes on waits for this machine's next life,
    which tells it as its own."""
    waiting = station.books.returned.to_offer(station.identity.incarnation, _MOST)
    found = [forked for forked in waiting if not returned.opens_a_shift_that_goes_on(station, forked)]
    return _telling(station, found) if found else None


def _telling(station: Station, waiting: Sequence[ForkedMessage]) -> TellForks:
    """The first of them, of one life."""
    life, left = waiting[0].incarnation, MOST_FORK_BYTES
    messages: list[KeptFork] = []
    for forked in waiting[:MOST_FORKS]:
        sealed = forked.sealed
        left -= len(sealed.payload)
        if forked.incarnation != life or (messages and left < 0):
            break
        messages.append(
            KeptFork(
                seq=sealed.seq, previous=forked.previous, hash=sealed.hash, signature=sealed.signature,
                payload=sealed.payload,
            )
        )  # fmt: skip
    return TellForks(origin=station.identity.station, incarnation=life, messages=tuple(messages))


def told(station: Station, telling: TellForks, answer: ForksTold) -> int:
    """Remember what was told, also what head office refused: all of it is told again. How many it refused."""
    with station.books.transaction():
        for message in telling.messages:
            station.books.returned.offered(message.hash, station.identity.incarnation, returned.BY_QUESTION)
    return len(answer.refused)


def begin_again(station: Station) -> None:
    """Tell all of it once more: head office may have been set up again from a backup since, and nobody else has it."""
    with station.books.transaction():
        station.books.returned.offered_no_more(returned.BY_QUESTION)
