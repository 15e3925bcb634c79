"""What the screens of a selling document show, gathered in one turn of the database thread (DOC-22 … DOC-28)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Concatenate, ParamSpec

import msgspec

from kontuar.domain.catalogue.records import Article, Batch, Picture, Property
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Attribute, Warehouse
from kontuar.domain.parties.records import Operator
from kontuar.kernel.errors import Problem, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station import article_list, till, views
from kontuar.operations.station.discount_view import SaleDiscounts, sale_discounts
from kontuar.operations.station.parking import listing, origin, putting
from kontuar.operations.station.sale_form import SaleTerms, terms_of
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import news
from kontuar.operations.station.till.terms import INVOICE, RECEIPT, SALES
from kontuar.operations.station.views import Look

P = ParamSpec("P")
Change = Callable[Concatenate[Station, Actor, str, P], Document]


class MarkedLine(msgspec.Struct, frozen=True, kw_only=True):
    """The line whose details are shown: `units` it can be sold in, `stock` = (warehouse name, base units).

    `picture` is its batch's where that has one, `pictures` are all of them. `properties`, `attributes` = (name, value).
    `linked`: articles offered with it (DOC-25).
    """

    line: Line
    base_unit: str
    units: tuple[str, ...]
    picture: str
    pictures: tuple[str, ...]
    description: str
    batch: Batch | None
    properties: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    has_batches: bool
    linked: tuple[Article, ...]
    stock: tuple[tuple[str, Decimal], ...]


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt or an invoice being made. `people` and `warehouses` = names by code of those on the document;
    `parkable` = its type may be parked; `continued` = it was parked before."""

    document: Document
    marked: MarkedLine | None
    people: Mapping[str, str]
    warehouses: Mapping[str, str]
    shift_open: bool
    parkable: bool
    continued: bool
    look: Look
    quick_by_default: bool
    keypad: bool
    terms: SaleTerms
    discounts: SaleDiscounts
    news: tuple[Problem, ...] = ()
    """What the change that this view follows could not give as it was asked for."""
    busy: bool
    """Money is assigned or a card payment is under way: the payment window is where one is."""


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """What the main menu shows: the open shift's day, the receipt under way, drafts, what waits for the printer."""

    shift_open: bool
    business_day: str
    receipt_lines: int
    invoice_lines: int
    drafts: int
    parked: int
    not_fiscalised: int


def menu(station: Station, actor: Actor) -> Menu:
    """The state behind the tiles."""
    shift = station.books.cash.open_shift()
    drafts = [draft for draft in station.books.drafts.every() if type_of(draft.type).issue_right in actor.rights]
    lines = {
        name: next((len(row.lines) for row in drafts if row.type == name and not row.repeats), 0) for name in SALES
    }
    return Menu(
        shift_open=shift is not None,
        business_day=shift.business_day.isoformat() if shift else "",
        receipt_lines=lines[RECEIPT],
        invoice_lines=lines[INVOICE],
        drafts=len([draft for draft in drafts if draft.lines]),
        parked=len(listing.listed(station, actor, listing.ParkedQuery())),
        not_fiscalised=station.books.documents.waiting_fiscal(),
    )


def view(station: Station, actor: Actor, doc_id: str, marked: int = 0) -> ReceiptView:
    """The receipt with the details of a line (0 = the last one)."""
    return _view(station, actor, till.look_at(station, actor, doc_id), marked)


def after(
    station: Station, actor: Actor, change: Change[P], doc_id: str, marked: int, *arguments: P.args, **named: P.kwargs
) -> ReceiptView:
    """Change the receipt, then see it, with what is to be told of the change; `marked` as in `view`."""
    before = station.books.drafts.load(doc_id)
    return _since(station, actor, before, change(station, actor, doc_id, *arguments, **named), marked)


def since(station: Station, actor: Actor, before: Document, marked: int = 0) -> ReceiptView:
    """The receipt after a change that was made step by step, `before` as it was at first; else as `after`."""
    return _since(station, actor, before, till.look_at(station, actor, before.doc_id), marked)


