"""A discount's sheet becomes the discount: rows of one target are one threshold discount (DISC-02 … DISC-05)."""

from collections.abc import Iterable

import msgspec

from kontuar.domain.pricing.discount import Discount, Type
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Combination,
    Condition,
    Deal,
    Element,
    Gift,
    Goods,
    Hours,
    ItemDeal,
    Limits,
    Repeats,
    Reward,
    Scope,
    Selector,
    SharedDeal,
    Slot,
    Target,
    Tier,
    Validity,
    ValueAtLeast,
)
from kontuar.domain.pricing.sheet import (
    WEEKDAYS,
    BundleRow,
    DiscountSheet,
    GiftRow,
    PromotionRow,
    Rest,
    ThresholdRow,
)
from kontuar.kernel.errors import refuse


def discount_of(sheet: DiscountSheet) -> Discount:
    """The discount that a sheet states.

    Raises `Refused` with `discount.rest_unreadable`, `discount.hours_unreadable` or `discount.value_missing`.
    """
    rest = _rest(sheet)
    source: Type = "BUNDLE" if sheet.kind == "fixed_bundle" or sheet.kind == "flexible_bundle" else sheet.kind
    return Discount(
        code=sheet.code, name=sheet.name, source=source,
        deal=rest.deal, state=sheet.state, by_coupon=sheet.by_coupon, step=0 if source == "BUNDLE" else sheet.priority,
        position=sheet.position, group=sheet.discount_group, validity=_validity(sheet), scope=_scope(sheet),
        conditions=rest.conditions, limits=rest.limits, whole_or_nothing=sheet.whole_or_nothing,
        combination=Combination(
            base=sheet.combine or None, skip_following=sheet.skip_following, exclusive=sheet.exclusive,
            pool=sheet.pool, uses_up=sheet.uses_up,
        ),
    )  # fmt: skip


def _rest(sheet: DiscountSheet) -> Rest:
    if sheet.rest:
        try:
            return msgspec.json.decode(sheet.rest, type=Rest)
        except (msgspec.DecodeError, RecursionError) as error:
            raise refuse("discount.rest_unreadable", "rest", detail=str(error)[:200]) from None
    asked: tuple[Condition, ...] = ()
    if sheet.value_from is not None:
        asked = (ValueAtLeast(value=sheet.value_from),)
    limits = Limits(times=sheet.times, quantity=sheet.most_quantity, saving=sheet.most_saving)
    return Rest(deal=_deal(sheet), conditions=asked, limits=limits)


def _deal(sheet: DiscountSheet) -> Deal:
    if sheet.kind == "KNT":
        if sheet.percent is None:
            raise refuse("discount.value_missing", "percent")
        return ItemDeal(elements=(Element(tiers=(Tier(reward=Reward(kind="percent", value=sheet.percent)),)),))
    if sheet.kind in ("KNU", "PRM"):
        return ItemDeal(elements=_elements(sheet))
    gifts = tuple(_gift(row) for row in sheet.gifts)
    if sheet.kind == "WTR":
        return SharedDeal(tiers=tuple(_tier(row) for row in sheet.thresholds), at_most=sheet.at_most, gifts=gifts)
    return _fixed(sheet, gifts) if sheet.kind == "fixed_bundle" else _flexible(sheet, gifts)


def _elements(sheet: DiscountSheet) -> tuple[Element, ...]:
    """Rows on the same goods for the same buyer are the thresholds of one element (DISC-03)."""
    found: dict[tuple[str, str, str, str], list[PromotionRow]] = {}
    for row in sheet.rows:
        found.setdefault((row.article, row.article_group, row.contractor, row.contractor_group), []).append(row)
    return tuple(
        Element(
            goods=_goods(article, group), by=sheet.counted_by, tiers=tuple(_tier(row) for row in rows),
            buyers=Buyers(contractors=_one(contractor), groups=_one(contractor_group)),
        )
        for (article, group, contractor, contractor_group), rows in found.items()
    )  # fmt: skip


