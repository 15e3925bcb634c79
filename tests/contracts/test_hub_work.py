"""The hub's work on a real PostgreSQL: finding documents, the inbox together, cancelling at the source, alarms."""

import datetime
from collections.abc import Iterator

import msgspec
import pytest

from hub_documents_world import DAY, NOON, STATION, STORE, Hub, Till, article
from kontuar.domain.documents.messages import TechnicalEvent
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.confirmations import confirmations_since
from kontuar.operations.hub.hub_documents import documents, original, require_few_enough
from kontuar.operations.hub.monitor import acknowledge, alarms, note_contact, watch
from kontuar.operations.hub.verification import accept, card, items, reasons
from kontuar.operations.hub.verification_work import ask_to_cancel, assign, close_answered, retry_many, write_note
from kontuar.operations.ports.hub_lists import (
    AlarmFilter,
    CancellationWish,
    Contact,
    DocumentFilter,
    ItemFilter,
    VerificationItem,
)
from kontuar.storage.postgres.alarms import PostgresAlarmBook
from kontuar.storage.postgres.audit import PostgresAuditShelf
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.stock import PostgresFeedsOfStore
from kontuar.storage.postgres.verification import PostgresVerificationShelf
from kontuar.storage.postgres.wishes import PostgresWishDesk

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_HUB, rights.VERIFY, rights.CANCEL_AT_SOURCE}))
CLERK = Actor(operator="clerk", name="Clerk", rights=frozenset({rights.SEE_HUB, rights.VERIFY}))


class Desk:
    """A hub with everything that people work with."""

    def __init__(self, url: str) -> None:
        self.hub = Hub(url)
        database = self.hub.database
        self.shelf = PostgresVerificationShelf(database)
        self.wishes = PostgresWishDesk(database)
        self.documents = PostgresDocumentShelf(database)
        self.alarms = PostgresAlarmBook(database)
        self.audit = PostgresAuditShelf(database)
        self.monitor = PostgresMonitorShelf(database)

    def arrive(self, till: Till) -> None:
        self.hub.push(till)
        self.hub.book()

    def open(self, **narrowed: str) -> list[VerificationItem]:
        return list(items(self.shelf, BOSS, ItemFilter(**narrowed)))  # type: ignore[arg-type]

    def item(self, item: VerificationItem) -> VerificationItem:
        return card(self.shelf, BOSS, STORE, item.message).item

    def ask(self, item: VerificationItem, note: str = "made by mistake", actor: Actor = BOSS) -> CancellationWish:
        return ask_to_cancel(self.hub.desk, self.shelf, self.wishes, actor, STORE, item.message, note, NOON)

    def close(self) -> int:
        return close_answered(self.hub.desk, self.shelf, self.wishes, NOON)

    def numbers(self, **narrowed: object) -> list[str]:
        found = documents(self.documents, BOSS, DocumentFilter(**narrowed))  # type: ignore[arg-type]
        return [row.number for row in found]


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


# -- finding documents ------------------------------------------------------------------------------------------
def test_documents_are_found_by_everything_that_people_know_of_them(desk: Desk, till: Till) -> None:
    """HUB-04: part of the number in any case, operator, contractor, article, form, value, period."""
    first = till.sell((1, 2))
    second = till.sell((2, 1), (3, 1), approved_at=NOON + datetime.timedelta(minutes=1))
    buyer = msgspec.structs.replace(first.buyer, code="ACME", name="Acme", tax_number="5260250274")
    third = till.sell((1, 1), buyer=buyer, approved_at=NOON + datetime.timedelta(minutes=2))
    desk.arrive(till)
    everything = [third.number, second.number, first.number]
    assert desk.numbers() == everything
    assert desk.numbers(number="00002/pos") == [second.number]
    assert desk.numbers(number="%") == []
    assert desk.numbers(article="A00001") == [third.number, first.number]
    assert desk.numbers(buyer="ACME") == desk.numbers(buyer="5260250274") == [third.number]
    assert desk.numbers(buyer="UNDEFINED") == []
    assert desk.numbers(operator="anna", form="cash") == everything
    assert desk.numbers(operator="nobody") == desk.numbers(form="card") == []
    assert desk.numbers(gross_from=998, gross_to=998) == [second.number, first.number]
    assert desk.numbers(gross_to=499) == [third.number]
    assert desk.numbers(day_from=DAY, day_to=DAY) == everything
    assert desk.numbers(day_from=DAY + datetime.timedelta(days=1)) == []


