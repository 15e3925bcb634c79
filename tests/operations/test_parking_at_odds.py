"""Tills of one store at odds: answers lost, leases taken over, agents replaced; nothing is lost or there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontuar.domain.documents.parking import ean_of
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.parking import ParkedNews, ParkedRow
from kontuar.operations.station.parking import errands, listing
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


# -- nothing is there twice ---------------------------------------------------------------------------------
def test_a_copy_that_was_only_looked_at_is_no_second_document_to_a_new_agent(
    store: StoreOfTills, tmp_path: Path
) -> None:
    """PARK-15: the till that opened it holds the bytes that the buffer had, not its own reading of them."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    assert store[2].leave(doc_id)
    store.sync()
    store.restart_agent(tmp_path / "new agent", "second")
    store.sync()
    assert list(store.buffer.listed()) == [doc_id]


def test_work_that_waits_is_offered_once_as_the_next_version(store: StoreOfTills, tmp_path: Path) -> None:
    """PARK-03, PARK-15: what was parked while the agent was away is no copy beside itself."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    assert store[1].park(doc_id).outcome == "local"
    backup = store.buffer.backup(tmp_path / "restored")
    store.buffer.stop()
    store.buffer.folder = backup
    store.buffer.start()
    with store.buffer.books.database.transaction():
        store.buffer.books.parking.begin_epoch("restored")
    store.up = True
    store.sync()
    store.sync()
    assert {key: (row.version, row.gross) for key, row in store.buffer.listed().items()} == {doc_id: (2, 648)}


def test_a_document_taken_over_before_its_approval_is_approved_as_one_of_its_own(store: StoreOfTills) -> None:
    """PARK-06, PARK-08: the agent's no counts, though the lease looks good by this till's clock."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[2].pay_only(doc_id)
    store[3].proceed(doc_id, by="EWA", take_over=True)
    run(parked.tell_approving(store[2].desk, doc_id))
    approved = store[2].approve(doc_id)
    assert approved.doc_id != doc_id
    assert [(link.kind, link.doc_id) for link in approved.links] == [("approved_from", doc_id)]


def test_what_another_till_took_over_is_not_approved_while_no_money_is_taken(store: StoreOfTills) -> None:
    """PARK-06: the work is kept as a copy and the operator is told who has it."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[3].proceed(doc_id, by="EWA", take_over=True)
    with pytest.raises(Refused) as no:
        run(parked.tell_approving(store[2].desk, doc_id))
    assert (no.value.problems[0].code, no.value.problems[0].facts["station"]) == ("parking.lease_lost", "S1T3")
    assert store[2].books.drafts.load(doc_id) is None
    assert len(store[2].books.parking.held("refused")) == 1


def test_a_document_that_was_approved_elsewhere_in_an_earlier_version_is_approved_as_a_new_one(
    store: StoreOfTills,
) -> None:
    """PARK-08: version 1 was approved at the second till, version 2 lives on; the hub gets no identity twice."""
    doc_id = continued_elsewhere(store)
    assert store.buffer.row(doc_id).approved_as == "PAR/2026/11/00001/POS2"
    store[1].proceed(doc_id)
    approved = store[1].pay(doc_id)
    assert approved.doc_id != doc_id
    assert [(link.kind, link.doc_id) for link in approved.links] == [("approved_from", doc_id)]
    store.sync()
    assert store.buffer.listed() == {}


def test_the_till_that_approved_an_earlier_version_still_sees_and_continues_the_later_one(store: StoreOfTills) -> None:
    """PARK-08, PARK-10: and approving that makes a document, not the first one again."""
    doc_id = continued_elsewhere(store)
    assert store[2].conditions() == {doc_id: "parked"}
    store[2].proceed(doc_id)
    assert articles(store, 2, doc_id) == ["MILK", "WATER"]
    approved = store[2].pay(doc_id)
    assert (approved.number, approved.totals.gross) == ("PAR/2026/11/00002/POS2", 648)
    assert store[2].books.drafts.every() == []


def continued_elsewhere(store: StoreOfTills) -> str:
    """The second till approved version 1 while it was cut off; the third had taken it over and parked version 2."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[3].proceed(doc_id, by="EWA", take_over=True)
    store[3].add(doc_id, "WATER", by="EWA")
    store[3].park(doc_id, by="EWA")
    assert store[2].pay(doc_id).doc_id == doc_id
    store.sync()
    return doc_id


