"""DOC-13: a station with a million documents in its SQLite; its lists asked over HTTP, and the plans behind them."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from kontuar.nodes.station import DATABASE_FILE
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import own_documents
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.storage.sqlite.station.documents import SqliteDocuments
from kontuar.tools.bench.figures import repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.plans import Question, write
from kontuar.tools.bench.selling import Cashier
from kontuar.tools.bench.shop import shop
from kontuar.tools.bench.till import ACTOR, OpenTill, enrolled_alone, load, opened, sell
from kontuar.tools.replay.node_process import NodeProcess, free_port

MEASURED: Final = ("DOC-13",)
STATION: Final = "S1T1"
TARGET_MS: Final = 50.0
SOLD: Final = 300
LINES: Final = 3
ASKED: Final = 15
DAY_RECEIPTS: Final = 500
LIFE: Final = "bench-life-before"
"""The copies stand in the stream of an earlier life of the station, which head office has in full."""

_BASE: Final = (
    "CREATE TEMPORARY TABLE base (k INTEGER PRIMARY KEY, id, doc_id, seq, incarnation)",
    "INSERT INTO base SELECT row_number() OVER (ORDER BY id) - 1, id, doc_id, seq, incarnation FROM document "
    "WHERE type = 'receipt'",
)
_MAP: Final = """
CREATE TEMPORARY TABLE copied AS
WITH RECURSIVE counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < ?1)
SELECT i, ?2 + i AS id, b.id AS like_id, b.doc_id AS like_doc, b.seq AS like_seq, b.incarnation AS like_life,
       printf('%08x-0000-7000-8000-%012x', i, i) AS doc_id, date('2026-11-20', '-' || ((?1 - 1 - i) / ?3)
         || ' days') AS business_day, i + 1 AS seq
