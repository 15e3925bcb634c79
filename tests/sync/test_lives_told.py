"""Certificates travel with pushes, so that whoever was set up again from a backup hears who is who (SEC-02, REL-13)."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.sync import frames, wire
from kontuar.sync.files import write_whole
from kontuar.sync.identity import KeptIdentity, NodeKeys, load_identity
from kontuar.sync.keyring import CertifiedKeys, open_certified
from kontuar.sync.keys import SignedCertificate
from kontuar.sync.pushed import Pushed, adopt_lives, read_push
from kontuar.sync.uplink import MOST_LIVES, Failed, Push, Reached, Replied, Uplink, UplinkLimits, Woken
from sync_chain import HUB_KEY, Store, TestClock, Till, keys_for


def row(node: str, life: str = "i1", ordinal: int = 1, **changes: str) -> CertificateRow:
    signed = keys_for(node, "station", life, ordinal=ordinal).signed
    return CertificateRow(certificate=signed.certificate, signature=signed.signature, **changes)


class Telling:
    """A till whose uplink tells these lives, and notes how it was asked."""

    def __init__(self, folder: Path, lives: list[CertificateRow]) -> None:
        folder.mkdir(exist_ok=True)
        self.clock = TestClock()
        self.till = Till(folder, self.clock)
        self.store = Store(folder, self.clock)
        self.asked: list[bool] = []
        me = self.till.keys

        def told(everything: bool) -> list[CertificateRow]:
            self.asked.append(everything)
            return lives

        self.uplink = Uplink(self.till.outbox, me.sender("1"), me.signed, me.keys, self.clock, UplinkLimits(), told)

    def push(self, event: Woken | Reached | Failed) -> list[tuple[CertificateRow, ...]]:
        """Lives in each frame of one request that was answered; empty when nothing was pushed."""
        effect = self.uplink.step(event)
        if not isinstance(effect, Push):
            return []
        read = [open_certified(part, self.store.keys.keys)[0] for part in frames.split(effect.body)]
        self.uplink.step(Replied(self.store.answer(effect.body)))
        return [wire.fields_of(frame, "push", wire.PushFields).lives for frame in read]


def test_lives_are_told_at_the_beginning_after_a_loss_and_then_once_a_minute(tmp_path: Path) -> None:
    """The receiver may be another one after a loss; in between it costs nothing."""
    spare = row("T1", "i2", 2, certified_by="i1")
    telling = Telling(tmp_path, [spare])
    telling.till.sell()
    assert telling.push(Woken()) == [(spare,)]
    telling.till.sell()
    assert telling.push(Woken()) == [()]
    telling.till.sell()
    assert telling.push(Reached()) == [(spare,)]
    telling.clock.seconds += 61
    assert telling.push(Woken()) == [(spare,)]
    assert telling.push(Failed("http.502")) == []
    telling.clock.seconds += 1
    assert telling.push(Woken()) == [(spare,)]
    assert telling.asked == [True, True, False, True]


def test_a_header_never_grows_beyond_its_bound(tmp_path: Path) -> None:
    many = [row(f"T{number}") for number in range(2, 60)]
    telling = Telling(tmp_path, many)
    telling.till.sell()
    (told,) = telling.push(Woken())
    assert told == tuple(many[:MOST_LIVES])


def pushed_by(folder: Path, lives: list[CertificateRow], ring: CertifiedKeys) -> Pushed:
    telling = Telling(folder, lives)
    telling.till.sell()
    effect = telling.uplink.step(Woken())
    assert isinstance(effect, Push)
    (part,) = frames.split(effect.body)
    return read_push(*open_certified(part, ring), ring)


def test_a_receiver_learns_them_and_has_what_it_lacks_kept(tmp_path: Path) -> None:
    """SEC-02, REL-13: the sender's own too; what the definitions hold is nothing new."""
    ring = CertifiedKeys(HUB_KEY.public_key)
    spare, other = row("T1", "i2", 2), row("T2")
    own = row("T1")
    assert pushed_by(tmp_path / "a", [spare, other], ring).lives == (own, spare, other)
    assert [ring.speaker(*who) is not None for who in (("T1", "i2"), ("T2", "i1"))] == [True, True]
    ring.take_rows([encode(own), encode(other)])
    assert pushed_by(tmp_path / "b", [spare, other], ring).lives == (spare,)
    revoked = msgspec.structs.replace(other, revoked_at="2026-03-02T08:00:00.000000Z")
    assert pushed_by(tmp_path / "c", [revoked], ring).lives == (revoked,), "that it was revoked is news"
    ring.take_rows([encode(own), encode(revoked)])
    assert pushed_by(tmp_path / "d", [revoked], ring).lives == ()


