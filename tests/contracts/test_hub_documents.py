"""Documents, reconciliation and monitor at the hub, on a real PostgreSQL."""

import datetime
from decimal import Decimal

import msgspec
import pytest

from hub_documents_world import DAY, NOON, STATION, STORE, WAREHOUSE, Hub, Till, article, article_code, new_id
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.hub_documents import document, documents, find_document, reconciliation
from kontuar.operations.hub.monitor import nodes, note_contact
from kontuar.operations.ports.hub_documents import Opening, OpeningRow
from kontuar.operations.ports.hub_lists import Contact, DocumentFilter
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.stock import PostgresFeedsOfStore

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_HUB, rights.DEFINE}))
NOBODY = Actor(operator="x", name="x", rights=frozenset())


@pytest.fixture
def till() -> Till:
    opened = Till(signed=True)
    opened.open_shift()
    return opened


@pytest.fixture
def feeds(hub: Hub) -> PostgresFeedsOfStore:
    return PostgresFeedsOfStore(hub.database)


@pytest.fixture
def shelf(hub: Hub) -> PostgresDocumentShelf:
    return PostgresDocumentShelf(hub.database)


def arrive(hub: Hub, *tills: Till) -> None:
    for till in tills:
        hub.push(till)
    hub.book()


def opening(pieces: int, opening_id: str = "01900000-0000-7000-8000-000000000001", store: str = STORE) -> Opening:
    rows = tuple(
        OpeningRow(warehouse=WAREHOUSE, article=article_code(number), quantity=Decimal(pieces)) for number in (1, 2)
    )
    return Opening(opening_id=opening_id, store=store, business_day=DAY, rows=rows)


