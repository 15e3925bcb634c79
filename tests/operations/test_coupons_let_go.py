"""What head office may keep is let go whatever happens at the till: refused, parked, given up, killed (COUP-03)."""

import datetime
from pathlib import Path

import pytest

from coupon_till import DAY, EWA, cut, define, on, pay, put, reserve, said_no, till_with_a_coupon, yes_to
from discounts import off
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.discount import MOST_COUPONS, Coupon
from kontuar.kernel.canonical import decode
from kontuar.kernel.time import milliseconds
from kontuar.operations.ports.coupons import ReleaseCoupons, ReserveCoupons
from kontuar.operations.station import approval, coupon_marks, coupon_payment, coupons, payments, till
from kontuar.operations.station.parking import continuing, putting
from kontuar.operations.station.station import Station
from shop import MILK_EAN, WATER, HandClock, change, everything, fill, new_station, open_till, with_parameter

HOUR = 3600.0


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return till_with_a_coupon(tmp_path)


def with_coupon(station: Station, code: str = "MILK10") -> Document:
    draft = fill(station, MILK_EAN)
    return put(station, draft, code)


def released(station: Station) -> list[tuple[str, int]]:
    """(document, turn) of what head office is to be told."""
    told = [decode(errand.body, ReleaseCoupons) for errand in coupon_marks.due(station)]
    return [(one.doc_id, one.turn) for one in told]


def turn(station: Station, seconds: float) -> None:
    assert isinstance(station.clock, HandClock)
    station.clock.turn(seconds)


def asked(station: Station, draft: Document) -> ReserveCoupons:
    return decode(coupon_payment.to_reserve(station, EWA, draft.doc_id).question, ReserveCoupons)


# -- approval ---------------------------------------------------------------------------------------------
def test_a_release_outlives_the_approval_of_the_draft_without_its_coupon(station: Station) -> None:
    """COUP-03: booking ends nothing of a document that uses no coupon."""
    draft = with_coupon(station)
    first = reserve(station, draft)
    assert first is not None
    coupons.take_off(station, EWA, draft.doc_id, "MILK10")
    assert on(pay(station, draft)) == []
    ((doc_id, when),) = released(station)
    assert doc_id == draft.doc_id
    assert when > first.turn


def test_a_release_outlives_the_approval_with_another_coupon(station: Station) -> None:
    """COUP-03."""
    define(station, "ALL", off("5"), Coupon(code="FREE", name="Free", discount="ALL", offline=True))
    draft = with_coupon(station)
    reserve(station, draft)
    coupons.take_off(station, EWA, draft.doc_id, "MILK10")
    cut(station)
    put(station, draft, "FREE")
    assert on(pay(station, draft)) == [("FREE", "offline", True)]
    assert [doc_id for doc_id, _ in released(station)] == [draft.doc_id]


def test_a_code_that_was_sold_unchecked_is_not_released_before_its_booking(station: Station) -> None:
    """COUP-03: what head office keeps for it all the same keeps the second use away until the sale arrives."""
    change(station.books, Coupon(code="MILK10", name="Milk", discount="TEN", offline=True))
    draft = with_coupon(station)
    reserve(station, draft)
    payments.leave(station, EWA, draft.doc_id)
    cut(station)
    assert on(pay(station, draft)) == [("MILK10", "offline", True)]
    assert released(station) == []


def test_what_was_reserved_counts_only_for_as_long_as_head_office_keeps_it(station: Station) -> None:
    """COUP-03: a payment left open overnight is asked for anew, money assigned or not."""
    draft = with_coupon(station)
    reserve(station, draft)
    payments.assign(station, EWA, draft.doc_id, "cash")
    turn(station, 24 * HOUR - 1)
    assert not coupon_payment.to_reserve(station, EWA, draft.doc_id).question
    turn(station, 1)
    cut(station)
    said_no(lambda: approval.approve(station, EWA, draft.doc_id), "coupon.offline_not_allowed")
    assert coupon_marks.held(station, draft.doc_id) == frozenset()