def test_approving_a_conflict_copy_names_the_document_it_differs_from(store: StoreOfTills) -> None:
    """PARK-15: a cashier sees at the original that its twin was sold, and head office sees both."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    store[1].park(doc_id)
    store.up = True
    store[3].proceed(doc_id)
    store[3].add(doc_id, "BAG")
    store[3].park(doc_id)
    store.sync()
    (copy,) = [row.doc_id for row in store.buffer.listed().values() if row.conflict_of]
    store[2].proceed(copy)
    approved = store[2].pay(copy)
    assert approved.doc_id == copy
    assert [(link.kind, link.doc_id, link.number) for link in approved.links] == [
        ("approved_from", doc_id, ean_of(doc_id))
    ]
    store.sync()
    assert {key: row.approved_as for key, row in store.buffer.listed().items()} == {doc_id: approved.number}


# -- nothing is lost ----------------------------------------------------------------------------------------
def test_work_that_waits_is_continued_as_it_is_when_the_agent_would_give_another_version(store: StoreOfTills) -> None:
    """PARK-03, PARK-15: taken over meanwhile, parked here while the agent did not answer, continued right away."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store.lose_answers = True
    store.cut = {"parking.save"}
    assert store[2].park(doc_id).outcome == "local"
    store.lose_answers, store.cut = False, set()
    store[3].proceed(doc_id, by="EWA", take_over=True)
    store[3].leave(doc_id, by="EWA")
    opened = store[2].proceed(doc_id)
    assert [line.article for line in opened.lines] == ["MILK", "WATER"]


def test_work_that_waits_is_not_overwritten_when_only_opening_is_answered(store: StoreOfTills) -> None:
    """PARK-03: the save got no answer, the next question did."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    store[1].park(doc_id)
    store.up = True
    store.cut = {"parking.save"}
    opened = store[1].proceed(doc_id)
    assert [line.article for line in opened.lines] == ["MILK", "WATER"]


def test_offline_work_that_got_a_lease_is_saved_when_it_is_left_unchanged(store: StoreOfTills) -> None:
    """PARK-03: parked without the agent, opened again, and left after the agent came back."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    store[1].park(doc_id)
    store[1].proceed(doc_id)
    store.up = True
    store.sync()
    assert store[1].leave(doc_id)
    store.sync()
    assert (store.buffer.row(doc_id).version, store.buffer.row(doc_id).gross) == (2, 648)
    assert store.buffer.row(doc_id).holder == ""


def test_an_answer_that_comes_late_does_not_undo_what_was_entered_since(store: StoreOfTills) -> None:
    """PARK-04: continued twice by a double click."""
    doc_id = parked_at_first(store)
    late = store.late(2, doc_id)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    late()
    assert articles(store, 2, doc_id) == ["MILK", "WATER"]


def test_work_parked_without_the_agent_reaches_the_others_though_it_was_taken_over(store: StoreOfTills) -> None:
    """PARK-03, PARK-15: the operator was told that it would; it becomes a second document, listed everywhere."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store.up = False
    assert store[2].park(doc_id).outcome == "local"
    store.up = True
    store[3].proceed(doc_id, by="EWA", take_over=True)
    for _ in range(3):
        store.wait(21)
        store.sync()
    copies = [row for row in store.buffer.listed().values() if row.conflict_of == doc_id]
    assert [(row.gross, row.station) for row in copies] == [(648, "S1T2")]


def test_deleting_what_waits_here_deletes_this_tills_work_and_nobody_elses(store: StoreOfTills) -> None:
    """PARK-15, PARK-16: the row on the list was this till's version."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    store[1].park(doc_id)
    store.up = True
    store[3].proceed(doc_id)
    store[3].add(doc_id, "BAG")
    store[3].park(doc_id)
    store[1].delete(doc_id)
    store.sync()
    assert {key: row.station for key, row in store.buffer.listed().items()} == {doc_id: "S1T3"}


