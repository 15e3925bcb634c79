"""What the screens of a selling document show of its discounts: marks, explanations, windows (DISC-06 … DISC-32)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.discounting import OPERATOR
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.parties import rights
from kontuar.domain.pricing.basket import Adjustment, LineDiscount, OperatorLimit
from kontuar.domain.pricing.discount import Coupon, Discount, DiscountGroup
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.operator import HEADER_RULE, LINE_RULE
from kontuar.domain.pricing.summary import Summary, summary_of
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import PRICE_PLACES, Minor, to_major
from kontuar.kernel.rounding import half_up
from kontuar.operations.actor import Actor
from kontuar.operations.station import coupons, own_documents, till
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import basket_on, settings_for
from kontuar.operations.station.till.promotions import bundle_names

PERCENT_PLACES = 2


class SaleDiscounts(msgspec.Struct, frozen=True, kw_only=True):
    """What the form shows of discounts. `names`: of the bundles on the lines' marks, by code.

    `manual`: bundles wait for the button; `in_bundles`: some line is in one; `removed`: they were taken off.
    `given`: something changes what a line costs. `locked`: why the operator may give nothing on the marked line, as
    the code of the refusal; `price_locked`: why its initial price stays; both empty where he may (DISC-20, DISC-32).
    """

    names: Mapping[str, str]
    manual: bool
    in_bundles: bool
    removed: bool
    given: bool
    coupons: bool
    locked: str = ""
    price_locked: str = ""

    def named(self, codes: Iterable[str]) -> str:
        """The names of bundles by their codes, one after another."""
        return ", ".join(self.names[code] for code in codes)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a line's value (DISC-26), `name` as the definition had it; amounts in minor units.

    `rate` = the percent, amount or price that was defined or typed; `by` gave it and `allowed_by` authorised it.
    """

    source: str
    kind: str
    rule: str
    version: int
    name: str
    rate: Decimal | None
    amount: Minor
    after: Minor
    by: str = ""
    allowed_by: str = ""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line costs what it costs: its value at the initial price, then each change in order.

    `has`, `could`: names of the bundles it is in, and of those it could be in.
    """

    line: Line
    initial_value: Minor
    steps: tuple[Step, ...]
    has: tuple[str, ...] = ()
    could: tuple[str, ...] = ()


class LineWindow(msgspec.Struct, frozen=True, kw_only=True):
    """The window *change discount*. Percents are of what the line costs at its initial price, negative = surcharge.

    `percent`, `price`, `value`: what the three fields hold at first. `limit` is the operator's own.
    """

    document: Document
    line: Line
    all_percent: Decimal
    own_percent: Decimal
    percent: Decimal
    price: Decimal
    value: Minor
    limit: OperatorLimit


class HeaderWindow(msgspec.Struct, frozen=True, kw_only=True):
    """The window *header discount*: what is given now, and what the document costs without it (minor units)."""

    document: Document
    percent: Decimal
    amount: Minor
    without: Minor
    limit: OperatorLimit


class DiscountSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The discount summary (DISC-31); `names`: of discount groups and of carried discounts, by code."""

    document: Document
    summary: Summary
    names: Mapping[str, str]


def sale_discounts(station: Station, document: Document, marked: Line | None) -> SaleDiscounts:
    """What the form of this document shows."""
    codes = {code for line in document.lines for code in (*line.has, *line.could)}
    return SaleDiscounts(
        names=dict(zip(codes, bundle_names(station, tuple(codes)), strict=True)),
        manual=not station.parameters().yes("discount.bundles_automatic"),
        in_bundles=any(line.has for line in document.lines),
        removed=document.discounts.bundles == "removed",
        given=any(line.adjustments for line in document.lines),
        coupons=_takes_coupons(station, document),
        locked=locked(station, document, marked) if marked else "",
        price_locked=price_locked(document, marked) if marked else "",
    )  # fmt: skip


def _takes_coupons(station: Station, document: Document) -> bool:
    """Asked after every scan: where no coupon was defined, nothing is looked through."""
    defined = bool(station.books.definitions.every(Coupon))
    return defined and coupons.takes_coupons(document) and coupons.any_here(station)


def locked(station: Station, document: Document, line: Line) -> str:
    """Why the operator may give nothing on a line; empty where he may. What the operation itself would refuse."""
    if reason := price_locked(document, line):
        return reason
    if station.rules.traits(line.article).no_discount:
        return "discount.not_allowed"
    return "discount.line_in_bundle" if line.has else ""


def price_locked(document: Document, line: Line) -> str:
    """Why the initial price of a line stays; empty where it may be typed (DISC-32)."""
    if document.repeats:
        return "invoice.of_receipt_stays"
    unlocked = {coupon.discount for coupon in document.discounts.coupons}
    return "discount.line_locked_by_coupon" if unlocked & set(line.has) else ""


