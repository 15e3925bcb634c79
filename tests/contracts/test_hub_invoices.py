"""Invoices and contractors of tills at the hub (SALE-03, SALE-06, DOC-27, HUB-05)."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hub_documents_world import DAY, NOON, STORE, Hub, Till, receipt
from kontuar.domain.documents.document import Buyer, Document, Link
from kontuar.domain.documents.messages import ContractorChanged, ContractorCreated, Fiscalised
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.errors import Refused
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.changes import write_change
from kontuar.operations.hub.defining.rules import candidate
from kontuar.operations.hub.hub_documents import find_document
from kontuar.operations.hub.privacy import emptied
from kontuar.operations.hub.reports import sales
from kontuar.operations.hub.verification import accept, card, items, retry
from kontuar.operations.ports.hub_definitions import Author
from kontuar.operations.ports.hub_lists import DocumentFilter, ItemFilter, ReportFilter
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from kontuar.storage.postgres.reports import PostgresReportShelf
from kontuar.storage.postgres.verification import PostgresVerificationShelf

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_HUB, rights.VERIFY}))
BETA = Contractor(code="BETA", name="Beta S.A.", kind="business", tax_number="774-00-01-454", city="Płock")
MADE = Contractor(code="POS1-K1", name="Gamma", kind="business", tax_number="5252248481", city="Warszawa")


@pytest.fixture
def hub(postgres_url: str) -> Iterator[Hub]:
    world = Hub(postgres_url)
    put(world, BETA)
    yield world
    world.database.close()


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def put(hub: Hub, record: Contractor) -> None:
    """A contractor as head office writes him."""
    store = hub.desk.definitions
    with store.transaction():
        write_change(store, store.next_version(), [candidate("contractor", record)], (), Author("boss", NOON))


def invoice_of(till: Till, sold: Document, **changes: Any) -> Document:
    """The invoice of a receipt, as a till tells it."""
    link = Link(
        kind="generated_from", doc_id=sold.doc_id, number=sold.number,
        quantities=tuple((line.number, line.base_quantity) for line in sold.lines),
    )  # fmt: skip
    fresh = till_receipt(till, type="invoice", number=till.next_number("invoice"))
    plain = msgspec.structs.replace(
        fresh, payments=(), cash_moves=(), stock_moves=(), links=(link,), repeats=sold.doc_id,
        buyer=Buyer(code="BETA", name="Beta S.A.", kind="business", tax_number=BETA.tax_number),
    )  # fmt: skip
    invoice = with_totals(msgspec.structs.replace(plain, **changes))
    till.say("invoice.approved/1", invoice, invoice.doc_id)
    return invoice


def till_receipt(till: Till, **changes: Any) -> Document:
    return receipt(till, ((1, 2),), **changes)


def contractor(hub: Hub, code: str) -> Contractor | None:
    found = hub.rows("SELECT body FROM definition WHERE kind = 'contractor' AND key = %s AND NOT removed", code)
    return msgspec.json.decode(bytes(found[0][0]), type=Contractor) if found else None


def test_an_invoice_of_a_receipt_is_booked_without_goods_money_or_turnover(hub: Hub, till: Till) -> None:
    """SALE-06, DOC-04: linked both ways; the shift's closing agrees with its receipts alone."""
    sold = till.sell((1, 2))
    before = hub.balance("A00001")
    invoice = invoice_of(till, sold)
    hub.push(till)
    hub.book()
    assert hub.reasons() == []
    assert (before, hub.balance("A00001")) == ((0, 0), (-2, 0))
    shelf = PostgresDocumentShelf(hub.database)
    assert find_document(shelf, sold.number).invoice == invoice.number
    with hub.database.transaction():
        held = hub.desk.shift_sums(STORE, "shift1")
    assert dict(held.counts) == {"receipt": 1, "invoice": 1}
    assert dict(held.gross) == {"receipt": 998, "invoice": 0}


def test_a_receipt_that_two_tills_invoiced_is_shown_to_a_person(hub: Hub, till: Till) -> None:
    """SALE-06: the second invoice waits; what its station sold goes on being booked."""
    sold = till.sell((1, 2))
    first = invoice_of(till, sold)
    invoice_of(till, sold)
    till.sell((1, 1))
    hub.push(till)
    hub.book()
    assert hub.reasons() == [(4, "invoice.receipt_invoiced_twice")]
    assert hub.rows("SELECT number FROM sale_repeat") == [(first.number,)]
    assert hub.one("SELECT count(*) FROM document WHERE type = 'receipt'") == 2


def test_an_invoice_that_says_it_repeats_a_sale_must_name_it(hub: Hub, till: Till) -> None:
    """SALE-06: or a sale could be hidden from the turnover."""
    sold = till.sell((1, 2))
    invoice_of(till, sold, links=())
    hub.push(till)
    hub.book()
    assert hub.reasons() == [(3, "document.repeats_nothing")]


