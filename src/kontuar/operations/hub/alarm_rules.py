"""The table of alarms: what is wrong with a node, how bad it is (HUB-07). What to do stands in docs/operations.md."""

import datetime
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from kontuar import __version__
from kontuar.operations.ports.hub_lists import NodeRow

Severity = Literal["urgent", "warning", "notice"]
SEVERITIES: Final = ("urgent", "warning", "notice")

SILENT_SECONDS: Final = 300
AWAY_SECONDS: Final = 86_400
SKEW_SECONDS: Final = 120
"""A clock that is two minutes off warns (sync.md, clocks)."""
LATE_SECONDS: Final = 3_600
ADOPTED_SECONDS: Final = 7 * 86_400
MOST_UNSENT: Final = 500
MOST_UNBOOKED: Final = 1_000
VERSIONS_BEHIND: Final = 20


class AlarmRule(msgspec.Struct, frozen=True):
    """`holds(node, now)`: whether the alarm is on."""

    code: str
    severity: Severity
    holds: Callable[[NodeRow, datetime.datetime], bool]


def seconds_silent(row: NodeRow, now: datetime.datetime) -> float | None:
    """How long nothing was heard of it; None = never heard of."""
    return None if row.last_seen_at is None else (now - row.last_seen_at).total_seconds()


def _silent_for(row: NodeRow, now: datetime.datetime, least: float, most: float) -> bool:
    silent = seconds_silent(row, now)
    return silent is not None and least < silent <= most and not row.closed


def _queue_is_long(row: NodeRow, now: datetime.datetime) -> bool:
    """As of when the node was last heard of: what happened to its queue since nobody knows, and that it is silent is
    an alarm of its own."""
    oldest, known_at = row.oldest_unsent_at, row.last_seen_at or now
    is_late = oldest is not None and (known_at - oldest).total_seconds() > LATE_SECONDS
    return (row.queue_length > MOST_UNSENT or is_late) and not row.closed


def _was_adopted(row: NodeRow, now: datetime.datetime) -> bool:
    """For a week: somebody should know that head office was set up again, and what it forgot."""
    return row.adopted_at is not None and (now - row.adopted_at).total_seconds() < ADOPTED_SECONDS


RULES: Final = (
    AlarmRule("node.books_faulty", "urgent", lambda row, _: row.book_faults > 0),
    AlarmRule("node.ahead_of_hub", "urgent", lambda row, _: row.claimed_seq > row.held_seq),
    AlarmRule("node.messages_lost", "urgent", lambda row, _: row.lost > 0),
    AlarmRule("node.digests_differ", "urgent", lambda row, _: row.digest_faults > 0),
    AlarmRule("node.certificate_disputed", "urgent", lambda row, _: row.disputed > 0),
    AlarmRule("node.protocol_refused", "urgent", lambda row, _: bool(row.refused)),
    AlarmRule("node.away", "urgent", lambda row, now: _silent_for(row, now, AWAY_SECONDS, float("inf"))),
    AlarmRule("node.silent", "warning", lambda row, now: _silent_for(row, now, SILENT_SECONDS, AWAY_SECONDS)),
    AlarmRule("node.never_seen", "warning", lambda row, _: row.last_seen_at is None),
    AlarmRule("node.clock_wrong", "warning", lambda row, _: abs(row.clock_skew_seconds) > SKEW_SECONDS),
    AlarmRule("node.queue_long", "warning", _queue_is_long),
    AlarmRule("node.unbooked", "warning", lambda row, _: row.held_seq - row.processed_seq > MOST_UNBOOKED),
    AlarmRule("node.backup_late", "warning", lambda row, _: row.backup_late and not row.closed),
    AlarmRule("node.parked", "warning", lambda row, _: row.parked > 0),
    AlarmRule("node.kinds_unknown", "warning", lambda row, _: bool(row.unknown_kinds) and not row.closed),
    AlarmRule("node.messages_newer", "warning", lambda row, _: bool(row.newer)),
    AlarmRule(
        "node.definitions_old",
        "notice",
        lambda row, _: 0 < row.definitions_version < row.newest_version - VERSIONS_BEHIND,
    ),
    AlarmRule("node.program_old", "notice", lambda row, _: row.build not in ("", __version__)),
    AlarmRule("node.certificate_adopted", "notice", _was_adopted),
    AlarmRule("node.closed", "notice", lambda row, _: row.closed),
)
"""Worst first."""

HUB_BOOKS: Final = "hub.books_faulty"
"""About the books of a store as a whole, which are head office's."""
SEVERITY_OF: Final[dict[str, Severity]] = {HUB_BOOKS: "urgent", **{rule.code: rule.severity for rule in RULES}}


def alarms_on(row: NodeRow, now: datetime.datetime) -> tuple[str, ...]:
    """Codes of what is wrong with a node, worst first; empty = well."""
    return tuple(rule.code for rule in RULES if rule.holds(row, now))
