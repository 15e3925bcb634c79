"""Nodes and logins in the hub's tables on a real PostgreSQL: codes, certificates, PINs, tokens (SEC-01, SEC-02)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hub_definitions_world import ADMIN, NOBODY, Taker, World, open_world
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.hub.enrolment import EnrolAnswer, Enrolment, EnrolRequest
from kontuar.operations.hub.hub_login import HubLogin
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.operators import PostgresLogins
from kontuar.sync.keys import Certificate, SignedCertificate, Signer, is_certified, load_or_make

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def shop(world: World) -> World:
    world.load_guide()
    return world


@pytest.fixture
def key(tmp_path: Path) -> Signer:
    return load_or_make(tmp_path / "hub.key")


@pytest.fixture
def enrolment(shop: World, key: Signer) -> Enrolment:
    nodes = PostgresNodes(shop.database)
    made = Enrolment(nodes, shop.store, key, shop.clock, shop.ids, lambda: shop.told.append(1))
    made.certify_hub()
    return made


def request(code: str, incarnation: str = "inc1", kind: str = "station", key: str = "ab" * 32) -> EnrolRequest:
    return EnrolRequest(code=code, kind=kind, incarnation=incarnation, public_key=key)


def certificate(answer: EnrolAnswer, key: Signer) -> Certificate:
    signed = SignedCertificate(certificate=answer.certificate, signature=answer.signature)
    assert is_certified(key.public_key, signed)
    return signed.read()


def test_a_station_gets_its_series_and_its_next_life_another(enrolment: Enrolment, key: Signer, shop: World) -> None:
    """SEC-02."""
    first = certificate(enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code)), key)
    assert (first.node, first.kind, first.store, first.series, first.ordinal) == ("K1", "station", "S1", "K1", 1)
    second = enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code.lower(), "inc2"))
    assert (certificate(second, key).series, certificate(second, key).ordinal) == ("K1-2", 2)
    assert second.hub_key == key.public_key.hex()
    assert len(second.hub_certificates) == 1
    mine, other = Taker(shop.feed, "S1"), Taker(shop.feed, "S2")
    mine.take()
    other.take()
    assert {key for kind, key in mine.rows if kind == "certificate"} >= {"K1|inc1", "K1|inc2"}
    assert not {key for kind, key in other.rows if kind == "certificate"} & {"K1|inc1", "K1|inc2"}


def asker(incarnation: str = "inc1", node: str = "K1", kind: str = "station") -> NodeIdentity:
    return NodeIdentity(node=node, kind=kind, store="S1", incarnation=incarnation, public_key=b"")


def test_a_station_has_the_key_of_its_next_life_certified_without_a_code(
    enrolment: Enrolment, key: Signer, shop: World
) -> None:
    """REL-13: in a series of its own; asked for again after a lost answer it is the same."""
    enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code))
    told = enrolment.certify_spare(asker(), request("", "inc2"))
    spare = certificate(told, key)
    assert (spare.node, spare.store, spare.series, spare.ordinal) == ("K1", "S1", "K1-2", 2)
    assert enrolment.certify_spare(asker(), request("", "inc2")) == told
    assert certificate(enrolment.certify_spare(asker("inc2"), request("", "inc3")), key).series == "K1-3"


def test_spare_lives_are_for_stations_that_are_defined_and_for_nobodys_other_key(
    enrolment: Enrolment, shop: World
) -> None:
    enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code))
    for who, asked, code in (
        (asker(kind="agent"), request("", "x1", "agent"), r"enrol\.kind_wrong"),
        (asker(), request("", "x1", "agent"), r"enrol\.kind_wrong"),
        (asker(node="K77"), request("", "x1"), r"enrol\.node_not_defined"),
        (asker(), msgspec.structs.replace(request("", "x1"), public_key="zz"), r"enrol\.key_unreadable"),
        (asker(), msgspec.structs.replace(request("", "inc1"), public_key="cd" * 32), r"enrol\.incarnation_taken"),
    ):
        with pytest.raises(Refused, match=code):
            enrolment.certify_spare(who, asked)
    enrolment.certify_spare(asker(), request("", "inc2"))
    enrolment.revoke(ADMIN, "K1", "inc2")
    with pytest.raises(Refused, match=r"enrol\.incarnation_taken"):
        enrolment.certify_spare(asker(), request("", "inc2"))


def test_who_revokes_a_life_revokes_the_lives_to_come_that_it_asked_for(enrolment: Enrolment, shop: World) -> None:
    """SEC-02: a stolen till has the key of its next life with it; one enrolled by a code since is not touched."""
    enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code))
    enrolment.certify_spare(asker(), request("", "inc2"))
    enrolment.certify_spare(asker("inc2"), request("", "inc3"))
    enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code, "inc4"))
    taker = Taker(shop.feed, "S1")
    taker.take()
    enrolment.revoke(ADMIN, "K1", "inc1")
    assert [enrolment.key_of("K1", life) is None for life in ("inc1", "inc2", "inc3", "inc4")] == [True] * 3 + [False]
    told = {key for _, key, _, body in taker.take().put if json.loads(body)["revoked_at"]}
    assert told == {"K1|inc1", "K1|inc2", "K1|inc3"}


def test_an_agent_enrols_for_its_store(enrolment: Enrolment, key: Signer) -> None:
    code = enrolment.issue_code(ADMIN, "agent", "S2")
    told = certificate(enrolment.enrol(request(code.code, kind="agent")), key)
    assert (told.node, told.kind, told.store, told.series) == ("agent@S2", "agent", "S2", "")


def test_a_code_works_once_for_its_kind_and_ten_minutes(enrolment: Enrolment, shop: World) -> None:
    used = enrolment.issue_code(ADMIN, "station", "K1").code
    answer = enrolment.enrol(request(used))
    assert enrolment.enrol(request(used)) == answer, "the answer got lost and is asked for again"
    with pytest.raises(Refused, match=r"enrol\.code_wrong"):
        enrolment.enrol(request(used, "inc2"))
    old = enrolment.issue_code(ADMIN, "station", "K1").code
    shop.clock.forward(600)
    with pytest.raises(Refused, match=r"enrol\.code_wrong"):
        enrolment.enrol(request(old, "inc3"))
    with pytest.raises(Refused, match=r"enrol\.kind_wrong"):
        enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code, "inc4", "agent"))


def test_five_wrong_tries_end_a_code(enrolment: Enrolment) -> None:
    code = enrolment.issue_code(ADMIN, "station", "K1").code
    label = code.partition("-")[0]
    for _ in range(5):
        with pytest.raises(Refused, match=r"enrol\.code_wrong"):
            enrolment.enrol(request(f"{label}-AAAAAAAAAAAAA"))
    with pytest.raises(Refused, match=r"enrol\.code_wrong"):
        enrolment.enrol(request(code))


def test_codes_are_for_defined_nodes_and_those_who_may(enrolment: Enrolment) -> None:
    for kind, node, code in (
        ("station", "K77", "enrol.node_not_defined"),
        ("agent", "S77", "enrol.node_not_defined"),
        ("till", "K1", "enrol.kind_unknown"),
    ):
        with pytest.raises(Refused) as refusal:
            enrolment.issue_code(ADMIN, kind, node)
        assert refusal.value.problems[0].code == code
    with pytest.raises(Refused, match=r"right\.missing"):
        enrolment.issue_code(NOBODY, "station", "K1")


def test_a_revoked_key_is_worth_nothing_and_its_store_hears_of_it(enrolment: Enrolment, shop: World) -> None:
    enrolment.enrol(request(enrolment.issue_code(ADMIN, "station", "K1").code))
    assert enrolment.key_of("K1", "inc1") == bytes.fromhex("ab" * 32)
    taker = Taker(shop.feed, "S1")
    taker.take()
    shop.clock.forward(5)
    enrolment.revoke(ADMIN, "K1", "inc1")
    assert enrolment.key_of("K1", "inc1") is None
    [(kind, key, _, body)] = taker.take().put
    row = json.loads(body)
    assert (kind, key, row["revoked_at"]) == ("certificate", "K1|inc1", "2026-11-21T08:00:05.000000Z")
    assert set(row) == set(CertificateRow.__struct_fields__)


def test_the_hubs_key_is_closed_to_others_and_stays_the_same(tmp_path: Path) -> None:
    first = load_or_make(tmp_path / "hub.key")
    assert (tmp_path / "hub.key").stat().st_mode & 0o777 == 0o600
    assert load_or_make(tmp_path / "hub.key").public_key == first.public_key


@pytest.fixture
def login(shop: World) -> HubLogin:
    return HubLogin(PostgresLogins(shop.database), shop.clock, shop.ids)


def test_an_operator_logs_in_has_the_rights_of_his_roles_and_loses_them_with_his_row(
    login: HubLogin, shop: World
) -> None:
    """SEC-01."""
    made = login.log_in("SZEF", "246810")
    assert login.actor_of(made.token).rights == {"hub.define", "hub.see", "hub.enrol", "hub.verify"}
    shop.load("operator", "code;name;roles;active\nSZEF;Ewa;ADMIN;no\n")
    with pytest.raises(Refused, match=r"login\.expired"):
        login.actor_of(made.token)
    with pytest.raises(Refused, match=r"login\.wrong"):
        login.log_in("SZEF", "246810")


def test_a_login_ends_by_time_and_by_logging_out(login: HubLogin, shop: World) -> None:
    first, second = login.log_in("SZEF", "246810"), login.log_in("SZEF", "246810")
    login.log_out(first.token)
    with pytest.raises(Refused, match=r"login\.needed"):
        login.actor_of(first.token)
    shop.clock.at = second.expires_at - timedelta(seconds=1)
    assert login.actor_of(second.token).operator == "SZEF"
    shop.clock.at = second.expires_at
    with pytest.raises(Refused, match=r"login\.expired"):
        login.actor_of(second.token)


def test_wrong_pins_are_slowed_more_and_more_and_the_right_one_ends_it(login: HubLogin, shop: World) -> None:
    waits = []
    for _ in range(6):
        with pytest.raises(Refused, match=r"login\.wrong"):
            login.log_in("ANNA", "0000")
        waited = 0
        while is_slowed(login):
            shop.clock.forward(1)
            waited += 1
        waits.append(waited)
    assert waits == [0, 0, 2, 4, 8, 16]
    assert login.log_in("ANNA", "1234").actor.operator == "ANNA"
    with pytest.raises(Refused, match=r"login\.wrong"):
        login.log_in("ANNA", "0000")
    assert not is_slowed(login)


def is_slowed(login: HubLogin) -> bool:
    """Whether a try would be turned away unlooked at (tried with nobody's PIN would count, so it looks itself)."""
    register = login._register
    with register.transaction():
        failures = register.failures("ANNA")
    return failures is not None and login._clock.now() < failures.blocked_until


def test_tokens_and_codes_are_kept_hashed_only(login: HubLogin, enrolment: Enrolment, shop: World) -> None:
    token = login.log_in("SZEF", "246810").token
    code = enrolment.issue_code(ADMIN, "station", "K1").code
    with shop.database.transaction():
        found = shop.database.connection.execute(
            "SELECT (SELECT string_agg(l::text, ' ') FROM hub_login l) || (SELECT string_agg(c::text, ' ') "
            "FROM enrolment_code c)"
        ).fetchone()
    assert found is not None
    assert token not in found[0]
    assert code.partition("-")[2] not in found[0]


def test_the_first_administrator_has_a_code_that_works_once_and_only_while_nobody_is_defined(world: World) -> None:
    login = HubLogin(PostgresLogins(world.database), world.clock, world.ids)
    lost = login.prepare_first_login()
    code = login.prepare_first_login()
    assert lost is not None
    assert code is not None
    with pytest.raises(Refused, match=r"login\.wrong"):
        login.log_in("administrator", lost)
    actor: Actor = login.actor_of(login.log_in("administrator", code).token)
    assert actor.may("hub.define")
    with pytest.raises(Refused, match=r"login\.wrong"):
        login.log_in("administrator", code)
    world.load_guide()
    assert login.prepare_first_login() is None
