"""Screens of the hub: every node, one row each, and alarms with their history (HUB-07)."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.hub import monitor, verification
from kontuar.operations.hub.alarm_rules import SEVERITIES, SEVERITY_OF
from kontuar.operations.hub.monitor import NodeState
from kontuar.operations.ports.hub_lists import Alarm, AlarmFilter
from kontuar.web.http import language_of
from kontuar.web.hub.documents import columns_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_document_parts import PARTS, ROWS_PER_PAGE, HubDocumentParts
from kontuar.web.i18n import Texts, texts

COLUMNS: Final = (
    ("node", "Node", "main", False),
    ("state", "State", "", False),
    ("kind", "Kind", "", False),
    ("store", "Store", "", False),
    ("seen", "Last seen", "", False),
    ("held", "Stream position", "num", False),
    ("behind", "Not sent", "num", False),
    ("oldest", "Oldest not sent", "", True),
    ("unbooked", "Not booked yet", "num", True),
    ("parked", "Parked", "num", False),
    ("definitions", "Definitions", "num", True),
    ("skew", "Clock", "num", True),
    ("build", "Program", "", True),
)
ALARM_COLUMNS: Final = (
    ("alarm", "Alarm", "main", False),
    ("node", "Node", "", False),
    ("store", "Store", "", False),
    ("began", "Since", "", False),
    ("ended", "Until", "", False),
    ("who", "Looked after by", "", False),
)
ALARMS: Final = {
    "node.books_faulty": "Its books do not hold",
    "hub.books_faulty": "Head office's books of the store do not hold",
    "node.closed": "Closed: issues nothing any more",
    "node.never_seen": "Never heard of",
    "node.silent": "Silent",
    "node.away": "Silent for more than a day",
    "node.clock_wrong": "Clock is wrong",
    "node.ahead_of_hub": "Holds more than head office",
    "node.messages_lost": "Messages were lost with its old disk",
    "node.digests_differ": "Holds messages otherwise than the node above",
    "node.protocol_refused": "Its program is too old or too new to be understood",
    "node.kinds_unknown": "Does not know new definitions: its store is not given them",
    "node.messages_newer": "Writes messages that head office cannot read yet",
    "node.certificate_disputed": "Its series was given to another machine",
    "node.certificate_adopted": "Head office had forgotten its certificate and took it in again",
    "node.backup_late": "Its last backup is late",
    "node.parked": "Documents to verify",
    "node.queue_long": "Much is not sent yet",
    "node.unbooked": "Much is not booked yet",
    "node.definitions_old": "Works with old definitions",
    "node.program_old": "Another version of the program",
}
SEVERITY_NAMES: Final = {"urgent": "Urgent", "warning": "Warning", "notice": "Notice"}
KINDS: Final = {"station": "Station", "agent": "Agent"}
ALARM_STATES: Final = (("", "All alarms"), ("open", "On"), ("ended", "Over"))


@get("/monitor", include_in_schema=False, dependencies=PARTS)
async def show_monitor(request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor) -> Response[str]:
    states = await documents.run(monitor.nodes, documents.monitor, actor, documents.clock.now())
    waiting = await documents.run(verification.open_count, documents.verification)
    alarms = await documents.run(monitor.open_alarms, documents.alarms)
    words = texts(language_of(request))
    return page(
        request,
        "hub/monitor.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[_listed(state, words) for state in sorted(states, key=_worst_first)],
        nodes=len(states),
        alarmed=sum(1 for state in states if state.alarms),
        waiting=waiting,
        alarms=[alarm_shown(alarm, words) for alarm in sorted(alarms, key=lambda alarm: rank_of(alarm.severity))],
        may_acknowledge=rights.VERIFY in actor.rights,
    )


@get("/monitor/alarms", include_in_schema=False, dependencies=PARTS)
async def show_alarms(
    request: Request[Any, Any, Any],
    documents: HubDocumentParts,
    actor: Actor,
    store: str = "",
    node: str = "",
    after: str = "",
) -> Response[str]:
    chosen = {"store": store, "node": node, "state": request.query_params.get("state", "")}
    wanted = AlarmFilter(**chosen, after=after, limit=ROWS_PER_PAGE)
    alarms = await documents.run(monitor.alarms, documents.alarms, actor, wanted)
    words = texts(language_of(request))
    last = {**chosen, "after": str(alarms[-1].alarm_id)} if len(alarms) == ROWS_PER_PAGE else None
    only_rows = request.headers.get("hx-request") == "true"
    return page(
        request,
        "hub/alarm_rows.jinja" if only_rows else "hub/alarms.jinja",
        actor,
        columns=columns_of(ALARM_COLUMNS, words),
        rows=[alarm_shown(alarm, words) for alarm in alarms],
        chosen=chosen,
        states=[(value, words.gettext(label)) for value, label in ALARM_STATES],
        more_url=f"/monitor/alarms?{urlencode(last)}" if last else "",
        first=not after,
    )


@post("/monitor/alarms/{alarm_id:int}/acknowledge", include_in_schema=False, dependencies=PARTS)
async def acknowledge_alarm(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, alarm_id: FromPath[int]
) -> Redirect:
    note = str((await request.form()).get("note", ""))
    now = documents.clock.now()
    await documents.run(monitor.acknowledge, documents.alarms, documents.audit, actor, alarm_id, note, now)
    return Redirect("/monitor", status_code=303)


def rank_of(severity: str) -> int:
    """0 = worst."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def alarm_shown(alarm: Alarm, words: Texts) -> dict[str, Any]:
    """An alarm as people read it."""
    who = alarm.acknowledged_by
    return {
        "key": str(alarm.alarm_id),
        "id": alarm.alarm_id,
        "severity": alarm.severity,
        "severity_text": words.gettext(SEVERITY_NAMES.get(alarm.severity, alarm.severity)),
        "text": words.gettext(ALARMS.get(alarm.code, alarm.code)),
        "node": alarm.node,
        "store": alarm.store,
        "since": words.moment(alarm.began_at),
        "until": words.moment(alarm.ended_at) if alarm.ended_at else "",
        "who": f"{who} · {alarm.note}" if who and alarm.note else who,
    }


def _worst_first(state: NodeState) -> tuple[int, str, str, str]:
    worst = min((rank_of(SEVERITY_OF[code]) for code in state.alarms), default=len(SEVERITIES))
    return worst, state.node.store, state.node.kind, state.node.node


def _listed(state: NodeState, words: Texts) -> dict[str, Any]:
    node = state.node
    named = {"node.kinds_unknown": node.unknown_kinds, "node.messages_newer": node.newer}
    alarms = [": ".join((words.gettext(ALARMS[code]), *named.get(code, ()))) for code in state.alarms]
    return {
        "key": f"{node.store}|{node.node}",
        "severity": SEVERITY_OF[state.alarms[0]] if state.alarms else "well",
        "state": " · ".join(alarms) or words.gettext("Well"),
        "cells": [
            node.node,
            "",
            words.gettext(KINDS.get(node.kind, node.kind)),
            node.store,
            words.moment(node.last_seen_at) if node.last_seen_at else "–",
            str(node.held_seq),
            str(max(node.queue_length, node.claimed_seq - node.held_seq, 0)),
            words.moment(node.oldest_unsent_at) if node.oldest_unsent_at else "–",
            str(node.held_seq - node.processed_seq),
            str(node.parked),
            f"{node.definitions_version} / {node.newest_version}",
            f"{node.clock_skew_seconds:+.0f} s",
            node.build,
        ],
    }


HANDLERS: Final = (show_monitor, show_alarms, acknowledge_alarm)
