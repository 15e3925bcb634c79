"""Small rules of the till: a lost answer, a firm in France, who vouches for a card (DOC-27, PAY-05, PAY-08)."""

from pathlib import Path

import msgspec
import pytest

from invoices import with_business
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Address
from kontuar.operations.actor import Actor, Grant
from kontuar.operations.station import approval, contractors, payments, sale_form, till
from kontuar.operations.station.contractors import ContractorForm
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, actor_of, cashier, change, everything, fill, messages, open_till, with_parameter

EWA = actor_of()
FRENCH_VAT = "FR40303265045"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return with_business(open_till(tmp_path))


@pytest.fixture
def french(station: Station) -> Station:
    """The same till of a firm in France."""
    change(station.books, msgspec.structs.replace(station.firm(), country="FR"))
    return station


def jan(station: Station, **typed: str) -> ContractorForm:
    """A retail customer without a tax number, in a form as the screen opens it."""
    blank = contractors.blank(station, EWA, "retail")
    return msgspec.structs.replace(blank, **{"name": "Jan Nowak", **typed})


def test_a_new_contractor_whose_answer_was_lost_is_sent_again_and_made_once(station: Station) -> None:
    """DOC-27, REL-08: nothing but the request tells two retail customers of one name apart."""
    form = jan(station)
    made = contractors.add(station, EWA, form)
    before = everything(station)
    assert contractors.add(station, EWA, form) == made
    assert everything(station) == before
    assert contractors.add(station, EWA, jan(station)).code != made.code


def test_what_was_typed_differently_since_changes_the_one_that_was_made(station: Station) -> None:
    """DOC-27: the form stays open where the answer was lost, and may be corrected before it is sent again."""
    form = jan(station)
    made = contractors.add(station, EWA, form)
    again = contractors.add(station, EWA, msgspec.structs.replace(form, city="Gdynia"))
    assert (again.code, again.city) == (made.code, "Gdynia")
    assert [row.kind for row in messages(station)][-2:] == ["contractor.created/1", "contractor.changed/1"]


def test_without_a_request_every_form_makes_one(station: Station) -> None:
    """DOC-27: the twin; programs that send no request are told nothing apart."""
    form = ContractorForm(name="Jan Nowak")
    assert contractors.add(station, EWA, form).code != contractors.add(station, EWA, form).code


def test_only_the_latest_requests_are_remembered(station: Station) -> None:
    """DOC-27: what is kept of them does not grow."""
    for _ in range(contractors.MADE_KEPT + 5):
        contractors.add(station, EWA, jan(station))
    kept = msgspec.json.decode(station.books.fact(contractors.MADE), type=dict[str, str])
    assert len(kept) == contractors.MADE_KEPT
    assert list(kept.values())[-1] == f"POS1-K{contractors.MADE_KEPT + 5}"


@pytest.mark.parametrize(("typed", "kept"), [("", "FR"), ("de", "DE")])
def test_a_further_address_is_in_the_firms_country_unless_told_otherwise(
    french: Station, typed: str, kept: str
) -> None:
    """DOC-27."""
    made = contractors.add(french, EWA, ContractorForm(name="Jan Nowak"))
    after = contractors.put_address(french, EWA, made.code, Address(name="Entrepôt", city="Lille", country=typed))
    assert [row.country for row in after.addresses] == [kept]


def test_a_tax_number_typed_on_a_receipt_is_of_the_firms_country(french: Station) -> None:
    """SALE-04, DOC-27: who is not known otherwise is from here."""
    draft = fill(french, MILK)
    with refused("contractor.tax_number_wrong") as problems:
        till.set_tax_number(french, EWA, draft.doc_id, "40303265044")
    assert problems[0].facts["country"] == "FR"
    told = till.set_tax_number(french, EWA, draft.doc_id, FRENCH_VAT).buyer
    assert (told.tax_number, told.country) == (FRENCH_VAT, "FR")


def test_split_payment_is_neither_shown_nor_set_outside_poland(french: Station) -> None:
    """PAY-08: Polish law; a firm elsewhere has no such mark."""
    draft = till.set_buyer(french, EWA, fill(french, MILK, document_type="invoice").doc_id, "BETA")
    assert not sale_form.terms_of(french, EWA, draft).split_payment
    with refused("invoice.split_payment_off"):
        till.set_split_payment(french, EWA, draft.doc_id, on=True)


