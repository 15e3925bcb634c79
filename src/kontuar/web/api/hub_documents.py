"""Documents, verification, stock, reconciliation, proof and monitor over the JSON API (HUB-01)."""

import datetime
from typing import Annotated, Any

import msgspec
import prometheus_client
from litestar import Request, Response, Router, get, post, put
from litestar.di import Provide
from litestar.params import Parameter
from prometheus_client import CollectorRegistry, Gauge

from kontuar.kernel.errors import refuse
from kontuar.operations import hub_documents, monitor, stock_feed, verification
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_documents import Opening
from kontuar.operations.ports.hub_lists import DocumentFilter, ItemFilter
from kontuar.web.hub_access import OPEN
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts

MOST_OPENING_BYTES = 64 * 1024 * 1024
Text = Annotated[str, Parameter(max_length=100)]
Limit = Annotated[int, Parameter(ge=1, le=500)]


class AcceptBody(msgspec.Struct, frozen=True):
    """Why a message is booked all the same."""

    note: str


class OpeningBody(msgspec.Struct, frozen=True):
    """`written` false: exactly this was there already."""

    written: bool


def answer(content: Any, status: int = 200) -> Response[bytes]:
    """JSON; decimals as text."""
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")


@get("/documents", summary="A page of booked documents, newest first")
async def list_documents(
    parts: HubDocumentParts,
    actor: Actor,
    store: Text = "",
    station: Text = "",
    document_type: Annotated[str, Parameter(query="type", max_length=60)] = "",
    day_from: datetime.date | None = None,
    day_to: datetime.date | None = None,
    number: Text = "",
    document_state: Annotated[str, Parameter(query="state", max_length=20)] = "",
    after: Text = "",
    limit: Limit = 50,
) -> Response[bytes]:
    wanted = DocumentFilter(
        store=store, station=station, type=document_type, day_from=day_from, day_to=day_to, number=number,
        state=document_state, after=after, limit=limit,
    )  # fmt: skip
    rows = await parts.run(hub_documents.documents, parts.documents, actor, wanted)
    return answer({"rows": rows, "next": rows[-1].key if len(rows) == limit else ""})


@get("/documents/{store:str}/{doc_id:str}", summary="One document in full")
async def read_document(parts: HubDocumentParts, actor: Actor, store: str, doc_id: str) -> Response[bytes]:
    return answer(await parts.run(hub_documents.document, parts.documents, actor, store, doc_id))


@get("/verification", summary="Messages that wait for a person, oldest first")
async def list_items(
    parts: HubDocumentParts,
    actor: Actor,
    store: Text = "",
    reason: Text = "",
    item_state: Annotated[str, Parameter(query="state", max_length=20)] = "open",
    after: Text = "",
    limit: Limit = 50,
) -> Response[bytes]:
    wanted = ItemFilter(store=store, reason=reason, state=item_state, after=after, limit=limit)
    rows = await parts.run(verification.items, parts.verification, actor, wanted)
    return answer({"rows": rows, "next": str(rows[-1].item_id) if len(rows) == limit else ""})


@get("/verification/{store:str}/{message:str}", summary="One of them in full")
async def read_item(parts: HubDocumentParts, actor: Actor, store: str, message: str) -> Response[bytes]:
    return answer(await parts.run(verification.card, parts.verification, actor, store, message))


@post("/verification/{store:str}/{message:str}/retry", summary="Book it again", status_code=200)
async def retry_item(parts: HubDocumentParts, actor: Actor, store: str, message: str) -> Response[bytes]:
    now = parts.clock.now()
    item = await parts.run(verification.retry, parts.desk, parts.verification, actor, store, message, now)
    return answer(item)


@post("/verification/{store:str}/{message:str}/accept", summary="Book it with a deviation", status_code=200)
async def accept_item(
    parts: HubDocumentParts, actor: Actor, store: str, message: str, data: AcceptBody
) -> Response[bytes]:
    now = parts.clock.now()
    item = await parts.run(verification.accept, parts.desk, parts.verification, actor, store, message, data.note, now)
    return answer(item)


@get("/stock", summary="Stock figures of a store that changed since a version, with the positions they contain")
async def read_stock(
    parts: HubDocumentParts, actor: Actor, store: Text, epoch: Text = "", version: int = 0
) -> Response[bytes]:
    actor.require("hub.see")
    return answer(await parts.run(stock_feed.stock_since, parts.feeds, store, epoch, version))


