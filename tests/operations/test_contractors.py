"""Contractors at the till: made, changed and found there, also offline (DOC-27)."""

from pathlib import Path

import pytest

from invoices import BETA, with_business
from kontuar.domain.documents.messages import ContractorChanged, ContractorCreated, read_body
from kontuar.domain.parties.records import Address, Contractor
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.station import article_list, contractors, till
from kontuar.operations.station.contractors import ContractorForm
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, actor_of, change, everything, fill, load, messages, open_till, small_shop, with_parameter

EWA = actor_of()
GAMMA = ContractorForm(
    name="Gamma sp.j.", kind="business", tax_number="525-22-48-481", street="Prosta 51", postal_code="00-838",
    city="Warszawa", phone="+48 600 100 200",
)  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return with_business(open_till(tmp_path, level=Connectivity.OFFLINE))


def names(station: Station, phrase: str) -> list[str]:
    return [row.name for row in article_list.contractors(station, EWA, phrase).rows]


def test_a_contractor_made_offline_is_found_and_chosen_at_once(station: Station) -> None:
    """DOC-27: by name, tax number with or without separators, phone; head office is told by the stream."""
    made = contractors.add(station, EWA, GAMMA)
    assert made.code == "POS1-K1"
    for phrase in ("gamma", "5252248481", "48600100200", "POS1-K1"):
        assert names(station, phrase) == ["Gamma sp.j."], phrase
    draft = fill(station, MILK, document_type="invoice")
    assert till.set_buyer(station, EWA, draft.doc_id, made.code).buyer.city == "Warszawa"
    told = messages(station)[-1]
    assert (told.kind, read_body(told)) == ("contractor.created/1", ContractorCreated(contractor=made))


def test_codes_of_new_contractors_are_never_equal(station: Station) -> None:
    """DOC-27: the station's series stands before a number of its own."""
    forms = [ContractorForm(name=name) for name in ("Jan", "Jan", "Ewa")]
    assert [contractors.add(station, EWA, form).code for form in forms] == ["POS1-K1", "POS1-K2", "POS1-K3"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (ContractorForm(name="X", kind="business"), "contractor.nip_missing"),
        (ContractorForm(name="X", kind="business", tax_number="5252248482"), "contractor.bad_nip"),
        (ContractorForm(name="X", kind="business", tax_number="DE1", country="DE"), "contractor.bad_eu_vat"),
        (ContractorForm(name="X", pesel="44051401358"), "contractor.bad_pesel"),
        (
            ContractorForm(name="X", kind="business", tax_number="5252248481", pesel="44051401359"),
            "contractor.pesel_of_business",
        ),
        (ContractorForm(name=" "), "definition.name_empty"),
        (ContractorForm(name="X", card="9900001"), "contractor.card_taken"),
        (ContractorForm(name="x" * 201), "text.too_long"),
    ],
)
def test_what_is_no_contractor_is_refused_and_nothing_is_written(
    station: Station, form: ContractorForm, code: str
) -> None:
    """DOC-27, HUB-14: NIP, VAT numbers and PESEL are checked by their digits, cards belong to one."""
    before = everything(station)
    with refused(code):
        contractors.add(station, EWA, form)
    assert everything(station) == before


def test_a_retail_customer_keeps_his_pesel_and_the_firm_may_leave_it_unchecked(station: Station) -> None:
    """HUB-14: `contractor.check_pesel`."""
    assert contractors.add(station, EWA, ContractorForm(name="Jan", pesel=" 44051401359 ")).pesel == "44051401359"
    with_parameter(station.books, "contractor.check_pesel", "no")
    assert contractors.add(station, EWA, ContractorForm(name="Ewa", pesel="44051401358")).pesel == "44051401358"


def test_the_same_tax_number_warns_until_it_was_seen(station: Station) -> None:
    """DOC-27: possible duplicates are named; who has looked at them may go on."""
    form = ContractorForm(name="Beta bis", kind="business", tax_number="774-00-01-454")
    with refused("contractor.possible_duplicate") as problems:
        contractors.add(station, EWA, form)
    assert problems[0].facts == {"codes": "BETA", "name": "Beta S.A."}
    seen = ContractorForm(name="Beta bis", kind="business", tax_number="774-00-01-454", seen=("BETA",))
    assert contractors.add(station, EWA, seen).code == "POS1-K1"