def _fixed(sheet: DiscountSheet, gifts: tuple[Gift, ...]) -> BundleDeal:
    slots = tuple(Slot(goods=_goods(row.article, row.article_group), quantity=row.quantity) for row in sheet.parts)
    chosen = tuple(at for at, row in enumerate(sheet.parts) if row.rewarded)
    target = Target(slots=chosen, pick=sheet.pick, count=sheet.count)
    return BundleDeal(
        slots=slots, reward=_reward(sheet), target=target, gifts=gifts, spread_over_set=sheet.spread_over_set
    )


def _flexible(sheet: DiscountSheet, gifts: tuple[Gift, ...]) -> BundleDeal:
    slots: tuple[Slot, ...] = ()
    if sheet.parts or sheet.quantity_from is not None or sheet.goods_value_from is not None:
        slots = (
            Slot(
                goods=_set(sheet.parts), quantity=sheet.quantity_from, value=sheet.goods_value_from, takes=sheet.takes
            ),
        )
    chosen = _set(row for row in sheet.parts if row.rewarded)
    target = Target(goods=chosen, pick=sheet.pick, count=sheet.count)
    return BundleDeal(
        slots=slots, reward=_reward(sheet), target=target, gifts=gifts, spread_over_set=sheet.spread_over_set
    )


def _reward(sheet: DiscountSheet) -> Reward | None:
    if not sheet.gives:
        return None
    if sheet.value is None:
        raise refuse("discount.value_missing", "value")
    return Reward(kind=sheet.gives, value=sheet.value, per=sheet.per)


def _tier(row: PromotionRow | ThresholdRow) -> Tier:
    return Tier(threshold=row.threshold, reward=Reward(kind=row.gives, value=row.value, given=row.given))


def _gift(row: GiftRow) -> Gift:
    return Gift(goods=_goods(row.article, row.article_group), quantity=row.quantity, percent=row.percent)


def _goods(article: str, group: str) -> Goods:
    return (Selector(articles=_one(article), groups=_one(group)),) if article or group else ()


def _set(rows: Iterable[BundleRow]) -> Goods:
    """Any of these articles, any of these groups."""
    listed = list(rows)
    articles = tuple(row.article for row in listed if row.article)
    groups = tuple(row.article_group for row in listed if row.article_group and not row.article)
    found = (Selector(articles=articles), Selector(groups=groups))
    return tuple(one for one in found if one.articles or one.groups)


def _one(code: str) -> tuple[str, ...]:
    return (code,) if code else ()


def _validity(sheet: DiscountSheet) -> Validity:
    repeats = Repeats(every=sheet.every, unit=sheet.every_unit, lasts_days=sheet.lasts_days) if sheet.every else None
    return Validity(
        first_day=sheet.first_day, last_day=sheet.last_day, repeats=repeats,
        weekdays=tuple(WEEKDAYS.index(day) + 1 for day in sheet.weekdays),
        hours=tuple(_hours(text) for text in sheet.hours if text.strip()),
    )  # fmt: skip


def _hours(text: str) -> Hours:
    start, _, end = text.partition("-")
    return Hours(_minute(start, text), _minute(end, text))


def _minute(time: str, text: str) -> int:
    hour, _, minute = time.strip().replace(":", ".").partition(".")
    parts = (hour, minute or "0")
    if not all(part.isascii() and part.isdecimal() and len(part) <= 2 for part in parts) or int(parts[1]) > 59:
        raise refuse("discount.hours_unreadable", "hours", value=text[:40])
    return int(parts[0]) * 60 + int(parts[1])


def _scope(sheet: DiscountSheet) -> Scope:
    return Scope(
        centres=sheet.centres, buyers=Buyers(contractors=sheet.contractors, groups=sheet.contractor_groups),
        payment_forms=sheet.payment_forms, delivery_methods=sheet.delivery_methods, warehouses=sheet.warehouses,
        document_kinds=sheet.document_types, currency=sheet.currency,
    )  # fmt: skip
