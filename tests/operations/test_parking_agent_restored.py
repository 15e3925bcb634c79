"""An agent that was set up again forgot who has a parked document open: both sales are booked (PARK-06, REL-02)."""

from pathlib import Path

import msgspec
import pytest

from kontuar.operations.agent.parking_arrivals import contest_all
from kontuar.operations.agent.relay import RelayReceiver
from kontuar.operations.ports.streams import START, Batch, Position, StreamId
from parked_tills import StoreOfTills
from parking_world import Buffer


@pytest.fixture
def store(tmp_path: Path) -> StoreOfTills:
    return StoreOfTills(tmp_path)


def restored_from(store: StoreOfTills, backup: Path) -> None:
    """The agent goes on with the files of a backup."""
    store.buffer.stop()
    store.buffer = Buffer(backup, store.buffer.clock, "restored")


def claim_of(store: StoreOfTills, number: int, seq: int) -> None:
    """A till says how much the agent acknowledged."""
    buffer = store.buffer
    receiver = RelayReceiver(buffer.books.log, buffer.desk, node="agent@S1", epoch="e1")
    claimed = Position(seq, "ab" * 32)
    receiver.take(
        Batch(
            stream=StreamId(store[number].code, "i1"), store="S1", sender=store[number].code, first=1,
            previous_hash=bytes.fromhex(START.hash), messages=(), claim=claimed,
        )
    )  # fmt: skip


def test_a_document_that_a_cut_off_till_had_opened_from_the_agent_that_is_lost_is_sold_as_another_one(
    store: StoreOfTills, tmp_path: Path
) -> None:
    """PARK-06, REL-02: the agent was replaced, and has the document from the till that parked it."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.restart_agent(tmp_path / "new", "another")
    for number in (1, 3, 1, 3):
        store[number].sync()
    store[3].proceed(doc_id)
    here, cut_off = store[3].pay(doc_id), store[2].pay(doc_id)
    assert cut_off.doc_id == doc_id
    assert [(link.kind, link.doc_id) for link in here.links] == [("approved_from", doc_id)]
    assert here.doc_id != doc_id
    store.sync()
    assert store.buffer.listed() == {}


def test_an_agent_that_is_older_than_what_it_acknowledged_gives_no_document_as_if_nobody_had_it(
    store: StoreOfTills, tmp_path: Path
) -> None:
    """PARK-06, REL-02: any till that claims more shows it; the lease was given after the backup."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    backup = store.buffer.backup(tmp_path / "backup")
    store[2].proceed(doc_id)
    restored_from(store, backup)
    claim_of(store, 3, 4)
    store[3].proceed(doc_id)
    here, cut_off = store[3].pay(doc_id), store[2].pay(doc_id)
    assert (cut_off.doc_id == doc_id, here.doc_id == doc_id) == (True, False)


def test_a_till_that_claims_what_is_here_changes_nothing(store: StoreOfTills) -> None:
    """PARK-08: an ordinary start; the document keeps its identity."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    claim_of(store, 3, 0)
    store[3].proceed(doc_id)
    assert store[3].pay(doc_id).doc_id == doc_id


def test_the_holder_himself_goes_on_as_before_when_the_agent_is_replaced(store: StoreOfTills, tmp_path: Path) -> None:
    """PARK-08: he claims his lease with what he offers, so nobody else can have it."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.restart_agent(tmp_path / "new", "another")
    for number in (2, 3, 2):
        store[number].sync()
    assert store[2].pay(doc_id).doc_id == doc_id


def test_every_document_is_marked_once(store: StoreOfTills) -> None:
    """The list of the store is not told anew with each claim."""
    for _ in range(2):
        store[1].park(store[1].fill("MILK").doc_id)
    contest_all(store.buffer.books.parking)
    before = store.buffer.books.parking.cursor()
    assert all(parked.contested for parked in store.buffer.books.parking.every())
    contest_all(store.buffer.books.parking)
    assert store.buffer.books.parking.cursor() == before
    assert msgspec.structs.asdict(before)["version"] > 0
