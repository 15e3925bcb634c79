"""A hub's database filled set-wise: real booked receipts, copied until there are as many documents as wanted.

Every copy has its own identity, number, place in a stream, day, operator and contractor; its lines, taxes, payments,
moves and message bytes are those of a receipt that the hub itself booked. Triggers work as always; indexes are those of
the migrations, built after the rows.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg

Tell = Callable[[str], None]
PLACES: Final = 50
"""Tills, two in a store."""
DAY_RECEIPTS: Final = 100
LAST_DAY: Final = "2026-11-20"

_BASE: Final = """
CREATE UNLOGGED TABLE bench_base AS
SELECT row_number() OVER (ORDER BY doc_id) - 1 AS k, doc_id AS like_doc, store AS like_store,
       warehouse AS like_warehouse
FROM document WHERE store = %(store)s AND line_count > 0"""

_MAP: Final = """
CREATE UNLOGGED TABLE bench_copy AS
WITH spread AS (
  SELECT i, i / per AS place, i %% per AS j, per FROM generate_series(0, %(documents)s - 1) AS i,
         (SELECT (%(documents)s + %(places)s - 1) / %(places)s AS per) p
), dated AS (
  SELECT *, 'B' || lpad((place / 2 + 1)::text, 2, '0') AS store,
         %(last)s::date - ((per - 1 - j) / %(daily)s)::integer AS business_day FROM spread
), timed AS (
  SELECT *, store || 'T' || (place %% 2 + 1) AS station,
         business_day + interval '8 hours' + (j %% %(daily)s) * interval '6 minutes' + place * interval '1 second'
           AS at,
         CASE WHEN i %% 25 = 7 THEN 'invoice' ELSE 'receipt' END AS type FROM dated
), numbered AS (
  SELECT *, to_char(business_day, 'YYYY/MM') AS period,
         row_number() OVER (PARTITION BY place, type, to_char(business_day, 'YYYY/MM') ORDER BY j) AS ordinal FROM timed
)
SELECT n.i, b.like_doc, b.like_store, b.like_warehouse, n.store, n.station, n.type, n.period, n.ordinal, n.business_day,
       n.at AT TIME ZONE 'UTC' AS at, n.j + 1 AS seq, n.store || 'MAG' AS warehouse,
       (lpad(to_hex((extract(epoch FROM n.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n.i::text), 1, 3) || '8'
        || substr(md5(n.i::text), 4, 15))::uuid AS doc_id,
       CASE n.type WHEN 'invoice' THEN 'FS/' ELSE 'PAR/' END || n.period || '/' || lpad(n.ordinal::text, 5, '0') || '/'
         || n.station AS number,
       n.store || 'OP' || n.i %% 4 AS operator,
       CASE WHEN n.i %% 10 = 3 OR n.type = 'invoice' THEN 'K' || lpad((n.i::bigint * 7919 %% 5000)::text, 5, '0')
            ELSE 'UNDEFINED' END AS buyer,
       n.station || n.business_day AS shift_id
FROM numbered n JOIN bench_base b ON b.k = n.i %% (SELECT count(*) FROM bench_base) ORDER BY n.store, n.at
"""

_DOCUMENT: Final = {
    "store": "c.store", "doc_id": "c.doc_id", "type": "c.type", "number": "c.number", "series": "c.station",
    "period": "c.period", "ordinal": "c.ordinal", "gid": "c.i + 1", "origin": "c.station", "incarnation": "'bench'",
    "seq": "c.seq", "station": "c.station", "warehouse": "c.warehouse", "business_day": "c.business_day",
    "created_at": "c.at - interval '1 minute'", "created_by": "c.operator", "approved_at": "c.at",
    "approved_by": "c.operator", "shift_id": "c.shift_id", "register": "c.station", "buyer_code": "c.buyer",
    "buyer_name": "CASE c.buyer WHEN 'UNDEFINED' THEN t.buyer_name ELSE 'Odbiorca ' || c.buyer END",
    "buyer_tax_number": "CASE c.type WHEN 'invoice' THEN '52' || lpad((c.i % 5000)::text, 8, '0') ELSE '' END",
    "booked_at": "c.at + interval '1 second'",
}  # fmt: skip
_MESSAGE: Final = {
    "store": "c.store", "origin": "c.station", "incarnation": "'bench'", "seq": "c.seq",
    "message_id": "c.doc_id::text", "hash": "sha256(c.i::text::bytea)", "received_at": "c.at + interval '1 second'",
}  # fmt: skip
_PART: Final = {
    "store": "c.store", "doc_id": "c.doc_id", "business_day": "c.business_day", "warehouse": "c.warehouse",
    "register": "c.station", "shift_id": "c.shift_id",
    "from_place": "CASE t.from_place WHEN c.like_warehouse THEN c.warehouse ELSE t.from_place END",
    "to_place": "CASE t.to_place WHEN c.like_warehouse THEN c.warehouse ELSE t.to_place END",
}  # fmt: skip
_SAME_DOCUMENT: Final = "t.store = c.like_store AND t.doc_id = c.like_doc"
_COPIED: Final = (
    ("document", _DOCUMENT, _SAME_DOCUMENT),
    ("message", _MESSAGE, "t.store = c.like_store AND t.message_id = c.like_doc::text"),
    *((name, _PART, _SAME_DOCUMENT) for name in (
        "document_line", "document_tax", "document_payment", "document_adjustment", "stock_move", "cash_move")),
)  # fmt: skip

_MORE: Final = (
    "INSERT INTO document_later (store, doc_id, fiscal_number, fiscalised, cancelled) "
    "SELECT store, doc_id, 'F' || seq, type = 'receipt', i % 100 = 1 FROM bench_copy",
    "INSERT INTO document_history SELECT store, doc_id, station, 'bench', 10000000 + seq, at + interval '1 hour', "
    "'cancelled', operator, '{}' FROM bench_copy WHERE i % 100 = 1",
    "INSERT INTO document_link SELECT c.store, c.doc_id, 1, 'generated_from', o.doc_id::text, o.number, '{}' "
    "FROM bench_copy c JOIN bench_copy o ON o.i = c.i - 1 AND o.store = c.store WHERE c.type = 'invoice'",
    "INSERT INTO stream SELECT station, 'bench', store, max(seq), sha256('end'), max(seq), false, '', min(at), max(at) "
    "FROM bench_copy GROUP BY station, store",
    "INSERT INTO stock_balance SELECT store, place, article, sum(q)::bigint, 0, 1 FROM stock_move "
    "CROSS JOIN LATERAL (VALUES (from_place, -quantity_e4), (to_place, quantity_e4)) AS e(place, q) "
    "WHERE left(place, 1) <> '@' AND store LIKE 'B%' GROUP BY store, place, article",
    "INSERT INTO verification_item (store, message_hash, origin, incarnation, seq, forked, message_id, kind, doc_id, "
    "number, shift_id, document_type, business_day, gross, state, reason, problems, waits_for, parked_at) "
    "SELECT store, sha256(i::text::bytea), station, 'bench', seq, false, doc_id::text, 'receipt.approved/1', "
    "doc_id::text, number, shift_id, type, business_day, 1000, CASE WHEN i % 5000 = 2 THEN 'parked' ELSE 'accepted' "
    "END, (ARRAY['article.unknown', 'stock.below_zero', 'number.gap'])[1 + i % 3], '[]', '', at FROM bench_copy "
    "WHERE i % 50 = 2",
    "SELECT count(count_documents(store, doc_ids, sign)) FROM sums_waiting WHERE store LIKE 'B%'",
    "DELETE FROM sums_waiting WHERE store LIKE 'B%'",
)
_INDEXES: Final = """
SELECT i.indexname, i.indexdef FROM pg_indexes i
JOIN pg_index x ON x.indexrelid = (quote_ident(i.schemaname) || '.' || quote_ident(i.indexname))::regclass
WHERE i.schemaname = 'public' AND i.tablename = ANY(%s) AND NOT x.indisprimary AND NOT x.indisunique"""


def fill(url: str, documents: int, store: str, tell: Tell) -> float:
    """Copy the booked receipts of `store` until there are `documents` more; seconds it took. No hub may run."""
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("maintenance_work_mem = '1GB'", "work_mem = '256MB'", "synchronous_commit = off", "jit = off"):
            connection.execute(f"SET {setting}")
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("SELECT pg_reload_conf()")
        values = {"documents": documents, "places": PLACES, "daily": DAY_RECEIPTS, "last": LAST_DAY, "store": store}
        connection.execute(_BASE, values)
        connection.execute("ANALYZE bench_base")
        connection.execute(_MAP, values)
        connection.execute("ANALYZE bench_copy")
        tell(f"what is copied: {time.monotonic() - began:.0f} s")
        tables = [table for table, _, _ in _COPIED] + ["document_link", "document_later", "document_history"]
        indexes = connection.execute(_INDEXES, [tables]).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        for table, columns, condition in _COPIED:
            _copy(connection, table, columns, condition)
            tell(f"{table}: {time.monotonic() - began:.0f} s")
        for name, definition in sorted(indexes, key=lambda index: "_link" not in index[0]):
            connection.execute(definition)
            tell(f"{name}: {time.monotonic() - began:.0f} s")
        for statement in _MORE:
            connection.execute(statement)
        tell(f"links, states, sums, inbox: {time.monotonic() - began:.0f} s")
        # The nightly proof of all stores is a matter of nights: no streams of yesterday, or it would run beside.
        connection.execute("UPDATE stream SET first_at = now()")
        connection.execute("DROP TABLE bench_copy, bench_base")
        connection.execute("VACUUM (ANALYZE)")
    return time.monotonic() - began


def examples(url: str) -> dict[str, Any]:
    """Documents to look for: somewhere in the middle, one with a link, one that an invoice was made of."""
    with psycopg.connect(url) as connection:
        middle = connection.execute(
            "SELECT store, doc_id::text, number, approved_at, approved_by, gross FROM document WHERE store = 'B13' "
            "AND type = 'receipt' ORDER BY approved_at, doc_id OFFSET (SELECT count(*) / 2 FROM document "
            "WHERE store = 'B13') LIMIT 1"
        ).fetchone()
        linked = connection.execute("SELECT store, doc_id::text, to_doc FROM document_link LIMIT 1").fetchone()
        article = connection.execute(
            "SELECT article FROM document_line WHERE store = 'B13' AND doc_id = %s", [middle[1] if middle else None]
        ).fetchone()
    assert middle is not None
    assert linked is not None
    assert article is not None
    names = ("store", "doc_id", "number", "approved_at", "operator", "gross")
    return dict(zip(names, middle, strict=True)) | {"linked": linked, "article": article[0]}


def _copy(connection: psycopg.Connection[Any], table: str, overrides: dict[str, str], condition: str) -> None:
    columns = _columns(connection, table)
    chosen = ", ".join(overrides.get(name, f"t.{name}") for name in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM bench_copy c JOIN {table} t ON {condition}"
    )


def _columns(connection: psycopg.Connection[Any], table: str) -> Sequence[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "AND is_identity = 'NO' ORDER BY ordinal_position",
        [table],
    ).fetchall()
    return [row[0] for row in rows]
