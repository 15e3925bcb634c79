"""What the register of nodes needs: one-time codes, certificates, the hub's key."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class HubKey(Protocol):
    """The hub's private key; it lies outside the database."""

    public_key: bytes

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519 signature."""
        ...


class IssuedCode(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time code as it is stored."""

    label: str
    secret_hash: bytes
    kind: str
    node: str
    store: str
    series: str
    issued_by: str
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    attempts: int = 0
    used_at: datetime.datetime | None = None


class CertificateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it is stored: `certificate` is the signed canonical JSON, `signature` hex.

    `certified_by`: the life of the same node that asked for it, empty where a code did. `adopted_at`, `told_by`: when
    the register, which had lost it, heard of it again, and from which node.
    """

    node: str
    incarnation: str
    ordinal: int
    kind: str
    store: str
    series: str
    public_key: str
    certificate: str
    signature: str
    issued_at: datetime.datetime
    revoked_at: datetime.datetime | None = None
    certified_by: str = ""
    adopted_at: datetime.datetime | None = None
    told_by: str = ""


class DisputedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that the hub signed and had lost, whose ordinal or series another one, `holder`, has by now."""

    node: str
    incarnation: str
    ordinal: int
    kind: str
    store: str
    series: str
    certificate: str
    signature: str
    holder: str
    told_by: str
    told_at: datetime.datetime


class NodeRegister(Protocol):
    """One-time codes and certificates."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def add_code(self, code: IssuedCode) -> None:
        """Keep a code; codes that ran out a day ago are forgotten."""
        ...

    def code(self, label: str) -> IssuedCode | None:
        """The code, locked until the transaction ends."""
        ...

    def count_attempt(self, label: str) -> None:
        """One more wrong try."""
        ...

    def use_code(self, label: str, at: datetime.datetime) -> None:
        """The code is used up."""
        ...

    def certificates(self, node: str) -> Sequence[CertificateRecord]:
        """All incarnations of a node, oldest first."""
        ...

    def all_certificates(self) -> Sequence[CertificateRecord]:
        """Every certificate, by node and ordinal."""
        ...

    def add_certificate(self, record: CertificateRecord) -> None:
        """Keep a new certificate."""
        ...

    def revoke(self, node: str, incarnation: str, at: datetime.datetime, by: str) -> None:
        """Mark a certificate as revoked."""
        ...

    def highest_ordinal(self, node: str) -> int:
        """Of a node's certificates, disputed ones too, 0 when it has none; nobody else certifies the node until the
        transaction ends."""
        ...

    def holder_of_series(self, series: str, node: str) -> str:
        """Another node with a certificate of this series, empty when there is none."""
        ...

    def disputed(self) -> Sequence[DisputedCertificate]:
        """Certificates that could not be taken in."""
        ...

    def dispute(self, record: DisputedCertificate) -> None:
        """Keep one that cannot be taken in; a second time changes nothing."""
        ...
