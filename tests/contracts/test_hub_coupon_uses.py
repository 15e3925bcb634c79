"""Coupons that booked documents use up, exactly once, and what people see of it; on a real PostgreSQL (COUP-03)."""

import datetime
from collections.abc import Callable, Iterator

import pytest

from coupon_ledger import BOSS, COUPONS, Ledger, arrive, using
from hub_documents_world import NOON, STORE, Hub, Till, new_id
from kontuar.domain.documents.document import Document, ParkedOrigin
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.hub import coupons
from kontuar.operations.hub.verification import accept, card, items
from kontuar.operations.ports.hub_lists import ItemFilter
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


def decide(hub: Hub) -> None:
    """A person accepts the only item of the inbox."""
    shelf = PostgresVerificationShelf(hub.database)
    (item,) = items(shelf, BOSS, ItemFilter())
    assert "accept" in card(shelf, BOSS, item.store, item.message).can
    accept(hub.desk, shelf, BOSS, item.store, item.message, "it was sold", hub.clock.now())


def test_a_person_sees_uses_and_reservations_and_may_let_go_of_one(hub: Hub, ledger: Ledger, till: Till) -> None:
    """COUP-03: it needs the right of verification, and is written down."""
    sold: Document = till.sell((1, 1), discounts=using("LEAF001"))
    arrive(hub, till)
    mine = new_id()
    ledger.reserve(mine, "LEAF002")
    found = coupons.uses_of(ledger.book, BOSS, "LEAF")
    assert [(use.code, use.number, use.doc_id) for use in found.uses] == [("LEAF001", sold.number, sold.doc_id)]
    assert [(row.code, row.doc_id, row.operator) for row in found.reservations] == [("LEAF002", mine, "anna")]
    assert coupons.uses_of(ledger.book, BOSS, "LEAF", "LEAF002").uses == ()
    audit = PostgresAuditShelf(ledger.database)
    clerk = Actor(operator="X", name="X", rights=frozenset({rights.SEE_HUB}), login_id="l2")
    said_no(lambda: coupons.release_by_hand(ledger.book, audit, clerk, STORE, mine, NOON), "right.missing")
    coupons.release_by_hand(ledger.book, audit, BOSS, STORE, mine, NOON)
    assert coupons.uses_of(ledger.book, BOSS, "LEAF").reservations == ()
    assert hub.rows("SELECT operator, subject FROM hub_audit WHERE action = 'coupon.released'") == [("SZEF", mine)]
