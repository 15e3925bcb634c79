"""The discounts that hold here, made ready once for each version of the definitions (DISC-10, DISC-12)."""

from collections.abc import Mapping
from typing import Protocol

from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.documents.discounting import ArticleTraits
from kontuar.domain.firm.records import Centre
from kontuar.domain.parties.records import Contractor, ContractorGroup
from kontuar.domain.pricing.book import RuleBook, compile_rules
from kontuar.domain.pricing.discount import LeftOut, rules_from
from kontuar.domain.pricing.reach import groups_of, path_of
from kontuar.kernel.money import exponent_of
from kontuar.operations.ports.station import Definitions

MOST_KEPT = 20_000


class DiscountRules:
    """The engine's rules and what it asks of articles, buyers and centres, kept until the next version."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._version = ("", -1)
        self._books: dict[int, RuleBook] = {}
        self._traits: dict[str, ArticleTraits] = {}
        self.left_out: tuple[LeftOut, ...] = ()

    def book(self, currency: str) -> RuleBook:
        """The rules with amounts read in a currency. What could not be read is in `left_out`, never half applied."""
        self._refresh()
        exponent = exponent_of(currency)
        found = self._books.get(exponent)
        if found is None:
            rules, left_out = rules_from(self._definitions.rows("discount"))
            self.left_out = tuple(left_out)
            found = self._books[exponent] = compile_rules(rules, exponent)
        return found

    def traits(self, article: str) -> ArticleTraits:
        """What pricing asks of an article; one that is not known any more has no groups."""
        self._refresh()
        found = self._traits.get(article)
        if found is None:
            row = self._definitions.get(Article, article)
            groups = groups_of(row, _parents(self._definitions.every(ArticleGroup))) if row else ()
            found = ArticleTraits(groups, row.no_discount if row else False)
            if len(self._traits) >= MOST_KEPT:
                self._traits.clear()
            self._traits[article] = found
        return found

    def buyer_groups(self, code: str) -> tuple[tuple[str, ...], ...]:
        """A path for each of a contractor's groups, the default one first (DISC-08)."""
        row = self._definitions.get(Contractor, code)
        if row is None:
            return ()
        parents = _parents(self._definitions.every(ContractorGroup))
        return tuple(path_of(group, parents) for group in dict.fromkeys((row.group, *row.groups)) if group)

    def centres(self, code: str) -> tuple[str, ...]:
        """A centre and all above it."""
        return path_of(code, _parents(self._definitions.every(Centre)))

    def _refresh(self) -> None:
        version = self._definitions.version()
        if version != self._version:
            self._version = version
            self._books.clear()
            self._traits.clear()


class _InTree(Protocol):
    @property
    def parent(self) -> str: ...


def _parents(rows: Mapping[str, _InTree]) -> Mapping[str, str]:
    return {code: row.parent for code, row in rows.items()}
