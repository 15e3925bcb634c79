"""What goes along with a node's files besides messages: questions that can wait, and the answers that come (REL-15)."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from kontuar import __version__
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock
from kontuar.nodes.return_desk import ordinals_of
from kontuar.operations.agent.forks import ForkShelf, tellings, told
from kontuar.operations.ports.exchange import Carried, Reply
from kontuar.operations.ports.questions import FORKS, MESSAGES, SPARE, AskMessages, ForksTold, TellForks
from kontuar.operations.station import returned
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite.exchange_shelf import SqliteExchangeShelf
from kontuar.sync.identity import NodeKeys
from kontuar.sync.lives import Lives

MOST_TELLINGS: Final = 8
"""Of one life in one file."""


class StationCarrier:
    """Implements `operations.ports.exchange.Carrier`: a till asks for what others hold of its earlier lives, and has
    the key of its next life certified (REL-13)."""

    def __init__(self, shelf: SqliteExchangeShelf, station: Station, lives: Lives, keys: NodeKeys, ids: Ids) -> None:
        self._shelf = shelf
        self._station = station
        self._lives = lives
        self._keys = keys
        self._ids = ids

    def asks(self) -> Sequence[Carried]:
        """The lives that others may hold otherwise, and a spare one where there is none; who reaches head office gets
        that by network."""
        needs_spare = self._station.connectivity() < Connectivity.ONLINE and not self._lives.has_spare()
        return [*self._messages(), *([self._spare()] if needs_spare else [])]

    def replied(self, replies: Sequence[Reply]) -> None:
        """Kept until the chores ask."""
        self._shelf.keep(replies)

    def doubted(self) -> bool:
        """Whether the definitions did not fit what a file built on them."""
        return self._shelf.doubted()

    def doubt(self, *, yes: bool) -> None:
        """Remember that, or that they are right again."""
        self._shelf.doubt(yes=yes)

    def has_messages(self) -> bool:
        """Whether a file brought messages of earlier lives."""
        return self._shelf.has_replies(MESSAGES)

    def has_spare(self) -> bool:
        """Whether a file brought the certificate of the next life."""
        return self._shelf.has_replies(SPARE) and self._shelf.kept(self._spare()) is not None

    def _messages(self) -> Iterator[Carried]:
        for life in returned.wanted(self._station, ordinals_of(self._station)):
            first = _messages_after(life.incarnation, life.after.seq)
            yield first
            if life.after.seq and self._shelf.kept(first) is not None:  # it was answered, and did not do
                yield _messages_after(life.incarnation, 0)

    def _spare(self) -> Carried:
        request = self._lives.spare_request(self._keys, ids=self._ids, build=__version__)
        return Carried(question=SPARE, body=request)


class AgentCarrier:
    """Implements `operations.ports.exchange.Carrier`: an agent tells of forks, and carries its stations' questions."""

    def __init__(self, shelf: SqliteExchangeShelf, forks: ForkShelf, clock: Clock) -> None:
        self._shelf = shelf
        self._forks = forks
        self._clock = clock

    def asks(self) -> Sequence[Carried]:
        """What was kept aside and not told yet, and what stations asked in vain."""
        for stream in self._forks.streams():
            for telling in tellings(self._forks, stream, MOST_TELLINGS):
                self._shelf.remember(Carried(question=FORKS, body=encode(telling)), self._clock.now())
        return self._shelf.remembered()

    def replied(self, replies: Sequence[Reply]) -> None:
        """Forks that the hub has are told no more; the stations' answers wait for them to ask again."""
        for reply in replies:
            asked = self._shelf.answered(reply)
            if asked is not None and reply.question == FORKS and not reply.problems:
                self._told(asked, reply)
        self._shelf.keep([reply for reply in replies if reply.on_behalf is not None])

    def doubted(self) -> bool:
        """Whether the definitions did not fit what a file built on them."""
        return self._shelf.doubted()

    def doubt(self, *, yes: bool) -> None:
        """Remember that, or that they are right again."""
        self._shelf.doubt(yes=yes)

    def remember(self, carried: Carried) -> None:
        """A station's question goes with the next file."""
        self._shelf.remember(carried, self._clock.now())

    def _told(self, asked: Carried, reply: Reply) -> None:
        try:
            told(self._forks, decode(asked.body, TellForks), decode(reply.body, ForksTold))
        except msgspec.DecodeError:
            return  # it is told again


def _messages_after(incarnation: str, after: int) -> Carried:
    return Carried(question=MESSAGES, body=encode(AskMessages(incarnation=incarnation, after=after)))
