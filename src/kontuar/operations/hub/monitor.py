"""Monitor: which nodes there are, when they were last heard of, what is wrong with them, and since when (HUB-07)."""

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import parse_instant
from kontuar.operations.actor import Actor
from kontuar.operations.hub.alarm_rules import HUB_BOOKS, SEVERITY_OF, alarms_on
from kontuar.operations.known_kinds import newer_than_ours
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
from kontuar.operations.ports.sync import HUB_NODE, Heard

MAX_NOTE = 500
MAX_BUILD = 60
MAX_KINDS = 500
_MAY_BE_UNTOLD = ("digest_faults", "kinds", "newer", "refused", "backup_late")


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """A node and what is wrong with it: codes of alarms, worst first; empty = well."""

    node: NodeRow
    alarms: tuple[str, ...]


def contact_of(news: Heard, now: datetime.datetime) -> Contact:
    """What a frame said of a node; raises `ValueError` when a time in it is none."""
    queue = news.queue
    return Contact(
        node=news.identity.node, store=news.identity.store, kind=news.identity.kind,
        incarnation=news.identity.incarnation, at=now, sent_at=parse_instant(news.sent_at) if news.sent_at else None,
        build=news.build[:MAX_BUILD], claimed_seq=news.claimed_seq, definitions_version=news.definitions_version,
        queue_length=None if queue is None else queue.length,
        oldest_unsent_at=parse_instant(queue.oldest_at) if queue is not None and queue.oldest_at else None,
        digest_faults=None if news.digests is None else news.digests.faults,
        kinds=None if news.kinds is None else tuple(sorted(news.kinds))[:MAX_KINDS],
        newer=None if news.schemas is None else newer_than_ours(news.schemas)[:MAX_KINDS], refused=news.refused,
        backup_late=news.backup_late,
    )  # fmt: skip


def joined(earlier: Contact | None, newer: Contact) -> Contact:
    """Two contacts of one beat as one: what the newer does not tell the earlier has told."""
    if earlier is None:
        return newer
    told = newer if newer.queue_length is not None else earlier
    return msgspec.structs.replace(
        newer, sent_at=newer.sent_at or earlier.sent_at, build=newer.build or earlier.build,
        claimed_seq=max(newer.claimed_seq, earlier.claimed_seq),
        definitions_version=max(newer.definitions_version, earlier.definitions_version),
        queue_length=told.queue_length, oldest_unsent_at=told.oldest_unsent_at,
        **{name: _told(getattr(newer, name), getattr(earlier, name)) for name in _MAY_BE_UNTOLD},
    )  # fmt: skip


def _told(newer: Any, earlier: Any) -> Any:
    return earlier if newer is None else newer


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
    with shelf.transaction():
        current |= {(store, HUB_NODE, HUB_BOOKS) for store in shelf.faulty_stores()}
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
