"""Which lines a selector of goods means; answers are remembered per article."""

from kontuar.domain.pricing.lines import LineState, scaled_price
from kontuar.domain.pricing.rules import Goods, Selector

MOST_REMEMBERED = 4096
LineKey = tuple[str, tuple[str, ...]]


class ReadyGoods:
    """Goods made ready: any of the selectors fits, within one all keys hold (`rules.Selector`)."""

    __slots__ = ("_known", "_selectors", "all", "asks_price")

    def __init__(self, goods: Goods) -> None:
        self._selectors = tuple(ReadySelector(selector) for selector in goods)
        self.all = not goods or any(selector.asks_nothing for selector in self._selectors)
        self.asks_price = any(selector.asks_price for selector in self._selectors)
        self._known: dict[LineKey, bool] | None = None if self.asks_price else {}

    def fits(self, line: LineState) -> bool:
        """Whether the line's article, groups and list price are meant."""
        if self.all:
            return True
        if self._known is None:
            return any(selector.fits(line) for selector in self._selectors)
        answer = self._known.get(line.key)
        if answer is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            answer = self._known[line.key] = any(selector.fits(line) for selector in self._selectors)
        return answer


class ReadySelector:
    """One selector with sets for tuples and prices in ten-thousandths."""

    __slots__ = ("_articles", "_from", "_groups", "_to", "asks_nothing", "asks_price")

    def __init__(self, selector: Selector) -> None:
        self._articles = frozenset(selector.articles)
        self._groups = frozenset(selector.groups)
        self._from = None if selector.price_from is None else scaled_price(selector.price_from)
        self._to = None if selector.price_to is None else scaled_price(selector.price_to)
        self.asks_price = self._from is not None or self._to is not None
        self.asks_nothing = not (self._articles or self._groups or self.asks_price)

    def fits(self, line: LineState) -> bool:
        """Every key given must hold; the bounds of the price are included."""
        article, groups = line.key
        if self._articles and article not in self._articles:
            return False
        if self._groups and self._groups.isdisjoint(groups):
            return False
        if self._from is not None and line.unit_price < self._from:
            return False
        return self._to is None or line.unit_price <= self._to
