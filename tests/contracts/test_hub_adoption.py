"""A hub set up again from a backup takes in the certificates that it signed since, told by who holds them (SEC-02)."""

import datetime
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub_definitions_world import ADMIN, Taker, World, open_world
from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import Refused
from kontuar.operations.hub import monitor
from kontuar.operations.hub.adoption import Adopted, Adoption
from kontuar.operations.hub.certificates import CertificateRow, row_of
from kontuar.operations.hub.enrolment import Enrolment, EnrolRequest
from kontuar.operations.ports.hub_definitions import CertificateRecord
from kontuar.operations.ports.hub_lists import Contact
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.sync.keys import Signer, load_or_make
from postgres_fixture import fresh_database

pytestmark = pytest.mark.postgres
STATIONS = "code;name;store;series\nK1;Kasa 1;S1;{}\nK7;Kasa 7;S1;{}\nK8;Kasa 8;S1;{}\n"


class Office:
    """A head office over a database of its own; the key is the same before and after the restore."""

    def __init__(self, world: World, key: Signer) -> None:
        world.load_guide()
        self.world = world
        self.nodes = PostgresNodes(world.database)
        self.enrolment = Enrolment(self.nodes, world.store, key, world.clock, world.ids)
        self.adoption = Adoption(self.nodes, world.store, key, world.clock, lambda: world.told.append(1))
        self.enrolment.certify_hub()
        world.told.clear()

    def enrol(self, life: str, node: str = "K1", key: str = "ab" * 32) -> str:
        """By a code; the series."""
        code = self.enrolment.issue_code(ADMIN, "station", node).code
        self.enrolment.enrol(EnrolRequest(code=code, kind="station", incarnation=life, public_key=key))
        return self.record(life, node).series

    def spare(self, life: str, asker: str) -> str:
        who = NodeIdentity(node="K1", kind="station", store="S1", incarnation=asker, public_key=b"")
        self.enrolment.certify_spare(
            who, EnrolRequest(code="", kind="station", incarnation=life, public_key="cd" * 32)
        )  # fmt: skip
        return self.record(life).series

    def record(self, life: str, node: str = "K1") -> CertificateRecord:
        found = self.enrolment.certificate_of(node, life)
        assert found is not None
        return found

    def rows(self, *lives: str) -> list[CertificateRow]:
        return [row_of(self.record(life)) for life in lives]

    def audit(self, action: str) -> list[tuple[Any, ...]]:
        with self.world.database.transaction():
            found: list[tuple[Any, ...]] = self.world.database.connection.execute(
                "SELECT subject, facts->>'incarnation', facts->>'series', facts->>'told_by' FROM hub_audit "
                "WHERE action = %s ORDER BY at, 2", [action],
            ).fetchall()  # fmt: skip
        return found


@pytest.fixture
def offices(postgres_server: str, tmp_path: Path) -> Iterator[tuple[Office, Office]]:
    """(as it was, as it is after the restore: without anything that was enrolled)."""
    key = load_or_make(tmp_path / "hub.key")
    with ExitStack() as stack:
        made = []
        for name in ("before", "after"):
            world = open_world(stack.enter_context(fresh_database(postgres_server)), tmp_path / name)
            stack.callback(world.database.close)
            made.append(Office(world, key))
        yield made[0], made[1]


def test_what_it_signed_itself_it_takes_in_once_and_tells_the_store(offices: tuple[Office, Office]) -> None:
    """SEC-02, REL-13: with its ordinal and its series, so that nobody else gets them."""
    before, after = offices
    assert [before.enrol("i1"), before.spare("i2", "i1")] == ["K1", "K1-2"]
    told = before.rows("i1", "i2")

    assert after.adoption.take(told, "agent@S1") == Adopted((("K1", "i1"), ("K1", "i2")))

    kept = after.record("i2")
    assert (kept.ordinal, kept.series, kept.certified_by, kept.told_by) == (2, "K1-2", "i1", "agent@S1")
    assert after.audit("node.adopted") == [("K1", "i1", "K1", "agent@S1"), ("K1", "i2", "K1-2", "agent@S1")]
    assert [subject for subject, *_ in after.audit("node.enrolled")] == ["hub"], "it was not enrolled a second time"
    taker = Taker(after.world.feed, "S1")
    taker.take()
    rows = {name: decode(body, CertificateRow) for (kind, name), body in taker.rows.items() if kind == "certificate"}
    assert (rows["K1|i1"], rows["K1|i2"]) == (told[0], told[1])
    assert after.world.told == [1], "one version of the definitions"
    assert after.adoption.take(told, "agent@S1") == Adopted()
    assert after.world.told == [1]
    assert after.enrol("i3") == "K1-3"