FROM counted CROSS JOIN base b ON b.k = i % ?4"""

_DOCUMENT: Final = {
    "id": "c.id", "doc_id": "c.doc_id", "incarnation": f"'{LIFE}'", "seq": "c.seq", "business_day": "c.business_day",
    "number": "'PAR/' || strftime('%Y/%m', c.business_day) || '/' || printf('%07d', c.i) || '/S1T1'",
    "approved_at": "c.business_day || 'T12:00:00.000000Z'", "created_at": "c.business_day || 'T11:59:00.000000Z'",
    "buyer": "CASE c.i % 10 WHEN 3 THEN 'K' || (c.i * 7919 % 5000) ELSE t.buyer END",
    "buyer_name": "CASE c.i % 10 WHEN 3 THEN 'Odbiorca ' || (c.i * 7919 % 5000) ELSE t.buyer_name END",
    "shift_id": "'shift-' || c.business_day", "state": "CASE c.i % 100 WHEN 1 THEN 'cancelled' ELSE t.state END",
    "gross": "t.gross + c.i % 997", "paid": "t.paid + c.i % 997",
}  # fmt: skip
_COPIED: Final = (
    ("document", _DOCUMENT, "t.id = c.like_id"),
    ("message", {"incarnation": f"'{LIFE}'", "seq": "c.seq", "message_id": "c.doc_id"},
     "t.incarnation = c.like_life AND t.seq = c.like_seq"),
    ("document_line", {"document": "c.id"}, "t.document = c.like_id"),
    ("document_tax", {"document": "c.id"}, "t.document = c.like_id"),
    ("stock_move", {"doc_id": "c.doc_id"}, "t.doc_id = c.like_doc"),
    ("cash_move", {"doc_id": "c.doc_id", "shift_id": "'shift-' || c.business_day"}, "t.doc_id = c.like_doc"),
)  # fmt: skip
_MORE: Final = (
    "INSERT INTO document_words (rowid, number, buyer) SELECT d.id, lower(d.number), lower(d.buyer_name) "
    "FROM copied c JOIN document d ON d.id = c.id ORDER BY d.id",
    "CREATE INDEX temp.copied_in_turn ON copied (i)",
    "INSERT INTO document_link SELECT c.id, 'corrects', p.doc_id, 'x' FROM copied c JOIN copied p ON p.i = c.i - 1 "
    "WHERE c.i % 50 = 9",
    f"INSERT INTO uplink SELECT '{LIFE}', max(seq), x'00', max(seq), x'00', 0 FROM copied",
    "DROP TABLE copied",
    "DROP TABLE base",
)


async def measure(ground: Ground) -> None:
    """Sell some, copy them, start the station, ask."""
    documents, few = ground.sizes.big_documents, shop(2_000)
    process = NodeProcess(
        "station", "big-station", ground.folder, {"agent_url": f"http://127.0.0.1:{free_port()}", "station": STATION}
    )
    keys = await enrolled_alone(process.data, STATION)
    with opened(process.data, keys) as till:
        load(till, few)
        sell(till, few, SOLD, LINES, seed=13)
    ground.tell(f"copying {SOLD} receipts to {documents} documents")
    took = await asyncio.to_thread(fill, process.data / DATABASE_FILE, documents, ground.tell)
    ground.add(repeated("DOC-13", "filling the station's database", "s", [took], note=f"{documents} documents"))
    began = time.monotonic()
    try:
        await process.start()
        ground.add(repeated("DOC-13", "start to listening", "s", [time.monotonic() - began]))
        cashier = Cashier(process.port, few.eans)
        cashier.log_in()
        questions = questions_of(documents, few.articles[0].eans[0].ean)
        medians = [await asyncio.to_thread(_median, cashier, question) for question in questions]
    finally:
        await process.stop()
    for question, median in zip(questions, medians, strict=True):
        note = f"{documents} documents"
        ground.add(repeated("DOC-13", question.name, "ms", [median * 1000], target=TARGET_MS, note=note))
    with opened(process.data, keys) as till:
        plans = [_plans(till, question) for question in questions]
    write(ground, "station", documents, list(zip(questions, medians, plans, strict=True)))


def questions_of(documents: int, ean: str) -> tuple[Question, ...]:
    """What a cashier looks for."""
    base, day, middle = "/api/v1/documents?limit=50", "2026-11-10", documents // 2
    asked = {
        "newest page": "", "page in the middle": f"&before={middle}", "last page": "&before=60",
        "day": f"&from_day={day}&to_day={day}", "type": "&type=receipt", "type without documents": "&type=invoice",
        "part of a number": f"&text={middle:07d}", "short part of a number": "&text=77",
        "part of a contractor's name": "&text=%25Odbiorca+42", "article by EAN": f"&text={ean}",
        "value": "&least=5000&most=5010", "value above all": "&least=99999999", "cancelled": "&state=cancelled",
    }  # fmt: skip
    return tuple(Question(name, base + more) for name, more in asked.items())


def fill(file: Path, documents: int, tell: Callable[[str], None]) -> float:
    """Copy the receipts of the file until there are so many documents more; seconds. Nobody else has the file open."""
    began = time.monotonic()
    database = SqliteDatabase(file, migrations=MIGRATIONS)
    for pragma in ("synchronous = OFF", "cache_size = -1000000"):
        database.rows(f"PRAGMA {pragma}")
    with database.transaction():
        first = database.value("SELECT max(id) + 1 FROM document")
        for statement in _BASE:
            database.write(statement)
        database.write(_MAP, (documents, first, DAY_RECEIPTS, SOLD))
        for table, overrides, condition in _COPIED:
            columns = [row[1] for row in database.rows(f"PRAGMA table_info({table})")]
            chosen = ", ".join(overrides.get(name, f"t.{name}") for name in columns)
            database.write(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM copied c CROSS JOIN {table} t "
                f"WHERE {condition} ORDER BY c.i"
            )
            tell(f"{table}: {time.monotonic() - began:.0f} s")
        for statement in _MORE:
            database.write(statement)
    database.checkpoint(truncate=True)
    database.close()
    return time.monotonic() - began


def _median(cashier: Cashier, question: Question) -> float:
    took = []
    for _ in range(ASKED + 1):
        cashier.watch.ask("GET", question.path)
        took.append(cashier.watch.seconds)
    return statistics.median(took[1:])


class _Listening:
    """The database, noting what it is asked for in several rows."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.asked: list[tuple[str, Sequence[Any]]] = []

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.asked.append((statement, values))
        return self._database.rows(statement, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def _plans(till: OpenTill, question: Question) -> list[str]:
    """How SQLite finds the page: the statement and its plan."""
    listening = _Listening(till.books.database)
    till.books.documents = SqliteDocuments(listening, till.books.stream)  # type: ignore[arg-type]
    asked = dict(parse_qsl(urlsplit(question.path).query))
    own_documents.page(till.station, ACTOR, _query_of(asked))
    statement, values = listening.asked[0]
    plan = till.books.database.rows(f"EXPLAIN QUERY PLAN {statement}", values)
    return [f"Query Text: {statement}\n" + "\n".join(f"  {row[3]}" for row in plan)]


def _query_of(asked: dict[str, str]) -> DocumentQuery:
    numbers = {name: int(asked[name]) for name in ("least", "most", "before", "limit") if name in asked}
    types = tuple(filter(None, asked.get("type", "").split(",")))
    texts = {name: asked[name] for name in ("text", "from_day", "to_day") if name in asked}
    return DocumentQuery(family="trade", types=types, state=asked.get("state", ""), **numbers, **texts)  # type: ignore[arg-type]
