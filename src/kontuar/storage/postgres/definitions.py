"""The hub's definitions in PostgreSQL: rows, history, what is claimed, checksums of every store's view."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from kontuar.operations.ports.hub_definitions import (
    Author,
    ChangedRow,
    Claim,
    KnownRow,
    PastRow,
    PreparedRow,
    RowKey,
    RunningVersion,
    Scope,
    StoredRow,
    VersionRow,
)
from kontuar.storage.postgres.engine import HubConnection, HubDatabase

EVERYWHERE = "*"
_MODULUS = 2**64
_HALF = 2**63

_INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_definition (
    kind text COLLATE "C", key text COLLATE "C", body bytea, checksum bigint, scope text[], refers text[], find text
) ON COMMIT DELETE ROWS"""

_COPY = "COPY incoming_definition (kind, key, body, checksum, scope, refers, find) FROM STDIN (FORMAT binary)"
_COPY_TYPES = ["text", "text", "bytea", "int8", "text[]", "text[]", "text"]

_UPSERT = """
INSERT INTO definition AS d (kind, key, version, body, checksum, scope, ever_scope, refers, find)
SELECT kind, key, %s, body, checksum, scope, scope, refers, find FROM incoming_definition
ON CONFLICT (kind, key) DO UPDATE SET
    version = excluded.version, body = excluded.body, checksum = excluded.checksum, scope = excluded.scope,
    ever_scope = CASE
        WHEN d.ever_scope IS NULL OR excluded.scope IS NULL THEN NULL
        WHEN d.ever_scope @> excluded.scope THEN d.ever_scope
        ELSE ARRAY(SELECT DISTINCT unnest(d.ever_scope || excluded.scope)) END,
    removed = false, refers = excluded.refers, find = excluded.find"""

_HISTORY = """
INSERT INTO definition_history (kind, key, version, body, scope, changed_at, changed_by)
SELECT kind, key, %s, body, scope, %s, %s FROM incoming_definition"""

_REMOVE = """
UPDATE definition d SET removed = true, version = %s, body = '', checksum = 0, refers = '{}'
FROM unnest(%s::text[], %s::text[]) AS gone (kind, key)
WHERE d.kind = gone.kind AND d.key = gone.key AND NOT d.removed"""

_REMOVED_HISTORY = """
INSERT INTO definition_history (kind, key, version, body, scope, changed_at, changed_by)
SELECT kind, key, %s, NULL, NULL, %s, %s FROM unnest(%s::text[], %s::text[]) AS gone (kind, key)"""

_SPREAD = """
UPDATE definition d SET version = %(version)s, scope = %(scope)s, ever_scope = CASE
    WHEN d.ever_scope IS NULL OR %(scope)s::text[] IS NULL THEN NULL
    ELSE ARRAY(SELECT DISTINCT unnest(d.ever_scope || %(scope)s::text[])) END
WHERE d.kind = %(kind)s AND NOT d.removed AND d.refers @> ARRAY[%(reference)s]
  AND d.scope IS DISTINCT FROM %(scope)s::text[]
RETURNING d.kind, d.key, d.body"""

_SPREAD_SUMS = """
SELECT scope, sum(checksum), count(*) FROM definition d
WHERE d.kind = %(kind)s AND NOT d.removed AND d.refers @> ARRAY[%(reference)s]
  AND d.scope IS DISTINCT FROM %(scope)s::text[]
GROUP BY scope"""

_REFERRING = """
SELECT DISTINCT ON (target) target, kind, key FROM definition d, unnest(refers) AS target
WHERE refers && %(targets)s AND target = ANY(%(targets)s) AND NOT removed
  AND NOT EXISTS (SELECT 1 FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS leaving (kind, key)
                  WHERE leaving.kind = d.kind AND leaving.key = d.key)
ORDER BY target, kind, key"""

_PAGE = """
SELECT kind, key, version, body, scope FROM definition
WHERE kind = %s AND NOT removed AND key > %s AND (%s = '' OR find LIKE %s OR (%s > 0 AND split_part(key, '|', %s) IN
       (SELECT a.key FROM definition a WHERE a.kind = 'article' AND NOT a.removed AND a.find LIKE %s)))
  AND (%s::text[] = '{}' OR refers @> %s::text[])
ORDER BY key LIMIT %s"""

