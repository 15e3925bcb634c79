"""The ledger of coupons on a real PostgreSQL: verified, reserved, released, used up exactly once (COUP-03)."""

import datetime
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub_documents_world import DAY, NOON, STORE, Hub, Till, new_id
from kontuar.domain.documents.document import Document, DocumentCoupon, DocumentDiscounts, ParkedOrigin
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.domain.parties import rights
from kontuar.domain.pricing.discount import Coupon
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub import coupons
from kontuar.operations.hub.verification import accept, card, items
from kontuar.operations.ports.coupons import (
    CouponAnswer,
    CouponReservation,
    ReleaseCoupons,
    ReserveCoupons,
    VerifyCoupon,
)
from kontuar.operations.ports.hub_lists import ItemFilter
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.postgres.audit import PostgresAuditShelf
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.verification import PostgresVerificationShelf
from refusals import refused

pytestmark = pytest.mark.postgres
HOURS = datetime.timedelta(hours=1)
BOSS = Actor(operator="SZEF", name="Szef", rights=frozenset(rights.ALL_RIGHTS), login_id="l1")


def station(name: str, store: str = STORE) -> NodeIdentity:
    return NodeIdentity(node=name, kind="station", store=store, incarnation="i1", public_key=b"")


POS1, POS2 = station("POS1"), station("POS2")


class Ledger:
    """The ledger as tills ask it, through a connection of its own."""

    def __init__(self, url: str) -> None:
        self.database = HubDatabase(url)
        self.book = PostgresCouponLedger(self.database)
        self.definitions = PostgresDefinitions(self.database)
        self.now = NOON

    def verify(self, code: str, doc_id: str = "", day: datetime.date = DAY) -> CouponAnswer:
        return coupons.verify(self.book, VerifyCoupon(doc_id=doc_id or new_id(), code=code, day=day), self.now)

    def reserve(self, doc_id: str, *codes: str, asker: NodeIdentity = POS1, turn: int = 1) -> CouponAnswer:
        asked = ReserveCoupons(doc_id=doc_id, codes=codes, day=DAY, turn=turn, by="anna")
        return coupons.reserve(self.book, self.definitions, asker, asked, self.now)

    def release(self, doc_id: str, asker: NodeIdentity = POS1, turn: int = 1) -> None:
        coupons.release(self.book, asker, ReleaseCoupons(doc_id=doc_id, turn=turn))

    def kept(self) -> list[tuple[str, str]]:
        with self.database.transaction():
            rows: list[CouponReservation] = list(self.book.reservations_of("ONCE", "", 50))
        return sorted((row.doc_id, row.station) for row in rows)


@pytest.fixture
def hub(postgres_url: str) -> Iterator[Hub]:
    world = Hub(postgres_url)
    world.define([
        Coupon(code="ONCE", name="Once", discount="D"),
        Coupon(code="TWICE", name="Twice", discount="D", uses=2),
        Coupon(code="ALWAYS", name="Always", discount="D", uses=0),
        Coupon(code="OFF", name="Off", discount="D", active=False),
        Coupon(code="SOON", name="Soon", discount="D", first_day=DAY + datetime.timedelta(days=1)),
        Coupon(code="GONE", name="Gone", discount="D", last_day=DAY - datetime.timedelta(days=1)),
        Coupon(code="LEAF", name="Leaf", discount="D", digits=3, first_number=1, last_number=20),
        Coupon(code="LEAF007", name="A leaf of its own", discount="D", uses=5),
    ], "coupon")  # fmt: skip
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


def using(*codes: str, used: bool = True, state: Any = "reserved") -> DocumentDiscounts:
    return DocumentDiscounts(coupons=tuple(
        DocumentCoupon(code=code, coupon="LEAF" if code.startswith("LEAF") else code, discount="D", name=code,
                       state=state, used=used) for code in codes
    ))  # fmt: skip


def arrive(hub: Hub, *tills: Till) -> None:
    for till in tills:
        hub.push(till)
    hub.book()


