"""The payment window (PAY-01 … PAY-05, PAY-07)."""

from pathlib import Path

import msgspec
import pytest

from discounted_shop import bundle
from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import StationDefinition
from kontuar.operations.station import approval, payments, shifts, till
from kontuar.operations.station.payments import CardRequest
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    MILK,
    REPAIR,
    WATER,
    actor_of,
    cashier,
    change,
    everything,
    fill,
    messages,
    new_station,
    open_till,
    sell,
)  # fmt: skip

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


@pytest.fixture
def draft(station: Station) -> Document:
    """20.00 to pay."""
    return fill(station, REPAIR)


def rows(document: Document) -> list[tuple[str, str, int, int, str]]:
    return [(row.form, row.currency, row.amount, row.in_system, row.role) for row in document.payments]


def test_the_window_shows_what_is_due_and_the_forms_of_this_station(station: Station, draft: Document) -> None:
    """PAY-01: active forms allowed for this document here, in their order."""
    shown = payments.window(station, EWA, draft.doc_id)
    assert (shown.due, shown.left, shown.change) == (2000, 2000, 0)
    assert [form.code for form in shown.forms] == ["cash", "card", "transfer", "coupon"]
    assert {code: str(rate) for code, rate in shown.currencies.items()} == {"PLN": "1", "EUR": "4.25"}
    own = StationDefinition(code="S1T1", name="Kasa 1", store="S1", series="POS1", forms=("card", "cash"))
    change(station.books, own, PaymentForm(code="card", name="Karta", kind="card", active=False))
    assert [form.code for form in payments.window(station, EWA, draft.doc_id).forms] == ["cash"]


def test_a_form_that_is_not_for_this_document_is_refused(station: Station, draft: Document) -> None:
    """PAY-01."""
    change(station.books, PaymentForm(code="petty", name="Drobne", kind="cash", document_types=("cash_out",)))
    for form in ("petty", "gold", ""):
        with refused("payment.form_not_found"):
            payments.assign(station, EWA, draft.doc_id, form)


def test_the_amount_refills_with_what_remains(station: Station, draft: Document) -> None:
    """PAY-01."""
    paid = payments.assign(station, EWA, draft.doc_id, "cash", "5")
    assert payments.amount_to_assign(station, paid, "PLN") == 1500
    assert payments.amount_to_assign(station, paid, "EUR") == 353
    paid = payments.assign(station, EWA, draft.doc_id, "transfer")
    assert rows(paid) == [("cash", "PLN", 500, 500, "payment"), ("transfer", "PLN", 1500, 1500, "payment")]


def test_a_settled_document_takes_nothing_more(station: Station, draft: Document) -> None:
    """PAY-03."""
    payments.assign(station, EWA, draft.doc_id, "cash")
    for form in ("cash", "transfer"):
        with refused("payment.settled"):
            payments.assign(station, EWA, draft.doc_id, form, "1")


def test_change_is_given_at_once_and_only_by_a_form_that_gives_it(station: Station, draft: Document) -> None:
    """PAY-07."""
    with refused("payment.too_much"):
        payments.assign(station, EWA, draft.doc_id, "transfer", "20,01")
    paid = payments.assign(station, EWA, draft.doc_id, "cash", "50")
    assert rows(paid) == [("cash", "PLN", 5000, 5000, "payment"), ("cash", "PLN", -3000, -3000, "change")]
    shown = payments.window(station, EWA, draft.doc_id)
    assert (shown.left, shown.change) == (0, 3000)


def test_change_of_another_currency_is_given_in_the_firms(station: Station, draft: Document) -> None:
    """PAY-07."""
    paid = payments.assign(station, EWA, draft.doc_id, "cash", "10", "EUR")
    assert rows(paid) == [("cash", "EUR", 1000, 4250, "payment"), ("cash", "PLN", -2250, -2250, "change")]
    approved = approval.approve(station, EWA, draft.doc_id)
    assert [(move.currency, move.amount) for move in approved.cash_moves] == [("EUR", 1000), ("PLN", -2250)]
    assert station.books.cash.balances("S1T1") == {("cash", "PLN"): 7750, ("cash", "EUR"): 1000}


