"""HUB-04: a hub with a million documents, asked over HTTP as a person asks; times, and the plans behind them."""

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

from kontuar.storage.postgres.embedded import EmbeddedPostgres
from kontuar.tools.bench import hub_fill
from kontuar.tools.bench.chain import Hub, enrolled
from kontuar.tools.bench.figures import repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.ingestion import requests_of, sold_by
from kontuar.tools.bench.plans import Question, write
from kontuar.tools.bench.shop import OPERATOR, PIN, SENDING_STORE, Shop
from kontuar.tools.bench.stopwatch import Stopwatch
from kontuar.tools.replay.node_process import NodeProcess

MEASURED: Final = ("HUB-04",)
TARGET_MS: Final = 100.0
KNOWN_ARTICLES: Final = 2_000
LINES_OF_STATIONS: Final = {"S2T1": 1, "S2T2": 2, "S2T3": 3, "S2T4": 6}
SOLD_EACH: Final = 100
ASKED: Final = 15
SLOWLY: Final = frozenset({"sales report by day, 30 days", "reconciliation of a day"})
"""Asked of the lanes for heavy work; shown, without the target of a search."""
_PLAN_SETTINGS: Final = {
    "session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on", "auto_explain.log_buffers": "on", "log_min_messages": "log",
}  # fmt: skip


async def measure(ground: Ground) -> None:
    """Book some, copy them, ask, write the plans."""
    async with AsyncExitStack() as stack:
        postgres = EmbeddedPostgres(ground.folder / "big-postgres", durable=False)
        stack.callback(postgres.stop)
        url = await asyncio.to_thread(postgres.start)
        async with _hub(ground, url) as hub:
            await _booked(ground, hub)
        wanted = ground.sizes.big_documents
        ground.tell(f"copying them to {wanted} documents")
        took = await asyncio.to_thread(hub_fill.fill, url, wanted, SENDING_STORE, ground.tell)
        ground.add(repeated("HUB-04", "filling the database", "s", [took], note=f"{wanted} documents, set-wise"))
        questions = questions_of(hub_fill.examples(url))
        async with _hub(ground, url) as hub:
            await asyncio.to_thread(hub.watch.log_in, OPERATOR, PIN)
            times = await asyncio.to_thread(_times, hub.watch, questions)
        for question, found in zip(questions, times, strict=True):
            target = None if question.name in SLOWLY else TARGET_MS
            note = f"{wanted} documents; slowest {max(found) * 1000:.1f} ms"
            ground.add(
                repeated("HUB-04", question.name, "ms", [statistics.median(found) * 1000], target=target, note=note)
            )
        plans = await _plans(ground, url, questions, postgres.log_file)
        medians = [statistics.median(found) for found in times]
        write(ground, "hub", wanted, list(zip(questions, medians, plans, strict=True)))


@asynccontextmanager
async def _hub(ground: Ground, url: str) -> AsyncIterator[Hub]:
    process = NodeProcess("hub", "big-hub", ground.folder, {"database_url": url})
    try:
        await process.start()
        yield Hub(process, url)
    finally:
        await process.stop()


async def _booked(ground: Ground, hub: Hub) -> None:
    """A few hundred receipts of one to six lines, sold by stations, taken in and booked by the hub."""
    await hub.log_in_first()
    shop = ground.shop
    few = Shop(definitions=shop.definitions, articles=shop.articles[:KNOWN_ARTICLES],
               prices=shop.prices[:KNOWN_ARTICLES], source=shop.source)  # fmt: skip
    await hub.define(few.everything())
    await asyncio.to_thread(hub.watch.log_in, OPERATOR, PIN)
    agent = await enrolled(hub, ground.folder / "big-agent", "agent", SENDING_STORE)
    watch, count = Stopwatch(hub.process.port), 0
    for station, lines in LINES_OF_STATIONS.items():
        keys = await enrolled(hub, ground.folder / f"big-{station}", "station", station)
        sold = await asyncio.to_thread(sold_by, ground, keys, station, SOLD_EACH, lines, KNOWN_ARTICLES)
        for request in requests_of(agent, SENDING_STORE, sold, 100):
            await asyncio.to_thread(watch.send, "POST", "/sync/v1/push", request.body, "application/octet-stream")
        count += len(sold.messages)
    while hub.places(list(LINES_OF_STATIONS))[1] < count:
        await asyncio.sleep(0.1)