def said_no(work: Callable[[], object], *codes: str) -> Problem:
    with refused(*codes) as problems:
        work()
    return problems[0]


def uses(hub: Hub) -> list[tuple[str, str, bool]]:
    return hub.rows("SELECT code, number, given_back_at IS NOT NULL FROM coupon_use ORDER BY used_at, number")


def listed(hub: Hub) -> list[tuple[str, str]]:
    return hub.rows("SELECT number, reason FROM verification_item WHERE state = 'listed' ORDER BY seq")


# -- verifying and reserving ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "reason"),
    [("NONE", "coupon.unknown"), ("OFF", "coupon.inactive"), ("SOON", "coupon.not_begun"), ("GONE", "coupon.ended"),
     ("LEAF021", "coupon.unknown"), ("LEAF", "coupon.unknown")],
)  # fmt: skip
def test_a_code_that_may_not_be_used_is_refused_with_the_reason(ledger: Ledger, code: str, reason: str) -> None:
    """COUP-03: when it is put on and when payment opens alike."""
    said_no(lambda: ledger.verify(code), reason)
    said_no(lambda: ledger.reserve(new_id(), code), reason)


def test_the_documents_own_day_decides_whether_a_coupon_holds(ledger: Ledger) -> None:
    """COUP-03: a shift may run past midnight."""
    assert ledger.verify("GONE", day=DAY - datetime.timedelta(days=1)).codes == ("GONE",)


def test_a_code_of_its_own_goes_before_the_series_that_covers_it(ledger: Ledger) -> None:
    """COUP-03."""
    for _ in range(2):
        ledger.reserve(new_id(), "LEAF007")
    ledger.reserve(new_id(), "LEAF008")
    said_no(lambda: ledger.reserve(new_id(), "LEAF008"), "coupon.reserved_elsewhere")


def test_what_is_reserved_for_one_document_is_refused_to_others_and_repeatable_for_itself(ledger: Ledger) -> None:
    """COUP-03."""
    first = new_id()
    ledger.reserve(first, "ONCE")
    assert ledger.reserve(first, "ONCE").until == NOON + 24 * HOURS
    assert ledger.verify("ONCE", first).codes == ("ONCE",)
    problem = said_no(lambda: ledger.verify("ONCE"), "coupon.reserved_elsewhere")
    assert problem.facts == {"coupon": "ONCE", "name": "Once", "station": "POS1", "store": STORE}
    said_no(lambda: ledger.reserve(new_id(), "ONCE", asker=POS2), "coupon.reserved_elsewhere")
    assert ledger.kept() == [(first, "POS1")]


def test_all_codes_of_a_document_are_reserved_or_none(ledger: Ledger) -> None:
    """COUP-03: every reason is told."""
    ledger.reserve(new_id(), "ONCE")
    mine = new_id()
    said_no(lambda: ledger.reserve(mine, "TWICE", "ONCE", "OFF"), "coupon.reserved_elsewhere", "coupon.inactive")
    for _ in range(2):
        ledger.reserve(new_id(), "TWICE")


def test_reserving_fewer_codes_lets_the_others_go(ledger: Ledger) -> None:
    """COUP-03: a line taken off before payment opened again."""
    mine, other = new_id(), new_id()
    ledger.reserve(mine, "ONCE", "LEAF001")
    ledger.reserve(mine, "LEAF001", turn=2)
    ledger.reserve(other, "ONCE")
    assert ledger.kept() == [(other, "POS1")]


def test_releasing_is_repeatable_and_only_the_stations_own_and_never_what_it_reserved_later(ledger: Ledger) -> None:
    """COUP-03."""
    mine = new_id()
    ledger.reserve(mine, "ONCE", turn=5)
    ledger.release(mine, turn=4)
    ledger.release(mine, asker=POS2, turn=9)
    assert ledger.kept() == [(mine, "POS1")]
    ledger.release(mine, turn=5)
    ledger.release(mine, turn=5)
    assert ledger.kept() == []


