"""The neutral vocabulary of worked pricing cases, turned into the engine's own baskets, rules and settings.

Whatever is not part of the vocabulary is refused in words: nothing is silently ignored.
"""

import msgspec

from kontuar.domain.pricing.basket import Basket, BasketLine, Settings
from kontuar.domain.pricing.rules import Rule
from kontuar.tools.pricing_case_fields import (
    UnreadableCase,
    a_list,
    a_percent,
    a_text,
    an_object,
    money,
    needed,
    one_of,
    only,
    quantity,
    texts,
)
from kontuar.tools.pricing_case_promotions import rule_of

TOLD = {"source", "description", "tags", "expected", "alternatives", "published"}
READ = {"id", "price_mode", "lines", "customer", "coupons", "settings", "promotions"}


class Case(msgspec.Struct, frozen=True):
    """A case as the engine takes it."""

    id: str
    basket: Basket
    rules: tuple[Rule, ...]
    settings: Settings


def read_case(value: object, place: str = "case") -> Case:
    """One case of the vocabulary. Raises `UnreadableCase`."""
    fields = an_object(value, place)
    place = a_text(fields.get("id", place), f"{place}.id")
    only(fields, READ | TOLD, place)
    mode = one_of(fields.get("price_mode", "plain"), ("plain", "net", "gross"), f"{place}.price_mode")
    lines = a_list(needed(fields, "lines", place), f"{place}.lines")
    promotions = a_list(fields.get("promotions") or (), f"{place}.promotions")
    rules = tuple(rule_of(one, at, f"{place}.promotions[{at}]") for at, one in enumerate(promotions))
    if len({rule.id for rule in rules}) != len(rules):
        raise UnreadableCase(f"{place}.promotions: an id is there twice")
    basket = Basket(
        lines=tuple(_line(line, at, mode, f"{place}.lines[{at}]") for at, line in enumerate(lines)),
        buyer_groups=tuple((group,) for group in _customer(fields.get("customer"), f"{place}.customer")),
        coupons=texts(fields.get("coupons") or (), f"{place}.coupons"),
    )
    return Case(place, basket, rules, _settings(fields.get("settings") or {}, mode, f"{place}.settings"))


def _line(value: object, at: int, mode: str, place: str) -> BasketLine:
    line = an_object(value, place)
    only(line, {"sku", "qty", "unit_price", "group", "groups", "vat", "min_unit_price"}, place)
    groups = texts(line.get("groups") or (), f"{place}.groups")
    if line.get("group") is not None:
        groups = (a_text(line["group"], f"{place}.group"), *groups)
    vat = a_percent(line.get("vat") or 0, f"{place}.vat")
    if mode == "plain" and vat:
        raise UnreadableCase(f"{place}.vat: a case in price mode plain has no VAT")
    return BasketLine(
        number=at,
        article=a_text(needed(line, "sku", place), f"{place}.sku"),
        quantity=quantity(needed(line, "qty", place), f"{place}.qty"),
        unit_price=money(needed(line, "unit_price", place), f"{place}.unit_price"),
        groups=groups,
        percent=vat,
        least_price=money(line.get("min_unit_price") or 0, f"{place}.min_unit_price"),
    )


def _customer(value: object, place: str) -> tuple[str, ...]:
    """The groups of the buyer: a list, or an object with `groups`."""
    if value is None:
        return ()
    if not isinstance(value, list):
        fields = an_object(value, place)
        only(fields, {"groups"}, place)
        value = fields.get("groups") or ()
    return texts(value, place)


def _settings(value: object, mode: str, place: str) -> Settings:
    fields = an_object(value, place)
    only(fields, {"rounding", "round_at", "spread", "spread_weights", "choose"}, place)
    one_of(fields.get("rounding", "half_up"), ("half_up",), f"{place}.rounding")
    one_of(fields.get("spread", "largest_remainder"), ("largest_remainder",), f"{place}.spread")
    choose = one_of(fields.get("choose", "sequential"), ("sequential", "best_for_customer"), f"{place}.choose")
    return Settings(
        direction="net" if mode == "net" else "gross",
        round_at=one_of(
            fields.get("round_at", "line_discount"), ("unit_price", "line_discount", "pool"), f"{place}.round_at"
        ),
        spread_weights=one_of(
            fields.get("spread_weights", "running"), ("running", "running_gross"), f"{place}.spread_weights"
        ),
        choose="best_for_customer" if choose == "best_for_customer" else "first_satisfied",
        vat_at="line",
        ties="line",
    )
