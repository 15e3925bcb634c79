"""What cannot be read is refused whole, kept and counted, and nothing of it is taken (SEC-02, SEC-04)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kontuar.kernel.canonical import content_hash, encode
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.streams import START
from kontuar.storage.failures import StorageFull
from kontuar.sync import frames, wire
from kontuar.sync.bell import Bell
from kontuar.sync.identity import NodeKeys
from kontuar.sync.keyring import CertifiedKeys
from kontuar.sync.server import SyncSite, take_push
from kontuar.sync.uplink import Push, Woken
from sync_chain import HUB_KEY, STORE, Store, TestClock, Till, keys_for


async def at_once(operation: Callable[..., Any], *arguments: Any) -> Any:
    return operation(*arguments)


def site_of(store: Store) -> SyncSite:
    return SyncSite(
        sender=store.sender, certificate=store.keys.signed, keys=store.keys.keys, receiver=store.receiver,
        giver=None, answerer=None, enroller=None, runner=at_once, giver_runner=at_once, clock=store.clock, bell=Bell(),
        store=STORE,
    )  # type: ignore[arg-type] # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", TestClock())


@pytest.fixture
def till(tmp_path: Path) -> Till:
    till = Till(tmp_path / "till", TestClock())
    till.sell()
    till.sell()
    return till


def pushed(till: Till) -> bytes:
    effect = till.uplink.step(Woken())
    assert isinstance(effect, Push)
    return effect.body


def refusal_of(store: Store, body: bytes) -> str:
    site = site_of(store)
    with pytest.raises(Refused) as refused:
        asyncio.run(take_push(site, body))
    assert store.books.database.value("SELECT count(*) FROM message") == 0
    code = refused.value.problems[0].code
    assert site.frames_by_outcome == {code: 1}
    kept = 1 if code.startswith("frame.") else 0
    assert store.books.database.value("SELECT count(*) FROM unreadable_frame") == kept
    return code


def test_a_push_is_answered_with_one_acknowledgement_per_frame(store: Store, till: Till) -> None:
    site = site_of(store)
    answer = asyncio.run(take_push(site, pushed(till)))
    frame = frames.open_frame(frames.split(answer)[0], lambda node, _: store.keys.signer.public_key)
    ack = wire.fields_of(frame, "ack", wire.AckFields)
    assert (ack.held.seq, ack.final.seq, ack.claim, ack.epoch, ack.rewind) == (2, 0, START, "e1", False)
    assert site.frames_by_outcome == {"taken": 1}


def test_one_flipped_bit_anywhere_is_refused(store: Store, till: Till) -> None:
    """REL-14."""
    body = pushed(till)
    for position in range(4, len(body), 97):
        spoiled = bytearray(body)
        spoiled[position] ^= 1
        with pytest.raises(Refused):
            asyncio.run(take_push(site_of(store), bytes(spoiled)))
    assert store.books.database.value("SELECT count(*) FROM message") == 0


def test_a_frame_cut_short_is_refused(store: Store, till: Till) -> None:
    assert refusal_of(store, pushed(till)[:-7]) == "frame.unreadable"


def test_an_empty_request_is_refused(store: Store) -> None:
    assert refusal_of(store, b"") == "frame.unreadable"


def test_a_node_that_the_hub_never_certified_is_refused(store: Store, till: Till) -> None:
    """A certificate signed by somebody else does not help."""
    stranger = keys_for("T1", "station", "stolen")
    certificate = msgspec.structs.replace(stranger.signed, signature="00" * 64)
    assert refusal_of(store, frame_of(stranger, certificate=certificate)) == "frame.unknown_node"


def test_a_revoked_node_is_refused_and_stays_provable(store: Store, till: Till) -> None:
    store.keys.keys.learn(till.keys.signed.certificate, till.keys.signed.signature)
    store.keys.keys.revoke_all([("T1", "i1")])
    assert refusal_of(store, pushed(till)) == "frame.unknown_node"
    assert store.keys.keys.speaker("T1", "i1") is not None


def test_a_till_cannot_speak_for_another(store: Store) -> None:
    assert refusal_of(store, frame_of(keys_for("T2", "station"), origin="T1")) == "frame.wrong_sender"


def test_a_till_of_another_store_is_refused(store: Store) -> None:
    assert refusal_of(store, frame_of(keys_for("T1", "station", store="S2"))) == "frame.wrong_sender"


def test_a_message_whose_hash_does_not_follow_is_refused(store: Store) -> None:
    frame = frame_of(keys_for("T1", "station"), head_hash="11" * 32)
    assert refusal_of(store, frame) == "frame.chain_broken"


@pytest.mark.parametrize(("theirs", "code"), [((3, 4), "protocol.too_new"), ((0, 0), "protocol.too_old")])
def test_another_protocol_is_refused_by_name(
    store: Store, monkeypatch: pytest.MonkeyPatch, theirs: tuple[int, int], code: str
) -> None:
    """REL-16: HTTP 426; the sender keeps everything."""
    monkeypatch.setattr(frames, "PROTOCOL", theirs)
    body = frame_of(keys_for("T1", "station"))
    monkeypatch.undo()
    assert refusal_of(store, body) == code


@pytest.mark.parametrize(
    "packed",
    [
        zstandard.compress(bytes(10**9)),
        zstandard.compress(b"sale " * 1000)[:-3],
        zstandard.compress(b"sale " * 1000) + b"more",
        zstandard.compress(b"sale " * 1000) * 2,
        b"not compressed at all",
        b"",
    ],
    ids=["a gigabyte of zeros", "cut", "with a tail", "two frames", "not zstd", "nothing"],
)
def test_a_body_that_does_not_unpack_is_refused_without_filling_the_memory(store: Store, packed: bytes) -> None:
    assert refusal_of(store, sealed_raw(keys_for("T1", "station"), packed)) == "frame.unreadable"


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_bytes_whatever_make_the_reader_fail_otherwise_than_by_refusing(data: bytes) -> None:
    keys = CertifiedKeys(HUB_KEY.public_key)
    for attempt in (data, frames.MAGIC + data, struct.pack(">I", len(data)) + data):
        with pytest.raises(Refused):
            frames.open_frame(attempt, lambda *_: b"\0" * 32)
        keys.learn(attempt.decode("latin-1"), data.hex())


def test_kept_frames_are_bounded(store: Store) -> None:
    for number in range(205):
        store.receiver.keep_unreadable(bytes(100_000), f"no {number}")
    rows = store.books.database.rows("SELECT reason, size, length(bytes) FROM unreadable_frame ORDER BY id")
    assert (len(rows), rows[0], rows[-1]) == (200, ("no 5", 100_000, 65_536), ("no 204", 100_000, 65_536))
    assert store.books.log.counts()["frames_unreadable"] == 205


def test_a_full_disk_takes_nothing_and_the_till_keeps_all(store: Store, till: Till) -> None:
    """REL-19: answered 507 `storage.full` by the web floor; after room was made everything arrives."""
    till.sell(note="x" * 400_000)
    body = pushed(till)
    connection: apsw.Connection = store.books.database._connection
    pages = connection.pragma("page_count")
    connection.pragma("max_page_count", pages)
    with pytest.raises(StorageFull):
        asyncio.run(take_push(site_of(store), body))
    assert store.books.database.value("SELECT count(*) FROM message") == 0
    connection.pragma("max_page_count", 1_000_000)
    asyncio.run(take_push(site_of(store), body))
    assert store.payloads(till.id) == till.payloads()


def frame_of(keys: NodeKeys, *, origin: str = "", head_hash: str = "", **more: Any) -> bytes:
    """An empty push by a node, with something wrong in it."""
    c = keys.certificate
    fields = wire.PushFields(
        stream=wire.StreamId(origin or c.node, c.incarnation), store=c.store, first=1, last=0, prev_hash=START.hash,
        head_hash=head_hash or START.hash, claim=START, **{"certificate": keys.signed, **more},
    )  # fmt: skip
    return frames.join([frames.seal(keys.sender("1"), "push", wire.to_fields(fields), b"", TestClock().now())])


def sealed_raw(keys: NodeKeys, packed: bytes) -> bytes:
    """A rightly signed frame whose body was packed by hand."""
    c = keys.certificate
    header = frames.Header(
        kind="push", protocol=frames.PROTOCOL, node=c.node, incarnation=c.incarnation, at="", build="1",
        body_hash=content_hash(packed).hex(), encoding="zstd",
        fields={"certificate": msgspec.to_builtins(keys.signed)},
    )  # fmt: skip
    head = encode(header)
    signed = frames.MAGIC + struct.pack(">I", len(head)) + head + packed
    return frames.join([signed + keys.signer.sign(signed)])


def test_a_frame_that_cannot_be_taken_does_not_hold_up_the_streams_beside_it(store: Store, till: Till) -> None:
    """REL-09: the good frame is acknowledged, the bad one is kept aside and counted."""
    good = pushed(till)
    site = site_of(store)
    answer = asyncio.run(take_push(site, good + frames.join([b"KTR1 no frame at all" + bytes(80)])))
    assert len(frames.split(answer)) == 1
    assert store.books.database.value("SELECT count(*) FROM message") == 2
    assert store.books.database.value("SELECT count(*) FROM unreadable_frame") == 1
    assert site.frames_by_outcome == {"taken": 1, "frame.unreadable": 1}
