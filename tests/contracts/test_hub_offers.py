"""What a station offers of its forked log is kept at the hub for a person to decide on, on a real PostgreSQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hub_documents_world import NOON, STATION, STORE, Hub, Till
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import OFFERED, OPENED, Message, MessageOffered, StreamOpened
from kontuar.domain.parties.rights import ALL_RIGHTS
from kontuar.kernel.canonical import CHAIN_START, decode
from kontuar.operations.actor import Actor
from kontuar.operations.hub.verification import accept, retry
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.verification import PostgresVerificationShelf

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=ALL_RIGHTS)


@pytest.fixture
def fork() -> Till:
    """What the restored till had sold until it learned that another log of it is the true one."""
    till = Till()
    till.open_shift()
    till.sell((1, 3))
    return till


@pytest.fixture
def next_life() -> Till:
    till = Till(life="life2")
    till.say(OPENED, StreamOpened(reason="forked", ordinal=2))
    return till


def offer(till: Till, fork: Till, seq: int, /, **changes: Any) -> None:
    """One message of the forked log in the stream of the next life."""
    message = fork.messages[seq - 1]
    previous = fork.messages[seq - 2].hash if seq > 1 else CHAIN_START
    body = MessageOffered(
        incarnation=fork.stream.incarnation, seq=seq, previous=previous.hex(), hash=message.hash.hex(),
        signature=message.signature.hex(), payload=message.payload.decode(),
    )  # fmt: skip
    till.say(OFFERED, msgspec.structs.replace(body, **changes))


def true_log(hub: Hub) -> Till:
    till = Till()
    till.open_shift("true shift")
    till.sell((2, 1), shift_id="true shift")
    receive(msgspec.structs.replace(till.batch(), ordinal=1), hub.log, receiver="hub", epoch="e", is_hub=True)
    hub.book()
    return till


def arrive(hub: Hub, till: Till) -> None:
    receive(msgspec.structs.replace(till.batch(), ordinal=2), hub.log, receiver="hub", epoch="e", is_hub=True)
    hub.book()


def parked(hub: Hub) -> list[tuple[str, int, str, bool]]:
    return hub.rows(
        "SELECT incarnation, seq, reason, forked FROM verification_item WHERE state = 'parked' ORDER BY 1, 2"
    )


def test_an_offered_sale_waits_for_a_person_with_its_goods_counted(hub: Hub, fork: Till, next_life: Till) -> None:
    """REL-05: the sale did happen; nobody decides for the person which of the two logs counts."""
    true_log(hub)
    offer(next_life, fork, 1)
    offer(next_life, fork, 2)
    arrive(hub, next_life)
    assert parked(hub) == [("life1", 1, "stream.forked", True), ("life1", 2, "stream.forked", True)]
    assert hub.balance("A00001") == (Decimal(0), Decimal(-3))
    assert [bytes(row[0]) for row in hub.rows("SELECT payload FROM forked_message ORDER BY seq")] == [
        message.payload for message in fork.messages
    ]


def test_what_was_offered_and_opened_is_among_the_events_of_the_station(hub: Hub, fork: Till, next_life: Till) -> None:
    """HUB-09: that it happened, and which message; what it says lies where forks lie."""
    offer(next_life, fork, 2)
    arrive(hub, next_life)
    digest = fork.messages[1].hash.hex()
    assert hub.rows("SELECT kind, body FROM technical_event ORDER BY seq") == [
        ("stream.opened/1", {"reason": "forked", "ordinal": 2, "closes": [], "witnessed": None}),
        ("stream.offered/1", {"incarnation": "life1", "seq": 2, "hash": digest}),
    ]


def test_what_is_offered_twice_is_kept_once(hub: Hub, fork: Till, next_life: Till) -> None:
    """REL-08: also when it came as a fork before, and when it was decided on."""
    true_log(hub)
    receive(fork.batch(), hub.log, receiver="hub", epoch="e", is_hub=True)
    hub.book()
    assert len(parked(hub)) == 2
    accept(hub.desk, PostgresVerificationShelf(hub.database), BOSS, STORE, fork.messages[0].hash.hex(), "ok", NOON)
    for _ in range(2):
        offer(next_life, fork, 1)
        offer(next_life, fork, 2)
    arrive(hub, next_life)
    assert parked(hub) == [("life1", 2, "stream.forked", True)]
    assert hub.balance("A00001") == (Decimal(0), Decimal(-3))


def lost(hub: Hub) -> list[tuple[str, int]]:
    with hub.database.transaction():
        return [(row.node, row.lost) for row in PostgresMonitorShelf(hub.database).nodes()]


def test_what_a_witness_saw_written_and_nobody_holds_is_told_until_it_comes(hub: Hub) -> None:
    """REL-02: the only excuse is a disk that is gone, and then it is said how much was on it."""
    old, restored = Till(), Till(life="life2")
    old.open_shift()
    old.sell((1, 3))
    old.sell((1, 1))
    receive(msgspec.structs.replace(old.batch(1, 2), ordinal=1), hub.log, receiver="hub", epoch="e", is_hub=True)
    restored.say(OPENED, StreamOpened(reason="restored", ordinal=2, witnessed=("life1", 3)))
    arrive(hub, restored)
    hub.rows(
        "INSERT INTO node_certificate (node, incarnation, ordinal, kind, store, series, public_key, certificate, "
        "signature, issued_at) VALUES (%s, 'life2', 2, 'station', %s, 'S', '', '', '', now()) RETURNING 1",
        STATION, STORE,
    )  # fmt: skip
    assert lost(hub) == [(STATION, 1)]
    receive(msgspec.structs.replace(old.batch(), ordinal=1), hub.log, receiver="hub", epoch="e", is_hub=True)
    hub.book()
    assert lost(hub) == [(STATION, 0)], "the old disk was found"


@pytest.mark.parametrize("seq", [0, -4, 2**62])
def test_a_made_up_figure_of_a_witness_is_ignored(hub: Hub, seq: int) -> None:
    restored = Till(life="life2")
    restored.say(OPENED, StreamOpened(reason="restored", ordinal=2, witnessed=("life1", seq)))
    arrive(hub, restored)
    assert hub.one("SELECT count(*) FROM witnessed_life") == 0


def test_what_the_hub_holds_as_true_is_no_fork(hub: Hub, next_life: Till) -> None:
    true = true_log(hub)
    offer(next_life, true, 2)
    arrive(hub, next_life)
    assert (parked(hub), hub.one("SELECT count(*) FROM forked_message")) == ([], 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"hash": "ab" * 32},
        {"previous": "ab" * 32},
        {"previous": "no hash"},
        {"previous": "ab"},
        {"signature": "ab"},
        {"seq": 3},
        {"seq": -2},
        {"seq": 2**62},
        {"payload": "{}"},
        {"incarnation": "another"},
    ],
)
def test_an_offer_that_is_not_what_was_signed_is_parked_itself(
    hub: Hub, fork: Till, next_life: Till, changes: dict[str, Any]
) -> None:
    """SEC-02, REL-09: the next one passes; accepting it sets it aside, for there is nothing in it to book."""
    offer(next_life, fork, 2, **changes)
    offer(next_life, fork, 1)
    arrive(hub, next_life)
    assert parked(hub) == [("life1", 1, "stream.forked", True), ("life2", 2, "message.offer_wrong", False)]
    shelf = PostgresVerificationShelf(hub.database)
    message = next_life.messages[1].hash.hex()
    assert retry(hub.desk, shelf, BOSS, STORE, message, NOON).state == "parked"
    assert accept(hub.desk, shelf, BOSS, STORE, message, "never was", NOON).state == "set_aside"
    assert hub.one("SELECT count(*) FROM forked_message") == 1


def test_an_offer_under_a_key_that_is_not_the_stations_is_parked_until_the_key_is_known(
    hub: Hub, fork: Till, next_life: Till
) -> None:
    """SEC-02: the life of another origin is nobody's to offer; a certificate that comes later makes it good."""
    faults = {StreamId(STATION, "life1"): "certificate.unknown"}
    hub.desk.fault_of_seal = lambda stream, message: faults.get(stream, "")
    offer(next_life, fork, 2)
    arrive(hub, next_life)
    assert parked(hub) == [("life2", 2, "message.offer_wrong", False)]
    faults.clear()
    retry(hub.desk, PostgresVerificationShelf(hub.database), BOSS, STORE, next_life.messages[1].hash.hex(), NOON)
    hub.book()
    assert parked(hub) == [("life1", 2, "stream.forked", True)]


