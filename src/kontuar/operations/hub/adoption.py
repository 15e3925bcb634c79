"""A hub that was set up again from a backup lost certificates that it had signed: it takes them in again from those who
hold them (SEC-02, REL-13).

Its key lies beside the database and survives the restore, so it knows its own signature. Whose ordinal or series was
given to another machine meanwhile cannot be taken in: a person decides about its documents.
"""

import datetime
import hmac
from collections.abc import Callable, Sequence

import msgspec

from kontuar.kernel.canonical import decode
from kontuar.kernel.time import Clock, parse_instant
from kontuar.operations.hub.certificates import NODE_KINDS, CertificateRow, NodeCertificate, publish
from kontuar.operations.ports.hub_definitions import (
    CertificateRecord,
    DefinitionStore,
    DisputedCertificate,
    HubKey,
    NodeRegister,
)
from kontuar.operations.ports.sync import HUB_NODE

Life = tuple[str, str]
"""(node, incarnation)."""


class Adopted(msgspec.Struct, frozen=True):
    """What became of certificates that were told; `revoked`: known ones whose revocation was forgotten."""

    taken: tuple[Life, ...] = ()
    revoked: tuple[Life, ...] = ()
    disputed: tuple[Life, ...] = ()


class Adoption:
    """Over the hub's register. `announce` is called when the feed has a new certificate."""

    def __init__(
        self, register: NodeRegister, definitions: DefinitionStore, key: HubKey, clock: Clock,
        announce: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._register = register
        self._definitions = definitions
        self._key = key
        self._clock = clock
        self._announce = announce

    def take(self, told: Sequence[CertificateRow], told_by: str) -> Adopted:
        """Take in what this hub signed and does not know, in one transaction and one version of the definitions.

        What it did not sign is passed over, what is known changes nothing, but that it was revoked. That, and on whose
        word a life was certified, is the teller's word: it can only take something away from the life.
        """
        found = [record for record in (self._read(row, told_by) for row in told) if record is not None]
        if not found:
            return Adopted()
        became: dict[str, list[CertificateRecord]] = {"taken": [], "revoked": [], "disputed": [], "known": []}
        with self._register.transaction():
            version = self._definitions.next_version()
            for record in sorted(found, key=lambda each: (each.node, each.ordinal)):
                became[self._take_one(record)].append(record)
            news = [*became["taken"], *became["revoked"]]
            if news:
                publish(self._definitions, self._clock, version, news, HUB_NODE)
        if news:
            self._announce()
        return Adopted(**{
            name: tuple((record.node, record.incarnation) for record in became[name])
            for name in ("taken", "revoked", "disputed")
        })  # fmt: skip

    def disputed(self) -> Sequence[DisputedCertificate]:
        """Certificates of this hub that it could not take in, in the caller's transaction."""
        return self._register.disputed()

    def _take_one(self, record: CertificateRecord) -> str:
        """*taken*, *disputed*, *known* or, if that was not known of it, *revoked*."""
        self._register.highest_ordinal(record.node)  # nobody is certified beside this
        known = self._register.certificates(record.node)
        again = next((each for each in known if each.incarnation == record.incarnation), None)
        if again is not None:
            return self._revoke(record) if record.revoked_at is not None and again.revoked_at is None else "known"
        same = next((each for each in known if each.ordinal == record.ordinal), None)
        holder = f"{same.node}|{same.incarnation}" if same is not None else ""
        if not holder and record.series:
            holder = self._register.holder_of_series(record.series, record.node)
        if holder:
            self._register.dispute(_disputed(record, holder))
            return "disputed"
        self._register.add_certificate(record)
        if record.revoked_at is not None:
            self._revoke(record)
        return "taken"

    def _revoke(self, record: CertificateRecord) -> str:
        assert record.revoked_at is not None, "it was revoked"
        self._register.revoke(record.node, record.incarnation, record.revoked_at, record.told_by)
        return "revoked"

    def _read(self, row: CertificateRow, told_by: str) -> CertificateRecord | None:
        """None for what is not a certificate that this hub signed for a node."""
        text = row.certificate.encode()
        if not hmac.compare_digest(self._key.sign(text).hex().encode(), row.signature.encode()):
            return None
        try:
            certificate = decode(text, NodeCertificate)
            issued_at = parse_instant(certificate.issued_at)
            revoked_at = parse_instant(row.revoked_at) if row.revoked_at else None
        except (msgspec.DecodeError, ValueError):
            return None
        if certificate.kind not in NODE_KINDS:
            return None
        return _record(row, certificate, (issued_at, revoked_at, self._clock.now()), told_by)


def _record(
    row: CertificateRow, certificate: NodeCertificate,
    times: tuple[datetime.datetime, datetime.datetime | None, datetime.datetime], told_by: str,
) -> CertificateRecord:  # fmt: skip
    """`times`: issued, revoked, taken in."""
    issued_at, revoked_at, now = times
    return CertificateRecord(
        node=certificate.node, incarnation=certificate.incarnation, ordinal=certificate.ordinal, kind=certificate.kind,
        store=certificate.store, series=certificate.series, public_key=certificate.public_key,
        certificate=row.certificate, signature=row.signature, issued_at=issued_at, revoked_at=revoked_at,
        certified_by=row.certified_by.replace("\0", "")[:64], adopted_at=now, told_by=told_by,
    )  # fmt: skip


def _disputed(record: CertificateRecord, holder: str) -> DisputedCertificate:
    assert record.adopted_at is not None, "it is being taken in"
    return DisputedCertificate(
        node=record.node, incarnation=record.incarnation, ordinal=record.ordinal, kind=record.kind, store=record.store,
        series=record.series, certificate=record.certificate, signature=record.signature, holder=holder,
        told_by=record.told_by, told_at=record.adopted_at,
    )  # fmt: skip