def test_a_part_of_the_number_is_looked_up_in_an_index(desk: Desk) -> None:
    """HUB-04, PERF-08: the plan names the index of parts, whatever the sizes."""
    with desk.hub.database.transaction():
        for other in ("seqscan", "indexscan", "indexonlyscan"):
            desk.hub.database.connection.execute(f"SET LOCAL enable_{other} = off")
        plan = desk.hub.database.connection.execute(
            "EXPLAIN SELECT 1 FROM document d WHERE d.number ILIKE '%00042%'"
        ).fetchall()
    assert any("document_by_number_part" in line[0] for line in plan)


def test_a_file_is_whole_or_refused(desk: Desk, till: Till) -> None:
    """HUB-04: nobody works with half a list without knowing."""
    till.sell((1, 1))
    till.sell((1, 1))
    desk.arrive(till)
    require_few_enough(desk.documents, BOSS, DocumentFilter(), 2)
    with pytest.raises(Refused, match=r"export\.too_many_rows"):
        require_few_enough(desk.documents, BOSS, DocumentFilter(), 1)


def test_the_original_is_the_document_that_the_station_approved(desk: Desk, till: Till) -> None:
    """DOC-32."""
    sale = till.sell((1, 2))
    desk.arrive(till)
    document, row = original(desk.documents, BOSS, STORE, sale.doc_id)
    assert (document, row.gid) == (sale, "S1-1")


# -- the inbox together -----------------------------------------------------------------------------------------
def test_the_inbox_is_narrowed_and_counted_by_reason(desk: Desk, till: Till) -> None:
    """HUB-05."""
    till.sell((25, 1))
    till.sell((26, 1))
    till.release(1, warehouse="NEW")
    desk.arrive(till)
    assert [(row.reason, row.items) for row in reasons(desk.shelf, BOSS)] == [
        ("article.undefined", 2), ("warehouse.undefined", 1),
    ]  # fmt: skip
    assert [item.seq for item in desk.open(reason="warehouse.undefined")] == [4]
    assert [item.seq for item in desk.open(number="par/2026/11/00002")] == [3]
    assert desk.open(station="POS2") == []


def test_an_item_is_given_to_somebody_and_the_second_taker_is_told(desk: Desk, till: Till) -> None:
    """HUB-05."""
    till.sell((25, 1))
    desk.arrive(till)
    item = desk.open()[0]
    taken = assign(desk.shelf, BOSS, STORE, item.message, "boss", NOON, expected="")
    assert taken.assigned_to == "boss"
    with pytest.raises(Refused, match=r"verification\.assigned_meanwhile") as refused:
        assign(desk.shelf, CLERK, STORE, item.message, "clerk", NOON, expected="")
    assert refused.value.problems[0].facts == {"by": "boss"}
    assert [found.seq for found in desk.open(assigned_to="boss")] == [2]
    assert desk.open(assigned_to="-") == []


def test_notes_stay_as_they_were_written(desk: Desk, till: Till) -> None:
    """HUB-05, HUB-09."""
    till.sell((25, 1))
    desk.arrive(till)
    item = desk.open()[0]
    write_note(desk.shelf, BOSS, STORE, item.message, " asked the store ", NOON)
    notes = write_note(desk.shelf, CLERK, STORE, item.message, "they answer tomorrow", NOON)
    assert [(note.operator, note.text) for note in notes] == [
        ("boss", "asked the store"), ("clerk", "they answer tomorrow"),
    ]  # fmt: skip
    with pytest.raises(Refused, match=r"verification\.note_missing"):
        write_note(desk.shelf, BOSS, STORE, item.message, "  ", NOON)
    with pytest.raises(Exception, match="append only"):
        desk.hub.rows("UPDATE verification_note SET text = 'x' RETURNING 1")