def close(station: Station, actor: Actor, doc_id: str) -> int:
    """Leave the form: an empty draft goes, one with lines stays; how many lines it has (SALE-02)."""
    document = till.look_at(station, actor, doc_id)
    if not document.lines and not document.payments:
        till.discard(station, actor, doc_id)
    return len(document.lines)


def people(station: Station, actor: Actor) -> Sequence[Operator]:
    """Those who may serve a document here (DOC-26)."""
    del actor
    found = station.books.definitions.every(Operator).values()
    here = [row for row in found if row.active and (not row.stores or station.identity.store in row.stores)]
    return sorted(here, key=lambda row: row.name)


def warehouse_names(station: Station, actor: Actor) -> dict[str, str]:
    """Warehouses of this store, in the order of the article list's columns."""
    del actor
    rows = station.books.definitions.every(Warehouse).values()
    return {row.code: row.name for row in sorted(rows, key=lambda row: row.code) if row.store == station.identity.store}


def picture(station: Station, actor: Actor, code: str) -> Picture:
    """A picture by the hash of its bytes; raises `Refused("picture.not_found")`."""
    del actor
    found = station.books.definitions.get(Picture, code)
    if found is None:
        raise refuse("picture.not_found")
    return found


def _since(station: Station, actor: Actor, before: Document | None, document: Document, marked: int) -> ReceiptView:
    return msgspec.structs.replace(_view(station, actor, document, marked), news=news(before, document))


def _view(station: Station, actor: Actor, document: Document, marked: int) -> ReceiptView:
    line = next((row for row in document.lines if row.number == marked), None)
    line = line or (document.lines[-1] if document.lines else None)
    operators = station.books.definitions.every(Operator)
    warehouses = station.books.definitions.every(Warehouse)
    codes = {document.handler, document.created_by, *(row.handler for row in document.lines)}
    return ReceiptView(
        document=document,
        marked=_marked(station, line) if line else None,
        people={code: operators[code].name if code in operators else code for code in codes},
        warehouses={code: row.name for code, row in warehouses.items() if row.store == document.store},
        shift_open=station.books.cash.open_shift() is not None,
        parkable=putting.is_parkable(station, document.type),
        continued=origin.is_continued(station, document.doc_id),
        look=views.look(station, actor, views.of_form(document.type)),
        quick_by_default=station.parameters().yes("sale.quick_by_default"),
        keypad=station.parameters().yes("screen.keypad"),
        terms=terms_of(station, actor, document),
        discounts=sale_discounts(station, document, line),
        busy=bool(document.payments) or bool(station.books.cards.unfinished(document.doc_id)),
    )


def _marked(station: Station, line: Line) -> MarkedLine:
    article = station.books.definitions.get(Article, line.article)
    stock = station.books.stock
    known = stock.balances([line.article]) if line.kind != "service" and stock.is_known() else {}
    names = station.books.definitions.every(Warehouse)
    batch = station.books.definitions.get(Batch, f"{line.article}|{line.batch}") if line.batch else None
    own = (article.picture, *article.pictures) if article else ()
    shown = tuple(filter(None, dict.fromkeys([batch.picture if batch else "", *own])))
    return MarkedLine(
        line=line,
        batch=batch,
        properties=property_names(station, line.properties),
        attributes=_attributes(station, line),
        has_batches=bool(station.books.definitions.batches_of(line.article)),
        linked=article_list.linked_articles(station, article) if article else (),
        pictures=shown,
        base_unit=article.unit if article else line.unit,
        units=(article.unit, *(row.unit for row in article.units)) if article else (line.unit,),
        picture=shown[0] if shown else "",
        description=(batch.description if batch else "") or (article.description if article else ""),
        stock=tuple(
            (names[code].name, quantity)
            for (code, _), quantity in sorted(known.items())
            if code in names and names[code].store == station.identity.store
        ),
    )


def property_names(station: Station, properties: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(name, value) of the properties of a batch."""
    known = station.books.definitions.every(Property)
    return tuple((known[code].name if code in known else code, value) for code, value in properties.items())


def _attributes(station: Station, line: Line) -> tuple[tuple[str, str], ...]:
    known = station.books.definitions.every(Attribute)
    return tuple((known[code].name if code in known else code, value) for code, value in line.attributes.items())
