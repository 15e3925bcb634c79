"""Files that are damaged, foreign or newer than the program are refused with a reason, and nothing of them is applied
(REL-15, SEC-02, SEC-04)."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import sync_chain
from exchange_world import HeadOffice, LoneTill, StoreAgent, code_of, everything, here_of
from kontuar.kernel.canonical import encode, row_checksum
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.exchange import ExchangeFile
from kontuar.operations.ports.hub_documents import Confirmations
from kontuar.operations.ports.sync import DefinitionCursor, NodeIdentity
from kontuar.sync import frames, wire
from kontuar.sync import uplink as up
from kontuar.sync.exchange_file import ExchangeFields, Here, open_file, write_file
from kontuar.sync.exchange_parts import file_name
from kontuar.sync.keyring import CertifiedKeys
from kontuar.sync.keys import Signer
from kontuar.sync.sealing import sealed, unsealed
from sync_chain import NOW, TestClock, keys_for, sold


@pytest.fixture
def till(tmp_path: Path, office: HeadOffice) -> LoneTill:
    made = LoneTill(tmp_path / "till", TestClock())
    office.enrol(made.keys)
    office.hub.define({("article", "MILK"): b'{"code":"MILK"}'})
    made.sell(sold("MILK", "1"))
    return made


def refusal_of(taking: Callable[[bytes], object], data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        taking(data)
    return code_of(refused.value)


def hashed_anew(told: bytes) -> bytes:
    """What somebody without a key can do: make the hash fit again."""
    return told[:-32] + hashlib.sha256(told[:-32]).digest()


def test_any_flipped_byte_is_found_and_nothing_is_applied(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: at both ends, every single byte, with the hash left alone and with the hash made anew."""
    up_file = till.make().content
    office.take(up_file)
    down_file = office.give("T1").content
    for data, database, taking in (
        (up_file, office.hub.books.database, office.files._read),
        (down_file, till.database, till.take),
    ):
        before = everything(database)
        for place in range(len(data)):
            flipped = data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]
            expected = "exchange.not_a_file" if place < 3 else "exchange.too_new" if place == 3 else "exchange.damaged"
            assert refusal_of(taking, flipped) == expected, place
            if 4 <= place < len(data) - 32:
                code = refusal_of(taking, hashed_anew(flipped))
                assert code.startswith(("exchange.", "protocol.")), (place, code)
        assert everything(database) == before


def test_a_file_that_was_cut_is_refused(office: HeadOffice, till: LoneTill) -> None:
    data = till.make().content
    for length in range(len(data)):
        code = refusal_of(office.files._read, data[:length])
        assert code in ("exchange.not_a_file", "exchange.too_new", "exchange.damaged")


def test_anything_else_is_no_exchange_file(office: HeadOffice, till: LoneTill) -> None:
    for data in (b"", b"KTR1", b"code;name\n1;x", bytes(1000)):
        assert refusal_of(till.take, data) == "exchange.not_a_file"
        assert refusal_of(office.take, data) == "exchange.not_a_file"


