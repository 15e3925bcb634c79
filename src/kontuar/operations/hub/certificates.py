"""Certificates of nodes: what the hub signs, and the rows by which stores hear of them (SEC-02)."""

from collections.abc import Sequence

import msgspec

from kontuar.kernel.canonical import encode, row_checksum
from kontuar.kernel.time import Clock, instant_text
from kontuar.operations.ports.hub_definitions import Author, CertificateRecord, DefinitionStore, PreparedRow

KIND = "certificate"
"""Certificates come down as rows of this kind; it is the hub's own, nobody edits it."""
NODE_KINDS = ("agent", "station")


class NodeCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub signs (docs/protocol.md); `ordinal` counts a node's incarnations from 1."""

    node: str
    kind: str
    store: str
    series: str
    incarnation: str
    ordinal: int
    public_key: str
    issued_at: str


class CertificateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of kind `certificate`, key NODE|INCARNATION: the signed text, the signature (hex), when revoked;
    `certified_by`: the life that asked for it as its spare one, empty where a code did."""

    certificate: str
    signature: str
    revoked_at: str = ""
    certified_by: str = ""


def row_of(record: CertificateRecord) -> CertificateRow:
    """As it comes down, and as others tell it."""
    revoked = "" if record.revoked_at is None else instant_text(record.revoked_at)
    return CertificateRow(
        certificate=record.certificate, signature=record.signature, revoked_at=revoked, certified_by=record.certified_by
    )


def publish(
    definitions: DefinitionStore, clock: Clock, version: int, records: Sequence[CertificateRecord], by: str
) -> None:
    """Tell the stores, as one version of the definitions. Inside a transaction."""
    rows = [_prepared(record) for record in records]
    known = definitions.known([(KIND, row.key) for row in rows])
    definitions.write(version, rows, known, Author(by, clock.now()))
    definitions.commit_version(version)


def _prepared(record: CertificateRecord) -> PreparedRow:
    key = f"{record.node}|{record.incarnation}"
    body = encode(row_of(record))
    scope = (record.store,) if record.store else None
    return PreparedRow(kind=KIND, key=key, body=body, checksum=row_checksum(KIND, key, body), scope=scope)
