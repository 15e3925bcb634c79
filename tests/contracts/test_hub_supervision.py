"""Audit log, second factor and personal data on a real PostgreSQL (HUB-09)."""

import base64
import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from hub_definitions_world import ADMIN, Taker, World, open_world
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.audit import entries
from kontuar.operations.hub.hub_login import HubLogin
from kontuar.operations.hub.privacy import anonymise, export
from kontuar.operations.hub.second_factor import SET_UP, STEP_SECONDS, SecondFactors, code_at
from kontuar.operations.ports.hub_lists import AuditEntry, AuditFilter
from kontuar.operations.ports.runner import ASKED_FROM
from kontuar.storage.postgres.audit import PostgresAuditShelf
from kontuar.storage.postgres.operators import PostgresLogins
from kontuar.storage.postgres.privacy import PostgresPrivacyShelf
from kontuar.storage.postgres.sealed_secrets import SecretBox
from kontuar.storage.postgres.second_factors import PostgresSecondFactors

pytestmark = pytest.mark.postgres
BOX = SecretBox(b"the hub's own key", "second factor", os.urandom)
OFFICER = Actor(operator="rodo", name="Officer", rights=frozenset({rights.PRIVACY}))


class Office:
    """A hub with a small firm, its log, logins and factors."""

    def __init__(self, world: World) -> None:
        self.world = world
        database = world.database
        self.log = PostgresAuditShelf(database)
        self.privacy = PostgresPrivacyShelf(database)
        register = self.register = PostgresSecondFactors(database, BOX)
        self.factors = SecondFactors(register, database.transaction, world.clock, world.ids)
        self.login = HubLogin(PostgresLogins(database), world.clock, world.ids, register)

    def said(self, area: str = "") -> list[AuditEntry]:
        return list(entries(self.log, ADMIN, AuditFilter(action=area)))

    def actions(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.operator) for entry in self.said()]

    def code(self, operator: str, steps: int = 0) -> str:
        with self.world.database.transaction():
            factor = self.register.second_factor(operator)
        assert factor is not None
        return code_at(factor.secret, int(self.world.clock.at.timestamp()) // STEP_SECONDS + steps)

    def require_factors(self) -> None:
        self.world.load("parameter", "name,scope,value\nhub.second_factor,global,yes\n")


@pytest.fixture
def office(postgres_url: str, tmp_path: Path) -> Iterator[Office]:
    world = open_world(postgres_url, tmp_path)
    world.load_guide()
    yield Office(world)
    world.database.close()


@pytest.fixture
def somebody(office: Office) -> tuple[str, str]:
    """(operator, PIN) of the guide's examples."""
    office.world.load("operator", "code,name,pin,roles\nEWA,Ewa,4821,\n")
    return "EWA", "4821"


# -- audit ------------------------------------------------------------------------------------------------------
def test_changes_and_logins_are_written_down_with_where_they_came_from(
    office: Office, somebody: tuple[str, str]
) -> None:
    """HUB-09: by the database itself, in the transaction that changes something."""
    token = ASKED_FROM.set("192.0.2.7")
    office.login.log_in(*somebody)
    with pytest.raises(Refused, match=r"login\.wrong"):
        office.login.log_in("EWA", "0000")
    with pytest.raises(Refused, match=r"login\.wrong"):
        office.login.log_in("stranger", "0000")
    ASKED_FROM.reset(token)
    office.login.log_out(office.login.log_in(*somebody).token)
    said = [entry for entry in office.said() if entry.action.startswith("log")]
    assert [(entry.action, entry.operator, entry.asked_from) for entry in said] == [
        ("logout", "EWA", ""), ("login", "EWA", ""), ("login.failed", "EWA", "192.0.2.7"),
        ("login", "EWA", "192.0.2.7"),
    ]  # fmt: skip
    changed = office.said("definitions.change")
    assert (changed[0].operator, changed[0].facts) == ("SZEF", {"rows": "1", "kinds": "operator"})


def test_the_log_is_append_only(office: Office) -> None:
    """HUB-09."""
    for statement in ("UPDATE hub_audit SET operator = 'x'", "DELETE FROM hub_audit", "TRUNCATE hub_audit"):
        with pytest.raises(psycopg.errors.IntegrityError, match="append only"), office.world.database.transaction():
            office.world.database.connection.execute(statement)  # type: ignore[arg-type]


def test_the_log_is_narrowed_paged_and_needs_its_right(office: Office, somebody: tuple[str, str]) -> None:
    """HUB-09, SEC-01."""
    office.login.log_in(*somebody)
    page = entries(office.log, ADMIN, AuditFilter(limit=2))
    rest = entries(office.log, ADMIN, AuditFilter(after=str(page[-1].audit_id)))
    assert len({entry.audit_id for entry in (*page, *rest)}) == len(office.said())
    assert entries(office.log, ADMIN, AuditFilter(operator="EWA"))[0].action == "login"
    tomorrow = office.world.clock.at.date() + datetime.timedelta(days=1)
    assert entries(office.log, ADMIN, AuditFilter(day_from=tomorrow)) == []
    with pytest.raises(Refused, match=r"right\.missing"):
        entries(office.log, OFFICER, AuditFilter())
    with pytest.raises(Refused, match=r"list\.key_unreadable"):
        entries(office.log, ADMIN, AuditFilter(after="x"))


# -- second factor ----------------------------------------------------------------------------------------------
def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: SHA-1, the last six digits."""
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert code_at(secret, seconds // 30) == code


def test_a_login_asks_for_a_code_once_a_second_factor_is_set_up(office: Office, somebody: tuple[str, str]) -> None:
    """HUB-09: a code works once, a wrong one counts as a wrong PIN."""
    ewa = office.login.log_in(*somebody).actor
    told = office.factors.begin(ewa)
    assert told.address == f"otpauth://totp/Kontuar%3AEWA?secret={told.secret}&issuer=Kontuar"
    assert office.login.log_in(*somebody).token, "not confirmed yet: it is worth nothing"
    for nonsense in ("", "żółw", "\ud8f0", "١٢٣٤٥٦"):
        with pytest.raises(Refused, match=r"second_factor\.code_wrong"):
            office.factors.confirm(ewa, nonsense)
    with pytest.raises(Refused, match=r"second_factor\.code_wrong"):
        office.factors.confirm(ewa, "000000")
    office.factors.confirm(ewa, office.code("EWA"))
    with pytest.raises(Refused, match=r"login\.code_needed"):
        office.login.log_in(*somebody)
    with pytest.raises(Refused, match=r"login\.wrong"):
        office.login.log_in(*somebody, office.code("EWA"))
    office.world.clock.forward(STEP_SECONDS)
    assert office.login.log_in(*somebody, f" {office.code('EWA')} ").actor.operator == "EWA"
    with pytest.raises(Refused, match=r"second_factor\.active"):
        office.factors.begin(ewa)


def test_whoever_must_have_one_may_do_nothing_before(office: Office, somebody: tuple[str, str]) -> None:
    """HUB-09: by parameter."""
    office.require_factors()
    token = office.login.log_in(*somebody).token
    actor = office.login.actor_of(token)
    assert actor.rights == {SET_UP}
    assert (office.factors.state(actor).active, office.factors.state(actor).required) == (False, True)
    office.factors.begin(actor)
    office.factors.confirm(actor, office.code("EWA"))
    assert SET_UP not in office.login.actor_of(token).rights


def test_a_lost_device_is_taken_off_by_who_may(office: Office, somebody: tuple[str, str]) -> None:
    """HUB-09: and it is written down."""
    ewa = office.login.log_in(*somebody).actor
    office.factors.begin(ewa)
    office.factors.confirm(ewa, office.code("EWA"))
    office.world.clock.forward(STEP_SECONDS)
    token = office.login.log_in(*somebody, office.code("EWA")).token
    definer = Actor(operator="def", name="", rights=rights.ADMINISTRATOR - {rights.SECOND_FACTORS})
    for nobody in (ewa, definer):
        with pytest.raises(Refused, match=r"right\.missing"):
            office.factors.take_off(nobody, "EWA")
        with pytest.raises(Refused, match=r"right\.missing"):
            office.factors.holders(nobody)
    assert [(row.operator, row.name, row.since) for row in office.factors.holders(ADMIN)] == [
        ("EWA", "Ewa", office.world.clock.now() - datetime.timedelta(seconds=STEP_SECONDS))
    ]
    assert office.factors.take_off(ADMIN, "EWA", " phoned her back ") == 2
    with pytest.raises(Refused, match=r"login\.needed"):
        office.login.actor_of(token)
    with pytest.raises(Refused, match=r"second_factor\.not_found"):
        office.factors.take_off(ADMIN, "EWA")
    assert office.factors.holders(ADMIN) == []
    assert office.login.log_in(*somebody).token
    assert [(entry.action, entry.operator, entry.subject, entry.facts) for entry in office.said("second_factor.")] == [
        ("second_factor.off", "SZEF", "EWA", {"logins": "2", "note": "phoned her back"}),
        ("second_factor.on", "EWA", "EWA", {}),
    ]


def test_secrets_lie_sealed_and_those_of_before_are_sealed_at_the_start(
    office: Office, somebody: tuple[str, str]
) -> None:
    """HUB-09: who has only the database has no secret, and none fits another operator."""
    ewa = office.login.log_in(*somebody).actor
    secret = base64.b32decode(office.factors.begin(ewa).secret)
    execute = office.world.database.connection.execute
    stored = bytes(execute("SELECT secret FROM hub_second_factor").fetchone()[0])  # type: ignore[index]
    assert (secret in stored, len(stored)) == (False, 12 + len(secret) + 16)
    execute("UPDATE hub_second_factor SET operator = 'ANNA'")
    with pytest.raises(Refused, match=r"second_factor\.key_missing"), office.world.database.transaction():
        office.register.second_factor("ANNA")
    execute("UPDATE hub_second_factor SET operator = 'EWA', secret = %s, key_id = ''", [secret])
    assert office.register.seal_all() == 0
    stored = bytes(execute("SELECT secret FROM hub_second_factor").fetchone()[0])  # type: ignore[index]
    assert secret not in stored
    with office.world.database.transaction():
        assert office.register.second_factor("EWA").secret == secret  # type: ignore[union-attr]
    office.factors.confirm(ewa, office.code("EWA"))


def test_without_the_key_a_login_says_so_and_the_factor_can_still_be_taken_off(
    office: Office, somebody: tuple[str, str]
) -> None:
    """HUB-09: a data folder that was lost with its key."""
    token = office.login.log_in(*somebody).token
    ewa = office.login.actor_of(token)
    office.factors.begin(ewa)
    office.factors.confirm(ewa, office.code("EWA"))
    other = PostgresSecondFactors(office.world.database, SecretBox(b"another key", "second factor", os.urandom))
    world = office.world
    login = HubLogin(PostgresLogins(world.database), world.clock, world.ids, other)
    factors = SecondFactors(other, world.database.transaction, world.clock, world.ids)
    assert other.seal_all() == 1
    with pytest.raises(Refused, match=r"second_factor\.key_missing"):
        login.log_in(*somebody, "123456")
    assert factors.state(login.actor_of(token)).active
    factors.take_off(ADMIN, "EWA")
    assert (other.seal_all(), login.log_in(*somebody).actor.operator) == (0, "EWA")


# -- personal data ----------------------------------------------------------------------------------------------
JAN = Contractor(
    code="JAN", name="Jan Kowalski", tax_number="", street="Długa 1", city="Sopot", email="jan@example.com",
    phone="600100200", loyalty_card="9900001",
)  # fmt: skip


def put(office: Office, contractor: Contractor) -> None:
    office.world.definitions.put_one(ADMIN, "contractor", contractor.code, contractor)


def test_everything_kept_of_a_contractor_is_told(office: Office) -> None:
    """HUB-09: what is defined, what was before; that it was told is written down."""
    put(office, JAN)
    put(office, msgspec.structs.replace(JAN, phone="600100201"))
    now = office.world.clock.now()
    data = export(office.world.definitions, office.privacy, office.log, OFFICER, "JAN", now)
    assert (data.definition["phone"], [row["body"]["phone"] for row in data.history]) == (
        "600100201", ["600100201", "600100200"],
    )  # fmt: skip
    assert (data.documents, data.more_documents) == ((), False)
    assert [(entry.action, entry.subject) for entry in office.said("privacy.")] == [("privacy.export", "JAN")]


def test_anonymising_empties_the_definition_its_history_and_what_stores_hold(office: Office) -> None:
    """HUB-09: the code stays, the rest is gone everywhere; again it is harmless."""
    put(office, JAN)
    put(office, msgspec.structs.replace(JAN, phone="600100201"))
    store = Taker(office.world.feed, "S1")
    store.take()
    assert b"Kowalski" in b"".join(store.rows.values())
    now = office.world.clock.now()
    done = anonymise(office.world.definitions, office.privacy, office.log, OFFICER, "JAN", "letter of 20 November", now)
    assert done.history_rows == 3
    store.take()
    assert b"Kowalski" not in b"".join(store.rows.values())
    data = export(office.world.definitions, office.privacy, office.log, OFFICER, "JAN", now)
    assert (data.definition["name"], data.definition.get("anonymised")) == ("—", True)
    assert "Kowalski" not in str(data)
    assert "6001002" not in str(data)
    again = anonymise(office.world.definitions, office.privacy, office.log, OFFICER, "JAN", "again", now)
    assert again.version == done.version


def _rewrite_author(office: Office) -> None:
    connection = office.world.database.connection
    with office.world.database.transaction():
        connection.execute("SELECT set_config('kontuar.anonymising', 'JAN', true)")
        connection.execute("UPDATE definition_history SET changed_by = 'x' WHERE kind = 'contractor' AND key = 'JAN'")


def test_only_the_operation_itself_may_rewrite_history(office: Office) -> None:
    """HUB-09: everything else is kept as it was written."""
    put(office, JAN)
    for statement in (
        "UPDATE definition_history SET body = '{}' WHERE kind = 'contractor'",
        "DELETE FROM definition_history",
    ):
        with pytest.raises(psycopg.errors.RaiseException), office.world.database.transaction():
            office.world.database.connection.execute(statement)  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.RaiseException):
        _rewrite_author(office)


def test_personal_data_need_the_right_a_reason_and_a_person(office: Office) -> None:
    """HUB-09, SEC-01: nothing is written where it is refused."""
    put(office, JAN)
    now = office.world.clock.now()
    parts = (office.world.definitions, office.privacy, office.log)
    with pytest.raises(Refused, match=r"right\.missing"):
        anonymise(*parts, ADMIN_WITHOUT_PRIVACY, "JAN", "x", now)
    with pytest.raises(Refused, match=r"right\.missing"):
        export(*parts, ADMIN_WITHOUT_PRIVACY, "JAN", now)
    with pytest.raises(Refused, match=r"privacy\.reason_missing"):
        anonymise(*parts, OFFICER, "JAN", " ", now)
    with pytest.raises(Refused, match=r"privacy\.nobody"):
        anonymise(*parts, OFFICER, "UNDEFINED", "x", now)
    with pytest.raises(Refused, match=r"definition\.not_found"):
        export(*parts, OFFICER, "NOBODY", now)
    assert office.said("privacy.") == []


ADMIN_WITHOUT_PRIVACY = Actor(operator="a", name="a", rights=rights.ADMINISTRATOR - {rights.PRIVACY})
