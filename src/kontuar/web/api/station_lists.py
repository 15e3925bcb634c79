"""Views, quick sale, batches and copying over the station's API (DOC-10, DOC-29, DOC-31, QUICK-01)."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from litestar import delete, get, post, put

from kontuar.domain.catalogue.records import Batch
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.views import Arrangement, Choice
from kontuar.operations.station import article_list, clipboard, quick_sale, till, views
from kontuar.operations.station.clipboard import Clipboard
from kontuar.operations.station.quick_sale import QuickPanel
from kontuar.web.desk import Asked, Desk


class ChoiceBody(msgspec.Struct, frozen=True, kw_only=True):
    """`owner`: for oneself or for everyone at this station; `key` is shown, `-key` hidden, in this order."""

    owner: Literal["operator", "station"] = "operator"
    columns: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


class CopyBody(msgspec.Struct, frozen=True):
    """Numbers of lines; none = all."""

    lines: tuple[int, ...] = ()


class BatchBody(msgspec.Struct, frozen=True):
    """The batch's code; empty = without properties."""

    batch: str = ""


class ChosenArticleBody(msgspec.Struct, frozen=True, kw_only=True):
    """An article from a list, in its base unit; `batch`: which of its kinds."""

    article: str
    quantity: str = "1"
    batch: str = ""


@get("/api/v1/views/{name:str}", summary="A list or form as the operator sees it")
async def view(request: Asked, desk: Desk, name: str) -> Arrangement:
    """All columns and buttons in their order, shown or not (DOC-10)."""
    return await desk.do(request, views.seen, name)


@put("/api/v1/views/{name:str}", summary="Show, hide and order columns and buttons")
async def choose_view(request: Asked, desk: Desk, name: str, data: ChoiceBody) -> Arrangement:
    """For oneself or for everyone at this station (DOC-10)."""
    return await desk.do(request, views.choose, name, data.owner, Choice(columns=data.columns, buttons=data.buttons))


@delete("/api/v1/views/{name:str}", summary="Give up one's own choice, or the station's", status_code=200)
async def reset_view(
    request: Asked, desk: Desk, name: str, owner: Literal["operator", "station"] = "operator"
) -> Arrangement:
    """As head office set it, or as it was made."""
    return await desk.do(request, views.reset, name, owner)


@get("/api/v1/quick", summary="A page of the quick-sale panel")
async def quick(request: Asked, desk: Desk, group: str = "", page: int = 0, group_page: int = 0) -> QuickPanel:
    """Groups and favourites in head office's order; `*` is the group of favourites (QUICK-01)."""
    return await desk.do(request, quick_sale.panel, group, page, group_page)


@get("/api/v1/articles/{code:str}/batches", summary="The kinds of an article by its properties")
async def batches(request: Asked, desk: Desk, code: str) -> Sequence[Batch]:
    """DOC-29."""
    return await desk.do(request, article_list.batches, code)


@post("/api/v1/documents/{doc_id:str}/articles", summary="Add an article chosen from a list", status_code=201)
async def add_article(request: Asked, doc_id: str, data: ChosenArticleBody, desk: Desk) -> Document:
    """Perhaps one of its kinds (DOC-21, DOC-29)."""
    return await desk.do(request, till.add_article, doc_id, data.article, data.quantity, data.batch)


@put("/api/v1/documents/{doc_id:str}/lines/{number:int}/batch", summary="Choose or clear a line's properties")
async def choose_batch(request: Asked, doc_id: str, number: int, data: BatchBody, desk: Desk) -> Document:
    """Another kind of the same article (DOC-29)."""
    return await desk.do(request, till.choose_batch, doc_id, number, data.batch)


@post("/api/v1/documents/{doc_id:str}/copy", summary="Copy lines of a draft or an approved document", status_code=200)
async def copy(request: Asked, doc_id: str, data: CopyBody, desk: Desk) -> Clipboard:
    """Article, kind, quantity and initial price, never discounts (DOC-31)."""
    return await desk.do(request, clipboard.copy, doc_id, data.lines)


@post("/api/v1/documents/{doc_id:str}/paste", summary="Add the copied lines", status_code=200)
async def paste(request: Asked, doc_id: str, desk: Desk) -> Document:
    """All of them or none; other prices than today's need the right to change prices (DOC-31)."""
    return await desk.do(request, clipboard.paste, doc_id)


HANDLERS = (view, choose_view, reset_view, quick, batches, add_article, choose_batch, copy, paste)