_ROWS_THEN = """
SELECT kind, key, version, body, scope FROM (
    SELECT DISTINCT ON (key) kind, key, version, body, scope FROM definition_history
    WHERE kind = %s AND version <= %s AND (%s::text[] IS NULL OR key = ANY(%s)) ORDER BY key, version DESC
) latest WHERE body IS NOT NULL ORDER BY key"""

# Written as in the index of 0029: stores have tens of thousands of discounts, and few bundles among them.
_BUNDLES_SENT = """
SELECT kind, key, version, body, scope FROM definition
WHERE kind = 'discount' AND NOT removed AND scope IS DISTINCT FROM '{}'::text[]
  AND position('"source":"BUNDLE"'::bytea IN body) > 0 ORDER BY key"""

_ARTICLE_IN_KEY = {"price": 2, "quick_favourite": 1}
"""Kinds that people look for by what their article is called: which part of the key is its code."""

_LIST_VERSION = """
INSERT INTO definition_version (version, made_at, made_by, rows, kinds, withdraws)
SELECT version, max(changed_at), max(changed_by), count(*), array_agg(DISTINCT kind ORDER BY kind), %s
FROM definition_history WHERE version = %s GROUP BY version"""

_VERSIONS = """
SELECT version, made_at, made_by, rows, kinds, withdraws FROM definition_version
WHERE (%s = 0 OR version < %s) ORDER BY version DESC LIMIT %s"""

_CHANGES = """
SELECT h.kind, h.key, earlier.body, h.body, CASE WHEN d.removed THEN NULL ELSE d.body END, d.version, latest.changed_by
FROM definition_history h
JOIN definition d ON d.kind = h.kind AND d.key = h.key
LEFT JOIN LATERAL (SELECT e.body FROM definition_history e WHERE e.kind = h.kind AND e.key = h.key
                   AND e.version < h.version ORDER BY e.version DESC LIMIT 1) earlier ON true
LEFT JOIN LATERAL (SELECT l.changed_by FROM definition_history l WHERE l.kind = h.kind AND l.key = h.key
                   ORDER BY l.version DESC LIMIT 1) latest ON true
WHERE h.version = %s ORDER BY h.kind, h.key LIMIT %s"""