def test_all_that_is_left_told_in_another_currency_settles_to_the_penny(station: Station, draft: Document) -> None:
    """PAY-07: 20.00 at 4.25 is 4.71 €, worth 20.02 by the rate; what was asked for is what is owed."""
    paid = payments.assign(station, EWA, draft.doc_id, "cash", "4,71", "EUR")
    assert rows(paid) == [("cash", "EUR", 471, 2000, "payment")]
    assert approval.approve(station, EWA, draft.doc_id).state == "approved"


def test_a_currency_without_a_rate_or_that_the_form_does_not_take_is_refused(station: Station, draft: Document) -> None:
    """PAY-01."""
    with refused("payment.currency_not_taken"):
        payments.assign(station, EWA, draft.doc_id, "transfer", "1", "EUR")
    cash = PaymentForm(code="cash", name="Gotówka", kind="cash", currencies=("EUR", "USD"), gives_change=True)
    change(station.books, cash)
    with refused("rate.missing"):
        payments.assign(station, EWA, draft.doc_id, "cash", "1", "USD")
    assert list(payments.window(station, EWA, draft.doc_id).currencies) == ["PLN", "EUR"]


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [("0", "payment.amount_missing"), ("-5", "payment.amount_missing"), ("1,001", "amount.too_precise"),
     ("all", "amount.unreadable"), ("99999999999", "amount.too_large")],
)  # fmt: skip
def test_an_amount_that_is_none_is_refused(station: Station, draft: Document, amount: str, refusal: str) -> None:
    """PAY-01."""
    before = everything(station)
    with refused(refusal):
        payments.assign(station, EWA, draft.doc_id, "cash", amount)
    assert everything(station) == before


def test_undo_takes_back_the_last_change_and_its_change_money(station: Station, draft: Document) -> None:
    """PAY-02: the last one, also when an earlier one went to the same form."""
    payments.assign(station, EWA, draft.doc_id, "cash", "5")
    payments.assign(station, EWA, draft.doc_id, "transfer", "3")
    payments.assign(station, EWA, draft.doc_id, "cash", "50")
    undone = payments.undo(station, EWA, draft.doc_id)
    assert rows(undone) == [("cash", "PLN", 500, 500, "payment"), ("transfer", "PLN", 300, 300, "payment")]
    payments.undo(station, EWA, draft.doc_id)
    payments.undo(station, EWA, draft.doc_id)
    with refused("payment.nothing_to_undo"):
        payments.undo(station, EWA, draft.doc_id)


def test_the_window_closes_only_without_money(station: Station, draft: Document) -> None:
    """PAY-02: with payments only after clearing."""
    payments.assign(station, EWA, draft.doc_id, "cash", "5")
    with refused("payment.clear_first"):
        payments.leave(station, EWA, draft.doc_id)
    payments.clear(station, EWA, draft.doc_id)
    assert payments.leave(station, EWA, draft.doc_id).payments == ()
    till.scan(station, EWA, draft.doc_id, MILK)
    assert payments.window(station, EWA, draft.doc_id).due == 2399


def test_approving_with_less_is_refused_with_what_is_missing(station: Station, draft: Document) -> None:
    """PAY-03."""
    payments.assign(station, EWA, draft.doc_id, "cash", "19,99")
    with refused("payment.too_low") as problems:
        approval.approve(station, EWA, draft.doc_id)
    assert problems[0].facts == {"missing_minor": "1", "currency": "PLN"}


def test_only_forms_that_open_the_drawer_open_it(station: Station, draft: Document) -> None:
    """PAY-04."""
    paid = payments.assign(station, EWA, draft.doc_id, "transfer", "5")
    assert not payments.opens_drawer(station, paid)
    assert payments.opens_drawer(station, payments.assign(station, EWA, draft.doc_id, "cash"))


def test_several_bank_payments_stay_apart(station: Station, draft: Document) -> None:
    """PAY-01."""
    payments.assign(station, EWA, draft.doc_id, "transfer", "5")
    payments.assign(station, EWA, draft.doc_id, "transfer", "15")
    approved = approval.approve(station, EWA, draft.doc_id)
    assert [(row.number, row.amount) for row in approved.payments] == [(1, 500), (2, 1500)]


# -- cards ------------------------------------------------------------------------------------------------------


def asked(station: Station, draft: Document, amount: str = "") -> CardRequest:
    return payments.start_card(station, EWA, draft.doc_id, "card", amount)


