"""What head office kept as forked comes once more as the true log: nodes were set back between. On PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub_documents_world import NOON, STORE, Hub, Till
from kontuar.domain.parties.rights import ALL_RIGHTS
from kontuar.operations.actor import Actor
from kontuar.operations.hub.verification import accept
from kontuar.storage.postgres.verification import PostgresVerificationShelf

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=ALL_RIGHTS)


@pytest.fixture
def till(hub: Hub) -> Till:
    """A till whose two messages an agent kept as forked and told; the log that they contradicted is held nowhere."""
    found = Till()
    found.open_shift()
    found.sell((1, 3))
    with hub.database.transaction():
        for message in found.messages:
            hub.desk.keep_fork(STORE, found.stream, message, NOON)
    return found


def states(hub: Hub) -> list[tuple[int, str, bool]]:
    return hub.rows("SELECT seq, state, forked FROM verification_item ORDER BY seq")


def booked(hub: Hub) -> tuple[int, int]:
    """(documents, shifts)."""
    return hub.one("SELECT count(*) FROM document"), hub.one("SELECT count(*) FROM shift")


def test_what_waited_for_a_person_is_booked_when_it_comes_as_the_true_log(hub: Hub, till: Till) -> None:
    """REL-05, REL-08: nobody needs to decide on it any more, and its goods have moved once."""
    hub.book()
    assert states(hub) == [(1, "parked", True), (2, "parked", True)]
    assert (hub.balance("A00001"), booked(hub)) == ((Decimal(0), Decimal(-3)), (0, 0))
    hub.push(till)
    hub.book()
    assert [state for _, state, _ in states(hub)] == ["booked", "booked"]
    assert (hub.balance("A00001"), booked(hub)) == ((Decimal(-3), Decimal(0)), (1, 1))
    till.sell((1, 1))
    hub.push(till)
    hub.book()
    assert (hub.reasons(), booked(hub)) == ([], (2, 1)), "its number counts for the series"


def test_it_waits_on_for_another_reason_without_counting_its_goods_again(hub: Hub, till: Till) -> None:
    """REL-09: a bad seal keeps it out still, as the message of the true log that it is now."""
    hub.book()
    hub.bad_seals.add(till.messages[1].hash)
    hub.push(till)
    hub.book()
    assert states(hub) == [(1, "booked", True), (2, "parked", False)]
    assert hub.reasons() == [(2, "signature.bad")]
    assert (hub.balance("A00001"), booked(hub)) == ((Decimal(0), Decimal(-3)), (0, 1))


def test_what_a_person_decided_stands(hub: Hub, till: Till) -> None:
    """REL-08: accepted as forked, it is booked already; it does not ask for a second decision."""
    hub.book()
    shelf = PostgresVerificationShelf(hub.database)
    for message in till.messages:
        accept(hub.desk, shelf, BOSS, STORE, message.hash.hex(), "sold", NOON)
    hub.push(till)
    hub.book()
    assert [state for _, state, _ in states(hub)] == ["accepted", "accepted"]
    assert (hub.balance("A00001"), booked(hub)) == ((Decimal(-3), Decimal(0)), (1, 1))


def test_what_came_in_both_ways_before_anybody_looked_is_no_fork(hub: Hub, till: Till) -> None:
    """REL-05: a person is shown what contradicts the true log, not what is it."""
    hub.push(till)
    hub.book()
    assert (states(hub), booked(hub)) == ([], (1, 1))
    assert hub.book().messages == 0
