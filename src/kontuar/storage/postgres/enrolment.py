"""One-time codes and certificates in PostgreSQL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from kontuar.operations.ports.hub_definitions import CertificateRecord, IssuedCode
from kontuar.storage.postgres.engine import HubDatabase

_CODE = "label, secret_hash, kind, node, store, series, issued_by, issued_at, expires_at, attempts, used_at"
_CERTIFICATE = (
    "node, incarnation, ordinal, kind, store, series, public_key, certificate, signature, issued_at, revoked_at, "
    "certified_by"
)


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
            f"INSERT INTO enrolment_code ({_CODE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
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
            f"INSERT INTO node_certificate ({_CERTIFICATE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            _values(record, _CERTIFICATE),
        )

    def revoke(self, node: str, incarnation: str, at: datetime, by: str) -> None:
        self._database.connection.execute(
            "UPDATE node_certificate SET revoked_at = %s, revoked_by = %s WHERE node = %s AND incarnation = %s",
            [at, by, node, incarnation],
        )


def _values(record: Any, columns: str) -> list[Any]:
    return [getattr(record, column) for column in columns.split(", ")]
