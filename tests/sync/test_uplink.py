"""A till's messages reach the agent once, in order, unchanged, whatever the network does (REL-02, REL-04, REL-08)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontuar.kernel.errors import Refused
from kontuar.operations import incoming
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.sync.uplink import Failed, Push, Replied, Uplink, Wait, Woken
from sync_chain import Store, TestClock, Till, keys_for, push_all, sold


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def till(tmp_path: Path, clock: TestClock) -> Till:
    return Till(tmp_path / "till", clock)


@pytest.fixture
def store(tmp_path: Path, clock: TestClock) -> Store:
    return Store(tmp_path / "store", clock)


def test_what_was_sold_is_held_by_the_agent_byte_for_byte(till: Till, store: Store) -> None:
    for number in range(5):
        till.sell(sold("MILK", "1"), note=f"ż {number}")
    assert push_all(till, store) == 1
    assert store.payloads(till.id) == till.payloads()
    assert (till.held(), till.final()) == (5, 0)
    assert store.totals() == [("W1", "MILK", -50_000)]


def test_nothing_to_push_still_claims_every_few_minutes(till: Till, store: Store, clock: TestClock) -> None:
    """Push rule 5's empty push: a rolled back receiver or sender is noticed without a sale."""
    till.sell()
    push_all(till, store)
    assert till.uplink.step(Woken()) == Wait(60.0)
    clock.seconds = 181
    claim = till.uplink.step(Woken())
    assert isinstance(claim, Push)
    assert till.uplink.step(Replied(store.answer(claim.body))) == Wait(60.0)


def test_waiting_grows_from_a_fifth_of_a_second_to_five(till: Till, clock: TestClock) -> None:
    till.sell()
    waits = []
    for _ in range(7):
        effect = till.uplink.step(Woken())
        assert isinstance(effect, Push)
        pause = till.uplink.step(Failed("refused"))
        assert isinstance(pause, Wait)
        waits.append(round(pause.seconds, 3))
        clock.seconds += pause.seconds
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_an_acknowledged_hash_that_the_till_does_not_know_stops_it(till: Till, store: Store, tmp_path: Path) -> None:
    """Push rule 1. A till restored from a backup sells on: another document at a number the agent holds (REL-05)."""
    till.sell(note="before the backup")
    till.database.checkpoint(truncate=True)
    shutil.copytree(tmp_path / "till", tmp_path / "backup")
    till.sell(note="lost with the disk")
    push_all(till, store)
    restored = Till(tmp_path / "backup", till.clock)
    restored.sell(note="another second sale", doc_id="other")
    push_all(restored, store)
    assert restored.uplink.problem == "stream.forked"
    assert restored.held() == 0
    assert isinstance(restored.uplink.step(Woken()), Wait)
    assert store.payloads(till.id) == till.payloads()
    forked = store.books.database.rows("SELECT seq, payload FROM forked_message")
    assert [(seq, bytes(payload)) for seq, payload in forked] == [restored.payloads()[1]]


