"""One-time codes and certificates in PostgreSQL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from kontuar.operations.ports.hub_definitions import CertificateRecord, DisputedCertificate, IssuedCode
from kontuar.storage.postgres.engine import HubDatabase

_CODE = "label, secret_hash, kind, node, store, series, issued_by, issued_at, expires_at, attempts, used_at"
_CERTIFICATE = (
    "node, incarnation, ordinal, kind, store, series, public_key, certificate, signature, issued_at, revoked_at, "
    "certified_by, adopted_at, told_by"
)
_DISPUTED = "node, incarnation, ordinal, kind, store, series, certificate, signature, holder, told_by, told_at"


class PostgresNodes:
    """The `NodeRegister` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def add_code(self, code: IssuedCode) -> None:
        self._database.connection.execute(
            "DELETE FROM enrolment_code WHERE expires_at < %s - interval '1 day'", [code.issued_at]
        )
        self._database.connection.execute(
            f"INSERT INTO enrolment_code ({_CODE}) VALUES ({_places(_CODE)})",
            _values(code, _CODE),
        )

    def code(self, label: str) -> IssuedCode | None:
        with self._database.connection.cursor(row_factory=class_row(IssuedCode)) as cursor:
            return cursor.execute(f"SELECT {_CODE} FROM enrolment_code WHERE label = %s FOR UPDATE", [label]).fetchone()

    def count_attempt(self, label: str) -> None:
        self._database.connection.execute("UPDATE enrolment_code SET attempts = attempts + 1 WHERE label = %s", [label])

    def use_code(self, label: str, at: datetime) -> None:
        self._database.connection.execute("UPDATE enrolment_code SET used_at = %s WHERE label = %s", [at, label])

    def certificates(self, node: str) -> Sequence[CertificateRecord]:
        with self._database.connection.cursor(row_factory=class_row(CertificateRecord)) as cursor:
            return cursor.execute(
                f"SELECT {_CERTIFICATE} FROM node_certificate WHERE node = %s ORDER BY ordinal", [node]
            ).fetchall()

    def lives(self, node: str) -> Sequence[CertificateRecord]:
        """Incarnations that a node was enrolled with or has spoken in, oldest first: not the spare one that waits for
        its hour."""
        with self._database.connection.cursor(row_factory=class_row(CertificateRecord)) as cursor:
            return cursor.execute(
                f"SELECT {_CERTIFICATE} FROM node_certificate k WHERE node = %s AND (certified_by = '' OR EXISTS "
                "(SELECT 1 FROM stream s WHERE s.origin = k.node AND s.incarnation = k.incarnation)) ORDER BY ordinal",
                [node],
            ).fetchall()

    def all_certificates(self) -> Sequence[CertificateRecord]:
        with self._database.connection.cursor(row_factory=class_row(CertificateRecord)) as cursor:
            return cursor.execute(f"SELECT {_CERTIFICATE} FROM node_certificate ORDER BY node, ordinal").fetchall()

    def add_certificate(self, record: CertificateRecord) -> None:
        self._database.connection.execute(
            f"INSERT INTO node_certificate ({_CERTIFICATE}) VALUES ({_places(_CERTIFICATE)})",
            _values(record, _CERTIFICATE),
        )

    def revoke(self, node: str, incarnation: str, at: datetime, by: str) -> None:
        self._database.connection.execute(
            "UPDATE node_certificate SET revoked_at = %s, revoked_by = %s WHERE node = %s AND incarnation = %s",
            [at, by, node, incarnation],
        )

    def highest_ordinal(self, node: str) -> int:
        connection = self._database.connection
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [node])
        row = connection.execute(
            "SELECT max(ordinal) FROM (SELECT ordinal FROM node_certificate WHERE node = %(node)s "
            "UNION ALL SELECT ordinal FROM disputed_certificate WHERE node = %(node)s) every",
            {"node": node},
        ).fetchone()
        return int(row[0] or 0) if row else 0

    def holder_of_series(self, series: str, node: str) -> str:
        row = self._database.connection.execute(
            "SELECT node FROM (SELECT node, series FROM node_certificate UNION ALL SELECT node, series "
            "FROM disputed_certificate) every WHERE series = %s AND node <> %s ORDER BY node LIMIT 1",
            [series, node],
        ).fetchone()
        return row[0] if row else ""

    def disputed(self) -> Sequence[DisputedCertificate]:
        with self._database.connection.cursor(row_factory=class_row(DisputedCertificate)) as cursor:
            return cursor.execute(f"SELECT {_DISPUTED} FROM disputed_certificate ORDER BY node, ordinal").fetchall()

    def dispute(self, record: DisputedCertificate) -> None:
        self._database.connection.execute(
            f"INSERT INTO disputed_certificate ({_DISPUTED}) VALUES ({_places(_DISPUTED)}) ON CONFLICT DO NOTHING",
            _values(record, _DISPUTED),
        )


def _places(columns: str) -> str:
    return ", ".join("%s" for _ in columns.split(", "))


def _values(record: Any, columns: str) -> list[Any]:
    return [getattr(record, column) for column in columns.split(", ")]
