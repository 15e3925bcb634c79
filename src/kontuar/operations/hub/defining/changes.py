"""One change set: rows put and rows removed, judged together and written as one version, or not at all (HUB-03)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from kontuar.domain.definitions.kinds import KINDS
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.hub.defining.agreements import agreements
from kontuar.operations.hub.defining.reach import moved_discounts
from kontuar.operations.hub.defining.rules import (
    VAT,
    Candidate,
    Finding,
    loops,
    missing_references,
    own_problems,
    prepare,
    scopes_of,
    taken_claims,
)
from kontuar.operations.hub.defining.switches import global_values, still_wrong, switched_on
from kontuar.operations.ports.hub_definitions import Author, DefinitionStore, KnownRow, PreparedRow, RowKey


class RowsRefused(Exception):
    """Rows of a write that cannot be stored: (position in the write, problem). Nothing was written."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} problems")
        self.findings = sorted(findings, key=lambda finding: finding[0])


def judge(candidates: Sequence[Candidate], store: DefinitionStore, leaving: Collection[RowKey] = ()) -> None:
    """Raise `RowsRefused` with everything wrong with the rows, by themselves and among all others."""
    value = global_values(candidates, store)
    findings = list(still_wrong(own_problems(candidates), candidates, value))
    findings += switched_on(candidates, store, value)
    findings += missing_references(candidates, store)
    findings += taken_claims(candidates, store, leaving)
    findings += loops(candidates, store)
    findings += agreements(candidates, store)
    if findings:
        raise RowsRefused(findings)


def write_change(
    store: DefinitionStore,
    version: int,
    put: Sequence[Candidate],
    remove: Sequence[RowKey],
    author: Author,
    withdraws: int = 0,
) -> int:
    """Write the change as `version` inside the caller's transaction; how many rows were really different.

    Raises `RowsRefused`, or `Refused("definition.referred_to")` where rows are removed that others need.
    """
    judge(put, store, remove)
    moved = moved_discounts(put, remove, store, author.at.date())
    reached = {row.key: scope for row, scope in moved}
    prepared = [prepare(row, scope) for row, scope in zip(put, scopes_of(put, store, reached), strict=True)]
    written = {(row.kind.name, row.key) for row in put}
    prepared += [prepare(row, scope) for row, scope in moved if (row.kind.name, row.key) not in written]
    known = store.known([(row.kind, row.key) for row in prepared])
    different = [row for row in prepared if _differs(row, known.get((row.kind, row.key)))]
    if not different and not remove:
        return 0
    if remove:
        store.remove(version, remove, author)
    if different:
        store.write(version, different, known, author)
        _spread_scopes(store, version, different, known, author)
    # Judged when the rest is written: a row may let go of what is removed with it.
    problems = list(still_needed(store, remove))
    if problems:
        raise Refused(*problems)
    store.commit_version(version, withdraws)
    return len(different) + len(remove)


def still_needed(store: DefinitionStore, keys: Sequence[RowKey]) -> Iterable[Problem]:
    """Rows that others refer to, each with one that does."""
    targets = {f"{kind}:{key}": (kind, key) for kind, key in keys}
    targets |= _last_vat_rates(store, keys)
    if not targets:
        return
    for target, holder in store.referring(sorted(targets), keys).items():
        kind, key = targets[target]
        facts = {"kind": kind, "key": key, "by_kind": holder[0], "by": holder[1]}
        yield Problem("definition.referred_to", f"{kind}:{key}", facts)


def _last_vat_rates(store: DefinitionStore, keys: Sequence[RowKey]) -> dict[str, RowKey]:
    """The codes of VAT rates of which nothing would be left."""
    leaving = defaultdict(set)
    for kind, key in keys:
        if kind == "vat_rate":
            leaving[key.split("|")[0]].add(key)
    if not leaving:
        return {}
    left = {row.key.split("|")[0] for row in store.rows("vat_rate") if (row.kind, row.key) not in set(keys)}
    return {f"{VAT}:{code}": ("vat_rate", min(gone)) for code, gone in leaving.items() if code not in left}


def _spread_scopes(
    store: DefinitionStore,
    version: int,
    rows: Sequence[PreparedRow],
    known: Mapping[RowKey, KnownRow],
    author: Author,
) -> None:
    for row in rows:
        before = known.get((row.kind, row.key))
        if before is not None and before.scope != row.scope:
            for follower in _followers(row.kind):
                store.spread_scope(version, follower, f"{row.kind}:{row.key}", row.scope, author)


def _followers(kind: str) -> list[str]:
    """Kinds whose rows share the scope of a row of this kind."""
    return [name for name, rule in KINDS.items() if rule.scope_from and rule.scope_from[1] == kind]


def _differs(row: PreparedRow, known: KnownRow | None) -> bool:
    return known is None or known.checksum != row.checksum or known.scope != row.scope