def test_a_file_for_another_till_is_refused(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    other = LoneTill(tmp_path / "other", TestClock(), keys_for("T2", "station"))
    office.enrol(other.keys)
    assert refusal_of(other.take, office.give("T1").content) == "exchange.other_receiver"


def test_a_file_for_an_earlier_life_of_the_till_is_refused(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """SEC-02, REL-13: a new machine has a new key, and starts with a file made for it."""
    replaced = LoneTill(tmp_path / "replaced", TestClock(), keys_for("T1", "station", "i2"))
    assert refusal_of(replaced.take, office.give("T1").content) == "exchange.other_receiver"
    office.enrol(replaced.keys)
    assert replaced.take(office.give("T1")).definitions


def test_files_do_not_go_the_wrong_way(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """A till's file is for head office, a file of head office is for its node."""
    assert refusal_of(till.take, till.make().content) == "exchange.other_receiver"
    assert refusal_of(office.take, office.give("T1").content) == "exchange.other_receiver"
    here, told = here_of(till.keys), till.keys.certificate
    itself = NodeIdentity(
        node="T1", kind="station", store="S1", incarnation="i1", public_key=bytes.fromhex(told.public_key)
    )
    own = write_file(here, itself, [], file="F", secret=bytes(31) + b"1", now=NOW)
    assert refusal_of(till.take, own) == "exchange.wrong_way"


def test_another_firms_file_is_refused(
    office: HeadOffice, till: LoneTill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-02: both firms may have a till T1 and a hub by the name hub."""
    other_key = Signer(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\7"))
    monkeypatch.setattr(sync_chain, "HUB_KEY", other_key)
    foreign = LoneTill(tmp_path / "foreign", TestClock(), keys_for("T1", "station"))
    assert refusal_of(office.take, foreign.make().content) == "exchange.other_firm"
    assert refusal_of(foreign.take, office.give("T1").content) == "exchange.other_firm"


def test_a_revoked_till_is_not_listened_to(office: HeadOffice, till: LoneTill) -> None:
    """SEC-02."""
    data = till.make().content
    office.hub.keys.learn(till.keys.signed.certificate, till.keys.signed.signature)
    office.hub.keys.revoke_all([("T1", "i1")])
    assert refusal_of(office.take, data) == "exchange.unknown_sender"
    assert office.hub.payloads(till.id) == []


def test_a_newer_protocol_is_named(office: HeadOffice, till: LoneTill, monkeypatch: pytest.MonkeyPatch) -> None:
    """REL-16: the file can be kept and applied after an update."""
    monkeypatch.setattr(frames, "PROTOCOL", (3, 3))
    data = till.make().content
    monkeypatch.undo()
    assert refusal_of(office.take, data) == "protocol.too_new"


def test_content_that_swells_is_refused_before_it_fills_the_memory(office: HeadOffice, till: LoneTill) -> None:
    """SEC-04: 200 MiB of nothing in a few kilobytes, signed by a node that may talk to us."""
    bomb = zstandard.compress(bytes(200 * 1024 * 1024), 3)
    here = here_of(till.keys)
    fields = ExchangeFields(file="F", hub=here.hub_fingerprint(), receiver="hub", certificate=till.keys.signed)
    body = sealed(sync_chain.HUB_KEY.public_key, b"Z" + bomb, bytes(31) + b"2")
    frame = frames.seal(here.sender, "exchange", wire.to_fields(fields), body, NOW, plain=True)
    told = b"KTX1" + frame
    assert refusal_of(office.take, told + hashlib.sha256(told).digest()) == "exchange.damaged"


def test_a_file_holds_only_frames_of_whoever_signed_it(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """SEC-02: nobody brings another's question or documents under his own name."""
    other = LoneTill(tmp_path / "other", TestClock(), keys_for("T2", "station"))
    other.sell(sold("MILK", "1"))
    hub = office.here.keys.identity("hub", "")
    assert hub is not None
    stolen = open_file(office.here, till.make().content).parts
    data = write_file(here_of(other.keys), hub, stolen, file="F", secret=bytes(31) + b"3", now=NOW)
    assert refusal_of(office.take, data) == "frame.wrong_sender"
    assert office.hub.payloads(till.id) == []


def test_a_file_whose_last_frame_is_wrong_is_not_applied_at_all(
    office: HeadOffice, till: LoneTill, tmp_path: Path
) -> None:
    """REL-15: whole or not at all, at both ends."""
    agent = StoreAgent(tmp_path / "agent", till.clock)
    hub = office.here.keys.identity("hub", "")
    assert hub is not None
    parts = list(open_file(office.here, till.make().content).parts)
    broken = _with_another_store(till, parts[-1])
    data = write_file(here_of(till.keys), hub, [*parts, broken], file="F", secret=bytes(31) + b"4", now=NOW)
    assert refusal_of(office.take, data) == "frame.wrong_sender"
    assert office.hub.payloads(till.id) == []

    office.take(till.make())
    office.hub.confirm("T1-i1-1", till.id, 1)
    told = open_file(here_of(till.keys), office.give("T1").content).parts
    damaged = [part for part in told if frames.peek(part).kind != "snapshot"]
    damaged.append(
        frames.seal(office.here.sender, "snapshot", {"snapshot": _named(told)}, b"other rows", NOW, plain=True)
    )
    before = everything(till.database)
    data = write_file(office.here, office.known["T1"], damaged, file="F", secret=bytes(31) + b"5", now=NOW)
    assert refusal_of(till.take, data) == "exchange.damaged"
    data = write_file(office.here, office.known["T1"], damaged[:-1], file="F", secret=bytes(31) + b"6", now=NOW)
    assert refusal_of(till.take, data) == "exchange.damaged"
    assert everything(till.database) == before
    assert agent.hub_seq() == 0


def test_a_file_that_fails_half_way_leaves_nothing_behind(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """REL-15: the documents of one till are not taken in without those of the other in the same file."""
    agent = StoreAgent(tmp_path / "agent", till.clock)
    other = LoneTill(tmp_path / "other", till.clock, keys_for("T2", "station"))
    other.sell(sold("MILK", "1"))
    for each in (till, other):
        pushed = each.uplink.step(up.Woken())
        assert isinstance(pushed, up.Push)
        agent.answer(pushed.body)
    data = agent.make().content
    database = office.hub.books.database
    with database.transaction():
        database.write(
            "CREATE TRIGGER broken BEFORE INSERT ON message WHEN NEW.origin = 'T2' BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    before = everything(database)
    with pytest.raises(apsw.ConstraintError):
        office.take(data)
    assert everything(database) == before
    with database.transaction():
        database.write("DROP TRIGGER broken")
    assert office.take(data).taken == 2


def _with_another_store(till: LoneTill, push: bytes) -> bytes:
    frame = frames.open_frame(push, lambda *_: till.keys.signer.public_key)
    fields = {**frame.header.fields, "store": "S2"}
    return frames.seal(till.keys.sender("1"), "push", fields, frame.body, NOW)


def _named(parts: tuple[bytes, ...]) -> str:
    (answer,) = (part for part in parts if frames.peek(part).kind == "answer")
    return str(frames.peek(answer).fields["definitions"]["snapshot"]["id"])


def test_nobody_on_the_way_can_read_a_file(office: HeadOffice, till: LoneTill) -> None:
    """SEC-02: neither documents nor prices nor operators' verifiers stand in it readable, packed or not."""
    till.sell(note="a secret worth keeping")
    for data in (till.make().content, office.give("T1").content):
        assert b"secret worth" not in data
        assert b"MILK" not in data
        assert zstandard.FRAME_HEADER not in data


def test_what_is_sealed_opens_with_the_right_key_only() -> None:
    """ADR 15: the sender needs the public key of the receiver's certificate and nothing else."""
    signer = keys_for("T1", "station").signer
    data = sealed(signer.public_key, b"content", bytes(range(32)))
    assert unsealed(signer.agreement_key(), data) == b"content"
    with pytest.raises(Refused):
        unsealed(keys_for("T2", "station").signer.agreement_key(), data)
    with pytest.raises(Refused):
        unsealed(X25519PrivateKey.from_private_bytes(bytes(range(32))), data[:40])
    for weak in (bytes(32), (1).to_bytes(32, "little"), bytes(31), (2**255 - 20).to_bytes(32, "little")):
        with pytest.raises(Refused) as refused:
            sealed(weak, b"content", bytes(range(32)))
        assert code_of(refused.value) == "exchange.key_unusable"


def test_a_file_may_be_too_large_to_write(office: HeadOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_for("T1", "station")
    hub = keys.keys.identity("hub", "")
    assert hub is not None
    with pytest.raises(Refused) as refused:
        write_file(here_of(keys), hub, [bytes(64 * 1024 * 1024)], file="F", secret=bytes(31) + b"7", now=NOW)
    assert code_of(refused.value) == "exchange.too_large"
    assert office.known == {}


def test_names_of_files_are_harmless_whatever_a_node_is_called() -> None:
    """SEC-04: the number of a node comes from people."""
    moment = datetime.datetime(2026, 3, 2, 8, 0, 5, tzinfo=datetime.UTC)
    assert file_name("../../etc/passwd", "agent@S1", moment) == "kontuar-etc-passwd-agent-S1-20260302-080005.ktx"


def test_a_question_that_cannot_be_kept_costs_a_larger_answer_only(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: what is kept of the last file is a convenience."""
    office.take(till.make())
    till.take(office.give("T1"))
    kept = office.files._office.questions._file(office.known["T1"])
    kept.write_bytes(b"\0\0\0\5junk")
    given: ExchangeFile = office.give("T1")
    found = everything(till.database)
    till.take(given)
    assert everything(till.database) == found


def test_an_answer_of_an_earlier_epoch_does_not_come_back(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: after head office was restored, files made before are history."""
    office.take(till.make())
    early = office.give("T1")
    till.take(early)
    rows = [("article", "MILK", 1, b'{"code":"MILK","name":"new"}')]
    checksum = sum(row_checksum(kind, key, body) for kind, key, _, body in rows) % 2**64
    till.sink.replace_definitions(rows, DefinitionCursor("d2", 1, checksum))
    with till.sink.transaction():
        till.sink.apply_confirmations(Confirmations(epoch="c2", version=1, rows=()))
    found = everything(till.database)
    till.take(early)
    assert everything(till.database) == found


def test_the_fingerprint_of_a_firm_is_that_of_its_hubs_key() -> None:
    keys = keys_for("T1", "station")
    here = Here(sender=keys.sender("1"), signer=keys.signer, keys=CertifiedKeys(sync_chain.HUB_KEY.public_key))
    assert here.hub_fingerprint() == hashlib.sha256(sync_chain.HUB_KEY.public_key).hexdigest()[:16]
    assert msgspec.json.decode(encode(ExchangeFields(file="F", hub="h", receiver="r")), type=ExchangeFields).hub == "h"