def test_split_payment_is_shown_and_set_in_poland(station: Station) -> None:
    """PAY-08: the twin."""
    draft = till.set_buyer(station, EWA, fill(station, MILK, document_type="invoice").doc_id, "BETA")
    assert sale_form.terms_of(station, EWA, draft).split_payment
    assert till.set_split_payment(station, EWA, draft.doc_id, on=True).split_payment


# -- a card that the terminal did not tell of --------------------------------------------------------------------------


def lost_answer(station: Station, *, terminal: bool) -> payments.CardRequest:
    """A payment whose end nobody knows."""
    station.card_terminal = terminal
    draft = fill(station, MILK)
    request = payments.start_card(station, EWA, draft.doc_id, "card")
    payments.finish_card(station, EWA, request, "uncertain", {})
    return request


def decided(station: Station, actor: Actor, request: payments.CardRequest, *, succeeded: bool) -> list[str]:
    """Who vouches for the payments that stand afterwards."""
    document = payments.decide_card(station, actor, request.doc_id, request.operation_id, succeeded=succeeded)
    return [row.confirmed_by for row in document.payments]


def test_a_cashier_does_not_vouch_alone_for_what_the_terminal_did_not_tell(station: Station) -> None:
    """PAY-05: refused before anything is written; that nothing was charged anybody may say."""
    request = lost_answer(station, terminal=True)
    before = everything(station)
    with refused("right.missing") as problems:
        decided(station, cashier(), request, succeeded=True)
    assert problems[0].facts == {"right": "payment.confirm_card"}
    assert everything(station) == before
    assert decided(station, cashier(), request, succeeded=False) == []


def test_somebody_with_the_right_allows_it_and_both_are_kept(station: Station) -> None:
    """PAY-05: the answer is in the history, with who gave it and who allowed it."""
    request = lost_answer(station, terminal=True)
    grant = Grant(grant_id="g", right=rights.CONFIRM_CARD, operator="EWA", doc_id=request.doc_id)
    ola = msgspec.structs.replace(cashier(), grant=grant)
    assert decided(station, ola, request, succeeded=True) == ["OLA"]
    kept = station.draft(request.doc_id).authorisations
    assert [(row.right, row.operator, row.place) for row in kept] == [("payment.confirm_card", "EWA", "payment")]
    facts = station.books.database.value("SELECT facts FROM card_operation")
    assert facts == '{"allowed_by": "EWA", "by": "OLA"}'


def test_a_shift_manager_vouches_by_his_own_right(station: Station) -> None:
    """PAY-05."""
    request = lost_answer(station, terminal=True)
    assert decided(station, actor_of(*rights.SHIFT_MANAGER), request, succeeded=True) == ["EWA"]
    assert station.draft(request.doc_id).authorisations == ()


def test_without_a_terminal_the_cashier_is_simply_asked(station: Station) -> None:
    """PAY-05: there the answer is the cashier's at every card payment."""
    request = lost_answer(station, terminal=False)
    assert decided(station, cashier(), request, succeeded=True) == ["OLA"]


def test_a_firm_that_does_not_check_tax_numbers_takes_any_at_the_till(station: Station) -> None:
    """HUB-14, DOC-27: on a contractor, on a receipt and at its payment; by default they are checked."""
    form = ContractorForm(name="Nowa Sp. z o.o.", kind="business", tax_number="1234567890")
    with refused("contractor.bad_nip"):
        contractors.add(station, EWA, form)
    draft = fill(station, MILK)
    with refused("contractor.tax_number_wrong"):
        till.set_tax_number(station, EWA, draft.doc_id, "1234567890")
    with_parameter(station.books, "contractor.check_tax_number", "no")
    assert contractors.add(station, EWA, form).tax_number == "1234567890"
    assert till.set_tax_number(station, EWA, draft.doc_id, "1234567890").buyer.tax_number == "1234567890"
    assert approval.open_payment(station, EWA, draft.doc_id).totals.gross == 399
