"""What SQLite alone needs to commit the rows of a receipt: the limit beside PERF-02."""

import time
from pathlib import Path
from typing import Any, Final

import apsw

from kontuar.storage.sqlite.engine import migrate
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.tools.bench.bare import SQLITE_SETTINGS

Statement = tuple[str, list[tuple[Any, ...]]]
_BY_DOC_ID: Final = ("document", "document_history", "stock_move", "cash_move")
_BY_KEY: Final = ("document_line", "document_tax")
_BALANCE: Final = "UPDATE cash_balance SET amount = amount + 1"
_COUNTERS: Final = (
    "UPDATE number_series SET last = last + 1",
    "INSERT OR REPLACE INTO fact VALUES ('perpetual_gross', '1')",
)


def commits(data: Path, file: Path, most: int) -> list[float]:
    """Seconds of each transaction that writes the same rows of the newest receipts into a new database."""
    source = apsw.Connection(str(data), flags=apsw.SQLITE_OPEN_READONLY)
    receipts = [_rows(source, *found) for found in source.execute(
        "SELECT id, doc_id, seq FROM document WHERE type = 'receipt' ORDER BY id DESC LIMIT ?", (most,)
    )]  # fmt: skip
    source.close()
    connection = apsw.Connection(str(file))
    for setting in SQLITE_SETTINGS:
        connection.execute(setting)
    connection.execute("PRAGMA user_version = 0")
    migrate(connection, MIGRATIONS)
    found = [_commit(connection, receipt) for receipt in receipts]
    connection.close()
    return found


def _commit(connection: apsw.Connection, receipt: list[Statement]) -> float:
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for statement, rows in receipt:
        connection.executemany(statement, rows)
    for statement in (*_COUNTERS, _BALANCE):
        connection.execute(statement)
    connection.execute("COMMIT")
    return time.perf_counter() - began


def _rows(source: apsw.Connection, key: int, doc_id: str, seq: int) -> list[Statement]:
    """Every row that approving wrote for the receipt."""
    found = [_from(source, table, "doc_id = ?", doc_id) for table in _BY_DOC_ID]
    found += [_from(source, table, "document = ?", key) for table in _BY_KEY]
    found += [_from(source, table, "seq = ?", seq) for table in ("message", "stock_pending")]
    number = next(source.execute("SELECT number FROM document WHERE id = ?", (key,)))[0]
    words = "INSERT INTO document_words (rowid, number, buyer) VALUES (?, ?, ?)"
    return [*found, (words, [(key, number.lower(), "undefined")])]


def _from(source: apsw.Connection, table: str, condition: str, value: object) -> Statement:
    rows = [tuple(row) for row in source.execute(f"SELECT * FROM {table} WHERE {condition}", (value,))]
    marks = ", ".join("?" * (len(rows[0]) if rows else 1))
    return f"INSERT INTO {table} VALUES ({marks})", rows
