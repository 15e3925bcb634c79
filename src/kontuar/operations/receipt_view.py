"""What the screens of a receipt show, gathered in one turn of the database thread (DOC-22 … DOC-28)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Concatenate, ParamSpec

import msgspec

from kontuar.domain.catalogue.records import Article, Picture
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Warehouse
from kontuar.domain.parties.records import Operator
from kontuar.kernel.errors import refuse
from kontuar.operations import till
from kontuar.operations.actor import Actor
from kontuar.operations.station import Station

P = ParamSpec("P")
Change = Callable[Concatenate[Station, Actor, str, P], Document]
RECEIPT = "receipt"


class MarkedLine(msgspec.Struct, frozen=True, kw_only=True):
    """The line whose details are shown: `units` it can be sold in, `stock` = (warehouse name, base units)."""

    line: Line
    base_unit: str
    units: tuple[str, ...]
    picture: str
    description: str
    stock: tuple[tuple[str, Decimal], ...]


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt being made. `people` and `warehouses` = names by code of those on the document."""

    document: Document
    marked: MarkedLine | None
    people: Mapping[str, str]
    warehouses: Mapping[str, str]
    shift_open: bool
    busy: bool
    """Money is assigned or a card payment is under way: the payment window is where one is."""


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """What the main menu shows: the open shift's day, the receipt under way, drafts, what waits for the printer."""

    shift_open: bool
    business_day: str
    receipt_lines: int
    drafts: int
    not_fiscalised: int


def menu(station: Station, actor: Actor) -> Menu:
    """The state behind the tiles."""
    shift = station.books.cash.open_shift()
    drafts = [draft for draft in station.books.drafts.every() if type_of(draft.type).issue_right in actor.rights]
    receipt = next((draft for draft in drafts if draft.type == RECEIPT), None)
    return Menu(
        shift_open=shift is not None,
        business_day=shift.business_day.isoformat() if shift else "",
        receipt_lines=len(receipt.lines) if receipt else 0,
        drafts=len([draft for draft in drafts if draft.lines]),
        not_fiscalised=station.books.documents.waiting_fiscal(),
    )


def open_receipt(station: Station, actor: Actor) -> Document:
    """The receipt that was being made here, else a new one (DOC-34)."""
    found = till.resume(station, actor, RECEIPT)
    if found is None:
        return till.begin(station, actor, RECEIPT)
    if not found.lines and not found.payments and found.handler != actor.operator:
        return till.set_handler(station, actor, found.doc_id, actor.operator)
    return found


def view(station: Station, actor: Actor, doc_id: str, marked: int = 0) -> ReceiptView:
    """The receipt with the details of a line (0 = the last one)."""
    return _view(station, till.look_at(station, actor, doc_id), marked)


def after(
    station: Station, actor: Actor, change: Change[P], doc_id: str, marked: int, *arguments: P.args, **named: P.kwargs
) -> ReceiptView:
    """Change the receipt, then see it; `marked` as in `view`."""
    return _view(station, change(station, actor, doc_id, *arguments, **named), marked)


def set_texts(station: Station, actor: Actor, doc_id: str, texts: Mapping[str, str]) -> Document:
    """Order number, foreign number and description at once."""
    with station.books.transaction():
        document = till.look_at(station, actor, doc_id)
        for field, text in texts.items():
            document = till.set_text(station, actor, doc_id, field, text)
    return document


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


def _view(station: Station, document: Document, marked: int) -> ReceiptView:
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
        busy=bool(document.payments) or bool(station.books.cards.unfinished(document.doc_id)),
    )


def _marked(station: Station, line: Line) -> MarkedLine:
    article = station.books.definitions.get(Article, line.article)
    stock = station.books.stock
    known = stock.balances([line.article]) if line.kind != "service" and stock.is_known() else {}
    names = station.books.definitions.every(Warehouse)
    return MarkedLine(
        line=line,
        base_unit=article.unit if article else line.unit,
        units=(article.unit, *(row.unit for row in article.units)) if article else (line.unit,),
        picture=article.picture if article else "",
        description=article.description if article else "",
        stock=tuple(
            (names[code].name, quantity)
            for (code, _), quantity in sorted(known.items())
            if code in names and names[code].store == station.identity.store
        ),
    )
