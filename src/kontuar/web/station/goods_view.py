"""The form of an RW or PW: lines without prices, stock beside them (DOC-20, DOC-23)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Concatenate, Final, ParamSpec

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Reason, Warehouse
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station import approval, till
from kontuar.operations.station.parking import origin, putting
from kontuar.operations.station.station import Station
from kontuar.web.station.cash_view import keep, reasons_for

P = ParamSpec("P")
RELEASE: Final = "internal_release"
Change = Callable[Concatenate[Station, Actor, str, P], Document]


class GoodsForm(msgspec.Struct, frozen=True, kw_only=True):
    """`stock` = base units by article in this document's warehouse; an article without figures is not in it.

    `added` = number of the line that just came or grew; `reachable` = the store's server can be asked.
    `continued` = it was parked before.
    """

    document: Document
    warehouse: str
    reasons: tuple[Reason, ...]
    stock: Mapping[str, Decimal]
    units: Mapping[str, tuple[str, ...]]
    base_units: Mapping[str, str]
    reachable: bool
    parkable: bool
    continued: bool
    added: int = 0

    def short(self, line: Line) -> bool:
        """Whether more goes out than is there."""
        wanted = sum(row.base_quantity for row in self.document.lines if row.article == line.article)
        there = self.stock.get(line.article)
        return self.document.type == RELEASE and there is not None and there < wanted


def goods_form(station: Station, actor: Actor, doc_id: str, added: int = 0) -> GoodsForm:
    """The form as last kept; raises `Refused("document.takes_no_such_line")` for other documents."""
    document = till.look_at(station, actor, doc_id)
    if type_of(document.type).family != "goods":
        raise refuse("document.takes_no_such_line", "article", name="")
    known = station.books.stock.is_known()
    balances = station.books.stock.balances({line.article for line in document.lines}) if known else {}
    warehouse = station.books.definitions.get(Warehouse, document.warehouse)
    articles = {line.article: station.books.definitions.get(Article, line.article) for line in document.lines}
    return GoodsForm(
        document=document,
        warehouse=warehouse.name if warehouse else document.warehouse,
        reasons=reasons_for(station, document.type),
        stock={article: balances.get((document.warehouse, article), Decimal(0)) for article in articles if known},
        units={code: (row.unit, *(unit.unit for unit in row.units)) for code, row in articles.items() if row},
        base_units={code: row.unit for code, row in articles.items() if row},
        reachable=station.connectivity() >= Connectivity.STORE,
        parkable=putting.is_parkable(station, document.type),
        continued=origin.is_continued(station, doc_id),
        added=added,
    )


def after(
    station: Station, actor: Actor, change: Change[P], doc_id: str, *arguments: P.args, **named: P.kwargs
) -> GoodsForm:
    """Change the document, then see it with the line that came or grew."""
    before = {line.number: line for line in till.look_at(station, actor, doc_id).lines}
    document = change(station, actor, doc_id, *arguments, **named)
    grown = [line.number for line in document.lines if before.get(line.number) != line]
    return goods_form(station, actor, doc_id, added=grown[-1] if grown else 0)


def approve(station: Station, actor: Actor, doc_id: str, fields: Mapping[str, str]) -> Document:
    """Keep reason and description as shown, then approve; safe to repeat."""
    stored = station.books.documents.find(origin.approved_as(station, doc_id))
    if stored is None or station.books.drafts.load(doc_id) is not None:
        keep(station, actor, doc_id, fields)
    return approval.approve(station, actor, doc_id)
