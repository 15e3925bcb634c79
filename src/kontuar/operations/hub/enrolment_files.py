"""Enrolment of a node that never sees the network: what its request and head office's answer say in a file (SEC-02).

The one-time code does not travel: the request proves that its maker has it, and is bound to the key in it; the answer
proves that it comes from whoever issued the code.
"""

import hashlib
import hmac
from typing import Final

import msgspec

from kontuar.kernel.canonical import encode

_REQUEST: Final = b"enrol-file/1|request|"
_ANSWER: Final = b"enrol-file/1|answer|"


class FileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`label`: the first part of the code; `proof` (hex) of the rest, over all other fields."""

    label: str
    kind: str
    incarnation: str
    public_key: str
    build: str = ""
    proof: str = ""


class FileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`answer`: head office's `EnrolAnswer` as canonical JSON, `proof` (hex) over it; `node`: whose it is."""

    node: str
    answer: str
    proof: str = ""


def code_parts(code: str) -> tuple[str, str]:
    """(label, secret) of a one-time code as it was typed."""
    label, _, secret = code.replace("\0", "").strip().upper().partition("-")
    return label, secret


def code_key(code: str) -> bytes:
    """What both sides know of a code; head office keeps nothing else of it."""
    return secret_hash(*code_parts(code))


def secret_hash(label: str, secret: str) -> bytes:
    """The hash by which a code is kept."""
    return hashlib.sha256(f"enrol/1|{label}|{secret}".encode()).digest()


def proven(asked: FileRequest, key: bytes) -> FileRequest:
    """The request with its proof."""
    return msgspec.structs.replace(asked, proof=_proof(_REQUEST, msgspec.structs.replace(asked, proof=""), key))


def is_proven(asked: FileRequest, key: bytes) -> bool:
    """Whether its maker has the code."""
    return hmac.compare_digest(proven(asked, key).proof.encode(), asked.proof.encode())


def sealed(answer: FileAnswer, key: bytes) -> FileAnswer:
    """The answer with its proof."""
    return msgspec.structs.replace(answer, proof=_proof(_ANSWER, msgspec.structs.replace(answer, proof=""), key))


def is_sealed(answer: FileAnswer, key: bytes) -> bool:
    """Whether whoever issued the code wrote it."""
    return hmac.compare_digest(sealed(answer, key).proof.encode(), answer.proof.encode())


def _proof(what: bytes, told: msgspec.Struct, key: bytes) -> str:
    return hmac.new(key, what + encode(told), hashlib.sha256).hexdigest()
