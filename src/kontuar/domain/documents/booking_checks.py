"""Checks of one message by itself and the names it relies on: pure parts of booking."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from kontuar.domain.cash.records import CashMove, ShiftReport
from kontuar.domain.cash.settlement import collected
from kontuar.domain.documents.document import APPROVED, Document
from kontuar.domain.documents.messages import Cancelled, Message, approved_kind
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.documents.types import TYPES
from kontuar.domain.pricing.discount import LONGEST_COUPON_CODE, MOST_COUPONS, is_coupon_code
from kontuar.domain.stock.records import StockMove, is_warehouse
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor, line_value
from kontuar.kernel.quantity import MAX_PLACES

_TEN_THOUSANDTH: Final = Decimal("0.0001")
_LIMIT: Final = Decimal(10) ** 11
_MINOR_LIMIT: Final = 10**15
_MOST_PERCENT: Final = 1000
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def says_where_it_lies(message: Message, store: str, origin: str, incarnation: str, seq: int) -> bool:
    """A message names the stream and the place it stands in."""
    return (message.seq, message.origin, message.incarnation, message.store) == (seq, origin, incarnation, store)


def names_in(document: Document) -> Iterator[tuple[str, str]]:
    """(kind, key) of every definition that a document relies on."""
    for line in document.lines:
        yield ("article", line.article)
    yield from names_in_moves(document.stock_moves)
    for payment in document.payments:
        yield ("payment_form", payment.form)
    if document.warehouse:
        yield ("warehouse", document.warehouse)
    if document.delivery_method:
        yield ("delivery_method", document.delivery_method)
    yield ("operator", document.created_by)
    yield ("operator", document.approved_by)
    for authorisation in document.authorisations:
        yield ("operator", authorisation.operator)


def names_in_moves(moves: Iterable[StockMove]) -> Iterator[tuple[str, str]]:
    """Articles and warehouses of stock moves."""
    for move in moves:
        yield ("article", move.article)
        for place in (move.from_place, move.to_place):
            if is_warehouse(place):
                yield ("warehouse", place)


def needs_shift(document: Document) -> bool:
    """Money moves only within a cash shift (PAY-09)."""
    kind = TYPES.get(document.type)
    return bool(document.shift_id) or (kind is not None and (kind.paid or kind.family == "cash"))


def wrong_in(document: Document, message: Message) -> Iterator[Problem]:
    """Everything wrong with an approved document by itself. Sums are computed anew (SALE-07)."""
    if not _is_whole(document, message):
        yield Problem("document.incomplete", "", {"number": document.number[:80]})
        return
    if not is_storable(document):
        yield Problem("document.figures_out_of_range", "", {"number": document.number[:80]})
        return
    yield from _wrong_sums(document)
    yield from _wrong_coupons(document)
    if document.repeats and not _repeats_what_it_names(document):
        yield Problem("document.repeats_nothing", "", {"number": document.number[:80]})
    yield from wrong_moves(document.stock_moves, document.cash_moves)


def _is_whole(document: Document, message: Message) -> bool:
    return (
        document.state == APPROVED
        and document.store == message.store
        and message.message_id == document.doc_id
        and message.kind == approved_kind(document.type)
        and _ID.fullmatch(document.doc_id) is not None
        and bool(document.number)
        and document.approved_at is not None
        and document.business_day is not None
    )


def _repeats_what_it_names(document: Document) -> bool:
    """An invoice says which receipt it was made of, and moves nothing (SALE-06)."""
    named = any(link.kind == "generated_from" and link.doc_id == document.repeats for link in document.links)
    return document.type == "invoice" and named and not document.stock_moves


def _wrong_sums(document: Document) -> Iterator[Problem]:
    computed = with_totals(document)
    if (computed.taxes, computed.totals) != (document.taxes, document.totals):
        facts = {
            "said_minor": str(document.totals.gross),
            "computed_minor": str(computed.totals.gross),
            "currency": document.currency,
        }
        yield Problem("document.sums_differ", "", facts)
    yield from _wrong_discounts(document)
    paid = sum(payment.in_system for payment in document.payments)
    taken = collected(document.payments)
    kind = TYPES.get(document.type)
    due = computed.totals.gross if kind is None or kind.lines != "none" else paid
    if document.repeats:
        due = Minor(0)
    if kind is not None and kind.paid and paid != due:
        facts = {"said_minor": str(paid), "computed_minor": str(due), "currency": document.currency}
        yield Problem("document.payments_differ", "", facts)
    moved = sum(move.in_system for move in document.cash_moves)
    if abs(moved) != abs(taken):
        facts = {"said_minor": str(moved), "computed_minor": str(taken), "currency": document.currency}
        yield Problem("document.cash_differs", "", facts)


def _wrong_discounts(document: Document) -> Iterator[Problem]:
    """Every value is the initial one and all that changed it (DISC-26)."""
    for line in document.lines:
        explained = line_value(line.initial_price, line.quantity, document.currency)
        explained = Minor(explained + sum(one.amount for one in line.adjustments))
        if explained != line.value:
            facts = {
                "said_minor": str(line.value),
                "computed_minor": str(explained),
                "currency": document.currency,
                "name": line.name,
            }
            yield Problem("document.discounts_differ", f"line:{line.number}", facts)


def _wrong_coupons(document: Document) -> Iterator[Problem]:
    """Coupons that no till can have put on: more than it takes, or codes that no coupon has (COUP-01)."""
    coupons = document.discounts.coupons
    facts = {"number": document.number[:80]}
    if len(coupons) > MOST_COUPONS:
        yield Problem("document.too_many_coupons", "", {**facts, "count": str(len(coupons)), "most": str(MOST_COUPONS)})
    odd = [coupon.code for coupon in coupons if not (is_coupon_code(coupon.code) and is_coupon_code(coupon.coupon))]
    if odd:
        facts["longest"] = str(LONGEST_COUPON_CODE)
        yield Problem("document.coupon_code_impossible", "", {**facts, "coupon": odd[0][:LONGEST_COUPON_CODE]})


def wrong_moves(stock: tuple[StockMove, ...], cash: tuple[CashMove, ...]) -> Iterator[Problem]:
    """No effect twice (REL-08), no figure that no ledger can hold."""
    for moves in (stock, cash):
        if len({(move.line, move.effect) for move in moves}) != len(moves):
            yield Problem("document.effect_repeated")
    if not _storable_moves(stock, cash):
        yield Problem("document.figures_out_of_range", "", {"number": ""})


def is_storable(document: Document) -> bool:
    """Whether every figure fits its column exactly: amounts and ten-thousandths."""
    try:
        decimals = [
            figure
            for line in document.lines
            for figure in (line.quantity, line.base_quantity, line.base_price, line.initial_price, line.price)
        ]
        decimals.append(document.totals.quantity)
        return all(map(_fits, decimals)) and _rates_fit(document) and _whole_figures_fit(document)
    except InvalidOperation:
        return False


def _rates_fit(document: Document) -> bool:
    """Whether sums can be computed with what the document says of VAT, precision and exchange."""
    told = [*(line.percent for line in document.lines), *(tax.percent for tax in document.taxes)]
    percents = [percent for percent in told if percent is not None]
    return (
        all(percent.is_finite() and 0 <= percent <= _MOST_PERCENT and _fits(percent) for percent in percents)
        and all(0 <= line.precision <= MAX_PLACES for line in document.lines)
        and all(payment.rate.is_finite() and abs(payment.rate) < _LIMIT for payment in document.payments)
    )


def _whole_figures_fit(document: Document) -> bool:
    totals = document.totals
    figures: list[int] = [totals.net, totals.tax, totals.gross, totals.discount, totals.surcharge, document.amount]
    figures += [document.perpetual_gross, document.definitions[1]]
    figures += [line.value for line in document.lines]
    for payment in document.payments:
        figures += (payment.amount, payment.in_system)
    for row in document.taxes:
        figures += (row.net, row.tax, row.gross)
    return min(figures) > -_MINOR_LIMIT and max(figures) < _MINOR_LIMIT


def _storable_moves(stock: tuple[StockMove, ...], cash: tuple[CashMove, ...]) -> bool:
    try:
        return all(_fits(move.quantity) for move in stock) and all(
            abs(move.amount) < _MINOR_LIMIT and abs(move.in_system) < _MINOR_LIMIT for move in cash
        )
    except InvalidOperation:
        return False


def storable_moves(moves: Iterable[StockMove]) -> tuple[StockMove, ...]:
    """Those moves that a ledger can hold exactly."""
    return tuple(move for move in moves if _storable_moves((move,), ()))


def _fits(figure: Decimal) -> bool:
    return -_LIMIT < figure < _LIMIT and figure.quantize(_TEN_THOUSANDTH) == figure


class ShiftSums:
    """What the hub holds of a shift, booked and parked alike (REL-06): gross and count per type, cash per form."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gross: Counter[str] = Counter()
        self.cash: Counter[tuple[str, str]] = Counter()

    def add(self, body: Document | Cancelled) -> None:
        """A document of the shift, or what took one back; a repeated sale has no gross of its own."""
        if isinstance(body, Document):
            self.counts[body.type] += 1
            self.gross[body.type] += 0 if body.repeats else body.amount or body.totals.gross
        for move in body.cash_moves:
            self.cash[(move.form, move.currency)] += move.amount


