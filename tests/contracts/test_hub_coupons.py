"""The ledger of coupons on a real PostgreSQL: verified, reserved and released, whoever asks when (COUP-03)."""

import datetime
from collections.abc import Callable, Iterator

import pytest

from coupon_ledger import COUPONS, POS1, POS2, Ledger, certify, station
from hub_documents_world import DAY, NOON, STORE, Hub, new_id
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem
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


def test_a_document_continued_at_another_till_has_its_coupon_there_whatever_the_first_one_says_late(
    ledger: Ledger,
) -> None:
    """COUP-03: the code is taken once, for the document; each till lets go of its own only."""
    mine = new_id()
    ledger.reserve(mine, "TWICE", asker=POS1, turn=70)
    ledger.reserve(mine, "TWICE", asker=POS2, turn=3)
    ledger.reserve(new_id(), "TWICE")
    said_no(lambda: ledger.reserve(new_id(), "TWICE"), "coupon.reserved_elsewhere")
    ledger.reserve(mine, "TWICE", asker=POS1, turn=69)
    ledger.release(mine, asker=POS1, turn=71)
    assert ledger.kept("TWICE", mine) == ["POS2"]
    said_no(lambda: ledger.reserve(new_id(), "TWICE"), "coupon.reserved_elsewhere")


def test_a_question_that_was_overtaken_changes_nothing_and_hears_what_is_kept(ledger: Ledger) -> None:
    """COUP-03: a slow line delivers the earlier question last."""
    mine = new_id()
    ledger.reserve(mine, "ONCE", "TWICE", turn=2)
    assert ledger.reserve(mine, "ONCE", "LEAF001", "ALWAYS", turn=1).codes == ("ONCE", "ALWAYS")
    ledger.reserve(new_id(), "TWICE")
    said_no(lambda: ledger.reserve(new_id(), "TWICE"), "coupon.reserved_elsewhere")
    ledger.reserve(new_id(), "LEAF001")


@pytest.mark.parametrize("release_turn", [5, 6])
def test_a_reserve_that_comes_after_the_release_which_gave_it_up_keeps_nothing(
    ledger: Ledger, release_turn: int
) -> None:
    """COUP-03: the till had waited long enough; nobody would ever let go of it."""
    mine = new_id()
    ledger.release(mine, turn=release_turn)
    answer = ledger.reserve(mine, "ONCE", turn=5)
    assert (answer.codes, answer.until) == ((), None)
    assert ledger.kept() == []
    assert ledger.reserve(mine, "ONCE", turn=release_turn + 1).codes == ("ONCE",)


def test_a_till_with_a_new_database_goes_on_above_all_turns_of_its_former_one(hub: Hub, ledger: Ledger) -> None:
    """COUP-03: what the former one had for the document is the new one's; whatever it still says comes too late."""
    former, new = station("POS1", life="i1"), station("POS1", life="i2")
    certify(hub, "POS1", "i1", "i2")
    mine = new_id()
    ledger.reserve(mine, "ONCE", "TWICE", asker=former, turn=70)
    assert ledger.reserve(mine, "ONCE", asker=new, turn=1).codes == ("ONCE",)
    ledger.release(mine, asker=former, turn=99)
    assert ledger.reserve(mine, "TWICE", asker=former, turn=100).codes == ()
    assert ledger.kept("TWICE", mine) == []
    assert ledger.kept("ONCE", mine) == ["POS1"]
    ledger.release(mine, asker=new, turn=2)
    assert ledger.kept() == []


def test_a_new_database_lets_go_of_what_its_former_one_kept(hub: Hub, ledger: Ledger) -> None:
    """COUP-03: a till that was set up anew is not kept from its own coupon."""
    certify(hub, "POS1", "i1", "i2")
    mine = new_id()
    ledger.reserve(mine, "ONCE", asker=station("POS1", life="i1"), turn=70)
    ledger.release(mine, asker=station("POS1", life="i2"), turn=1)
    assert ledger.kept() == []


@pytest.mark.parametrize(
    ("doc_id", "codes", "turn"),
    [("", ("ONCE",), 1), ("x" * 101, ("ONCE",), 1), ("a\0", ("ONCE",), 1), ("a", ("ON\0",), 1), ("a", (), 1),
     ("a", ("ONCE",), 2**62), ("a", ("ONCE",), -1)],
)  # fmt: skip
def test_a_question_that_no_till_asks_is_unreadable_and_never_breaks_anything(
    ledger: Ledger, doc_id: str, codes: tuple[str, ...], turn: int
) -> None:
    """COUP-03."""
    said_no(lambda: ledger.reserve(doc_id, *codes, turn=turn), "question.unreadable")
    if codes == ("ONCE",):
        said_no(lambda: ledger.release(doc_id, turn=turn), "question.unreadable")


def test_more_coupons_than_a_document_takes_are_refused_in_words(ledger: Ledger) -> None:
    """COUP-01, COUP-03: two hundred are the most."""
    codes = [f"LEAF{number:03}" for number in range(1, 202)]
    problem = said_no(lambda: ledger.reserve(new_id(), *codes), "coupon.too_many")
    assert problem.facts == {"most": "200"}
    said_no(lambda: ledger.reserve(new_id(), *codes[:200], turn=2), *["coupon.unknown"] * 180)
    said_no(lambda: ledger.reserve(new_id(), "X" * 100_000), "coupon.unknown")


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


@pytest.mark.parametrize(("stored", "hours"), [("0", 1), ("999999999", 8760)])
def test_hours_that_were_stored_before_they_had_bounds_are_taken_as_the_nearest_bound(
    hub: Hub, ledger: Ledger, stored: str, hours: int
) -> None:
    """COUP-03."""
    row = Parameter(name="coupon.reservation_hours", scope="global", value=stored)
    with hub.database.transaction():
        hub.database.connection.execute(
            "INSERT INTO definition (kind, key, version, body, checksum) VALUES ('parameter', 'p', 1, %s, 0)",
            [encode(row)],
        )
    assert ledger.reserve(new_id(), "ONCE").until == NOON + hours * HOURS


def test_turns_are_forgotten_a_week_after_the_last_question_but_never_while_something_is_kept(
    hub: Hub, ledger: Ledger
) -> None:
    """COUP-03: the ledger does not grow with every receipt."""
    kept, let_go = new_id(), new_id()
    ledger.reserve(kept, "ONCE")
    ledger.reserve(let_go, "TWICE")
    ledger.release(let_go, turn=2)
    hub.rows("UPDATE coupon_reservation SET until = until + interval '30 days' RETURNING 1")
    for days, left in ((6, [kept, let_go]), (8, [kept])):
        coupons.forget_ended(ledger.book, NOON + datetime.timedelta(days=days))
        assert [doc_id for (doc_id,) in hub.rows("SELECT doc_id FROM coupon_turn ORDER BY doc_id")] == sorted(left)


def test_a_coupon_without_a_limit_is_never_kept_from_anybody(ledger: Ledger) -> None:
    """COUP-03."""
    for _ in range(3):
        ledger.reserve(new_id(), "ALWAYS")
    assert ledger.database.connection.execute("SELECT count(*) FROM coupon_reservation").fetchone() == (0,)
