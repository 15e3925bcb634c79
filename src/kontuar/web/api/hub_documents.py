"""Documents, stock, reconciliation and proof over the JSON API (HUB-01)."""

import datetime
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from litestar.response import Stream

from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.hub import explaining, hub_documents, proofs, stock_feed
from kontuar.operations.ports.hub_documents import Opening
from kontuar.operations.ports.hub_lists import DocumentFilter
from kontuar.web.http import language_of
from kontuar.web.hub_access import HubParts, provide_parts
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts
from kontuar.web.hub_files.documents import document_pdf_of, documents_file_of
from kontuar.web.hub_files.explanation import explanation_pdf_of
from kontuar.web.hub_files.lists import FileForm

MOST_OPENING_BYTES = 64 * 1024 * 1024
Text = Annotated[str, Parameter(max_length=100)]
Minors = Annotated[int | None, Parameter(ge=-(10**15), le=10**15, description="In minor units")]
HubDefinitions = NamedDependency[HubParts]
Limit = Annotated[int, Parameter(ge=1, le=500)]


class OpeningBody(msgspec.Struct, frozen=True):
    """`written` false: exactly this was there already."""

    written: bool


def answer(content: Any, status: int = 200) -> Response[bytes]:
    """JSON; decimals as text."""
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")


async def wanted_documents(
    store: Text = "",
    station: Text = "",
    document_type: Annotated[str, Parameter(query="type", max_length=60)] = "",
    day_from: datetime.date | None = None,
    day_to: datetime.date | None = None,
    number: Annotated[str, Parameter(max_length=100, description="A part of it")] = "",
    document_state: Annotated[str, Parameter(query="state", max_length=20)] = "",
    operator: Text = "",
    buyer: Annotated[str, Parameter(max_length=100, description="Code or tax number of the contractor")] = "",
    article: Text = "",
    payment_form: Annotated[str, Parameter(query="form", max_length=100)] = "",
    gross_from: Minors = None,
    gross_to: Minors = None,
    after: Text = "",
    limit: Limit = 50,
) -> DocumentFilter:
    """The filter that a list or a file is asked for with."""
    return DocumentFilter(
        store=store, station=station, type=document_type, day_from=day_from, day_to=day_to, number=number,
        state=document_state, operator=operator, buyer=buyer, article=article, form=payment_form,
        gross_from=None if gross_from is None else Minor(gross_from),
        gross_to=None if gross_to is None else Minor(gross_to), after=after, limit=limit,
    )  # fmt: skip


Wanted = NamedDependency[DocumentFilter]
WANTED: Final[dict[str, Any]] = {"wanted": Provide(wanted_documents)}


@get("/documents", summary="A page of booked documents, newest first", dependencies=WANTED)
async def list_documents(parts: HubDocumentParts, actor: Actor, wanted: Wanted) -> Response[bytes]:
    rows = await parts.run(hub_documents.documents, parts.documents, actor, wanted)
    return answer({"rows": rows, "next": rows[-1].key if len(rows) == wanted.limit else ""})


@get("/document-files", summary="The filtered list as a CSV or XLSX file, whole or refused", dependencies=WANTED)
async def documents_file(
    parts: HubDocumentParts, actor: Actor, wanted: Wanted, file: FileForm = "csv"
) -> Response[Any] | Stream:
    return await documents_file_of(parts, actor, wanted, file)


def _pdf(path: str, summary: str, made: Callable[..., Awaitable[Response[bytes]]]) -> HTTPRouteHandler:
    """An endpoint that gives a document's paper in the asker's language."""

    @get(f"/documents/{{store:str}}/{{doc_id:str}}/{path}", summary=summary, media_type="application/pdf")
    async def pdf(
        request: Request[Any, Any, Any], parts: HubDocumentParts, definitions: HubDefinitions, actor: Actor,
        store: str, doc_id: str,
    ) -> Response[bytes]:  # fmt: skip
        return await made(parts, definitions, actor, store, doc_id, language_of(request))

    return pdf


