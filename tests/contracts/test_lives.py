"""A station's lives at whoever takes its pushes: the same over the agent's SQLite and the hub's PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub_documents_world import STATION, FixedClock, Till
from kontuar.domain.documents.messages import OPENED, StreamOpened, TechnicalEvent
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import Acknowledgement, Batch, Position, SealedMessage, StreamLog
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.migrations import migrate
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.storage.sqlite.agent.books import AgentBooks


class Receiver:
    """Takes pushes and remembers which messages were new."""

    def __init__(self, log: StreamLog) -> None:
        self.log = log
        self.taken: list[int] = []

    def push(self, till: Till, first: int = 1, last: int = 0, **known: Any) -> Acknowledgement:
        """As from a program that knows the certificate when `ordinal` is given."""
        return self.take(msgspec.structs.replace(till.batch(first, last), **known))

    def claim(self, till: Till, ordinal: int) -> Acknowledgement:
        """An empty push."""
        last = till.messages[-1]
        batch = msgspec.structs.replace(
            till.batch(), first=last.seq + 1, previous_hash=last.hash, messages=(), ordinal=ordinal,
            claim=Position(last.seq, last.hash.hex()),
        )  # fmt: skip
        return self.take(batch)

    def take(self, batch: Batch) -> Acknowledgement:
        def taken(_: Batch, messages: Sequence[SealedMessage], __: object) -> None:
            self.taken += [message.seq for message in messages]

        return receive(batch, self.log, receiver="r", epoch="e", is_hub=False, taken=taken)

    def is_closed(self, till: Till) -> bool:
        with self.log.transaction():
            return self.log.state(till.stream).closed


@pytest.fixture(params=["agent", pytest.param("hub", marks=pytest.mark.postgres)])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    if request.param == "agent":
        books = AgentBooks(tmp_path / "agent.db", tmp_path / "snapshots", "S1", FixedClock(), "e")
        yield Receiver(books.log)
        books.database.close()
    else:
        database = HubDatabase(request.getfixturevalue("postgres_url"))
        migrate(database)
        yield Receiver(PostgresStreamLog(database, FixedClock()))
        database.close()


def life(name: str, ordinal: int = 0, station: str = STATION) -> Till:
    """A life with a few messages; with an ordinal it says first that it was opened."""
    till = Till(station, life=name)
    if ordinal:
        till.say(OPENED, StreamOpened(reason="restored", ordinal=ordinal))
    for number in range(3):
        till.say("station.event/1", TechnicalEvent(event=f"{name} {number}"))
    return till


def held(till: Till, seq: int) -> Position:
    return Position(seq, till.messages[seq - 1].hash.hex())


def test_a_life_that_is_opened_closes_the_earlier_ones_of_its_station(receiver: Receiver) -> None:
    """REL-13: and no other station's, nor itself."""
    first, second, other = life("a"), life("b", 2), life("c", station="POS2")
    receiver.push(first, ordinal=1)
    receiver.push(other, ordinal=1)
    assert receiver.push(second, ordinal=2).closed == ()
    assert [receiver.is_closed(till) for till in (first, second, other)] == [True, False, False]
    assert receiver.claim(first, 1).closed == ("a",)
    third = life("d", 3)
    receiver.push(third, ordinal=3)
    assert [receiver.is_closed(till) for till in (first, second, third)] == [True, True, False]


def test_a_closed_life_drains(receiver: Receiver) -> None:
    """REL-02, REL-13: what it wrote before it heard of its closing is taken, in order, and said to be closed."""
    first = life("a")
    receiver.push(first, 1, 1, ordinal=1)
    receiver.push(life("b", 2), ordinal=2)
    receiver.taken.clear()
    told = receiver.push(first, 2, ordinal=1)
    assert (told.held, told.closed, told.forked) == (held(first, 3), ("a",), ())
    assert receiver.taken == [2, 3]
    again = receiver.push(first, 2, ordinal=1)
    assert (again.held, receiver.taken) == (held(first, 3), [2, 3])


