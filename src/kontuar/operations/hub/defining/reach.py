"""Which stores get each discount, as the definitions would be after a write (DISC-12)."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.pricing.discount import Discount, LeftOut, discount_in
from kontuar.domain.pricing.reach import FirmMap, stores_of
from kontuar.operations.hub.defining.rules import Candidate, candidate
from kontuar.operations.ports.hub_definitions import DefinitionStore, RowKey, Scope, StoredRow

_DECIDING: Final = frozenset({"discount", "centre", "store", "warehouse", "article_group", "contractor_group"})
"""Kinds whose rows decide where discounts go."""
_MEMBERS: Final = frozenset({"article", "contractor"})
"""Kinds that decide it too where a store names the groups it deals with."""


def moved_discounts(
    candidates: Sequence[Candidate], leaving: Collection[RowKey], store: DefinitionStore, today: datetime.date
) -> list[tuple[Candidate, Scope]]:
    """Every discount written now, and every other one whose stores this write (or the passing of days) changes.

    All others are read only where the firm itself changes: a firm has tens of thousands of discounts.
    """
    touched = {row.kind.name for row in candidates} | {kind for kind, _ in leaving}
    if not touched & (_DECIDING | _MEMBERS) or ("discount" not in touched and not store.count("discount")):
        return []
    after = _After(candidates, leaving, store)
    firm = after.firm()
    narrowed = any(shop.article_group or shop.contractor_group for shop in firm.stores.values())
    if not touched & _DECIDING and not narrowed:
        return []
    rows = may_move(touched, candidates, leaving, store, narrowed=narrowed)
    discounts = [row for row in candidates if isinstance(row.record, Discount)]
    others = list(after.other_discounts(rows))
    if narrowed:
        after.know_groups((*discounts, *others))
    written = [(row, stores_of(row.record, firm, today)) for row in discounts]
    known = store.known([("discount", row.key) for row in others]) if others else {}
    for row in others:
        scope = stores_of(row.record, firm, today)
        if known["discount", row.key].scope != scope:
            written.append((row, scope))
    return written


def may_move(
    touched: Collection[str], candidates: Sequence[Candidate], leaving: Collection[RowKey], store: DefinitionStore,
    *, narrowed: bool,
) -> Iterable[StoredRow]:  # fmt: skip
    """The discounts in the store that a write may send elsewhere: all when the firm changes, else those that name a
    written member of a group, and the bundles, which end with their last day."""
    if set(touched) & (_DECIDING - {"discount"}):
        return store.rows("discount")
    rows = {row.key: row for row in store.bundles_sent()}
    written = {(row.kind.name, row.key) for row in candidates} | set(leaving)
    members = [f"{kind}:{key}" for kind, key in sorted(written) if kind in _MEMBERS]
    if members and narrowed:
        rows |= {row.key: row for row in store.naming("discount", members)}
    return [rows[key] for key in sorted(rows)]


class _After:
    """The definitions as they would be after the write."""

    def __init__(self, candidates: Sequence[Candidate], leaving: Collection[RowKey], store: DefinitionStore) -> None:
        self._store = store
        self._leaving = frozenset(leaving)
        self._written = {(row.kind.name, row.key): row.record for row in candidates}
        self._known_groups: dict[RowKey, tuple[str, ...]] = {}

    def firm(self) -> FirmMap:
        return FirmMap(
            centres=self._parents("centre"),
            stores=self._every("store"),
            warehouses={code: warehouse.store for code, warehouse in self._every("warehouse").items()},
            article_groups=self._parents("article_group"),
            contractor_groups=self._parents("contractor_group"),
            groups_of_article=lambda code: self._groups("article", code),
            groups_of_contractor=lambda code: self._groups("contractor", code),
        )

    def other_discounts(self, rows: Iterable[StoredRow]) -> Iterable[Candidate]:
        """Those of the rows that are not part of the write; one that cannot be read stays where it is."""
        for row in rows:
            if ("discount", row.key) in self._written or ("discount", row.key) in self._leaving:
                continue
            found = discount_in(row.key, row.version, row.body)
            if not isinstance(found, LeftOut):
                yield candidate("discount", found)

    def _parents(self, kind: str) -> Mapping[str, str]:
        return {code: row.parent for code, row in self._every(kind).items()}

    def _every(self, kind: str) -> Mapping[str, Any]:
        stored = {
            row.key: msgspec.json.decode(row.body, type=KINDS[kind].record)
            for row in self._store.rows(kind)
            if (kind, row.key) not in self._leaving
        }
        return {**stored, **{key: record for (name, key), record in self._written.items() if name == kind}}

    def know_groups(self, rows: Iterable[Candidate]) -> None:
        """Read the groups of all articles and contractors that discounts name, at once."""
        named: dict[str, set[str]] = {kind: set() for kind in _MEMBERS}
        for row in rows:
            for _, kind, code in row.references:
                if kind in named:
                    named[kind].add(code)
        for kind, codes in named.items():
            for found in self._store.rows(kind, sorted(codes)) if codes else ():
                self._known_groups[kind, found.key] = _groups_in(
                    msgspec.json.decode(found.body, type=KINDS[kind].record)
                )

    def _groups(self, kind: str, code: str) -> tuple[str, ...]:
        """None for what is neither written nor stored."""
        written = self._written.get((kind, code))
        return _groups_in(written) if written is not None else self._known_groups.get((kind, code), ())


def _groups_in(record: Any) -> tuple[str, ...]:
    return tuple(group for group in (record.group, *record.groups) if group)