def test_many_are_booked_again_at_once_each_alone(desk: Desk, till: Till) -> None:
    """HUB-05: what is mended is booked, the rest stays, and all is told."""
    till.sell((25, 1))
    till.sell((26, 1))
    till.fiscalise(till.sell((25, 1)))
    desk.arrive(till)
    desk.hub.define([article(25)], "article")
    done = retry_many(desk.hub.desk, desk.shelf, CLERK, ItemFilter(reason="article.undefined"), NOON)
    assert [(row.number[-10:], row.state) for row in done] == [
        ("00001/POS1", "booked"), ("00002/POS1", "parked"), ("00003/POS1", "booked"),
    ]  # fmt: skip
    assert [item.reason for item in desk.open()] == ["article.undefined"]


def test_what_waits_behind_an_item_is_shown_in_order(desk: Desk, till: Till) -> None:
    """HUB-05, REL-09."""
    sale = till.sell((25, 1))
    till.fiscalise(sale)
    till.fiscalise(sale)
    desk.arrive(till)
    shown = card(desk.shelf, BOSS, STORE, desk.open()[0].message)
    assert [(item.seq, item.reason) for item in shown.behind] == [(3, "depends_on.parked"), (4, "depends_on.parked")]


# -- cancelling at the source -----------------------------------------------------------------------------------
def test_a_wish_goes_down_with_the_confirmations_once(desk: Desk, till: Till) -> None:
    """HUB-05: the store's feed carries who asks and why; the second asker is told."""
    document = till.release(4, warehouse="NEW")
    desk.arrive(till)
    item = desk.open()[0]
    assert card(desk.shelf, BOSS, STORE, item.message).can == ("retry", "accept", "cancel")
    wish = desk.ask(item)
    told = confirmations_since(PostgresFeedsOfStore(desk.hub.database), STORE, "", 0).rows[-1]
    assert (told.doc_id, told.seq, told.state) == (document.doc_id, 2, "cancel_asked")
    assert told.reason == f"{wish.wish_id}|boss|made by mistake"
    with pytest.raises(Refused, match=r"verification\.cancellation_asked"):
        desk.ask(item)
    assert card(desk.shelf, BOSS, STORE, item.message).can == ("retry", "accept")
    assert desk.close() == 0


def test_a_document_cancelled_at_its_source_is_booked_with_its_cancellation(desk: Desk, till: Till) -> None:
    """HUB-05, REL-07: its number stands, its goods are where they were, nothing waits."""
    document = till.release(4, warehouse="NEW")
    desk.arrive(till)
    item = desk.open()[0]
    desk.ask(item)
    assert desk.hub.balance("A00001") == (0, -4)
    till.cancel(document)
    desk.hub.push(till)
    desk.hub.book()
    assert [found.reason for found in desk.open()] == ["warehouse.undefined", "depends_on.parked"]
    assert desk.close() == 1
    assert desk.open() == []
    decided = desk.item(item)
    assert (decided.state, decided.decided_by, decided.note) == ("cancelled_at_source", "boss", "made by mistake")
    assert desk.numbers(state="cancelled") == [document.number]
    assert desk.hub.balance("A00001") == (0, 0)
    assert desk.close() == 0
    wishes = card(desk.shelf, BOSS, STORE, item.message).wishes
    assert [wish.state for wish in wishes] == ["done"]