@pytest.mark.parametrize(("until_hours", "believed_hours"), [(2, 2), (72, 24), (None, 24)])
def test_of_two_clocks_the_one_that_ends_earlier_is_believed(
    station: Station, until_hours: int | None, believed_hours: int
) -> None:
    """COUP-03: head office's clock may be ahead or behind."""
    draft = with_coupon(station)
    until = station.clock.now() + datetime.timedelta(hours=until_hours) if until_hours else None
    reserve(station, draft, until)
    turn(station, believed_hours * HOUR - 1)
    assert coupon_marks.held(station, draft.doc_id) == {"MILK10"}
    turn(station, 1)
    assert coupon_marks.held(station, draft.doc_id) == frozenset()


@pytest.mark.parametrize(("hours", "believed_hours"), [("1", 1), ("0", 1), ("999999999", 8760)])
def test_the_stores_own_hours_are_believed(station: Station, hours: str, believed_hours: int) -> None:
    """COUP-03: `coupon.reservation_hours`, within its bounds whatever was stored before they were known."""
    with_parameter(station.books, "coupon.reservation_hours", hours)
    draft = with_coupon(station)
    reserve(station, draft)
    turn(station, believed_hours * HOUR - 1)
    assert coupon_marks.held(station, draft.doc_id) == {"MILK10"}
    turn(station, 1)
    assert coupon_marks.held(station, draft.doc_id) == frozenset()


# -- payment ----------------------------------------------------------------------------------------------
def test_a_payment_that_does_not_open_after_all_keeps_nothing(station: Station) -> None:
    """COUP-03: reserved, and then something else was wrong with the document."""
    draft = with_coupon(station)
    reserve(station, draft)
    coupon_payment.not_opened(station, draft.doc_id)
    assert [doc_id for doc_id, _ in released(station)] == [draft.doc_id]
    assert on(till.look_at(station, EWA, draft.doc_id)) == [("MILK10", "verified", True)]


def test_a_payment_with_money_on_it_keeps_what_is_reserved_whatever_is_refused(station: Station) -> None:
    """COUP-03: the sale is half paid."""
    draft = with_coupon(station)
    reserve(station, draft)
    payments.assign(station, EWA, draft.doc_id, "cash")
    coupon_payment.not_opened(station, draft.doc_id)
    assert (released(station), coupon_marks.held(station, draft.doc_id)) == ([], {"MILK10"})


def test_a_card_whose_end_is_open_keeps_what_is_reserved(station: Station) -> None:
    """COUP-03, PAY-05."""
    draft = with_coupon(station)
    reserve(station, draft)
    payments.start_card(station, EWA, draft.doc_id, "card")
    coupon_payment.not_opened(station, draft.doc_id)
    assert coupon_marks.held(station, draft.doc_id) == {"MILK10"}


def test_a_card_is_not_charged_for_a_coupon_that_head_office_stopped_keeping(station: Station) -> None:
    """COUP-03, PAY-05: half paid in cash, a night later; after the card nothing could be refused any more."""
    draft = with_coupon(station)
    reserve(station, draft)
    payments.assign(station, EWA, draft.doc_id, "cash", "1")
    turn(station, 24 * HOUR)
    before = everything(station)
    said_no(lambda: payments.start_card(station, EWA, draft.doc_id, "card"), "coupon.not_reserved")
    cut(station)
    said_no(lambda: payments.start_card(station, EWA, draft.doc_id, "card"), "coupon.offline_not_allowed")
    assert everything(station) == before
    change(station.books, Coupon(code="MILK10", name="Milk", discount="TEN", offline=True))
    payments.start_card(station, EWA, draft.doc_id, "card")


