"""The lives of a till on its machine: the next one is certified before it is needed (REL-13)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.enrolment import EnrolAnswer, EnrolRequest
from kontuar.sync.identity import enrol, load_identity
from kontuar.sync.keys import Certificate, certify
from kontuar.sync.lives import Lives
from kontuar.sync.transport import Unreachable
from sync_chain import HUB_KEY


class HeadOffice:
    """Certifies whatever it is asked for; `cut` loses every answer."""

    def __init__(self) -> None:
        self.asked: list[EnrolRequest] = []
        self.cut = False
        self.node = "T1"

    def answer(self, body: bytes) -> bytes:
        request = decode(body, EnrolRequest)
        self.asked.append(request)
        if self.cut:
            raise Unreachable("cut off")
        ordinal = 1 + sorted({asked.incarnation for asked in self.asked}).index(request.incarnation)
        signed = certify(HUB_KEY, Certificate(
            node=self.node, kind=request.kind, store="S1", series="T1", incarnation=request.incarnation,
            ordinal=ordinal, public_key=request.public_key, issued_at="",
        ))  # fmt: skip
        return encode(EnrolAnswer(certificate=signed.certificate, signature=signed.signature,
                                  hub_key=HUB_KEY.public_key.hex(), hub_certificates=()))  # fmt: skip

    async def ask(self, body: bytes) -> bytes:
        return self.answer(body)

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        return self.answer(body)

    def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        raise Unreachable("not here")


class Names:
    """Identities in order."""

    def __init__(self) -> None:
        self.count = 1

    def new_id(self) -> str:
        self.count += 1
        return f"i{self.count}"

    def secret(self, byte_count: int) -> bytes:
        return bytes([self.count]) * byte_count


class Till:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = HeadOffice()
        self.names = Names()
        self.lives = Lives(folder)
        asyncio.run(enrol(folder, self.office, code="C", kind="station", new_incarnation="i1", build="1"))

    @property
    def running(self) -> str:
        keys = load_identity(self.folder)
        assert keys is not None
        return keys.certificate.incarnation

    def make_spare(self) -> None:
        keys = load_identity(self.folder)
        assert keys is not None
        asyncio.run(self.lives.make_spare(keys, self.office.ask, ids=self.names, build="1"))

    def enrol_anew(self) -> None:
        keys = load_identity(self.folder)
        assert keys is not None
        asyncio.run(self.lives.enrol_anew(keys, self.office, code="N", ids=self.names, build="1"))


def test_a_spare_life_is_kept_ready_and_runs_from_the_next_start_on(tmp_path: Path) -> None:
    till = Till(tmp_path)
    assert not till.lives.has_spare()
    till.make_spare()
    spare = till.lives.spare()
    assert spare is not None
    assert spare.certificate.incarnation == "i2"
    assert till.running == "i1"
    till.lives.take_spare("restored")
    assert (till.running, till.lives.reason(), till.lives.has_spare()) == ("i2", "restored", False)
    till.make_spare()
    till.lives.take_spare("forked")
    assert (till.running, till.lives.reason()) == ("i3", "forked")


def test_a_lost_answer_is_asked_for_again_with_the_same_key(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.office.cut = True
    for _ in range(2):
        with pytest.raises(Unreachable):
            till.make_spare()
    till.office.cut = False
    till.make_spare()
    asked = till.office.asked[1:]
    assert len(asked) == 3
    assert len({(each.incarnation, each.public_key) for each in asked}) == 1


def test_a_power_cut_while_a_spare_is_taken_leaves_one_life_or_the_other(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.make_spare()
    spare_file = (tmp_path / "spare").read_bytes()
    till.lives.take_spare("restored")
    (tmp_path / "spare").write_bytes(spare_file)
    assert till.running == "i2"
    assert not till.lives.has_spare(), "a life that runs is no spare one"


def test_a_used_spare_is_dropped_and_another_made(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.make_spare()
    till.lives.drop_spare()
    assert till.lives.spare() is None
    till.make_spare()
    assert till.lives.has_spare()
    assert till.running == "i1"


def test_a_replaced_machine_is_enrolled_anew_by_a_code(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.make_spare()
    till.enrol_anew()
    assert (till.running, till.lives.reason()) == ("i3", "enrolled")
    assert till.lives.has_spare(), "the spare life is still unused"


def test_a_code_of_another_station_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.office.node = "T2"
    with pytest.raises(Refused, match=r"enrol\.other_node"):
        till.enrol_anew()
    assert till.running == "i1"
    till.office.node = "T1"
    till.enrol_anew()
    assert till.running != "i1"


def test_a_code_certifies_another_key_than_the_one_that_is_asked_about_as_a_spare_life(tmp_path: Path) -> None:
    """SEC-02, REL-13: who revokes the life that asked for a spare one must not revoke the machine of the code too."""
    till = Till(tmp_path)
    till.office.cut = True
    with pytest.raises(Unreachable):
        till.make_spare()
    till.office.cut = False
    till.enrol_anew()
    till.make_spare()
    lost, enrolled, again = till.office.asked[1:]
    assert (lost.incarnation, lost.public_key) == (again.incarnation, again.public_key)
    assert enrolled.incarnation != lost.incarnation
    assert enrolled.public_key != lost.public_key
    assert till.running == enrolled.incarnation
