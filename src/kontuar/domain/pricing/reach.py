"""The stores that a discount is sent to (DISC-12): by centre, warehouse, groups; bundles only in date."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.firm.records import Store
from kontuar.domain.pricing.discount import ALWAYS_SENT, Discount, is_in_force
from kontuar.domain.pricing.references import buyers_of, goods_of

Parents = Mapping[str, str]
"""Code → the code above it, empty at the top."""
GroupsOf = Callable[[str], tuple[str, ...]]
"""The groups that an article or a contractor belongs to, without those above them."""


class FirmMap(msgspec.Struct, frozen=True, kw_only=True):
    """What decides where discounts go. `warehouses`: warehouse → its store."""

    centres: Parents
    stores: Mapping[str, Store]
    warehouses: Mapping[str, str]
    article_groups: Parents
    contractor_groups: Parents
    groups_of_article: GroupsOf
    groups_of_contractor: GroupsOf


def stores_of(discount: Discount, firm: FirmMap, today: datetime.date) -> tuple[str, ...] | None:
    """The stores that get the discount; None = all there are and will be, () = none.

    A bundle that has ended goes nowhere; one that has not begun is sent ahead.
    """
    if not is_in_force(discount):
        return ()
    if discount.source in ALWAYS_SENT:
        return None
    last_day = discount.validity.last_day
    if discount.source == "BUNDLE" and last_day is not None and last_day < today:
        return ()
    asks = discount.scope.centres or discount.scope.warehouses
    if not asks and not any(store.article_group or store.contractor_group for store in firm.stores.values()):
        return None
    return tuple(sorted(code for code, store in firm.stores.items() if _reaches(discount, store, firm)))


def path_of(code: str, parents: Parents) -> tuple[str, ...]:
    """The code and all above it, nearest first; a loop ends where it closes."""
    path: dict[str, None] = {}
    while code and code not in path:
        path[code] = None
        code = parents.get(code, "")
    return tuple(path)


def paths_of_buyer(groups: Iterable[str], root: str, parents: Parents) -> tuple[tuple[str, ...], ...]:
    """A path for each of a buyer's groups, the default one first (DISC-08). Who is in none is in the store's own
    (`root`), so that a promotion which names that one reaches everybody there (DISC-04)."""
    named = tuple(dict.fromkeys(group for group in groups if group))
    return tuple(path_of(group, parents) for group in named or ((root,) if root else ()))


def groups_of(article: Article, parents: Parents) -> tuple[str, ...]:
    """All groups of an article with those above them, nearest first."""
    paths = [path_of(group, parents) for group in (article.group, *article.groups)]
    return tuple(dict.fromkeys(chain.from_iterable(paths)))


def _reaches(discount: Discount, store: Store, firm: FirmMap) -> bool:
    scope = discount.scope
    if scope.centres and not set(scope.centres) & set(path_of(store.centre, firm.centres)):
        return False
    if scope.warehouses and store.code not in {firm.warehouses.get(code) for code in scope.warehouses}:
        return False
    return _buyers_fit(discount, store.contractor_group, firm) and _goods_fit(discount, store.article_group, firm)


def _buyers_fit(discount: Discount, root: str, firm: FirmMap) -> bool:
    """Whether somebody whom the discount is for is known in the store; rows that name nobody are for everybody."""
    named = [buyers for buyers in buyers_of(discount) if buyers.contractors or buyers.groups]
    if not root or not named:
        return True
    groups = {group for buyers in named for group in buyers.groups}
    # A group above the store's root covers it, one below is a part of it.
    above = set(path_of(root, firm.contractor_groups))
    if groups & above or any(root in path_of(group, firm.contractor_groups) for group in groups):
        return True
    contractors = {code for buyers in named for code in buyers.contractors}
    return any(_within(firm.groups_of_contractor(code), root, firm.contractor_groups) for code in sorted(contractors))


def _goods_fit(discount: Discount, root: str, firm: FirmMap) -> bool:
    """A bundle needs all of its goods in the store, another discount some of them."""
    articles: list[str] = []
    groups: list[str] = []
    for goods in goods_of(discount):
        for selector in goods:
            articles += selector.articles
            groups += selector.groups
    if not root or not (articles or groups):
        return True
    above = set(path_of(root, firm.article_groups))
    known = [group in above or root in path_of(group, firm.article_groups) for group in dict.fromkeys(groups)]
    sold = (_within(firm.groups_of_article(code), root, firm.article_groups) for code in dict.fromkeys(articles))
    if discount.source == "BUNDLE":
        return all(known) and all(sold)
    return any(known) or any(sold)


def _within(groups: Iterable[str], root: str, parents: Parents) -> bool:
    return any(root in path_of(group, parents) for group in groups)
