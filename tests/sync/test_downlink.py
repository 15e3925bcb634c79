"""What comes down: one transaction per answer, checksums, snapshots that survive a cut (REL-10)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import zstandard

from kontuar.domain.documents.parking import ParkedRow
from kontuar.kernel.canonical import encode, row_checksum
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.operations.agent.relay import RelayGiver
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.ports.hub_documents import StockFigures
from kontuar.operations.ports.parking import HoldParked, OpenParked, SaveParked
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.operations.ports.sync import FeedCursor, HubReach, StreamPosition
from kontuar.sync import frames, wire
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection
from kontuar.sync.downlink import Answered, Ask, Downlink, Fetch, Fetched, Missed, Pause, Start
from kontuar.sync.server import SyncSite, give_down, give_snapshot
from kontuar.sync.snapshots import fetch, rows_of
from kontuar.sync.transport import Unreachable
from kontuar.sync.uplink import Push, Woken
from sync_chain import STORE, Store, TestClock, Till, sold

Rows = dict[tuple[str, str], bytes]


class World:
    """A till that asks an agent, without a network."""

    def __init__(self, folder: Path) -> None:
        self.clock = TestClock()
        self.store = Store(folder / "store", self.clock)
        self.till = Till(folder / "till", self.clock)
        self.reach = HubReach(True, "")
        books = self.store.books
        giver = RelayGiver(
            DefinitionsFeed(books.definitions, books.snapshots), books.feeds, self.store.parking, lambda: self.reach
        )

        async def at_once(operation, *arguments):  # type: ignore[no-untyped-def]
            return operation(*arguments)

        self.site = SyncSite(
            sender=self.store.sender, certificate=self.store.keys.signed, keys=self.store.keys.keys,
            receiver=self.store.receiver, giver=giver, answerer=None, enroller=None, runner=at_once,
            giver_runner=at_once, clock=self.clock, bell=Bell(), store=STORE,
        )  # type: ignore[arg-type] # fmt: skip
        self.downlink = self.new_downlink()

    def new_downlink(self) -> Downlink:
        keys = self.till.keys
        return Downlink(self.till.sink, STORE, keys.sender("1"), keys.signed, keys.keys, self.clock, wait_seconds=0)

    def give(self, ask: Ask) -> bytes:
        return asyncio.run(give_down(self.site, ask.body))

    def once(self) -> Ask | Fetch | Pause:
        ask = self.downlink.step(Start())
        assert isinstance(ask, Ask)
        return self.downlink.step(Answered(self.give(ask)))

    def define(self, rows: Rows, version: int, checksum: int | None = None) -> None:
        """The hub's snapshot at the agent."""
        told = sum(row_checksum(kind, key, body) for (kind, key), body in rows.items()) % 2**64
        listed = [(kind, key, version, body) for (kind, key), body in rows.items()]
        self.store.books.definitions.replace_all(listed, "d1", version, told if checksum is None else checksum)

    def push(self) -> None:
        """What was sold is held by the agent; the till did not hear of it."""
        effect = self.till.uplink.step(Woken())
        assert isinstance(effect, Push)
        self.store.answer(effect.body)

    def definitions(self) -> Rows:
        found = self.till.database.rows("SELECT kind, key, body FROM definition")
        return {(kind, key): bytes(body) for kind, key, body in found}

    def fetched(self, effect: Ask | Fetch | Pause) -> Fetched:
        assert isinstance(effect, Fetch)
        info = self.store.books.snapshots.by_id(effect.snapshot.id)
        assert info is not None
        copy = self.store.folder / "copy"
        copy.write_bytes(Path(info.path).read_bytes())
        return Fetched(copy)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


FIRST: Rows = {("unit", f"U{n}"): encode({"code": f"U{n}"}) for n in range(20)}


def test_a_new_till_gets_a_snapshot_then_deltas_then_nothing(world: World) -> None:
    world.define(FIRST, 5)
    assert isinstance(world.downlink.step(world.fetched(world.once())), Ask)
    assert (world.definitions(), world.till.definitions.version()) == (FIRST, ("d1", 5))
    second = {**FIRST, ("unit", "U3"): b'{"code":"U3","name":"new"}', ("unit", "N"): b'{"code":"N"}'}
    del second["unit", "U4"]
    world.define(second, 6)
    ask = world.downlink.step(Start())
    assert isinstance(ask, Ask)
    delta = world.give(ask)
    frame = frames.open_frame(frames.split(delta)[0], lambda *_: world.store.keys.signer.public_key)
    body = wire.read_body(frame, wire.DownBody)
    assert ([row[1] for row in body.put], body.removed) == (["N", "U3"], (("unit", "U4"),))
    world.downlink.step(Answered(delta))
    assert world.definitions() == second
    world.once()
    assert not world.downlink.applied.anything()