def test_a_draft_stays_on_its_screen_when_the_agent_is_replaced(store: StoreOfTills, tmp_path: Path) -> None:
    """PARK-06: nobody took it over; the new agent gives it a lease again."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store.up = False
    store.wait(90)
    store.restart_agent(tmp_path / "new agent", "second")
    store.up = True
    for _ in range(3):
        store.wait(21)
        store.sync()
    assert articles(store, 2, doc_id) == ["MILK", "WATER"]
    assert store.buffer.row(doc_id).holder == "S1T2"
    assert store[2].park(doc_id).outcome == "parked"
    assert list(store.buffer.listed()) == [doc_id]


# -- leases -------------------------------------------------------------------------------------------------
def test_a_till_with_an_older_copy_open_does_not_lock_the_later_one(store: StoreOfTills) -> None:
    """PARK-05: what it holds cannot become the next version; the lease that it asked for goes back at once."""
    doc_id = parked_at_first(store)
    store.up = False
    store[1].proceed(doc_id)
    store.up = True
    store[3].proceed(doc_id)
    store[3].add(doc_id, "WATER")
    store[3].park(doc_id)
    for _ in range(3):
        store.wait(21)
        store.sync()
    assert store.buffer.row(doc_id).holder == ""
    assert store[2].proceed(doc_id).doc_id == doc_id


# -- rights -------------------------------------------------------------------------------------------------
def test_a_permission_to_take_over_opens_only_what_is_taken_over(store: StoreOfTills) -> None:
    """PARK-06, PARK-07: the grant of one right is not the other."""
    doc_id = store[1].fill("MILK", by="IZA").doc_id
    store[1].park(doc_id, by="IZA")
    store.sync()
    grant = store[2].allowed(rights.TAKE_OVER, doc_id)
    wanted = ("right.missing", {"right": rights.EDIT_OTHERS})
    assert refused(store[2].proceed, doc_id, grant=grant) == wanted
    grant = store[2].allowed(rights.TAKE_OVER, doc_id)
    assert store[2].proceed(doc_id, grant=grant, take_over=True).doc_id == doc_id


# -- many ---------------------------------------------------------------------------------------------------
def test_a_scanned_number_is_found_among_a_thousand_parked_documents(store: StoreOfTills) -> None:
    """PARK-09, PARK-10: also one of those that the list is too long to show."""
    station = store[2].station
    rows = tuple(_row(number) for number in range(1000))
    with station.books.database.transaction():  # type: ignore[attr-defined]
        station.books.parking.take_news(ParkedNews(epoch="e", version=1, full=True, put=rows))
    oldest = rows[0]
    assert listing.by_ean(station, actor_of(), oldest.ean) == oldest.doc_id
    found = listing.one_listed(station, actor_of(), oldest.doc_id)
    assert found is not None
    assert found.row == oldest


def test_more_than_one_question_of_copies_is_offered_whole_though_some_are_forgotten_between(
    store: StoreOfTills, tmp_path: Path
) -> None:
    """PARK-15: of 70 copies the first ten are gone at the new agent."""
    doc_ids = []
    for _ in range(70):
        doc_ids.append(store[1].fill("MILK").doc_id)
        store[1].park(doc_ids[-1])
    store.restart_agent(tmp_path / "new agent", "second")
    for doc_id in doc_ids[:10]:
        store.buffer.save("S1T2", "x", doc_id=doc_id)
        store.buffer.delete("S1T2", store.buffer.open("S1T2", doc_id).token, doc_id)
    for _ in range(4):
        store.sync()
    assert sorted(store.buffer.listed()) == sorted(doc_ids[10:])


def test_what_was_approved_long_ago_is_not_kept_for_ever(store: StoreOfTills) -> None:
    """A till parks some dozens of documents a day, for years."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store[2].pay(doc_id)
    errands.forget_old(store[2].station)
    assert [one.state for one in store[2].books.parking.held()] == ["approved"]
    store.clock.turn(errands.APPROVED_FOR.total_seconds() + 1)
    errands.forget_old(store[2].station)
    assert store[2].books.parking.held() == []


def _row(number: int) -> ParkedRow:
    doc_id = f"019a9c1e-5e00-7000-8000-{number:012}"
    at = f"2026-11-18T08:{number // 60:02}:{number % 60:02}Z"
    return ParkedRow(doc_id=doc_id, version=1, type="receipt", ean=ean_of(doc_id), created_at=at, modified_at=at)


# -- two versions -------------------------------------------------------------------------------------------
def apart(store: StoreOfTills) -> tuple[str, str]:
    """A receipt that two tills changed while the agent was away; the second one's became a conflict copy."""
    doc_id = parked_at_first(store)
    store[2].proceed(doc_id)
    store.up = False
    store[1].proceed(doc_id)
    store[1].add(doc_id, "WATER")
    store[1].park(doc_id)
    store[2].add(doc_id, "NUTS")
    store[2].park(doc_id)
    store.up = True
    store.sync()
    (copy,) = [key for key, row in store.buffer.listed().items() if row.conflict_of]
    return doc_id, copy


def contents(store: StoreOfTills, number: int, doc_id: str) -> list[list[str] | None]:
    """The articles of each version, None where a till cannot tell."""
    found = run(parked.compared(store[number].request("OLA"), store[number].desk, doc_id))
    return [one.document and [line.article for line in one.document.lines] for one in found.versions]


def test_differing_versions_are_compared_at_any_till_and_nobody_is_hindered(store: StoreOfTills) -> None:
    """PARK-15: also at a till that never held them; looking takes no lease and counts as no change."""
    doc_id, copy = apart(store)
    versions = store.buffer.listed()
    assert {len(each or ()) for each in contents(store, 3, doc_id)} == {2}
    assert contents(store, 3, copy) == contents(store, 3, doc_id)
    assert (store.buffer.listed(), store.buffer.desk.leases()) == (versions, ())


def test_without_the_agent_only_what_is_here_is_compared(store: StoreOfTills) -> None:
    """PARK-04, PARK-15: the till that made a version has it; one that made none has nothing."""
    doc_id, _ = apart(store)
    store.up = False
    assert contents(store, 3, doc_id) == [None, None]
    assert sum(each is not None for each in contents(store, 1, doc_id)) == 1


def test_the_version_that_is_left_is_listed_alone(store: StoreOfTills) -> None:
    """PARK-15, PARK-16: keeping one means deleting the other."""
    doc_id, copy = apart(store)
    store[3].delete(doc_id)
    store.sync()
    assert [(one.row.doc_id, one.others) for one in store[3].listed()] == [(copy, 0)]
    with pytest.raises(Refused, match=r"parking\.one_version"):
        contents(store, 3, copy)
    with pytest.raises(Refused, match=r"parking\.not_found"):
        contents(store, 3, doc_id)
