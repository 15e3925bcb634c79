"""What names a contractor in the hub's database (HUB-09)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from kontuar.storage.postgres.engine import HubDatabase


class PostgresPrivacyShelf:
    """The `PrivacyShelf` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def documents_of(self, contractor: str, most: int) -> Sequence[dict[str, Any]]:
        rows = self._database.connection.execute(
            "SELECT store, doc_id::text, type, number, business_day, gross, currency, buyer_name, buyer_tax_number "
            "FROM document WHERE buyer_code = %s AND buyer_code <> 'UNDEFINED' "
            "ORDER BY approved_at DESC, doc_id DESC LIMIT %s",
            [contractor, most],
        ).fetchall()
        names = ("store", "doc_id", "type", "number", "business_day", "gross", "currency", "name", "tax_number")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def history_of(self, contractor: str) -> Sequence[dict[str, Any]]:
        rows = self._database.connection.execute(
            "SELECT version, changed_at, changed_by, body FROM definition_history "
            "WHERE kind = 'contractor' AND key = %s ORDER BY version DESC",
            [contractor],
        ).fetchall()
        return [
            {
                "version": version,
                "changed_at": at,
                "changed_by": by,
                "body": None if body is None else msgspec.json.decode(bytes(body)),
            }
            for version, at, by, body in rows
        ]

    def rewrite_history(self, contractor: str, rewrite: Callable[[bytes], bytes]) -> int:
        connection = self._database.connection
        connection.execute("SELECT set_config('kontuar.anonymising', %s, true)", [contractor])
        rows = connection.execute(
            "SELECT version, body FROM definition_history WHERE kind = 'contractor' AND key = %s AND body IS NOT NULL",
            [contractor],
        ).fetchall()
        for version, body in rows:
            connection.execute(
                "UPDATE definition_history SET body = %s WHERE kind = 'contractor' AND key = %s AND version = %s",
                [rewrite(bytes(body)), contractor, version],
            )
        return len(rows)
