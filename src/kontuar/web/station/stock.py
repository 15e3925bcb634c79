"""The article list with stock, to look at (DOC-21)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get

from kontuar.domain.catalogue.records import ArticleGroup
from kontuar.domain.firm.records import Warehouse
from kontuar.operations.actor import Actor
from kontuar.operations.station import article_list, views
from kontuar.operations.station.article_list import ArticlePage
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.elsewhere import can_ask
from kontuar.web.station.back_words import keys
from kontuar.web.station.choose import group_names
from kontuar.web.station.pages import fragment, page

ROWS = 50


@get("/stock")
async def show(request: Asked, desk: Desk) -> Response[str]:
    """The list with the tree of groups."""
    found, warehouses = await article_page(request, desk)
    groups = await desk.do(request, article_list.groups)
    return await page(
        request, desk, "station/back/stock.jinja", found=found, warehouses=warehouses, groups=tree(groups),
        shortcuts=keys(request), online=can_ask(desk), names={row.code: row.name for row in groups},
        look=await desk.do(request, views.look, "stock"), **_asked(request, found),
    )  # fmt: skip


@get("/stock/rows")
async def rows(request: Asked, desk: Desk) -> Response[str]:
    """By another phrase or group, or the next page."""
    found, warehouses = await article_page(request, desk)
    return fragment(
        request, "station/back/stock_rows.jinja", found=found, warehouses=warehouses, online=can_ask(desk),
        names=await desk.do(request, group_names), look=await desk.do(request, views.look, "stock"),
        **_asked(request, found),
    )  # fmt: skip


async def article_page(request: Asked, desk: Desk) -> tuple[ArticlePage, dict[str, str]]:
    """The page of articles that the address asks for, and the store's warehouses by code."""
    asked = request.query_params
    after = (asked.get("after_name", ""), asked.get("after_code", ""))
    found = await desk.do(
        request, article_list.articles, asked.get("phrase", ""), asked.get("group", ""), after, ROWS, by_batch=True
    )
    return found, await desk.do(request, warehouse_names)


def warehouse_names(station: Station, actor: Actor) -> dict[str, str]:
    """Warehouses of this store in the order of the columns."""
    del actor
    rows = station.books.definitions.every(Warehouse).values()
    return {row.code: row.name for row in sorted(rows, key=lambda row: row.code) if row.store == station.identity.store}


def tree(groups: Sequence[ArticleGroup]) -> list[tuple[int, str, str]]:
    """(depth, code, name), parents before children, for an indented list."""
    depth: dict[str, int] = {}
    result = []
    for group in groups:
        depth[group.code] = depth.get(group.parent, -1) + 1 if group.parent else 0
        result.append((depth[group.code], group.code, group.name))
    return result


def _asked(request: Asked, found: ArticlePage) -> dict[str, Any]:
    phrase, group = request.query_params.get("phrase", ""), request.query_params.get("group", "")
    after = {"after_name": found.next[0], "after_code": found.next[1]} if found.next else {}
    following = urlencode({"phrase": phrase, "group": group, **after})
    return {"phrase": phrase, "group": group, "next_url": f"/stock/rows?{following}" if after else ""}


HANDLERS = (show, rows)
