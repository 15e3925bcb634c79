"""The ledger of coupons on a real PostgreSQL: verified, reserved and released, whoever asks when (COUP-03)."""

import datetime
import threading
from collections.abc import Callable, Iterator

import pytest

from coupon_ledger import COUPONS, POS1, POS2, Ledger, station
from hub_documents_world import DAY, NOON, STORE, Hub, new_id
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.hub import coupons
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


def said_no(work: Callable[[], object], *codes: str) -> Problem:
    with refused(*codes) as problems:
        work()
    return problems[0]


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
