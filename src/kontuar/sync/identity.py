"""Who a node is: its key and certificate, in files outside the database and its backups (SEC-02, REL-13).

A node's folder `identity` holds `key`, `incarnation` and `identity.json` of its first life; further lives lie in
`lives/INCARNATION`, `current` names the one that runs, `spare` one that is certified and unused (`sync.lives`).
"""

import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.hub.enrolment import EnrolAnswer, EnrolRequest
from kontuar.sync.files import write_whole
from kontuar.sync.frames import Sender
from kontuar.sync.keyring import CertifiedKeys, KnownLives, no_lives
from kontuar.sync.keys import Certificate, SignedCertificate, Signer, is_certified, load_or_make
from kontuar.sync.transport import Declined, Transport, Unreachable

CURRENT: Final = "current"
SPARE: Final = "spare"
LIVES: Final = "lives"
_ENROL_TIMEOUT_SECONDS: Final = 10.0


class KeptIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The file `identity.json`: what the hub said of this node's key."""

    signed: SignedCertificate
    hub_key: str
    others: tuple[SignedCertificate, ...] = ()


class NodeKeys(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled node: its certificate, its private key, the keys of others that it believes, and the certificates
    that it tells the node above."""

    certificate: Certificate
    signed: SignedCertificate
    signer: Signer
    keys: CertifiedKeys
    lives: KnownLives = no_lives

    def sender(self, build: str) -> Sender:
        """Signs this node's frames."""
        return Sender(
            node=self.certificate.node,
            incarnation=self.certificate.incarnation,
            build=build,
            sign=self.signer.sign,
        )


def load_identity(folder: Path) -> NodeKeys | None:
    """The identity with which a node speaks, None before enrolment; raises `Refused("identity.damaged")`."""
    found = load_life(running_folder(folder))
    return None if found is None else msgspec.structs.replace(found, lives=partial(other_lives, folder, found))


def certificates_in(folder: Path) -> Iterator[tuple[SignedCertificate, Certificate]]:
    """Those of all lives in a node's folder, the running one's too; what cannot be read is passed over."""
    for file in (folder / "identity.json", *sorted((folder / LIVES).glob("*/identity.json"))):
        try:
            signed = decode(file.read_bytes(), KeptIdentity).signed
            told = signed.read()
        except (OSError, msgspec.DecodeError):
            continue
        yield signed, told


def other_lives(folder: Path, running: NodeKeys, _: bool = True) -> Sequence[CertificateRow]:
    """Certificates in a node's folder beside the running one's, newest first; a spare life says whose it is. What
    cannot be read is passed over."""
    spare = folder / SPARE
    name = spare.read_text("utf-8").strip() if spare.exists() else ""
    found = []
    for signed, told in certificates_in(folder):
        if told.incarnation != running.certificate.incarnation:
            by = running.certificate.incarnation if told.incarnation == name else ""
            row = CertificateRow(certificate=signed.certificate, signature=signed.signature, certified_by=by)
            found.append((told.ordinal, row))
    return [row for _, row in sorted(found, key=lambda each: -each[0])]


def running_folder(folder: Path) -> Path:
    """Where the files of the life that runs lie."""
    name, _ = read_current(folder)
    return folder / LIVES / name if name else folder


def read_current(folder: Path) -> tuple[str, str]:
    """(incarnation, why it was begun) of the life that runs; empty while it is the first."""
    file = folder / CURRENT
    name, _, reason = file.read_text("utf-8").strip().partition(" ") if file.exists() else ("", "", "")
    return name, reason


def load_life(folder: Path) -> NodeKeys | None:
    """The identity in the folder of one life, None when it is not certified; raises `Refused("identity.damaged")`."""
    file = folder / "identity.json"
    if not file.exists():
        return None
    signer = load_or_make(folder / "key")
    try:
        kept = decode(file.read_bytes(), KeptIdentity)
        hub_key = bytes.fromhex(kept.hub_key)
        certificate = kept.signed.read()
    except (msgspec.DecodeError, ValueError) as error:
        raise refuse("identity.damaged", reason=error, file=file) from None
    if not is_certified(hub_key, kept.signed) or certificate.public_key != signer.public_key.hex():
        raise refuse("identity.damaged", reason="key and certificate do not belong together", file=file)
    keys = CertifiedKeys(hub_key, [kept.signed, *kept.others])
    return NodeKeys(certificate=certificate, signed=kept.signed, signer=signer, keys=keys)


async def enrol(
    folder: Path,
    transport: Transport,
    *,
    code: str,
    kind: str,
    new_incarnation: str,
    build: str,
    secret: Callable[[int], bytes] = secrets.token_bytes,
) -> NodeKeys:
    """Ask to be certified with a one-time code, and keep the answer.

    The key and the incarnation are made once and kept before asking: a cut connection asks again with the same.
    Raises `Refused` with the hub's code, `enrol.answer_wrong`, or `enrol.unreachable`.
    """

    async def ask(request: bytes) -> bytes:
        try:
            return await transport.post("/sync/v1/enrol", request, timeout_seconds=_ENROL_TIMEOUT_SECONDS)
        except Unreachable as error:
            raise refuse("enrol.unreachable", reason=error.reason) from None
        except Declined as error:
            raise refuse(error.code or "enrol.refused", status=error.status) from None

    return await certify_life(
        folder, ask, code=code, kind=kind, new_incarnation=new_incarnation, build=build, secret=secret
    )


async def certify_life(
    folder: Path,
    ask: Callable[[bytes], Awaitable[bytes]],
    *,
    code: str,
    kind: str,
    new_incarnation: str,
    build: str,
    secret: Callable[[int], bytes] = secrets.token_bytes,
) -> NodeKeys:
    """Make the key of a life in its folder, have it certified by whoever is asked, and keep the answer.

    Raises `Refused` as the asked one does, or `enrol.answer_wrong`.
    """
    request = life_request(folder, code=code, kind=kind, new_incarnation=new_incarnation, build=build, secret=secret)
    return keep_answer(folder, await ask(encode(request)))


def life_request(
    folder: Path,
    *,
    code: str,
    kind: str,
    new_incarnation: str,
    build: str,
    secret: Callable[[int], bytes] = secrets.token_bytes,
) -> EnrolRequest:
    """What is asked with for the life in this folder: its key and its name are made once and kept."""
    signer = load_or_make(folder / "key", secret)
    incarnation = _incarnation(folder / "incarnation", new_incarnation)
    return EnrolRequest(code=code, kind=kind, incarnation=incarnation, public_key=signer.public_key.hex(), build=build)


def keep_answer(folder: Path, body: bytes) -> NodeKeys:
    """Keep what the hub answered to the request of the life in this folder; raises `Refused("enrol.answer_wrong")`."""
    _keep(folder, body, load_or_make(folder / "key"), _incarnation(folder / "incarnation", ""))
    found = load_life(folder)
    assert found is not None, "the identity was just written"
    return found


def _keep(folder: Path, body: bytes, signer: Signer, incarnation: str) -> None:
    try:
        answer = decode(body, EnrolAnswer)
        hub_key = bytes.fromhex(answer.hub_key)
        signed = SignedCertificate(certificate=answer.certificate, signature=answer.signature)
        told = signed.read()
    except (msgspec.DecodeError, ValueError) as error:
        raise refuse("enrol.answer_wrong", reason=error) from None
    is_mine = told.public_key == signer.public_key.hex() and told.incarnation == incarnation
    if not is_certified(hub_key, signed) or not is_mine:
        raise refuse("enrol.answer_wrong", reason="signature")
    others = tuple(
        SignedCertificate(certificate=row.certificate, signature=row.signature) for row in answer.hub_certificates
    )
    write_whole(folder / "identity.json", encode(KeptIdentity(signed=signed, hub_key=answer.hub_key, others=others)))


def _incarnation(file: Path, fresh: str) -> str:
    if not file.exists():
        write_whole(file, fresh.encode())
    return file.read_text("utf-8").strip()
