"""Coupons that booked documents use up, exactly once, and what people see of it; on a real PostgreSQL (COUP-03)."""

import datetime
from collections.abc import Callable, Iterator

import pytest

from coupon_ledger import BOSS, COUPONS, POS2, Ledger, arrive, using
from hub_documents_world import NOON, STORE, Hub, Till, new_id
from kontuar.domain.documents.document import Document, ParkedOrigin
from kontuar.domain.parties import rights
from kontuar.domain.pricing.discount import Coupon
from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.hub import coupons
from kontuar.operations.hub.verification import accept, card, items
from kontuar.operations.ports.hub_lists import ItemFilter, VerificationItem
from kontuar.storage.postgres.audit import PostgresAuditShelf
from kontuar.storage.postgres.verification import PostgresVerificationShelf
from refusals import refused

pytestmark = pytest.mark.postgres
HOURS = datetime.timedelta(hours=1)


@pytest.fixture
def hub(postgres_url: str) -> Iterator[Hub]:
    world = Hub(postgres_url)
    world.define(COUPONS, "coupon")
    yield world
    world.database.close()


@pytest.fixture
def ledger(hub: Hub, postgres_url: str) -> Iterator[Ledger]:
    opened = Ledger(postgres_url)
    yield opened
    opened.database.close()


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def said_no(work: Callable[[], object], *codes: str) -> Problem:
    with refused(*codes) as problems:
        work()
    return problems[0]


def uses(hub: Hub) -> list[tuple[str, str, bool]]:
    return hub.rows("SELECT code, number, given_back_at IS NOT NULL FROM coupon_use ORDER BY used_at, number")


def listed(hub: Hub) -> list[tuple[str, str]]:
    return hub.rows("SELECT number, reason FROM verification_item WHERE state = 'listed' ORDER BY seq")


