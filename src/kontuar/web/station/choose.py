"""Lists from which something is chosen for a receipt: articles and contractors (DOC-21, DOC-27)."""

from litestar import Response, get

from kontuar.domain.parties.records import UNDEFINED
from kontuar.operations.actor import Actor
from kontuar.operations.station import article_list, sale_rules, sale_view, views
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.elsewhere import can_ask
from kontuar.web.station.pages import fragment

ROWS = 40


@get("/sale/{doc_id:str}/articles")
async def show_articles(request: Asked, desk: Desk, doc_id: str, phrase: str = "", group: str = "") -> Response[str]:
    """The window with the list, filtered by what was typed."""
    view = await desk.do(request, sale_view.view, doc_id)
    found = await _articles(request, desk, view.document.price_list, phrase, group)
    groups = await desk.do(request, article_list.groups)
    warehouses = await desk.do(request, sale_view.warehouse_names)
    return fragment(
        request, "station/sale/articles.jinja", doc_id=doc_id, found=found, groups=groups, warehouses=warehouses,
        phrase=phrase, group=group, document=view.document, online=can_ask(desk),
        names={row.code: row.name for row in groups}, look=await desk.do(request, views.look, "articles"),
        several=await desk.do(request, sale_rules.chooses_several),
    )  # fmt: skip


@get("/sale/{doc_id:str}/articles/rows")
async def article_rows(
    request: Asked, desk: Desk, doc_id: str, phrase: str = "", group: str = "", after_name: str = "",
    after_code: str = "",
) -> Response[str]:  # fmt: skip
    """The next page, or the list by another filter."""
    view = await desk.do(request, sale_view.view, doc_id)
    found = await _articles(request, desk, view.document.price_list, phrase, group, (after_name, after_code))
    warehouses = await desk.do(request, sale_view.warehouse_names)
    return fragment(
        request, "station/sale/article_rows.jinja", doc_id=doc_id, found=found, warehouses=warehouses, phrase=phrase,
        group=group, document=view.document, online=can_ask(desk), names=await desk.do(request, group_names),
        look=await desk.do(request, views.look, "articles"),
    )  # fmt: skip


@get("/sale/{doc_id:str}/contractors")
async def show_contractors(
    request: Asked, desk: Desk, doc_id: str, phrase: str = "", wanted: str = "buyer"
) -> Response[str]:
    """The window with contractors: by name, NIP, phone or card; `wanted`: who is chosen, buyer or recipient."""
    view = await desk.do(request, sale_view.view, doc_id)
    found = await desk.do(request, article_list.contractors, phrase, article_list.FIRST, ROWS)
    return fragment(
        request, "station/sale/contractors.jinja", document=view.document, found=found, phrase=phrase,
        undefined=UNDEFINED, wanted=wanted, terms=view.terms, look=await desk.do(request, views.look, "contractors"),
    )  # fmt: skip


@get("/sale/{doc_id:str}/contractors/rows")
async def contractor_rows(
    request: Asked, desk: Desk, doc_id: str, phrase: str = "", after_name: str = "", after_code: str = "",
    wanted: str = "buyer",
) -> Response[str]:  # fmt: skip
    """The next page, or the list by another phrase."""
    view = await desk.do(request, sale_view.view, doc_id)
    found = await desk.do(request, article_list.contractors, phrase, (after_name, after_code), ROWS)
    return fragment(
        request, "station/sale/contractor_rows.jinja", document=view.document, found=found, phrase=phrase,
        undefined=UNDEFINED, wanted=wanted, look=await desk.do(request, views.look, "contractors"),
    )  # fmt: skip


async def _articles(
    request: Asked, desk: Desk, price_list: str, phrase: str, group: str, after: tuple[str, str] = article_list.FIRST
) -> article_list.ArticlePage:
    return await desk.do(request, article_list.articles, phrase, group, after, ROWS, price_list, by_batch=True)


def group_names(station: Station, actor: Actor) -> dict[str, str]:
    """Names of groups by code."""
    return {row.code: row.name for row in article_list.groups(station, actor)}


HANDLERS = (show_articles, article_rows, show_contractors, contractor_rows)
