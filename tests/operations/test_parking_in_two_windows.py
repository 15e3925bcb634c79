"""Two windows of one till at once, and documents thrown away while their messages are on the way (PARK-05, PARK-16)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontuar.operations.station import till
from kontuar.operations.station.parking import errands
from kontuar.web import parked
from parked_tills import StoreOfTills, refused, run
from shop import actor_of


@pytest.fixture
def store(tmp_path: Path) -> StoreOfTills:
    return StoreOfTills(tmp_path)


def parked_at_first(store: StoreOfTills) -> str:
    """A receipt with milk, parked at the first till; every till knows of it."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store.sync()
    return doc_id


def articles(store: StoreOfTills, number: int, doc_id: str) -> list[str]:
    return [line.article for line in store[number].station.draft(doc_id).lines]


# -- an answer that comes late ------------------------------------------------------------------------------
def test_deleting_in_one_window_leaves_what_was_opened_in_another_meanwhile(store: StoreOfTills) -> None:
    """PARK-16: the answer to the deletion came after the document was opened here and changed."""
    doc_id = parked_at_first(store)
    late = store.late(2, doc_id, deletes=True)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    assert refused(late) == ("parking.changed_here", {})
    assert articles(store, 2, doc_id) == ["MILK", "WATER"]
    store.sync()
    assert store[2].park(doc_id).outcome == "parked"
    assert {key: (row.version, row.gross) for key, row in store.buffer.listed().items()} == {doc_id: (2, 648)}


def test_a_window_that_asked_later_to_delete_hands_its_lease_to_the_one_that_edits(store: StoreOfTills) -> None:
    """PARK-05, PARK-08: the agent counts the last token; the approval is one under a lease."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    late = store.late(2, doc_id, deletes=True)
    assert refused(late) == ("parking.changed_here", {})
    run(parked.tell_approving(store[2].desk, doc_id))
    approved = store[2].pay(doc_id)
    assert (approved.doc_id, approved.links) == (doc_id, ())
    store.sync()
    assert store.buffer.listed() == {}


def test_deleting_in_one_window_leaves_what_was_parked_in_another_meanwhile(store: StoreOfTills) -> None:
    """PARK-03, PARK-16: the work waits for an agent that did not answer."""
    doc_id = parked_at_first(store)
    late = store.late(2, doc_id, deletes=True)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store.up = False
    assert store[2].park(doc_id).outcome == "local"
    store.up = True
    assert refused(late) == ("parking.changed_here", {})
    store.sync()
    assert {key: (row.version, row.gross) for key, row in store.buffer.listed().items()} == {doc_id: (2, 648)}


def test_what_was_sold_in_one_window_is_neither_opened_nor_deleted_in_another(store: StoreOfTills) -> None:
    """PARK-08: else it could be sold twice."""
    doc_id = parked_at_first(store)
    opens, deletes = store.late(2, doc_id), store.late(2, doc_id, deletes=True)
    store[2].proceed(doc_id)
    approved = store[2].pay(doc_id)
    wanted = ("parking.approved", {"number": approved.number, "station": "S1T2"})
    assert (refused(opens), refused(deletes)) == (wanted, wanted)
    assert store[2].books.drafts.every() == []
    assert store[2].approve(doc_id) == approved


def test_what_was_deleted_in_one_window_is_not_opened_in_another(store: StoreOfTills) -> None:
    """PARK-16."""
    doc_id = parked_at_first(store)
    late = store.late(2, doc_id)
    store.cut = {"parking.delete"}
    store[2].delete(doc_id)
    assert refused(late) == ("parking.deleted", {"station": "S1T2"})
    store.cut = set()
    store.sync()
    assert store.buffer.listed() == {}


def test_what_is_a_draft_again_is_not_parked_by_an_errand_of_before(store: StoreOfTills) -> None:
    """PARK-08, REL-02: the errands of a round were listed, then one of them was opened here and sold."""
    store.up = False
    doc_id = store[1].fill("MILK").doc_id
    assert store[1].park(doc_id).outcome == "local"
    (errand,) = errands.due(store[1].station)
    store[1].proceed(doc_id)
    approved = store[1].pay(doc_id)
    store.up = True
    run(parked.run_errand(store[1].desk, errand))
    store.sync()
    assert approved.doc_id == doc_id
    assert store.buffer.listed() == {}
    assert [question for _, question in store.asked if question == errands.SAVE] == []


def test_what_the_agent_may_have_heard_of_once_stays_so_when_it_is_parked_again(store: StoreOfTills) -> None:
    """PARK-08, REL-02: the question of the first parking is on its way all the time, and arrives after the sale."""
    store.up = False
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    (errand,) = errands.due(store[1].station)
    run(parked.run_errand(store[1].desk, errand))
    for _ in range(2):
        store[1].proceed(doc_id)
        store[1].add(doc_id, "WATER")
        store[1].park(doc_id)
    store[1].proceed(doc_id)
    approved = store[1].pay(doc_id)
    store.up = True
    store.sync()
    said = refused(run, store.answer("S1T1", errand.question, errand.body))
    assert said == ("parking.approved", {"number": approved.number, "station": "S1T1"})
    assert store.buffer.listed() == {}


# -- thrown away --------------------------------------------------------------------------------------------
def test_a_copy_thrown_away_without_a_lease_does_not_take_the_document_opened_again(store: StoreOfTills) -> None:
    """PARK-05: the message of throwing it away arrives when the till has the document under a lease."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    till.discard(store[1].station, actor_of(operator="OLA"), doc_id)
    store.up = True
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    store.sync()
    assert articles(store, 1, doc_id) == ["MILK", "WATER"]
    assert store.buffer.row(doc_id).holder == "S1T1"


def test_what_was_deleted_does_not_come_back_to_an_agent_that_never_had_it(store: StoreOfTills, tmp_path: Path) -> None:
    """PARK-15, PARK-16: the agent was replaced before it answered; the till keeps no copy that it would offer."""
    doc_id = store[2].fill("MILK").doc_id
    store[2].park(doc_id)
    store.sync()
    store.cut = {"parking.delete"}
    store[2].delete(doc_id)
    store.restart_agent(tmp_path / "new agent", "second")
    store.cut = set()
    for _ in range(3):
        store.wait(21)
        store.sync()
    assert store.buffer.listed() == {}
    assert [one.conditions() for one in store.tills] == [{}, {}, {}]


def test_what_is_thrown_away_under_a_lease_leaves_with_its_message(store: StoreOfTills) -> None:
    """PARK-16: also when the question to delete it never gets through."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store.cut = {"parking.delete"}
    till.discard(store[2].station, actor_of(operator="OLA"), doc_id)
    store.sync()
    assert store.buffer.listed() == {}
    assert store[2].conditions() == {}
