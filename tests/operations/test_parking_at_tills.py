"""One document on several tills of a store: parked, continued, taken over, approved, deleted (PARK-01 … PARK-09)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from kontuar.domain.catalogue.records import Price
from kontuar.domain.documents.document import Authorisation, ParkedOrigin
from kontuar.domain.documents.parking import ean_of
from kontuar.domain.firm.records import DocumentSettings
from kontuar.domain.parties import rights
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import Element, ItemDeal, Reward, Selector, Tier
from kontuar.operations.station import approval, payments, till
from kontuar.web import parked
from parked_tills import StoreOfTills, refused, run
from shop import actor_of, change, everything


@pytest.fixture
def store(tmp_path: Path) -> StoreOfTills:
    return StoreOfTills(tmp_path)


def test_a_parked_document_leaves_its_till_and_is_listed_on_all_of_them(store: StoreOfTills) -> None:
    """PARK-01, PARK-09, PARK-10."""
    document = store[1].fill("MILK", "WATER")
    outcome = store[1].park(document.doc_id)
    store.sync()
    assert (outcome.outcome, outcome.doc_id) == ("parked", document.doc_id)
    assert store[1].books.drafts.every() == []
    for one in store.tills:
        row = one.row(document.doc_id)
        assert (row.ean, row.version, row.gross, row.net) == (ean_of(document.doc_id), 1, 648, 582)
        assert (row.modified_by, row.station, row.type) == ("OLA", "S1T1", "receipt")
        assert one.conditions() == {document.doc_id: "parked"}


def test_a_receipt_is_handed_from_till_to_till_and_approved_with_the_last_ones_number(store: StoreOfTills) -> None:
    """PARK-01, PARK-05, PARK-08."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store.sync()
    continued = store[2].proceed(doc_id)
    assert ([line.article for line in continued.lines], continued.station) == (["MILK"], "S1T2")
    store[2].add(doc_id, "WATER")
    assert store[2].park(doc_id).outcome == "parked"
    store.sync()
    store[3].proceed(doc_id)
    approved = store[3].pay(doc_id, by="OLA")
    store.sync()
    assert approved.doc_id == doc_id
    assert (approved.number, approved.totals.gross) == ("PAR/2026/11/00001/POS3", 648)
    token = approved.parked.token if approved.parked else 0
    assert approved.parked == ParkedOrigin(doc_id=doc_id, version=2, token=token)
    assert token > 0
    assert store.buffer.listed() == {}
    assert [one.listed() for one in store.tills] == [[], [], []]


def test_parking_verifies_nothing_that_approval_verifies(store: StoreOfTills) -> None:
    """PARK-01, PARK-13: a release of goods without its reason, a receipt without an open shift."""
    document = store[1].fill("MILK", document_type="internal_release", by="EWA")
    assert document.reason == ""
    assert store[1].park(document.doc_id, by="EWA").outcome == "parked"


def test_what_is_paid_for_in_part_is_not_parked_and_it_says_why(store: StoreOfTills) -> None:
    doc_id = store[1].fill("MILK").doc_id
    payments.assign(store[1].station, actor_of(), doc_id, "cash", "1")
    before = everything(store[1].station)
    assert refused(store[1].park, doc_id) == ("parking.money_assigned", {})
    assert everything(store[1].station) == before
    assert store.buffer.listed() == {}


def test_parking_is_a_switch_of_each_document_type(store: StoreOfTills) -> None:
    """PARK-02: cash documents are not parked; the firm may switch a type off."""
    cash = till.begin(store[1].station, actor_of(), "cash_in")
    assert refused(store[1].park, cash.doc_id) == ("parking.not_for_type", {"type": "cash_in"})
    receipt = store[1].fill("MILK").doc_id
    change(store[1].books, DocumentSettings(document_type="receipt", parking="no"))
    assert refused(store[1].park, receipt) == ("parking.not_for_type", {"type": "receipt"})
    assert {draft.doc_id for draft in store[1].books.drafts.every()} == {receipt, cash.doc_id}


def test_an_empty_document_is_not_parked(store: StoreOfTills) -> None:
    doc_id = store[1].fill().doc_id
    assert refused(store[1].park, doc_id) == ("parking.nothing_entered", {})


