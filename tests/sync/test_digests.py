"""Digests per stream and day: what one node lost or holds otherwise is found, and mended or told (REL-18)."""

import asyncio
import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from kontuar.kernel.canonical import chain_hash, decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.nodes.digest_desk import DigestDesk
from kontuar.operations.digests import compare, digest_of, due_at_night, message_digest, segments_of, take_offer
from kontuar.operations.ports.digests import (
    MOST_IN_SEGMENT,
    Claimed,
    Compare,
    Copies,
    Day,
    Digest,
    Segment,
)
from kontuar.operations.ports.questions import KeptFork
from kontuar.operations.ports.streams import START, Batch, Position, SealedMessage, StreamId
from kontuar.storage.sqlite.digests import AgentDigests, StationDigests
from kontuar.sync.connection import Connection
from kontuar.sync.digest_answers import DigestAnswers
from kontuar.sync.keyring import fault_of_seal
from kontuar.sync.keys import Signer
from sync_chain import NOW, STORE, Store, TestClock, Till, keys_for, push_all, sold


class Line:
    """A till and its agent whose digests are asked and answered in memory."""

    def __init__(self, folder: Path) -> None:
        (folder / "till").mkdir()
        (folder / "store").mkdir()
        self.clock = TestClock()
        self.till = Till(folder / "till", self.clock)
        self.store = Store(folder / "store", self.clock)
        self.seal = partial(fault_of_seal, self.till.keys.keys)
        self.here = StationDigests(self.till.database, self.till.outbox, STORE)
        self.there = AgentDigests(self.store.books.database)
        identity = self.till.keys.keys.identity("T1", "i1")
        assert identity is not None
        self.asker = identity
        self.questions: list[str] = []
        self.facts: dict[str, str] = {}
        self.connection = Connection(self.clock)
        self.connection.answered(hub_reachable=True, hub_seen_at="")
        self.answers = DigestAnswers(self.there, run, self.seal, self.clock)
        self.desk = DigestDesk(
            run, self.here, self, self.connection, self.seal, self.clock, lambda name: self.facts.get(name, ""),
            self.facts.__setitem__,
        )  # fmt: skip

    async def ask(self, question: str, body: bytes) -> bytes:
        self.questions.append(question)
        return await self.answers(self.asker, question, body)

    def sell(self, count: int) -> None:
        for _ in range(count):
            self.till.sell(sold("MILK", "1"))
        push_all(self.till, self.store)

    def compare(self) -> None:
        held = self.till.held()
        asyncio.run(self.desk.compare(self.till.id, held, everything=True))

    def days(self) -> list[tuple[int, int, bool, int]]:
        """(first, last, agreed, faults)."""
        listed = self.here.all(self.till.id)
        return [(day.segment.first, day.segment.last, bool(day.agreed_at), day.faults) for day in listed]

    def tamper(self, where: str, statement: str, *values: Any) -> None:
        """Behind the program's back: without triggers, by another connection."""
        node = self.till.database if where == "till" else self.store.books.database
        kept = node.rows("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'message'")
        with apsw.Connection(str(node.path)) as connection:
            for (name,) in list(connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                                                   " AND tbl_name = 'message'")):  # fmt: skip
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement, values)
            for (sql,) in kept:
                connection.execute(sql)
        connection.close(True)

    def rows(self, where: str) -> list[tuple[Any, ...]]:
        node = self.till.database if where == "till" else self.store.books.database
        return node.rows("SELECT seq, message_id, payload, hash, signature FROM message ORDER BY seq")


async def run(work: Callable[..., Any], *values: Any) -> Any:
    return work(*values)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_who_holds_the_same_says_nothing(line: Line) -> None:
    """REL-18: one question, no copies on their way, no fault."""
    line.sell(5)
    line.compare()
    assert line.questions == ["digests.compare"]
    assert line.days() == [(1, 5, True, 0)]
    assert (line.here.state().faults, line.here.state().mended) == (0, 0)


