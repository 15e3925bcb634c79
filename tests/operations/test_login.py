"""Logging in offline, wrong PINs, authorisations, what a silent agent means (SEC-01)."""

import datetime
from pathlib import Path

import msgspec
import pytest

from kontuar.domain.documents.messages import TechnicalEvent, read_body
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator, Role
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.time import instant_text
from kontuar.operations.pins import pin_fits, pin_verifier
from kontuar.operations.station import login, station_status, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, actor_of, change, everything, fill, messages, new_station, with_parameter


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return new_station(tmp_path, level=Connectivity.OFFLINE)


def logged_in(station: Station, operator: str = "OLA") -> login.LoggedIn:
    return login.log_in(station, login.attempt(station, operator), pin_is_right=True)


def fail(station: Station, operator: str = "OLA") -> None:
    with refused("login.wrong"):
        login.log_in(station, login.attempt(station, operator), pin_is_right=False)


def put(station: Station, code: str, **fields: object) -> None:
    known = station.books.definitions.get(Operator, code)
    change(station.books, msgspec.structs.replace(known, **fields))


def test_an_operator_logs_in_without_any_connection_and_is_who_he_is(station: Station) -> None:
    """SEC-01, REL-01."""
    entered = logged_in(station)
    actor = login.who(station, entered.token)
    assert (actor.operator, actor.name, actor.rights) == ("OLA", "Ola Kasjerka", rights.CASHIER)
    assert actor.login_id == entered.actor.login_id


def test_a_token_is_kept_only_as_a_hash(station: Station) -> None:
    """SEC-05."""
    entered = logged_in(station)
    rows = station.books.database.rows("SELECT * FROM login")
    assert entered.token not in str(rows)
    assert rows[0][0] == login.token_hash(entered.token)


@pytest.mark.parametrize("token", ["", "nonsense", "00" * 24])
def test_without_a_known_token_nobody_is_anybody(station: Station, token: str) -> None:
    """SEC-01: default deny."""
    logged_in(station)
    with refused("login.needed"):
        login.who(station, token)


def test_after_logging_out_the_token_is_worth_nothing(station: Station) -> None:
    """SEC-01."""
    entered = logged_in(station)
    login.log_out(station, entered.token)
    with refused("login.needed"):
        login.who(station, entered.token)


def test_a_login_ends_by_itself(station: Station) -> None:
    """SEC-01."""
    with_parameter(station.books, "login.session_minutes", "10")
    entered = logged_in(station)
    station.clock.turn(599)
    assert login.who(station, entered.token).operator == "OLA"
    station.clock.turn(1)
    with refused("login.expired"):
        login.who(station, entered.token)


def test_wrong_pins_are_slowed_more_and_more_and_counted(station: Station) -> None:
    """SEC-01: three at once, then 1 s, 2 s, 4 s …"""
    for _ in range(3):
        fail(station)
    for seconds in (1, 2, 4, 8):
        with refused("login.slowed") as problems:
            login.attempt(station, "OLA")
        assert int(problems[0].facts["seconds"]) in (seconds, seconds + 1)
        station.clock.turn(seconds)
        fail(station)


def test_the_wait_has_an_end(station: Station) -> None:
    """SEC-01: fifteen minutes at most, or a till could be locked for good by a child."""
    for _ in range(30):
        fail(station)
        station.clock.turn(900)
    assert logged_in(station).actor.operator == "OLA"


def test_many_tries_at_once_are_slowed_like_many_in_a_row(station: Station) -> None:
    """SEC-01: a try counts before its PIN is checked, for the check is slow and happens elsewhere."""
    for _ in range(3):
        login.attempt(station, "OLA")
    with refused("login.slowed"):
        login.attempt(station, "OLA")


def test_a_right_pin_forgets_the_wrong_ones(station: Station) -> None:
    """SEC-01."""
    fail(station)
    fail(station)
    logged_in(station)
    assert station.books.logins.failures("OLA") == (0, "")
    fail(station)
    fail(station)
    assert logged_in(station).actor.operator == "OLA"


def test_head_office_hears_of_repeated_wrong_pins(station: Station) -> None:
    """SEC-01: as a message of the stream, without any PIN in it."""
    fail(station)
    fail(station)
    assert messages(station) == []
    fail(station)
    told = messages(station)[-1]
    assert told.kind == "station.event/1"
    assert read_body(told) == TechnicalEvent(event="login.failed", facts={"attempts": "3"})
    assert told.by == "OLA"


@pytest.mark.parametrize("operator", ["NOBODY", "JAN", "x" * 5000])
def test_an_unknown_operator_looks_like_a_wrong_pin_and_is_slowed_too(station: Station, operator: str) -> None:
    """SEC-01."""
    for _ in range(3):
        with refused("login.wrong"):
            login.attempt(station, operator)
    with refused("login.slowed"):
        login.attempt(station, operator)


def test_an_operator_revoked_by_the_feed_is_out_at_once_though_offline(station: Station) -> None:
    """SEC-01: revocation reaches the station with the next feed."""
    entered = logged_in(station)
    put(station, "OLA", active=False)
    with refused("login.revoked"):
        login.who(station, entered.token)
    with refused("login.wrong"):
        login.attempt(station, "OLA")


