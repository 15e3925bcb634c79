"""Booking at the hub on a real PostgreSQL: exactly once, in order, whatever else is wrong."""

import datetime
import random
from decimal import Decimal

import msgspec
import psycopg
import pytest

from hub_documents_world import (
    NOON,
    OPERATOR,
    STORE,
    WAREHOUSE,
    Hub,
    Till,
    article_code,
    new_id,
)
from kontuar.domain.documents.booking import Verdict, read
from kontuar.domain.documents.document import Adjustment, Document, Link
from kontuar.domain.documents.messages import approved_kind
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.parties.records import Operator
from kontuar.domain.stock.records import CUSTOMER
from kontuar.kernel.canonical import encode
from kontuar.kernel.money import Minor
from kontuar.operations.hub.booking import book_batch
from kontuar.operations.hub.confirmations import confirmations_since
from kontuar.operations.ports.hub_documents import StreamPlace, Unbookable
from kontuar.storage.postgres.stock import PostgresFeedsOfStore

pytestmark = pytest.mark.postgres


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def arrive(hub: Hub, till: Till) -> None:
    hub.push(till)
    hub.book()


def test_a_booked_receipt_stands_in_every_table_once(hub: Hub, till: Till) -> None:
    """REL-02, REL-08: header, lines, taxes, payments, goods and cash, and a GID that goes back to the store."""
    document = till.sell((1, 2), (2, 3))
    arrive(hub, till)
    assert hub.rows("SELECT number, gross, net, tax, line_count, ordinal, series, gid, seq FROM document") == [
        ("PAR/2026/11/00001/POS1", 2495, 2141, 354, 2, 1, "POS1", 1, 2)
    ]
    assert hub.rows("SELECT line, article, quantity_e4, price_e4, value FROM document_line ORDER BY line") == [
        (1, "A00001", 20_000, 49_900, 998),
        (2, "A00002", 30_000, 49_900, 1497),
    ]
    assert hub.rows("SELECT vat, percent, gross FROM document_tax ORDER BY position") == [
        ("A", Decimal(23), 1497),
        ("B", Decimal(8), 998),
    ]
    assert hub.rows("SELECT number, role, amount FROM document_payment ORDER BY number") == [
        (1, "payment", 2595),
        (2, "change", -100),
    ]
    assert hub.rows("SELECT line, effect, from_place, to_place, quantity_e4 FROM stock_move ORDER BY line") == [
        (1, "sale", WAREHOUSE, CUSTOMER, 20_000),
        (2, "sale", WAREHOUSE, CUSTOMER, 30_000),
    ]
    assert hub.one("SELECT sum(amount) FROM cash_move") == 2495
    assert (hub.balance("A00001"), hub.balance("A00002")) == ((Decimal(-2), 0), (Decimal(-3), 0))
    told = confirmations_since(PostgresFeedsOfStore(hub.database), STORE, "", 0)
    assert [(row.doc_id, row.seq, row.state, row.gid, row.version) for row in told.rows] == [
        (document.doc_id, 2, "booked", "S1-1", 1)
    ]


def test_a_push_again_in_any_cut_changes_nothing(hub: Hub, till: Till) -> None:
    """REL-08, REL-15: repeated, overlapping and reordered pushes lead to the same state."""
    for number in range(1, 21):
        till.sell((number % 5 + 1, 1))
    rng = random.Random(7)
    for _ in range(60):
        first = rng.randrange(1, 22)
        hub.push(till, first, rng.randrange(first, 22))
        if rng.random() < 0.5:
            hub.book()
    arrive(hub, till)
    hub.push(till)
    assert hub.book().messages == 0
    assert hub.one("SELECT count(*) FROM document") == 20
    assert [hub.balance(article_code(number))[0] for number in range(1, 6)] == [Decimal(-4)] * 5
    assert hub.rows("SELECT min(version), max(version), count(DISTINCT version) FROM confirmation") == [(1, 20, 20)]


def test_final_does_not_wait_for_booking_and_a_crash_between_loses_nothing(hub: Hub, till: Till) -> None:
    """REL-04: intake is durable alone; a hub that starts again books what waits."""
    till.sell((1, 1))
    assert hub.push(till).final.seq == 2
    assert hub.one("SELECT count(*) FROM document") == 0
    again = Hub(hub.database._conninfo)
    assert again.book().messages == 2
    assert again.one("SELECT count(*) FROM document") == 1
    again.database.close()


