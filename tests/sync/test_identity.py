"""A node's key and certificate lie outside its database; a copy of the database alone is nobody (SEC-02, REL-13)."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.enrolment import EnrolAnswer, EnrolRequest
from kontuar.sync.identity import NodeKeys, enrol, load_identity
from kontuar.sync.keys import Certificate, Signer, certify
from kontuar.sync.transport import Declined, Unreachable
from sync_chain import HUB_KEY


class Enroller:
    """A hub that certifies what it is asked for, or fails in a given way."""

    def __init__(self, failure: Exception | None = None, signer: Signer = HUB_KEY) -> None:
        self.failure = failure
        self.signer = signer
        self.asked: list[EnrolRequest] = []

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        request = decode(body, EnrolRequest)
        self.asked.append(request)
        if self.failure is not None:
            raise self.failure
        certificate = Certificate(
            node="T1", kind=request.kind, store="S1", series="T1", incarnation=request.incarnation, ordinal=1,
            public_key=request.public_key, issued_at="",
        )  # fmt: skip
        signed = certify(self.signer, certificate)
        return encode(
            EnrolAnswer(certificate=signed.certificate, signature=signed.signature,
                        hub_key=HUB_KEY.public_key.hex(), hub_certificates=())
        )  # fmt: skip

    def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        raise Unreachable("not here")


def enrolled(folder: Path, hub: Enroller, incarnation: str = "first") -> NodeKeys:
    return asyncio.run(enrol(folder, hub, code="C", kind="station", new_incarnation=incarnation, build="1"))


def test_an_enrolled_node_is_the_same_after_a_restart(tmp_path: Path) -> None:
    keys = enrolled(tmp_path, Enroller())
    again = load_identity(tmp_path)
    assert again is not None
    assert again.certificate == keys.certificate
    assert again.signer.public_key == keys.signer.public_key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_before_enrolment_there_is_no_identity(tmp_path: Path) -> None:
    assert load_identity(tmp_path) is None


def test_a_cut_connection_asks_again_with_the_same_key_and_incarnation(tmp_path: Path) -> None:
    """So that a code used up by an answer that was lost still enrols."""
    cut, works = Enroller(Unreachable("cut")), Enroller()
    with pytest.raises(Refused) as refused:
        enrolled(tmp_path, cut)
    assert refused.value.problems[0].code == "enrol.unreachable"
    assert load_identity(tmp_path) is None
    enrolled(tmp_path, works, "second")
    assert works.asked == cut.asked


def test_the_hubs_refusal_is_told_by_its_code(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        enrolled(tmp_path, Enroller(Declined(422, "enrol.code_wrong")))
    assert refused.value.problems[0].code == "enrol.code_wrong"


def test_a_certificate_that_the_hub_did_not_sign_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        enrolled(tmp_path, Enroller(signer=Signer(Ed25519PrivateKey.generate())))
    assert refused.value.problems[0].code == "enrol.answer_wrong"
    assert load_identity(tmp_path) is None


def test_a_key_of_another_node_does_not_fit_the_certificate(tmp_path: Path) -> None:
    enrolled(tmp_path / "one", Enroller())
    enrolled(tmp_path / "two", Enroller())
    (tmp_path / "one" / "key").write_bytes((tmp_path / "two" / "key").read_bytes())
    with pytest.raises(Refused) as refused:
        load_identity(tmp_path / "one")
    assert refused.value.problems[0].code == "identity.damaged"