def test_what_is_paid_later_is_an_open_item_and_no_money(hub: Hub, till: Till) -> None:
    """SALE-03: owed by the contractor until the term."""
    sold = till_receipt(till, type="invoice", number=till.next_number("invoice"))
    later = msgspec.structs.replace(sold.payments[0], amount=Minor(998), in_system=Minor(998), on_credit=True)
    owing = msgspec.structs.replace(
        sold, payments=(later,), cash_moves=(), due_on=DAY, buyer=Buyer(code="BETA", name="Beta S.A.", kind="business")
    )
    till.say("invoice.approved/1", owing, owing.doc_id)
    hub.push(till)
    hub.book()
    assert hub.reasons() == []
    shelf = PostgresDocumentShelf(hub.database)
    with shelf.reading():
        shown = shelf.card(STORE, owing.doc_id)
    assert shown.open_items == ({"contractor": "BETA", "currency": "PLN", "owed": 998, "due_on": DAY},)
    assert shown.cash_moves == ()


def test_a_contractor_made_at_a_till_becomes_a_definition_of_the_firm(hub: Hub, till: Till) -> None:
    """DOC-27, HUB-02: a version of its own, by the operator who made him."""
    version = hub.one("SELECT version FROM definition_feed")
    till.say("contractor.created/1", ContractorCreated(contractor=MADE))
    hub.push(till)
    hub.book()
    assert contractor(hub, "POS1-K1") == MADE
    assert hub.rows(
        "SELECT version, changed_by FROM definition_history WHERE kind = 'contractor' AND key = 'POS1-K1'"
    ) == [(version + 1, "anna")]


def test_changes_to_different_fields_are_merged_and_to_one_field_are_decided(hub: Hub, till: Till) -> None:
    """DOC-27: the hub changed the city meanwhile; the till the phone, then the city too."""
    put(hub, msgspec.structs.replace(BETA, city="Gdynia"))
    till.say(
        "contractor.changed/1", ContractorChanged(before=BETA, after=msgspec.structs.replace(BETA, phone="600100200"))
    )
    till.say("contractor.changed/1", ContractorChanged(before=BETA, after=msgspec.structs.replace(BETA, city="Łódź")))
    hub.push(till)
    hub.book()
    assert contractor(hub, "BETA") == msgspec.structs.replace(BETA, city="Gdynia", phone="600100200")
    assert hub.reasons() == [(3, "contractor.changed_meanwhile")]


def test_a_number_that_another_contractor_has_waits_unless_the_operator_saw_him(hub: Hub, till: Till) -> None:
    """DOC-27: offline the till could not know; a person accepts him after all."""
    twin = msgspec.structs.replace(MADE, tax_number="7740001454")
    till.say("contractor.created/1", ContractorCreated(contractor=twin))
    other = msgspec.structs.replace(twin, code="POS1-K2")
    till.say("contractor.created/1", ContractorCreated(contractor=other, seen=("BETA", "POS1-K1")))
    hub.push(till)
    hub.book()
    assert hub.reasons() == [(2, "contractor.tax_number_taken")]
    assert (contractor(hub, "POS1-K1"), contractor(hub, "POS1-K2")) == (None, other)
    shelf = PostgresVerificationShelf(hub.database)
    item = items(shelf, BOSS, ItemFilter())[0]
    accept(hub.desk, shelf, BOSS, STORE, item.message, "a branch of theirs", NOON)
    assert contractor(hub, "POS1-K1") == twin


def test_a_contractor_that_no_rule_would_let_in_waits_and_is_never_half_written(hub: Hub, till: Till) -> None:
    """HUB-05: the reasons are those of the definition itself."""
    wrong = msgspec.structs.replace(MADE, tax_number="5252248482")
    till.say("contractor.created/1", ContractorCreated(contractor=wrong))
    till.say("contractor.changed/1", ContractorChanged(before=MADE, after=msgspec.structs.replace(MADE, city="X")))
    hub.push(till)
    hub.book()
    assert hub.reasons() == [(2, "contractor.bad_nip"), (3, "contractor.missing")]
    assert contractor(hub, "POS1-K1") is None


