"""What must stand in a node's books because of one message."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from kontuar.domain.cash.records import CashMove
from kontuar.domain.cash.settlement import collected
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Cancelled, Fiscalised, ShiftClosed, ShiftOpened
from kontuar.domain.documents.proof import tables
from kontuar.domain.documents.proof.records import Row
from kontuar.domain.documents.proof.tables import Table
from kontuar.domain.documents.types import turnover
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.canonical import encode
from kontuar.kernel.quantity import SCALE
from kontuar.kernel.time import instant_text

Place = tuple[str, str, int]
"""(origin, incarnation, seq) of the message."""
Values = tuple[str, Mapping[str, object]]
Expect = Callable[[Any, Place], Iterator[Values]]


def subject_of(body: object) -> str:
    """The document or shift whose rows a message writes; empty when it writes none that are compared."""
    if isinstance(body, Document | Cancelled | Fiscalised):
        return body.doc_id
    if isinstance(body, ShiftOpened):
        return body.shift.shift_id
    return f"{body.report.shift.shift_id}:closed" if isinstance(body, ShiftClosed) else ""


class _Shift(msgspec.Struct, frozen=True):
    shift_id: str = ""


class _Report(msgspec.Struct, frozen=True):
    shift: _Shift = _Shift()


class _Body(msgspec.Struct, frozen=True):
    doc_id: str = ""
    shift: _Shift = _Shift()
    report: _Report = _Report()


class _Named(msgspec.Struct, frozen=True):
    body: _Body = _Body()


_named = msgspec.json.Decoder(_Named)


def subject_in(payload: bytes) -> str:
    """The same from a message's bytes, to find its rows by: cheaper than reading all of it."""
    try:
        body = _named.decode(payload).body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    closed = body.report.shift.shift_id
    return body.doc_id or body.shift.shift_id or (f"{closed}:closed" if closed else "")


def rows_of(known: Mapping[str, Table], expect: Expect, body: object, place: Place, subject: str) -> dict[Row, Row]:
    """The rows that a message must have written, under the identity that it has in the books."""
    return dict(known[name].row(subject, values) for name, values in expect(body, place) if name in known)


def at_station(body: object, place: Place) -> Iterator[Values]:
    """A station's rows."""
    if isinstance(body, Document):
        yield "document", _station_document(body, place)
        for line in body.lines:
            yield "document_line", {
                "line": line.number, "article": line.article, "quantity_e4": _e4(line.base_quantity),
                "value": line.value,
            }  # fmt: skip
        for tax in body.taxes:
            yield "document_tax", {"vat": tax.vat, "net": tax.net, "tax": tax.tax, "gross": tax.gross}
        for link in body.links:
            yield "document_link", {"kind": link.kind, "other_id": link.doc_id, "other_number": link.number}
    elif isinstance(body, ShiftOpened):
        yield "shift", {"number": body.shift.number, "body": encode(body.shift)}
    elif isinstance(body, ShiftClosed):
        yield "shift_end", {"report": encode(body.report)}
    yield from _moves(body)


def at_agent(body: object, place: Place) -> Iterator[Values]:
    """An agent's rows: the goods that moved."""
    del place
    return (moved for moved in _moves(body) if moved[0] == "stock_move")


def at_hub(body: object, place: Place) -> Iterator[Values]:
    """The hub's rows; the money of opening and closing a shift stands in its report only."""
    if isinstance(body, Document):
        yield "document", _hub_document(body, place)
        yield from _hub_lines(body)
        yield from _hub_parts(body)
    elif isinstance(body, ShiftOpened):
        shift = body.shift
        yield "shift", {
            "origin": place[0], "incarnation": place[1], "opened_seq": place[2], "number": shift.number,
            "register": shift.register, "business_day": shift.business_day, "opened_at": shift.opened_at,
            "opened_by": shift.opened_by, "opening_float": shift.opening_float, "currency": shift.currency,
        }  # fmt: skip
    elif isinstance(body, ShiftClosed):
        report = body.report
        yield "shift_end", {
            "closed_seq": place[2], "closed_at": report.closed_at, "closed_by": report.closed_by,
            "report": encode(report),
        }  # fmt: skip
    if isinstance(body, Document | Cancelled):
        yield from _moves(body)


EXPECTED: Final[Mapping[str, tuple[Mapping[str, Table], Expect]]] = {
    "station": (tables.STATION, at_station),
    "agent": (tables.AGENT, at_agent),
    "hub": (tables.HUB, at_hub),
}
"""By the kind of node."""