def test_a_card_payment_is_written_down_before_the_terminal_is_asked(tmp_path: Path) -> None:
    """PAY-05, REL-04: another process sees it as soon as the request exists."""
    station = open_till(tmp_path)
    draft = fill(station, REPAIR)
    request = asked(station, draft)
    after_a_crash = new_station(tmp_path)
    open_card = payments.window(after_a_crash, EWA, draft.doc_id).open_card
    assert open_card == ((request.operation_id, "card", "PLN", 2000, "asked"),)


def test_a_card_goes_through_the_terminal_and_other_forms_do_not(station: Station, draft: Document) -> None:
    """PAY-05."""
    with refused("payment.card_by_terminal"):
        payments.assign(station, EWA, draft.doc_id, "card")
    with refused("payment.not_a_card"):
        payments.start_card(station, EWA, draft.doc_id, "cash")
    with refused("payment.too_much"):
        asked(station, draft, "20,01")


def test_an_approved_card_payment_keeps_what_the_terminal_said(station: Station, draft: Document) -> None:
    """PAY-05: never a full card number."""
    request = asked(station, draft, "12")
    facts = {"masked_card": "****1234", "authorisation_code": "A77"}
    paid = payments.finish_card(station, EWA, request, "approved", facts)
    row = paid.payments[0]
    assert (row.kind, row.amount, row.card, row.authorisation, row.confirmed_by) == (
        "card", 1200, "****1234", "A77", "",
    )  # fmt: skip
    assert row.operation_id == request.operation_id
    assert payments.window(station, EWA, draft.doc_id).open_card == ()


def test_a_declined_card_leaves_the_document_as_it_was(station: Station, draft: Document) -> None:
    """PAY-05."""
    assert payments.finish_card(station, EWA, asked(station, draft), "declined", {}) == draft
    assert asked(station, draft).amount == 2000


@pytest.mark.parametrize("answer", ["", "uncertain"])
def test_while_the_answer_is_open_the_document_stands_still(station: Station, draft: Document, answer: str) -> None:
    """PAY-05: nobody sells, pays otherwise, approves, discards or closes the shift behind the terminal's back."""
    request = asked(station, draft, "10")
    if answer:
        payments.finish_card(station, EWA, request, answer, {})
    before = everything(station)
    for code, step in [
        ("payment.card_open", lambda: till.scan(station, EWA, draft.doc_id, WATER)),
        ("payment.card_open", lambda: payments.assign(station, EWA, draft.doc_id, "cash")),
        ("payment.card_open", lambda: asked(station, draft)),
        ("payment.card_open", lambda: approval.approve(station, EWA, draft.doc_id)),
        ("payment.card_taken", lambda: payments.leave(station, EWA, draft.doc_id)),
        ("payment.card_taken", lambda: till.discard(station, EWA, draft.doc_id)),
        ("shift.payment_open", lambda: shifts.close_shift(station, EWA, ())),
    ]:
        with refused(code):
            step()
    assert everything(station) == before


@pytest.mark.parametrize(("succeeded", "paid"), [(True, [1000]), (False, [])])
def test_a_person_decides_what_the_terminal_did_not_say(
    station: Station, draft: Document, succeeded: bool, paid: list[int]
) -> None:
    """PAY-05: the answer is kept, with who gave it."""
    request = asked(station, draft, "10")
    payments.finish_card(station, EWA, request, "uncertain", {"why": "line dropped"})
    decided = payments.decide_card(station, EWA, draft.doc_id, request.operation_id, succeeded=succeeded)
    assert [row.amount for row in decided.payments] == paid
    assert [row.confirmed_by for row in decided.payments] == ["EWA"] * len(paid)
    state = station.books.database.rows("SELECT state, facts FROM card_operation")
    assert state == [("confirmed_by_hand" if succeeded else "cancelled_by_hand", '{"by": "EWA"}')]


@pytest.mark.parametrize("succeeded", [True, False])
def test_an_answer_that_comes_after_the_decision_adds_nothing(
    station: Station, draft: Document, succeeded: bool
) -> None:
    """REL-08: no money twice."""
    request = asked(station, draft)
    payments.decide_card(station, EWA, draft.doc_id, request.operation_id, succeeded=succeeded)
    before = everything(station)
    with refused("payment.card_not_found"):
        payments.finish_card(station, EWA, request, "approved", {})
    with refused("payment.card_not_found"):
        payments.decide_card(station, EWA, draft.doc_id, request.operation_id, succeeded=True)
    assert everything(station) == before


