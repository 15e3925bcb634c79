"""Card prices as promotions: head office gives holders of a loyalty card fixed prices in one store, for some days."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.catalogue.records import Price
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import Buyers, Element, ItemDeal, Reward, Scope, Selector, Tier, Validity
from kontuar.tools.replay.price_rows import card_list, store_list

LOYALTY: Final = "LOYALTY"
"""The group of contractors that have a card."""
CARD_STEP: Final = 1
CARD: Final = "CARD"
ONE_DAY: Final = datetime.timedelta(days=1)


class CardPrice(msgspec.Struct, frozen=True):
    """An article's price for card holders from one day to another, both included; no last day = it goes on."""

    first: datetime.date
    last: datetime.date | None
    price: Decimal


def store_centre(store: str) -> str:
    """The centre of one store: promotions name it."""
    return f"CENTRE-S{store}"


def card_promotions(stores: Iterable[str], rows: Iterable[Price]) -> tuple[Discount, ...]:
    """Card prices that begin and end on the same days in a store are one promotion, a row for each article.

    `rows`: shelf and card prices. A card price that is not below the shelf price is none.
    """
    by_list: dict[str, dict[str, list[Price]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_list[row.price_list][row.article].append(row)
    found: list[Discount] = []
    for store in stores:
        together: dict[tuple[datetime.date, datetime.date | None], list[Element]] = defaultdict(list)
        shelf = by_list[store_list(store)]
        for article, cards in sorted(by_list[card_list(store)].items()):
            for card in card_prices(shelf[article], cards):
                together[card.first, card.last].append(_element(article, card.price))
        days = sorted(together, key=lambda span: (span[0], span[1] or datetime.date.max))
        found += [_promotion(store, first, last, together[first, last]) for first, last in days]
    return tuple(found)


def card_prices(shelf: Iterable[Price], cards: Iterable[Price]) -> list[CardPrice]:
    """When holders pay less than the shelf price, and what; days on end at one price are one."""
    found: list[CardPrice] = []
    for first, last, on_shelf, with_card in _stretches(list(shelf), list(cards)):
        if with_card is None or on_shelf is None or with_card >= on_shelf:
            continue
        if found and found[-1].price == with_card and found[-1].last == first - ONE_DAY:
            found[-1] = CardPrice(found[-1].first, last, with_card)
        else:
            found.append(CardPrice(first, last, with_card))
    return found


def _stretches(
    shelf: list[Price], cards: list[Price]
) -> Iterator[tuple[datetime.date, datetime.date | None, Decimal | None, Decimal | None]]:
    """Days without any change, with the shelf price and the card price that hold on them."""
    changes = sorted({row.valid_from for row in (*shelf, *cards)})
    shelf_of, card_of = ({row.valid_from: row.price for row in rows} for rows in (shelf, cards))
    on_shelf = with_card = None
    for at, text in enumerate(changes):
        on_shelf, with_card = shelf_of.get(text, on_shelf), card_of.get(text, with_card)
        last = datetime.date.fromisoformat(changes[at + 1]) - ONE_DAY if at + 1 < len(changes) else None
        yield datetime.date.fromisoformat(text), last, on_shelf, with_card


def _element(article: str, price: Decimal) -> Element:
    reward = Reward(kind="fixed_price", value=price)
    return Element(tiers=(Tier(reward=reward),), goods=(Selector(articles=(article,)),))


def _promotion(
    store: str, first: datetime.date, last: datetime.date | None, elements: list[Element]
) -> Discount:  # fmt: skip
    until = f"{last:%y%m%d}" if last else "ON"
    return Discount(
        code=f"{CARD}-{store}-{first:%y%m%d}-{until}", name=f"Card prices, store {store}", source="PRM",
        state="confirmed", step=CARD_STEP, deal=ItemDeal(elements=tuple(elements)),
        validity=Validity(first_day=first, last_day=last),
        scope=Scope(centres=(store_centre(store),), buyers=Buyers(groups=(LOYALTY,))),
    )  # fmt: skip