def test_an_approved_document_uses_its_coupon_up_once_and_ends_its_reservation(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03: the same message twice is one use."""
    sold = till.sell((1, 1), discounts=using("ONCE"))
    ledger.reserve(sold.doc_id, "ONCE")
    arrive(hub, till)
    arrive(hub, till)
    assert uses(hub) == [("ONCE", sold.number, False)]
    assert (ledger.kept(), listed(hub)) == ([], [])
    problem = said_no(lambda: ledger.verify("ONCE"), "coupon.used_up")
    assert problem.facts == {"coupon": "ONCE", "name": "Once", "number": sold.number, "day": "2026-11-20",
                             "store": STORE}  # fmt: skip


def test_a_coupon_that_gave_nothing_and_a_receipts_invoice_use_nothing_up(hub: Hub, ledger: Ledger, till: Till) -> None:
    """COUP-02, COUP-04."""
    receipt = till.sell((1, 1), discounts=using("ONCE", used=False))
    till.sell((1, 1), type="invoice", number="FS/2026/11/00001/POS1", repeats=receipt.doc_id, discounts=using("TWICE"))
    arrive(hub, till)
    assert uses(hub) == []
    assert ledger.verify("ONCE").codes == ("ONCE",)


def test_uses_are_counted_up_to_the_limit(hub: Hub, ledger: Ledger, till: Till) -> None:
    """COUP-03."""
    till.sell((1, 1), discounts=using("TWICE"))
    arrive(hub, till)
    ledger.reserve(new_id(), "TWICE")
    said_no(lambda: ledger.verify("TWICE"), "coupon.reserved_elsewhere")
    till.sell((1, 1), discounts=using("TWICE", state="offline"))
    arrive(hub, till)
    said_no(lambda: ledger.verify("TWICE"), "coupon.used_up")
    assert listed(hub) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_a_use_too_many_is_booked_and_shown_with_both_documents(hub: Hub, till: Till, at_once: bool) -> None:
    """COUP-03: tills that could ask nobody; never a lost receipt."""
    first = till.sell((1, 1), discounts=using("ONCE", state="offline"))
    if not at_once:
        arrive(hub, till)
    second = till.sell((1, 1), discounts=using("ONCE", state="offline"))
    arrive(hub, till)
    assert hub.reasons() == []
    assert listed(hub) == [(second.number, "coupon.used_too_often")]
    facts = hub.one("SELECT problems->0->'facts' FROM verification_item")
    assert facts == {"number": second.number, "coupon": "ONCE", "name": "Once", "other": first.number}
    assert uses(hub) == [("ONCE", first.number, False), ("ONCE", second.number, False)]
    assert hub.one("SELECT count(*) FROM document") == 2


def test_a_cancelled_document_gives_its_use_back(hub: Hub, ledger: Ledger, till: Till) -> None:
    """COUP-03."""
    first = till.sell((1, 1), discounts=using("ONCE"))
    till.cancel(first)
    arrive(hub, till)
    assert uses(hub) == [("ONCE", first.number, True)]
    assert ledger.verify("ONCE").codes == ("ONCE",)
    second = till.sell((1, 1), discounts=using("ONCE"))
    arrive(hub, till)
    assert listed(hub) == []
    said_no(lambda: ledger.verify("ONCE"), "coupon.used_up")
    assert uses(hub)[-1] == ("ONCE", second.number, False)


def test_a_document_made_of_a_parked_one_ends_what_was_reserved_for_the_draft(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03, PARK-08: without a live lease it has an identity of its own."""
    draft = new_id()
    ledger.reserve(draft, "ONCE")
    till.sell((1, 1), parked=ParkedOrigin(doc_id=draft, version=1, token=0), discounts=using("ONCE"))
    arrive(hub, till)
    assert (ledger.kept(), len(uses(hub))) == ([], 1)


def test_what_waits_in_verification_keeps_its_coupon_until_a_person_has_decided(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03, REL-09: accepted, it uses the coupon up."""
    sold = till.sell((99, 1), discounts=using("ONCE"))
    ledger.reserve(sold.doc_id, "ONCE")
    arrive(hub, till)
    assert [reason for _, reason in hub.reasons()] == ["article.undefined"]
    ledger.now = NOON + 1000 * HOURS
    said_no(lambda: ledger.verify("ONCE"), "coupon.reserved_elsewhere")
    decide(hub)
    assert (ledger.kept(), uses(hub)) == ([], [("ONCE", sold.number, False)])


def test_a_use_too_many_is_told_of_a_document_that_a_person_accepted(hub: Hub, till: Till) -> None:
    """COUP-03, HUB-05: it stands among the deviations."""
    till.sell((1, 1), discounts=using("ONCE"))
    till.sell((99, 1), discounts=using("ONCE"))
    arrive(hub, till)
    decide(hub)
    assert hub.rows("SELECT deviation FROM document WHERE deviation <> ''") == [
        ("article.undefined, coupon.used_too_often",)
    ]


def test_an_accepted_document_with_a_use_too_many_is_listed_for_it_with_the_earlier_one(hub: Hub, till: Till) -> None:
    """COUP-03, HUB-05: who accepted it for another reason learns of it; marked as seen, it is done."""
    first = till.sell((1, 1), discounts=using("ONCE"))
    second = till.sell((99, 1), discounts=using("ONCE"))
    arrive(hub, till)
    assert decide(hub).state == "listed"
    assert listed(hub) == [(second.number, "coupon.used_too_often")]
    assert hub.one("SELECT problems->0->'facts'->>'other' FROM verification_item") == first.number
    assert hub.one("SELECT facts->>'state' FROM hub_audit WHERE action = 'verification.accept'") == "listed"
    assert decide(hub).state == "seen"


def test_a_document_with_a_code_that_no_coupon_can_have_parks_alone_and_its_stream_goes_on(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03, REL-09: a till at fault; a person who accepts it books the sale without that use."""
    odd = till.sell((1, 1), discounts=using("X" * 5000, "TWICE"))
    till.sell((1, 1), discounts=using(""))
    fine = till.sell((1, 1), discounts=using("ONCE"))
    arrive(hub, till)
    assert [reason for _, reason in hub.reasons()] == ["document.coupon_code_impossible"] * 2
    assert uses(hub) == [("ONCE", fine.number, False)]
    for _ in range(2):
        decide(hub)
    assert uses(hub) == [("TWICE", odd.number, False), ("ONCE", fine.number, False)]
    assert hub.one("SELECT count(*) FROM document") == 3
    assert ledger.verify("TWICE").codes == ("TWICE",)


def test_two_hundred_coupons_are_booked_and_one_more_is_looked_at_by_a_person(hub: Hub, till: Till) -> None:
    """COUP-01, REL-09."""
    many = [f"CODE{number}" for number in range(201)]
    till.sell((1, 1), discounts=using(*many[:200]))
    till.sell((1, 1), discounts=using(*many))
    arrive(hub, till)
    assert [reason for _, reason in hub.reasons()] == ["document.too_many_coupons"]
    facts = hub.one("SELECT problems->0->'facts' FROM verification_item")
    assert (facts["count"], facts["most"], len(uses(hub))) == ("201", "200", 200)


def test_a_fault_of_the_ledger_parks_that_document_alone_with_nothing_by_halves(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03, REL-08, REL-09: the rest of the batch is booked, and what was kept for it stays kept."""
    fine = till.sell((1, 1), discounts=using("TWICE"))
    bad = till.sell((2, 1), discounts=using("ONCE", "LEAF001"))
    till.sell((1, 1), discounts=using("TWICE"))
    ledger.reserve(bad.doc_id, "ONCE", "LEAF001")
    with hub.database.transaction():
        hub.database.connection.execute("ALTER TABLE coupon_use ADD CONSTRAINT fault CHECK (code <> 'ONCE')")
    arrive(hub, till)
    assert [reason for _, reason in hub.reasons()] == ["message.unbookable"]
    assert [row[0] for row in uses(hub)] == ["TWICE", "TWICE"]
    assert hub.one("SELECT count(*) FROM document") == 2
    assert (hub.balance("A00001")[0], hub.balance("A00002")) == (-2, (0, -1))
    assert ledger.kept("LEAF", bad.doc_id) == ["POS1"]
    assert fine.number != bad.number


def test_what_waits_in_verification_keeps_what_its_till_reserved_for_the_parked_draft(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03, PARK-08: not what another till, which continues that draft, has kept; set aside, it is free."""
    draft = new_id()
    ledger.reserve(draft, "TWICE")
    ledger.reserve(draft, "TWICE", asker=POS2)
    parked = ParkedOrigin(doc_id=draft, version=1, token=0)
    till.sell((1, 1), parked=parked, discounts=using("TWICE"), business_day=None)
    arrive(hub, till)
    assert [reason for _, reason in hub.reasons()] == ["document.incomplete"]
    rows = hub.rows("SELECT station, until > now() + interval '1 year' FROM coupon_reservation ORDER BY station")
    assert rows == [("POS1", True), ("POS2", False)]
    assert decide(hub).state == "set_aside"
    assert ledger.kept("TWICE", draft) == ["POS2"]


def test_a_document_that_used_a_code_is_counted_once_whatever_is_still_kept_for_it(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03: its own question came after it was booked, or a row was left over."""
    sold = till.sell((1, 1), discounts=using("TWICE"))
    arrive(hub, till)
    ledger.reserve(sold.doc_id, "TWICE")
    assert ledger.kept("TWICE") == []
    hub.rows(
        "INSERT INTO coupon_reservation (code, store, doc_id, coupon, station, operator, turn, made_at, until) "
        "VALUES ('TWICE', %s, %s, 'TWICE', 'POS1', '', 1, now(), now() + interval '9 years') RETURNING 1",
        STORE, sold.doc_id,
    )  # fmt: skip
    ledger.reserve(new_id(), "TWICE")
    said_no(lambda: ledger.reserve(new_id(), "TWICE"), "coupon.reserved_elsewhere")


def test_a_code_with_thousands_of_uses_is_counted_by_its_index_and_never_read_whole(
    hub: Hub, ledger: Ledger, till: Till
) -> None:
    """COUP-03, PERF-01: neither for a question nor for booking."""
    hub.define([Coupon(code="CROWD", name="Crowd", discount="D", uses=4002)], "coupon")
    hub.rows(
        "INSERT INTO coupon_use SELECT c, 'S9', 'd' || n, c, 'K', 'PAR/' || n, '2026-11-20', "
        "timestamptz '2026-11-20 08:00Z' + n * interval '1 second', NULL FROM generate_series(1, 4001) n, "
        "unnest(ARRAY['ONCE', 'CROWD', 'A' || n, 'B' || n, 'C' || n, 'D' || n, 'E' || n, 'F' || n]) c RETURNING 1"
    )
    hub.database.connection.execute("VACUUM ANALYZE coupon_use")
    with ledger.database.transaction():
        assert ledger.verify("CROWD").codes == ("CROWD",)
        problem = said_no(lambda: ledger.verify("ONCE"), "coupon.used_up")
        assert rows_read(ledger) < 20
    assert problem.facts["number"] == "PAR/4001"
    till.sell((1, 1), discounts=using("CROWD"))
    last = till.sell((1, 1), discounts=using("CROWD"))
    arrive(hub, till)
    assert listed(hub) == [(last.number, "coupon.used_too_often")]
    said_no(lambda: ledger.verify("CROWD"), "coupon.used_up")


def rows_read(ledger: Ledger) -> int:
    """Of uses, from the table itself, in this transaction."""
    row = ledger.database.connection.execute(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'coupon_use'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def decide(hub: Hub) -> VerificationItem:
    """A person accepts the first item of the inbox."""
    shelf = PostgresVerificationShelf(hub.database)
    item = items(shelf, BOSS, ItemFilter())[0]
    assert "accept" in card(shelf, BOSS, item.store, item.message).can
    return accept(hub.desk, shelf, BOSS, item.store, item.message, "it was sold", hub.clock.now())


def test_a_person_sees_uses_and_reservations_and_may_let_go_of_one(hub: Hub, ledger: Ledger, till: Till) -> None:
    """COUP-03: it needs the right of verification, and is written down."""
    sold: Document = till.sell((1, 1), discounts=using("LEAF001"))
    arrive(hub, till)
    mine = new_id()
    ledger.reserve(mine, "LEAF002")
    found = coupons.uses_of(ledger.book, BOSS, NOON, "LEAF")
    assert [(use.code, use.number, use.doc_id) for use in found.uses] == [("LEAF001", sold.number, sold.doc_id)]
    assert [(row.code, row.doc_id, row.operator) for row in found.reservations] == [("LEAF002", mine, "anna")]
    assert coupons.uses_of(ledger.book, BOSS, NOON, "LEAF", "LEAF002").uses == ()
    audit = PostgresAuditShelf(ledger.database)
    clerk = Actor(operator="X", name="X", rights=frozenset({rights.SEE_HUB}), login_id="l2")
    said_no(lambda: coupons.release_by_hand(ledger.book, audit, clerk, STORE, mine, NOON), "right.missing")
    coupons.release_by_hand(ledger.book, audit, BOSS, STORE, mine, NOON)
    assert coupons.uses_of(ledger.book, BOSS, NOON, "LEAF").reservations == ()
    assert hub.rows("SELECT operator, subject FROM hub_audit WHERE action = 'coupon.released'") == [("SZEF", mine)]
