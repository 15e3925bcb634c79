"""Stock figures, opening stock and confirmations at the hub, on a real PostgreSQL."""

import random
from decimal import Decimal

import msgspec
import pytest

from hub_documents_world import DAY, NOON, STATION, STORE, WAREHOUSE, Hub, Till, article_code, new_id
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Conflict, Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.booking import book_batch
from kontuar.operations.hub.confirmations import confirmations_since
from kontuar.operations.hub.stock_feed import put_opening, stock_elsewhere, stock_since
from kontuar.operations.ports.hub_documents import Opening, OpeningRow, StockFigures, StreamPlace
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.booking_rows import DELTAS_KEPT
from kontuar.storage.postgres.documents import PostgresDocumentShelf
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


def fine(stream: StreamId, message: SealedMessage) -> str:
    return ""


def test_stock_is_opening_minus_sold(hub: Hub, till: Till, feeds: PostgresFeedsOfStore) -> None:
    """REL-07: and the positions say which messages the figures contain."""
    assert put_opening(feeds, BOSS, opening(10), NOON)
    till.sell((1, 3))
    arrive(hub, till)
    figures = stock_since(feeds, STORE, "", 0)
    assert figures.full
    assert figures.rows == ((WAREHOUSE, "A00001", 70_000), (WAREHOUSE, "A00002", 100_000))
    assert figures.covered == ((STATION, "life1", 2),)


def test_opening_stock_put_again_is_no_second_effect(hub: Hub, feeds: PostgresFeedsOfStore) -> None:
    """REL-08: the same rows under the same id are the same; other rows are a conflict a person sees."""
    assert put_opening(feeds, BOSS, opening(10), NOON)
    assert not put_opening(feeds, BOSS, opening(10), NOON)
    with pytest.raises(Conflict, match=r"opening\.conflict"):
        put_opening(feeds, BOSS, opening(11), NOON)
    assert hub.balance("A00001")[0] == Decimal(10)


def test_all_bad_rows_of_an_opening_are_told_at_once_and_nothing_is_written(
    hub: Hub, feeds: PostgresFeedsOfStore
) -> None:
    """DOC-05."""
    bad = (
        OpeningRow(warehouse=WAREHOUSE, article="A00001", quantity=Decimal("0.00001")),
        OpeningRow(warehouse=WAREHOUSE, article="A00001", quantity=Decimal(-1)),
        OpeningRow(warehouse=WAREHOUSE, article="A00001", quantity=Decimal(1)),
    )
    with pytest.raises(Refused) as refusal:
        put_opening(feeds, BOSS, msgspec.structs.replace(opening(1), rows=bad), NOON)
    assert [(problem.code, problem.place) for problem in refusal.value.problems] == [
        ("quantity.too_precise", "row:1"),
        ("opening.row_wrong", "row:2"),
        ("opening.row_repeated", "row:3"),
    ]
    unknown = (OpeningRow(warehouse="X", article="Y", quantity=Decimal(1)),)
    with pytest.raises(Refused) as refusal:
        put_opening(feeds, BOSS, msgspec.structs.replace(opening(1), rows=unknown), NOON)
    assert [problem.code for problem in refusal.value.problems] == ["warehouse.undefined", "article.undefined"]
    with pytest.raises(Refused, match=r"right\.missing"):
        put_opening(feeds, NOBODY, opening(1), NOON)
    assert hub.one("SELECT count(*) FROM stock_move") == 0


def test_figures_since_a_version_are_those_that_changed(hub: Hub, till: Till, feeds: PostgresFeedsOfStore) -> None:
    """Stock feed: deltas, then nothing, then everything for who fell behind or comes from another epoch."""
    put_opening(feeds, BOSS, opening(10), NOON)
    first = stock_since(feeds, STORE, "", 0)
    till.sell((2, 1))
    arrive(hub, till)
    second = stock_since(feeds, STORE, first.epoch, first.version)
    assert (second.full, second.rows) == (False, ((WAREHOUSE, "A00002", 90_000),))
    assert stock_since(feeds, STORE, second.epoch, second.version).rows == ()
    assert stock_since(feeds, STORE, "restored", second.version).full
    assert stock_since(feeds, STORE, second.epoch, second.version + 1).full
    with hub.database.transaction():
        hub.database.connection.execute(f"UPDATE store_feed SET stock_version = stock_version + {DELTAS_KEPT + 5}")
    assert stock_since(feeds, STORE, second.epoch, second.version).full


