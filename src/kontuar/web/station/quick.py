"""Quick sale: the panel beside the lines, and the kinds of an article before it is added (QUICK-01, QUICK-02)."""

from typing import Any

from litestar import Response, get

from kontuar.domain.catalogue.records import Article
from kontuar.operations.actor import Actor
from kontuar.operations.station import article_list, quick_sale, sale_view
from kontuar.operations.station.quick_sale import FAVOURITES
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.pages import fragment


@get("/sale/{doc_id:str}/quick")
async def show_panel(
    request: Asked, desk: Desk, doc_id: str, group: str = "", page: int = 0, group_page: int = 0
) -> Response[str]:
    """Another group, or another page of groups or articles."""
    shown = await panel(request, desk, doc_id, group, page, group_page)
    return fragment(request, "station/sale/quick_panel.jinja", doc_id=doc_id, **shown)


@get("/sale/{doc_id:str}/quick/{code:str}")
async def show_kinds(request: Asked, desk: Desk, doc_id: str, code: str, quantity: str = "1") -> Response[str]:
    """Which kind of the article: asked before it is added."""
    shown = await desk.do(request, kinds_of, code)
    return fragment(
        request, "station/sale/properties.jinja", url=f"/sale/{doc_id}/articles", chosen="", clearable=False,
        given={"article": code, "quantity": quantity[:20]}, **shown,
    )  # fmt: skip


async def panel(
    request: Asked, desk: Desk, doc_id: str, group: str = "", page: int = 0, group_page: int = 0
) -> dict[str, Any]:
    """What the panel's template needs; prices are those of the document's list."""
    view = await desk.do(request, sale_view.view, doc_id)
    found = await desk.do(request, quick_sale.panel, group, page, group_page, view.document.price_list)
    return {"panel": found, "favourites": FAVOURITES}


def kinds_of(station: Station, actor: Actor, code: str) -> dict[str, Any]:
    """An article with its batches, each with (name, value) of its properties, and the article's VAT in words."""
    found: Article = article_list.article(station, actor, code).article
    rows = [(batch, sale_view.property_names(station, batch.properties))
            for batch in article_list.batches(station, actor, code)]  # fmt: skip
    rate = station.vat_rate(found.vat, station.business_day())
    return {"article": found, "rows": rows, "vat": rate.name or f"{rate.code} %"}


HANDLERS = (show_panel, show_kinds)
