"""Verification at the hub: retry, accept, and what they leave behind."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from hub_documents_world import NOON, STORE, Hub, Till, article
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.confirmations import confirmations_since
from kontuar.operations.hub.verification import accept, card, items, retry
from kontuar.operations.incoming import receive
from kontuar.operations.ports.hub_lists import ItemFilter, VerificationItem
from kontuar.storage.postgres.stock import PostgresFeedsOfStore
from kontuar.storage.postgres.verification import PostgresVerificationShelf

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_HUB, rights.VERIFY}))
CLERK = Actor(operator="clerk", name="Clerk", rights=frozenset({rights.SEE_HUB}))


class Desk:
    """A hub with its verification shelf."""

    def __init__(self, url: str) -> None:
        self.hub = Hub(url)
        self.shelf = PostgresVerificationShelf(self.hub.database)

    def arrive(self, till: Till) -> None:
        self.hub.push(till)
        self.hub.book()

    def open(self) -> list[VerificationItem]:
        return list(items(self.shelf, BOSS, ItemFilter()))

    def retry(self, item: VerificationItem) -> VerificationItem:
        return retry(self.hub.desk, self.shelf, BOSS, STORE, item.message, NOON)

    def accept(self, item: VerificationItem, note: str = "counted by hand") -> VerificationItem:
        return accept(self.hub.desk, self.shelf, BOSS, STORE, item.message, note, NOON)


@pytest.fixture
def desk(postgres_url: str) -> Iterator[Desk]:
    world = Desk(postgres_url)
    yield world
    world.hub.database.close()


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def test_a_retry_after_the_definition_came_books_it_and_what_depends_on_it(desk: Desk, till: Till) -> None:
    """HUB-05, REL-09: in order, and the goods are counted once."""
    bad = till.sell((25, 2))
    till.fiscalise(bad)
    desk.arrive(till)
    first = desk.open()[0]
    still = desk.retry(first)
    assert (still.state, still.reason) == ("parked", "article.undefined")
    desk.hub.define([article(25)], "article")
    assert desk.retry(first).state == "booked"
    assert desk.open() == []
    assert desk.hub.rows("SELECT event FROM document_history") == [("fiscalised",)]
    assert desk.hub.balance("A00025") == (Decimal(-2), Decimal(0))
    told = confirmations_since(PostgresFeedsOfStore(desk.hub.database), STORE, "", 0)
    assert [(row.seq, row.state, row.reason, row.gid) for row in told.rows] == [
        (2, "parked", "article.undefined", ""),
        (3, "parked", "depends_on.parked", ""),
        (2, "parked", "article.undefined", ""),
        (2, "booked", "", "S1-1"),
        (3, "booked", "", "S1-1"),
    ]


def test_the_store_hears_that_nothing_of_a_document_or_shift_waits_any_more(desk: Desk, till: Till) -> None:
    """REL-18, REL-17: a till would show the document as waiting for ever, and could let go of nothing behind it."""
    shift = till.open_shift("shift2")
    given = till.release(2)
    back = till.cancel(given)
    printed = till.fiscalise(given)
    closing = till.close_shift(shift, 0, 0)
    desk.hub.bad_seals |= {back.hash, printed.hash, closing.hash}
    desk.arrive(till)
    feeds = PostgresFeedsOfStore(desk.hub.database)

    def told(after: int) -> list[tuple[int, str, str, str]]:
        rows = confirmations_since(feeds, STORE, feeds_epoch, after).rows
        return [(row.seq, row.doc_id, row.state, row.gid) for row in rows]

    feeds_epoch = confirmations_since(feeds, STORE, "", 0).epoch
    assert [(seq, state) for seq, _, state, _ in told(0)] == [
        (3, "booked"), (4, "parked"), (5, "parked"), (6, "parked"),
    ]  # fmt: skip
    desk.hub.bad_seals -= {back.hash}
    desk.retry(next(item for item in desk.open() if item.seq == back.seq))
    assert told(4) == [], "something else of the document waits still"
    desk.hub.bad_seals.clear()
    desk.retry(next(item for item in desk.open() if item.seq == printed.seq))
    desk.retry(next(item for item in desk.open() if item.seq == closing.seq))
    assert told(4) == [(5, given.doc_id, "booked", "S1-1"), (6, "shift2", "booked", "")]


def test_accepting_books_with_a_deviation_that_is_written_down(desk: Desk, till: Till) -> None:
    """HUB-05, HUB-09: who, when, why."""
    till.sell((25, 2))
    desk.arrive(till)
    item = desk.accept(desk.open()[0])
    assert (item.state, item.decided_by, item.note) == ("accepted", "boss", "counted by hand")
    assert desk.hub.rows("SELECT number, deviation FROM document") == [("PAR/2026/11/00001/POS1", "article.undefined")]
    assert desk.hub.balance("A00025") == (Decimal(-2), Decimal(0))
    shown = card(desk.shelf, CLERK, STORE, item.message)
    assert shown.can == ()
    assert [(entry.operator, entry.action, entry.facts["note"]) for entry in shown.audit] == [
        ("boss", "verification.accept", "counted by hand")
    ]


def test_a_decision_is_taken_once(desk: Desk, till: Till) -> None:
    """REL-08."""
    till.sell((25, 2))
    desk.arrive(till)
    item = desk.open()[0]
    desk.accept(item)
    with pytest.raises(Refused, match=r"verification\.decided"):
        desk.accept(item)
    with pytest.raises(Refused, match=r"verification\.decided"):
        desk.retry(item)
    assert desk.hub.balance("A00025") == (Decimal(-2), Decimal(0))


def test_deciding_needs_the_right_and_a_note_and_writes_nothing_without(desk: Desk, till: Till) -> None:
    """SEC-01: default deny."""
    till.sell((25, 2))
    desk.arrive(till)
    item = desk.open()[0]
    with pytest.raises(Refused, match=r"right\.missing"):
        retry(desk.hub.desk, desk.shelf, CLERK, STORE, item.message, NOON)
    with pytest.raises(Refused, match=r"right\.missing"):
        accept(desk.hub.desk, desk.shelf, CLERK, STORE, item.message, "x", NOON)
    with pytest.raises(Refused, match=r"verification\.note_missing"):
        desk.accept(item, " ")
    with pytest.raises(Refused, match=r"right\.missing"):
        items(desk.shelf, Actor(operator="x", name="x", rights=frozenset()), ItemFilter())
    assert desk.hub.one("SELECT count(*) FROM hub_audit") == 0
    assert desk.open() == [item]


def test_a_second_document_under_one_id_is_accepted_as_a_sale_of_its_own(desk: Desk, till: Till) -> None:
    """REL-05: both were real; both count once."""
    document = till.sell((1, 1))
    other = msgspec.structs.replace(document, number=till.next_number())
    till.say("receipt.approved/1", other, other.doc_id)
    desk.arrive(till)
    desk.accept(desk.open()[0])
    assert desk.hub.one("SELECT count(DISTINCT doc_id) FROM document") == 2
    assert desk.hub.balance("A00001") == (Decimal(-2), Decimal(0))


def test_a_forked_sale_is_accepted_as_a_real_one(desk: Desk, till: Till) -> None:
    """REL-05, REL-13: retrying does not decide a fork, a person does."""
    till.sell((1, 1))
    desk.arrive(till)
    fork = Till()
    fork.open_shift()
    fork.sell((2, 3))
    receive(fork.batch(), desk.hub.log, receiver="hub", epoch="e", is_hub=True)
    desk.hub.book()
    sale = next(item for item in desk.open() if item.seq == 2)
    assert desk.retry(sale).state == "parked"
    assert desk.accept(sale).state == "accepted"
    assert desk.hub.balance("A00002") == (Decimal(-3), Decimal(0))
    assert desk.hub.rows("SELECT deviation FROM document WHERE deviation <> ''") == [("stream.forked",)]


def test_what_holds_no_document_is_set_aside(desk: Desk, till: Till) -> None:
    """HUB-05: unreadable bytes stay in the log, their item is closed with a note."""
    till.say_bytes(b"?")
    desk.arrive(till)
    assert desk.accept(desk.open()[0]).state == "set_aside"
    assert desk.open() == []
    assert desk.hub.one("SELECT payload FROM message WHERE seq = 2") == b"?"


def test_setting_a_copy_aside_gives_its_goods_back(desk: Desk, till: Till) -> None:
    """REL-07: what never was a sale no longer counts as moved."""
    thief = Till("POS9", life="life9")
    till.sell((1, 5))
    thief.say_bytes(till.messages[1].payload)
    desk.arrive(thief)
    assert desk.hub.balance("A00001") == (Decimal(0), Decimal(-5))
    assert desk.accept(desk.open()[0]).state == "set_aside"
    assert desk.hub.balance("A00001") == (Decimal(0), Decimal(0))


def test_a_cancellation_of_a_parked_document_waits_and_follows(desk: Desk, till: Till) -> None:
    """REL-09."""
    document = till.release(4, warehouse="NEW")
    till.cancel(document)
    desk.arrive(till)
    assert [(item.seq, item.reason) for item in desk.open()] == [(2, "warehouse.undefined"), (3, "depends_on.parked")]
    desk.accept(desk.open()[0])
    assert desk.open() == []
    assert desk.hub.balance("A00001") == (Decimal(0), Decimal(0))


def test_the_inbox_is_paged_in_the_order_of_arrival(desk: Desk, till: Till) -> None:
    """DOC-10."""
    for number in range(31, 36):
        till.sell((number, 1))
    desk.arrive(till)
    first = items(desk.shelf, CLERK, ItemFilter(limit=3))
    rest = items(desk.shelf, CLERK, ItemFilter(limit=3, after=str(first[-1].item_id)))
    assert (len(first), len(rest)) == (3, 2)
    assert len({item.message for item in (*first, *rest)}) == 5
    assert items(desk.shelf, CLERK, ItemFilter(reason="number.gap")) == []


def test_an_item_is_shown_with_its_message_and_what_helps(desk: Desk, till: Till) -> None:
    """HUB-05."""
    document = till.sell((25, 2))
    till.say_bytes(b"\xff\xfe")
    desk.arrive(till)
    shown = {item.seq: card(desk.shelf, CLERK, STORE, item.message) for item in desk.open()}
    assert shown[2].can == ("retry", "accept")
    assert shown[2].advice == "define"
    assert document.doc_id in shown[2].payload
    assert shown[3].payload == "ff fe"
    with pytest.raises(Refused, match=r"verification\.not_found"):
        card(desk.shelf, CLERK, STORE, "zz")