DAMAGES = {
    "deleted": "DELETE FROM message WHERE seq = 3",
    "altered": "UPDATE message SET payload = CAST(replace(CAST(payload AS TEXT), 'MILK', 'NUT') AS BLOB) WHERE seq = 3",
    "hash": "UPDATE message SET hash = zeroblob(32) WHERE seq = 3",
    "signature": "UPDATE message SET signature = zeroblob(64) WHERE seq = 3",
    "several": "DELETE FROM message WHERE seq IN (1, 2, 4)",
}
AT_THE_END = {"the last": "DELETE FROM message WHERE seq = 5", "all": "DELETE FROM message"}
"""A till that lost the end of its log is found by its witness."""


@pytest.mark.parametrize(
    ("where", "statement"),
    [
        *(pytest.param("till", damage, id=f"till {name}") for name, damage in DAMAGES.items()),
        *(pytest.param("store", damage, id=f"store {name}") for name, damage in (DAMAGES | AT_THE_END).items()),
    ],
)
def test_what_is_altered_or_lost_on_one_side_comes_back_from_the_other(line: Line, where: str, statement: str) -> None:
    """REL-18: behind the program's back, at the agent or at the till."""
    line.sell(5)
    line.compare()
    before = line.rows("till")
    line.tamper(where, statement)
    assert line.rows(where) != before
    line.compare()
    assert line.rows("till") == line.rows("store") == before
    assert line.days() == [(1, 5, True, 0)]
    line.questions.clear()
    line.compare()
    assert line.questions == ["digests.compare"], "the second time both hold the same"


def test_damaged_bytes_are_kept_beside_what_they_were_mended_by(line: Line) -> None:
    """REL-18, REL-14: nothing that was found is thrown away."""
    line.sell(3)
    line.compare()
    line.tamper("store", "UPDATE message SET payload = x'00' WHERE seq = 2")
    line.compare()
    kept = line.store.books.database.rows("SELECT seq, payload FROM damaged_message")
    assert kept == [(2, b"\0")]
    assert line.here.state().mended == 1


def test_a_message_cannot_be_changed_without_having_been_damaged(line: Line) -> None:
    """REL-14: the guard of the log stands as before."""
    line.sell(2)
    database = line.store.books.database
    with pytest.raises(apsw.ConstraintError, match="append-only"), database.transaction():
        database.write("UPDATE message SET payload = x'00' WHERE seq = 1")


def test_two_sound_messages_at_one_place_are_a_fault_and_stay(line: Line) -> None:
    """REL-18: that is a fork; a person decides, nothing is written over."""
    line.sell(3)
    line.compare()
    database = line.store.books.database
    payload = bytes(database.value("SELECT payload FROM message WHERE seq = 3")).replace(b"MILK", b"NUTS")
    digest = chain_hash(database.value("SELECT hash FROM message WHERE seq = 2"), payload)
    line.tamper("store", "UPDATE message SET payload = ?, hash = ?, signature = ? WHERE seq = 3",
                payload, digest, line.till.keys.signer.sign(digest))  # fmt: skip
    line.compare()
    assert line.days() == [(1, 3, False, 1)]
    assert line.here.state().faults == 1
    assert line.store.payloads(line.till.id)[2] == (3, payload)


def test_what_both_sides_lost_stays_a_fault(line: Line) -> None:
    """REL-18: neither side has the true bytes."""
    line.sell(4)
    line.compare()
    line.tamper("till", "UPDATE message SET payload = x'01' WHERE seq = 2")
    line.tamper("store", "UPDATE message SET payload = x'02' WHERE seq = 2")
    line.compare()
    assert line.days() == [(1, 4, False, 1)]
    assert line.here.state().faults == 1


def test_what_an_agent_never_had_to_hold_is_no_difference(line: Line) -> None:
    """REL-18: it came to the hub before this agent."""
    line.sell(2)
    line.till.sell()
    database = line.store.books.database
    head = line.till.outbox.hash_at(line.till.id, 3)
    assert head is not None
    with database.transaction():
        database.write("INSERT INTO passed_elsewhere VALUES ('T1', 'i1', 3, 3, ?)", (bytes.fromhex(head),))
        database.write("UPDATE stream SET held_seq = 3, held_hash = ?", (bytes.fromhex(head),))
    asyncio.run(line.desk.compare(line.till.id, 3, everything=True))
    assert line.days() == [(1, 3, True, 0)]
    assert line.store.payloads(line.till.id)[-1][0] == 2


