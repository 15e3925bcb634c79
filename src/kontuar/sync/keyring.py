"""Whose key it is: certificates that the hub signed, minus those that it revoked (SEC-02)."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import refuse
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.operations.ports.sync import HUB_NODE, KeyRing, NodeIdentity
from kontuar.sync import frames
from kontuar.sync.keys import SignedCertificate, is_certified, is_signed

KnownLives = Callable[[bool], Sequence[CertificateRow]]
"""Certificates that the node above may have lost; asked with *true*: all that are worth telling, whatever it told."""


def no_lives(_: bool) -> Sequence[CertificateRow]:
    """Of whoever knows of no other life but the one that signs the frame."""
    return ()


class CertifiedKeys:
    """Keys in memory. Frames bring their sender's certificate along, so nobody has to be told of a new node;
    what has to be told are revocations. Used from any thread: every change is one assignment."""

    def __init__(self, hub_key: bytes, certificates: Iterable[SignedCertificate] = ()) -> None:
        self._hub_key = hub_key
        self._known: dict[tuple[str, str], NodeIdentity] = {}
        self._revoked: frozenset[tuple[str, str]] = frozenset()
        self._registered: frozenset[tuple[str, str]] = frozenset()
        self._disputed: frozenset[tuple[str, str]] = frozenset()
        for signed in certificates:
            self.learn(signed.certificate, signed.signature)

    def identity(self, node: str, incarnation: str) -> NodeIdentity | None:
        """Whose key it is; None when unknown or revoked."""
        return None if (node, incarnation) in self._revoked else self.speaker(node, incarnation)

    def speaker(self, node: str, incarnation: str) -> NodeIdentity | None:
        """Whose key it is or was, revoked or not."""
        if node == HUB_NODE:
            return NodeIdentity(node=node, kind="hub", store="", incarnation=incarnation, public_key=self._hub_key)
        return self._known.get((node, incarnation))

    def learn(self, certificate: str, signature: str) -> None:
        """Take in a certificate; one that the hub did not sign, or for the hub's own number, is ignored."""
        signed = SignedCertificate(certificate=certificate, signature=signature)
        try:
            if not is_certified(self._hub_key, signed):
                return
            told = signed.read()
            key = bytes.fromhex(told.public_key)
        except (ValueError, msgspec.DecodeError):
            return
        if told.node != HUB_NODE:
            self._known[told.node, told.incarnation] = NodeIdentity(
                node=told.node, kind=told.kind, store=told.store, incarnation=told.incarnation, public_key=key,
                ordinal=told.ordinal,
            )  # fmt: skip

    def vouches_for(self, row: CertificateRow) -> bool:
        """Whether the hub signed it."""
        signed = SignedCertificate(certificate=row.certificate, signature=row.signature)
        try:
            return is_certified(self._hub_key, signed)
        except ValueError:
            return False

    def take_rows(self, rows: Iterable[bytes]) -> None:
        """All rows of kind `certificate` of the definitions: learn them, and which of them are revoked."""
        revoked, registered = set(), set()
        for body in rows:
            row = decode(body, CertificateRow)
            self.learn(row.certificate, row.signature)
            told = SignedCertificate(certificate=row.certificate, signature=row.signature).read()
            registered.add((told.node, told.incarnation))
            if row.revoked_at:
                revoked.add((told.node, told.incarnation))
        self._registered = frozenset(registered)
        self.revoke_all(revoked)

    def revoke_all(self, revoked: Iterable[tuple[str, str]]) -> None:
        """These (node, incarnation) and no others are revoked."""
        self._revoked = frozenset(revoked)

    def dispute_all(self, disputed: Iterable[tuple[str, str]]) -> None:
        """Ordinal or series of these (node, incarnation), and no others, were given a second time."""
        self._disputed = frozenset(disputed)

    def is_settled(self, node: str, incarnation: str) -> bool:
        """Whether the definitions hold its certificate, or head office has said that it cannot take it in."""
        return (node, incarnation) in self._registered or (node, incarnation) in self._disputed

    def is_disputed(self, node: str, incarnation: str) -> bool:
        """Whether head office gave its ordinal or series to another machine."""
        return (node, incarnation) in self._disputed


def fault_of_seal(keys: KeyRing, stream: StreamId, message: SealedMessage) -> str:
    """What is wrong with a message's signature, empty when nothing; a revoked node's messages are parked (SEC-02)."""
    speaker = keys.speaker(stream.origin, stream.incarnation)
    if speaker is None:
        return "certificate.unknown"
    if not is_signed(speaker.public_key, message.signature, message.hash):
        return "signature.bad"
    if keys.is_disputed(stream.origin, stream.incarnation):
        return "certificate.disputed"
    return "" if keys.identity(stream.origin, stream.incarnation) else "certificate.revoked"


def open_certified(
    data: bytes, keys: KeyRing, ours: tuple[int, int] | None = None
) -> tuple[frames.Frame, NodeIdentity]:
    """Read and check a frame, learning the certificate it brings; raises `Refused` as `frames.open_frame`."""
    header = frames.peek(data)
    if keys.identity(header.node, header.incarnation) is None:
        brought = header.fields.get("certificate")
        if isinstance(brought, dict):
            keys.learn(str(brought.get("certificate", "")), str(brought.get("signature", "")))
    frame = frames.open_frame(data, lambda node, incarnation: _key(keys, node, incarnation), ours)
    identity = keys.identity(frame.header.node, frame.header.incarnation)
    if identity is None:  # revoked between the two looks
        raise refuse("frame.unknown_node", node=header.node[:80])
    return frame, identity


def _key(keys: KeyRing, node: str, incarnation: str) -> bytes | None:
    identity = keys.identity(node, incarnation)
    return identity.public_key if identity else None
