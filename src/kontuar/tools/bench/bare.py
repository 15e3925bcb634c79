"""What the engines do alone: servers that only look up, write durably and answer, to measure ours beside.

They check nothing: no login, no rights, no prices by date, no signatures, no chain. Each runs in a process of its own.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec
import psycopg
import uvicorn

from kontuar.tools.replay.node_process import free_port

RENDERED_LINES: Final = 30
SQLITE_SETTINGS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
_START_SECONDS: Final = 20.0
Answer = Callable[[bytes], bytes]
Asgi = Callable[[dict[str, Any], Callable[[], Awaitable[dict[str, Any]]], Callable[[dict[str, Any]], Awaitable[None]]],
                Awaitable[None]]  # fmt: skip


@contextmanager
def served(make: Callable[..., Answer], *arguments: Any) -> Iterator[int]:
    """`make(*arguments)` in a process of its own, answering POST requests; the port."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(port, make, *arguments), daemon=True)
    process.start()
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.join(10)


def make_catalogue(file: Path, articles: Sequence[tuple[str, str, int]]) -> None:
    """A table of (EAN, name, price in minor units) and one of drafts."""
    connection = apsw.Connection(str(file))
    for setting in SQLITE_SETTINGS:
        connection.execute(setting)
    connection.execute("CREATE TABLE article (ean TEXT PRIMARY KEY, name TEXT, price INTEGER) WITHOUT ROWID")
    connection.execute("CREATE TABLE draft (doc_id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    with connection:
        connection.executemany("INSERT INTO article VALUES (?, ?, ?)", articles)
    connection.close()


def bare_scan(file: str) -> Answer:
    """Look up an EAN, put the line on the draft, write the draft durably, answer its newest thirty lines."""
    connection = apsw.Connection(file)
    for setting in SQLITE_SETTINGS:
        connection.execute(setting)

    def answer(body: bytes) -> bytes:
        ean = msgspec.json.decode(body)["code"]
        name, price = next(connection.execute("SELECT name, price FROM article WHERE ean = ?", (ean,)))
        row = next(connection.execute("SELECT body FROM draft WHERE doc_id = 'one'"), None)
        lines = msgspec.json.decode(row[0])["lines"] if row else []
        lines = [*lines[1 - RENDERED_LINES :], {"ean": ean, "name": name, "price": price, "quantity": "1"}]
        rendered = msgspec.json.encode({"lines": lines, "gross": sum(line["price"] for line in lines)})
        connection.execute("INSERT OR REPLACE INTO draft VALUES ('one', ?)", (rendered,))
        return rendered

    return answer


class BareDocument(msgspec.Struct):
    """As much of a document as the bare hub keeps."""

    doc_id: str
    number: str
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]


class BareMessage(msgspec.Struct):
    """A message around it."""

    origin: str
    seq: int
    body: BareDocument


BARE_TABLES: Final = """
DROP TABLE IF EXISTS bare_message, bare_document, bare_line, bare_payment;
CREATE TABLE bare_message (origin text, seq bigint, payload bytea, PRIMARY KEY (origin, seq));
CREATE TABLE bare_document (doc_id text PRIMARY KEY, number text);
CREATE TABLE bare_line (doc_id text, line int, article text, quantity numeric, value bigint,
                        PRIMARY KEY (doc_id, line));
CREATE TABLE bare_payment (doc_id text, number int, form text, amount bigint, PRIMARY KEY (doc_id, number));
"""
_INSERTS: Final = {
    "bare_message": "INSERT INTO bare_message VALUES (%s, %s, %s)",
    "bare_document": "INSERT INTO bare_document VALUES (%s, %s)",
    "bare_line": "INSERT INTO bare_line VALUES (%s, %s, %s, %s, %s)",
    "bare_payment": "INSERT INTO bare_payment VALUES (%s, %s, %s, %s)",
}


def rows_of(payload: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """A document message as rows of the bare tables."""
    message = msgspec.json.decode(payload, type=BareMessage)
    document = message.body
    return {
        "bare_message": [(message.origin, message.seq, payload)],
        "bare_document": [(document.doc_id, document.number)],
        "bare_line": [
            (document.doc_id, line["number"], line["article"], line["base_quantity"], line["value"])
            for line in document.lines
        ],
        "bare_payment": [
            (document.doc_id, payment["number"], payment["form"], payment["amount"]) for payment in document.payments
        ],
    }


def bare_intake(url: str) -> Answer:
    """Keep one document message with its lines and payments, in one transaction per request."""
    connection = psycopg.connect(url, autocommit=True)

    def answer(body: bytes) -> bytes:
        with connection.transaction(), connection.pipeline():
            for table, rows in rows_of(body).items():
                for row in rows:
                    connection.execute(_INSERTS[table], row)
        return b"{}"

    return answer


def copied(url: str, payloads: Sequence[bytes]) -> float:
    """Seconds to COPY the documents' rows into the bare tables, durably, in one transaction."""
    blocks: dict[str, list[bytes]] = {table: [] for table in _INSERTS}
    for payload in payloads:
        for table, rows in rows_of(payload).items():
            blocks[table] += [b"\t".join(map(_copy_text, row)) + b"\n" for row in rows]
    joined = {table: b"".join(lines) for table, lines in blocks.items()}
    with psycopg.connect(url) as connection:
        connection.execute(BARE_TABLES)
        connection.commit()
        began = time.perf_counter()
        for table, block in joined.items():
            with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(block)
        connection.commit()
        return time.perf_counter() - began


def empty_tables(url: str) -> None:
    """The bare tables, new."""
    with psycopg.connect(url) as connection:
        connection.execute(BARE_TABLES)


def _copy_text(value: object) -> bytes:
    """A value in COPY's text format; our codes and numbers hold nothing to escape."""
    return b"\\\\x" + value.hex().encode() if isinstance(value, bytes) else str(value).encode()


def _serve(port: int, make: Callable[..., Answer], *arguments: Any) -> None:
    config = uvicorn.Config(_app(make(*arguments)), port=port, log_config=None, access_log=False, lifespan="off")
    asyncio.run(uvicorn.Server(config).serve())


def _app(answer: Answer) -> Asgi:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", scope["type"] == "http"
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        content = answer(body) if scope["method"] == "POST" else b"{}"
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


def _wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
