"""Definitions are written and read at the hub: all of a write or nothing, one version per write (HUB-02, HUB-03)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kontuar.domain.definitions.kinds import KINDS, Kind
from kontuar.domain.parties.rights import DEFINE, SEE_HUB
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.sorting import search_key
from kontuar.kernel.time import Clock
from kontuar.operations.actor import Actor
from kontuar.operations.definition_rules import (
    VAT,
    Candidate,
    Finding,
    candidate,
    loops,
    missing_references,
    own_problems,
    prepare,
    scopes_of,
    taken_claims,
)
from kontuar.operations.ports.hub_definitions import (
    Author,
    DefinitionStore,
    KnownRow,
    PastRow,
    PreparedRow,
    RowKey,
    StoredRow,
)

MOST_ROWS_PER_PAGE = 500
MOST_ROWS_PER_WRITE = 500_000


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a write did: the firm-wide version after it and how many rows were really different."""

    version: int
    changed: int


class RowsRefused(Exception):
    """Rows of a write that cannot be stored: (position in the write, problem). Nothing was written."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} problems")
        self.findings = sorted(findings, key=lambda finding: finding[0])


class Definitions:
    """What one can ask about definitions at the hub. `announce` is called when a new version is durable."""

    def __init__(self, store: DefinitionStore, clock: Clock, announce: Callable[[], None] = lambda: None) -> None:
        self.store = store
        self._clock = clock
        self._announce = announce

    def put_rows(self, actor: Actor, rows: Sequence[tuple[str, Any]]) -> Written:
        """Write (kind, record) rows: all or none, as one version; equal content makes no version.

        Raises `Refused` with every problem, its place `KIND:KEY` and the fact `field`.
        """
        try:
            return self.put_judged(actor, rows)
        except RowsRefused as refusal:
            kinds = [(kind, KINDS[kind].key_of(record)) for kind, record in rows]
            raise Refused(*(_placed(problem, *kinds[at]) for at, problem in refusal.findings)) from None

    def put_one(self, actor: Actor, kind: str, key: str, record: Any) -> Written:
        """Write the row with this key; raises `Refused("definition.key_differs")` when the record has another."""
        found = _kind(kind).key_of(record)
        if found != key:
            raise refuse("definition.key_differs", f"{kind}:{key}", key=key[:80], found=found[:80])
        return self.put_rows(actor, [(kind, record)])

    def put_judged(self, actor: Actor, rows: Sequence[tuple[str, Any]]) -> Written:
        """As `put_rows`, but tells what is wrong by the position of the row: raises `RowsRefused`."""
        actor.require(DEFINE)
        if len(rows) > MOST_ROWS_PER_WRITE:
            raise refuse("definition.write_too_large", limit=MOST_ROWS_PER_WRITE)
        for kind, _ in rows:
            _kind(kind)
        candidates = [candidate(kind, record) for kind, record in rows]
        with self.store.transaction():
            version = self.store.next_version()
            self._judge(candidates)
            prepared = [
                prepare(row, scope) for row, scope in zip(candidates, scopes_of(candidates, self.store), strict=True)
            ]
            written = self._write(version, prepared, self._author(actor))
        if written.changed:
            self._announce()
        return written

    def remove_rows(self, actor: Actor, keys: Sequence[RowKey]) -> Written:
        """Remove rows: all or none. Raises `Refused("definition.not_found" | "definition.referred_to")`."""
        actor.require(DEFINE)
        for kind, _ in keys:
            _kind(kind)
        wanted = list(dict.fromkeys(keys))
        with self.store.transaction():
            version = self.store.next_version()
            problems = [*_unknown(wanted, self.store.known(wanted)), *self._still_needed(wanted)]
            if problems:
                raise Refused(*problems)
            if not wanted:
                return Written(version=version - 1, changed=0)
            self.store.remove(version, wanted, self._author(actor))
            self.store.commit_version(version)
        self._announce()
        return Written(version=version, changed=len(wanted))

    def row(self, actor: Actor, kind: str, key: str) -> StoredRow:
        """One row; raises `Refused("definition.not_found")`."""
        actor.require(SEE_HUB)
        _kind(kind)
        with self.store.transaction():
            found = self.store.rows(kind, [key])
        if not found:
            raise refuse("definition.not_found", f"{kind}:{key}", kind=kind, key=key)
        return found[0]

    def page(self, actor: Actor, kind: str, after: str = "", text: str = "", limit: int = 50) -> Sequence[StoredRow]:
        """Rows in the order of their keys after `after`; `text` narrows by code, name or EAN as typed in a hurry."""
        actor.require(SEE_HUB)
        _kind(kind)
        with self.store.transaction():
            return self.store.page(kind, after, search_key(text.strip()), max(1, min(limit, MOST_ROWS_PER_PAGE)))

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

    def _author(self, actor: Actor) -> Author:
        return Author(actor.operator, self._clock.now())

    def _judge(self, candidates: Sequence[Candidate]) -> None:
        findings = list(own_problems(candidates))
        findings += missing_references(candidates, self.store)
        findings += taken_claims(candidates, self.store)
        findings += loops(candidates, self.store)
        if findings:
            raise RowsRefused(findings)

    def _write(self, version: int, prepared: Sequence[PreparedRow], author: Author) -> Written:
        known = self.store.known([(row.kind, row.key) for row in prepared])
        different = [row for row in prepared if _differs(row, known.get((row.kind, row.key)))]
        if not different:
            return Written(version=version - 1, changed=0)
        self.store.write(version, different, known, author)
        for row in different:
            before = known.get((row.kind, row.key))
            if before is not None and before.scope != row.scope:
                for follower in _followers(row.kind):
                    self.store.spread_scope(version, follower, f"{row.kind}:{row.key}", row.scope, author)
        self.store.commit_version(version)
        return Written(version=version, changed=len(different))

    def _still_needed(self, keys: Sequence[RowKey]) -> Iterable[Problem]:
        targets = {f"{kind}:{key}": (kind, key) for kind, key in keys}
        targets |= self._last_vat_rates(keys)
        for target, holder in self.store.referring(sorted(targets), keys).items():
            kind, key = targets[target]
            facts = {"kind": kind, "key": key, "by_kind": holder[0], "by": holder[1]}
            yield Problem("definition.referred_to", f"{kind}:{key}", facts)

    def _last_vat_rates(self, keys: Sequence[RowKey]) -> dict[str, RowKey]:
        """The codes of VAT rates of which nothing would be left."""
        leaving = defaultdict(set)
        for kind, key in keys:
            if kind == "vat_rate":
                leaving[key.split("|")[0]].add(key)
        if not leaving:
            return {}
        left = {row.key.split("|")[0] for row in self.store.rows("vat_rate") if (row.kind, row.key) not in set(keys)}
        return {f"{VAT}:{code}": ("vat_rate", min(gone)) for code, gone in leaving.items() if code not in left}


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise refuse("definition_kind.unknown", kind=name[:40])
    return KINDS[name]


def _followers(kind: str) -> list[str]:
    """Kinds whose rows share the scope of a row of this kind."""
    return [name for name, rule in KINDS.items() if rule.scope_from and rule.scope_from[1] == kind]


def _differs(row: PreparedRow, known: KnownRow | None) -> bool:
    return known is None or known.checksum != row.checksum or known.scope != row.scope


def _unknown(keys: Sequence[RowKey], known: Mapping[RowKey, KnownRow]) -> Iterable[Problem]:
    for kind, key in keys:
        if (kind, key) not in known:
            yield Problem("definition.not_found", f"{kind}:{key}", {"kind": kind, "key": key})


def _placed(problem: Problem, kind: str, key: str) -> Problem:
    facts = {**problem.facts, "field": problem.place}
    return Problem(problem.code, f"{kind}:{key}", facts)
