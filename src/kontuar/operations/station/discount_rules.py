"""The discounts that hold here, made ready once for each version of the definitions (DISC-10, DISC-12)."""

from collections.abc import Iterable, Mapping

from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.documents.discounting import ArticleTraits
from kontuar.domain.firm.records import Centre
from kontuar.domain.parties.records import Contractor, ContractorGroup
from kontuar.domain.pricing.book import RuleBook, compile_rules
from kontuar.domain.pricing.discount import LeftOut, rules_from
from kontuar.domain.pricing.reach import groups_of, path_of, paths_of_buyer
from kontuar.domain.pricing.rules import Rule
from kontuar.kernel.money import exponent_of
from kontuar.operations.ports.station import Definitions

MOST_KEPT = 20_000
_Read = tuple[list[Rule], list[LeftOut]]
"""What a row was read as: a rule, a reason to leave it out, or nothing."""
_InTree = ArticleGroup | ContractorGroup | Centre


class DiscountRules:
    """The engine's rules and what it asks of articles, buyers and centres, kept until the next version.

    A version that changes no discount leaves the rules as they are, and one that does reads only the changed ones.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._version = ("", -1)
        self._rows_at = ("", -1)
        self._rows: dict[tuple[str, int], _Read] = {}
        self._books: dict[int, RuleBook] = {}
        self._traits: dict[str, ArticleTraits] = {}
        self._trees: dict[type[_InTree], Mapping[str, str]] = {}
        self.left_out: tuple[LeftOut, ...] = ()

    def book(self, currency: str) -> RuleBook:
        """The rules with amounts read in a currency. What could not be read is in `left_out`, never half applied."""
        self._refresh()
        if self._rows_at != self._version:
            self._read_rows()
        exponent = exponent_of(currency)
        found = self._books.get(exponent)
        if found is None:
            rules = [rule for read, _ in self._rows.values() for rule in read]
            found = self._books[exponent] = compile_rules(rules, exponent)
        return found

    def traits(self, article: str) -> ArticleTraits:
        """What pricing asks of an article; one that is not known any more has no groups."""
        return self.traits_of((article,))[article]

    def traits_of(self, articles: Iterable[str]) -> dict[str, ArticleTraits]:
        """The same of several, by code."""
        self._refresh()
        known = self._traits
        return {article: known.get(article) or self._read_traits(article) for article in articles}

    def _read_traits(self, article: str) -> ArticleTraits:
        row = self._definitions.get(Article, article)
        groups = groups_of(row, self._parents(ArticleGroup)) if row else ()
        found = ArticleTraits(groups, row.no_discount if row else False)
        if len(self._traits) >= MOST_KEPT:
            self._traits.clear()
        self._traits[article] = found
        return found

    def buyer_groups(self, code: str, root: str) -> tuple[tuple[str, ...], ...]:
        """A path for each of a contractor's groups, in a store whose own group is `root` (`reach.paths_of_buyer`)."""
        self._refresh()
        row = self._definitions.get(Contractor, code)
        return paths_of_buyer((row.group, *row.groups) if row else (), root, self._parents(ContractorGroup))

    def centres(self, code: str) -> tuple[str, ...]:
        """A centre and all above it."""
        self._refresh()
        return path_of(code, self._parents(Centre))

    def _refresh(self) -> None:
        version = self._definitions.version()
        if version != self._version:
            if version[0] != self._version[0]:
                self._rows.clear()
                self._books.clear()
            self._version = version
            self._traits.clear()
            self._trees.clear()

    def _read_rows(self) -> None:
        known = self._rows
        self._rows = {
            (code, version): known.get((code, version)) or rules_from([(code, version, body)])
            for code, version, body in self._definitions.rows("discount")
        }
        if self._rows.keys() != known.keys():
            self._books.clear()
        self.left_out = tuple(one for _, left_out in self._rows.values() for one in left_out)
        self._rows_at = self._version

    def _parents(self, kind: type[_InTree]) -> Mapping[str, str]:
        """Code → the code above it."""
        found = self._trees.get(kind)
        if found is None:
            found = self._trees[kind] = {code: row.parent for code, row in self._definitions.every(kind).items()}
        return found