def test_documents_are_listed_newest_first_page_by_page(hub: Hub, till: Till, shelf: PostgresDocumentShelf) -> None:
    """HUB-04, DOC-10: keyset paging shows each document once."""
    for minute in range(7):
        till.sell((1, 1), approved_at=NOON + datetime.timedelta(minutes=minute // 2))
    arrive(hub, till)
    seen: list[str] = []
    key = ""
    while True:
        rows = documents(shelf, BOSS, DocumentFilter(after=key, limit=3))
        seen += [row.number for row in rows]
        if len(rows) < 3:
            break
        key = rows[-1].key
    assert len(seen) == len(set(seen)) == 7
    assert seen[0] == "PAR/2026/11/00007/POS1"


def test_documents_are_found_by_every_filter(hub: Hub, till: Till, shelf: PostgresDocumentShelf) -> None:
    """HUB-04."""
    sale = till.sell((1, 1))
    till.sell((2, 1))
    released = till.release(3)
    till.cancel(released)
    till.fiscalise(sale)
    arrive(hub, till)

    def found(**wanted: object) -> list[str]:
        return [row.number for row in documents(shelf, BOSS, DocumentFilter(**wanted))]  # type: ignore[arg-type]

    assert found(number="00002/POS1") == ["PAR/2026/11/00002/POS1"]
    assert found(number="%") == []
    assert found(type="internal_release") == [released.number]
    assert found(state="cancelled") == [released.number]
    assert found(state="fiscalised") == [sale.number]
    assert found(state="not_fiscalised") == ["PAR/2026/11/00002/POS1"]
    assert found(station="POS2") == []
    assert len(found(store=STORE, day_from=DAY, day_to=DAY)) == 3
    assert found(day_from=DAY + datetime.timedelta(days=1)) == []
    with pytest.raises(Refused, match=r"list\.key_unreadable"):
        found(after="nonsense")
    with pytest.raises(Refused, match=r"right\.missing"):
        documents(shelf, NOBODY, DocumentFilter())


def test_a_document_is_shown_in_full(hub: Hub, till: Till, shelf: PostgresDocumentShelf) -> None:
    """DOC-03, DOC-04: lines, taxes, payments, history, its place in the stream, its GID."""
    sale = till.sell((1, 2), (2, 1))
    till.fiscalise(sale)
    arrive(hub, till)
    card = document(shelf, BOSS, STORE, sale.doc_id)
    assert (card.row.gid, card.row.state, card.row.fiscalised) == ("S1-1", "approved", True)
    assert [line["article"] for line in card.lines] == ["A00001", "A00002"]
    assert [(entry["event"], entry["facts"]) for entry in card.history] == [
        ("fiscalised", {"fiscal_number": "F1", "device": "double"})
    ]
    assert (len(card.taxes), len(card.payments), len(card.stock_moves), len(card.cash_moves)) == (2, 2, 2, 2)
    assert (card.header["seq"], card.header["origin"]) == (2, STATION)
    assert msgspec.json.encode(card)
    for wrong in ("", "no-id", new_id()):
        with pytest.raises(Refused, match=r"document\.not_found"):
            document(shelf, BOSS, STORE, wrong)


def test_a_station_finds_anothers_document_by_its_full_number(
    hub: Hub, till: Till, shelf: PostgresDocumentShelf
) -> None:
    """DOC-11: as it came, byte for byte."""
    sale = till.sell((1, 2))
    arrive(hub, till)
    found = find_document(shelf, sale.number)
    assert decode(bytes(found.document), Document) == sale
    with pytest.raises(Refused, match=r"document\.not_found"):
        find_document(shelf, "PAR/2026/11/09999/POS1")


def test_reconciliation_counts_what_is_in_the_tables(hub: Hub, till: Till, shelf: PostgresDocumentShelf) -> None:
    """REL-05, REL-06: types, tenders, numbers with gaps and doubles, moves, positions."""
    till.sell((1, 2))
    till.sell((2, 1), (3, 1))
    till.next_number()
    till.sell((1, 1))
    till.sell((60, 1))
    till.cancel(till.release(2))
    arrive(hub, till)
    told = reconciliation(shelf, BOSS, STORE, DAY)
    assert [(row.document_type, row.documents, row.cancelled, row.lines, row.gross) for row in told.documents] == [
        ("internal_release", 1, 1, 1, 998),
        ("receipt", 2, 0, 3, 1996),
    ]
    assert [(row.form, row.currency, row.amount) for row in told.tenders] == [("cash", "PLN", 1996)]
    numbers = {row.document_type: row for row in told.numbers}["receipt"]
    assert (numbers.first, numbers.last, numbers.documents, numbers.parked) == (1, 5, 4, 2)
    assert (numbers.missing, numbers.repeated) == ((3,), ())
    assert [(row.effect, row.moves, row.quantity) for row in told.stock_moves] == [
        ("release", 1, Decimal(2)),
        ("release_cancelled", 1, Decimal(-2)),
        ("sale", 3, Decimal(4)),
    ]
    assert [(row.held, row.processed, row.hash) for row in told.streams] == [(7, 7, till.head.hex())]
    assert [(row.reason, row.messages, row.gross) for row in told.parked] == [
        ("article.undefined", 1, 499),
        ("number.gap", 1, 499),
    ]
    assert (told.booked_balance, told.unbooked_balance, told.balances_that_differ) == (Decimal(-4), Decimal(-2), 0)
    assert reconciliation(shelf, BOSS, STORE, DAY + datetime.timedelta(days=1)).documents == ()


def test_the_monitor_shows_every_node_and_what_is_wrong_with_it(hub: Hub, till: Till) -> None:
    """HUB-07: last seen, position, clock, alarms."""
    monitor = PostgresMonitorShelf(hub.database)
    till.sell((90, 1))
    arrive(hub, till)
    ahead = NOON + datetime.timedelta(seconds=200)
    note_contact(
        monitor,
        Contact(
            node=STATION, store=STORE, kind="station", incarnation="life1", at=NOON, sent_at=ahead, build="0.1.0",
            claimed_seq=9, queue_length=3,
        ),
    )  # fmt: skip
    agent = Contact(node="agent-S1", store=STORE, kind="agent", incarnation="a1", at=NOON, sent_at=NOON, build="0.1.0")
    note_contact(monitor, agent)
    shown = {state.node.node: state for state in nodes(monitor, BOSS, NOON)}
    assert shown[STATION].alarms == ("node.ahead_of_hub", "node.clock_wrong", "node.parked")
    assert (shown[STATION].node.held_seq, shown[STATION].node.queue_length) == (2, 3)
    assert shown[STATION].node.clock_skew_seconds == 200.0
    assert shown["agent-S1"].alarms == ()
    late = nodes(monitor, BOSS, NOON + datetime.timedelta(minutes=6))
    assert all("node.silent" in state.alarms for state in late)
    with pytest.raises(Refused, match=r"right\.missing"):
        nodes(monitor, NOBODY, NOON)


def test_unreadable_frames_are_kept_with_the_reason(hub: Hub) -> None:
    """Protocol: refused whole, bytes kept, counted."""
    hub.log.keep_unreadable(b"\x00garbage", "10.0.0.9", "frame.unreadable")
    assert hub.rows("SELECT sender, problem, frame FROM unreadable_frame") == [
        ("10.0.0.9", "frame.unreadable", b"\x00garbage")
    ]
    assert hub.log.unreadable_count() == 1
    assert article(1).code == "A00001"