def test_retail_invoices_that_the_device_should_have_seen_are_listed_as_not_fiscalised(hub: Hub, till: Till) -> None:
    """SALE-05, HUB-04: not those to a business, from net, or of a receipt; gone from the list once registered."""
    sold = till.sell((1, 1))
    retail = Buyer(code="ANNA", name="Anna Nowak")
    made = {
        name: msgspec.structs.replace(
            till_receipt(till, type="invoice", number=till.next_number("invoice")), buyer=buyer, direction=direction
        )
        for name, buyer, direction in (
            ("retail", retail, "gross"),
            ("net", retail, "net"),
            ("business", Buyer(code="BETA", name="Beta S.A.", kind="business"), "gross"),
        )
    }
    for document in made.values():
        document = with_totals(document)
        paid = msgspec.structs.replace(
            document.payments[0], amount=document.totals.gross, in_system=document.totals.gross
        )
        moved = msgspec.structs.replace(document.cash_moves[0], amount=paid.amount, in_system=paid.in_system)
        document = msgspec.structs.replace(document, payments=(paid,), cash_moves=(moved,))
        till.say("invoice.approved/1", document, document.doc_id)
    invoice_of(till, sold, buyer=retail)
    hub.push(till)
    hub.book()
    assert hub.reasons() == []
    shelf = PostgresDocumentShelf(hub.database)
    waiting = DocumentFilter(state="not_fiscalised", limit=50)
    with shelf.reading():
        assert {row.doc_id for row in shelf.page(waiting)} == {sold.doc_id, made["retail"].doc_id}
        assert shelf.count(waiting, 50) == 2
    registered = Fiscalised(
        doc_id=made["retail"].doc_id, number=made["retail"].number, fiscal_number="1", device="posnet"
    )
    till.say("document.fiscalised/1", registered)
    hub.push(till)
    hub.book()
    with shelf.reading():
        assert [row.doc_id for row in shelf.page(waiting)] == [sold.doc_id]


def test_only_an_invoice_that_repeats_a_receipt_is_left_out_of_the_reports(hub: Hub, till: Till) -> None:
    """SALE-06, HUB-08: one generated from something else, as of an order, is a sale."""
    sold = till.sell((1, 2))
    invoice_of(till, sold)
    link = Link(kind="generated_from", doc_id=sold.doc_id, number=sold.number)
    other = msgspec.structs.replace(
        till_receipt(till, type="invoice", number=till.next_number("invoice")), links=(link,)
    )
    till.say("invoice.approved/1", other, other.doc_id)
    hub.push(till)
    hub.book()
    assert hub.reasons() == []
    shelf = PostgresReportShelf(hub.database)
    wanted = ReportFilter(day_from=DAY, day_to=DAY)
    boss = msgspec.structs.replace(BOSS, rights=BOSS.rights | {rights.SEE_REPORTS})
    assert sales(shelf, boss, wanted, "day").total.gross == 1996
    assert sales(shelf, boss, wanted, "day").total.documents == 2


def test_the_list_of_events_keeps_no_personal_data_of_contractors(hub: Hub, till: Till) -> None:
    """HUB-09: what anonymising does not reach must not hold a name."""
    jan = Contractor(code="POS1-K1", name="Jan Prywatny", phone="600100200", city="Sopot", email="jan@example.pl")
    till.say("contractor.created/1", ContractorCreated(contractor=jan, seen=("BETA",)))
    after = msgspec.structs.replace(jan, phone="600100201")
    till.say("contractor.changed/1", ContractorChanged(before=jan, after=after))
    hub.push(till)
    hub.book()
    assert contractor(hub, "POS1-K1") == after
    rows = hub.rows("SELECT kind, body FROM technical_event WHERE kind LIKE 'contractor.%%' ORDER BY seq")
    assert rows == [
        ("contractor.created/1", {"code": "POS1-K1", "seen": ["BETA"]}),
        ("contractor.changed/1", {"code": "POS1-K1", "seen": []}),
    ]


def test_news_of_an_anonymised_contractor_never_brings_his_data_back(hub: Hub, till: Till) -> None:
    """HUB-09, HUB-05: neither by itself, nor by accepting what was parked before; it is set aside instead."""
    shelf = PostgresVerificationShelf(hub.database)
    put(hub, msgspec.structs.replace(BETA, city="Gdynia"))
    till.say("contractor.changed/1", ContractorChanged(before=BETA, after=msgspec.structs.replace(BETA, city="Łódź")))
    hub.push(till)
    hub.book()
    assert hub.reasons() == [(2, "contractor.changed_meanwhile")]
    gone = emptied(BETA)
    put(hub, gone)
    [item] = items(shelf, BOSS, ItemFilter())
    with pytest.raises(Refused, match=r"contractor\.anonymised_meanwhile"):
        accept(hub.desk, shelf, BOSS, STORE, item.message, "as the till says", NOON)
    assert (contractor(hub, "BETA"), hub.reasons()) == (gone, [(2, "contractor.changed_meanwhile")])
    after = msgspec.structs.replace(BETA, email="b@example.pl")
    till.say("contractor.changed/1", ContractorChanged(before=BETA, after=after))
    till.say("contractor.created/1", ContractorCreated(contractor=BETA))
    hub.push(till)
    hub.book()
    assert hub.reasons()[1:] == [(3, "contractor.anonymised"), (4, "contractor.anonymised")]
    assert retry(hub.desk, shelf, BOSS, STORE, item.message, NOON).reason == "contractor.anonymised"
    for waiting in items(shelf, BOSS, ItemFilter()):
        assert card(shelf, BOSS, STORE, waiting.message).advice == "set_aside"
        assert accept(hub.desk, shelf, BOSS, STORE, waiting.message, "GDPR", NOON).state == "set_aside"
    assert contractor(hub, "BETA") == gone