def _station_document(document: Document, place: Place) -> Mapping[str, object]:
    assert document.approved_at is not None
    assert document.business_day is not None
    totals = document.totals
    return {
        "type": document.type, "number": document.number, "incarnation": place[1], "seq": place[2],
        "business_day": document.business_day.isoformat(), "approved_at": instant_text(document.approved_at),
        "created_at": instant_text(document.created_at), "operator": document.approved_by,
        "handler": document.handler, "buyer": document.buyer.code, "buyer_name": document.buyer.name,
        "currency": document.currency, "net": totals.net, "tax": totals.tax,
        "gross": document.amount or totals.gross,
        "paid": totals.gross if document.repeats else collected(document.payments),
        "payment_forms": ",".join(dict.fromkeys(payment.form for payment in document.payments)),
        "shift_id": document.shift_id, "line_count": len(document.lines), "repeats": document.repeats,
        "turnover": turnover(document),
    }  # fmt: skip


def _hub_document(document: Document, place: Place) -> Mapping[str, object]:
    same = ("type", "number", "station", "warehouse", "business_day", "created_at", "created_by", "approved_at",
            "approved_by", "shift_id", "register", "handler", "price_list", "currency", "direction", "amount",
            "perpetual_gross", "reason")  # fmt: skip
    totals, buyer = document.totals, document.buyer
    return {
        **{name: getattr(document, name) for name in same},
        "origin": place[0], "incarnation": place[1], "seq": place[2], "buyer_code": buyer.code,
        "buyer_name": buyer.name, "buyer_tax_number": buyer.tax_number,
        "definitions_version": document.definitions[1], "net": totals.net, "tax": totals.tax, "gross": totals.gross,
        "discount": totals.discount, "surcharge": totals.surcharge, "quantity_e4": _e4(totals.quantity),
        "line_count": len(document.lines),
    }  # fmt: skip


def _hub_lines(document: Document) -> Iterator[Values]:
    same = ("article", "name", "kind", "unit", "value", "vat", "warehouse", "ean", "price_row", "handler", "typed")
    figures = ("quantity", "base_quantity", "base_price", "initial_price", "price")
    for line in document.lines:
        yield (
            "document_line",
            {
                "line": line.number,
                **{name: getattr(line, name) for name in same},
                **{f"{name}_e4": _e4(getattr(line, name)) for name in figures},
            },
        )
        for position, one in enumerate(line.adjustments, 1):
            yield "document_adjustment", {
                "line": line.number, "position": position, "source": one.source, "kind": one.kind, "rule": one.rule,
                "base": one.base, "amount": one.amount, "by_operator": one.by, "allowed_by": one.allowed_by,
            }  # fmt: skip


def _hub_parts(document: Document) -> Iterator[Values]:
    for tax in document.taxes:
        yield "document_tax", {
            "vat": tax.vat, "percent": tax.percent, "letter": tax.letter, "net": tax.net,
            "tax": tax.tax, "gross": tax.gross,
        }  # fmt: skip
    same = ("number", "form", "kind", "currency", "amount", "rate", "in_system", "role", "card", "authorisation",
            "operation_id")  # fmt: skip
    for payment in document.payments:
        yield "document_payment", {name: getattr(payment, name) for name in same}
    for position, link in enumerate(document.links, 1):
        yield "document_link", {
            "position": position, "kind": link.kind, "to_doc": link.doc_id, "number": link.number,
        }  # fmt: skip


def _moves(body: object) -> Iterator[Values]:
    if not isinstance(body, Document | Cancelled | ShiftOpened | ShiftClosed):
        return
    shift_id = _shift_of(body)
    day = body.business_day if isinstance(body, Document | Cancelled) else None
    for goods in _stock_of(body):
        yield "stock_move", {
            "line": goods.line, "effect": goods.effect, "article": goods.article, "from_place": goods.from_place,
            "to_place": goods.to_place, "quantity_e4": _e4(goods.quantity), "business_day": day,
        }  # fmt: skip
    for money in _cash_of(body):
        yield "cash_move", {
            "line": money.line, "effect": money.effect, "register": money.register, "form": money.form,
            "currency": money.currency, "amount": money.amount, "in_system": money.in_system, "shift_id": shift_id,
            "business_day": day,
        }  # fmt: skip


def _shift_of(body: Document | Cancelled | ShiftOpened | ShiftClosed) -> str:
    if isinstance(body, ShiftOpened):
        return body.shift.shift_id
    return body.report.shift.shift_id if isinstance(body, ShiftClosed) else body.shift_id


def _stock_of(body: Document | Cancelled | ShiftOpened | ShiftClosed) -> tuple[StockMove, ...]:
    return body.stock_moves if isinstance(body, Document | Cancelled) else ()


def _cash_of(body: Document | Cancelled | ShiftOpened | ShiftClosed) -> tuple[CashMove, ...]:
    return body.cash_moves


def _e4(value: Decimal) -> int | Decimal:
    """Whole ten-thousandths; a finer value stays what it is and differs from every stored one."""
    figure = value * SCALE
    return int(figure) if figure == int(figure) else figure
