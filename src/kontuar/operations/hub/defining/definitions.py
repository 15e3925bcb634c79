"""Definitions are written and read at the hub: all of a write or nothing, one version per write (HUB-02, HUB-03)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from kontuar.domain.definitions.kinds import KINDS, Kind
from kontuar.domain.parties.rights import DEFINE, SEE_HUB
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.sorting import search_key
from kontuar.kernel.time import Clock
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.changes import RowsRefused, judge, write_change
from kontuar.operations.hub.defining.rules import candidate
from kontuar.operations.ports.hub_definitions import Author, DefinitionStore, KnownRow, PastRow, RowKey, StoredRow

__all__ = ["Definitions", "RowsRefused", "Written", "placed"]

MOST_ROWS_PER_PAGE = 500
MOST_ROWS_PER_WRITE = 500_000


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a write did: the firm-wide version after it and how many rows were really different."""

    version: int
    changed: int


class Definitions:
    """What one can ask about definitions at the hub. `announce` is called when a new version is durable."""

    def __init__(self, store: DefinitionStore, clock: Clock, announce: Callable[[], None] = lambda: None) -> None:
        self.store = store
        self._clock = clock
        self.announce = announce

    def put_rows(
        self, actor: Actor, rows: Sequence[tuple[str, Any]], expected: Mapping[RowKey, int] = MappingProxyType({})
    ) -> Written:
        """Write (kind, record) rows: all or none, as one version; equal content makes no version.

        `expected`: the version that the writer saw of some rows (0 = none), see `put_one`. Raises `Refused` with every
        problem, its place `KIND:KEY` and the fact `field`.
        """
        return self.change(actor, rows, (), expected)

    def put_one(self, actor: Actor, kind: str, key: str, record: Any, expected: int | None = None) -> Written:
        """Write the row with this key. `expected`: the version the writer saw (0 = no row), None = whatever is there.

        Raises `Refused("definition.key_differs")` when the record has another key, `definition.conflict` (with who
        changed it and in which version) when it was changed meanwhile, `definition.taken` when a new one exists.
        """
        found = _kind(kind).key_of(record)
        if found != key:
            raise refuse("definition.key_differs", f"{kind}:{key}", key=key[:80], found=found[:80])
        return self.put_rows(actor, [(kind, record)], {} if expected is None else {(kind, key): expected})

    def check(self, actor: Actor, rows: Sequence[tuple[str, Any]]) -> Mapping[RowKey, StoredRow]:
        """Judge rows without writing them; the rows they would replace. Raises `RowsRefused`."""
        actor.require(DEFINE)
        candidates = [candidate(_kind(kind).name, record) for kind, record in rows]
        kinds = dict.fromkeys(kind for kind, _ in rows)
        with self.store.transaction():
            judge(candidates, self.store)
            stored = [self.store.rows(kind, [c.key for c in candidates if c.kind.name == kind]) for kind in kinds]
        return {(row.kind, row.key): row for found in stored for row in found}

    def change(
        self,
        actor: Actor,
        put: Sequence[tuple[str, Any]],
        remove: Sequence[RowKey],
        expected: Mapping[RowKey, int] = MappingProxyType({}),
    ) -> Written:
        """Put rows and remove others as one version; raises as `put_rows` and `remove_rows` do."""
        try:
            return self.put_judged(actor, put, expected, remove)
        except RowsRefused as refusal:
            kinds = [(kind, KINDS[kind].key_of(record)) for kind, record in put]
            raise Refused(*(placed(problem, *kinds[at]) for at, problem in refusal.findings)) from None

    def put_judged(
        self,
        actor: Actor,
        rows: Sequence[tuple[str, Any]],
        expected: Mapping[RowKey, int] = MappingProxyType({}),
        remove: Sequence[RowKey] = (),
    ) -> Written:
        """As `change`, but tells what is wrong with a row by its position: raises `RowsRefused`."""
        actor.require(DEFINE)
        if len(rows) > MOST_ROWS_PER_WRITE:
            raise refuse("definition.write_too_large", limit=MOST_ROWS_PER_WRITE)
        for kind, _ in (*rows, *remove):
            _kind(kind)
        candidates = [candidate(kind, record) for kind, record in rows]
        leaving = list(dict.fromkeys(remove))
        with self.store.transaction():
            version = self.store.next_version()
            for (kind, key), seen in expected.items():
                self._check_unchanged(kind, key, seen)
            unknown = list(_unknown(leaving, self.store.known(leaving))) if leaving else []
            if unknown:
                raise Refused(*unknown)
            changed = write_change(self.store, version, candidates, leaving, self.author(actor))
        if changed:
            self.announce()
        return Written(version=version if changed else version - 1, changed=changed)

    def remove_rows(self, actor: Actor, keys: Sequence[RowKey]) -> Written:
        """Remove rows: all or none. Raises `Refused("definition.not_found" | "definition.referred_to")`."""
        return self.change(actor, (), keys)

    def row(self, actor: Actor, kind: str, key: str) -> StoredRow:
        """One row; raises `Refused("definition.not_found")`."""
        actor.require(SEE_HUB)
        _kind(kind)
        with self.store.transaction():
            found = self.store.rows(kind, [key])
        if not found:
            raise refuse("definition.not_found", f"{kind}:{key}", kind=kind, key=key)
        return found[0]

    def page(
        self, actor: Actor, kind: str, after: str = "", text: str = "", limit: int = 50, refers: str = ""
    ) -> Sequence[StoredRow]:
        """Rows in the order of their keys after `after`; `text` narrows by code, name or EAN as typed in a hurry.

        `refers`: only rows that name this one, as `kind:key` (the articles of a group, the prices of a list).
        """
        actor.require(SEE_HUB)
        _kind(kind)
        most = max(1, min(limit, MOST_ROWS_PER_PAGE))
        with self.store.transaction():
            return self.store.page(kind, after, search_key(text.strip()), most, refers)

    def some(self, actor: Actor, kind: str, keys: Sequence[str]) -> Mapping[str, StoredRow]:
        """Those of the rows that exist, by key."""
        actor.require(SEE_HUB)
        _kind(kind)
        with self.store.transaction():
            return {row.key: row for row in self.store.rows(kind, keys)}

    def all_rows(self, actor: Actor, kind: str) -> Sequence[StoredRow]:
        """Every row of a kind, for an export."""
        actor.require(SEE_HUB)
        _kind(kind)
        with self.store.transaction():
            return self.store.rows(kind)

    def counts(self, actor: Actor) -> dict[str, int]:
        """How many rows there are of each kind."""
        actor.require(SEE_HUB)
        with self.store.transaction():
            return {kind: self.store.count(kind) for kind in KINDS}

    def history(self, actor: Actor, kind: str, key: str) -> Sequence[PastRow]:
        """Who changed a row to what, newest first."""
        actor.require(SEE_HUB)
        _kind(kind)
        with self.store.transaction():
            return self.store.history(kind, key)

    def author(self, actor: Actor) -> Author:
        """Who writes, now."""
        return Author(actor.operator, self._clock.now())

    def _check_unchanged(self, kind: str, key: str, expected: int) -> None:
        found = self.store.rows(kind, [key])
        place = f"{kind}:{key}"
        if not found and expected:
            raise refuse("definition.not_found", place, kind=kind, key=key)
        if found and not expected:
            raise refuse("definition.taken", place, kind=kind, key=key)
        if not found or found[0].version == expected:
            return
        past = self.store.history(kind, key)
        seen = next((entry.body for entry in past if entry.version <= expected), None)
        if seen != found[0].body:
            # A version that only sent the row to other stores is no later change of what was seen.
            raise refuse(
                "definition.conflict", place, kind=kind, key=key, version=past[0].version, by=past[0].changed_by
            )


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise refuse("definition_kind.unknown", kind=name[:40])
    return KINDS[name]


def _unknown(keys: Sequence[RowKey], known: Mapping[RowKey, KnownRow]) -> Iterable[Problem]:
    for kind, key in keys:
        if (kind, key) not in known:
            yield Problem("definition.not_found", f"{kind}:{key}", {"kind": kind, "key": key})


def placed(problem: Problem, kind: str, key: str) -> Problem:
    """The problem with its row as place; its field becomes a fact."""
    facts = {**problem.facts, "field": problem.place}
    return Problem(problem.code, f"{kind}:{key}", facts)