def test_a_delta_that_does_not_add_up_is_not_applied_and_a_snapshot_is_asked_for(world: World) -> None:
    """REL-10: never a mix of two versions."""
    world.define(FIRST, 5)
    world.downlink.step(world.fetched(world.once()))
    with world.till.database.transaction():
        world.till.database.write("UPDATE definition SET body = ? WHERE key = 'U3'", (b'{"code":"broken"}',))
    second = {**FIRST, ("unit", "U3"): b'{"code":"U3","name":"new"}'}
    world.define(second, 6)
    before = world.definitions()
    assert isinstance(world.once(), Pause)
    assert world.definitions() == before
    assert world.downlink.problem == "definitions.checksum_differs"
    world.downlink.step(world.fetched(world.once()))
    assert (world.definitions(), world.till.definitions.version()) == (second, ("d1", 6))


def test_without_the_checksum_a_mixed_view_would_stay_unnoticed(world: World) -> None:
    """Twin of the test above: the same delta, told a checksum that fits what the till ends up with."""
    world.define(FIRST, 5)
    world.downlink.step(world.fetched(world.once()))
    with world.till.database.transaction():
        world.till.database.write("UPDATE definition SET body = ? WHERE key = 'U3'", (b'{"code":"broken"}',))
    row = ("unit", "N", 6, b'{"code":"N"}')
    total = world.till.definitions.cursor()[2] + row_checksum("unit", "N", row[3])
    with world.till.database.transaction():
        world.till.definitions.apply_delta([row], [], "d1", 6, total % 2**64)
    assert world.definitions()["unit", "U3"] == b'{"code":"broken"}'


def test_a_wrong_snapshot_leaves_the_old_definitions(world: World, tmp_path: Path) -> None:
    world.define(FIRST, 5)
    world.downlink.step(world.fetched(world.once()))
    world.define({("unit", "X"): b"{}"}, 6)
    world.till.definitions.cursor()
    world.downlink._anew = True
    effect = world.once()
    assert isinstance(effect, Fetch)
    other = tmp_path / "other"
    other.write_bytes(zstandard.compress(b'["unit","Y",6,{}]\n'))
    assert isinstance(world.downlink.step(Fetched(other)), Pause)
    assert world.definitions() == FIRST


def test_a_snapshot_is_given_only_to_a_node_that_proves_who_it_is(world: World) -> None:
    """SEC-01, SEC-02: it contains the verifiers of PINs."""
    world.define(FIRST, 5)
    effect = world.once()
    assert isinstance(effect, Fetch)
    given = asyncio.run(give_snapshot(world.site, effect.snapshot.id, effect.proof, "bytes=3-"))
    assert given.headers["content-range"] == f"bytes 3-{effect.snapshot.size - 1}/{effect.snapshot.size}"
    for proof in ("", "Bearer abc", "Kontuar abc", effect.proof[:-8]):
        with pytest.raises(Refused):
            asyncio.run(give_snapshot(world.site, effect.snapshot.id, proof, ""))
    with pytest.raises(Refused) as refused:
        asyncio.run(give_snapshot(world.site, "another", effect.proof, ""))
    assert refused.value.problems[0].code == "frame.wrong_sender"


class Cut:
    """A transport that gives a file in pieces and breaks after some of them."""

    def __init__(self, content: bytes, breaks: list[int]) -> None:
        self.content = content
        self.breaks = breaks
        self.starts: list[int] = []

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        raise Unreachable("not here")

    async def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        self.starts.append(start)
        end = self.breaks.pop(0) if self.breaks else len(self.content)
        yield self.content[start:end]
        if end < len(self.content):
            raise Unreachable("cut")


def snapshot_of(content: bytes, digest: str = "") -> wire.WireSnapshot:
    digest = digest or hashlib.sha256(content).hexdigest()
    return wire.WireSnapshot(id="s", hash=digest, size=len(content), rows=2, version=1)


