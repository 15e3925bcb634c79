"""Nodes and alarms over the JSON API, and the same as Prometheus metrics (HUB-07)."""

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import prometheus_client
from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath, Parameter
from prometheus_client import CollectorRegistry, Gauge

from kontuar.operations.actor import Actor
from kontuar.operations.hub import monitor, verification
from kontuar.operations.hub.alarm_rules import SEVERITIES
from kontuar.operations.hub.monitor import NodeState
from kontuar.operations.ports.hub_lists import Alarm, AlarmFilter
from kontuar.web.api.hub_documents import Limit, Text, answer
from kontuar.web.hub_access import OPEN
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts

_LABELS: Final = ("node", "store", "kind")
_GAUGES: Final = {
    "silent_seconds": "Seconds since the node was heard of",
    "clock_skew_seconds": "How far its clock is ahead",
    "held_seq": "Position of its stream at the hub",
    "unsent_messages": "Messages of its stream that the hub does not hold yet, as far as it knows",
    "unbooked_messages": "Messages that are neither booked nor parked yet",
    "parked_messages": "Messages that wait for verification",
    "queue_length": "Messages that it has not sent yet",
    "oldest_unsent_seconds": "Age of the oldest of them",
    "definitions_behind": "Versions of the definitions that it does not have yet",
    "book_faults": "What the last proof of its streams found",
    "lost_messages": "Messages that were written on a disk that is gone, and that nobody holds",
    "digest_faults": "Messages that it and the node above hold otherwise",
    "alarms": "Alarms on the node",
}


class NoteBody(msgspec.Struct, frozen=True):
    """What one does about an alarm; may be empty."""

    note: str = ""


@get("/monitor", summary="All nodes: last seen, position, lag, alarms")
async def read_monitor(parts: HubDocumentParts, actor: Actor) -> Response[bytes]:
    return answer(await parts.run(monitor.nodes, parts.monitor, actor, parts.clock.now()))


@get("/alarms", summary="Alarms with their history, newest first")
async def list_alarms(
    parts: HubDocumentParts,
    actor: Actor,
    store: Text = "",
    node: Text = "",
    alarm_state: Annotated[str, Parameter(query="state", max_length=20)] = "",
    after: Text = "",
    limit: Limit = 50,
) -> Response[bytes]:
    wanted = AlarmFilter(store=store, node=node, state=alarm_state, after=after, limit=limit)
    rows = await parts.run(monitor.alarms, parts.alarms, actor, wanted)
    return answer({"rows": rows, "next": str(rows[-1].alarm_id) if len(rows) == limit else ""})


@post("/alarms/{alarm_id:int}/acknowledge", summary="I look after it", status_code=200)
async def acknowledge(
    parts: HubDocumentParts, actor: Actor, alarm_id: FromPath[int], data: NoteBody
) -> Response[bytes]:
    now = parts.clock.now()
    return answer(await parts.run(monitor.acknowledge, parts.alarms, parts.audit, actor, alarm_id, data.note, now))


@get("/metrics/nodes", opt=OPEN, include_in_schema=False)
async def node_metrics(parts: HubDocumentParts) -> Response[bytes]:
    """The monitor's figures for Prometheus; no names of people or documents."""
    now = parts.clock.now()
    states = await parts.run(monitor.states, parts.monitor, now)
    registry = CollectorRegistry()
    _gauges_of_nodes(registry, states, now)
    _gauges_of_alarms(registry, await parts.run(monitor.open_alarms, parts.alarms))
    waiting = Gauge("kontuar_hub_verification_open", "Messages that wait for a person", registry=registry)
    waiting.set(await parts.run(verification.open_count, parts.verification))
    frames = Gauge("kontuar_hub_unreadable_frames", "Frames that could not be read", registry=registry)
    frames.set(await parts.run(parts.unreadable_frames))
    content = prometheus_client.generate_latest(registry)
    return Response(content, media_type=prometheus_client.CONTENT_TYPE_LATEST)


def _gauges_of_nodes(registry: CollectorRegistry, states: Sequence[NodeState], now: datetime.datetime) -> None:
    gauges = {name: Gauge(f"kontuar_node_{name}", text, _LABELS, registry=registry) for name, text in _GAUGES.items()}
    for state in states:
        node = state.node
        figures: dict[str, float] = {
            "clock_skew_seconds": node.clock_skew_seconds,
            "held_seq": node.held_seq,
            "unsent_messages": max(0, node.claimed_seq - node.held_seq),
            "unbooked_messages": node.held_seq - node.processed_seq,
            "parked_messages": node.parked,
            "queue_length": node.queue_length,
            "definitions_behind": max(0, node.newest_version - node.definitions_version),
            "book_faults": node.book_faults,
            "lost_messages": node.lost,
            "digest_faults": node.digest_faults,
            "alarms": len(state.alarms),
        }
        if node.last_seen_at is not None:
            figures["silent_seconds"] = (now - node.last_seen_at).total_seconds()
        if node.oldest_unsent_at is not None:
            figures["oldest_unsent_seconds"] = (now - node.oldest_unsent_at).total_seconds()
        for name, figure in figures.items():
            gauges[name].labels(node.node, node.store, node.kind).set(figure)


def _gauges_of_alarms(registry: CollectorRegistry, alarms: Sequence[Alarm]) -> None:
    gauge = Gauge("kontuar_hub_alarms", "Alarms that are on", ("severity", "acknowledged"), registry=registry)
    counted = Counter((alarm.severity, "yes" if alarm.acknowledged_at else "no") for alarm in alarms)
    for severity in SEVERITIES:
        for answered in ("no", "yes"):
            gauge.labels(severity, answered).set(counted[severity, answered])


router = Router(
    "/api/v1",
    route_handlers=[read_monitor, list_alarms, acknowledge],
    dependencies={"parts": Provide(provide_document_parts)},
    tags=["monitor"],
)
metrics_router = Router("/", route_handlers=[node_metrics], dependencies={"parts": Provide(provide_document_parts)})
