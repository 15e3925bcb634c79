"""Enrolment by file: a request with a node's key, and head office's certificate for it (docs/protocol.md, SEC-02).

file = "KTE" | format "1" | canonical JSON | SHA-256 of all that stands before it
"""

import hashlib
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.ids import Ids
from kontuar.operations.hub.enrolment_files import (
    FileAnswer,
    FileRequest,
    code_key,
    code_parts,
    is_sealed,
    proven,
)
from kontuar.sync.files import write_whole
from kontuar.sync.identity import LIVES, NodeKeys, keep_answer, life_request, load_identity
from kontuar.sync.lives import Lives

MAGIC: Final = b"KTE"
FORMAT: Final = b"1"
_HASH_BYTES: Final = 32
_MOST_BYTES: Final = 256 * 1024
_ASKED: Final = "asked"
"""File beside a key: what proves that the answer to its request comes from who issued the code."""
T = TypeVar("T", bound=msgspec.Struct)


def is_enrolment(data: bytes) -> bool:
    """Whether a file that came is one of these and no exchange file."""
    return data[:3] == MAGIC


def write_request(folder: Path, *, code: str, kind: str, ids: Ids, build: str) -> bytes:
    """A request for the identity in this folder, or for the next life where it has one already.

    The key is made once and kept; asked again, with another code, it is the same. Raises `Refused("enrol.code_wrong")`.
    """
    label, secret = code_parts(code)
    if not label or not secret:
        raise refuse("enrol.code_wrong")
    place = _place(folder)
    asked = life_request(
        place, code="", kind=kind, new_incarnation=ids.new_id(), build=build, secret=ids.secret
    )  # fmt: skip
    write_whole(place / _ASKED, code_key(code))
    told = FileRequest(
        label=label, kind=asked.kind, incarnation=asked.incarnation, public_key=asked.public_key, build=asked.build
    )
    return _written(proven(told, code_key(code)))


def read_request(data: bytes) -> FileRequest:
    """At head office; raises `Refused("exchange.…")`, whatever the bytes."""
    return _read(data, FileRequest)


def write_answer(answer: FileAnswer) -> bytes:
    """At head office."""
    return _written(answer)


def take_answer(folder: Path, data: bytes) -> NodeKeys:
    """Keep the certificate; the node runs with it from its next start.

    Raises `Refused`: `exchange.…` for what is no such file, `enrol.no_request` where none was made here,
    `enrol.answer_wrong` for one that is not for this key, or not of who issued the code.
    """
    answer = _read(data, FileAnswer)
    running, place = load_identity(folder), _place(folder)
    kept = place / _ASKED
    if not kept.exists():
        raise refuse("enrol.no_request")
    if not is_sealed(answer, kept.read_bytes()):
        raise refuse("enrol.answer_wrong", reason="proof")
    found = keep_answer(place, answer.answer.encode())
    if running is not None:
        Lives(folder).settle_enrolled(running)
        kept = folder / LIVES / found.certificate.incarnation / _ASKED
    kept.unlink()  # last: whoever was interrupted takes the same file again
    return found


def _place(folder: Path) -> Path:
    return folder if load_identity(folder) is None else Lives(folder).enrolling_folder


def _written(told: msgspec.Struct) -> bytes:
    content = MAGIC + FORMAT + encode(told)
    return content + hashlib.sha256(content).digest()


def _read(data: bytes, shape: type[T]) -> T:
    if data[:3] != MAGIC:
        raise refuse("exchange.not_a_file")
    if data[3:4] != FORMAT:
        raise refuse("exchange.too_new", format=data[3:4].decode("latin-1"), ours=FORMAT.decode())
    content, digest = data[:-_HASH_BYTES], data[-_HASH_BYTES:]
    if len(data) > _MOST_BYTES or hashlib.sha256(content).digest() != digest:
        raise refuse("exchange.damaged", reason="hash")
    try:
        return decode(content[4:], shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse("exchange.damaged", reason="content") from None
