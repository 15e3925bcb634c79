"""The rules of one version of the definitions, indexed by article and group: a basket touches only what it must."""

from collections.abc import Iterable
from operator import attrgetter

from kontuar.domain.pricing.basket import Basket, Settings
from kontuar.domain.pricing.ready import ReadyElement, ReadyRule
from kontuar.domain.pricing.rules import BundleDeal, Goods, GroupsDeal, ItemDeal, Rule, Selector, SharedDeal

MOST_REMEMBERED = 20_000
MOST_CONTEXTS = 64
ANYTHING: Goods = (Selector(),)
LineKey = tuple[str, tuple[str, ...]]
Entry = tuple[ReadyRule, int, Selector]
Candidate = tuple[ReadyRule, tuple[ReadyElement, ...]]
"""A rule that concerns a line, and those of its rows that do, the most specific first."""


class RuleBook:
    """All rules of one version. Immutable but for what it remembers to be fast."""

    def __init__(self, rules: Iterable[Rule], exponent: int = 2) -> None:
        self.exponent = exponent
        self.rules = sorted([ReadyRule(rule, exponent) for rule in rules], key=attrgetter("sort_key"))
        self._by_article: dict[str, list[Entry]] = {}
        self._by_group: dict[str, list[Entry]] = {}
        self._everywhere: list[Entry] = []
        self._lines: dict[LineKey, tuple[Candidate, ...]] = {}
        self._scopes: dict[tuple[object, ...], dict[int, bool]] = {}
        self.by_id = {ready.rule.id: ready.rule for ready in self.rules}
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

    def scope_answers(self, basket: Basket, settings: Settings) -> dict[int, bool]:
        """Remembered answers of `is_in_scope` for documents like this one, by the rule's order."""
        context = (
            settings.sum_buyer_groups, basket.day, basket.document_kind, basket.centres, basket.warehouse,
            basket.buyer, basket.buyer_groups, basket.payment_form, basket.delivery_method, basket.currency,
        )  # fmt: skip
        answers = self._scopes.get(context)
        if answers is None:
            if len(self._scopes) >= MOST_CONTEXTS:
                self._scopes.clear()
            answers = self._scopes[context] = {}
        return answers


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
