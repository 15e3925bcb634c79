"""The words of discounts on forms and lists: fields, choices, hints, and the sections of each kind of discount."""

from collections.abc import Mapping
from typing import Final

LABELS: Final = {
    "state": "State", "by_coupon": "Only with a coupon", "priority": "Priority", "discount_group": "Discount group",
    "combine": "With the discounts before it", "skip_following": "Skip following discounts",
    "exclusive": "Alone: no other discount with it", "whole_or_nothing": "Returned whole or not at all",
    "pool": "At most one of the pool", "uses_up": "Uses goods up for", "first_day": "First day",
    "last_day": "Last day", "weekdays": "Days of the week", "hours": "Hours", "every": "Repeats every",
    "every_unit": "Unit of repetition", "lasts_days": "Lasts days", "centres": "Centres",
    "contractors": "Contractors", "contractor": "Contractor", "contractor_groups": "Contractor groups",
    "contractor_group": "Contractor group", "warehouses": "Warehouses", "payment_forms": "Payment forms",
    "delivery_methods": "Delivery methods", "value_from": "Goods worth at least", "times": "Most times on a document",
    "most_quantity": "Most discounted units", "most_saving": "Most saved on a document", "counted_by": "Thresholds by",
    "rows": "On which goods, for whom, how much", "thresholds": "From which value, how much",
    "at_most": "The percent gives at most", "parts": "Bought together", "quantity_from": "From this many units",
    "goods_value_from": "From this value of goods", "takes": "Taken into a set", "gives": "Gives",
    "per": "For each", "pick": "On which of them", "count": "How many of them",
    "spread_over_set": "Spread over the whole set", "gifts": "Gifts", "rest": "Everything else, as JSON",
    "article_group": "Article group", "threshold": "From", "quantity": "Quantity", "rewarded": "Rewarded",
    "discount": "Discount it unlocks", "uses": "Uses of one code", "offline": "Allowed offline",
    "digits": "Digits of a series", "first_number": "First number", "last_number": "Last number",
}  # fmt: skip

CHOICES: Final = {
    "KNT": "Contractor's discount on everything (KNT)", "KNU": "Buyer's discount on goods (KNU)",
    "PRM": "Promotion (PRM)", "WTR": "Discount on the document's value (WTR)", "fixed_bundle": "Fixed bundle",
    "flexible_bundle": "Flexible bundle", "draft": "Draft", "confirmed": "Confirmed", "withdrawn": "Withdrawn",
    "combine:list": "Add: percent of the initial price", "combine:running": "Multiply: of what is left",
    "combine:step_start": "Of the value before its priority", "percent": "Percent off", "amount": "Amount off",
    "fixed_price": "Fixed price", "purchase_surcharge": "Surcharge on the purchase price", "gives:": "Only gifts",
    "given:document": "As the document", "counted_by:quantity": "Quantity", "counted_by:value": "Value",
    "takes:least": "Just enough", "takes:all": "Everything that fits", "per:unit": "Each unit",
    "per:set": "The whole set", "pick:all": "All of them", "pick:cheapest": "The cheapest",
    "pick:dearest": "The dearest", "day": "Days", "week": "Weeks", "every_unit:month": "Months",
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday",
}  # fmt: skip

HINTS: Final = {
    "discount.code": "What documents name it by; it stays.",
    "discount.priority": "1 or more; smaller ones come first. 0 is the bundles' own.",
    "discount.hours": "As 8.00-12.30; past midnight as 22.00-6.00.",
    "discount.weekdays": "None marked = every day.",
    "discount.every": "0 = it does not repeat. It needs a first day.",
    "discount.centres": "None = everywhere; a centre covers everything below it.",
    "discount.contractors": "None = everybody.",
    "discount.warehouses": "None = all warehouses.",
    "discount.payment_forms": "None = all payment forms.",
    "discount.delivery_methods": "None = however it is delivered, or where nothing is said of it.",
    "discount.rows": "Rows on the same goods are thresholds of one discount; all of them give the same kind of thing.",
    "discount.parts": "An article or any of a group; for a fixed bundle each in its quantity.",
    "discount.gives": "Without a reward the bundle gives only its gifts.",
    "discount.gifts": "100 percent off = free.",
    "discount.rest": "What the fields cannot say; it takes their place. See the import guide.",
    "coupon.code": "The code itself; for a series what every code begins with.",
    "coupon.uses": "0 = any number of times.",
    "coupon.digits": "0 = one code; else how many digits follow.",
    "coupon.offline": "A till that reaches nobody takes it unchecked.",
}

VARIANTS: Final[Mapping[str, str]] = {"discount": "kind"}
"""Kinds of definitions whose form depends on one of their fields."""
VARIANT_CHOICES: Final = ("PRM", "fixed_bundle", "flexible_bundle", "WTR", "KNU", "KNT")

_REWARD: Final = ("Reward", ("gives", "value", "per", "pick", "count", "spread_over_set", "gifts"))
_CONTENT: Final[Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "KNT": (("What it gives", ("percent",)),),
    "KNU": (("What it gives", ("counted_by", "rows")),),
    "PRM": (("What it gives", ("counted_by", "rows")),),
    "WTR": (("What it gives", ("at_most", "thresholds", "gifts")),),
    "fixed_bundle": (("Bundle", ("parts",)), _REWARD),
    "flexible_bundle": (("Bundle", ("quantity_from", "goods_value_from", "takes", "parts")), _REWARD),
}
_BEFORE: Final = ("Main data", ("code", "name", "discount_group", "priority", "by_coupon"))
_AFTER: Final = (
    ("When", ("first_day", "last_day", "every", "every_unit", "lasts_days", "weekdays", "hours")),
    ("Where and for whom", ("centres", "contractors", "contractor_groups", "warehouses")),
    ("How it meets other discounts", ("combine", "skip_following", "exclusive", "whole_or_nothing")),
    ("Further conditions and limits", (
        "position", "value_from", "times", "most_quantity", "most_saving", "pool", "uses_up", "currency",
        "payment_forms", "delivery_methods", "document_types", "rest",
    )),
)  # fmt: skip
SECTIONS: Final = {f"discount.{variant}": (_BEFORE, *content, *_AFTER) for variant, content in _CONTENT.items()}
HIDDEN: Final[Mapping[str, tuple[str, ...]]] = {"discount": ("kind", "state"), "picture": ("media_type",)}
"""Fields that a form carries along: a discount's kind is chosen before, its state changes by its own buttons; a
picture's type comes with its file."""
PLACES: Final = {
    "elements": "rows", "tiers": "thresholds", "slots": "parts", "target": "pick", "reward": "value",
    "conditions": "value_from", "limits": "times", "step": "priority", "validity": "last_day", "scope": "centres",
    "group": "discount_group", "deal": "rows",
}  # fmt: skip
"""Where a form shows a problem of a part of a discount."""
