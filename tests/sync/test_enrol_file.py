"""Files by which a node is enrolled that never sees the network: what is damaged, foreign or turned about is refused
(SEC-02, REL-15)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from exchange_world import Secrets, code_of
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.hub.enrolment import EnrolAnswer
from kontuar.operations.hub.enrolment_files import FileAnswer, FileRequest, code_key, is_proven, sealed
from kontuar.sync.enrol_file import read_request, take_answer, write_answer, write_request
from kontuar.sync.identity import LIVES, load_identity
from kontuar.sync.keys import Certificate, certify
from sync_chain import HUB_KEY, STORE

CODE = "AB3D-QWERTYUI"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "identity"


def request(folder: Path, code: str = CODE) -> bytes:
    return write_request(folder, code=code, kind="station", ids=Secrets("till"), build="1")


def answer_to(asked: FileRequest, key: bytes, *, node: str = "K1", public_key: str = "") -> bytes:
    """As head office writes it."""
    certificate = Certificate(
        node=node, kind=asked.kind, store=STORE, series=node, incarnation=asked.incarnation, ordinal=1,
        public_key=public_key or asked.public_key, issued_at="2026-01-01T00:00:00.000000Z",
    )  # fmt: skip
    signed = certify(HUB_KEY, certificate)
    row = CertificateRow(certificate=signed.certificate, signature=signed.signature)
    told = EnrolAnswer(
        certificate=row.certificate, signature=row.signature, hub_key=HUB_KEY.public_key.hex(), hub_certificates=()
    )
    return write_answer(sealed(FileAnswer(node=node, answer=encode(told).decode()), key))


def refusal_of(folder: Path, data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        take_answer(folder, data)
    assert load_identity(folder) is None
    return code_of(refused.value)


def test_the_code_does_not_travel_and_the_proof_is_bound_to_the_key(folder: Path) -> None:
    """SEC-02: whoever carries the file can neither use the code nor put his own key in."""
    data = request(folder)
    assert b"QWERTYUI" not in data
    asked = read_request(data)
    assert (asked.label, is_proven(asked, code_key(CODE)), is_proven(asked, code_key("AB3D-OTHER"))) == (
        "AB3D", True, False,
    )  # fmt: skip
    assert not is_proven(msgspec.structs.replace(asked, public_key="0" * 64), code_key(CODE))
    assert request(folder) == data
    assert code_key(" ab3d-qwertyui ") == code_key(CODE)


def test_the_certificate_makes_the_node_what_it_was_asked_for(folder: Path) -> None:
    """SEC-02: taken in once; the second time there is nothing to answer."""
    answer = answer_to(read_request(request(folder)), code_key(CODE))
    assert take_answer(folder, answer).certificate.node == "K1"
    found = load_identity(folder)
    assert found is not None
    assert (found.certificate.store, found.certificate.series) == (STORE, "K1")
    with pytest.raises(Refused) as refused:
        take_answer(folder, answer)
    assert code_of(refused.value) == "enrol.no_request"


def test_a_life_whose_disk_failed_while_it_was_taken_in_takes_the_same_file_again(folder: Path) -> None:
    """SEC-02, REL-04: nobody has to carry another request to head office, for which there is no code any more."""
    take_answer(folder, answer_to(read_request(request(folder)), code_key(CODE)))
    asked = write_request(folder, code=CODE, kind="station", ids=Secrets("next"), build="1")
    answer = answer_to(read_request(asked), code_key(CODE))
    (folder / LIVES).write_text("in the way")
    with pytest.raises(FileExistsError):
        take_answer(folder, answer)
    (folder / LIVES).unlink()
    take_answer(folder, answer)
    found = load_identity(folder)
    assert found is not None
    assert found.certificate.incarnation == "next-1"
    assert not list(folder.rglob("asked"))


def test_any_flipped_byte_is_found(folder: Path) -> None:
    """REL-15: nothing of a damaged file is kept."""
    data = request(folder)
    answer = answer_to(read_request(data), code_key(CODE))
    for place in range(len(answer)):
        flipped = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]
        assert refusal_of(folder, flipped) in ("exchange.damaged", "exchange.not_a_file", "exchange.too_new")
    for cut in (0, 3, 4, 40, len(answer) - 1):
        assert refusal_of(folder, answer[:cut]).startswith("exchange.")


def test_an_answer_of_somebody_else_is_not_believed(folder: Path, tmp_path: Path) -> None:
    """SEC-02: not of who issued the code; for another key; for another machine; a request taken for an answer."""
    asked = read_request(request(folder))
    assert refusal_of(folder, answer_to(asked, code_key("AB3D-OTHER"))) == "enrol.answer_wrong"
    assert refusal_of(folder, answer_to(asked, code_key(CODE), public_key="11" * 32)) == "enrol.answer_wrong"
    theirs = read_request(write_request(tmp_path / "x", code=CODE, kind="station", ids=Secrets("other"), build="1"))
    assert refusal_of(folder, answer_to(theirs, code_key(CODE))) == "enrol.answer_wrong"
    assert refusal_of(folder, request(folder)) == "exchange.damaged"


def test_a_file_of_a_later_program_is_named(folder: Path) -> None:
    """REL-16: kept until the update."""
    told = b"KTE2" + encode({})
    assert refusal_of(folder, told + hashlib.sha256(told).digest()) == "exchange.too_new"


def test_a_code_that_is_none_makes_no_file(folder: Path) -> None:
    """SEC-02."""
    for code in ("", "AB3D", "-", "AB3D-"):
        with pytest.raises(Refused) as refused:
            request(folder, code)
        assert code_of(refused.value) == "enrol.code_wrong"