def test_figures_contain_exactly_the_moves_up_to_the_covered_position(
    hub: Hub, till: Till, feeds: PostgresFeedsOfStore
) -> None:
    """REL-07, ownership of stock: booked, parked and not yet booked messages, at every moment."""
    rng = random.Random(5)
    sold = [0]
    for _ in range(30):
        pieces = rng.randrange(1, 5)
        till.sell((1, pieces), approved_by=rng.choice(["anna", "ghost"]))
        sold.append(sold[-1] + pieces)
    hub.push(till)
    place = StreamPlace(store=STORE, origin=STATION, incarnation="life1")
    held = StockFigures(epoch="", version=0, full=True, rows=(), covered=())
    figure = 0
    for cut in (1, 4, 11, 18, 31):
        with hub.database.transaction():
            hub.desk.lock(STORE)
            done = hub.one("SELECT processed_seq FROM stream")
        messages = cut - done

        class Few:
            def __getattr__(self, name: str) -> object:
                return getattr(hub.desk, name)

            def next_messages(self, wanted: StreamPlace, most: int, few: int = messages) -> object:
                return hub.desk.next_messages(wanted, few)

        book_batch(Few(), place, NOON)  # type: ignore[arg-type]
        held = stock_since(feeds, STORE, held.epoch, held.version)
        for _, _, amount in held.rows:
            figure = amount
        assert held.covered == ((STATION, "life1", cut),)
        assert figure == -10_000 * sold[cut - 1]


def test_other_stores_stock_is_told_without_the_askers_own(hub: Hub, feeds: PostgresFeedsOfStore) -> None:
    """DOC-21."""
    put_opening(feeds, BOSS, opening(10), NOON)
    put_opening(feeds, BOSS, opening(4, new_id(), "S2"), NOON)
    found = stock_elsewhere(feeds, STORE, "A00001")
    assert [(row.store, row.warehouse, row.quantity) for row in found] == [("S2", WAREHOUSE, Decimal(4))]


def test_balances_can_be_rebuilt_from_the_ledger(hub: Hub, till: Till, feeds: PostgresFeedsOfStore) -> None:
    """REL-07: a spoiled cache is seen and mended; the feed starts anew."""
    till.sell((1, 3), (2, 1))
    arrive(hub, till)
    before = stock_since(feeds, STORE, "", 0)
    with hub.database.transaction():
        hub.database.connection.execute("UPDATE stock_balance SET quantity_e4 = 5 WHERE article = 'A00001'")
        hub.database.connection.execute("DELETE FROM stock_balance WHERE article = 'A00002'")
    assert [row[2:] for row in feeds.balances_that_differ()] == [("A00001", 5, -30_000), ("A00002", 0, -10_000)]
    feeds.rebuild()
    assert feeds.balances_that_differ() == []
    after = stock_since(feeds, STORE, before.epoch, before.version)
    assert (after.full, after.rows) == (True, before.rows)


def test_confirmations_are_gapless_and_can_be_asked_for_again(
    hub: Hub, till: Till, feeds: PostgresFeedsOfStore
) -> None:
    """REL-04: versions in the order of commits; another epoch begins at the start."""
    till.sell((1, 1))
    till.sell((50, 1))
    arrive(hub, till)
    told = confirmations_since(feeds, STORE, "", 0)
    assert [(row.seq, row.state, row.reason, row.version) for row in told.rows] == [
        (2, "booked", "", 1),
        (3, "parked", "article.undefined", 2),
    ]
    assert confirmations_since(feeds, STORE, told.epoch, told.version).rows == ()
    again = confirmations_since(feeds, STORE, "restored", 2)
    assert (again.full, len(again.rows)) == (True, 2)
    assert confirmations_since(feeds, "S9", "", 0).rows == ()


def test_the_list_of_touched_balances_does_not_grow_for_ever(hub: Hub, till: Till, feeds: PostgresFeedsOfStore) -> None:
    """Who fell far behind gets all figures; who is near gets what changed."""
    till.sell((1, 1))
    arrive(hub, till)
    with hub.database.transaction():
        hub.database.connection.execute(f"UPDATE store_feed SET stock_version = {DELTAS_KEPT + 99}")
    till.sell((2, 1))
    arrive(hub, till)
    assert hub.rows("SELECT version, articles FROM stock_touched") == [(DELTAS_KEPT + 100, ["A00002"])]
    epoch = hub.one("SELECT epoch FROM store_feed")
    assert stock_since(feeds, STORE, epoch, 1).full
    near = stock_since(feeds, STORE, epoch, DELTAS_KEPT + 99)
    assert (near.full, near.rows) == (False, ((WAREHOUSE, "A00002", -10_000),))
