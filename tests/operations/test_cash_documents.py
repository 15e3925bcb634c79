"""Cash in and cash out, approved and cancelled (PAY-09, DOC-03)."""

from pathlib import Path

import msgspec
import pytest

from kontuar.domain.documents.messages import read_body
from kontuar.domain.parties import rights
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.actor import Grant
from kontuar.operations.station import approval, cash_documents, own_documents, shifts, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, actor_of, cashier, everything, fill, messages, move_cash, open_till

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path, level=Connectivity.OFFLINE)


def in_register(station: Station) -> int:
    return station.books.cash.balances("S1T1")["cash", "PLN"]


def test_cash_comes_in_and_goes_out_with_a_number_and_a_reason(station: Station) -> None:
    """PAY-09, REL-01: without any connection."""
    came = move_cash(station, "cash_in", "25,50")
    assert (came.number, came.amount, came.reason) == ("KP/2026/11/00001/POS1", 2550, "CHANGE")
    assert in_register(station) == 12_550
    went = move_cash(station, "cash_out", "5")
    assert [move.amount for move in went.cash_moves] == [-500]
    assert in_register(station) == 12_050
    assert [message.kind for message in messages(station)[1:]] == ["cash_in.approved/1", "cash_out.approved/1"]


def test_everything_that_a_cash_document_lacks_is_told_at_once(station: Station) -> None:
    """DOC-05."""
    draft = till.begin(station, EWA, "cash_in")
    before = everything(station)
    with refused("cash.amount_missing", "reason.missing"):
        approval.approve(station, EWA, draft.doc_id)
    assert everything(station) == before


def test_more_than_the_register_holds_does_not_leave_it(station: Station) -> None:
    """PAY-09."""
    with refused("cash.register_too_low") as problems:
        move_cash(station, "cash_out", "100,01")
    assert problems[0].facts["there_minor"] == "10000"
    assert in_register(station) == 10_000


@pytest.mark.parametrize(
    ("form", "amount", "currency", "refusal"),
    [("cash", "0", "", "cash.amount_missing"), ("cash", "-5", "", "cash.amount_missing"),
     ("cash", "", "", "amount.unreadable"), ("gold", "5", "", "payment.form_not_found"),
     ("card", "5", "EUR", "payment.currency_not_taken")],
)  # fmt: skip
def test_an_amount_that_cannot_be_is_refused(
    station: Station, form: str, amount: str, currency: str, refusal: str
) -> None:
    draft = till.begin(station, EWA, "cash_in")
    with refused(refusal):
        cash_documents.set_amount(station, EWA, draft.doc_id, form, amount, currency)
    assert till.look_at(station, EWA, draft.doc_id) == draft


def test_a_sale_takes_no_amount(station: Station) -> None:
    with refused("document.takes_no_amount"):
        cash_documents.set_amount(station, EWA, fill(station, MILK).doc_id, "cash", "5")


def test_foreign_cash_is_kept_in_its_currency(station: Station) -> None:
    """PAY-07."""
    draft = till.begin(station, EWA, "cash_in")
    draft = cash_documents.set_amount(station, EWA, draft.doc_id, "cash", "10", "EUR")
    assert (draft.amount, draft.payments[0].amount, draft.payments[0].in_system) == (4250, 1000, 4250)
    till.set_reason(station, EWA, draft.doc_id, "CHANGE")
    approval.approve(station, EWA, draft.doc_id)
    assert station.books.cash.balances("S1T1")["cash", "EUR"] == 1000


def test_a_cancelled_cash_document_gives_the_money_back_and_stays_in_the_books(station: Station) -> None:
    """DOC-03, REL-08."""
    went = move_cash(station, "cash_out", "30")
    stored = own_documents.cancel(station, EWA, went.doc_id, "miscounted")
    assert (stored.row.state, stored.document) == ("cancelled", went)
    assert [(entry.event, entry.facts) for entry in stored.history][-1] == ("cancelled", {"reason": "miscounted"})
    assert in_register(station) == 10_000
    told = messages(station)[-1]
    assert told.kind == "cash_out.cancelled/1"
    assert [(move.effect, move.amount) for move in read_body(told).cash_moves] == [("payment_cancelled", 3000)]
    before = everything(station)
    with refused("step.not_allowed"):
        own_documents.cancel(station, EWA, went.doc_id)
    assert everything(station) == before


def test_cash_that_is_gone_cannot_be_given_back(station: Station) -> None:
    """PAY-09."""
    came = move_cash(station, "cash_in", "10")
    move_cash(station, "cash_out", "105")
    with refused("cash.register_too_low"):
        own_documents.cancel(station, EWA, came.doc_id)


def test_cancelling_needs_an_open_shift_and_the_right(station: Station) -> None:
    """PAY-09, SEC-01."""
    came = move_cash(station, "cash_in", "10")
    without = msgspec.structs.replace(EWA, rights=EWA.rights - {rights.CANCEL_CASH})
    with refused("right.missing"):
        own_documents.cancel(station, without, came.doc_id)
    shifts.close_shift(station, EWA, ())
    with refused("shift.not_open"):
        own_documents.cancel(station, EWA, came.doc_id)


def test_an_authorised_cancellation_says_who_allowed_it_and_only_on_its_document(station: Station) -> None:
    """DOC-03, SEC-01."""
    mine = till.begin(station, cashier(), "cash_in")
    cash_documents.set_amount(station, cashier(), mine.doc_id, "cash", "5")
    till.set_reason(station, cashier(), mine.doc_id, "CHANGE")
    approval.approve(station, cashier(), mine.doc_id)
    elsewhere = Grant(grant_id="g", right=rights.CANCEL_CASH, operator="EWA", doc_id="another")
    with refused("right.missing"):
        own_documents.cancel(station, msgspec.structs.replace(cashier(), grant=elsewhere), mine.doc_id)
    here = msgspec.structs.replace(elsewhere, doc_id=mine.doc_id)
    stored = own_documents.cancel(station, msgspec.structs.replace(cashier(), grant=here), mine.doc_id)
    assert [(entry.event, entry.operator) for entry in stored.history][-2:] == [
        ("authorised", "EWA"), ("cancelled", "OLA"),
    ]  # fmt: skip
