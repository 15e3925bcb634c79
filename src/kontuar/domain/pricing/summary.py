"""The discount summary window: what the document would cost, what came off and why, what is left (DISC-31)."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kontuar.domain.pricing.basket import Application, Basket, Priced
from kontuar.kernel.money import ZERO, Minor, line_value

OTHER = ""
"""The group of discounts that name none."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One discount group's share with the discounts in it; the group is empty for *other*."""

    group: str
    amount: Minor
    discounts: tuple[tuple[str, Minor], ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts in the document's direction; `base` only where initial prices differ from base prices.

    `goods` is all of `buyers_own` (dedicated to the buyer) and the groups of `goods_groups` together.
    """

    without: Minor
    goods: Minor
    buyers_own: Section
    goods_groups: tuple[Section, ...]
    header: Minor
    header_groups: tuple[Section, ...]
    by_operator_on_lines: Minor
    by_operator_on_header: Minor
    after: Minor
    base: Minor | None = None
    base_difference: Minor = ZERO


def summary_of(basket: Basket, priced: Priced, currency: str) -> Summary:
    """The window's figures. What carried lines came with is not in the applications of a pricing: of a document see
    `documents.discount_summary`."""
    given = [application for application in priced.applications if application.amount]
    goods = [one for one in given if not one.header and not one.by_operator]
    header = [one for one in given if one.header and not one.by_operator]
    operator = [one for one in given if one.by_operator]
    base = _base_value(basket, currency)
    own = _section("buyer", [one for one in goods if one.for_buyer])
    groups = _groups([one for one in goods if not one.for_buyer])
    return Summary(
        without=priced.list_value,
        goods=Minor(own.amount + sum(section.amount for section in groups)),
        buyers_own=own,
        goods_groups=groups,
        header=_sum(header),
        header_groups=_groups(header),
        by_operator_on_lines=_sum(one for one in operator if not one.header),
        by_operator_on_header=_sum(one for one in operator if one.header),
        after=priced.value,
        base=None if base is None else base,
        base_difference=ZERO if base is None else Minor(priced.list_value - base),
    )


def _sum(applications: Iterable[Application]) -> Minor:
    return Minor(sum(application.amount for application in applications))


def _section(group: str, applications: Iterable[Application]) -> Section:
    found = list(applications)
    discounts = tuple((one.name or one.rule, one.amount) for one in found)
    return Section(group=group, amount=_sum(found), discounts=discounts)


def _groups(applications: list[Application]) -> tuple[Section, ...]:
    """Named groups in alphabetical order, *other* last."""
    names = sorted({one.group for one in applications}, key=lambda name: (not name, name))
    return tuple(_section(name, [one for one in applications if one.group == name]) for name in names)


def _base_value(basket: Basket, currency: str) -> Minor | None:
    """The value at base prices, where some line's initial price differs from its base price."""
    prices: list[tuple[Decimal, Decimal]] = []
    differs = False
    for line in basket.lines:
        base = line.unit_price if line.base_price is None else line.base_price
        differs = differs or base != line.unit_price
        prices.append((base, line.quantity))
    return Minor(sum(line_value(price, quantity, currency) for price, quantity in prices)) if differs else None
