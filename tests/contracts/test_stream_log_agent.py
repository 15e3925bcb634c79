"""The contract of `StreamLog` (push rules 1 to 4), shown on the agent's SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontuar.domain.documents.messages import Message, body_bytes
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.canonical import CHAIN_START, chain_hash, encode
from kontuar.kernel.errors import Refused
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import START, Acknowledgement, Batch, Position, SealedMessage, StreamId
from sync_chain import NOW, STORE, Sale, Store, TestClock, sold

STREAM = StreamId("T1", "i1")
MILK = sold("MILK", "1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", TestClock())


def chain(*notes: str, moves: tuple[StockMove, ...] = (MILK,), store: str = STORE) -> list[SealedMessage]:
    """Messages of one stream, one per note."""
    previous, found = CHAIN_START, []
    for seq, note in enumerate(notes, 1):
        message = Message(
            kind="receipt.approved/1", origin="T1", incarnation="i1", seq=seq, store=store, message_id=f"D-{note}",
            at=NOW, by="ANNA", body=body_bytes(Sale(doc_id=f"D-{note}", note=note, stock_moves=moves)),
        )  # fmt: skip
        payload = encode(message)
        previous = chain_hash(previous, payload)
        found.append(SealedMessage(seq, payload, previous, bytes(64)))
    return found


def push(
    store: Store, messages: list[SealedMessage], after: list[SealedMessage] = (), claim: int = 0
) -> Acknowledgement:
    previous = after[-1].hash if after else CHAIN_START
    batch = Batch(
        stream=STREAM, store=STORE, sender="T1", first=len(after) + 1, previous_hash=previous,
        messages=tuple(messages), claim=Position(claim, "00" * 32),
    )  # fmt: skip
    return receive(batch, store.books.log, receiver="agent@S1", epoch="e1", is_hub=False)


def held(messages: list[SealedMessage]) -> Position:
    return Position(messages[-1].seq, messages[-1].hash.hex())


def test_an_unknown_stream_stands_at_zero(store: Store) -> None:
    state = store.books.log.state(STREAM)
    assert (state.held, state.final, state.closed) == (START, START, False)


def test_messages_that_follow_are_held(store: Store) -> None:
    a = chain("1", "2", "3")
    assert push(store, a[:2]).held == held(a[:2])
    assert push(store, a[2:], a[:2]).held == held(a)
    assert store.payloads(STREAM) == [(m.seq, m.payload) for m in a]


def test_a_repeated_push_changes_nothing(store: Store) -> None:
    """REL-08."""
    a = chain("1", "2")
    push(store, a)
    again = push(store, a)
    assert (again.held, again.forked, again.parked) == (held(a), (), ())
    assert store.totals() == [("W1", "MILK", -20_000)]


def test_a_push_that_overlaps_brings_only_what_is_new(store: Store) -> None:
    a = chain("1", "2", "3")
    push(store, a[:2])
    assert push(store, a[1:], a[:1]).held == held(a)
    assert store.totals() == [("W1", "MILK", -30_000)]


def test_a_gap_is_answered_with_what_is_held(store: Store) -> None:
    a = chain("1", "2", "3")
    push(store, a[:1])
    answer = push(store, a[2:], a[:2], claim=2)
    assert (answer.held, answer.rewind, answer.forked) == (held(a[:1]), True, ())
    assert len(store.payloads(STREAM)) == 1


def test_another_hash_at_a_known_position_is_kept_aside_and_closes_the_incarnation(store: Store) -> None:
    """Push rule 2; REL-05: both documents exist, one of them parked."""
    a, b = chain("1", "2", "3"), chain("1", "two", "three", "four")
    push(store, a)
    answer = push(store, b[1:], b[:1])
    assert (answer.held, answer.closed) == (held(a), ("i1",))
    assert answer.forked == tuple(m.hash.hex() for m in b[1:])
    kept = store.books.database.rows("SELECT seq, payload FROM forked_message ORDER BY seq")
    assert [(seq, bytes(payload)) for seq, payload in kept] == [(m.seq, m.payload) for m in b[1:]]
    assert store.totals() == [("W1", "MILK", -30_000)]


def test_a_wrong_predecessor_is_a_fork_too(store: Store) -> None:
    a, b = chain("1", "2"), chain("one", "two", "three")
    push(store, a)
    assert push(store, b[2:], b[:2]).forked == (b[2].hash.hex(),)
    assert push(store, a).held == held(a)


def test_what_follows_the_chain_of_a_closed_incarnation_is_taken_and_what_contradicts_it_kept_aside(
    store: Store,
) -> None:
    """REL-05, REL-13: it was written before its station heard of the closing; only a contradiction is a fork."""
    a, b = chain("1", "2", "3"), chain("1", "two", "three")
    push(store, a[:2])
    push(store, b[1:2], b[:1])
    answer = push(store, a[2:], a[:2])
    assert (answer.held, answer.closed, answer.forked) == (held(a), ("i1",), ())
    assert store.totals() == [("W1", "MILK", -30_000)]
    assert push(store, b[2:], b[:2]).forked == (b[2].hash.hex(),)
    assert store.books.log.counts()["messages_forked"] == 2


def test_a_frame_whose_messages_do_not_follow_each_other_is_refused_whole(store: Store) -> None:
    a, b = chain("1", "2"), chain("one", "two")
    with pytest.raises(Refused) as refused:
        push(store, [a[0], b[1]])
    assert refused.value.problems[0].code == "frame.chain_broken"
    assert store.books.log.state(STREAM).held == START


def test_a_message_that_says_it_is_somebody_elses_is_parked(store: Store) -> None:
    a = chain("1")
    other = StreamId("T2", "i1")
    batch = Batch(
        stream=other, store=STORE, sender="T2", first=1, previous_hash=CHAIN_START, messages=tuple(a), claim=START
    )
    answer = receive(batch, store.books.log, receiver="agent@S1", epoch="e1", is_hub=False)
    assert (answer.held, answer.parked) == (held(a), (("D-1", "message.misplaced"),))
    assert store.totals() == []


def test_what_was_written_cannot_be_changed_or_removed(store: Store) -> None:
    push(store, chain("1"))
    for statement in ("UPDATE message SET seq = 9", "DELETE FROM message", "DELETE FROM stock_move"):
        with pytest.raises(Exception, match="append-only"), store.books.database.transaction():
            store.books.database.write(statement)


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1e30", "0.00001"])
def test_a_move_that_no_ledger_can_hold_parks_its_message_and_no_other(store: Store, quantity: str) -> None:
    """REL-09: the push is taken, the goods of the others move."""
    bad = chain("1", moves=(sold("MILK", quantity),))
    answer = push(store, bad)
    assert answer.held == held(bad)
    assert answer.parked == (("D-1", "document.figures_out_of_range"),)
    assert store.totals() == []


def test_goods_that_another_message_moved_are_told_as_its_and_leave_once(store: Store) -> None:
    """REL-07, REL-08: a till sold a draft again, or took a document back again, that its other past had; the first
    message may be pruned by now, and has left its moves."""
    push(store, chain("1"))
    body = Sale(doc_id="D-1", note="again", stock_moves=(MILK,))
    message = Message(
        kind="receipt.approved/1", origin="T1", incarnation="i2", seq=1, store=STORE, message_id="another",
        at=NOW, by="ANNA", body=body_bytes(body),
    )  # fmt: skip
    payload = encode(message)
    again = SealedMessage(1, payload, chain_hash(CHAIN_START, payload), bytes(64))
    batch = Batch(
        stream=StreamId("T1", "i2"), store=STORE, sender="T1", first=1, previous_hash=CHAIN_START, messages=(again,),
        claim=START,
    )  # fmt: skip
    answer = receive(batch, store.books.log, receiver="agent@S1", epoch="e1", is_hub=False)
    assert (answer.held, answer.parked) == (held([again]), (("another", "message.id_taken"),))
    assert store.books.database.rows("SELECT incarnation, count(*) FROM stock_pending GROUP BY 1") == [("i1", 1)]