def test_card_money_is_neither_cleared_nor_undone_nor_thrown_away(station: Station, draft: Document) -> None:
    """PAY-02."""
    payments.finish_card(station, EWA, asked(station, draft, "10"), "approved", {})
    payments.assign(station, EWA, draft.doc_id, "cash", "5")
    cleared = payments.clear(station, EWA, draft.doc_id)
    assert [row.kind for row in cleared.payments] == ["card"]
    for step in (payments.undo, payments.leave, till.discard):
        with refused("payment.card_taken"):
            step(station, EWA, draft.doc_id)
    payments.assign(station, EWA, draft.doc_id, "cash")
    assert rows(approval.approve(station, EWA, draft.doc_id)) == [
        ("card", "PLN", 1000, 1000, "payment"), ("cash", "PLN", 1000, 1000, "payment"),
    ]  # fmt: skip


def test_a_card_in_another_currency_settles_to_the_penny(station: Station, draft: Document) -> None:
    """PAY-07."""
    change(station.books, PaymentForm(code="card", name="Karta", kind="card", currencies=("EUR",)))
    request = payments.start_card(station, EWA, draft.doc_id, "card", "", "EUR")
    paid = payments.finish_card(station, EWA, request, "approved", {})
    assert rows(paid) == [("card", "EUR", 471, 2000, "payment")]


def test_an_answer_that_no_terminal_gives_is_a_bug(station: Station, draft: Document) -> None:
    with pytest.raises(AssertionError):
        payments.finish_card(station, EWA, asked(station, draft), "perhaps", {})


def test_a_cashier_pays_without_any_special_right(station: Station) -> None:
    seller = cashier()
    approved = sell(station, MILK, WATER, cash="10", actor=seller)
    assert (approved.approved_by, approved.totals.gross) == ("OLA", 648)
    assert messages(station)[-1].by == "OLA"
    assert msgspec.structs.replace(seller, grant=None) == seller


# -- the first money opens the payment ------------------------------------------------------------------------
def test_the_first_money_finds_what_the_window_would_have_found(station: Station) -> None:
    """PAY-01, DOC-05: nothing is assigned, and no card asked for, on what approval would refuse."""
    empty = till.begin(station, EWA, "receipt")
    for take in (payments.assign, payments.start_card):
        with refused("document.empty"):
            take(station, EWA, empty.doc_id, "cash" if take is payments.assign else "card")
    assert till.look_at(station, EWA, empty.doc_id).payments == ()
    assert station.books.cards.unfinished(empty.doc_id) == []


@pytest.mark.parametrize("take", ["cash", "card"])
def test_a_price_that_opening_the_payment_changes_is_told_before_money_is_taken(station: Station, take: str) -> None:
    """PAY-01, PARK-12: a bundle comes to a continued document when its payment opens; the same again pays it."""
    change(station.books, bundle("PACK", "Pack", MILK, WATER))
    doc_id = station.save(as_carried(fill(station, MILK))).doc_id
    till.scan(station, EWA, doc_id, WATER)
    assert till.look_at(station, EWA, doc_id).totals.gross == 648

    def pay() -> object:
        if take == "card":
            return payments.start_card(station, EWA, doc_id, "card", "6.48")
        return payments.assign(station, EWA, doc_id, "cash", "6.48")

    with refused("payment.changed") as problems:
        pay()
    assert problems[0].facts == {"due_minor": "518", "currency": "PLN"}
    assert (till.look_at(station, EWA, doc_id).payments, station.books.cards.unfinished(doc_id)) == ((), [])
    if take == "card":
        assert payments.start_card(station, EWA, doc_id, "card").amount == 518
    else:
        paid = payments.assign(station, EWA, doc_id, "cash", "6.48")
        assert [payment.in_system for payment in paid.payments] == [648, -130]


def test_after_the_window_the_first_money_changes_nothing(station: Station) -> None:
    """PAY-01: the screens' way."""
    change(station.books, bundle("PACK", "Pack", MILK, WATER))
    doc_id = station.save(as_carried(fill(station, MILK, WATER))).doc_id
    change(station.books, bundle("PACK", "Pack", MILK, WATER, percent="50"))
    shown = payments.window(station, EWA, doc_id)
    paid = payments.assign(station, EWA, doc_id, "cash")
    assert (paid.lines, paid.payments[0].in_system) == (shown.document.lines, shown.due)
