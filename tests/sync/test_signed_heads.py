"""Agent and hub sign what they hold; the till keeps it, and nobody can rewrite the past unnoticed (HUB-10, REL-14)."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kontuar.domain.documents.proof.records import Fault
from kontuar.kernel.canonical import chain_hash
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import SealedMessage, SignedHead, StreamId
from kontuar.operations.proving import Comparison, prove
from kontuar.storage.sqlite.agent.books import MIGRATIONS as OF_AGENTS
from kontuar.storage.sqlite.agent.books import AgentBooks
from kontuar.storage.sqlite.agent.proving import AgentProofShelf
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.sync import frames, wire
from kontuar.sync.frames import Sender
from kontuar.sync.keyring import CertifiedKeys, fault_of_seal, open_certified
from kontuar.sync.uplink import Uplink
from sync_chain import HUB_KEY, STORE, Store, TestClock, Till, keys_for, push_all

RING = CertifiedKeys(HUB_KEY.public_key, [keys_for("T1", "station").signed, keys_for("agent@S1", "agent").signed])


def seal(stream: StreamId, message: SealedMessage) -> str:
    return fault_of_seal(RING, stream, message)


class HubAbove:
    """A hub that takes the agent's pushes; its log is an agent's, its word the hub's."""

    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.books = AgentBooks(folder / "agent.db", folder / "snapshots", STORE, clock, "hub")
        self.sender = Sender(node="hub", incarnation="h1", build="1", sign=HUB_KEY.sign)

    def answer(self, body: bytes) -> bytes:
        acks = []
        for part in frames.split(body):
            batch = wire.read_push(open_certified(part, RING)[0])
            told = receive(batch, self.books.log, receiver="hub", epoch="h1", is_hub=True)
            fields = wire.ack_fields(told, batch.claim, "2026-03-02T08:00:00Z", None, self.sender)
            acks.append(frames.seal(self.sender, "ack", wire.to_fields(fields), b"", self.clock.now()))
        return frames.join(acks)


class Line:
    """A till, its agent and a hub; every acknowledgement is signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("till", "store", "hub"):
            (folder / name).mkdir()
        self.clock = TestClock()
        self.till = Till(folder / "till", self.clock)
        self.store = Store(folder / "store", self.clock)
        self.hub = HubAbove(folder / "hub", self.clock)
        keys = self.store.keys
        self.up = Uplink(self.store.books.outbox, keys.sender("1"), keys.signed, RING, self.clock)
        self.signing = self.store.answer
        self.store.answer = self._answer  # type: ignore[method-assign]

    def _answer(self, body: bytes) -> bytes:
        """As the server does: with what is signed."""
        acks = []
        for part in frames.split(body):
            batch = wire.read_push(open_certified(part, RING)[0])
            fields = wire.ack_fields(self.store.take(batch), batch.claim, "2026-03-02T08:00:00Z",
                                     self.store.keys.signed, self.store.sender)  # fmt: skip
            acks.append(frames.seal(self.store.sender, "ack", wire.to_fields(fields), b"", self.clock.now()))
        return frames.join(acks)

    def sell(self, count: int) -> None:
        for _ in range(count):
            self.till.sell()
        self.push()

    def push(self) -> None:
        """To the agent, to the hub, and once more: the till hears of the hub's word with its next claim."""
        push_all(self.till, self.store)
        push_all(None, self.hub, self.up)  # type: ignore[arg-type]
        self.clock.seconds += 100
        push_all(self.till, self.store)

    def heads(self) -> dict[str, int]:
        return dict(self.till.database.rows("SELECT signer, seq FROM signed_head"))


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def faults(line: Line) -> list[str]:
    """What the till's own books and their copy above show."""
    with (
        closing(StationProofShelf(line.folder / "till" / "station.db", MIGRATIONS)) as lower,
        closing(AgentProofShelf(line.folder / "hub" / "agent.db", OF_AGENTS)) as higher,
    ):
        higher.kind = "hub"
        own = [fault for stream in prove(lower, seal).streams for fault in stream.faults]
        with lower.reading(), higher.reading():
            there = {each.id: each for each in higher.streams()}
            compared: list[Fault] = []
            for here in lower.streams():
                compared += Comparison(lower, higher, seal).faults(here, there.get(here.id))[1]
    return [fault.code for fault in (*own, *compared) if not fault.code.startswith("chain.booked")]


