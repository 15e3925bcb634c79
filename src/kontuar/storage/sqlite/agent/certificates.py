"""Certificates of a store's nodes, kept by its agent beside the definitions (SEC-02, REL-13).

The definitions are what head office says now: after it was set up again from a backup they lack what it lost.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.operations.hub.certificates import KIND, CertificateRow, NodeCertificate
from kontuar.storage.sqlite.engine import SqliteDatabase

_LOST: Final = """
SELECT body FROM certificate c WHERE NOT EXISTS (
  SELECT 1 FROM definition d WHERE d.kind = ? AND d.key = c.node || '|' || c.incarnation AND d.body = c.body)
ORDER BY node, ordinal DESC LIMIT ?"""
_NEWEST: Final = """
SELECT body FROM certificate c ORDER BY EXISTS (
  SELECT 1 FROM definition d WHERE d.kind = ? AND d.key = c.node || '|' || c.incarnation AND d.body = c.body),
  ordinal DESC, node LIMIT ?"""


class AgentCertificates:
    """Rows of kind `certificate` that stay when the definitions go."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def keep(self, rows: Iterable[CertificateRow]) -> None:
        """What nodes told, checked by the caller; what is kept already stays as it is."""
        with self._database.transaction():
            for row in rows:
                self._database.write("INSERT OR IGNORE INTO certificate VALUES (?, ?, ?, ?)", _values(row))

    def keep_defined(self, bodies: Iterable[bytes]) -> None:
        """What head office told, as it told it: that is the last word, but what was revoked once stays revoked here."""
        rows = [(decode(body, CertificateRow), body) for body in bodies]
        kept = {decode(body, CertificateRow).certificate: body for body in self._bodies()}
        news = [(*_values(row)[:3], body) for row, body in rows if _is_news(kept.get(row.certificate), row, body)]
        if news:
            with self._database.transaction():
                self._database.write_many("INSERT OR REPLACE INTO certificate VALUES (?, ?, ?, ?)", news)

    def every(self) -> Sequence[CertificateRow]:
        """All of them."""
        return [decode(body, CertificateRow) for body in self._bodies()]

    def lives(self, everything: bool, most: int) -> Sequence[CertificateRow]:
        """What the definitions lack, or lack the revocation of; with `everything` the newest others behind it."""
        rows = self._database.rows(_NEWEST if everything else _LOST, (KIND, most))
        return [decode(bytes(body), CertificateRow) for (body,) in rows]

    def _bodies(self) -> list[bytes]:
        rows = self._database.rows("SELECT body FROM certificate ORDER BY node, ordinal")
        return [bytes(body) for (body,) in rows]


def _is_news(kept: bytes | None, told: CertificateRow, body: bytes) -> bool:
    if kept is None or kept == body:
        return kept is None
    return bool(told.revoked_at) or not decode(kept, CertificateRow).revoked_at


def _values(row: CertificateRow) -> tuple[str, str, int, bytes]:
    named = msgspec.json.decode(row.certificate, type=NodeCertificate)
    return named.node, named.incarnation, named.ordinal, encode(row)