# -- while the agent is away --------------------------------------------------------------------------------
def test_without_the_agent_it_is_parked_here_and_moves_by_itself_when_it_is_back(store: StoreOfTills) -> None:
    """PARK-03."""
    doc_id = store[1].fill("MILK").doc_id
    store.up = False
    assert store[1].park(doc_id).outcome == "local"
    assert store[1].conditions() == {doc_id: "local"}
    assert store[2].conditions() == {}
    store.up = True
    store.sync()
    assert store[1].conditions() == store[2].conditions() == {doc_id: "parked"}
    assert store.buffer.row(doc_id).version == 1


def test_an_answer_that_was_lost_parks_the_document_once(store: StoreOfTills) -> None:
    """PARK-03."""
    doc_id = store[1].fill("MILK").doc_id
    store.lose_answers = True
    assert store[1].park(doc_id).outcome == "local"
    store.lose_answers = False
    store.sync()
    assert store[1].conditions() == {doc_id: "parked"}
    assert {key: row.version for key, row in store.buffer.listed().items()} == {doc_id: 1}


def test_without_the_agent_only_what_was_held_here_is_opened_and_never_half(store: StoreOfTills) -> None:
    """PARK-04."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store.sync()
    store.up = False
    before = everything(store[2].station)
    assert refused(store[2].proceed, doc_id) == ("parking.not_here", {})
    assert everything(store[2].station) == before
    assert store[2].conditions() == {doc_id: "parked"}
    assert [line.article for line in store[1].proceed(doc_id).lines] == ["MILK"]


def test_two_versions_parked_while_the_agent_was_away_end_as_two_documents(store: StoreOfTills) -> None:
    """PARK-15: the later one is marked as a conflict copy, both are listed."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store.sync()
    store[2].proceed(doc_id)
    assert store[2].leave(doc_id)
    store.sync()
    store.up = False
    for number, article in ((1, "WATER"), (2, "BAG")):
        store[number].proceed(doc_id)
        store[number].add(doc_id, article)
        assert store[number].park(doc_id).outcome == "local"
    store.up = True
    store.sync()
    rows = {row.doc_id: row for row in store[3].books.parking.rows()}
    (copy,) = [row for row in rows.values() if row.conflict_of]
    assert (copy.conflict_of, copy.station, copy.gross) == (doc_id, "S1T2", 449)
    assert (rows[doc_id].version, rows[doc_id].station, rows[doc_id].gross) == (2, "S1T1", 648)
    assert len({row.ean for row in rows.values()}) == len(rows) == 2
    assert [line.article for line in store[3].proceed(copy.doc_id).lines] == ["MILK", "BAG"]


def test_an_older_copy_is_opened_offline_only_by_choice(store: StoreOfTills) -> None:
    """PARK-04, PARK-15."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store.sync()
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store[2].park(doc_id)
    store.sync()
    store.up = False
    code, facts = refused(store[1].proceed, doc_id)
    assert (code, facts["station"]) == ("parking.copy_older", "S1T2")
    assert [line.article for line in store[1].proceed(doc_id, older=True).lines] == ["MILK"]


# -- leases -------------------------------------------------------------------------------------------------
def test_a_second_till_is_told_which_one_edits_the_document(store: StoreOfTills) -> None:
    """PARK-05, PARK-16."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.sync()
    before = everything(store[3].station)
    assert refused(store[3].proceed, doc_id) == ("parking.held_elsewhere", {"station": "S1T2", "operator": "OLA"})
    assert everything(store[3].station) == before
    assert [one.conditions()[doc_id] for one in store.tills] == ["elsewhere", "here", "elsewhere"]


def test_a_document_left_unchanged_is_given_back(store: StoreOfTills) -> None:
    """PARK-05."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    assert store[2].leave(doc_id)
    assert store.buffer.row(doc_id).holder == ""
    assert store[2].books.drafts.every() == []
    store[3].proceed(doc_id)
    store[3].add(doc_id, "WATER")
    assert not store[3].leave(doc_id)
    assert store.buffer.row(doc_id).holder == "S1T3"


def test_a_lease_is_renewed_for_as_long_as_the_document_is_open(store: StoreOfTills) -> None:
    """PARK-05: 60 seconds and 15 of margin pass three times over."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    for _ in range(12):
        store.wait(20)
        store.sync()
    assert refused(store[3].proceed, doc_id)[0] == "parking.held_elsewhere"
    assert store[2].station.leases.live(doc_id) > 0


