"""Approving in one turn of the database's thread, where nobody has to be asked first (PERF-02, COUP-03, PARK-08)."""

from pathlib import Path

import pytest

from coupon_till import EWA, put, till_with_a_coupon
from kontuar.kernel.errors import Refused
from kontuar.operations.station import approval, payments, till
from kontuar.operations.station.unasked import approved_unasked
from kontuar.web import approving
from parked_tills import StoreOfTills, run
from refusals import refused
from shop import MILK, MILK_EAN, actor_of, everything, fill, open_till


def test_a_plain_receipt_is_approved_at_once(tmp_path: Path) -> None:
    """PERF-02: and asking again after a lost answer gives the same document."""
    station = open_till(tmp_path)
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash")
    approved = approved_unasked(station, EWA, draft.doc_id, approval.approve)
    assert approved is not None
    assert (approved.number, approved.state) == ("PAR/2026/11/00001/POS1", "approved")
    assert approved_unasked(station, EWA, draft.doc_id, approval.approve) == approved


def test_a_draft_with_a_coupon_is_left_as_it_is_until_head_office_was_asked(tmp_path: Path) -> None:
    """COUP-03."""
    station = till_with_a_coupon(tmp_path)
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    before = everything(station)
    assert approved_unasked(station, EWA, draft.doc_id, approval.approve) is None
    assert everything(station) == before


def test_who_may_not_issue_the_type_approves_nothing(tmp_path: Path) -> None:
    """SEC-01."""
    station = open_till(tmp_path)
    draft = fill(station, MILK)
    before = everything(station)
    with refused("right.missing"):
        approved_unasked(station, actor_of("documents.own"), draft.doc_id, approval.approve)
    assert everything(station) == before


def test_a_continued_draft_tells_the_store_before_it_is_approved(tmp_path: Path) -> None:
    """PARK-08: a draft that another till took over meanwhile is not approved under its own name."""
    store = StoreOfTills(tmp_path)
    doc_id = store[1].fill("MILK").doc_id
    store[1].park(doc_id)
    store[2].proceed(doc_id)
    assert approved_unasked(store[2].station, EWA, doc_id, approval.approve) is None
    payments.assign(store[2].station, EWA, doc_id, "cash")
    approved = run(approving.approved(store[2].request("EWA"), store[2].desk, doc_id, approval.approve))
    assert approved.doc_id == doc_id
    assert approved.parked is not None
    assert approved.parked.token > 0
    store[3].hear()
    assert store[3].conditions() == {doc_id: "approving"}


def test_a_scanned_code_that_is_nobodys_says_so_in_one_turn(tmp_path: Path) -> None:
    """DOC-20, COUP-01: the coupon is looked for only where no article has the code."""
    station = till_with_a_coupon(tmp_path)
    draft = fill(station, MILK_EAN)
    with pytest.raises(Refused) as told:
        till.scan(station, EWA, draft.doc_id, "MILK10")
    assert told.value.problems[0].code == "article.code_unknown"