def test_a_life_that_was_revoked_since_may_be_offered(hub: Hub, fork: Till, next_life: Till) -> None:
    """SEC-02: it signed the sale; what that is worth the person says."""
    hub.desk.fault_of_seal = lambda stream, _: "certificate.revoked" if stream.incarnation == "life1" else ""
    offer(next_life, fork, 2)
    arrive(hub, next_life)
    assert [(seq, forked) for _, seq, _, forked in parked(hub)] == [(2, True)]


def test_an_accepted_offer_keeps_what_was_offered(hub: Hub, fork: Till, next_life: Till) -> None:
    """REL-02: the offer itself was doubtful (its own seal); a person vouches for it, and nothing is lost."""
    offer(next_life, fork, 2)
    hub.bad_seals.add(next_life.messages[1].hash)
    arrive(hub, next_life)
    assert parked(hub) == [("life2", 2, "signature.bad", False)]
    shelf = PostgresVerificationShelf(hub.database)
    assert accept(hub.desk, shelf, BOSS, STORE, next_life.messages[1].hash.hex(), "seen", NOON).state == "accepted"
    hub.book()
    assert parked(hub) == [("life1", 2, "stream.forked", True)]


def test_a_draft_sold_in_both_logs_is_booked_as_the_true_one_says_also_when_that_comes_later(
    hub: Hub, fork: Till, next_life: Till
) -> None:
    """REL-05, REL-09: head office was set up again from a backup, and hears of the forked sale first."""
    sold = decode(decode(fork.messages[1].payload, Message).body, Document)
    offer(next_life, fork, 2)
    arrive(hub, next_life)
    till = Till()
    till.open_shift("true shift")
    till.sell((2, 1), shift_id="true shift", doc_id=sold.doc_id)
    hub.push(till)
    hub.book()
    assert parked(hub) == [("life1", 2, "stream.forked", True)]
    assert hub.rows("SELECT doc_id::text, gross FROM document") == [(sold.doc_id, 499)]
    assert hub.balance("A00001") == (Decimal(0), Decimal(-3))
    assert hub.balance("A00002") == (Decimal(-1), Decimal(0))