def questions_of(known: dict[str, Any]) -> tuple[Question, ...]:
    """What a person looks for, by what the filled database holds."""
    day, store, number = "2026-11-10", known["store"], known["number"]
    deep = quote(f"{known['approved_at'].isoformat()}|{known['doc_id']}")
    linked_store, linked_doc, _ = known["linked"]
    asked = {
        "newest page": "",
        "page in the middle of all": f"after={deep}",
        "store": f"store={store}",
        "store, page in the middle": f"store={store}&after={deep}",
        "day": f"day_from={day}&day_to={day}",
        "store and day": f"store={store}&day_from={day}&day_to={day}",
        "month, page in the middle": f"day_from=2026-06-01&day_to=2026-06-30&after={deep}",
        "type invoice": "type=invoice",
        "store and type invoice": f"store={store}&type=invoice",
        "operator": f"operator={known['operator']}",
        "contractor by code": "buyer=K00042",
        "contractor by tax number": "buyer=5200000042",
        "value from and to": f"gross_from={known['gross']}&gross_to={known['gross']}",
        "value above all": "gross_from=99999999",
        "whole number": f"number={quote(number)}",
        "part of a number": f"number={quote(number[4:19])}",
        "short part of a number": "number=77",
        "part of no number": "number=XYZ-4711",
        "article": f"article={known['article']}",
        "payment form": "form=cash",
        "cancelled": "state=cancelled",
        "cancelled of a store": f"store={store}&state=cancelled",
        "not fiscalised": "state=not_fiscalised",
    }
    lists = [Question(name, f"/api/v1/documents?limit=50&{query}") for name, query in asked.items()]
    return (
        *lists,
        Question("document in full, with linked ones", f"/api/v1/documents/{linked_store}/{linked_doc}"),
        Question("verification inbox", "/api/v1/verification?limit=50"),
        Question("verification inbox of a store", f"/api/v1/verification?limit=50&store={store}"),
        Question("reconciliation of a day", f"/api/v1/reconciliation?store={store}&day={day}"),
        Question("sales report by day, 30 days", "/api/v1/reports/sales?day_from=2026-10-20&day_to=2026-11-18"),
    )


def _times(watch: Stopwatch, questions: Sequence[Question]) -> list[list[float]]:
    """Seconds of every asking; the first of each is left out, it warms what a person would have warm."""
    found = []
    for question in questions:
        took = []
        for _ in range(ASKED + 1):
            watch.ask("GET", question.path)
            took.append(watch.seconds)
        found.append(took[1:])
    return found


async def _plans(ground: Ground, url: str, questions: Sequence[Question], log: Path) -> list[list[str]]:
    """The plan of every statement that the hub sends for each question, as the server itself tells it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in _PLAN_SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
    found = []
    async with _hub(ground, url) as hub:
        await asyncio.to_thread(hub.watch.log_in, OPERATOR, PIN)
        for question in questions:
            start = log.stat().st_size
            await asyncio.to_thread(hub.watch.ask, "GET", question.path)
            await asyncio.to_thread(time.sleep, 0.05)
            with log.open("rb") as written:
                written.seek(start)
                found.append(_told(written.read().decode("utf-8", "replace")))
    return found


_ENTRY: Final = re.compile(r"LOG:  duration: [\d.]+ ms  plan:\n((?:\t.*\n?)*)")
_LOGIN: Final = ("hub_login", "operator", "node_contact", "node_alarm", "hub_second_factor", "kind =", "definition")


def _told(text: str) -> list[str]:
    """Plans of the statements about documents; those of the login and of the hub's own chores are left out."""
    entries = ["\n".join(line[1:] for line in match.splitlines()) for match in _ENTRY.findall(text)]
    wanted = ("document", "verification_item", "sales_", "stock_", "cash_move")
    return [
        entry for entry in entries
        if any(name in entry for name in wanted) and not any(f"FROM {name}" in entry for name in _LOGIN)
    ]  # fmt: skip
