"""Coupons from the opening of the payment on: reserved, used up, let go, carried on (COUP-02 … COUP-04)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coupon_till import DAY, EWA, define, on, pay, put, reserve, said_no, till_with_a_coupon
from discounts import article, off
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.discount import Coupon
from kontuar.kernel.canonical import decode
from kontuar.operations.ports.coupons import ReleaseCoupons
from kontuar.operations.station import approval, coupon_marks, coupon_payment, coupons, invoicing, payments, till
from kontuar.operations.station.parking import continuing, putting
from kontuar.operations.station.station import Station
from shop import MILK_EAN, WATER, fill, with_parameter


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return till_with_a_coupon(tmp_path)


def test_opening_the_payment_reserves_what_is_used_and_approval_says_so(station: Station) -> None:
    """COUP-02, COUP-03: a coupon whose discount is not given is not reserved."""
    define(station, "WAT", off("5", article(WATER)), Coupon(code="H2O", name="Water", discount="WAT"))
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    put(station, draft, "H2O")
    asked = reserve(station, draft)
    assert asked is not None
    assert (asked.doc_id, asked.codes, asked.day, asked.by) == (draft.doc_id, ("MILK10",), DAY, "EWA")
    assert on(pay(station, draft)) == [("MILK10", "reserved", True), ("H2O", "verified", False)]
    assert coupon_marks.due(station) == []


def test_payment_does_not_open_while_a_used_coupon_is_not_reserved(station: Station) -> None:
    """COUP-03."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    said_no(lambda: payments.window(station, EWA, draft.doc_id), "coupon.not_reserved")
    said_no(lambda: payments.assign(station, EWA, draft.doc_id, "cash"), "coupon.not_reserved")
    said_no(lambda: payments.start_card(station, EWA, draft.doc_id, "card"), "coupon.not_reserved")
    said_no(lambda: approval.approve(station, EWA, draft.doc_id), "coupon.not_reserved")
    assert station.books.cards.unfinished(draft.doc_id) == []


def test_head_offices_no_keeps_the_coupon_on_the_draft_and_the_payment_shut(station: Station) -> None:
    """COUP-03: nothing is taken off silently."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    begun = coupon_payment.to_reserve(station, EWA, draft.doc_id)
    assert begun.question
    coupon_payment.not_reserved(station, draft.doc_id, begun.turn)
    said_no(lambda: payments.window(station, EWA, draft.doc_id), "coupon.not_reserved")
    assert on(till.look_at(station, EWA, draft.doc_id)) == [("MILK10", "verified", True)]


def test_money_on_a_card_is_never_stuck_behind_a_coupon(station: Station) -> None:
    """COUP-03, PAY-02: card money cannot be taken back, so a use too many is head office's to decide on."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    reserve(station, draft)
    asked = payments.start_card(station, EWA, draft.doc_id, "card")
    payments.finish_card(station, EWA, asked, "approved", {})
    station.books.forget_fact(f"coupon_mark:{draft.doc_id}")
    assert on(approval.approve(station, EWA, draft.doc_id)) == [("MILK10", "offline", True)]


# -- letting go (COUP-03) ------------------------------------------------------------------------------------
def leave_payment(station: Station, draft: Document) -> None:
    payments.leave(station, EWA, draft.doc_id)


def throw_away(station: Station, draft: Document) -> None:
    till.discard(station, EWA, draft.doc_id)


def take_coupon_off(station: Station, draft: Document) -> None:
    coupons.take_off(station, EWA, draft.doc_id, "MILK10")


def park(station: Station, draft: Document) -> None:
    putting.park(station, EWA, draft.doc_id)


@pytest.mark.parametrize("end", [leave_payment, throw_away, take_coupon_off, park])
def test_what_ends_the_payment_lets_the_reservation_go_as_a_durable_errand(
    station: Station, end: Callable[[Station, Document], None]
) -> None:
    """COUP-03: a crash or a cut line only makes it later; a parked document holds nothing at head office."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    asked = reserve(station, draft)
    assert asked is not None
    assert coupon_marks.due(station) == []
    end(station, draft)
    (errand,) = coupon_marks.due(station)
    told = decode(errand.body, ReleaseCoupons)
    assert (errand.question, told.doc_id) == ("coupon.release", draft.doc_id)
    assert told.turn >= asked.turn
    assert coupon_marks.due(station) == [errand]
    coupon_marks.released(station, errand)
    assert coupon_marks.due(station) == []


def test_a_release_that_is_late_does_not_end_what_was_reserved_anew(station: Station) -> None:
    """COUP-03."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    reserve(station, draft)
    leave_payment(station, draft)
    (late,) = coupon_marks.due(station)
    again = reserve(station, draft)
    assert again is not None
    assert again.turn > late.turn
    coupon_marks.released(station, late)
    assert on(pay(station, draft)) == [("MILK10", "reserved", True)]


def test_a_line_added_after_the_payment_was_left_is_reserved_when_it_opens_again(station: Station) -> None:
    """COUP-02, COUP-03."""
    draft = fill(station, WATER)
    put(station, draft, "MILK10")
    assert reserve(station, draft) is None
    till.scan(station, EWA, draft.doc_id, MILK_EAN)
    assert reserve(station, draft) is not None
    assert on(pay(station, draft)) == [("MILK10", "reserved", True)]


def continued(station: Station, draft: Document) -> Document:
    """Parked and opened again."""
    putting.park(station, EWA, draft.doc_id)
    document = continuing.opening(station, EWA, draft.doc_id).document
    assert document is not None
    return document


def test_a_parked_document_still_uses_the_coupon_whose_discount_it_carries(station: Station) -> None:
    """COUP-03, PARK-12: whoever continues it reserves anew."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    reserve(station, draft)
    document = continued(station, draft)
    assert document.lines[0].carried
    grown = till.scan(station, EWA, draft.doc_id, WATER)
    assert (on(grown)[0][2], [line.value for line in grown.lines]) == (True, [359, 249])
    assert reserve(station, draft) is not None
    assert on(pay(station, draft)) == [("MILK10", "reserved", True)]


def test_a_coupon_taken_off_a_continued_document_takes_its_discount_with_it(station: Station) -> None:
    """COUP-02, PARK-12: no discount stays whose code was not used up."""
    draft = fill(station, MILK_EAN, WATER)
    put(station, draft, "MILK10")
    continued(station, draft)
    left = coupons.take_off(station, EWA, draft.doc_id, "MILK10")
    assert (on(left), [line.value for line in left.lines]) == ([], [399, 249])
    assert [line.carried for line in left.lines] == [False, True]


# -- carried on (COUP-04), worked example (COUP-05) ------------------------------------------------------------
def test_the_invoice_of_a_receipt_shows_its_coupons_and_uses_nothing_up_again(station: Station) -> None:
    """COUP-04, SALE-06."""
    with_parameter(station.books, "sale.block_invoice_from_simplified", "no")
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    receipt = pay(station, draft)
    invoice = invoicing.from_receipt(station, EWA, receipt.doc_id)
    assert on(invoice) == [("MILK10", "reserved", True)]
    till.set_buyer(station, EWA, invoice.doc_id, "ANNA")
    assert reserve(station, invoice) is None
    approved = approval.approve(station, EWA, invoice.doc_id)
    assert on(approved) == [("MILK10", "reserved", True)]
    assert coupon_marks.due(station) == []
