"""A document as the pricing engine sees it, and what the engine said written back on it (DISC-20 … DISC-27)."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from kontuar.domain.documents.brought import brought_by, brought_when_parked, still_brought
from kontuar.domain.documents.ceilings import header_ceiling, line_ceiling
from kontuar.domain.documents.document import Document, DocumentDiscounts, Line, Promised
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.firm.records import DocumentSettings
from kontuar.domain.pricing.basket import Adjustment, Basket, BasketLine, Priced, PricedLine, Settings
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.money import PRICE_PLACES, Minor, exponent_of, line_value, to_major
from kontuar.kernel.rounding import half_up

OPERATOR = "OPERATOR"
CARRIED = -1
"""The position of an application that was made on an earlier document or version."""


class ArticleTraits(msgspec.Struct, frozen=True):
    """What pricing asks of an article: its groups with all above them, nearest first; whether it takes discounts."""

    groups: tuple[str, ...] = ()
    no_discount: bool = False


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a document is priced. `minute` of the shop's day; `centres` the store's and all above it;
    `buyer_groups`: a path for each of the buyer's groups, the default one first."""

    minute: int
    centres: tuple[str, ...]
    buyer_groups: tuple[tuple[str, ...], ...]


def conventions(parameters: Parameters, direction: Direction, currency: str, *, bundles: bool) -> Settings:
    """The firm's conventions (parameters `discount.*`) as the engine takes them: at the till and at head office."""
    best = parameters.text("discount.choose") == "best_for_customer"
    return Settings(
        direction=direction, exponent=exponent_of(currency),
        choose="best_for_customer" if best else "first_satisfied", bundles=bundles,
        discounts_on_fixed_prices=parameters.yes("discount.on_fixed_prices"),
        header_on_bundles=parameters.yes("discount.header_on_bundles"),
        header_on_gifts=parameters.yes("discount.header_on_gifts"),
        sum_buyer_groups=parameters.yes("discount.sum_buyer_groups"),
        frozen_in_thresholds=parameters.yes("discount.carried_in_thresholds"),
    )  # fmt: skip


def direction_of(settings: DocumentSettings | None, parameters: Parameters) -> Direction:
    """The VAT direction that new documents of a type have: the firm's settings of the type, else the parameter."""
    if settings is not None and settings.direction:
        return settings.direction
    return "net" if parameters.text("sale.vat_direction") == "net" else "gross"


def bundles_wanted(parameters: Parameters, document: Document) -> bool:
    """Whether bundles are looked for: always, unless removed; in manual mode once asked for (DISC-23)."""
    asked = document.discounts.bundles
    return asked == "applied" or (asked == "follow" and parameters.yes("discount.bundles_automatic"))


def basket_of(document: Document, traits: Mapping[str, ArticleTraits], around: Surroundings) -> Basket:
    """The basket that the engine prices; a document without a business day is priced as of no day."""
    discounts = document.discounts
    return Basket(
        lines=tuple([_basket_line(line, traits[line.article]) for line in document.lines]),
        day=document.business_day, minute=around.minute, document_kind=document.type, centres=around.centres,
        warehouse=document.warehouse, buyer=priced_for(document), buyer_groups=around.buyer_groups,
        payment_form=discounts.payment_form, delivery_method=document.delivery_method, currency=document.currency,
        coupons=tuple(dict.fromkeys(coupon.discount for coupon in discounts.coupons)), header=discounts.header,
        brought=brought_by(document),
    )  # fmt: skip


def priced_for(document: Document) -> str:
    """The contractor whose discounts hold: the buyer, unless the operator kept those of the one before (DOC-27)."""
    return document.discounts.priced_for or document.buyer.code


def _basket_line(line: Line, traits: ArticleTraits) -> BasketLine:
    return BasketLine(
        number=line.number, article=line.article, quantity=line.quantity, unit_price=line.initial_price,
        base_price=line.base_price, base_quantity=line.base_quantity, percent=line.percent, groups=traits.groups,
        no_discount=traits.no_discount, carried=line.carried, frozen=carried_adjustments(line),
        in_carried_bundle=line.carried and bool(line.has), in_bundles=line.in_bundles,
        only_bundles=line.only_bundles, discount=line.discount,
        gift_of=line.gift_of,
    )  # fmt: skip


def carried_adjustments(line: Line) -> tuple[Adjustment, ...]:
    """What a carried line brings along; the operator's own discounts are reckoned anew on it."""
    if not line.carried:
        return ()
    return tuple(
        msgspec.structs.replace(one, application=CARRIED) for one in line.adjustments if one.source != OPERATOR
    )


def as_carried(document: Document) -> Document:
    """The document whose lines keep the discounts they have, whoever continues it; no operator may give more than was
    given (PARK-12)."""
    lines = tuple(
        msgspec.structs.replace(line, carried=True, given_most=line_ceiling(line, document.currency))
        for line in document.lines
    )
    discounts = document.discounts
    kept = msgspec.structs.replace(
        discounts, header_most=header_ceiling(discounts), brought=brought_when_parked(document)
    )
    return msgspec.structs.replace(document, lines=lines, discounts=kept)


