"""Drafts that a restored till still has, although they were approved or thrown away meanwhile (REL-13, DOC-34)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from kontuar.domain.cash.records import Payment
from kontuar.domain.documents.parking import ParkedRow, ean_of
from kontuar.kernel.canonical import encode
from kontuar.kernel.money import Minor
from kontuar.operations.ports.station import ParkedHere, ParkedState
from kontuar.operations.station import approval, payments, till
from kontuar.operations.station.station import Station
from lives_world import EWA, back_up, bring_back, life, morning, put_away, restore, stream_of
from shop import MILK, NUTS, WATER, HandClock, fill


def _restored(folder: Path, clock: HandClock, station: Station) -> Station:
    put_away(station)
    restore(folder)
    clock.turn(5)
    return life(folder, 2, clock)


def test_a_draft_that_was_approved_or_thrown_away_is_no_draft_any_more(tmp_path: Path) -> None:
    """DOC-34, REL-13: and one that only lay there still is."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    sold, thrown, left = fill(station, MILK), fill(station, WATER), fill(station, NUTS)
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    payments.assign(station, EWA, sold.doc_id, "cash", "")
    approval.approve(station, EWA, sold.doc_id)
    till.discard(station, EWA, thrown.doc_id)
    held = stream_of(station)
    station = _restored(tmp_path, clock, station)
    bring_back(station, held)
    assert [draft.doc_id for draft in station.books.drafts.every()] == [left.doc_id]


def test_a_parked_draft_that_was_approved_is_remembered_as_what_it_became(tmp_path: Path) -> None:
    """PARK-08: so that it is not opened again, and the agent is not told that it still lies here."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    draft = fill(station, MILK)
    row = ParkedRow(doc_id=draft.doc_id, version=1, type="receipt", ean=ean_of(draft.doc_id))
    parked = ParkedHere(
        doc_id=draft.doc_id, type="receipt", state="editing", version=1, row=row, body=b"", origin=draft.doc_id,
        opened_by="EWA", at="1",
    )  # fmt: skip
    station.books.parking.keep(parked)
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    payments.assign(station, EWA, draft.doc_id, "cash", "")
    approved = approval.approve(station, EWA, draft.doc_id)
    assert approved.doc_id != draft.doc_id, "without a lease it becomes a document of its own"
    held = stream_of(station)
    station = _restored(tmp_path, clock, station)
    bring_back(station, held)
    assert station.books.drafts.load(draft.doc_id) is None
    here = station.books.parking.find(draft.doc_id)
    assert here is not None
    assert (here.state, here.became) == ("approved", approved.doc_id)


@pytest.mark.parametrize(("state", "origin", "reason"), [
    ("waiting", "", ""), ("refused", "01a1fce8-193f-78cd-887d-fd6a24a67492", "parking.lease_lost"),
])  # fmt: skip
def test_work_that_was_kept_parked_here_and_sold_since_is_not_offered_again(
    tmp_path: Path, state: ParkedState, origin: str, reason: str
) -> None:
    """PARK-08, REL-13: it was no draft in the backup, and may not be sold a second time under the same identity."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    draft = fill(station, MILK)
    row = ParkedRow(doc_id=draft.doc_id, version=0, type="receipt", ean=ean_of(draft.doc_id))
    parked = ParkedHere(
        doc_id=draft.doc_id, type="receipt", state=state, version=0, row=row, body=encode(draft), origin=origin,
        own=True, reason=reason, at="1",
    )  # fmt: skip
    with station.books.transaction():
        station.books.parking.keep(parked)
        station.books.drafts.remove(draft.doc_id)
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    station.save(draft)
    station.books.parking.keep(msgspec.structs.replace(parked, state="editing", opened_by="EWA"))
    payments.assign(station, EWA, draft.doc_id, "cash", "")
    assert approval.approve(station, EWA, draft.doc_id).doc_id == draft.doc_id
    held = stream_of(station)
    station = _restored(tmp_path, clock, station)
    assert [one.doc_id for one in station.books.parking.held(state)] == [draft.doc_id]
    bring_back(station, held)
    (here,) = station.books.parking.held()
    assert (here.state, here.became) == ("approved", draft.doc_id)


def test_a_draft_that_a_card_paid_since_is_kept_as_another_one(tmp_path: Path) -> None:
    """PAY-05: money that a terminal took is never forgotten, whatever became of the draft elsewhere."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    draft = fill(station, MILK)
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    payments.assign(station, EWA, draft.doc_id, "cash", "")
    approval.approve(station, EWA, draft.doc_id)
    held = stream_of(station)
    station = _restored(tmp_path, clock, station)
    card = Payment(number=1, form="card", kind="card", currency="PLN", amount=Minor(399), rate=Decimal(1),
                   in_system=Minor(399), operation_id="C1")  # fmt: skip
    station.save(msgspec.structs.replace(draft, payments=(card,)))
    bring_back(station, held)
    (kept,) = station.books.drafts.every()
    assert kept.doc_id != draft.doc_id
    assert kept.payments == (card,)