def test_each_closing_of_a_shift_has_the_new_messages_compared(line: Line) -> None:
    """REL-18: at a closure; what agreed before is not read again by day."""
    line.sell(2)
    asyncio.run(line.desk.look())
    assert line.questions == []
    line.till.sold += 1
    with line.till.database.transaction():
        line.till.stream.append("shift.closed/1", "closed", Copies(origin="", incarnation=""), at=NOW, by="ANNA")
    push_all(line.till, line.store)
    asyncio.run(line.desk.look())
    assert line.questions == ["digests.compare"]
    assert line.days() == [(1, 3, True, 0)]
    asyncio.run(line.desk.look())
    assert line.questions == ["digests.compare"]


def test_an_agent_compares_with_the_hub_what_its_station_compared(line: Line, tmp_path: Path) -> None:
    """REL-18: station, agent, hub; the agent mends itself by the hub, too."""
    line.sell(3)
    (tmp_path / "hub").mkdir()
    hub = Store(tmp_path / "hub", line.clock)
    push_all(line.till, hub, line.till.new_uplink())
    messages = line.till.outbox.read(line.till.id, 0, 9, 10**6)
    batch = Batch(
        stream=line.till.id, store=STORE, sender="T1", first=1, previous_hash=bytes(32), messages=tuple(messages),
        claim=START,
    )  # fmt: skip
    hub.take(batch)
    head = Position(3, messages[-1].hash.hex())
    with line.store.books.database.transaction():
        line.store.books.outbox.acknowledged(line.till.id, head, head)
    agent = line.store.keys.keys.identity("agent@S1", "i1")
    assert agent is not None
    above = DigestAnswers(AgentDigests(hub.books.database), run, line.seal, line.clock)
    asked: list[str] = []

    class Up:
        async def ask(self, question: str, body: bytes) -> bytes:
            asked.append(question)
            return await above(agent, question, body)

    desk = DigestDesk(
        run, line.there, Up(), line.connection, line.seal, line.clock, lambda name: line.facts.get(name, ""),
        line.facts.__setitem__,
    )  # fmt: skip
    line.answers = DigestAnswers(line.there, run, line.seal, line.clock, desk.wish)
    asyncio.run(desk.look())
    assert asked == [], "by day only what a station compared"
    line.compare()
    before = line.rows("store")
    line.tamper("store", DAMAGES["altered"])
    asyncio.run(desk.look())
    assert asked == ["digests.compare", "digests.fetch"]
    assert line.rows("store") == before
    assert line.there.state().faults == 0
    asyncio.run(desk.look())
    assert asked == ["digests.compare", "digests.fetch"], "once for each time it was asked for"


def test_every_night_everything_young_is_compared_again(line: Line) -> None:
    """REL-18: once a night."""
    line.sell(2)
    asyncio.run(line.desk.look())
    line.clock.seconds = 18 * 3600  # 02:00 of the next day
    asyncio.run(line.desk.look())
    asyncio.run(line.desk.look())
    assert line.questions == []
    line.clock.seconds += 3600
    asyncio.run(line.desk.look())
    assert line.questions == ["digests.compare"]


def test_nothing_is_asked_while_nobody_answers(line: Line) -> None:
    """REL-01."""
    line.sell(1)
    line.connection.lost()
    assert line.connection.level() == Connectivity.OFFLINE
    line.clock.seconds = 60 * 3600
    asyncio.run(line.desk.look())
    assert line.questions == []


def test_a_till_compares_its_own_streams_only(line: Line) -> None:
    """SEC-02."""
    line.sell(1)
    stranger = keys_for("T2", "station").keys.identity("T2", "i1")
    assert stranger is not None
    claimed = Claimed(segment=Segment(origin="T1", incarnation="i1", day="", first=1, last=1), digest=Digest(count=1))
    with pytest.raises(Refused) as refused:
        compare(line.there, stranger, Compare(claimed=(claimed,)))
    assert refused.value.problems[0].code == "digests.not_yours"