def freed(line: Line) -> Line:
    """A line that is reckoned anew; the ceiling of what an operator may give stays on it."""
    return msgspec.structs.replace(line, carried=False, promised=None)


def with_bundles_freed(document: Document, bundles: Collection[str]) -> Document:
    """The document whose carried lines in any of these bundles are reckoned anew: half a bundle is none (DISC-23)."""
    lines = tuple(
        freed(line) if line.carried and not set(bundles).isdisjoint(bundles_of(line)) else line
        for line in document.lines
    )
    return msgspec.structs.replace(document, lines=lines)


def bundles_of(line: Line) -> tuple[str, ...]:
    """The bundles that the line is in, and those that another form of payment would give it back."""
    return line.promised.has if line.promised is not None else line.has


def promised_for(document: Document, holds: Callable[[str], bool]) -> Document:
    """The document whose carried lines are given so much of what they came with as `holds` says of the rule.

    What they came with stays written down, so nothing is lost by changing back and forth.
    """
    return msgspec.structs.replace(document, lines=tuple(_as_promised(line, holds, document.currency)
                                                         for line in document.lines))  # fmt: skip


def _as_promised(line: Line, holds: Callable[[str], bool], currency: str) -> Line:
    if not line.carried:
        return line
    whole = line.promised or Promised(adjustments=carried_adjustments(line), has=line.has)
    given: list[Adjustment] = []
    after = line_value(line.initial_price, line.quantity, currency)
    for one in whole.adjustments:
        if holds(one.rule):
            after = Minor(after + one.amount)
            given.append(msgspec.structs.replace(one, after=after))
    has = tuple(code for code in whole.has if holds(code))
    all_given = (len(given), len(has)) == (len(whole.adjustments), len(whole.has))
    return msgspec.structs.replace(line, adjustments=tuple(given), has=has, promised=None if all_given else whole)


def discounted(document: Document, priced: Priced, minute: int) -> Document:
    """The document with what the engine gave on every line, its totals computed anew.

    An operator's discount that was lowered stands there as it was granted, in its turn; a carried line whose promise
    does not hold any more is carried no longer.
    """
    document = _as_granted(document, priced)
    results = zip(document.lines, priced.lines, strict=True)
    lines = tuple([_priced_line(line, result, document.currency) for line, result in results])
    return with_totals(msgspec.structs.replace(document, lines=lines, discounts=_told(document, priced, minute)))


def _as_granted(document: Document, priced: Priced) -> Document:
    """The inputs as pricing took them; operators' discounts that are new get the next turns (DISC-06)."""
    header = priced.header
    turn = max([header.turn if header else 0, *[line.discount.turn for line in document.lines if line.discount]])
    lines: list[Line] = []
    for line, result in zip(document.lines, priced.lines, strict=True):
        discount = priced.lowered.get(line.number, line.discount)
        if discount is not None and not discount.turn:
            turn += 1
            discount = msgspec.structs.replace(discount, turn=turn)
        kept = freed(line) if result.freed else line
        lines.append(kept if discount is kept.discount else msgspec.structs.replace(kept, discount=discount))
    if header is not None and not header.turn:
        header = msgspec.structs.replace(header, turn=turn + 1)
    discounts = msgspec.structs.replace(document.discounts, header=header)
    return msgspec.structs.replace(document, lines=tuple(lines), discounts=discounts)


def _priced_line(line: Line, result: PricedLine, currency: str) -> Line:
    told = (result.adjustments, result.has, result.could, line.adjustments, line.could)
    plain = not any(told) and (line.carried or not line.has)
    if plain and line.value == result.value and not line.typed and not line.initial_by:
        return line
    return msgspec.structs.replace(
        line, value=result.value, price=_unit_price(line, result, currency), adjustments=result.adjustments,
        has=line.has if line.carried else result.has, could=result.could, typed=_typed(line),
    )  # fmt: skip


def _typed(line: Line) -> Literal["", "price", "value", "initial"]:
    if line.discount is not None and line.discount.kind != "percent":
        return line.discount.kind
    return "initial" if line.initial_by else ""


def _unit_price(line: Line, result: PricedLine, currency: str) -> Decimal:
    """What one unit costs in the end, as it is shown: the value is exact, the price of a unit need not be."""
    if not result.adjustments:
        return line.initial_price
    given, last = line.discount, result.adjustments[-1]
    if given is not None and given.kind == last.kind == "price" and last.source == OPERATOR:
        full = half_up(given.value * line.quantity, PRICE_PLACES)
        if half_up(full, 2) == half_up(to_major(result.value, currency), 2):
            return given.value
    return half_up(to_major(result.value, currency) / line.quantity, PRICE_PLACES)


def _told(document: Document, priced: Priced, minute: int) -> DocumentDiscounts:
    before = document.discounts
    given = {*priced.coupons_used, *(one.rule for line in document.lines for one in carried_adjustments(line))}
    coupons = tuple(msgspec.structs.replace(coupon, used=coupon.discount in given) for coupon in before.coupons)
    return msgspec.structs.replace(
        before, coupons=coupons, at_minute=minute, applications=priced.applications, brought=still_brought(document),
        unused_gifts=priced.unused_gifts, lost=priced.lost, problems=priced.problems, proven=priced.proven,
        gap=priced.gap,
    )  # fmt: skip