def shift_differences(report: ShiftReport, sums: ShiftSums) -> tuple[Problem, ...]:
    """Where the closing report and the documents that arrived disagree."""
    found: list[Problem] = []
    said = {row.document_type: (row.count, int(row.gross)) for row in report.documents}
    held = {name: (count, sums.gross[name]) for name, count in sums.counts.items()}
    for name in sorted(said.keys() | held.keys()):
        if said.get(name, (0, 0)) != held.get(name, (0, 0)):
            facts = {
                "type": name,
                "said": str(said.get(name, (0, 0))[0]),
                "held": str(held.get(name, (0, 0))[0]),
                "said_minor": str(said.get(name, (0, 0))[1]),
                "held_minor": str(held.get(name, (0, 0))[1]),
                "currency": report.shift.currency,
            }
            found.append(Problem("shift.documents_differ", "", facts))
    moved = {(row.form, row.currency): int(row.received - row.paid_out) for row in report.forms}
    for form in sorted(moved.keys() | sums.cash.keys()):
        if moved.get(form, 0) != sums.cash[form]:
            facts = {
                "form": form[0],
                "currency": form[1],
                "said_minor": str(moved.get(form, 0)),
                "held_minor": str(sums.cash[form]),
            }
            found.append(Problem("shift.cash_differs", "", facts))
    return tuple(found)
