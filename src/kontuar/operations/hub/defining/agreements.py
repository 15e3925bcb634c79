"""What rows of different kinds must agree on: batches with articles, values with attributes (DOC-29, DOC-30)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kontuar.domain.catalogue.records import Article, Batch, Price, Property, QuickFavourite, QuickGroup
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.firm.attributes import fits
from kontuar.domain.firm.records import Attribute, Store
from kontuar.domain.parties.records import UNDEFINED, Contractor
from kontuar.domain.pricing.reach import path_of
from kontuar.kernel.errors import Problem
from kontuar.operations.hub.defining.rules import Candidate, Finding
from kontuar.operations.ports.hub_definitions import DefinitionStore, StoredRow

_FEW_ARTICLES = 50
"""Up to so many articles their batches are looked up one by one; beyond, all batches are read once."""


def agreements(candidates: Sequence[Candidate], store: DefinitionStore) -> Iterable[Finding]:
    """Where rows of a write would contradict other rows, written with them or stored before."""
    after = _After(candidates, store)
    yield from _batches(candidates, after)
    yield from _attribute_values(candidates, after)
    yield from _favourites(candidates, after)
    yield from _quick_choices(candidates, after)
    yield from _root_groups(candidates, after, store)
    yield from _units_of_prices(candidates, after)


class _After:
    """The definitions as they would be after the write."""

    def __init__(self, candidates: Sequence[Candidate], store: DefinitionStore) -> None:
        self._store = store
        self._written: dict[str, dict[str, Any]] = defaultdict(dict)
        for row in candidates:
            self._written[row.kind.name][row.key] = row.record

    def some(self, kind: str, keys: Iterable[str]) -> Mapping[str, Any]:
        """Those of the rows that exist."""
        wanted = set(keys)
        written = self._written.get(kind, {})
        stored = self._store.rows(kind, sorted(wanted - written.keys())) if wanted - written.keys() else []
        return {**_records(stored), **{key: written[key] for key in wanted & written.keys()}}

    def every(self, kind: str) -> Mapping[str, Any]:
        """All rows of a small kind."""
        return {**_records(self._store.rows(kind)), **self._written.get(kind, {})}

    def batches_of(self, articles: set[str]) -> Mapping[str, Mapping[str, Batch]]:
        """Article → key → batch."""
        if len(articles) > _FEW_ARTICLES:
            stored = list(self._store.rows("batch"))
        else:
            stored = [row for article in sorted(articles) for row in self._store.beneath("batch", f"{article}|")]
        found: dict[str, dict[str, Batch]] = defaultdict(dict)
        for key, batch in {**_records(stored), **self._written.get("batch", {})}.items():
            found[batch.article][key] = batch
        return found


def _batches(candidates: Sequence[Candidate], after: _After) -> Iterable[Finding]:
    articles = {row.key for row in candidates if isinstance(row.record, Article)}
    articles |= {row.record.article for row in candidates if isinstance(row.record, Batch)}
    if not articles:
        return
    batches = after.batches_of(articles)
    if not any(batches.get(article) for article in articles):
        return
    owners = after.some("article", articles & batches.keys())
    properties = after.every("property")
    for position, row in enumerate(candidates):
        record = row.record
        if isinstance(record, Batch) and record.article in owners:
            yield from ((position, problem) for problem in _batch(record, owners[record.article], properties))
            yield from ((position, problem) for problem in _twins(row.key, record, batches[record.article]))
        elif isinstance(record, Article):
            used = {code for batch in batches.get(row.key, {}).values() for code in batch.properties}
            for code in sorted(used - set(record.properties)):
                yield position, Problem("article.property_in_use", "properties", {"property": code})


def _batch(batch: Batch, article: Article, properties: Mapping[str, Property]) -> Iterable[Problem]:
    for code, value in batch.properties.items():
        if code not in article.properties:
            yield Problem("batch.property_not_of_article", "properties", {"property": code, "article": article.code})
        elif code in properties and properties[code].choices and value not in properties[code].choices:
            yield Problem("batch.not_a_choice", "properties", {"property": code, "value": value})
    for code in article.properties:
        if code not in batch.properties:
            yield Problem("batch.property_missing", "properties", {"property": code})


def _twins(key: str, batch: Batch, siblings: Mapping[str, Batch]) -> Iterable[Problem]:
    for other_key, other in siblings.items():
        if other_key != key and other.properties == batch.properties:
            yield Problem("batch.same_properties", "properties", {"key": other.code})
            return


def _attribute_values(candidates: Sequence[Candidate], after: _After) -> Iterable[Finding]:
    if not any(isinstance(row.record, Article | Contractor) for row in candidates):
        return
    attributes: Mapping[str, Attribute] = after.every("attribute")
    if not attributes:
        return
    for position, row in enumerate(candidates):
        if isinstance(row.record, Article | Contractor):
            for problem in _values(row.kind.name, row.record, attributes):
                yield position, problem


def _values(level: str, record: Article | Contractor, attributes: Mapping[str, Attribute]) -> Iterable[Problem]:
    for code, value in record.attributes.items():
        attribute = attributes.get(code)
        if attribute is None:
            continue  # told as a reference to a row that does not exist
        if attribute.level != level:
            yield Problem("attribute.other_level", "attributes", {"attribute": code})
        elif not fits(attribute, value):
            facts = {"attribute": code, "value": value[:60], "attribute_type": attribute.type}
            yield Problem("attribute.value_unfit", "attributes", facts)
    if record.code == UNDEFINED:
        return  # the walk-in customer is nobody to know something about
    for code, attribute in attributes.items():
        wanted = attribute.level == level and attribute.required and attribute.active
        if wanted and code not in record.attributes:
            yield Problem("attribute.value_missing", "attributes", {"attribute": code})


def _favourites(candidates: Sequence[Candidate], after: _After) -> Iterable[Finding]:
    wanted = {row.record.article for row in candidates if isinstance(row.record, QuickFavourite)}
    if not wanted:
        return
    articles = after.some("article", wanted)
    for position, row in enumerate(candidates):
        found = articles.get(row.record.article) if isinstance(row.record, QuickFavourite) else None
        if found is not None and not found.active:
            yield position, Problem("quick_favourite.inactive", "article", {"article": found.code})


def _quick_choices(candidates: Sequence[Candidate], after: _After) -> Iterable[Finding]:
    """Only what a store deals with is offered in its quick sale; of an article its default group decides (QUICK-05)."""
    kinds = QuickGroup | QuickFavourite
    chosen = [(at, row.record) for at, row in enumerate(candidates) if isinstance(row.record, kinds)]
    if not chosen:
        return
    shops: Mapping[str, Store] = after.every("store")
    if not any(shop.article_group for shop in shops.values()):
        return
    parents = {code: group.parent for code, group in after.every("article_group").items()}
    articles = after.some("article", {row.article for _, row in chosen if isinstance(row, QuickFavourite)})
    for position, row in chosen:
        group = row.group if isinstance(row, QuickGroup) else _default_group(articles.get(row.article))
        for code in row.stores or sorted(shops):
            shop = shops.get(code)
            if shop is not None and shop.article_group and shop.article_group not in path_of(group, parents):
                facts = {"group": group or "–", "store": code, "root": shop.article_group}
                yield position, Problem("quick_sale.not_sent", "stores", facts)
                break


def _default_group(article: Article | None) -> str:
    return article.group if article is not None else ""


def _root_groups(candidates: Sequence[Candidate], after: _After, store: DefinitionStore) -> Iterable[Finding]:
    """What a store deals with stays while its quick sale was chosen from it (QUICK-05)."""
    written = {row.key: (at, row.record) for at, row in enumerate(candidates) if isinstance(row.record, Store)}
    before: Mapping[str, Store] = _records(store.rows("store", sorted(written))) if written else {}
    moved = [code for code, shop in before.items() if shop.article_group != written[code][1].article_group]
    if not moved:
        return
    lists = [*after.every("quick_group").values(), *after.every("quick_favourite").values()]
    for code in moved:
        if any(not row.stores or code in row.stores for row in lists):
            yield written[code][0], Problem("store.root_group_in_use", "article_group", {"store": code})


def _units_of_prices(candidates: Sequence[Candidate], after: _After) -> Iterable[Finding]:
    """A price is one of a unit that its article is sold in (DOC-23)."""
    priced = {row.record.article for row in candidates if isinstance(row.record, Price)}
    articles: Mapping[str, Article] = after.some("article", priced) if priced else {}
    for position, row in enumerate(candidates):
        article = articles.get(row.record.article) if isinstance(row.record, Price) else None
        if article is None:
            continue  # no price, or one of an article that does not exist: told as such
        units = (article.unit, *(auxiliary.unit for auxiliary in article.units))
        if row.record.unit not in units:
            facts = {"article": article.code, "unit": row.record.unit, "units": ", ".join(units)}
            yield position, Problem("price.unit_not_of_article", "unit", facts)


def _records(rows: Iterable[StoredRow]) -> dict[str, Any]:
    return {row.key: msgspec.json.decode(row.body, type=KINDS[row.kind].record) for row in rows}