@put("/stock/opening", summary="Opening stock", status_code=200, request_max_body_size=MOST_OPENING_BYTES)
async def put_opening(request: Request[Any, Any, Any], parts: HubDocumentParts, actor: Actor) -> OpeningBody:
    try:
        opening = msgspec.json.decode(await request.body(), type=Opening)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse("opening.unreadable", detail=str(error)[:200]) from None
    now = parts.clock.now()
    return OpeningBody(await parts.run(stock_feed.put_opening, parts.feeds, actor, opening, now))


@get("/reconciliation", summary="What the hub holds of a store and business day")
async def read_reconciliation(
    parts: HubDocumentParts, actor: Actor, store: Text, day: datetime.date | None = None
) -> Response[bytes]:
    return answer(await parts.bulk(hub_documents.reconciliation, parts.bulk_documents, actor, store, day))


@post("/verify-chains", summary="Hash all messages of a store's streams anew", status_code=200)
async def verify_chains(parts: HubDocumentParts, actor: Actor, store: Text = "") -> Response[bytes]:
    reports = await parts.bulk(hub_documents.verify_chains, parts.bulk_documents, actor, store, parts.seal)
    return answer({"streams": reports, "holds": all(not report.problem for report in reports)})


@get("/monitor", summary="All nodes: last seen, position, lag, alarms")
async def read_monitor(parts: HubDocumentParts, actor: Actor) -> Response[bytes]:
    return answer(await parts.run(monitor.nodes, parts.monitor, actor, parts.clock.now()))


@get("/metrics/nodes", opt=OPEN, include_in_schema=False)
async def node_metrics(parts: HubDocumentParts) -> Response[bytes]:
    """The monitor's figures for Prometheus; no names of people or documents."""
    now = parts.clock.now()
    states = await parts.run(monitor.states, parts.monitor, now)
    registry = CollectorRegistry()
    _gauges_of_nodes(registry, states, now)
    waiting = Gauge("kontuar_hub_verification_open", "Messages that wait for a person", registry=registry)
    waiting.set(await parts.run(verification.open_count, parts.verification))
    frames = Gauge("kontuar_hub_unreadable_frames", "Frames that could not be read", registry=registry)
    frames.set(await parts.run(parts.unreadable_frames))
    content = prometheus_client.generate_latest(registry)
    return Response(content, media_type=prometheus_client.CONTENT_TYPE_LATEST)


def _gauges_of_nodes(registry: CollectorRegistry, states: Any, now: datetime.datetime) -> None:
    labels = ("node", "store", "kind")
    gauges = {
        name: Gauge(f"kontuar_node_{name}", text, labels, registry=registry)
        for name, text in (
            ("silent_seconds", "Seconds since the node was heard of"),
            ("clock_skew_seconds", "How far its clock is ahead"),
            ("held_seq", "Position of its stream at the hub"),
            ("unbooked_messages", "Messages that are neither booked nor parked yet"),
            ("parked_messages", "Messages that wait for verification"),
            ("queue_length", "Messages that it has not sent yet"),
            ("alarms", "Alarms on the node"),
        )
    }
    for state in states:
        node = state.node
        if node.last_seen_at is not None:
            silent = (now - node.last_seen_at).total_seconds()
            gauges["silent_seconds"].labels(node.node, node.store, node.kind).set(silent)
        figures = {
            "clock_skew_seconds": node.clock_skew_seconds,
            "held_seq": node.held_seq,
            "unbooked_messages": node.held_seq - node.processed_seq,
            "parked_messages": node.parked,
            "queue_length": node.queue_length,
            "alarms": len(state.alarms),
        }
        for name, figure in figures.items():
            gauges[name].labels(node.node, node.store, node.kind).set(figure)


router = Router(
    "/api/v1",
    route_handlers=[
        list_documents, read_document, list_items, read_item, retry_item, accept_item, read_stock, put_opening,
        read_reconciliation, verify_chains, read_monitor,
    ],
    dependencies={"parts": Provide(provide_document_parts)},
    tags=["documents"],
)  # fmt: skip
metrics_router = Router("/", route_handlers=[node_metrics], dependencies={"parts": Provide(provide_document_parts)})
