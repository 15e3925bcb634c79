"""The rules of one version of the definitions, indexed by article and group: a basket touches only what it must."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from kontuar.domain.pricing.assignment.problem import Saving
from kontuar.domain.pricing.basket import Adjustment, Basket, Settings
from kontuar.domain.pricing.ready import ITEM_PHASE, PHASES, ReadyElement, ReadyRule
from kontuar.domain.pricing.rules import BundleDeal, Goods, GroupsDeal, ItemDeal, Rule, Selector, SharedDeal

MOST_REMEMBERED = 20_000
MOST_CONTEXTS = 64
MOST_ANSWERS = 1_024
ANYTHING: Goods = (Selector(),)
LineKey = tuple[str, tuple[str, ...]]
Entry = tuple[ReadyRule, int, Selector]
Candidate = tuple[ReadyRule, tuple[ReadyElement, ...]]
"""A rule that concerns a line, and those of its rows that do, the most specific first."""


class PoolAnswer(NamedTuple):
    """Which units of a part of a pool go to which rules: savings and applications by the rule's name in the problem,
    how an item promotion's saving was reckoned, whether nothing saves more, and how much more at most, in minor units.
    """

    savings: Mapping[str, Sequence[Saving]]
    times: Mapping[str, int]
    named: Mapping[tuple[str, int], tuple[str, Decimal]]
    proven: bool
    gap: int


class Context:
    """Documents that are alike in all that scopes ask. `covered`: remembered answers of `is_in_scope` by order."""

    __slots__ = ("covered",)

    def __init__(self) -> None:
        self.covered: dict[int, bool] = {}


class RuleBook:
    """All rules of one version. Immutable but for what it remembers to be fast."""

    def __init__(self, rules: Iterable[Rule], exponent: int = 2) -> None:
        self.exponent = exponent
        self.rules = sorted([ReadyRule(rule, exponent) for rule in rules], key=attrgetter("sort_key"))
        self._by_article: dict[str, list[Entry]] = {}
        self._by_group: dict[str, list[Entry]] = {}
        self._everywhere: list[Entry] = []
        self._lines: dict[LineKey, tuple[Candidate, ...]] = {}
        self._contexts: dict[tuple[object, ...], Context] = {}
        self.answers: dict[tuple[object, ...], PoolAnswer] = {}
        self.by_id = {ready.rule.id: ready.rule for ready in self.rules}
        self._ready = {ready.rule.id: ready for ready in self.rules}
        self.has_exclusive = any(ready.rule.combination.exclusive for ready in self.rules)
        for order, ready in enumerate(self.rules):
            ready.order = order
            for row, goods in _goods_of(ready):
                for selector in goods or ANYTHING:
                    self._index((ready, row, selector))

    def _index(self, entry: Entry) -> None:
        selector = entry[2]
        if selector.articles:
            for article in selector.articles:
                self._by_article.setdefault(article, []).append(entry)
        elif selector.groups:
            for group in selector.groups:
                self._by_group.setdefault(group, []).append(entry)
        else:
            self._everywhere.append(entry)

    def ready(self, rule: str) -> ReadyRule | None:
        """The rule by its id, made ready; None where it is not defined any more."""
        found = self._ready.get(rule)
        if found is not None:
            found.prepare()
        return found

    def is_exclusive(self, rule: str) -> bool:
        """Whether it applies alone, where it applies."""
        found = self.by_id.get(rule)
        return found is not None and found.combination.exclusive

    def place(self, given: Adjustment) -> tuple[int, int, int, str, int]:
        """Where in the order of rules a discount was given; one that is not defined any more before its whole phase."""
        found = self._ready.get(given.rule)
        return (PHASES.get(given.source, ITEM_PHASE), -1, 0, "", 0) if found is None else found.sort_key

    def candidates(self, key: LineKey) -> tuple[Candidate, ...]:
        """The rules that concern an article, in order. Prices that a selector asks for are asked later."""
        found = self._lines.get(key)
        if found is None:
            if len(self._lines) >= MOST_REMEMBERED:
                self._lines.clear()
            found = self._lines[key] = self._find(key)
        return found

    def _find(self, key: LineKey) -> tuple[Candidate, ...]:
        article, groups = key
        rows: dict[int, dict[int, int]] = {}
        depth = {group: position for position, group in reversed(list(enumerate(groups)))}
        for ready, row, selector in self._by_article.get(article, ()):
            if not selector.groups or not depth.keys().isdisjoint(selector.groups):
                _keep_nearest(rows, ready.order, row, -1)
        for group, position in depth.items():
            for ready, row, _ in self._by_group.get(group, ()):
                _keep_nearest(rows, ready.order, row, position)
        for ready, row, _ in self._everywhere:
            _keep_nearest(rows, ready.order, row, len(groups))
        return tuple([(self.rules[order], _rows(self.rules[order], rows[order])) for order in sorted(rows)])

    def context(self, basket: Basket, settings: Settings) -> Context:
        """What is remembered for documents like this one."""
        key = (
            settings, basket.day, basket.document_kind, basket.centres, basket.warehouse,
            basket.buyer, basket.buyer_groups, basket.payment_form, basket.delivery_method, basket.currency,
        )  # fmt: skip
        found = self._contexts.get(key)
        if found is None:
            if len(self._contexts) >= MOST_CONTEXTS:
                self._contexts.clear()
                self.answers.clear()
            found = self._contexts[key] = Context()
        return found

    def remember(self, question: tuple[object, ...], answer: PoolAnswer) -> None:
        """The answer to everything that was asked, the context being part of it."""
        if len(self.answers) >= MOST_ANSWERS:
            self.answers.clear()
        self.answers[question] = answer


def _rows(ready: ReadyRule, rows: dict[int, int]) -> tuple[ReadyElement, ...]:
    """The rows of an item promotion: contractor before group before everyone, then article before the nearer group."""
    ready.prepare()
    if not isinstance(ready.deal, ItemDeal):
        return ()
    ranked = sorted([(-ready.element(row).buyer_rank, nearness, row) for row, nearness in rows.items()])
    return tuple([ready.element(row) for _, _, row in ranked])


def _keep_nearest(rows: dict[int, dict[int, int]], order: int, row: int, rank: int) -> None:
    known = rows.setdefault(order, {})
    known[row] = min(rank, known.get(row, rank))


def _goods_of(ready: ReadyRule) -> Iterable[tuple[int, Goods]]:
    """(row, goods) of everything in a rule that may concern a line."""
    deal = ready.deal
    if isinstance(deal, ItemDeal):
        return [(row, element.goods) for row, element in enumerate(deal.elements)]
    if isinstance(deal, GroupsDeal):
        return [(0, deal.goods)]
    gifts = [(0, gift.goods) for gift in deal.gifts]
    if isinstance(deal, SharedDeal):
        return [(0, deal.goods), *gifts] if deal.tiers or not deal.gifts else [(0, ())]
    assert isinstance(deal, BundleDeal)
    return [*((0, slot.goods) for slot in deal.slots), *gifts]


def compile_rules(rules: Iterable[Rule], exponent: int = 2) -> RuleBook:
    """The rules ready for `price`; amounts are read in a currency with `exponent` decimals."""
    return RuleBook(rules, exponent)
