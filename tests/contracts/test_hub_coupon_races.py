"""Many tills and two bookers at one coupon at the same moment, on a real PostgreSQL with threads (COUP-03)."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest

from coupon_ledger import COUPONS, POS1, POS2, Ledger, station, using
from hub_documents_world import NOON, STORE, Hub, Till, new_id
from kontuar.domain.firm.records import Warehouse
from kontuar.domain.pricing.discount import Coupon
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.booking import book_batch
from kontuar.operations.ports.hub_documents import StreamPlace
from kontuar.storage.failures import StorageBusy
from refusals import refused

pytestmark = pytest.mark.postgres
PAIR = (Coupon(code="KEY1", name="One", discount="D"), Coupon(code="KEY2", name="Two", discount="D"))


@pytest.fixture
def hub(postgres_url: str) -> Iterator[Hub]:
    world = Hub(postgres_url)
    world.define((*COUPONS, *PAIR), "coupon")
    yield world
    world.database.close()


@pytest.fixture
def ledger(hub: Hub, postgres_url: str) -> Iterator[Ledger]:
    opened = Ledger(postgres_url)
    yield opened
    opened.database.close()


def at_once(works: Sequence[Callable[[], str]]) -> list[str]:
    """What each said, begun at the same moment; a failure is told by its name."""
    gate, told = threading.Barrier(len(works)), [""] * len(works)

    def run(place: int) -> None:
        gate.wait(10)
        try:
            told[place] = works[place]()
        except Refused as refusal:
            told[place] = refusal.problems[0].code
        except Exception as error:  # noqa: BLE001 - the test compares what is told
            told[place] = type(error).__name__

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def reserving(url: str, doc_id: str, *codes: str, till: str, turn: int = 1, lock: bool = True) -> Callable[[], str]:
    def ask() -> str:
        asker = Ledger(url)
        if not lock:
            asker.book.lock = lambda codes: None  # type: ignore[method-assign]
            look = asker.book.standings
            asker.book.standings = lambda *what: (look(*what), time.sleep(0.5))[0]  # type: ignore[method-assign]
        with closing(asker.database):
            answer = asker.reserve(doc_id, *codes, asker=station(till), turn=turn)
        return "kept" if answer.codes == codes else "nothing"

    return ask


def test_of_tills_that_reserve_the_last_use_at_the_same_moment_exactly_one_wins(
    ledger: Ledger, postgres_url: str
) -> None:
    """COUP-03."""
    for turn in range(1, 6):
        asked = [reserving(postgres_url, f"doc-{turn}-{at}", "ONCE", till=f"POS{at}") for at in range(4)]
        assert sorted(at_once(asked)) == ["coupon.reserved_elsewhere"] * 3 + ["kept"]
        (winner,) = ledger.kept()
        ledger.release(winner[0], asker=station(winner[1]))


def test_without_the_lock_of_the_code_both_would_win(ledger: Ledger, postgres_url: str) -> None:
    """The twin that shows the damage."""
    asked = [reserving(postgres_url, f"doc-{at}", "ONCE", till=f"POS{at}", lock=False) for at in range(2)]
    assert at_once(asked) == ["kept", "kept"]
    assert len(ledger.kept()) == 2


def test_tills_that_want_the_same_codes_in_another_order_never_wait_for_each_other(
    hub: Hub, ledger: Ledger, postgres_url: str
) -> None:
    """COUP-03: a deadlock, or a wait that is too long, would be told as a failure."""
    del hub, ledger
    for turn in range(1, 6):
        orders = [("KEY1", "KEY2", "TWICE"), ("TWICE", "KEY2", "KEY1"), ("KEY2", "TWICE", "KEY1")]
        asked = [
            reserving(postgres_url, f"doc-{turn}-{at}", *order, till=f"POS{at}") for at, order in enumerate(orders)
        ]
        assert sorted(at_once(asked)) == ["coupon.reserved_elsewhere"] * 2 + ["kept"]
        with closing(Ledger(postgres_url).database) as database, database.transaction():
            database.connection.execute("DELETE FROM coupon_reservation")


def test_two_questions_of_one_till_about_one_document_end_as_the_later_one_says(
    ledger: Ledger, postgres_url: str
) -> None:
    """COUP-03: whichever arrives first."""
    for turn in range(1, 20, 2):
        mine = f"doc-{turn}"
        at_once([
            reserving(postgres_url, mine, "KEY1", "KEY2", till="POS1", turn=turn),
            reserving(postgres_url, mine, "KEY2", till="POS1", turn=turn + 1),
        ])  # fmt: skip
        assert ledger.kept("KEY1") == []
        assert ledger.kept("KEY2") == [(mine, "POS1")]
        ledger.release(mine, turn=turn + 1)


def test_a_reserve_and_its_release_at_the_same_moment_leave_nothing_kept(ledger: Ledger, postgres_url: str) -> None:
    """COUP-03: the till gave up while its question was on its way."""

    def release(mine: str) -> str:
        asker = Ledger(postgres_url)
        with closing(asker.database):
            asker.release(mine, turn=2)
        return "released"

    for number in range(15):
        mine = f"doc-{number}"
        told = at_once([reserving(postgres_url, mine, "ONCE", till="POS1"), lambda mine=mine: release(mine)])  # type: ignore[misc]
        assert told[1] == "released"
        assert ledger.kept() == []


def test_tills_ask_about_coupons_while_a_batch_is_being_booked_and_wait_for_nothing(hub: Hub, ledger: Ledger) -> None:
    """COUP-03: only what is kept for a document that is being booked waits for it, and is told so."""
    till = Till()
    till.open_shift()
    sold = till.sell((1, 1), discounts=using("ONCE", "TWICE"))
    ledger.reserve(sold.doc_id, "ONCE", "TWICE")
    hub.push(till)
    with hub.database.transaction():
        book_batch(hub.desk, StreamPlace(store=STORE, origin="POS1", incarnation="life1"), NOON)
        with refused("coupon.reserved_elsewhere"):
            ledger.verify("ONCE")
        with refused("coupon.reserved_elsewhere"):
            ledger.reserve(new_id(), "ONCE", asker=POS2)
        assert ledger.reserve(new_id(), "TWICE", asker=POS2).codes == ("TWICE",)
        with pytest.raises(StorageBusy):
            ledger.reserve(sold.doc_id, "ONCE", turn=2)
    with refused("coupon.used_up"):
        ledger.verify("ONCE")
    assert ledger.reserve(sold.doc_id, "ONCE", turn=3).codes == ("ONCE",)
    assert ledger.kept() == []


def test_only_the_code_itself_is_waited_for_and_nothing_where_nothing_is_limited(
    hub: Hub, ledger: Ledger, postgres_url: str
) -> None:
    """COUP-03: no till waits longer than two seconds; looking never waits."""
    del hub
    with closing(Ledger(postgres_url).database) as held, held.transaction():
        busy = Ledger(postgres_url)
        with closing(busy.database), busy.book.transaction():
            busy.book.lock(["ONCE"])
            ledger.verify("ONCE")
            ledger.reserve(new_id(), "ALWAYS", "TWICE")
            began = time.monotonic()
            with pytest.raises(StorageBusy):
                ledger.reserve(new_id(), "ONCE")
            assert 1.5 < time.monotonic() - began < 6
    assert ledger.reserve(new_id(), "ONCE", asker=POS1).codes == ("ONCE",)


def test_a_till_that_asks_while_the_document_with_its_coupon_is_booked_is_refused_at_every_moment(
    hub: Hub, ledger: Ledger, postgres_url: str
) -> None:
    """COUP-03: reserved, then used: never neither."""
    till = Till()
    till.open_shift()
    for number in range(8, 16):
        sold = till.sell((1, 1), discounts=using(f"LEAF{number:03}"))
        ledger.reserve(sold.doc_id, f"LEAF{number:03}")
        hub.push(till)
        asked = [reserving(postgres_url, f"doc-{number}-{at}", f"LEAF{number:03}", till="POS2") for at in range(2)]
        told = at_once([lambda: str(hub.book().parked), *asked])
        assert told[0] == "0"
        assert set(told[1:]) <= {"coupon.reserved_elsewhere", "coupon.used_up"}


def slow(hub: Hub, lock: bool) -> None:
    """Its booking takes its time between counting uses and writing its own."""
    ledger = hub.desk.coupons
    look = ledger.standings
    ledger.standings = lambda *what: (look(*what), time.sleep(0.4))[0]  # type: ignore[method-assign]
    if not lock:
        ledger.lock_uses = lambda: None  # type: ignore[method-assign]


@pytest.mark.parametrize(("lock", "listed"), [(True, 1), (False, 0)])
def test_two_bookers_at_the_same_moment_list_every_use_too_many_exactly_once(
    hub: Hub, postgres_url: str, lock: bool, listed: int
) -> None:
    """COUP-03: booking and a person who accepts, in whatever order the documents name the codes; the twin without the
    bookers' lock shows the damage: a double use that nobody is told of."""
    other = Hub(postgres_url)
    hub.define([Warehouse(code="MAG2", name="Drugi", store="S2")], "warehouse")
    shops = (Till(), Till("POS9", store="S2", life="life9"))
    for till in shops:
        till.open_shift(f"shift-{till.station}")
        hub.push(till)
    hub.book()
    slow(hub, lock)
    slow(other, lock)
    places = [StreamPlace(store=till.store, origin=till.station, incarnation=till.stream.incarnation)
              for till in shops]  # fmt: skip
    with closing(other.database):
        for number in range(1, 4):
            codes = (f"LEAF{number:03}", f"LEAF{number + 7:03}")
            for till, order in zip(shops, (codes, codes[::-1]), strict=True):
                till.sell((1, 1), shift_id=f"shift-{till.station}", discounts=using(*order, state="offline"))
                hub.push(till)
            told = at_once([
                lambda: str(book_batch(hub.desk, places[0], NOON).parked),
                lambda: str(book_batch(other.desk, places[1], NOON).parked),
            ])  # fmt: skip
            assert told == ["0", "0"]
            rows = hub.rows("SELECT jsonb_array_length(problems) FROM verification_item WHERE state = 'listed'")
            assert rows == [(2,)] * listed * number