def test_an_operator_works_to_the_end_of_his_last_day(station: Station) -> None:
    """SEC-01."""
    put(station, "OLA", valid_until="2026-11-21")
    entered = logged_in(station)
    station.clock.turn(15 * 3600)
    with refused("login.expired"):
        login.who(station, entered.token)
    with refused("login.wrong"):
        login.attempt(station, "OLA")


def test_an_operator_of_another_store_does_not_log_in_here(station: Station) -> None:
    """SEC-01."""
    put(station, "OLA", stores=("S2",))
    with refused("login.wrong"):
        login.attempt(station, "OLA")
    assert [row.code for row in login.operators(station)] == ["EWA"]
    put(station, "OLA", stores=("S2", "S1"))
    assert [row.code for row in login.operators(station)] == ["EWA", "OLA"]


def test_rights_follow_the_role_as_it_is_now(station: Station) -> None:
    """HUB-15."""
    entered = logged_in(station)
    change(station.books, Role(code="cashier", name="Kasjer", rights=(rights.SELL,)))
    assert login.who(station, entered.token).rights == {rights.SELL}


# -- authorisations ---------------------------------------------------------------------------------------------


def allowed(station: Station, entered: login.LoggedIn, doc_id: str, right: str = rights.LINE_DISCOUNT) -> str:
    tried = login.attempt(station, "EWA")
    return login.authorise(station, entered.actor, tried, right, doc_id, pin_is_right=True).grant_id


def test_an_authorisation_is_used_once(station: Station) -> None:
    """SEC-01."""
    entered = logged_in(station)
    draft = fill(station, MILK, actor=entered.actor)
    grant = allowed(station, entered, draft.doc_id)
    actor = login.who(station, entered.token, grant)
    changed = till.change_price(station, actor, draft.doc_id, 1, "1")
    assert changed.authorisations[0].operator == "EWA"
    with refused("authorisation.not_valid"):
        login.who(station, entered.token, grant)


def test_an_authorisation_is_for_the_one_who_asked_and_for_five_minutes(station: Station) -> None:
    """SEC-01."""
    mine, other = logged_in(station), logged_in(station)
    grant = allowed(station, mine, "d1")
    with refused("authorisation.not_valid"):
        login.who(station, other.token, grant)
    station.clock.turn(300)
    with refused("authorisation.not_valid"):
        login.who(station, mine.token, grant)
    with refused("authorisation.not_valid"):
        login.who(station, mine.token, "made up")


def test_nobody_gives_what_he_does_not_have(station: Station) -> None:
    """SEC-01."""
    entered = logged_in(station)
    tried = login.attempt(station, "EWA")
    with refused("authorisation.right_missing"):
        login.authorise(station, entered.actor, tried, rights.DEFINE, "", pin_is_right=True)
    with refused("login.wrong"):
        wrong = login.attempt(station, "EWA")
        login.authorise(station, entered.actor, wrong, rights.LINE_DISCOUNT, "", pin_is_right=False)
    assert station.books.logins.failures("EWA")[0] == 1


# -- a silent agent -----------------------------------------------------------------------------------------------


def test_a_station_that_hears_nothing_warns_and_then_limits_rights(station: Station) -> None:
    """SEC-01: after 72 hours a warning, after 14 days a manager may what a cashier may."""
    with_parameter(station.books, "login.session_minutes", "99999")
    station.books.set_fact("agent_heard_at", instant_text(station.clock.now()))
    entered = logged_in(station, "EWA")
    told = []
    for hours in (71, 1, 263, 1):
        station.clock.turn(hours * 3600)
        silence = login.silence(station)
        told.append((silence.level, silence.hours, silence.hours_to_limit))
        assert station_status.read(station).silence == silence.level
        assert station_status.warnings(station, None).silence == silence
    assert told == [("fine", 71, 265), ("warn", 72, 264), ("warn", 335, 1), ("limit", 336, 0)]
    assert login.who(station, entered.token).rights == rights.MANAGER & rights.CASHIER
    station.connectivity = lambda: Connectivity.STORE
    assert login.who(station, entered.token).rights == rights.MANAGER


def test_the_status_works_before_the_first_definitions(tmp_path: Path) -> None:
    empty = new_station(tmp_path, loaded=False)
    status = station_status.read(empty)
    assert (status.definitions, status.shift_open, status.business_day) == (("", 0), False, "")
    with refused("station.not_defined"):
        till.begin(empty, actor_of(), "receipt")


# -- PINs ------------------------------------------------------------------------------------------------------------


def test_a_pin_fits_its_verifier_only() -> None:
    """SEC-01: argon2id; the PIN itself is nowhere."""
    verifier = pin_verifier("1234", b"0123456789abcdef")
    assert verifier.startswith("$argon2id$")
    assert "1234" not in verifier
    assert pin_fits(verifier, "1234")
    assert not pin_fits(verifier, "1235")
    assert not pin_fits("$argon2id$nonsense", "1234")
    assert not pin_fits("", "1234")


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "１２３４", "12 4"])
def test_a_pin_is_four_to_eight_digits(pin: str) -> None:
    with refused("operator.bad_pin"):
        pin_verifier(pin, b"0123456789abcdef")


def test_a_failed_attempt_writes_nothing_but_the_count(station: Station) -> None:
    before = everything(station)
    fail(station)
    assert everything(station) == before
    assert station.today() == datetime.date(2026, 11, 21)
