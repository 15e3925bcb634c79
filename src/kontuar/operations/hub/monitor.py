"""Monitor: which nodes there are, when they were last heard of, what is wrong with them, and since when (HUB-07)."""

import datetime
from collections.abc import Sequence

import msgspec

from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.alarm_rules import SEVERITY_OF, alarms_on
from kontuar.operations.ports.hub_lists import (
    Alarm,
    AlarmBook,
    AlarmFilter,
    AuditEntry,
    AuditShelf,
    Contact,
    MonitorShelf,
    NodeRow,
)

MAX_NOTE = 500


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
    return [NodeState(node=row, alarms=alarms_on(row, now)) for row in rows]


def watch(shelf: MonitorShelf, book: AlarmBook, now: datetime.datetime) -> None:
    """Begin and end alarms as things are; called by a timer."""
    current = {(state.node.store, state.node.node, code) for state in states(shelf, now) for code in state.alarms}
    with book.transaction():
        known = {(alarm.store, alarm.node, alarm.code): alarm for alarm in book.open()}
        for store, node, code in sorted(current - known.keys()):
            book.begin(store, node, code, SEVERITY_OF[code], now)
        for key in known.keys() - current:
            book.end(known[key].alarm_id, now)


def alarms(book: AlarmBook, actor: Actor, wanted: AlarmFilter) -> Sequence[Alarm]:
    """Alarms with their history, newest first. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with book.transaction():
        return book.page(wanted)


def open_alarms(book: AlarmBook) -> Sequence[Alarm]:
    """What is on now; for metrics and the dashboard."""
    with book.transaction():
        return book.open()


def acknowledge(
    book: AlarmBook, log: AuditShelf, actor: Actor, alarm_id: int, note: str, now: datetime.datetime
) -> Alarm:
    """Somebody looks after an alarm; the second is told who was first.

    Raises `Refused("alarm.not_found" | "alarm.acknowledged" | "alarm.ended")`. Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    with book.transaction():
        alarm = book.find(alarm_id)
        if alarm.ended_at is not None:
            raise refuse("alarm.ended")
        if alarm.acknowledged_at is not None:
            raise refuse("alarm.acknowledged", by=alarm.acknowledged_by)
        book.acknowledge(alarm_id, actor.operator, note.strip()[:MAX_NOTE], now)
        facts = {"code": alarm.code, "note": note.strip()[:MAX_NOTE]}
        log.add(
            AuditEntry(
                operator=actor.operator, at=now, action="alarm.acknowledge", store=alarm.store, subject=alarm.node,
                facts=facts,
            )
        )  # fmt: skip
        return book.find(alarm_id)
