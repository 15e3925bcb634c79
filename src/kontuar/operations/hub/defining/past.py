"""A store as its tills saw it in a version of the definitions: what pricing asks of it (HUB-03, DISC-26)."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

import msgspec

from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.documents.discounting import ArticleTraits, bundles_wanted, conventions
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.parameters import Parameters, effective
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.domain.parties.records import Contractor, ContractorGroup
from kontuar.domain.pricing.basket import Settings
from kontuar.domain.pricing.book import RuleBook, compile_rules
from kontuar.domain.pricing.discount import DiscountGroup, rules_from
from kontuar.domain.pricing.reach import groups_of, path_of, paths_of_buyer
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import exponent_of
from kontuar.operations.ports.hub_definitions import DefinitionStore, StoredRow

R = TypeVar("R", bound=msgspec.Struct)


class PastShop:
    """One store in one version; ask it within a transaction of the store of definitions."""

    def __init__(self, store: DefinitionStore, version: int, code: str) -> None:
        self._store = store
        self.version = version
        self.code = code
        self._discounts = store.rows_then("discount", version)
        here = [(row.key, row.version, row.body) for row in self._discounts if self._is_sent(row)]
        self._rules, left_out = rules_from(here)
        self.left_out: tuple[Problem, ...] = tuple(one.problem for one in left_out)
        """Discounts that no till could have read, and why."""
        self._shop = self._some("store", Store, [code]).get(code)
        self._buyers: dict[str, Contractor | None] = {}

    def book(self, currency: str) -> RuleBook:
        """The rules that its tills had."""
        return compile_rules(self._rules, exponent_of(currency))

    def settings(self, document: Document) -> Settings:
        """The conventions that held at the document's station."""
        parameters = self._parameters(document.station)
        bundles = bundles_wanted(parameters, document)
        return conventions(parameters, document.direction, document.currency, bundles=bundles)

    def traits(self, articles: Collection[str]) -> Mapping[str, ArticleTraits]:
        """What pricing asks of articles; one that was not known then has no groups."""
        parents = {code: row.parent for code, row in self._some("article_group", ArticleGroup).items()}
        found = self._some("article", Article, articles)
        return {
            code: ArticleTraits(groups_of(found[code], parents), found[code].no_discount)
            if code in found
            else ArticleTraits()
            for code in articles
        }

    def centres(self) -> tuple[str, ...]:
        """The store's centre and all above it."""
        parents = {code: row.parent for code, row in self._some("centre", Centre).items()}
        return path_of(self._shop.centre if self._shop else "", parents)

    def buyer_groups(self, code: str) -> tuple[tuple[str, ...], ...]:
        """A path for each of a contractor's groups, in that store (`reach.paths_of_buyer`)."""
        buyer = self._buyer(code)
        parents = {key: row.parent for key, row in self._some("contractor_group", ContractorGroup).items()}
        root = self._shop.contractor_group if self._shop else ""
        return paths_of_buyer((buyer.group, *buyer.groups) if buyer else (), root, parents)

    def knows_buyer(self, code: str) -> bool:
        """Whether the contractor was defined then."""
        return self._buyer(code) is not None

    def rule_codes(self) -> set[str]:
        """The discounts that its tills had."""
        return {rule.id for rule in self._rules}

    def sent_elsewhere(self, codes: Collection[str]) -> set[str]:
        """Those of the discounts that were defined, but not sent to this store."""
        return {row.key for row in self._discounts if row.key in codes and not self._is_sent(row)}

    def has_hours(self) -> bool:
        """Whether the time of day decided about any discount."""
        return any(rule.validity.hours for rule in self._rules)

    def discount_names(self, codes: Sequence[str]) -> Sequence[str]:
        """Names as they were, in the order asked; of one that was not defined its code."""
        bodies = {row.key: row.body for row in self._discounts if row.key in codes}
        names = {key: msgspec.json.decode(body, type=_Named).name for key, body in bodies.items()}
        return [names.get(code, code) for code in codes]

    def group_names(self) -> Mapping[str, str]:
        """The names of the discount groups by code."""
        return {code: row.name for code, row in self._some("discount_group", DiscountGroup).items()}

    def _parameters(self, station: str) -> Parameters:
        rows = self._store.rows_then("parameter", self.version)
        return effective(
            [msgspec.json.decode(row.body, type=Parameter) for row in rows], self._some("centre", Centre),
            centre=self._shop.centre if self._shop else "", store=self.code, station=station,
        )  # fmt: skip

    def _buyer(self, code: str) -> Contractor | None:
        if code not in self._buyers:
            self._buyers[code] = self._some("contractor", Contractor, [code]).get(code)
        return self._buyers[code]

    def _is_sent(self, row: StoredRow) -> bool:
        return row.scope is None or self.code in row.scope

    def _some(self, kind: str, record: type[R], keys: Collection[str] | None = None) -> dict[str, R]:
        rows = self._store.rows_then(kind, self.version, keys)
        return {row.key: msgspec.json.decode(row.body, type=record) for row in rows}


class _Named(msgspec.Struct, frozen=True):
    name: str
