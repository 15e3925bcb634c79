"""Monitor: which nodes there are, when they were last heard of, how far behind they are (HUB-07)."""

import datetime
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_lists import Contact, MonitorShelf, NodeRow

SILENT_SECONDS: Final = 300
SKEW_SECONDS: Final = 120
"""A clock that is two minutes off warns (sync.md, clocks)."""


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """A node and what is wrong with it: codes of alarms, worst first; empty = well."""

    node: NodeRow
    alarms: tuple[str, ...]


def note_contact(shelf: MonitorShelf, contact: Contact) -> None:
    """The sync server heard of a node; call it on the database thread."""
    with shelf.transaction():
        shelf.note(contact)


def nodes(shelf: MonitorShelf, actor: Actor, now: datetime.datetime) -> Sequence[NodeState]:
    """All nodes that are certified or were heard of. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    return states(shelf, now)


def states(shelf: MonitorShelf, now: datetime.datetime) -> Sequence[NodeState]:
    """The same for metrics, which tell no names of people or documents."""
    with shelf.transaction():
        rows = shelf.nodes()
    return [NodeState(node=row, alarms=tuple(_alarms(row, now))) for row in rows]


def _alarms(row: NodeRow, now: datetime.datetime) -> list[str]:
    found: list[str] = []
    if row.closed:
        found.append("node.closed")
    if row.last_seen_at is None:
        found.append("node.never_seen")
    elif (now - row.last_seen_at).total_seconds() > SILENT_SECONDS:
        found.append("node.silent")
    if abs(row.clock_skew_seconds) > SKEW_SECONDS:
        found.append("node.clock_wrong")
    if row.claimed_seq > row.held_seq:
        found.append("node.ahead_of_hub")
    if row.parked:
        found.append("node.parked")
    return found