def test_an_offer_that_the_station_did_not_sign_is_not_taken(line: Line) -> None:
    """REL-18: a message is mended by what its station wrote, and by nothing else."""
    line.sell(2)
    line.tamper("store", "DELETE FROM message WHERE seq = 2")
    true = line.till.outbox.read(line.till.id, 1, 1, 10**6)[0]
    previous = bytes.fromhex(line.till.outbox.hash_at(line.till.id, 1) or "")
    signer: Signer = keys_for("T2", "station").signer
    forged = KeptFork(seq=2, previous=previous, hash=true.hash, signature=signer.sign(true.hash), payload=true.payload)
    offered = Copies(origin="T1", incarnation="i1", messages=(forged,))
    assert take_offer(line.there, line.asker, offered, line.seal, NOW).seqs == ()
    genuine = KeptFork(seq=2, previous=previous, hash=true.hash, signature=true.signature, payload=true.payload)
    offered = Copies(origin="T1", incarnation="i1", messages=(genuine,))
    assert take_offer(line.there, line.asker, offered, line.seal, NOW).seqs == (2,)


@pytest.mark.parametrize("segment", [(1, MOST_IN_SEGMENT + 1), (5, 4)], ids=["too many", "backwards"])
def test_a_question_of_nonsense_is_refused(line: Line, segment: tuple[int, int]) -> None:
    """SEC-04."""
    first, last = segment
    asked = Claimed(segment=Segment(origin="T1", incarnation="i1", day="", first=first, last=last), digest=Digest())
    with pytest.raises(Refused) as refused:
        compare(line.there, line.asker, decode(encode(Compare(claimed=(asked,))), Compare))
    assert refused.value.problems[0].code == "digests.too_many"


# -- the rules alone ----------------------------------------------------------------------------------------
def said(seq: int, day: str = "", at: str = "2026-03-02T09:00:00Z", gross: int = 0) -> SealedMessage:
    body = {"business_day": day, "totals": {"gross": gross}} if day else {}
    return SealedMessage(seq, encode({"at": at, "body": body}), seq.to_bytes(32, "big"), bytes(64))


def test_a_segment_is_the_messages_of_one_business_day_in_their_order() -> None:
    """REL-18: what names no day belongs to the day around it, also after midnight."""
    stream = StreamId("T1", "i1")
    told = [said(1, at="2026-03-01T23:00:00Z"), said(2, "2026-03-01"), said(3, at="2026-03-02T00:30:00Z"),
            said(4, "2026-03-01"), said(5, "2026-03-02"), said(6)]  # fmt: skip
    found = [(each.day, each.first, each.last) for each in segments_of(stream, told)]
    assert found == [("2026-03-01", 1, 4), ("2026-03-02", 5, 6)]


def test_a_digest_counts_adds_up_and_mixes() -> None:
    """Push rule 7."""
    told = [said(1, "2026-03-01", gross=100), said(2, "2026-03-01", gross=250), said(3)]
    digest = digest_of(told)
    mixed = int(message_digest(told[0]), 16) ^ int(message_digest(told[1]), 16) ^ int(message_digest(told[2]), 16)
    assert digest == Digest(count=3, amount=350, xor=f"{mixed:064x}")


def test_what_is_older_has_its_turn_within_four_weeks() -> None:
    """REL-18: every night the last week, and a part of all that is older."""
    today = datetime.date(2026, 6, 1)
    days = [
        Day(segment=Segment(origin="T1", incarnation="i1", day=str(today - datetime.timedelta(days=age)), first=age + 1,
                            last=age + 1), agreed_at="2026-06-01T00:00:00Z")
        for age in range(100)
    ]  # fmt: skip
    seen: set[int] = set()
    for night in range(28):
        due = {day.segment.first - 1 for day in due_at_night(days, today + datetime.timedelta(days=night))}
        assert len(due) <= 7 + 4
        seen |= due
    assert seen == set(range(100))
    broken = Day(segment=days[50].segment, faults=1)
    assert due_at_night([broken], today) == [broken]
