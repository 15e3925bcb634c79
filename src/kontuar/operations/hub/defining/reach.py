"""Which stores get each discount, as the definitions would be after a write (DISC-12)."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.pricing.discount import Discount, LeftOut, discount_in
from kontuar.domain.pricing.reach import FirmMap, stores_of
from kontuar.operations.hub.defining.rules import Candidate, candidate
from kontuar.operations.ports.hub_definitions import DefinitionStore, RowKey, Scope

_DECIDING: Final = frozenset({"discount", "centre", "store", "warehouse", "article_group", "contractor_group"})
"""Kinds whose rows decide where discounts go."""
_MEMBERS: Final = frozenset({"article", "contractor"})
"""Kinds that decide it too where a store names the groups it deals with."""


def moved_discounts(
    candidates: Sequence[Candidate], leaving: Collection[RowKey], store: DefinitionStore, today: datetime.date
) -> list[tuple[Candidate, Scope]]:
    """Every discount written now, and every other one whose stores this write (or the passing of days) changes."""
    touched = {row.kind.name for row in candidates} | {kind for kind, _ in leaving}
    if not touched & (_DECIDING | _MEMBERS) or ("discount" not in touched and not store.count("discount")):
        return []
    after = _After(candidates, leaving, store)
    firm = after.firm()
    narrowed = any(shop.article_group or shop.contractor_group for shop in firm.stores.values())
    if not touched & _DECIDING and not narrowed:
        return []
    written = [(row, stores_of(row.record, firm, today)) for row in candidates if isinstance(row.record, Discount)]
    others = list(after.other_discounts())
    known = store.known([("discount", row.key) for row in others]) if others else {}
    for row in others:
        scope = stores_of(row.record, firm, today)
        if known["discount", row.key].scope != scope:
            written.append((row, scope))
    return written


class _After:
    """The definitions as they would be after the write."""

    def __init__(self, candidates: Sequence[Candidate], leaving: Collection[RowKey], store: DefinitionStore) -> None:
        self._store = store
        self._leaving = frozenset(leaving)
        self._written = {(row.kind.name, row.key): row.record for row in candidates}

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

    def other_discounts(self) -> Iterable[Candidate]:
        """Those that are not part of the write; one that cannot be read stays where it is."""
        for row in self._store.rows("discount"):
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

    def _groups(self, kind: str, code: str) -> tuple[str, ...]:
        record: Any = self._written.get((kind, code))
        if record is None:
            found = self._store.rows(kind, [code])
            record = msgspec.json.decode(found[0].body, type=KINDS[kind].record) if found else None
        return () if record is None else tuple(group for group in (record.group, *record.groups) if group)