document_pdf = _pdf("pdf", "One document as a PDF", document_pdf_of)
explanation_pdf = _pdf("explanation/pdf", "Why its lines cost what they cost, as a PDF", explanation_pdf_of)


@get("/documents/{store:str}/{doc_id:str}/explanation", summary="Why the lines of a document cost what they cost")
async def explain_document(
    parts: HubDocumentParts, definitions: HubDefinitions, actor: Actor, store: str, doc_id: str
) -> Response[bytes]:
    """Each change of each line in order, and the discount summary (DISC-26, DISC-31)."""
    found = await parts.run(explaining.explained, parts.documents, definitions.definitions, actor, store, doc_id)
    fields = {name: getattr(found, name) for name in ("rows", "summary", "names", "people")}
    return answer({"number": found.document.number, "definitions": found.document.definitions[1], **fields})


@get("/documents/{store:str}/{doc_id:str}/again", summary="A document priced again with the definitions of its version")
async def reckon_again(
    parts: HubDocumentParts, definitions: HubDefinitions, actor: Actor, store: str, doc_id: str
) -> Response[bytes]:
    """Whether every line comes out exactly as it stands there, else where it does not and why it may (DISC-26)."""
    again = explaining.explain_again
    return answer(await parts.run(again, parts.documents, definitions.definitions, actor, store, doc_id))


@get("/documents/{store:str}/{doc_id:str}", summary="One document in full")
async def read_document(parts: HubDocumentParts, actor: Actor, store: str, doc_id: str) -> Response[bytes]:
    return answer(await parts.run(hub_documents.document, parts.documents, actor, store, doc_id))


@get("/stock", summary="Stock figures of a store that changed since a version, with the positions they contain")
async def read_stock(
    parts: HubDocumentParts, actor: Actor, store: Text, epoch: Text = "", version: int = 0
) -> Response[bytes]:
    actor.require("hub.see")
    return answer(await parts.run(stock_feed.stock_since, parts.feeds, store, epoch, version))


@put("/stock/opening", summary="Opening stock", status_code=200, request_max_body_size=MOST_OPENING_BYTES)
async def put_opening(request: Request[Any, Any, Any], parts: HubDocumentParts, actor: Actor) -> OpeningBody:
    try:
        opening = msgspec.json.decode(await request.body(), type=Opening)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse("opening.unreadable", detail=str(error)[:200]) from None
    now = parts.clock.now()
    return OpeningBody(await parts.run(stock_feed.put_opening, parts.feeds, actor, opening, now))


@get("/reconciliation", summary="What the hub holds of a store and business day")
async def read_reconciliation(
    parts: HubDocumentParts, actor: Actor, store: Text, day: datetime.date | None = None
) -> Response[bytes]:
    return answer(await parts.bulk(hub_documents.reconciliation, parts.bulk_documents, actor, store, day))


@post("/verify-chains", summary="Prove a store's books anew", status_code=200)
async def verify_chains(parts: HubDocumentParts, actor: Actor, store: Text = "") -> Response[bytes]:
    """Every byte, signature, number, ledger row and balance, as `kontuar verify` does; minutes for a big store."""
    now = parts.clock.now()
    return answer(
        await parts.proving(proofs.verify_chains, parts.proofs, parts.kept_proofs, actor, store, parts.seal, now)
    )


@get("/proofs", summary="What the last proof of every stream found, faulty ones first")
async def read_proofs(parts: HubDocumentParts, actor: Actor, store: Text = "") -> Response[bytes]:
    """`proof.origin` empty: balances, and rows that no message wrote, of the whole store."""
    rows = await parts.run(proofs.latest, parts.latest_proofs, actor, store)
    return answer({"rows": rows, "holds": all(not row.proof.faults for row in rows)})


router = Router(
    "/api/v1",
    route_handlers=[
        list_documents, documents_file, read_document, document_pdf, explain_document, explanation_pdf, reckon_again,
        read_stock, put_opening, read_reconciliation,
        verify_chains, read_proofs,
    ],
    dependencies={"parts": Provide(provide_document_parts), "definitions": Provide(provide_parts)},
    tags=["documents"],
)  # fmt: skip