def test_an_answer_that_did_not_come_in_time_is_released_and_changes_nothing_when_it_comes(station: Station) -> None:
    """COUP-03: head office may have heard the question all the same."""
    draft = with_coupon(station)
    given_up = asked(station, draft)
    coupon_payment.not_reserved(station, draft.doc_id, given_up.turn)
    ((doc_id, when),) = released(station)
    assert doc_id == draft.doc_id
    assert when > given_up.turn
    coupon_payment.reserved(station, draft.doc_id, given_up.turn, yes_to(given_up))
    assert released(station) == [(draft.doc_id, when)]
    assert on(till.look_at(station, EWA, draft.doc_id)) == [("MILK10", "verified", True)]
    said_no(lambda: payments.window(station, EWA, draft.doc_id), "coupon.not_reserved")


def test_of_two_windows_that_ask_the_later_question_counts(station: Station) -> None:
    """COUP-03: neither the earlier one's yes nor its no changes what the later one came to."""
    draft = with_coupon(station)
    earlier, later = asked(station, draft), asked(station, draft)
    coupon_payment.reserved(station, draft.doc_id, later.turn, yes_to(later))
    coupon_payment.not_reserved(station, draft.doc_id, earlier.turn)
    coupon_payment.reserved(station, draft.doc_id, earlier.turn, yes_to(earlier))
    assert (released(station), coupon_marks.held(station, draft.doc_id)) == ([], {"MILK10"})


def test_a_question_whose_asker_was_killed_is_given_up_after_a_minute(station: Station) -> None:
    """COUP-03: while somebody may still wait for the answer it stays."""
    draft = with_coupon(station)
    killed = asked(station, draft)
    turn(station, 59)
    assert released(station) == []
    turn(station, 1)
    ((doc_id, when),) = released(station)
    assert (doc_id, when > killed.turn) == (draft.doc_id, True)
    assert released(station) == [(draft.doc_id, when)]
    coupon_payment.reserved(station, draft.doc_id, killed.turn, yes_to(killed))
    assert coupon_marks.held(station, draft.doc_id) == frozenset()


def test_an_open_payment_is_shown_again_without_asking_again(station: Station) -> None:
    """COUP-03: what is kept is kept; a line that unlocks another coupon is asked for."""
    define(station, "WAT", off("5"), Coupon(code="H2O", name="Water", discount="WAT"))
    draft = with_coupon(station)
    reserve(station, draft)
    assert reserve(station, draft) is None
    put(station, draft, "H2O")
    again = reserve(station, draft)
    assert again is not None
    assert again.codes == ("H2O", "MILK10")


# -- parking ----------------------------------------------------------------------------------------------
def test_parking_lets_go_at_once_and_for_good(station: Station) -> None:
    """COUP-03, PARK-12: continued before head office was told, it holds nothing, and head office is still told."""
    draft = with_coupon(station)
    first = reserve(station, draft)
    assert first is not None
    putting.park(station, EWA, draft.doc_id)
    ((doc_id, when),) = released(station)
    assert (doc_id, when > first.turn) == (draft.doc_id, True)
    document = continuing.opening(station, EWA, draft.doc_id).document
    assert document is not None
    assert on(document) == [("MILK10", "verified", True)]
    assert coupon_marks.held(station, draft.doc_id) == frozenset()
    assert [one for one, _ in released(station)] == [draft.doc_id]
    said_no(lambda: payments.window(station, EWA, draft.doc_id), "coupon.not_reserved")


def test_a_release_told_while_the_document_was_continued_does_not_end_what_was_asked_anew(station: Station) -> None:
    """COUP-03: the errand was under way when the payment opened again."""
    draft = with_coupon(station)
    reserve(station, draft)
    putting.park(station, EWA, draft.doc_id)
    (under_way,) = coupon_marks.due(station)
    continuing.opening(station, EWA, draft.doc_id)
    again = reserve(station, draft)
    assert again is not None
    coupon_marks.released(station, under_way)
    assert coupon_marks.held(station, draft.doc_id) == {"MILK10"}


