"""The rows that a discount names: articles, groups, contractors, centres, warehouses, forms, currency (DISC-10)."""

from collections.abc import Iterable, Iterator

from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import (
    BundleDeal,
    BuyerIsIn,
    Buyers,
    Contains,
    Goods,
    GroupsDeal,
    ItemDeal,
    LineQuantity,
    ValueAtLeast,
)

Reference = tuple[str, str, str]
"""(field that names, kind named, key named)."""


def references_of(discount: Discount) -> Iterable[Reference]:
    """Everything the discount names, once each."""
    return dict.fromkeys(_named(discount))


def goods_of(discount: Discount) -> Iterator[Goods]:
    """All goods that the deal names: what is bought, what is rewarded, what is given."""
    deal = discount.deal
    if isinstance(deal, ItemDeal):
        yield from (element.goods for element in deal.elements)
        return
    yield deal.goods
    if isinstance(deal, GroupsDeal):
        return
    yield from (gift.goods for gift in deal.gifts)
    if isinstance(deal, BundleDeal):
        yield from (slot.goods for slot in deal.slots)
        yield deal.target.goods


def buyers_of(discount: Discount) -> Iterator[Buyers]:
    """All buyers that the discount names, for itself and for its rows."""
    yield discount.scope.buyers
    if isinstance(discount.deal, ItemDeal):
        yield from (element.buyers for element in discount.deal.elements)


def _named(discount: Discount) -> Iterator[Reference]:
    if discount.group:
        yield ("group", "discount_group", discount.group)
    for goods in goods_of(discount):
        yield from _goods("deal", goods)
    for buyers in buyers_of(discount):
        yield from (("scope", "contractor", code) for code in buyers.contractors)
        yield from (("scope", "contractor_group", code) for code in buyers.groups)
    yield from _scope(discount)
    for condition in discount.conditions:
        if isinstance(condition, ValueAtLeast | LineQuantity | Contains):
            yield from _goods("conditions", condition.goods)
        elif isinstance(condition, BuyerIsIn):
            yield from (("conditions", "contractor_group", code) for code in condition.groups)


def _scope(discount: Discount) -> Iterator[Reference]:
    scope = discount.scope
    yield from (("scope", "centre", code) for code in scope.centres)
    yield from (("scope", "payment_form", code) for code in scope.payment_forms)
    yield from (("scope", "delivery_method", code) for code in scope.delivery_methods)
    yield from (("scope", "warehouse", code) for code in scope.warehouses)
    if scope.currency:
        yield ("scope", "currency", scope.currency)


def _goods(field: str, goods: Goods) -> Iterator[Reference]:
    for selector in goods:
        yield from ((field, "article", code) for code in selector.articles)
        yield from ((field, "article_group", code) for code in selector.groups)