def test_a_crash_inside_a_booking_step_leaves_nothing_of_it(hub: Hub, till: Till) -> None:
    """REL-08: the step's transaction is undone whole, the next one books once."""
    till.sell((1, 1))
    hub.push(till)

    class PowerCut(Exception):
        pass

    def book_and_die() -> None:
        with hub.database.transaction():
            book_batch(hub.desk, StreamPlace(store=STORE, origin="POS1", incarnation="life1"), NOON)
            raise PowerCut

    with pytest.raises(PowerCut):
        book_and_die()
    assert hub.one("SELECT count(*) FROM document") == 0
    hub.book()
    assert hub.balance("A00001") == (Decimal(-1), 0)


def test_a_body_of_an_older_till_without_newer_fields_is_booked(hub: Hub, till: Till) -> None:
    """REL-16: fields with a default may be missing."""
    document = till.sell((1, 1))
    other = msgspec.structs.replace(document, doc_id=new_id(), number=till.next_number())
    plain = msgspec.json.decode(encode(other))
    for field in ("perpetual_gross", "description", "amount", "reason"):
        del plain[field]
    till.say("receipt.approved/1", msgspec.Raw(encode(plain)), other.doc_id)
    arrive(hub, till)
    assert hub.reasons() == []
    assert hub.one("SELECT count(*) FROM document") == 2


def test_an_operator_revoked_before_the_sale_is_accepted_and_listed(hub: Hub, till: Till) -> None:
    """What was done offline by an operator revoked meanwhile is booked, and a person sees it."""
    hub.define(
        [Operator(code=OPERATOR, name="Anna", pin_verifier="x", roles=(), active=False)],
        "operator",
        NOON - datetime.timedelta(hours=1),
    )
    till.sell((1, 1))
    till.sell((1, 1), approved_at=NOON - datetime.timedelta(hours=2))
    arrive(hub, till)
    assert hub.one("SELECT count(*) FROM document") == 2
    assert hub.rows("SELECT seq, state, reason FROM verification_item") == [(2, "listed", "operator.revoked_before")]


def test_a_cancellation_takes_the_goods_back_once(hub: Hub, till: Till) -> None:
    """REL-08, DOC-03: history and moves of their own; the document itself never changes."""
    document = till.release(5)
    till.cancel(document)
    till.cancel(document)
    arrive(hub, till)
    assert hub.balance("A00001") == (Decimal(0), Decimal(5))
    assert hub.reasons() == [(4, "document.cancelled_twice")]
    assert hub.rows("SELECT event, operator FROM document_history") == [("cancelled", OPERATOR)]
    assert hub.one("SELECT cancelled FROM document_later")


def test_a_closing_report_that_agrees_is_silent_and_one_that_does_not_is_listed(hub: Hub, till: Till) -> None:
    """REL-06: declared = applied + parked; a parked document counts."""
    shift = till.open_shift("second")
    till.sell((1, 1), shift_id="second")
    till.sell((77, 1), shift_id="second")
    till.close_shift(shift, 2, 998)
    third = till.open_shift("third")
    till.sell((1, 1), shift_id="third")
    till.close_shift(third, 2, 998)
    arrive(hub, till)
    listed = hub.rows("SELECT seq, reason FROM verification_item WHERE state = 'listed'")
    assert listed == [(8, "shift.documents_differ")]
    assert hub.one("SELECT count(*) FROM shift WHERE closed_at IS NOT NULL") == 2


def test_ledgers_streams_and_documents_refuse_change(hub: Hub, till: Till) -> None:
    """REL-02, DOC-03: append only, guarded by the database itself."""
    till.fiscalise(till.sell((1, 1)))
    arrive(hub, till)
    for table in ("message", "document", "stock_move", "cash_move", "document_history", "hub_audit"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET store = 'x'", f"TRUNCATE {table}"):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append only"):
                hub.rows(statement)


