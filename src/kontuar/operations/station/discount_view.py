"""What the screens of a selling document show of its discounts: marks, explanations, windows (DISC-06 … DISC-32)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.discount_summary import summary_of_document, unnamed
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.parties import rights
from kontuar.domain.pricing.basket import Adjustment, LineDiscount, OperatorLimit
from kontuar.domain.pricing.discount import Coupon, DiscountGroup
from kontuar.domain.pricing.operator import HEADER_RULE, LINE_RULE
from kontuar.domain.pricing.summary import Summary
from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.money import PRICE_PLACES, Minor, to_major
from kontuar.kernel.rounding import half_up
from kontuar.operations.actor import Actor
from kontuar.operations.explained import Explanation, explained_line
from kontuar.operations.station import coupons, own_documents, till
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.promotions import bundle_names

PERCENT_PLACES = 2


class SaleDiscounts(msgspec.Struct, frozen=True, kw_only=True):
    """What the form shows of discounts. `names`: of the bundles on the lines' marks, by code.

    `manual`: bundles wait for the button; `in_bundles`: some line is in one; `removed`: they were taken off.
    `given`: something changes what a line costs. `locked`: why the operator may give nothing on the marked line;
    `price_locked`: why its initial price stays; both None where he may (DISC-20, DISC-32).
    """

    names: Mapping[str, str]
    manual: bool
    in_bundles: bool
    removed: bool
    given: bool
    coupons: bool
    locked: Problem | None = None
    price_locked: Problem | None = None

    def named(self, codes: Iterable[str]) -> str:
        """The names of bundles by their codes, one after another."""
        return ", ".join(self.names[code] for code in codes)


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
    """The discount summary (DISC-31); `names`: of discount groups, and of discounts that the document names by code."""

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
        locked=locked(station, document, marked) if marked else None,
        price_locked=price_locked(document, marked) if marked else None,
    )  # fmt: skip


def _takes_coupons(station: Station, document: Document) -> bool:
    """Asked after every scan: where no coupon was defined, nothing is looked through."""
    defined = bool(station.books.definitions.every(Coupon))
    return defined and coupons.takes_coupons(document) and coupons.any_here(station)


def locked(station: Station, document: Document, line: Line) -> Problem | None:
    """Why the operator may give nothing on a line; None where he may. What the operation itself would refuse."""
    if problem := price_locked(document, line):
        return problem
    if station.rules.traits(line.article).no_discount:
        return Problem("discount.not_allowed", _place(line))
    return Problem("discount.line_in_bundle", _place(line)) if line.has else None


def price_locked(document: Document, line: Line) -> Problem | None:
    """Why the initial price of a line stays; None where it may be typed (DISC-32)."""
    if document.repeats:
        return Problem("invoice.of_receipt_stays", _place(line))
    unlocked = {coupon.discount for coupon in document.discounts.coupons}
    if not unlocked & set(line.has):
        return None
    return Problem("discount.line_locked_by_coupon", _place(line), {"name": line.name})


def _place(line: Line) -> str:
    return f"line:{line.number}"


def explained(station: Station, actor: Actor, doc_id: str, number: int = 0) -> tuple[Document, list[Explanation]]:
    """The lines of a draft, or of an approved document, each explained; `number`: only that one (DISC-26).

    Raises as looking at the draft or at the preview does, and `Refused("line.unknown")`.
    """
    document = _document(station, actor, doc_id)
    chosen = (lines.find(document, number),) if number else document.lines
    return document, [explanation(station, document, line) for line in chosen]


def explanation(station: Station, document: Document, line: Line) -> Explanation:
    """Names are those that the document keeps; of carried discounts those of today's definitions."""
    return explained_line(document, line, lambda codes: bundle_names(station, tuple(codes)))


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
        value=value, limit=till.limit_of(station, actor, document, rights.LINE_DISCOUNT, number),
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
        limit=till.limit_of(station, actor, document, rights.HEADER_DISCOUNT),
    )  # fmt: skip


def summary(station: Station, actor: Actor, doc_id: str) -> DiscountSummary:
    """The discount summary of a draft, or of an approved document as it was given then (DISC-31).

    Raises as looking at the draft or at the preview does, and `Refused("discount.none_applied")`.
    """
    document = _document(station, actor, doc_id)
    if not any(line.adjustments for line in document.lines):
        raise refuse("discount.none_applied")
    groups = station.books.definitions.every(DiscountGroup)
    older = tuple(unnamed(document))
    names = dict(zip(older, bundle_names(station, older), strict=True))
    return DiscountSummary(
        document=document, summary=summary_of_document(document),
        names={**names, **{code: row.name for code, row in groups.items()}},
    )  # fmt: skip


def _document(station: Station, actor: Actor, doc_id: str) -> Document:
    """A draft, or an approved document of this station."""
    if station.books.drafts.load(doc_id) is not None:
        return till.look_at(station, actor, doc_id)
    return own_documents.preview(station, actor, doc_id).document


def _sum(changes: Iterable[Adjustment]) -> int:
    return sum(change.amount for change in changes)


def _percent(part: int, whole: int) -> Decimal:
    return half_up(Decimal(part) * 100 / whole, PERCENT_PLACES) if whole else Decimal(0)


def _typed_percent(discount: LineDiscount | None, given: int, base: int) -> Decimal:
    """The percent as it was typed; of a typed price what it comes to."""
    if discount is not None and discount.kind == "percent":
        return discount.value
    return _percent(given, base)
