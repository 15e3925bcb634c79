"""How long a node's queue is and how old, whatever lies in it (HUB-07)."""

from pathlib import Path

import pytest

from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.kernel.time import parse_instant
from kontuar.operations.ports.streams import START, Batch, SealedMessage, StreamId
from kontuar.operations.ports.sync import Heard, NodeIdentity, Queue
from kontuar.sync.figures import StationsHeard, queue_of
from sync_chain import NOW, STORE, Store, TestClock, Till

DEEP = b'{"body":' + b"[" * 100_000 + b"]" * 100_000 + b',"at":"2026-03-02T08:00:00Z"}'


@pytest.mark.parametrize(
    "payload",
    [
        DEEP, b'{"at":"0001-01-01T00:00:00+14:00"}', b'{"at":"9999-12-31T23:59:59-12:00"}', b'{"at":"yesterday"}',
        b'{"at":7}', b'{"at":"\xff"}', b"[]", b"",
    ],
)  # fmt: skip
def test_a_message_that_says_nothing_sane_is_counted_and_its_age_is_not_known(tmp_path: Path, payload: bytes) -> None:
    """HUB-07: what a faulty till wrote does not end its agent's telling of the queue."""
    store = Store(tmp_path, TestClock())
    first = chain_hash(CHAIN_START, payload)
    messages = (
        SealedMessage(1, payload, first, bytes(64)),
        SealedMessage(2, b"{}", chain_hash(first, b"{}"), bytes(64)),
    )
    store.take(
        Batch(stream=StreamId("T1", "i1"), store=STORE, sender="T1", first=1, previous_hash=CHAIN_START,
              messages=messages, claim=START)
    )  # fmt: skip
    assert queue_of(store.books.outbox) == Queue(length=2, oldest_at="")


def test_a_queue_tells_when_its_oldest_message_was_written(tmp_path: Path) -> None:
    """HUB-07."""
    till = Till(tmp_path, TestClock())
    till.sell()
    assert queue_of(till.outbox) == Queue(length=1, oldest_at="2026-03-02T08:00:00.000000Z")


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "", "noon"])
def test_a_station_whose_clock_shows_nothing_sane_is_heard_all_the_same(sent_at: str) -> None:
    """HUB-07."""
    clock = TestClock()
    heard = StationsHeard(clock)
    station = NodeIdentity(node="T1", kind="station", store=STORE, incarnation="i1", public_key=b"")
    heard.heard(Heard(identity=station, sent_at=sent_at, queue=Queue(length=3)))
    ((node, ahead),) = [(told.node, told.sent_ahead_seconds) for told in heard.fresh()]
    assert (node, ahead) == ("T1", 0.0)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "", "noon", "2026-13-01"])
def test_what_is_no_instant_is_refused_in_one_way(text: str) -> None:
    """HUB-07: whoever reads a time that came over the wire catches one error."""
    with pytest.raises(ValueError, match=r".+"):
        parse_instant(text)
    assert parse_instant("2026-03-02T09:00:00+01:00") == NOW