def test_an_earlier_life_that_is_first_heard_of_later_is_closed_and_drains(receiver: Receiver) -> None:
    """REL-13: an old machine comes back to a new agent."""
    receiver.push(life("b", 2), ordinal=2)
    first = life("a")
    told = receiver.push(first, ordinal=1)
    assert (told.held, told.closed) == (held(first, 3), ("a",))
    assert receiver.claim(life("z"), 1).closed == ("z",)


def test_a_life_that_is_opened_after_a_later_one_is_closed_at_once(receiver: Receiver) -> None:
    """REL-13: two spares were used on two machines; the later one wins."""
    receiver.push(life("c", 3), ordinal=3)
    assert receiver.push(life("b", 2), ordinal=2).closed == ("b",)


def test_a_life_without_an_opening_closes_nothing(receiver: Receiver) -> None:
    """Enrolled anew by a program that did not open lives."""
    first = life("a")
    receiver.push(first, ordinal=1)
    receiver.push(life("b"), ordinal=2)
    assert not receiver.is_closed(first)


def test_which_life_an_older_stream_is_is_learned_with_its_next_push(receiver: Receiver) -> None:
    """Rows of before: no ordinal is known until somebody speaks again."""
    first, second = life("a"), life("b", 2)
    receiver.push(first)
    receiver.push(second, ordinal=2)
    assert not receiver.is_closed(first)
    assert receiver.claim(first, 1).closed == ("a",)


def test_an_opening_whose_certificate_comes_later_closes_then(receiver: Receiver) -> None:
    """The hub's key ring learns of a certificate a moment after it was given."""
    first, second = life("a"), life("b", 2)
    receiver.push(first, ordinal=1)
    receiver.push(second, 1, 2)
    assert not receiver.is_closed(first)
    receiver.push(second, 3, ordinal=2)
    assert receiver.is_closed(first)


def test_an_opening_that_is_not_signed_by_its_station_closes_nothing(receiver: Receiver) -> None:
    """SEC-02: it is kept, and parked when it is booked."""
    first, second = life("a"), life("b", 2)
    receiver.push(first, ordinal=1)
    told = receiver.push(second, ordinal=2, forged=True)
    receiver.claim(second, 2)
    assert (told.held, receiver.is_closed(first)) == (held(second, 4), False)


def test_only_the_first_message_opens_a_life(receiver: Receiver) -> None:
    first, second = life("a"), life("b")
    second.say(OPENED, StreamOpened(reason="restored", ordinal=2))
    receiver.push(first, ordinal=1)
    receiver.push(second, ordinal=2)
    assert not receiver.is_closed(first)


def test_a_life_whose_opening_never_passed_here_closes_earlier_ones_when_its_station_speaks(receiver: Receiver) -> None:
    """REL-13: an agent set up again from a backup takes it up where head office stands; who relays opens nothing."""
    first, second = life("a"), life("b", 2)
    receiver.push(first, ordinal=1)
    claim = msgspec.structs.replace(
        second.batch(), first=5, previous_hash=second.messages[-1].hash, messages=(), claim=held(second, 4), ordinal=2
    )
    receiver.take(msgspec.structs.replace(claim, sender="agent@S1"))
    assert not receiver.is_closed(first)
    receiver.take(claim)
    assert receiver.is_closed(first)
    assert not receiver.is_closed(second)


def test_a_fork_closes_a_life_and_its_true_log_goes_on(receiver: Receiver) -> None:
    """REL-05: what contradicts is kept aside; what follows the chain is taken, before and after."""
    first, fork = life("a"), life("a")
    receiver.push(first, 1, 2, ordinal=1)
    told = receiver.push(fork, ordinal=1)
    assert (told.forked, told.closed) == (tuple(m.hash.hex() for m in fork.messages), ("a",))
    assert receiver.push(first, 3, ordinal=1).held == held(first, 3)
