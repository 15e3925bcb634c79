"""Discounts, their groups and coupons as head office defines them and stores receive them (DISC-10, DISC-40, COUP)."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from kontuar.domain.pricing.definition import LARGEST, problems_of
from kontuar.domain.pricing.rules import (
    Combination,
    Condition,
    CouponPresented,
    Deal,
    Element,
    ItemDeal,
    Limits,
    Rule,
    Scope,
    Tier,
    Validity,
)
from kontuar.kernel.errors import Problem

Type = Literal["KNT", "KNU", "PRM", "WTR", "BUNDLE"]
State = Literal["draft", "confirmed", "withdrawn"]
ALWAYS_SENT: Final = frozenset({"KNT", "KNU"})
"""Kinds that hold without confirmation and everywhere (DISC-12)."""
SIGNALLING: Final = "sNaN"
"""The worst of what is a number by its name only: it has no hash either."""
LONGEST_COUPON_CODE: Final = 60
"""Characters of a coupon's code, with its number in a series; what is longer is no coupon."""
MOST_COUPONS: Final = 200
"""So many coupons can stand on one document (COUP-01)."""


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """One discount: the engine's rule (see `rules.Rule`) with what distribution needs.

    `code` is the rule's id. `state`: a draft and what was withdrawn reach no till; KNT and KNU hold as drafts too.
    `by_coupon`: it needs a coupon that unlocks it (DISC-07). `step` is the priority (0 is the bundles' own),
    `position` the place in the order of bundles, or of the promotions of a step. `group`: a discount group.
    """

    code: str
    name: str
    source: Type
    deal: Deal
    state: State = "draft"
    by_coupon: bool = False
    step: int = 1
    position: int = 0
    group: str = ""
    validity: Validity = Validity()
    scope: Scope = Scope()
    conditions: tuple[Condition, ...] = ()
    combination: Combination = Combination()
    limits: Limits = Limits()
    whole_or_nothing: bool = False


class DiscountGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A dictionary entry: the heading under which the summary window shows a discount (DISC-11, DISC-31)."""

    code: str
    name: str


class Coupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon's code, or a series of them, and the discount it unlocks (DISC-07, COUP-01 … COUP-03).

    A series: `code` followed by a number from `first_number` to `last_number` of exactly `digits` digits
    (`LATO0001` … `LATO5000`); a single code has `digits` 0. `uses`: how often one code may be used, 0 = any number
    of times. `name` is the label that tills show. `offline`: a till that reaches nobody may take it unchecked.
    """

    code: str
    name: str
    discount: str
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    uses: int = 1
    offline: bool = False
    digits: int = 0
    first_number: int = 0
    last_number: int = 0
    active: bool = True


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A discount that is not applied at all, and why: damaged, of a newer program, or not to be honoured."""

    code: str
    version: int
    problem: Problem


def is_coupon_code(text: str) -> bool:
    """Whether a coupon could have this code at all."""
    return 0 < len(text) <= LONGEST_COUPON_CODE


def covers(coupon: Coupon, code: str) -> bool:
    """Whether a code that was scanned or typed is the coupon's, or of its series."""
    if not coupon.digits:
        return code == coupon.code
    number = code.removeprefix(coupon.code)
    is_number = number.isascii() and number.isdecimal() and len(number) == coupon.digits
    is_of_series = code.startswith(coupon.code) and is_number
    return is_of_series and coupon.first_number <= int(number) <= coupon.last_number


def unusable(coupon: Coupon, code: str, day: datetime.date) -> Problem | None:
    """Why a code of the coupon may not be used on a day by anybody; None = it may."""
    facts = {"coupon": code, "name": coupon.name}
    if not coupon.active:
        return Problem("coupon.inactive", "coupon", facts)
    if coupon.first_day is not None and day < coupon.first_day:
        return Problem("coupon.not_begun", "coupon", {**facts, "day": coupon.first_day.isoformat()})
    if coupon.last_day is not None and day > coupon.last_day:
        return Problem("coupon.ended", "coupon", {**facts, "day": coupon.last_day.isoformat()})
    return None