def test_what_the_hub_did_not_sign_is_not_learned(tmp_path: Path) -> None:
    """SEC-02."""
    ring = CertifiedKeys(HUB_KEY.public_key)
    forged = msgspec.structs.replace(row("T2"), certificate=row("T2").certificate.replace('"S1"', '"S9"'))
    nonsense = CertificateRow(certificate="no json", signature="zz")
    read = pushed_by(tmp_path, [forged, nonsense], ring)
    assert ring.speaker("T2", "i1") is None
    assert nonsense not in read.lives
    assert [ring.vouches_for(each) for each in (forged, nonsense, row("T2"))] == [False, False, True]


def test_a_push_of_an_older_program_brings_none(tmp_path: Path) -> None:
    """REL-16: the field is not there at all."""
    telling = Telling(tmp_path, [])
    telling.till.sell()
    effect = telling.uplink.step(Woken())
    assert isinstance(effect, Push)
    (part,) = frames.split(effect.body)
    header = frames.peek(part)
    older = {name: value for name, value in header.fields.items() if name != "lives"}
    assert msgspec.convert(older, wire.PushFields).lives == ()


def test_certificates_are_kept_before_any_message_is_taken_and_once(tmp_path: Path) -> None:
    ring = CertifiedKeys(HUB_KEY.public_key)
    one = pushed_by(tmp_path / "a", [row("T2")], ring)
    two = pushed_by(tmp_path / "b", [row("T2")], ring)
    kept: list[tuple[str, list[CertificateRow]]] = []

    async def adopt(teller: object, rows: object) -> None:
        kept.append((teller.node, list(rows)))  # type: ignore[attr-defined, call-overload]

    asyncio.run(adopt_lives(adopt, [one, two]))
    assert kept == [("T1", [row("T1"), row("T2")])]
    asyncio.run(adopt_lives(adopt, [msgspec.structs.replace(one, lives=())]))
    assert len(kept) == 1


def put_life(folder: Path, keys: NodeKeys, secret: bytes) -> None:
    folder.mkdir(parents=True)
    kept = KeptIdentity(signed=keys.signed, hub_key=HUB_KEY.public_key.hex())
    write_whole(folder / "identity.json", encode(kept))
    (folder / "key").write_bytes(secret)


def test_a_till_tells_its_earlier_lives_and_says_whose_spare_the_spare_one_is(tmp_path: Path) -> None:
    """SEC-02, REL-13; what cannot be read there is passed over."""
    for life, ordinal in (("i1", 1), ("i2", 2), ("i3", 3)):
        folder = tmp_path / "identity" if ordinal == 1 else tmp_path / "identity" / "lives" / life
        seed = f"T1|{life}".encode().ljust(32, b".")[:32]
        put_life(folder, keys_for("T1", "station", life, ordinal=ordinal), seed)
    (tmp_path / "identity" / "current").write_text("i2 restored")
    (tmp_path / "identity" / "spare").write_text("i3")
    broken = tmp_path / "identity" / "lives" / "i4"
    broken.mkdir()
    (broken / "identity.json").write_text("{")
    running = load_identity(tmp_path / "identity")
    assert running is not None
    assert running.certificate.incarnation == "i2"
    told = running.lives(True)
    assert told == [row("T1", "i3", 3, certified_by="i2"), row("T1", "i1", 1)]
    assert SignedCertificate(certificate=told[0].certificate, signature=told[0].signature).read().ordinal == 3


def test_a_frame_from_somebody_else_tells_nothing(tmp_path: Path) -> None:
    """SEC-02: what a frame brings counts when the frame itself was read."""
    ring = CertifiedKeys(HUB_KEY.public_key)
    telling = Telling(tmp_path, [row("T2")])
    telling.till.sell()
    effect = telling.uplink.step(Woken())
    assert isinstance(effect, Push)
    (part,) = frames.split(effect.body)
    with pytest.raises(Refused, match="bad_signature"):
        open_certified(part[:-1] + bytes([part[-1] ^ 1]), ring)
    assert ring.speaker("T2", "i1") is None