def test_a_changed_contractor_hides_his_definition_until_head_office_answers(station: Station) -> None:
    """DOC-27: the delta with what the hub made of it takes the local one away; a snapshot keeps it before that."""
    form = ContractorForm(name="Beta Nowa S.A.", kind="business", tax_number=BETA.tax_number, city="Płock")
    changed = contractors.change(station, EWA, "BETA", form)
    assert (changed.payment_days, changed.name) == (14, "Beta Nowa S.A.")
    assert names(station, "beta") == ["Beta Nowa S.A."]
    body = read_body(messages(station)[-1])
    assert body == ContractorChanged(before=BETA, after=changed)
    load(station.books, [*small_shop(), BETA], version=50)
    assert (names(station, "beta"), station.books.contractors.waiting()) == (["Beta Nowa S.A."], 1)
    change(station.books, changed)
    assert (names(station, "beta"), station.books.contractors.waiting()) == (["Beta Nowa S.A."], 0)


def test_an_older_change_of_the_hub_does_not_undo_what_the_till_has_just_said(station: Station) -> None:
    """DOC-27: the overlay stays as long as the hub does not hold the message."""
    contractors.add_card(station, EWA, "BETA", "9900777")
    change(station.books, Contractor(code="BETA", name="Beta z centrali", kind="business", tax_number=BETA.tax_number))
    assert names(station, "9900777") == ["Beta S.A."]
    database = station.books.database  # type: ignore[attr-defined]
    with station.books.transaction():
        database.write("INSERT OR REPLACE INTO uplink VALUES ('i1', 99, x'00', 99, x'00', 0)")
    change(station.books, Contractor(code="BETA", name="Beta obie", kind="business", tax_number=BETA.tax_number,
                                     loyalty_card="9900777"))  # fmt: skip
    assert names(station, "9900777") == ["Beta obie"]


def test_addresses_are_added_changed_and_chosen_for_a_document(station: Station) -> None:
    """DOC-27: by name; the main one is back with an empty name."""
    contractors.put_address(station, EWA, "BETA", Address(name="Magazyn", street="Polna 1", city="Gdańsk"))
    with refused("contractor.address_twice"):
        contractors.put_address(station, EWA, "BETA", Address(name="Magazyn", city="Sopot"))
    contractors.put_address(station, EWA, "BETA", Address(name="Magazyn", city="Sopot"), instead_of="Magazyn")
    draft = fill(station, MILK, document_type="invoice")
    till.set_buyer(station, EWA, draft.doc_id, "BETA")
    assert till.choose_address(station, EWA, draft.doc_id, "Magazyn").buyer.city == "Sopot"
    assert till.choose_address(station, EWA, draft.doc_id, "").buyer.city == "Płock"
    with refused("contractor.address_not_found"):
        till.choose_address(station, EWA, draft.doc_id, "Dom")


def test_the_recipient_may_be_another_and_is_taken_off_again(station: Station) -> None:
    """DOC-27: choosing the buyer himself is no other recipient."""
    draft = fill(station, MILK, document_type="invoice")
    till.set_buyer(station, EWA, draft.doc_id, "BETA")
    shipped = till.set_recipient(station, EWA, draft.doc_id, "ANNA")
    assert shipped.recipient is not None
    assert shipped.recipient.name == "Anna Nowak"
    assert till.set_recipient(station, EWA, draft.doc_id, "BETA").recipient is None


def test_a_card_brings_its_owner_or_stands_alone(station: Station) -> None:
    """DOC-27: also for the undefined customer; prices follow the owner's list."""
    draft = fill(station, MILK)
    alone = till.set_card(station, EWA, draft.doc_id, "1234")
    assert (alone.buyer.code, alone.buyer.loyalty_card) == ("UNDEFINED", "1234")
    owned = till.set_card(station, EWA, draft.doc_id, "9900001")
    assert (owned.buyer.name, owned.buyer.loyalty_card, owned.totals.gross) == ("Anna Nowak", "9900001", 349)


def test_the_firm_decides_whether_prices_follow_the_buyer_without_asking(station: Station) -> None:
    """DOC-27: *no* leaves values as they are; where nothing would change nobody is asked."""
    draft = fill(station, MILK)
    assert not till.needs_question(station, EWA, draft.doc_id, "ANNA")
    with_parameter(station.books, "sale.recalculate_silently", "no")
    assert till.needs_question(station, EWA, draft.doc_id, "ANNA")
    assert not till.needs_question(station, EWA, draft.doc_id, "BETA")
    kept = till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    assert (kept.buyer.code, kept.totals.gross) == ("ANNA", 399)
