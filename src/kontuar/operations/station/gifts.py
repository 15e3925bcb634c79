"""Gifts of bundles that nobody took yet: the operator is reminded when payment opens (DISC-05)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.basket import UnusedGift
from kontuar.domain.pricing.rules import Goods, Selector
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station import article_list
from kontuar.operations.station.article_list import ArticleRow
from kontuar.operations.station.sale_rules import require_there
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import lines_editable, look_at
from kontuar.operations.station.till.lines import with_gift
from kontuar.operations.station.till.prices import article_of
from kontuar.operations.station.till.promotions import bundle_names

MOST_SHOWN = 8


class GiftDue(msgspec.Struct, frozen=True, kw_only=True):
    """So many base units that a rule would still give; `articles`: the first that can be it, `more`: there are others.

    `name`: of the promotion.
    """

    rule: str
    name: str
    quantity: Decimal
    articles: tuple[ArticleRow, ...]
    more: bool


def unused(station: Station, actor: Actor, doc_id: str) -> Sequence[GiftDue]:
    """What the bundles on a draft would still give."""
    document = look_at(station, actor, doc_id)
    return [_due(station, document, gift) for gift in document.discounts.unused_gifts if gift.quantity > 0]


def before_payment(station: Station, actor: Actor, doc_id: str) -> Sequence[GiftDue]:
    """What to remind of when payment opens: nothing once money is assigned or a card is under way."""
    document = look_at(station, actor, doc_id)
    if document.payments or document.repeats or station.books.cards.unfinished(doc_id):
        return ()
    return unused(station, actor, doc_id)


def add(station: Station, actor: Actor, doc_id: str, rule: str, article: str, quantity: str = "1") -> Document:
    """Add an article as the gift of a rule, in its base unit.

    Raises `Refused("gift.not_due" | "gift.not_among")`, and as adding a line does.
    """
    document = lines_editable(station, actor, doc_id)
    due = [gift for gift in document.discounts.unused_gifts if gift.rule == rule and gift.quantity > 0]
    if not due:
        raise refuse("gift.not_due", "gift")
    found = article_of(station, article)
    if not found.active:
        raise refuse("article.inactive", "article", article=article[:60])
    if not any(_fits(station, document, found, gift.goods) for gift in due):
        raise refuse("gift.not_among", "gift", name=found.name)
    grown = with_gift(station, actor, document, found, quantity, rule)
    require_there(station, grown, article)
    return station.save(grown)


def _due(station: Station, document: Document, gift: UnusedGift) -> GiftDue:
    rows = list(_candidates(station, document, gift.goods))
    return GiftDue(
        rule=gift.rule, name=bundle_names(station, (gift.rule,))[0], quantity=gift.quantity,
        articles=tuple(rows[:MOST_SHOWN]), more=len(rows) > MOST_SHOWN,
    )  # fmt: skip


def _candidates(station: Station, document: Document, goods: Goods) -> Iterator[ArticleRow]:
    """The first articles that the goods mean, one more than is shown."""
    seen: set[str] = set()
    for selector in goods or (Selector(),):
        for code in _codes(station, selector):
            found = station.books.definitions.get(Article, code)
            if code in seen or found is None or not found.active:
                continue
            if _fits(station, document, found, (selector,)):
                seen.add(code)
                yield article_list.row_of(station, code, document.price_list)
            if len(seen) > MOST_SHOWN:
                return


def _codes(station: Station, selector: Selector) -> Iterator[str]:
    if selector.articles:
        yield from selector.articles
        return
    for group in _with_below(station, selector.groups) if selector.groups else ("",):
        after = article_list.FIRST
        while True:
            page = station.books.definitions.search("article", "", parent=group, inactive=False, after=after, limit=50)
            yield from (row.key for row in page)
            if len(page) < 50:
                break
            after = (page[-1].sort_key, page[-1].key)


def _with_below(station: Station, groups: tuple[str, ...]) -> list[str]:
    """The groups and all below them."""
    every = station.books.definitions.every(ArticleGroup).values()
    found = list(dict.fromkeys(groups))
    for code in found:
        found += [row.code for row in every if row.parent == code and row.code not in found]
    return found


def _fits(station: Station, document: Document, article: Article, goods: Goods) -> bool:
    traits = station.rules.traits(article.code)
    return not traits.no_discount and (not goods or any(
        (not one.articles or article.code in one.articles)
        and (not one.groups or bool(set(one.groups) & set(traits.groups)))
        and _price_fits(station, document, article, one)
        for one in goods
    ))  # fmt: skip


def _price_fits(station: Station, document: Document, article: Article, selector: Selector) -> bool:
    if selector.price_from is None and selector.price_to is None:
        return True
    price = article_list.row_of(station, article.code, document.price_list).price
    if price is None:
        return False
    above = selector.price_from is None or price >= selector.price_from
    return above and (selector.price_to is None or price <= selector.price_to)
