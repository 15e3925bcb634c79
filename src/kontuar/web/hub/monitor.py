"""Screen of the hub: every node, one row each (HUB-07)."""

from typing import Any, Final

from litestar import Request, Response, get

from kontuar.operations import monitor, verification
from kontuar.operations.actor import Actor
from kontuar.operations.monitor import NodeState
from kontuar.web.http import language_of
from kontuar.web.hub.documents import columns_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.i18n import Texts, texts

COLUMNS: Final = (
    ("node", "Node", "main", False),
    ("state", "State", "", False),
    ("kind", "Kind", "", False),
    ("store", "Store", "", False),
    ("seen", "Last seen", "", False),
    ("held", "Stream position", "num", False),
    ("behind", "Not sent", "num", False),
    ("parked", "Parked", "num", False),
    ("definitions", "Definitions", "num", True),
    ("skew", "Clock", "num", True),
    ("build", "Program", "", True),
)
ALARMS: Final = {
    "node.closed": "Closed: issues nothing any more",
    "node.never_seen": "Never heard of",
    "node.silent": "Silent",
    "node.clock_wrong": "Clock is wrong",
    "node.ahead_of_hub": "Holds more than head office",
    "node.parked": "Documents to verify",
}
KINDS: Final = {"station": "Station", "agent": "Agent"}


@get("/monitor", include_in_schema=False, dependencies=PARTS)
async def show_monitor(request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor) -> Response[str]:
    states = await documents.run(monitor.nodes, documents.monitor, actor, documents.clock.now())
    waiting = await documents.run(verification.open_count, documents.verification)
    words = texts(language_of(request))
    return page(
        request,
        "hub/monitor.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[_listed(state, words) for state in states],
        nodes=len(states),
        alarmed=sum(1 for state in states if state.alarms),
        waiting=waiting,
    )


def _listed(state: NodeState, words: Texts) -> dict[str, Any]:
    node = state.node
    alarms = [words.gettext(ALARMS[code]) for code in state.alarms]
    return {
        "key": f"{node.store}|{node.node}",
        "well": not alarms,
        "state": " · ".join(alarms) or words.gettext("Well"),
        "cells": [
            node.node,
            "",
            words.gettext(KINDS.get(node.kind, node.kind)),
            node.store,
            words.moment(node.last_seen_at) if node.last_seen_at else "–",
            str(node.held_seq),
            str(node.queue_length),
            str(node.parked),
            f"{node.definitions_version} / {node.newest_version}",
            f"{node.clock_skew_seconds:+.0f} s",
            node.build,
        ],
    }
