"""Booked documents in PostgreSQL: lists by keyset, one in full, streams as they are held."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from psycopg.rows import dict_row

from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_lists import (
    DocumentCard,
    DocumentFilter,
    DocumentRow,
    Reconciliation,
)
from kontuar.storage.postgres.document_filters import ID, conditions_of
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.reconciliation import reconcile

_ROWS = """
SELECT d.store, d.doc_id::text, d.type, d.number, d.station, d.business_day, d.approved_at, d.approved_by, d.buyer_name,
       d.gross, d.amount, d.currency, d.line_count, d.gid, coalesce(l.cancelled, false), coalesce(l.fiscalised, false)
FROM document d LEFT JOIN document_later l ON l.store = d.store AND l.doc_id = d.doc_id"""

_PARTS = {
    "lines": "SELECT * FROM document_line WHERE store = %s AND doc_id = %s ORDER BY line",
    "taxes": "SELECT * FROM document_tax WHERE store = %s AND doc_id = %s ORDER BY position",
    "payments": "SELECT * FROM document_payment WHERE store = %s AND doc_id = %s ORDER BY number",
    "adjustments": "SELECT * FROM document_adjustment WHERE store = %s AND doc_id = %s ORDER BY line, position",
    "links": "SELECT * FROM document_link WHERE store = %s AND doc_id = %s ORDER BY position",
    "history": "SELECT * FROM document_history WHERE store = %s AND doc_id = %s ORDER BY at, origin, seq",
    "stock_moves": "SELECT * FROM stock_move WHERE store = %s AND doc_id = %s ORDER BY line, effect",
    "cash_moves": "SELECT * FROM cash_move WHERE store = %s AND doc_id = %s ORDER BY line, effect",
    "open_items": "SELECT * FROM open_item WHERE store = %s AND doc_id = %s",
}

_LINKED_FROM = """
SELECT k.kind, k.doc_id::text, d.number, d.type FROM document_link k
JOIN document d ON d.store = k.store AND d.doc_id = k.doc_id WHERE k.store = %s AND k.to_doc = %s ORDER BY d.number"""


class PostgresDocumentShelf:
    """The `DocumentShelf` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[None]:
        return self._database.transaction(reading=True)

    def page(self, wanted: DocumentFilter) -> Sequence[DocumentRow]:
        conditions, values = conditions_of(wanted)
        query = f"{_ROWS} WHERE {conditions} ORDER BY d.approved_at DESC, d.doc_id DESC LIMIT %s"
        rows = self._database.connection.execute(query, [*values, wanted.limit]).fetchall()
        return [_row(row) for row in rows]

    def count(self, wanted: DocumentFilter, most: int) -> int:
        conditions, values = conditions_of(wanted)
        query = (
            "SELECT count(*) FROM (SELECT 1 FROM document d "
            "LEFT JOIN document_later l ON l.store = d.store AND l.doc_id = d.doc_id "
            f"WHERE {conditions} LIMIT %s) found"
        )
        row = self._database.connection.execute(query, [*values, most]).fetchone()
        return int(row[0]) if row else 0

    def card(self, store: str, doc_id: str) -> DocumentCard:
        if not ID.fullmatch(doc_id):
            raise refuse("document.not_found", number=doc_id[:60])
        connection = self._database.connection
        key = [store, doc_id]
        row = connection.execute(f"{_ROWS} WHERE d.store = %s AND d.doc_id = %s", key).fetchone()
        if row is None:
            raise refuse("document.not_found", number=doc_id)
        with connection.cursor(row_factory=dict_row) as cursor:
            header = cursor.execute("SELECT * FROM document WHERE store = %s AND doc_id = %s", key).fetchone()
            parts = {name: tuple(map(_plain, cursor.execute(query, key))) for name, query in _PARTS.items()}
            linked = tuple(cursor.execute(_LINKED_FROM, key))
        assert header is not None
        return DocumentCard(row=_row(row), header=_plain(header), linked_from=linked, **parts)

    def by_number(self, number: str) -> tuple[str, str] | None:
        row = self._database.connection.execute(
            "SELECT store, doc_id::text FROM document WHERE number = %s ORDER BY approved_at DESC LIMIT 1", [number]
        ).fetchone()
        return None if row is None else (row[0], row[1])

    def payload(self, store: str, doc_id: str) -> bytes:
        row = self._database.connection.execute(
            "SELECT coalesce(m.payload, f.payload) FROM document d "
            "LEFT JOIN message m ON (m.store, m.origin, m.incarnation, m.seq) "
            "  = (d.store, d.origin, d.incarnation, d.seq) AND d.deviation NOT LIKE '%%stream.forked%%' "
            "LEFT JOIN forked_message f ON (f.store, f.origin, f.incarnation, f.seq) "
            "  = (d.store, d.origin, d.incarnation, d.seq) WHERE d.store = %s AND d.doc_id = %s",
            [store, doc_id],
        ).fetchone()
        assert row is not None, "a document stands for a message"
        return bytes(row[0])

    def reconciliation(self, store: str, day: datetime.date | None) -> Reconciliation:
        return reconcile(self._database.connection, store, day)

    def choices(self) -> tuple[Sequence[str], Sequence[str]]:
        rows = self._database.connection.execute("SELECT DISTINCT store, origin FROM stream").fetchall()
        return sorted({row[0] for row in rows}), sorted({row[1] for row in rows})


def _row(row: tuple[Any, ...]) -> DocumentRow:
    (store, doc_id, kind, number, station, day, at, by, buyer, gross, amount, currency, lines, gid, cancelled,
     fiscalised) = row  # fmt: skip
    return DocumentRow(
        store=store, doc_id=doc_id, type=kind, number=number, station=station, business_day=day, approved_at=at,
        approved_by=by, buyer=buyer, gross=Minor(gross or amount), currency=currency, line_count=lines,
        gid=f"{store}-{gid}", state="cancelled" if cancelled else "approved", fiscalised=fiscalised,
        key=f"{at.astimezone(datetime.UTC).isoformat()}|{doc_id}",
    )  # fmt: skip


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row without the keys it was found by."""
    return {name: value for name, value in row.items() if name not in ("store", "doc_id")}
