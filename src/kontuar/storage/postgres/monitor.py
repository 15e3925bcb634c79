"""Contacts with nodes in PostgreSQL."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from kontuar.operations.ports.hub_lists import Contact, NodeRow
from kontuar.storage.postgres.engine import HubDatabase

_NOTE = """
INSERT INTO node_contact AS c (node, store, kind, incarnation, last_seen_at, build, clock_skew_ms, claimed_seq,
  definitions_version, queue_length, oldest_unsent_at, digest_faults, kinds, newer, refused,
  backup_late)
VALUES (%(node)s, %(store)s, %(kind)s, %(incarnation)s, %(at)s, %(build)s, coalesce(%(skew)s::bigint, 0), %(claimed)s,
  %(version)s, coalesce(%(queue)s::bigint, 0), %(oldest)s,
  coalesce(%(digests)s::bigint, 0), %(kinds)s::text[], coalesce(%(newer)s::text[], '{}'),
  coalesce(%(refused)s::text, ''), coalesce(%(backup_late)s::boolean, false))
ON CONFLICT (store, node) DO UPDATE
SET kind = excluded.kind, incarnation = excluded.incarnation,
    last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at),
    build = CASE WHEN excluded.build = '' THEN c.build ELSE excluded.build END,
    clock_skew_ms = coalesce(%(skew)s::bigint, c.clock_skew_ms),
    queue_length = coalesce(%(queue)s::bigint, c.queue_length),
    oldest_unsent_at = CASE WHEN %(queue)s::bigint IS NULL THEN c.oldest_unsent_at ELSE excluded.oldest_unsent_at END,
    claimed_seq = CASE WHEN c.incarnation = excluded.incarnation THEN greatest(c.claimed_seq, excluded.claimed_seq)
                       ELSE excluded.claimed_seq END,
    definitions_version = greatest(c.definitions_version, excluded.definitions_version),
    digest_faults = coalesce(%(digests)s::bigint, c.digest_faults), kinds = coalesce(%(kinds)s::text[], c.kinds),
    newer = coalesce(%(newer)s::text[], c.newer), refused = coalesce(%(refused)s::text, c.refused),
    backup_late = coalesce(%(backup_late)s::boolean, c.backup_late)
WHERE NOT EXISTS (
  SELECT 1 FROM node_certificate k JOIN node_certificate e ON e.node = k.node
  WHERE k.node = c.node AND k.incarnation = c.incarnation AND e.incarnation = excluded.incarnation
    AND e.ordinal < k.ordinal)"""
"""Claims of an earlier life, which its agent still relays, or an old machine that came back, say nothing of the node as
it is now: else it would be shown as closed, and alarm, for ever (REL-13)."""

_NODES = """
WITH certified AS (
  SELECT DISTINCT ON (node) node, store, kind, incarnation, revoked_at IS NOT NULL AS revoked
  FROM node_certificate k WHERE kind <> 'hub' AND (certified_by = '' OR EXISTS (
    SELECT 1 FROM stream s WHERE s.origin = k.node AND s.incarnation = k.incarnation)) -- no spare that never spoke
  ORDER BY node, ordinal DESC
), parked AS (
  SELECT store, origin, count(*) AS messages FROM verification_item WHERE state = 'parked' GROUP BY store, origin
)
SELECT coalesce(k.node, c.node), coalesce(k.store, c.store), coalesce(k.kind, c.kind),
       coalesce(c.incarnation, k.incarnation), c.last_seen_at, coalesce(c.build, ''), coalesce(c.clock_skew_ms, 0),
       coalesce(s.seq, 0), coalesce(s.processed_seq, 0), coalesce(c.claimed_seq, 0), coalesce(c.definitions_version, 0),
       (SELECT version FROM definition_feed), coalesce(c.queue_length, 0), c.oldest_unsent_at, coalesce(p.messages, 0),
       coalesce(s.closed, k.revoked, false), coalesce(b.faults, 0), coalesce(l.messages, 0),
       coalesce(c.digest_faults, 0), c.kinds, coalesce(c.newer, '{}'), coalesce(c.refused, ''),
       coalesce(c.backup_late, false), a.adopted_at, coalesce(d.disputed, 0)
FROM certified k FULL JOIN node_contact c ON c.node = k.node AND c.store = k.store
LEFT JOIN stream s ON s.origin = coalesce(k.node, c.node) AND s.incarnation = coalesce(c.incarnation, k.incarnation)
LEFT JOIN parked p ON p.store = coalesce(k.store, c.store) AND p.origin = coalesce(k.node, c.node)
LEFT JOIN (SELECT store, origin, sum(faults)::bigint AS faults FROM stream_proof WHERE faults > 0 AND origin <> ''
           GROUP BY store, origin) b ON b.store = coalesce(k.store, c.store) AND b.origin = coalesce(k.node, c.node)