def test_taking_over_needs_its_right_or_someone_who_has_it(store: StoreOfTills) -> None:
    """PARK-06: who allowed it stands in the document, wherever it goes."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.sync()
    assert refused(store[3].proceed, doc_id, take_over=True) == ("right.missing", {"right": rights.TAKE_OVER})
    grant = store[3].allowed(rights.TAKE_OVER, doc_id)
    taken = store[3].proceed(doc_id, grant=grant, take_over=True)
    at = store[3].station.moment()
    expected = Authorisation(right=rights.TAKE_OVER, operator="EWA", at=at, place="S1T2")
    assert taken.authorisations == (expected,)
    store[3].park(doc_id)
    assert store[1].proceed(doc_id).authorisations == (expected,)


def test_work_that_was_taken_over_is_kept_as_a_copy_and_the_till_is_told(store: StoreOfTills) -> None:
    """PARK-06."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store.sync()
    store[3].proceed(doc_id, by="EWA", take_over=True)
    kept = store[2].park(doc_id)
    assert (kept.outcome, kept.row.holder) == ("kept", "S1T3")
    assert kept.doc_id != doc_id
    assert store[2].conditions()[kept.doc_id] == "lost"
    assert [line.article for line in store[2].proceed(kept.doc_id).lines] == ["MILK", "WATER"]
    assert [line.article for line in store[3].station.draft(doc_id).lines] == ["MILK"]


def test_a_till_learns_at_once_that_its_document_was_taken_over(store: StoreOfTills) -> None:
    """PARK-06: nothing that was entered is lost, and parking it makes a second document."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store[2].add(doc_id, "WATER")
    store.sync()
    store[3].proceed(doc_id, by="EWA", take_over=True)
    store.sync()
    assert store[2].books.drafts.load(doc_id) is None
    (kept,) = store[2].books.parking.held("refused")
    store[2].proceed(kept.doc_id)
    assert store[2].park(kept.doc_id).outcome == "parked"
    store.sync()
    assert store[1].row(kept.doc_id).conflict_of == doc_id


# -- whose document -----------------------------------------------------------------------------------------
def test_another_operators_document_needs_the_right_to_edit_others(store: StoreOfTills) -> None:
    """PARK-07: to continue, to delete, to approve."""
    doc_id = store[1].fill("MILK", by="IZA").doc_id
    store[1].park(doc_id, by="IZA")
    store.sync()
    wanted = ("right.missing", {"right": rights.EDIT_OTHERS})
    assert refused(store[2].proceed, doc_id, by="OLA") == wanted
    assert refused(store[2].delete, doc_id, by="OLA") == wanted
    assert store.buffer.row(doc_id).holder == ""
    store[2].proceed(doc_id, by="EWA")
    assert refused(till.scan, store[2].station, _only_cashier(), doc_id, "WATER") == wanted
    assert store[2].pay(doc_id, by="EWA").parked is not None


def test_deleting_takes_the_document_from_every_till_and_tells_head_office(store: StoreOfTills) -> None:
    """PARK-07, PARK-16."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store.sync()
    store[2].delete(doc_id)
    store.sync()
    assert [one.conditions() for one in store.tills] == [{}, {}, {}]
    assert store.buffer.listed() == {}
    kinds = [kind for (kind,) in store[2].books.database.rows("SELECT kind FROM message ORDER BY seq")]
    assert kinds[-1] == "draft.discarded/1"


def test_a_document_edited_elsewhere_is_not_deleted(store: StoreOfTills) -> None:
    """PARK-16."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.sync()
    before = everything(store[3].station)
    assert refused(store[3].delete, doc_id)[0] == "parking.held_elsewhere"
    assert everything(store[3].station) == before
    store.up = False
    assert refused(store[1].delete, doc_id)[0] == "parking.delete_needs_agent"


# -- approving ----------------------------------------------------------------------------------------------
def test_without_a_live_lease_approval_makes_a_document_of_its_own(store: StoreOfTills) -> None:
    """PARK-08: linked *approved from* the parked one; repeated after a lost answer it is the same document."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    store.up = False
    store.wait(61)
    approved = store[2].pay(doc_id)
    assert approved.doc_id != doc_id
    assert [(link.kind, link.doc_id, link.number) for link in approved.links] == [
        ("approved_from", doc_id, ean_of(doc_id))
    ]
    assert approved.parked == ParkedOrigin(doc_id=doc_id, version=1, token=0)
    assert store[2].approve(doc_id) == approved
    assert store[2].books.drafts.every() == []
    assert store[2].conditions() == {}
    store.up = True
    store.sync()
    assert store.buffer.listed() == {}


