"""Dated prices found in the baskets themselves: each store's shelf prices, and those of its card holders."""

import datetime
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Price
from kontuar.kernel.money import Minor
from kontuar.tools.replay.baskets import Basket, Selection
from kontuar.tools.replay.price_search import best_price, span_of


class Sold(msgspec.Struct, frozen=True):
    """A line as far as its price goes: quantity, shelf amount, amount on the receipt, whether a card was shown."""

    quantity: Decimal
    shelf: Minor
    value: Minor
    card: bool
    named: Decimal | None


class _Dated:
    """The price of one article on one list, day after day; only changes become rows."""

    def __init__(self, price_list: str, article: str, unit: str) -> None:
        self._of = (price_list, article, unit)
        self.rows: list[Price] = []

    @property
    def price(self) -> Decimal | None:
        return self.rows[-1].price if self.rows else None

    def set(self, day: datetime.date, price: Decimal) -> None:
        if price != self.price:
            price_list, article, unit = self._of
            since = day.isoformat()
            row = Price(price_list=price_list, article=article, unit=unit, valid_from=since, price=price)
            self.rows.append(row)


class PriceBook:
    """Looks up the row that holds on a day, as a station does."""

    def __init__(self, rows: Iterable[Price]) -> None:
        self._rows: dict[tuple[str, str, str], list[Price]] = defaultdict(list)
        for row in rows:
            self._rows[row.price_list, row.article, row.unit].append(row)
        for dated in self._rows.values():
            dated.sort(key=lambda row: row.valid_from)

    def on(self, day: datetime.date, price_list: str, article: str, unit: str) -> Price | None:
        """The newest row not after the day; None = the list has no price yet."""
        dated = self._rows.get((price_list, article, unit), [])
        position = bisect_right(dated, day.isoformat(), key=lambda row: row.valid_from)
        return dated[position - 1] if position else None


def store_list(store: str) -> str:
    """The code of the store's price list."""
    return f"SHELF@S{store}"


def card_list(store: str) -> str:
    """The name of the prices found for the store's card holders, which reach the tills as promotions."""
    return f"CARD@S{store}"


def price_rows(selection: Selection) -> tuple[Price, ...]:
    """Rows of all lists, in the order of store, article, list, day.

    Each day that an article was sold in a store, its shelf price is the one that explains most of the day's
    shelf amounts, and its card price the one that explains most of the amounts of card holders; a price that
    held before and does as well stays. An article gets a row on the card list once the two differ.
    """
    rows: list[Price] = []
    for (store, article), days in sorted(_by_article(selection.baskets).items()):
        unit = selection.articles[article].unit
        rows += _rows_of(store, article, unit, days, selection.currency)
    return tuple(rows)


def _by_article(
    baskets: Iterable[Basket],
) -> dict[tuple[str, str], dict[datetime.date, list[Sold]]]:
    found: dict[tuple[str, str], dict[datetime.date, list[Sold]]] = {}
    for basket in baskets:
        for line in basket.lines:
            days = found.setdefault((basket.store, line.article), {})
            sold = Sold(line.quantity, line.shelf, line.value, bool(basket.household), line.price)
            days.setdefault(basket.day, []).append(sold)
    return found


def _rows_of(
    store: str, article: str, unit: str, days: Mapping[datetime.date, list[Sold]], currency: str
) -> list[Price]:
    shelf = _Dated(store_list(store), article, unit)
    card = _Dated(card_list(store), article, unit)
    for day in sorted(days):
        lines = days[day]
        on_shelf = _best([(sold.quantity, sold.shelf) for sold in lines], shelf.price, lines, currency)
        shelf.set(day, on_shelf)
        holders = [(sold.quantity, sold.value) for sold in lines if sold.card]
        if holders:
            held = card.price if card.price is not None else on_shelf
            with_card = _best(holders, held, lines, currency)
            if card.price is not None or with_card != on_shelf:
                card.set(day, with_card)
    return [*shelf.rows, *card.rows]


def _best(sold: list[tuple[Decimal, Minor]], held: Decimal | None, lines: list[Sold], currency: str) -> Decimal:
    """The price of the day; where no price of four decimals explains anything, the one held before, or zero."""
    preferred = [price for price in (held, *(line.named for line in lines)) if price is not None]
    best = best_price([span_of(quantity, amount, currency) for quantity, amount in sold], preferred)
    if best is not None:
        return best.price
    return preferred[0] if preferred else Decimal(0)