def test_the_next_certificate_goes_above_the_highest_that_is_known(offices: tuple[Office, Office]) -> None:
    """REL-05: also where one in the middle is not told."""
    before, after = offices
    for life in ("i1", "i2", "i3"):
        before.enrol(life)
    after.adoption.take(before.rows("i3"), "agent@S1")
    assert after.enrol("i4") == "K1-4"
    assert after.adoption.take(before.rows("i1", "i2"), "agent@S1").taken == (("K1", "i1"), ("K1", "i2"))


def test_a_revoked_life_comes_back_revoked(offices: tuple[Office, Office]) -> None:
    """SEC-02: a backup must not give a stolen till its key back, nor the one it had ready."""
    before, after = offices
    before.enrol("i1")
    before.spare("i2", "i1")
    before.enrolment.revoke(ADMIN, "K1", "i1")
    after.adoption.take(before.rows("i1", "i2"), "agent@S1")
    assert [after.enrolment.key_of("K1", life) for life in ("i1", "i2")] == [None, None]
    assert [row.revoked_at for row in after.rows("i1", "i2")] == [row.revoked_at for row in before.rows("i1", "i2")]


def test_a_revocation_that_was_forgotten_is_taken_in_too(offices: tuple[Office, Office]) -> None:
    """SEC-02: the backup is younger than the enrolment and older than the theft."""
    before, after = offices
    before.enrol("i1")
    after.adoption.take(before.rows("i1"), "agent@S1")
    before.world.clock.forward(60)
    before.enrolment.revoke(ADMIN, "K1", "i1")
    told = before.rows("i1")
    assert after.adoption.take(told, "agent@S1") == Adopted(revoked=(("K1", "i1"),))
    assert after.enrolment.key_of("K1", "i1") is None
    assert after.audit("node.revoked") == [("K1", "i1", None, None)]
    assert after.adoption.take(told, "agent@S1") == Adopted()


def test_who_revokes_a_life_revokes_its_spare_one_that_was_taken_in(offices: tuple[Office, Office]) -> None:
    """SEC-02."""
    before, after = offices
    before.enrol("i1")
    before.spare("i2", "i1")
    after.adoption.take(before.rows("i1", "i2"), "agent@S1")
    after.enrolment.revoke(ADMIN, "K1", "i1")
    assert after.enrolment.key_of("K1", "i2") is None


def test_what_it_did_not_sign_is_passed_over(offices: tuple[Office, Office], tmp_path: Path) -> None:
    """SEC-02: whatever was changed in it, and whoever else signed it."""
    before, after = offices
    before.enrol("i1")
    (good,) = before.rows("i1")
    stranger = load_or_make(tmp_path / "stranger.key")
    nonsense = "{}"
    for row in (
        msgspec.structs.replace(good, certificate=good.certificate.replace('"S1"', '"S2"')),
        msgspec.structs.replace(good, signature=stranger.sign(good.certificate.encode()).hex()),
        msgspec.structs.replace(good, signature=""),
        msgspec.structs.replace(good, signature="é"),
        CertificateRow(certificate=nonsense, signature=good.signature),
        msgspec.structs.replace(good, revoked_at="yesterday"),
    ):
        assert after.adoption.take([row], "agent@S1") == Adopted()
    assert after.enrolment.certificate_of("K1", "i1") is None
    assert after.audit("node.adopted") == after.audit("node.disputed") == []


def test_the_hubs_own_certificate_and_other_text_that_it_signed_is_no_node(
    offices: tuple[Office, Office], tmp_path: Path
) -> None:
    before, after = offices
    key = load_or_make(tmp_path / "hub.key")
    with before.world.database.transaction():
        (hub,) = before.nodes.certificates("hub")
    for text in (hub.certificate, '{"node":"K1"}', "[]"):
        row = CertificateRow(certificate=text, signature=key.sign(text.encode()).hex())
        assert after.adoption.take([row], "agent@S1") == Adopted()