def test_without_its_trigger_a_ledger_can_be_rewritten_and_the_cache_shows_it(hub: Hub, till: Till) -> None:
    """The twin of the guard: what a ledger without it allows."""
    till.sell((1, 1))
    arrive(hub, till)
    feeds = PostgresFeedsOfStore(hub.database)
    assert feeds.balances_that_differ() == []
    with hub.database.transaction():
        hub.database.connection.execute("DROP TRIGGER stock_move_stays ON stock_move")
        hub.database.connection.execute("UPDATE stock_move SET quantity_e4 = 1")
    assert feeds.balances_that_differ() == [(STORE, WAREHOUSE, "A00001", -10_000, -1)]


def test_the_ledgers_key_refuses_an_effect_twice(hub: Hub, till: Till) -> None:
    """REL-08: the last guard is the database's; without the position in the stream it would be asked."""
    till.sell((1, 1))
    arrive(hub, till)
    with hub.database.transaction():
        hub.database.connection.execute("UPDATE stream SET processed_seq = 1")
        hub.database.connection.execute("ALTER TABLE document DROP CONSTRAINT document_pkey CASCADE")
    readings = hub.desk.next_messages(StreamPlace(store=STORE, origin="POS1", incarnation="life1"), 10)
    with pytest.raises(Unbookable), hub.database.transaction():
        hub.desk.book(STORE, [Verdict(reading=read(readings[0]))], NOON)
    assert hub.balance("A00001") == (Decimal(-1), 0)


def test_random_days_leave_balances_equal_to_the_ledger(hub: Hub) -> None:
    """REL-07, REL-08: sales, cancellations, doubtful documents, any order of pushes of three tills."""
    rng = random.Random(3)
    tills = [Till(f"POS{n}", life=f"life{n}") for n in range(1, 4)]
    for till in tills:
        till.open_shift(f"shift-{till.station}")
        for _ in range(40):
            kind = rng.random()
            if kind < 0.7:
                till.sell((rng.randrange(1, 25), rng.randrange(1, 4)), shift_id=f"shift-{till.station}")
            elif kind < 0.9:
                document = till.release(rng.randrange(1, 9))
                if rng.random() < 0.5:
                    till.cancel(document)
            else:
                till.say_bytes(b"?")
    while any(hub.push(till).held.seq < len(till.messages) for till in tills):
        till = rng.choice(tills)
        held = hub.push(till, 1, 1).held.seq
        hub.push(till, held + 1, min(held + rng.randrange(1, 9), len(till.messages)))
        hub.book()
    hub.book()
    assert PostgresFeedsOfStore(hub.database).balances_that_differ() == []
    held = hub.rows(
        "SELECT b.article, b.unbooked_e4, coalesce(u.q, 0) FROM stock_balance b LEFT JOIN (SELECT article, "
        "sum(CASE WHEN to_place LIKE '@%%' THEN -quantity_e4 ELSE quantity_e4 END) q FROM unbooked_move GROUP BY 1) u "
        "USING (article) WHERE b.unbooked_e4 <> coalesce(u.q, 0)"
    )
    assert held == []


def test_adjustments_and_links_are_written_in_full(hub: Hub, till: Till) -> None:
    """DOC-04, DISC-26."""
    first = till.sell((1, 1))
    base = till.sell((1, 1))
    change = Adjustment(source="operator", kind="typed_price", rule="", base=Minor(499), amount=Minor(0), by=OPERATOR)
    row = msgspec.structs.replace(base.lines[0], adjustments=(change,))
    link = Link(
        kind="generated_from", doc_id=first.doc_id, number=first.number, quantities=((1, Decimal(1)),)
    )  # fmt: skip
    document: Document = with_totals(
        msgspec.structs.replace(base, doc_id=new_id(), number=till.next_number(), lines=(row,), links=(link,))
    )
    till.say(approved_kind("receipt"), document, document.doc_id)
    arrive(hub, till)
    assert hub.reasons() == []
    assert hub.rows("SELECT line, kind, base, by_operator FROM document_adjustment") == [
        (1, "typed_price", 499, OPERATOR)
    ]
    assert hub.rows("SELECT kind, to_doc, quantities FROM document_link") == [
        ("generated_from", first.doc_id, [[1, "1"]])
    ]
