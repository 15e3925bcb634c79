"""A discount becomes its sheet; what flat fields cannot say goes into the JSON cell, and nothing is lost."""

from decimal import Decimal
from typing import Any

import msgspec

from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Gift,
    Goods,
    Hours,
    ItemDeal,
    Selector,
    SharedDeal,
    Slot,
    ValueAtLeast,
)
from kontuar.domain.pricing.sheet import (
    WEEKDAYS,
    BundleRow,
    DiscountSheet,
    GiftRow,
    PromotionRow,
    Rest,
    SheetKind,
    ThresholdRow,
)
from kontuar.domain.pricing.sheet_reading import discount_of
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused


def sheet_of(discount: Discount) -> DiscountSheet:
    """The sheet from which `discount_of` makes exactly this discount again."""
    header = _header(discount)
    stated = DiscountSheet(**header, **_content(discount))
    try:
        if discount_of(stated) == _as_read(discount):
            return stated
    except Refused:
        pass  # a value that only the JSON cell can leave out
    rest = Rest(deal=discount.deal, conditions=discount.conditions, limits=discount.limits)
    return DiscountSheet(**header, rest=encode(rest).decode())


def _as_read(discount: Discount) -> Discount:
    """As a sheet gives it back: the bundles' priority is 0 whatever was written."""
    return msgspec.structs.replace(discount, step=0) if discount.source == "BUNDLE" else discount


def kind_of(discount: Discount) -> SheetKind:
    """Fixed bundles have a slot per part; a bundle with one slot is flexible unless it is one article's quantity."""
    deal = discount.deal
    if discount.source != "BUNDLE":
        return discount.source
    if not isinstance(deal, BundleDeal):
        return "flexible_bundle"
    is_fixed = len(deal.slots) != 1 or bool(deal.target.slots) or _is_part(deal.slots[0])
    return "fixed_bundle" if is_fixed and not deal.target.goods else "flexible_bundle"


def _is_part(slot: Slot) -> bool:
    """Whether a slot is one article or one group in a quantity."""
    return slot.quantity is not None and slot.takes == "least" and bool(slot.goods) and _names_one(slot.goods)


def _names_one(goods: Goods) -> bool:
    return len(goods) == 1 and len(goods[0].articles) + len(goods[0].groups) == 1


def _header(discount: Discount) -> dict[str, Any]:
    validity, scope, combination = discount.validity, discount.scope, discount.combination
    repeats = validity.repeats
    cycle = {"every": repeats.every, "every_unit": repeats.unit, "lasts_days": repeats.lasts_days} if repeats else {}
    known_days = [day for day in validity.weekdays if 1 <= day <= len(WEEKDAYS)]
    return {
        "code": discount.code, "name": discount.name, "kind": kind_of(discount), "state": discount.state,
        "by_coupon": discount.by_coupon, "priority": discount.step, "position": discount.position,
        "discount_group": discount.group, "combine": combination.base or "",
        "skip_following": combination.skip_following, "exclusive": combination.exclusive,
        "pool": combination.pool, "uses_up": combination.uses_up, "whole_or_nothing": discount.whole_or_nothing,
        "first_day": validity.first_day, "last_day": validity.last_day,
        "weekdays": tuple(WEEKDAYS[day - 1] for day in known_days),
        "hours": tuple(_hours(span) for span in validity.hours), **cycle,
        "centres": scope.centres, "contractors": scope.buyers.contractors, "contractor_groups": scope.buyers.groups,
        "warehouses": scope.warehouses, "payment_forms": scope.payment_forms,
        "delivery_methods": scope.delivery_methods, "document_types": scope.document_kinds,
        "currency": scope.currency,
    }  # fmt: skip


def _hours(span: Hours) -> str:
    return "-".join(f"{minute // 60:02}.{minute % 60:02}" for minute in (span.start_minute, span.end_minute))


def _content(discount: Discount) -> dict[str, Any]:
    """What the flat fields can say; `sheet_of` finds out whether it is all."""
    limits = discount.limits
    asked = [condition.value for condition in discount.conditions if isinstance(condition, ValueAtLeast)]
    fields: dict[str, Any] = {
        "value_from": asked[0] if asked else None, "times": limits.times, "most_quantity": limits.quantity,
        "most_saving": limits.saving,
    }  # fmt: skip
    deal = discount.deal
    if isinstance(deal, ItemDeal):
        return {**fields, **_items(discount, deal)}
    if isinstance(deal, SharedDeal):
        rows = tuple(
            ThresholdRow(
                threshold=tier.threshold, gives=tier.reward.kind, value=tier.reward.value, given=tier.reward.given
            )
            for tier in deal.tiers
        )
        return {**fields, "thresholds": rows, "at_most": deal.at_most, "gifts": _gifts(deal.gifts)}
    return {**fields, **_bundle(discount, deal)} if isinstance(deal, BundleDeal) else fields


def _items(discount: Discount, deal: ItemDeal) -> dict[str, Any]:
    if discount.source == "KNT":
        tiers = deal.elements[0].tiers if deal.elements else ()
        return {"percent": tiers[0].reward.value if tiers else None}
    rows = tuple(
        PromotionRow(
            **_one(element.goods), **_buyer(element.buyers), threshold=tier.threshold, gives=tier.reward.kind,
            value=tier.reward.value, given=tier.reward.given,
        )
        for element in deal.elements
        for tier in element.tiers
    )  # fmt: skip
    return {"rows": rows, "counted_by": deal.elements[0].by if deal.elements else "quantity"}


def _bundle(discount: Discount, deal: BundleDeal) -> dict[str, Any]:
    reward, target = deal.reward, deal.target
    fields: dict[str, Any] = {
        "pick": target.pick, "count": target.count, "spread_over_set": deal.spread_over_set,
        "gifts": _gifts(deal.gifts),
    }  # fmt: skip
    if reward is not None:
        fields |= {"gives": reward.kind, "value": reward.value, "per": "set" if reward.per == "set" else "unit"}
    if kind_of(discount) == "fixed_bundle":
        fields["parts"] = tuple(
            BundleRow(**_one(slot.goods), quantity=slot.quantity or Decimal(1), rewarded=at in target.slots)
            for at, slot in enumerate(deal.slots)
        )
    elif deal.slots:
        slot = deal.slots[0]
        chosen = {code for selector in target.goods for code in (*selector.articles, *selector.groups)}
        fields |= {
            "parts": tuple(
                BundleRow(article=article, article_group=group, rewarded=(article or group) in chosen)
                for selector in slot.goods
                for article, group in _codes(selector)
            ),
            "quantity_from": slot.quantity, "goods_value_from": slot.value, "takes": slot.takes,
        }  # fmt: skip
    return fields


def _codes(selector: Selector) -> list[tuple[str, str]]:
    """(article, group) of each part, one of the two empty."""
    return [
        *((code, "") for code in selector.articles),
        *(("", code) for code in selector.groups),
    ]


def _gifts(gifts: tuple[Gift, ...]) -> tuple[GiftRow, ...]:
    return tuple(GiftRow(**_one(gift.goods), quantity=gift.quantity, percent=gift.percent) for gift in gifts)


def _one(goods: Goods) -> dict[str, str]:
    """The one article and the one group that the goods name first."""
    selector = goods[0] if goods else Selector()
    return {
        "article": selector.articles[0] if selector.articles else "",
        "article_group": selector.groups[0] if selector.groups else "",
    }


def _buyer(buyers: Buyers) -> dict[str, str]:
    return {
        "contractor": buyers.contractors[0] if buyers.contractors else "",
        "contractor_group": buyers.groups[0] if buyers.groups else "",
    }