def test_the_till_keeps_what_agent_and_hub_signed(line: Line) -> None:
    """HUB-10: the hub's word passes through the agent unchanged; each is the furthest."""
    line.sell(3)
    assert line.heads() == {"agent": 3, "hub": 3}
    line.sell(2)
    assert line.heads() == {"agent": 5, "hub": 5}
    statement, signature = line.till.database.row("SELECT statement, signature FROM signed_head WHERE signer = 'hub'")
    head = SignedHead(statement=statement, signature=signature).read()
    assert head is not None
    assert (head.signer, head.seq, head.hash) == ("hub", 5, line.till.outbox.hash_at(line.till.id, 5))
    assert faults(line) == []


def rewritten(payloads: list[bytes], sign: Callable[[bytes], bytes]) -> list[tuple[bytes, bytes, bytes]]:
    """A whole log, chained and signed anew: whoever has the till's key could do it."""
    before, made = bytes(32), []
    for payload in payloads:
        before = chain_hash(before, payload)
        made.append((payload, before, sign(before)))
    return made


def rewrite(database: Any, line: Line) -> None:
    """Message 2 says something else, and everything behind it fits to that."""
    payloads = [bytes(row[0]) for row in database.rows("SELECT payload FROM message ORDER BY seq")]
    payloads[1] = payloads[1].replace(b'"note":""', b'"note":"x"')
    for name in ("message_stays", "message_is_kept"):
        database._connection.execute(f"DROP TRIGGER {name}")
    with database.transaction():
        for seq, values in enumerate(rewritten(payloads, line.till.keys.signer.sign), start=1):
            database.write("UPDATE message SET payload = ?, hash = ?, signature = ? WHERE seq = ?", (*values, seq))


def test_a_hub_that_rewrote_the_past_is_told_so_by_its_own_signature(line: Line) -> None:
    """HUB-10: with the station's key even a perfect chain is exposed."""
    line.sell(4)
    database = line.hub.books.database
    rewrite(database, line)
    head = database.value("SELECT hash FROM message WHERE seq = 4")
    with database.transaction():
        database.write("UPDATE stream SET held_hash = ?", (head,))
    assert "chain.rewritten" in faults(line)


def test_a_till_that_rewrote_the_past_is_told_so_by_what_others_signed(line: Line) -> None:
    """HUB-10: its own chain and signatures are without a flaw."""
    line.sell(4)
    rewrite(line.till.database, line)
    with closing(StationProofShelf(line.folder / "till" / "station.db", MIGRATIONS)) as shelf:
        found = [fault.code for fault in prove(shelf, seal).streams[0].faults]
    assert "chain.rewritten" in found
    assert "chain.altered" not in found
    assert "signature.bad" not in found


def test_a_hub_that_lost_what_it_signed_for_is_told_so(line: Line) -> None:
    """REL-14: by the length of the chain."""
    line.sell(4)
    database = line.hub.books.database
    database._connection.execute("DROP TRIGGER message_is_kept")
    with database.transaction():
        database.write("DELETE FROM message WHERE seq > 2")
        database.write("UPDATE stream SET held_seq = 2, held_hash = (SELECT hash FROM message WHERE seq = 2)")
    assert "chain.rewritten" in faults(line)


def test_a_statement_that_nobody_signed_is_not_kept(line: Line) -> None:
    """HUB-10: an agent cannot speak for the hub."""
    line.sell(2)
    with line.till.database.transaction():
        line.till.database.write("DELETE FROM signed_head")
    with line.store.books.database.transaction():
        line.store.books.database.write("UPDATE signed_head SET signature = '00' || substr(signature, 3)")
    line.clock.seconds += 100
    push_all(line.till, line.store)
    assert line.heads() == {"agent": 2}


def test_a_hub_that_went_back_leaves_no_false_word_at_its_agent(line: Line) -> None:
    """Push rule 5: what was lost and sent again is the same; the till's evidence stays."""
    line.sell(3)
    database = line.hub.books.database
    database._connection.execute("DROP TRIGGER message_is_kept")
    with database.transaction():
        database.write("DELETE FROM message WHERE seq > 1")
        database.write("UPDATE stream SET held_seq = 1, held_hash = (SELECT hash FROM message WHERE seq = 1)")
    line.push()
    line.push()
    assert faults(line) == []
    assert line.heads() == {"agent": 3, "hub": 3}