def test_a_station_that_cannot_cancel_says_why_and_may_be_asked_again(desk: Desk, till: Till) -> None:
    """HUB-05."""
    till.release(4, warehouse="NEW")
    desk.arrive(till)
    item = desk.open()[0]
    wish = desk.ask(item)
    facts = {"decision": str(wish.wish_id), "doc_id": item.doc_id, "code": "step.not_allowed"}
    till.say("station.event/1", TechnicalEvent(event="decision.refused", facts=facts), by="boss")
    desk.arrive(till)
    assert desk.close() == 1
    shown = card(desk.shelf, BOSS, STORE, item.message)
    assert (shown.item.state, shown.wishes[0].state, shown.wishes[0].answer) == (
        "parked", "refused", "step.not_allowed",
    )  # fmt: skip
    assert shown.can == ("retry", "accept", "cancel")
    assert desk.ask(item).wish_id > wish.wish_id


def test_accepting_withdraws_a_wish(desk: Desk, till: Till) -> None:
    """HUB-05: the last word counts, and the other is told."""
    till.release(4, warehouse="NEW")
    desk.arrive(till)
    item = desk.open()[0]
    desk.ask(item)
    accept(desk.hub.desk, desk.shelf, BOSS, STORE, item.message, "it is real", NOON, desk.wishes)
    assert [wish.state for wish in card(desk.shelf, BOSS, STORE, item.message).wishes] == ["withdrawn"]
    with pytest.raises(Refused, match=r"verification\.decided") as refused:
        desk.ask(item)
    assert refused.value.problems[0].facts == {"state": "accepted", "by": "boss"}


def test_cancelling_at_the_source_needs_its_right_a_note_and_a_document_that_allows_it(desk: Desk, till: Till) -> None:
    """HUB-05, SEC-01: nothing is written where it is refused."""
    till.release(4, warehouse="NEW")
    till.sell((25, 1))
    desk.arrive(till)
    release, sale = desk.open()
    with pytest.raises(Refused, match=r"right\.missing"):
        desk.ask(release, actor=CLERK)
    with pytest.raises(Refused, match=r"verification\.note_missing"):
        desk.ask(release, note=" ")
    with pytest.raises(Refused, match=r"verification\.cannot_be_cancelled"):
        desk.ask(sale)
    assert desk.hub.one("SELECT count(*) FROM cancellation_wish") == 0
    assert desk.hub.one("SELECT count(*) FROM hub_audit WHERE action LIKE 'verification.%%'") == 0


# -- alarms -----------------------------------------------------------------------------------------------------
def test_alarms_begin_end_and_begin_anew(desk: Desk) -> None:
    """HUB-07: with their severity and history."""
    contact = Contact(
        node=STATION, store=STORE, kind="station", incarnation="life1", at=NOON, sent_at=NOON, build="0.1.0",
        claimed_seq=9,
    )  # fmt: skip
    note_contact(desk.monitor, contact)
    watch(desk.monitor, desk.alarms, NOON)
    watch(desk.monitor, desk.alarms, NOON)
    [found] = alarms(desk.alarms, CLERK, AlarmFilter())
    assert (found.code, found.severity, found.node, found.ended_at) == ("node.ahead_of_hub", "urgent", STATION, None)
    later = NOON + datetime.timedelta(minutes=10)
    watch(desk.monitor, desk.alarms, later)
    assert {(alarm.code, alarm.severity) for alarm in alarms(desk.alarms, CLERK, AlarmFilter(state="open"))} == {
        ("node.ahead_of_hub", "urgent"), ("node.silent", "warning"),
    }  # fmt: skip
    note_contact(desk.monitor, msgspec.structs.replace(contact, at=later, sent_at=later))
    watch(desk.monitor, desk.alarms, later)
    [ended] = alarms(desk.alarms, CLERK, AlarmFilter(state="ended"))
    assert (ended.code, ended.ended_at) == ("node.silent", later)