def test_what_was_let_go_is_still_told_after_the_till_was_killed(tmp_path: Path) -> None:
    """COUP-03: the errand is on the disk."""
    first = till_with_a_coupon(tmp_path)
    draft = with_coupon(first)
    reserve(first, draft)
    putting.park(first, EWA, draft.doc_id)
    errands = released(first)
    again = new_station(tmp_path)
    assert released(again) == errands != []


# -- turns ------------------------------------------------------------------------------------------------
def test_turns_of_a_new_database_are_above_those_of_the_one_before(tmp_path: Path) -> None:
    """COUP-03: the till was replaced; head office does not take its questions for old ones."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    clock = HandClock()
    old = till_with_a_coupon(tmp_path / "old")
    for _ in range(3):
        draft = with_coupon(old)
        last = asked(old, draft).turn
    clock.turn(HOUR)
    new = open_till(tmp_path / "new", clock=clock)
    change(new.books, *old.books.definitions.every(Coupon).values())
    define(new, "TEN", off("10"))
    draft = fill(new, MILK_EAN)
    put(new, draft, "MILK10")
    assert asked(new, draft).turn == milliseconds(clock.now()) > last


def test_turns_go_on_when_the_clock_is_set_back(station: Station) -> None:
    """COUP-03, REL-05."""
    draft = with_coupon(station)
    before = asked(station, draft).turn
    turn(station, -24 * HOUR)
    assert asked(station, draft).turn == before + 1


# -- offline, bounds ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("definition", "code"),
    [
        (Coupon(code="FREE", name="Free", discount="TEN", offline=True, active=False), "coupon.inactive"),
        (Coupon(code="FREE", name="Free", discount="TEN", offline=True, last_day=DAY - datetime.timedelta(days=1)),
         "coupon.ended"),
        (Coupon(code="FREE", name="Free", discount="TEN", offline=True, digits=2, last_number=9), "coupon.unknown"),
        (Coupon(code="FREE", name="Free", discount="TEN"), "coupon.offline_not_allowed"),
    ],
)  # fmt: skip
def test_what_definitions_took_back_since_is_not_taken_unchecked(
    station: Station, definition: Coupon, code: str
) -> None:
    """COUP-03: at the payment as at the approval; the operator takes the coupon off."""
    change(station.books, Coupon(code="FREE", name="Free", discount="TEN", offline=True))
    cut(station)
    draft = with_coupon(station, "FREE")
    payments.assign(station, EWA, draft.doc_id, "cash")
    change(station.books, definition)
    before = everything(station)
    said_no(lambda: approval.approve(station, EWA, draft.doc_id), code)
    assert everything(station) == before
    payments.clear(station, EWA, draft.doc_id)
    said_no(lambda: payments.window(station, EWA, draft.doc_id), code)
    coupons.take_off(station, EWA, draft.doc_id, "FREE")
    assert on(pay(station, draft)) == []


def test_no_more_than_two_hundred_coupons_stand_on_a_document(station: Station) -> None:
    """COUP-03: as many as head office reserves at once."""
    for number in range(MOST_COUPONS + 1):
        define(station, f"D{number}", off("1"), Coupon(code=f"C{number}", name="C", discount=f"D{number}"))
    draft = fill(station, WATER)
    for number in range(MOST_COUPONS):
        put(station, draft, f"C{number}")
    before = everything(station)
    problem = said_no(lambda: put(station, draft, f"C{MOST_COUPONS}"), "coupon.too_many")
    assert problem.facts == {"most": "200"}
    assert everything(station) == before


def test_a_code_longer_than_any_is_no_coupon(station: Station) -> None:
    """COUP-01: head office would not book it."""
    beginning = "X" * 58
    define(station, "LONG", off("1"), Coupon(code=beginning, name="Long", discount="LONG", digits=3, last_number=9))
    assert not coupons.is_coupon(station, beginning + "001")