class PostgresDefinitions:
    """The `DefinitionStore` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    @property
    def _connection(self) -> HubConnection:
        return self._database.connection

    def next_version(self) -> int:
        row = self._connection.execute("SELECT version FROM definition_feed FOR UPDATE").fetchone()
        assert row is not None
        return int(row[0]) + 1

    def commit_version(self, version: int, withdraws: int = 0) -> None:
        self._connection.execute("UPDATE definition_feed SET version = %s", [version])
        self._connection.execute(_LIST_VERSION, [withdraws or None, version])

    # ---- what is there ----

    def known(self, keys: Collection[RowKey]) -> Mapping[RowKey, KnownRow]:
        found = self._connection.execute(
            "SELECT d.kind, d.key, d.checksum, d.scope FROM definition d "
            "JOIN unnest(%s::text[], %s::text[]) AS wanted (kind, key) USING (kind, key) WHERE NOT d.removed",
            _columns(keys),
        )
        return {(kind, key): KnownRow(checksum % _MODULUS, _scope(scope)) for kind, key, checksum, scope in found}

    def rows(self, kind: str, keys: Collection[str] | None = None) -> Sequence[StoredRow]:
        found = self._connection.execute(
            "SELECT kind, key, version, body, scope FROM definition "
            "WHERE kind = %s AND NOT removed AND (%s::text[] IS NULL OR key = ANY(%s)) ORDER BY key",
            [kind, *[None if keys is None else list(keys)] * 2],
        )
        return [_stored(row) for row in found]

    def newest(self) -> tuple[str, int]:
        row = self._connection.execute("SELECT epoch, version FROM definition_feed").fetchone()
        assert row is not None, "the migrations make the feed's row"
        return row[0], int(row[1])

    def rows_then(self, kind: str, version: int, keys: Collection[str] | None = None) -> Sequence[StoredRow]:
        wanted = None if keys is None else list(keys)
        return [_stored(row) for row in self._connection.execute(_ROWS_THEN, [kind, version, wanted, wanted])]

    def codes_with_versions(self, kind: str) -> set[str]:
        found = self._connection.execute(
            "SELECT DISTINCT split_part(key, '|', 1) FROM definition WHERE kind = %s AND NOT removed", [kind]
        )
        return {code for (code,) in found}

    def claimed(self, claims: Collection[Claim]) -> Mapping[Claim, RowKey]:
        found = self._connection.execute(
            "SELECT what, value, kind, key FROM definition_claim "
            "JOIN unnest(%s::text[], %s::text[]) AS wanted (what, value) USING (what, value)",
            _columns(claims),
        )
        return {(what, value): (kind, key) for what, value, kind, key in found}

    def referring(self, targets: Collection[str], leaving: Collection[RowKey]) -> Mapping[str, RowKey]:
        kinds, keys = _columns(leaving)
        found = self._connection.execute(_REFERRING, {"targets": list(targets), "kinds": kinds, "keys": keys})
        return {target: (kind, key) for target, kind, key in found}

    def page(self, kind: str, after: str, text: str, limit: int, refers: str = "") -> Sequence[StoredRow]:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        wanted = [refers] if refers else []
        named = _ARTICLE_IN_KEY.get(kind, 0)
        values = [kind, after, text, pattern, named, max(named, 1), pattern, wanted, wanted, limit]
        found = self._connection.execute(_PAGE, values)
        return [_stored(row) for row in found]

    def naming(self, kind: str, references: Collection[str]) -> Sequence[StoredRow]:
        found = self._connection.execute(
            "SELECT kind, key, version, body, scope FROM definition "
            "WHERE kind = %s AND refers && %s::text[] AND NOT removed ORDER BY key",
            [kind, sorted(references)],
        )
        return [_stored(row) for row in found]

    def bundles_sent(self) -> Sequence[StoredRow]:
        return [_stored(row) for row in self._connection.execute(_BUNDLES_SENT)]

    def beneath(self, kind: str, prefix: str) -> Sequence[StoredRow]:
        found = self._connection.execute(
            "SELECT kind, key, version, body, scope FROM definition "
            "WHERE kind = %s AND key >= %s AND starts_with(key, %s) AND NOT removed ORDER BY key",
            [kind, prefix, prefix],
        )
        return [_stored(row) for row in found]

    def versions(self, before: int, limit: int) -> Sequence[VersionRow]:
        found = self._connection.execute(_VERSIONS, [before, before, limit])
        return [
            VersionRow(version=version, made_at=at, made_by=by, rows=rows, kinds=tuple(kinds), withdraws=withdraws or 0)
            for version, at, by, rows, kinds, withdraws in found
        ]

    def changes_of(self, version: int, limit: int) -> Sequence[ChangedRow]:
        found = self._connection.execute(_CHANGES, [version, limit])
        return [
            ChangedRow(
                kind=kind, key=key, before=_body(before), after=_body(after), today=_body(today), last_version=last,
                last_by=by,
            )
            for kind, key, before, after, today, last, by in found
        ]  # fmt: skip

    def running_versions(self) -> Sequence[RunningVersion]:
        found = self._connection.execute(
            "SELECT node, store, kind, definitions_version, last_seen_at FROM node_contact ORDER BY store, node"
        )
        return [
            RunningVersion(node=node, store=store, kind=kind, version=version, seen_at=at)
            for node, store, kind, version, at in found
        ]

    def count(self, kind: str) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM definition WHERE kind = %s AND NOT removed", [kind]
        ).fetchone()
        assert row is not None
        return int(row[0])

    def history(self, kind: str, key: str) -> Sequence[PastRow]:
        found = self._connection.execute(
            "SELECT version, body, changed_at, changed_by FROM definition_history "
            "WHERE kind = %s AND key = %s ORDER BY version DESC LIMIT 500",
            [kind, key],
        )
        return [
            PastRow(version=version, body=None if body is None else bytes(body), changed_at=at, changed_by=by)
            for version, body, at, by in found
        ]

    # ---- changes ----

    def write(
        self, version: int, rows: Sequence[PreparedRow], before: Mapping[RowKey, KnownRow], author: Author
    ) -> None:
        self._connection.execute(_INCOMING)
        self._connection.execute("TRUNCATE incoming_definition")
        with self._connection.cursor().copy(_COPY) as copy:
            copy.set_types(_COPY_TYPES)
            for row in rows:
                scope = None if row.scope is None else list(row.scope)
                copy.write_row((row.kind, row.key, row.body, _signed(row.checksum), scope, list(row.refers), row.find))
        self._connection.execute(_UPSERT, [version])
        self._connection.execute(_HISTORY, [version, author.at, author.operator])
        self._claim(rows)
        changes = _Changes()
        for row in rows:
            known = before.get((row.kind, row.key))
            if known is not None:
                changes.take_away(known.scope, known.checksum)
            changes.add(row.scope, row.checksum)
        self._apply(changes)

    def remove(self, version: int, keys: Collection[RowKey], author: Author) -> None:
        before = self.known(keys)
        kinds, names = _columns(before)
        self._connection.execute(_REMOVE, [version, kinds, names])
        self._connection.execute(_REMOVED_HISTORY, [version, author.at, author.operator, kinds, names])
        self._release(kinds, names)
        changes = _Changes()
        for known in before.values():
            changes.take_away(known.scope, known.checksum)
        self._apply(changes)

    def spread_scope(self, version: int, kind: str, reference: str, scope: Scope, author: Author) -> None:
        facts = {
            "version": version,
            "kind": kind,
            "reference": reference,
            "scope": None if scope is None else list(scope),
        }
        changes = _Changes()
        for old, checksum, count in self._connection.execute(_SPREAD_SUMS, facts).fetchall():
            changes.take_away(_scope(old), int(checksum), count)
            changes.add(scope, int(checksum), count)
        self._connection.execute(
            f"WITH touched AS ({_SPREAD}) "
            "INSERT INTO definition_history (kind, key, version, body, scope, changed_at, changed_by) "
            "SELECT kind, key, %(version)s, body, %(scope)s, %(at)s, %(by)s FROM touched",
            {**facts, "at": author.at, "by": author.operator},
        )
        self._apply(changes)

    def _claim(self, rows: Sequence[PreparedRow]) -> None:
        claiming = [row for row in rows if row.claims]
        # Also rows that claimed something before and claim nothing now let go of it.
        self._release(*_columns([(row.kind, row.key) for row in rows]))
        if not claiming:
            return
        copy_claims = "COPY definition_claim (what, value, kind, key) FROM STDIN"
        with self._connection.cursor().copy(copy_claims) as copy:
            for row in claiming:
                for what, value in row.claims:
                    copy.write_row((what, value, row.kind, row.key))

    def _release(self, kinds: list[str], names: list[str]) -> None:
        self._connection.execute(
            "DELETE FROM definition_claim c USING unnest(%s::text[], %s::text[]) AS gone (kind, key) "
            "WHERE c.kind = gone.kind AND c.key = gone.key",
            [kinds, names],
        )

    def _apply(self, changes: "_Changes") -> None:
        scopes = sorted(changes.sums.keys() | changes.counts.keys())
        self._connection.execute(
            "INSERT INTO definition_checksum AS c (scope, checksum, rows) "
            "SELECT * FROM unnest(%s::text[], %s::numeric[], %s::bigint[]) "
            "ON CONFLICT (scope) DO UPDATE SET rows = c.rows + excluded.rows, "
            f"checksum = mod(c.checksum + excluded.checksum, {_MODULUS})",
            [
                scopes,
                [changes.sums[scope] % _MODULUS for scope in scopes],
                [changes.counts[scope] for scope in scopes],
            ],
        )


class _Changes:
    """What a write does to the checksums and row counts of the scopes."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = defaultdict(int)
        self.counts: dict[str, int] = defaultdict(int)

    def add(self, scope: Scope, checksum: int, count: int = 1) -> None:
        for name in (EVERYWHERE,) if scope is None else scope:
            self.sums[name] += checksum
            self.counts[name] += count

    def take_away(self, scope: Scope, checksum: int, count: int = 1) -> None:
        self.add(scope, -checksum, -count)


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    left: list[str] = []
    right: list[str] = []
    for one, other in pairs:
        left.append(one)
        right.append(other)
    return left, right


def _signed(checksum: int) -> int:
    return checksum - _MODULUS if checksum >= _HALF else checksum


def _scope(stored: list[str] | None) -> Scope:
    return None if stored is None else tuple(stored)


def _body(stored: Any) -> bytes | None:
    return None if stored is None else bytes(stored)


def _stored(row: tuple[Any, ...]) -> StoredRow:
    kind, key, version, body, scope = row
    return StoredRow(kind=kind, key=key, version=version, body=bytes(body), scope=_scope(scope))