def test_a_snapshot_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    content = zstandard.compress(b'["unit","A",1,{"code":"A"}]\n["unit","B",1,{"code":"B"}]\n')
    cut = Cut(content, [10, 25])
    for _ in range(2):
        with pytest.raises(Unreachable):
            asyncio.run(fetch(cut, snapshot_of(content), "", tmp_path))
    path = asyncio.run(fetch(cut, snapshot_of(content), "", tmp_path))
    assert cut.starts == [0, 10, 25]
    assert list(rows_of(path)) == [("unit", "A", 1, b'{"code":"A"}'), ("unit", "B", 1, b'{"code":"B"}')]


def test_a_snapshot_with_another_hash_is_thrown_away(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(fetch(Cut(b"something", []), snapshot_of(b"something", "00"), "", tmp_path))
    assert refused.value.problems[0].code == "snapshot.damaged"
    assert list(tmp_path.iterdir()) == []


def test_the_tills_own_sale_counts_once_whether_the_figures_contain_it_or_not(world: World) -> None:
    """REL-07: absolute figures up to `covered`, own moves past them."""
    stock = world.store.books.stock
    with world.store.books.database.transaction():
        stock.take(StockFigures(epoch="h", version=1, full=True, rows=(("W1", "MILK", 100_000),), covered=()))
    world.once()
    world.till.sell(sold("MILK", "3"))
    assert str(world.till.stock.balances(["MILK"])["W1", "MILK"]) == "7"
    world.push()
    world.once()
    assert str(world.till.stock.balances(["MILK"])["W1", "MILK"]) == "7"
    assert world.till.database.value("SELECT count(*) FROM stock_pending") == 0
    told = StockFigures(epoch="h", version=2, full=False, rows=(("W1", "MILK", 70_000),), covered=(("T1", "i1", 1),))
    before = stock.since(FeedCursor()).version
    with world.store.books.database.transaction():
        stock.take(told)
    assert stock.since(FeedCursor()).version == before, "the total is the same: nobody has to be told"
    assert world.store.totals() == [("W1", "MILK", 70_000)]


def test_moves_that_the_hub_counted_before_they_came_here_are_not_counted_again(world: World) -> None:
    """An agent that was replaced: the hub's figures contain messages that the till sends once more."""
    with world.store.books.database.transaction():
        world.store.books.stock.take(
            StockFigures(epoch="h", version=1, full=True, rows=(("W1", "MILK", 70_000),), covered=(("T1", "i1", 1),))
        )
    world.till.sell(sold("MILK", "3"))
    world.till.sell(sold("MILK", "1"))
    world.push()
    assert world.store.totals() == [("W1", "MILK", 60_000)]


def test_final_comes_down_and_a_foreign_hash_says_that_the_log_is_a_fork(world: World) -> None:
    world.till.sell()
    told = StreamPosition(world.till.id, Position(1, world.till.outbox.hash_at(world.till.id, 1) or ""))
    with world.till.database.transaction():
        world.till.sink.apply_final([told, StreamPosition(StreamId("T2", "x"), told.position)])
    assert (world.till.final(), world.till.outbox.problem()) == (1, "")
    with world.till.database.transaction():
        world.till.sink.apply_final([StreamPosition(world.till.id, Position(2, "ab" * 32))])
    assert (world.till.final(), world.till.outbox.problem()) == (1, "stream.forked")


def test_after_a_loss_the_first_question_does_not_wait_and_pauses_stay_short(world: World) -> None:
    """So that a till says *connected* again at once."""
    world.once()
    pauses = []
    for _ in range(4):
        effect = world.downlink.step(Missed("away"))
        assert isinstance(effect, Pause)
        pauses.append(effect.seconds)
    ask = world.downlink.step(Start())
    assert isinstance(ask, Ask)
    assert (pauses, ask.wait_seconds) == ([0.2, 0.4, 0.8, 1.0], 0.0)


def test_the_connection_is_named_by_what_answers(world: World) -> None:
    connection = Connection(world.clock)
    levels = [connection.level()]
    connection.answered(hub_reachable=False, hub_seen_at="")
    levels.append(connection.level())
    world.clock.seconds = 5
    connection.answered(hub_reachable=True, hub_seen_at="2026-03-02T08:00:05Z")
    levels.append(connection.level())
    since = connection.state().since
    world.clock.seconds = 9
    connection.answered(hub_reachable=True, hub_seen_at="")
    assert connection.state().since == since
    connection.lost()
    levels.append(connection.level())
    assert levels == [Connectivity.OFFLINE, Connectivity.STORE, Connectivity.ONLINE, Connectivity.OFFLINE]
    assert connection.state().hub_seen_at == "2026-03-02T08:00:05Z"


def test_a_poll_that_waits_is_answered_when_the_hub_is_lost(world: World) -> None:
    """The till's *online* becomes *store* without waiting for the poll to end."""
    world.once()

    async def play() -> float:
        fields = wire.DownFields(
            store=STORE, definitions=wire.WireDefinitions(), confirmations=FeedCursor(), stock=FeedCursor(),
            wait_seconds=20, hub_reachable=True, certificate=world.till.keys.signed,
        )  # fmt: skip
        sender = world.till.keys.sender("1")
        body = frames.join([frames.seal(sender, "down", wire.to_fields(fields), b"", world.clock.now())])
        poll = asyncio.create_task(give_down(world.site, body))
        await asyncio.sleep(0.05)
        assert not poll.done()
        world.reach = HubReach(False, "")
        world.site.bell.ring()
        answer = await asyncio.wait_for(poll, 5)
        frame = frames.open_frame(frames.split(answer)[0], lambda *_: world.store.keys.signer.public_key)
        return wire.fields_of(frame, "answer", wire.DownAnswerFields).hub_reachable

    assert asyncio.run(play()) is False


# -- parked documents ---------------------------------------------------------------------------------------
def parked(world: World, doc_id: str) -> None:
    row = ParkedRow(doc_id=doc_id, version=0, type="receipt", ean="")
    asked = SaveParked(doc_id=doc_id, version=0, token=0, by="104", document=msgspec.Raw(b"{}"), row=row)
    world.store.parking.save("T2", asked)


def listed(world: World) -> list[str]:
    return [doc_id for (doc_id,) in world.till.database.rows("SELECT doc_id FROM parked ORDER BY doc_id")]


def test_the_list_of_parked_documents_comes_whole_and_then_what_changed(world: World) -> None:
    """PARK-01: with its cursor, in the transaction of the answer."""
    world.once()
    parked(world, "A")
    world.once()
    assert world.downlink.applied.parked
    parked(world, "B")
    world.once()
    assert listed(world) == ["A", "B"]
    token = world.store.parking.open("T1", OpenParked(doc_id="A", by="104")).token
    world.store.parking.delete("T1", HoldParked(doc_id="A", token=token, by="104"))
    world.once()
    assert listed(world) == ["B"]
    world.once()
    assert not world.downlink.applied.anything()


def test_a_till_of_an_older_program_gets_the_answer_it_knows(world: World) -> None:
    """Additive: who does not ask for parked documents is told nothing of them, and waits for them no less."""
    parked(world, "A")
    ask = world.downlink.step(Start())
    assert isinstance(ask, Ask)
    frame = frames.open_frame(frames.split(ask.body)[0], lambda *_: world.till.keys.signer.public_key)
    fields = {name: value for name, value in frame.header.fields.items() if name != "parked"}
    older = frames.seal(world.till.keys.sender("1"), "down", fields, b"", world.clock.now())
    answer = world.give(Ask(frames.join([older]), 0))
    told = frames.open_frame(frames.split(answer)[0], lambda *_: world.store.keys.signer.public_key)
    assert "parked" not in told.header.fields
    assert wire.read_body(told, wire.DownBody).parked_put == ()


def test_an_older_agent_that_tells_nothing_of_parked_documents_leaves_the_list_alone(world: World) -> None:
    parked(world, "A")
    world.once()
    ask = world.downlink.step(Start())
    assert isinstance(ask, Ask)
    answer = frames.open_frame(frames.split(world.give(ask))[0], lambda *_: world.store.keys.signer.public_key)
    fields = {name: value for name, value in answer.header.fields.items() if name != "parked"}
    body = {
        name: value for name, value in msgspec.json.decode(answer.body).items() if not name.startswith("parked_")
    }  # fmt: skip
    older = frames.seal(world.store.sender, "answer", fields, encode(body), world.clock.now())
    assert isinstance(world.downlink.step(Answered(frames.join([older]))), Ask)
    assert (listed(world), world.downlink.applied.anything()) == (["A"], False)