def test_a_document_continued_at_another_till_takes_its_reservation_over(ledger: Ledger) -> None:
    """COUP-03: it is kept for the document; the till that had it cannot release it any more."""
    mine = new_id()
    ledger.reserve(mine, "ONCE", asker=POS1, turn=70)
    ledger.reserve(mine, "ONCE", asker=POS2, turn=3)
    ledger.release(mine, asker=POS1, turn=71)
    assert ledger.kept() == [(mine, "POS2")]


def test_a_question_that_was_overtaken_changes_nothing(ledger: Ledger) -> None:
    """COUP-03: a slow line delivers the earlier question last."""
    mine = new_id()
    ledger.reserve(mine, "ONCE", "TWICE", turn=2)
    ledger.reserve(mine, "ONCE", turn=1)
    ledger.reserve(new_id(), "TWICE")
    said_no(lambda: ledger.reserve(new_id(), "TWICE"), "coupon.reserved_elsewhere")


def test_a_reservation_ends_after_the_hours_that_hold_in_the_store(hub: Hub, ledger: Ledger) -> None:
    """COUP-03: `coupon.reservation_hours`; a chore forgets it."""
    hub.define([Centre(code="C", name="C")], "centre")
    hours = Parameter(name="coupon.reservation_hours", scope="centre:C", value="2")
    hub.define([Store(code=STORE, name="S1", centre="C", price_list="DET", warehouse="MAG1")], "store")
    with hub.database.transaction():
        hub.database.connection.execute(
            "INSERT INTO definition (kind, key, version, body, checksum) VALUES ('parameter', 'p', 1, %s, 0)",
            [encode(hours)],
        )
    mine = new_id()
    assert ledger.reserve(mine, "ONCE").until == NOON + 2 * HOURS
    ledger.now = NOON + 2 * HOURS - datetime.timedelta(seconds=1)
    said_no(lambda: ledger.verify("ONCE"), "coupon.reserved_elsewhere")
    assert coupons.forget_ended(ledger.book, ledger.now) == 0
    ledger.now = NOON + 2 * HOURS
    assert ledger.verify("ONCE").codes == ("ONCE",)
    assert coupons.forget_ended(ledger.book, ledger.now) == 1
    assert ledger.kept() == []


def test_a_coupon_without_a_limit_is_never_kept_from_anybody(ledger: Ledger) -> None:
    """COUP-03."""
    for _ in range(3):
        ledger.reserve(new_id(), "ALWAYS")
    assert ledger.database.connection.execute("SELECT count(*) FROM coupon_reservation").fetchone() == (0,)


def race(url: str, tills: int, lock: bool = True) -> list[str]:
    """Tills that reserve the same last use at the same moment: what each is told."""
    gate, told = threading.Barrier(tills), [""] * tills

    def ask(place: int) -> None:
        asker = Ledger(url)
        if not lock:
            asker.book.lock = lambda: None  # type: ignore[method-assign]
            read = asker.book.reservations
            asker.book.reservations = lambda *what: (read(*what), gate.wait(10))[0]  # type: ignore[method-assign]
        try:
            gate.wait(10)
            asker.reserve(f"doc-{place}", "ONCE", asker=station(f"POS{place}"))
            told[place] = "kept"
        except Refused as refusal:
            told[place] = refusal.problems[0].code
        finally:
            asker.database.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(tills)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(told)


def test_of_tills_that_reserve_the_last_use_at_the_same_moment_exactly_one_wins(
    ledger: Ledger, postgres_url: str
) -> None:
    """COUP-03."""
    for _ in range(5):
        assert race(postgres_url, 4) == ["coupon.reserved_elsewhere"] * 3 + ["kept"]
        (winner,) = ledger.kept()
        ledger.release(winner[0], asker=station(winner[1]))


def test_without_the_ledgers_lock_both_would_win(ledger: Ledger, postgres_url: str) -> None:
    """The twin that shows the damage."""
    assert race(postgres_url, 2, lock=False) == ["kept", "kept"]
    assert len(ledger.kept()) == 2


# -- booking -------------------------------------------------------------------------------------------------
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


# -- people --------------------------------------------------------------------------------------------------
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
