"""Approved documents, articles, contractors and the reconciliation of a station."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import Parameter

from kontuar.kernel.money import Minor
from kontuar.operations.ports.station import DocumentQuery, StoredDocument
from kontuar.operations.station import article_list, own_documents, reconciliation
from kontuar.operations.station.article_list import ArticlePage, ArticleRow, ContractorPage
from kontuar.operations.station.elsewhere import DocumentElsewhere, StoreStock
from kontuar.operations.station.own_documents import Page
from kontuar.operations.station.reconciliation import StationDay
from kontuar.web import elsewhere
from kontuar.web.api.station_bodies import CancelBody, FiscaliseBody
from kontuar.web.desk import Asked, Desk

InState = Annotated[str, Parameter(query="state")]
Limit = Annotated[int, Parameter(ge=1, le=200)]


@get("/api/v1/documents", summary="Approved documents, newest first")
async def documents(
    request: Asked, desk: Desk, family: str = "trade", type_: Annotated[str, Parameter(query="type")] = "",
    text: str = "", in_state: InState = "", from_day: str = "", to_day: str = "", least: int | None = None,
    most: int | None = None, before: int | None = None, limit: Limit = 50,
) -> Page:  # fmt: skip
    """`text`: any part of a number, `%` + part of the contractor's name, or an EAN (DOC-11)."""
    query = DocumentQuery(
        family=family, types=tuple(filter(None, type_.split(","))), text=text, state=in_state, from_day=from_day,
        to_day=to_day, least=None if least is None else Minor(least), most=None if most is None else Minor(most),
        before=before, limit=limit,
    )  # fmt: skip
    return await desk.do(request, own_documents.page, query)


@get("/api/v1/documents/elsewhere", summary="A document of another station, asked from head office")
async def document_elsewhere(request: Asked, desk: Desk, number: str) -> DocumentElsewhere:
    """By its whole number, when the parameter *document search* says so and head office is in reach (DOC-11)."""
    return await elsewhere.document(request, desk, number)


@get("/api/v1/documents/{doc_id:str}", summary="One approved document with history and links")
async def document(request: Asked, doc_id: str, desk: Desk) -> StoredDocument:
    """DOC-03, DOC-04."""
    return await desk.do(request, own_documents.preview, doc_id)


@post("/api/v1/documents/{doc_id:str}/cancel", summary="Cancel an approved document", status_code=200)
async def cancel(request: Asked, doc_id: str, data: CancelBody, desk: Desk) -> StoredDocument:
    """Where the life cycle of its type allows it."""
    return await desk.do(request, own_documents.cancel, doc_id, data.reason)


@post("/api/v1/documents/{doc_id:str}/fiscalise", summary="Fiscalise again", status_code=200)
async def fiscalise(request: Asked, doc_id: str, data: FiscaliseBody, desk: Desk) -> StoredDocument:
    """*mark as fiscalised* or *fiscalise and print* (SALE-05)."""
    if data.how == "mark":
        await desk.do(request, own_documents.fiscalised, doc_id, data.fiscal_number, "by hand", marked=True)
    else:
        await desk.devices.fiscalise(await desk.actor(request), doc_id)
    return await desk.do(request, own_documents.preview, doc_id)


@post("/api/v1/documents/{doc_id:str}/print", summary="Print on the receipt printer", status_code=204)
async def print_document(request: Asked, doc_id: str, desk: Desk) -> None:
    """From the second print on it is marked as a copy (DOC-32)."""
    await desk.devices.print_document(await desk.actor(request), doc_id)


@get("/api/v1/documents/{doc_id:str}/pdf", summary="The document as a PDF", media_type="application/pdf")
async def pdf(request: Asked, doc_id: str, desk: Desk, form: str = "roll") -> Response[bytes]:
    """`form`: `roll` (80 mm) or `page` (A4)."""
    data = await desk.devices.pdf(await desk.actor(request), doc_id, form)
    return Response(data, media_type="application/pdf")


@post("/api/v1/drawer", summary="Open the drawer", status_code=204)
async def open_drawer(request: Asked, desk: Desk) -> None:
    """Recorded as an event for head office."""
    await desk.devices.open_drawer(await desk.actor(request))


@get("/api/v1/articles", summary="Articles by phrase and group")
async def articles(
    request: Asked, desk: Desk, phrase: str = "", group: str = "", after_name: str = "", after_code: str = "",
    limit: Limit = 50, by_batch: bool = False,
) -> ArticlePage:  # fmt: skip
    """DOC-21; `by_batch`: each kind of an article has a row of its own."""
    after = (after_name, after_code)
    return await desk.do(request, article_list.articles, phrase, group, after, limit, by_batch=by_batch)


@get("/api/v1/articles/{code:str}", summary="One article with price and stock")
async def article(request: Asked, code: str, desk: Desk) -> ArticleRow:
    """DOC-25."""
    return await desk.do(request, article_list.article, code)


@get("/api/v1/articles/{code:str}/elsewhere", summary="What other stores have of an article")
async def article_elsewhere(request: Asked, code: str, desk: Desk) -> list[StoreStock]:
    """Asked from head office, when it is in reach (DOC-21)."""
    return list(await elsewhere.stock(request, desk, code))


@get("/api/v1/contractors", summary="Contractors by name, NIP, phone or card")
async def contractors(
    request: Asked, desk: Desk, phrase: str = "", after_name: str = "", after_code: str = "", limit: Limit = 50
) -> ContractorPage:
    """DOC-27, short form."""
    return await desk.do(request, article_list.contractors, phrase, (after_name, after_code), limit)


@get("/api/v1/reconciliation", summary="What this station says it did on a day")
async def reconcile(request: Asked, desk: Desk, day: str) -> StationDay:
    """Counts, sums, number ranges, stream position and chain head."""
    return await desk.do(request, reconciliation.station_day, day)


HANDLERS = (
    documents, document_elsewhere, document, cancel, fiscalise, print_document, pdf, open_drawer, articles, article,
    article_elsewhere, contractors, reconcile,
)  # fmt: skip