def rule_of(discount: Discount, version: int) -> Rule:
    """The rule that the engine runs; `version`: of the definition's row, which documents store (DISC-26).

    A discount by coupon holds where its own code is among `Basket.coupons`: whoever makes the basket puts there the
    codes of the discounts that the document's coupons unlock.
    """
    unlocked = (CouponPresented(coupons=(discount.code,)),) if discount.by_coupon else ()
    return Rule(
        id=discount.code, version=version, name=discount.name, source=discount.source,
        deal=_with_rows_merged(discount.deal),
        step=0 if discount.source == "BUNDLE" else discount.step, position=discount.position, group=discount.group,
        validity=discount.validity, scope=discount.scope, conditions=(*unlocked, *discount.conditions),
        combination=discount.combination, limits=discount.limits, whole_or_nothing=discount.whole_or_nothing,
    )  # fmt: skip


def _with_rows_merged(deal: Deal) -> Deal:
    """Rows on the same goods for the same buyers are one threshold discount (DISC-03)."""
    if not isinstance(deal, ItemDeal):
        return deal
    tiers: dict[Element, list[Tier]] = {}
    for element in deal.elements:
        tiers.setdefault(msgspec.structs.replace(element, tiers=()), []).extend(element.tiers)
    rows = (msgspec.structs.replace(element, tiers=tuple(found)) for element, found in tiers.items())
    return ItemDeal(elements=tuple(rows))


def is_in_force(discount: Discount) -> bool:
    """Whether tills apply it: confirmed, or of a kind that needs no confirmation; never once withdrawn."""
    return discount.state == "confirmed" or (discount.state == "draft" and discount.source in ALWAYS_SENT)


def discount_in(code: str, version: int, body: bytes) -> Discount | LeftOut:
    """The discount in a row's bytes, whole or not at all: what this program does not know leaves it out."""
    try:
        raw = msgspec.json.decode(body)
        found = msgspec.json.decode(body, type=Discount)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        facts = {"code": code, "detail": str(error)[:200]}
        return LeftOut(code=code, version=version, problem=Problem("discount.unreadable", code, facts))
    impossible = impossible_number(found)
    if impossible is not None:
        return LeftOut(code=code, version=version, problem=impossible)
    unknown = _unknown_part(raw, msgspec.to_builtins(found), "")
    if unknown:
        facts = {"code": code, "part": unknown}
        return LeftOut(code=code, version=version, problem=Problem("discount.newer_program", code, facts))
    return found


def impossible_number(discount: Discount) -> Problem | None:
    """Told of a discount that holds a number beyond everything, or one by its name only: what can be neither compared
    nor written is looked for before anything else."""
    found = [str(one) for one in _impossible(msgspec.to_builtins(discount, builtin_types=(Decimal,)))]
    worst = max(found, key=lambda text: SIGNALLING in text, default=None)
    return None if worst is None else Problem("discount.number_too_large", discount.code, {"number": worst[:20]})


def _impossible(part: Any) -> Iterator[Decimal | int]:
    if isinstance(part, Decimal):
        if not part.is_finite() or abs(part) >= LARGEST:
            yield part
    elif isinstance(part, int):
        if abs(part) >= LARGEST:
            yield part
    elif isinstance(part, dict | list | tuple):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _impossible(inner)


def _unknown_part(raw: Any, known: Any, place: str) -> str:
    """The first field of the bytes that the record has no place for; empty = all of it was understood."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for name, part in raw.items():
            here = f"{place}.{name}".lstrip(".")
            if name not in known:
                return here
            if deeper := _unknown_part(part, known[name], here):
                return deeper
    elif isinstance(raw, list) and isinstance(known, list | tuple):
        for at, (part, held) in enumerate(zip(raw, known, strict=False)):
            if deeper := _unknown_part(part, held, f"{place}:{at}"):
                return deeper
    return ""


def rules_from(rows: Iterable[tuple[str, int, bytes]]) -> tuple[list[Rule], list[LeftOut]]:
    """The rules in rows of the kind `discount` (code, version, bytes), and what was left out of them.

    Never raises: a damaged row, one that a newer program wrote, or one that the engine could not honour whole is left
    out whole and reported, so that it cannot stop selling (DISC-10).
    """
    rules: list[Rule] = []
    left_out: list[LeftOut] = []
    for code, version, body in rows:
        found = discount_in(code, version, body)
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif is_in_force(found):
            rule = rule_of(found, version)
            problems = problems_of(rule)
            if problems:
                left_out.append(LeftOut(code=code, version=version, problem=problems[0]))
            else:
                rules.append(rule)
    return rules, left_out