def test_an_earlier_life_that_is_still_heard_of_does_not_alarm(desk: Desk, till: Till) -> None:
    """HUB-07, REL-13: what the agent relays of it, and an old machine that comes back, are not the till of today. While
    no later life was heard of, that the till is closed is worth a notice: it sells nothing."""
    for ordinal, life in enumerate(("life1", "life2"), start=1):
        desk.hub.rows(
            "INSERT INTO node_certificate VALUES (%s, %s, %s, 'station', 'S1', 'S', '', '', '', now()) RETURNING 1",
            STATION, life, ordinal,
        )  # fmt: skip
    desk.hub.push(till)
    desk.hub.rows("UPDATE stream SET closed = true RETURNING 1")
    first = Contact(node=STATION, store=STORE, kind="station", incarnation="life1", at=NOON, claimed_seq=9)
    note_contact(desk.monitor, first)
    watch(desk.monitor, desk.alarms, NOON)
    codes = {alarm.code for alarm in alarms(desk.alarms, CLERK, AlarmFilter(state="open"))}
    assert codes == {"node.ahead_of_hub", "node.closed"}
    assert [life.incarnation for life in PostgresNodes(desk.hub.database).lives(STATION)] == ["life1", "life2"]
    later = NOON + datetime.timedelta(minutes=1)
    note_contact(desk.monitor, msgspec.structs.replace(first, incarnation="life2", at=later, claimed_seq=0))
    note_contact(desk.monitor, msgspec.structs.replace(first, at=later + datetime.timedelta(hours=1)))
    watch(desk.monitor, desk.alarms, later)
    assert list(alarms(desk.alarms, CLERK, AlarmFilter(state="open"))) == []
    [node] = desk.monitor.nodes()
    assert (node.incarnation, node.closed, node.claimed_seq, node.last_seen_at) == ("life2", False, 0, later)


def test_a_spare_life_is_nobodys_present_one_until_it_speaks(desk: Desk) -> None:
    """REL-13: a file for the till is sealed to the key that it has in hand, and the monitor shows that life."""
    for ordinal, (life, certified_by) in enumerate((("life1", ""), ("life2", "life1")), start=1):
        desk.hub.rows(
            "INSERT INTO node_certificate (node, incarnation, ordinal, kind, store, series, public_key, certificate, "
            "signature, issued_at, certified_by) VALUES (%s, %s, %s, 'station', 'S1', 'S', '', '', '', now(), %s) "
            "RETURNING 1", STATION, life, ordinal, certified_by,
        )  # fmt: skip
    nodes = PostgresNodes(desk.hub.database)
    assert [life.incarnation for life in nodes.lives(STATION)] == ["life1"]
    assert [node.incarnation for node in desk.monitor.nodes()] == ["life1"]
    spare = Till(life="life2")
    spare.open_shift()
    desk.hub.push(spare)
    assert [life.incarnation for life in nodes.lives(STATION)] == ["life1", "life2"]
    assert [node.incarnation for node in desk.monitor.nodes()] == ["life2"]


def test_an_alarm_is_acknowledged_by_one_person(desk: Desk) -> None:
    """HUB-07: the second is told who was first; it is written down."""
    desk.hub.rows(
        "INSERT INTO node_alarm (store, node, code, severity, began_at) "
        "VALUES ('S1', 'POS1', 'node.silent', 'warning', now()) RETURNING 1"
    )
    [alarm] = alarms(desk.alarms, CLERK, AlarmFilter())
    taken = acknowledge(desk.alarms, desk.audit, CLERK, alarm.alarm_id, "phoned", NOON)
    assert (taken.acknowledged_by, taken.note) == ("clerk", "phoned")
    with pytest.raises(Refused, match=r"alarm\.acknowledged"):
        acknowledge(desk.alarms, desk.audit, BOSS, alarm.alarm_id, "", NOON)
    with pytest.raises(Refused, match=r"alarm\.not_found"):
        acknowledge(desk.alarms, desk.audit, BOSS, 999, "", NOON)
    assert desk.hub.rows("SELECT operator, action, subject FROM hub_audit WHERE action LIKE 'alarm.%%'") == [
        ("clerk", "alarm.acknowledge", "POS1")
    ]