def explained(station: Station, actor: Actor, doc_id: str, number: int = 0) -> tuple[Document, list[Explanation]]:
    """The lines of a draft, or of an approved document, each explained; `number`: only that one (DISC-26).

    Raises as looking at the draft or at the preview does, and `Refused("line.unknown")`.
    """
    if station.books.drafts.load(doc_id) is not None:
        document = till.look_at(station, actor, doc_id)
    else:
        document = own_documents.preview(station, actor, doc_id).document
    chosen = (lines.find(document, number),) if number else document.lines
    return document, [explanation(station, document, line) for line in chosen]


def explanation(station: Station, document: Document, line: Line) -> Explanation:
    """Names are those that the document keeps; of carried discounts those of today's definitions."""
    return Explanation(
        line=line,
        initial_value=Minor(line.value - sum(one.amount for one in line.adjustments)),
        steps=tuple(_step(station, document, one) for one in line.adjustments),
        has=bundle_names(station, line.has),
        could=bundle_names(station, line.could),
    )


def line_window(station: Station, actor: Actor, doc_id: str, number: int) -> LineWindow:
    """What the window *change discount* of a line shows (DISC-06)."""
    document = till.look_at(station, actor, doc_id)
    line = lines.find(document, number)
    own = _sum(one for one in line.adjustments if one.rule == LINE_RULE)
    header = _sum(one for one in line.adjustments if one.rule == HEADER_RULE)
    initial = line.value - _sum(line.adjustments)
    value = Minor(line.value - header)
    return LineWindow(
        document=document, line=line, all_percent=_percent(-_sum(line.adjustments), initial),
        own_percent=_percent(-own, initial), percent=_typed_percent(line.discount, -own, value - own),
        price=half_up(to_major(value, document.currency) / line.quantity, PRICE_PLACES) if header else line.price,
        value=value, limit=till.limit_of(station, actor, doc_id, rights.CHANGE_PRICE),
    )  # fmt: skip


def header_window(station: Station, actor: Actor, doc_id: str) -> HeaderWindow:
    """What the window *header discount* shows (DISC-06); values in the document's direction."""
    document = till.look_at(station, actor, doc_id)
    given = -_sum(one for line in document.lines for one in line.adjustments if one.rule == HEADER_RULE)
    without = sum(line.value for line in document.lines) + given
    header = document.discounts.header
    typed = header.value if header is not None and header.kind == "percent" else _percent(given, without)
    return HeaderWindow(
        document=document, percent=typed, amount=Minor(given), without=Minor(without),
        limit=till.limit_of(station, actor, doc_id, rights.HEADER_DISCOUNT),
    )  # fmt: skip


def summary(station: Station, actor: Actor, doc_id: str) -> DiscountSummary:
    """The discount summary of a draft; raises `Refused("discount.none_applied")` where nothing was given (DISC-31)."""
    document = till.look_at(station, actor, doc_id)
    if not any(line.adjustments for line in document.lines):
        raise refuse("discount.none_applied")
    basket = basket_on(station, document)
    book = station.rules.book(document.currency)
    priced = price(basket, book, settings_for(station.parameters(), document))
    groups = station.books.definitions.every(DiscountGroup)
    carried = tuple(one.rule for line in basket.lines for one in line.frozen)
    names = dict(zip(carried, bundle_names(station, carried), strict=True))
    return DiscountSummary(
        document=document, summary=summary_of(basket, priced, document.currency),
        names={**names, **{code: row.name for code, row in groups.items()}},
    )  # fmt: skip


def _step(station: Station, document: Document, change: Adjustment) -> Step:
    return Step(
        source=change.source, kind=change.kind, rule=change.rule, version=change.version,
        name=_name(station, document, change), rate=change.rate, amount=change.amount, after=change.after,
        by=change.by, allowed_by=change.allowed_by,
    )  # fmt: skip


def _name(station: Station, document: Document, change: Adjustment) -> str:
    """Empty for what the operator gave: the screen has words of its own for it."""
    if change.source == OPERATOR:
        return ""
    given = document.discounts.applications
    if 0 <= change.application < len(given) and given[change.application].rule == change.rule:
        return given[change.application].name or change.rule
    found = station.books.definitions.every(Discount).get(change.rule)
    return found.name if found else change.rule


def _sum(changes: Iterable[Adjustment]) -> int:
    return sum(change.amount for change in changes)


def _percent(part: int, whole: int) -> Decimal:
    return half_up(Decimal(part) * 100 / whole, PERCENT_PLACES) if whole else Decimal(0)


def _typed_percent(discount: LineDiscount | None, given: int, base: int) -> Decimal:
    """The percent as it was typed; of a typed price what it comes to."""
    if discount is not None and discount.kind == "percent":
        return discount.value
    return _percent(given, base)