def test_others_see_that_a_document_is_being_approved_until_its_message_is_here(store: StoreOfTills) -> None:
    """PARK-08."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    run(parked.tell_approving(store[2].desk, doc_id))
    store[2].pay(doc_id)
    store[3].hear()
    assert store[3].conditions() == {doc_id: "approving"}
    assert refused(store[3].proceed, doc_id) == ("parking.being_approved", {"station": "S1T2"})
    store.sync()
    assert store[3].conditions() == {}


def test_a_document_paid_while_its_lease_is_lost_is_not_torn_from_the_screen(store: StoreOfTills) -> None:
    """PARK-06, PARK-08: the money is in the drawer; what is approved is a document of its own."""
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    payments.assign(store[2].station, actor_of(), doc_id, "cash")
    store.sync()
    store[3].proceed(doc_id, by="EWA", take_over=True)
    store.wait(21)
    store.sync()
    approved = store[2].approve(doc_id)
    assert (approved.doc_id != doc_id, approved.totals.gross) == (True, 399)


# -- an agent that was lost ---------------------------------------------------------------------------------
def test_tills_offer_their_copies_to_an_agent_that_was_replaced(store: StoreOfTills, tmp_path: Path) -> None:
    """PARK-15."""
    doc_ids = [store[1].fill("MILK").doc_id, store[2].fill("WATER").doc_id]
    store[1].park(doc_ids[0])
    store[2].park(doc_ids[1])
    store.sync()
    store.restart_agent(tmp_path / "new agent", "second")
    store.sync()
    assert sorted(store.buffer.listed()) == sorted(doc_ids)
    assert store[3].conditions() == {doc_ids[0]: "parked", doc_ids[1]: "parked"}


def _only_cashier():  # type: ignore[no-untyped-def]
    return actor_of(*sorted(rights.CASHIER), operator="OLA")


def test_discounts_of_a_continued_document_are_not_refreshed(store: StoreOfTills) -> None:
    """PARK-12: the discounted line costs what it did, the other one has the price of the day and no new discount; a
    twin that was never parked gets the prices and discounts of the day."""
    change(store[1].books, *_promotions("MILK", "1.00"))
    twin = _discounted(store, store[1].fill("MILK", "WATER").doc_id)
    doc_id = _discounted(store, store[1].fill("MILK", "WATER").doc_id)
    store[1].park(doc_id)
    store.sync()
    store[1].proceed(doc_id)
    change(store[1].books, *_promotions("MILK", "2.00"), *_promotions("WATER", "0.50"))
    change(store[1].books, *(_price(code, "5.00") for code in ("MILK", "WATER")))
    assert [line.value for line in _paying(store, doc_id).lines] == [299, 500]
    assert [line.value for line in _paying(store, twin).lines] == [300, 450]


def _price(code: str, price: str) -> Price:
    return Price(price_list="RETAIL", article=code, unit="szt", valid_from="2026-11-01", price=Decimal(price))


def _paying(store: StoreOfTills, doc_id: str):  # type: ignore[no-untyped-def]
    return approval.open_payment(store[1].station, actor_of(), doc_id)


def _promotions(article: str, amount: str) -> tuple[Discount, ...]:
    """So much off each piece of the article, for everybody."""
    less = Tier(reward=Reward(kind="amount", value=Decimal(amount)))
    deal = ItemDeal(elements=(Element(goods=(Selector(articles=(article,)),), tiers=(less,)),))
    return (Discount(code=f"LESS-{article}", name="Less", source="PRM", state="confirmed", deal=deal),)


def _discounted(store: StoreOfTills, doc_id: str) -> str:
    """The milk is a złoty cheaper by a promotion."""
    assert [line.value for line in store[1].station.draft(doc_id).lines] == [299, 249]
    return doc_id