LEFT JOIN (SELECT w.store, w.origin, sum(w.seq - coalesce(t.seq, 0))::bigint AS messages FROM witnessed_life w
           LEFT JOIN stream t ON t.origin = w.origin AND t.incarnation = w.incarnation
           WHERE w.seq > coalesce(t.seq, 0) GROUP BY w.store, w.origin) l
  ON l.store = coalesce(k.store, c.store) AND l.origin = coalesce(k.node, c.node)
LEFT JOIN (SELECT node, max(adopted_at) AS adopted_at FROM node_certificate WHERE adopted_at IS NOT NULL
           GROUP BY node) a ON a.node = coalesce(k.node, c.node)
LEFT JOIN (SELECT t.node, count(*) AS disputed FROM disputed_certificate t
           WHERE NOT EXISTS (SELECT 1 FROM node_certificate e WHERE e.node = t.node AND e.ordinal > t.ordinal
             AND (e.certified_by = '' OR EXISTS (
               SELECT 1 FROM stream s WHERE s.origin = e.node AND s.incarnation = e.incarnation)))
           GROUP BY t.node) d ON d.node = coalesce(k.node, c.node)
ORDER BY 2, 3, 1"""
"""A dispute over an ordinal or a series is over when a later life of the node has both to itself."""
_KINDS_COLUMN = 19


_KINDS_TOLD = """
SELECT c.node, c.kinds FROM node_contact c WHERE c.store = %s AND c.kinds IS NOT NULL
  AND EXISTS (SELECT 1 FROM node_certificate k WHERE k.node = c.node AND k.store = c.store AND k.revoked_at IS NULL)"""

_KINDS_IN_USE = """
WITH RECURSIVE used (kind) AS (
  SELECT min(kind) FROM definition
  UNION ALL SELECT (SELECT min(d.kind) FROM definition d WHERE d.kind > used.kind) FROM used WHERE used.kind IS NOT NULL
) SELECT kind FROM used WHERE kind IS NOT NULL"""


class PostgresMonitorShelf:
    """The `MonitorShelf` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def note(self, contact: Contact) -> None:
        sent_at = contact.sent_at
        skew = None if sent_at is None else round((sent_at - contact.at).total_seconds() * 1000)
        self._database.connection.execute(
            _NOTE,
            {"node": contact.node, "store": contact.store, "kind": contact.kind, "incarnation": contact.incarnation,
             "at": contact.at, "build": contact.build, "skew": skew, "claimed": contact.claimed_seq,
             "version": contact.definitions_version, "queue": contact.queue_length,
             "oldest": contact.oldest_unsent_at, "digests": contact.digest_faults, "kinds": _listed(contact.kinds),
             "newer": _listed(contact.newer), "refused": contact.refused, "backup_late": contact.backup_late},
        )  # fmt: skip

    def nodes(self) -> Sequence[NodeRow]:
        rows = self._database.connection.execute(_NODES).fetchall()
        used = self._kinds_in_use() if any(row[_KINDS_COLUMN] is not None for row in rows) else frozenset()
        return [
            NodeRow(
                node=node, store=store, kind=kind, incarnation=life, last_seen_at=seen, build=build,
                clock_skew_seconds=skew / 1000, held_seq=held, processed_seq=processed, claimed_seq=claimed,
                definitions_version=version, newest_version=newest, queue_length=queue, oldest_unsent_at=oldest,
                parked=parked, closed=closed, book_faults=faults, lost=lost, digest_faults=differ,
                unknown_kinds=() if kinds is None else tuple(sorted(used - set(kinds))), newer=tuple(newer),
                refused=refused, backup_late=backup_late, adopted_at=adopted_at, disputed=disputed,
            )
            for (node, store, kind, life, seen, build, skew, held, processed, claimed, version, newest, queue, oldest,
                 parked, closed, faults, lost, differ, kinds, newer, refused, backup_late, adopted_at, disputed) in rows
        ]  # fmt: skip

    def kinds_told(self, store: str) -> Mapping[str, frozenset[str]]:
        """Kinds of definitions that each running node of a store said to know."""
        rows = self._database.connection.execute(_KINDS_TOLD, [store]).fetchall()
        return {node: frozenset(kinds) for node, kinds in rows}

    def _kinds_in_use(self) -> frozenset[str]:
        """One step of the index for each."""
        return frozenset(row[0] for row in self._database.connection.execute(_KINDS_IN_USE).fetchall())

    def faulty_stores(self) -> Sequence[str]:
        query = "SELECT store FROM stream_proof WHERE faults > 0 AND origin = '' ORDER BY store"
        return [row[0] for row in self._database.connection.execute(query).fetchall()]


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)