def test_an_ordinal_that_was_given_again_is_disputed_and_told(offices: tuple[Office, Office]) -> None:
    """REL-05, REL-13: two machines with one series is for a person."""
    before, after = offices
    before.enrol("i1")
    assert after.enrol("other") == "K1"
    told = before.rows("i1")
    assert after.adoption.take(told, "agent@S1") == Adopted(disputed=(("K1", "i1"),))
    assert after.adoption.take(told, "agent@S1").taken == ()
    assert after.enrolment.certificate_of("K1", "i1") is None
    assert after.audit("node.disputed") == [("K1", "i1", "K1", "agent@S1")]
    with after.world.database.transaction():
        (kept,) = after.adoption.disputed()
    assert (kept.holder, kept.series, kept.told_at) == ("K1|other", "K1", after.world.clock.now())
    assert after.enrol("i3") == "K1-2", "a series of its own ends it"


def test_a_series_of_another_till_is_disputed_and_given_to_nobody(offices: tuple[Office, Office]) -> None:
    """REL-05: the till was defined anew under another number after the restore."""
    before, after = offices
    before.enrol("i1")
    after.world.load("station", STATIONS.format("Z9", "K1", "Z8"))
    assert after.enrol("seven", "K7") == "K1"
    assert after.adoption.take(before.rows("i1"), "agent@S1").disputed == (("K1", "i1"),)

    after.world.load("station", STATIONS.format("Z9", "Z7", "K1"))
    with pytest.raises(Refused) as refused:
        after.enrol("eight", "K8")
    problem = refused.value.problems[0]
    assert (problem.code, problem.facts) == ("enrol.series_taken", {"series": "K1", "node": "K8", "holder": "K1"})


def alarms(office: Office, node: str = "K1", later: float = 0) -> tuple[str, ...]:
    """What the monitor says of a node, some seconds later."""
    now = office.world.clock.now() + datetime.timedelta(seconds=later)
    found = monitor.states(PostgresMonitorShelf(office.world.database), now)
    return next(state.alarms for state in found if state.node.node == node)


def test_the_monitor_tells_for_a_week_what_was_taken_in(offices: tuple[Office, Office]) -> None:
    """HUB-07."""
    before, after = offices
    before.enrol("i1")
    after.adoption.take(before.rows("i1"), "agent@S1")
    assert "node.certificate_adopted" in alarms(after)
    assert "node.certificate_adopted" in alarms(after, later=7 * 86_400 - 1)
    assert "node.certificate_adopted" not in alarms(after, later=7 * 86_400)
    assert "node.certificate_adopted" not in alarms(before)


def test_a_dispute_is_an_urgent_alarm_until_the_node_has_a_series_of_its_own(offices: tuple[Office, Office]) -> None:
    """HUB-07, REL-05: a spare life that never spoke is not that."""
    before, after = offices
    before.enrol("i1")
    after.enrol("other")
    assert "node.certificate_disputed" not in alarms(after)
    after.adoption.take(before.rows("i1"), "agent@S1")
    assert alarms(after)[0] == "node.certificate_disputed"
    after.spare("i2", "other")
    assert "node.certificate_disputed" in alarms(after)
    after.enrol("i3")
    assert "node.certificate_disputed" not in alarms(after)


def test_what_an_agent_does_not_say_of_a_backup_stays_as_it_was_told(offices: tuple[Office, Office]) -> None:
    """REL-16: an older program says nothing of it."""
    office, _ = offices
    office.enrol("i1")
    shelf = PostgresMonitorShelf(office.world.database)
    for late, expected in ((None, False), (True, True), (None, True), (False, False)):
        contact = Contact(
            node="K1", store="S1", kind="station", incarnation="i1", at=office.world.clock.now(), sent_at=None,
            build="1", claimed_seq=0, definitions_version=0, backup_late=late,
        )  # fmt: skip
        monitor.note_contact(shelf, contact)
        assert ("node.backup_late" in alarms(office)) == expected