def test_with_acknowledgement_by_number_the_forked_sale_would_count_as_delivered(
    till: Till, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin of the test above: the damage without rule 1, to show that the guard is what prevents it."""
    till.sell(note="before the backup")
    till.database.checkpoint(truncate=True)
    shutil.copytree(tmp_path / "till", tmp_path / "backup")
    till.sell(note="lost with the disk")
    push_all(till, store)
    restored = Till(tmp_path / "backup", till.clock)
    restored.sell(note="another second sale", doc_id="other")
    monkeypatch.setattr(Uplink, "_is_ours", lambda self, outgoing, position: position.seq <= outgoing.head.seq)
    monkeypatch.setattr(incoming, "_fork_in", lambda batch, state, log: ())
    push_all(restored, store)
    assert restored.held() == 2
    assert restored.uplink.problem == ""
    assert store.payloads(till.id)[1] != restored.payloads()[1]


def test_an_agent_that_holds_more_than_the_till_wrote_stops_it(till: Till, store: Store, tmp_path: Path) -> None:
    till.sell()
    till.database.checkpoint(truncate=True)
    shutil.copytree(tmp_path / "till", tmp_path / "backup")
    till.sell()
    till.sell()
    push_all(till, store)
    restored = Till(tmp_path / "backup", till.clock)
    push_all(restored, store)
    assert restored.uplink.problem == "stream.forked"


def test_a_closed_incarnation_is_told_to_its_till_and_what_it_wrote_before_is_taken(till: Till, store: Store) -> None:
    """REL-13: it issues nothing more after it learns of it; REL-02: what it wrote until then is not lost."""
    till.sell()
    push_all(till, store)
    with store.books.database.transaction():
        store.books.outbox.stop(till.id, "stream.closed")
    for _ in range(120):
        till.sell(sold("MILK", "1"))
    assert push_all(till, store) == 3
    assert till.uplink.problem == "stream.closed"
    assert store.payloads(till.id) == till.payloads()
    assert (till.held(), store.totals()) == (121, [("W1", "MILK", -1_200_000)])
    with pytest.raises(Refused, match=r"stream\.closed"):
        till.sell()
    assert isinstance(till.uplink.step(Woken()), Wait)


def test_an_empty_agent_gets_everything_again(till: Till, store: Store, tmp_path: Path) -> None:
    """The agent was lost and replaced: its *held* is less than the claim, the till sends from there."""
    for _ in range(450):
        till.sell(sold("MILK", "1"))
    push_all(till, store)
    assert till.held() == 450
    fresh = Store(tmp_path / "fresh", till.clock)
    till.sell(sold("MILK", "1"))
    push_all(till, fresh)
    assert fresh.payloads(till.id) == till.payloads()
    assert till.held() == 451
    assert fresh.totals() == [("W1", "MILK", -4_510_000)]


def test_a_new_agent_goes_on_from_where_the_hub_is(till: Till, store: Store) -> None:
    """Messages that are final need not pass the agent again."""
    for _ in range(5):
        till.sell()
    push_all(till, store)
    at_hub = Position(3, till.outbox.hash_at(till.id, 3) or "")
    fresh = Store(store.folder.parent / "fresh", till.clock)
    with fresh.books.database.transaction():
        fresh.books.outbox.adopt(till.id, "S1", at_hub)
    till.sell()
    push_all(till, fresh)
    assert [seq for seq, _ in fresh.payloads(till.id)] == [4, 5, 6]
    assert (till.held(), till.final()) == (6, 3)


def test_a_late_answer_to_an_earlier_push_does_not_look_like_a_rollback(till: Till, store: Store) -> None:
    """A rewind counts only when it repeats the claim that the till makes now."""
    till.sell()
    first = till.uplink.step(Woken())
    assert isinstance(first, Push)
    late = store.answer(first.body)
    push_all(till, store, till.new_uplink())
    till.sell()
    push_all(till, store, till.new_uplink())
    till.uplink.step(Replied(late))
    assert till.held() == 2


def test_waiting_messages_go_fifty_at_a_time(till: Till, store: Store) -> None:
    """PERF-05's shape: many in a request, yet so few that a scan does not wait long behind the packing."""
    with till.database.transaction():
        for _ in range(2_000):
            till.sell()
    assert push_all(till, store) == 40


@given(
    fates=st.lists(st.sampled_from(["arrives", "lost", "answer lost", "twice", "late", "restart", "sell"]), max_size=40)
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_message_arrives_once_in_order_and_unchanged_through_any_network(fates: list[str]) -> None:
    """REL-02, REL-08, REL-15: loss, repetition, lateness of requests and answers, restarts of either side."""
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), TestClock()
        till, store = Till(folder / "till", clock, most_messages=2, most_frames=2), Store(folder / "store", clock)
        till.sell(sold("MILK", "1"))
        late: list[bytes] = []
        for fate in fates:
            clock.seconds += 10
            store = through(fate, till, store, late)
        for body in late:
            store.answer(body)
        clock.seconds += 10
        push_all(till, store)
        assert store.payloads(till.id) == till.payloads()
        assert till.held() == till.sold
        assert till.uplink.problem == ""
        assert store.totals() == [("W1", "MILK", -10_000 * till.sold)]
        assert store.books.log.counts()["messages_forked"] == 0


def through(fate: str, till: Till, store: Store, late: list[bytes]) -> Store:
    """One request meets its fate; the agent may be another process afterwards."""
    if fate == "sell":
        till.sell(sold("MILK", "1"))
        return store
    if fate == "restart":
        store.books.database.close()
        till.uplink = till.new_uplink(most_messages=2, most_frames=2)
        return Store(store.folder, till.clock)
    effect = till.uplink.step(Woken())
    if not isinstance(effect, Push):
        return store
    if fate == "late":
        late.append(effect.body)
        till.uplink.step(Failed("timeout"))
    elif fate == "lost":
        till.uplink.step(Failed("cut"))
    else:
        answer = store.answer(effect.body)
        if fate == "twice":
            store.answer(effect.body)
        till.uplink.step(Failed("cut") if fate == "answer lost" else Replied(answer))
        if late:
            store.answer(late.pop(0))
    return store


def test_one_till_with_a_bad_stream_does_not_hold_up_another(store: Store, tmp_path: Path, clock: TestClock) -> None:
    """REL-09: nothing blocks what comes behind it, except what depends on it."""
    other = Till(tmp_path / "other", clock, keys_for("T2", "station"))
    other.sell()
    push_all(other, store)
    with store.books.database.transaction():
        store.books.outbox.stop(StreamId("T9", "x"), "stream.forked")
    other.sell()
    push_all(other, store)
    assert other.held() == 2


def test_a_message_that_cannot_be_understood_is_parked_and_the_next_ones_pass(till: Till, store: Store) -> None:
    """Push rule 3: readable bytes of the wrong shape are stored with a reason; the cursor moves."""
    till.sell()
    with till.database.transaction():
        till.stream.append("receipt.approved/1", "bad", msgspec.convert({}, _Odd), at=clock_now(till), by="ANNA")
    till.sell()
    push_all(till, store)
    assert till.held() == 3
    assert store.books.database.rows("SELECT seq, message_id, reason FROM parked") == [(2, "", "message.unreadable")]


class _Odd(msgspec.Struct):
    stock_moves: int = 7


def clock_now(till: Till) -> object:
    return till.clock.now()


def test_the_same_document_id_twice_is_kept_parked_and_moves_no_stock(till: Till, store: Store) -> None:
    """REL-08, and never merged by id."""
    till.sell(sold("MILK", "1"), doc_id="D1")
    with till.database.transaction():
        till.stream.append(
            "receipt.approved/1", "D1", _Again(stock_moves=(sold("MILK", "5"),)), at=clock_now(till), by="A"
        )
    push_all(till, store)
    assert store.books.database.rows("SELECT seq, reason FROM parked") == [(2, "message.id_taken")]
    assert store.totals() == [("W1", "MILK", -10_000)]


class _Again(msgspec.Struct):
    doc_id: str = "D1"
    stock_moves: tuple[object, ...] = ()
