"""A parked document that was taken over: both tills may come to sell it, and both sales are booked (PARK-06)."""

from pathlib import Path

import pytest

from kontuar.kernel.errors import Refused
from kontuar.nodes.parking_desk import ParkingDesk
from kontuar.operations.station.parking import errands
from parked_tills import StoreOfTills, run


@pytest.fixture
def store(tmp_path: Path) -> StoreOfTills:
    return StoreOfTills(tmp_path)


def test_a_document_that_was_taken_over_is_approved_as_another_one_than_its_former_holder_may_make(
    store: StoreOfTills,
) -> None:
    """PARK-06, PARK-08, REL-02: both tills sold it, one of them cut off under a lease that it took for good."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.sync()
    store[3].proceed(doc_id, by="EWA", take_over=True)
    cut_off, taker = store[2].pay(doc_id), store[3].pay(doc_id)
    assert cut_off.doc_id == doc_id
    assert taker.doc_id != doc_id
    assert [(link.kind, link.doc_id) for link in taker.links] == [("approved_from", doc_id)]
    store.sync()
    assert store.buffer.listed() == {}


def test_a_no_to_the_renewal_of_a_lease_that_comes_after_the_approval_changes_nothing(store: StoreOfTills) -> None:
    """PARK-06, PARK-08: the till sold the document while the agent's answer was on its way."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.wait(30)
    (renewal,) = errands.due(store[2].station)
    store[3].proceed(doc_id, by="EWA", take_over=True)
    with pytest.raises(Refused) as no:
        run(store.answer("S1T2", renewal.question, renewal.body))
    sold = store[2].pay(doc_id)
    errands.declined(store[2].station, renewal, no.value.problems)
    (held,) = store[2].books.parking.held()
    assert (held.state, held.became) == ("approved", sold.doc_id)


def test_whoever_continues_it_after_a_take_over_makes_another_one_too(store: StoreOfTills) -> None:
    """PARK-06, REL-02."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.sync()
    store[3].proceed(doc_id, by="EWA", take_over=True)
    store[3].add(doc_id, "WATER")
    store[3].park(doc_id)
    store[1].proceed(doc_id)
    assert store[1].pay(doc_id).doc_id != doc_id


def test_a_document_whose_lease_ran_out_is_approved_as_another_one_than_its_cut_off_holder_made(
    store: StoreOfTills,
) -> None:
    """PARK-06, PARK-08, REL-02: he approved it under a lease that was good, and nobody has heard of it yet."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    cut_off = store[2].pay(doc_id)
    store.wait(75)
    store[3].proceed(doc_id)
    next_one = store[3].pay(doc_id)
    assert cut_off.doc_id == doc_id
    assert [(link.kind, link.doc_id) for link in next_one.links] == [("approved_from", doc_id)]
    assert next_one.doc_id != doc_id
    store.sync()
    assert store.buffer.listed() == {}


def test_a_document_that_its_holder_gave_back_is_approved_as_itself(store: StoreOfTills) -> None:
    """PARK-08: nobody else can have approved it."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store[2].leave(doc_id)
    store.sync()
    store[3].proceed(doc_id)
    assert store[3].pay(doc_id).doc_id == doc_id


def test_a_till_that_gets_its_lease_later_hears_that_the_document_is_contested(store: StoreOfTills) -> None:
    """PARK-06, REL-02: it opened its copy while it was cut off; another till's lease ran out meanwhile."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    cut_off = store[2].pay(doc_id)
    store.up = False
    store[1].proceed(doc_id)
    store.wait(75)
    store.up = True
    run(ParkingDesk(store[1].desk).once())
    assert store[1].station.leases.live(doc_id)
    assert cut_off.doc_id == doc_id
    assert store[1].pay(doc_id).doc_id != doc_id


def test_work_that_was_parked_since_a_backup_is_deleted_in_the_buffer_too(store: StoreOfTills) -> None:
    """REL-18: a till that was set up again from a backup believes to have it alone; the list says otherwise."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store[3].proceed(doc_id, by="EWA", take_over=True)
    kept = store[2].park(doc_id).doc_id
    backup = store[2].books.parking.find(kept)
    store[2].proceed(kept)
    store[2].park(kept)
    store[2].books.parking.keep(backup)
    store[2].delete(kept)
    store.sync()
    assert [kept in one.conditions() for one in store.tills] == [False, False, False]
    assert kept not in store.buffer.listed()
