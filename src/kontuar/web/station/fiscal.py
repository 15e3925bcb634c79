"""Fiscalising again: mark, or register and print (SALE-05)."""

from litestar import Response, get, post

from kontuar.operations.station import own_documents
from kontuar.web.desk import Asked, Desk
from kontuar.web.station import document_view
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, go_to


@get("/documents/{doc_id:str}/fiscalise")
async def ask(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The window with the two ways, and what is known of the last attempt."""
    seen = await desk.do(request, document_view.shown, doc_id, desk.devices.states())
    return fragment(request, "station/back/fiscalise.jinja", seen=seen, document=seen.stored.document)


@post("/documents/{doc_id:str}/fiscalise/mark", status_code=200)
async def mark(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Only the state changes; nothing is printed."""
    number = data.get("fiscal_number", "").strip()[:40]
    await desk.do(request, own_documents.fiscalised, doc_id, number, "by hand", marked=True)
    return go_to(f"/documents/{doc_id}")


@post("/documents/{doc_id:str}/fiscalise/print", status_code=200)
async def register(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Registered and printed, unless the device had done it before."""
    await desk.devices.fiscalise(await desk.actor(request), doc_id, sure=data.get("sure") == "yes")
    return go_to(f"/documents/{doc_id}")


HANDLERS = (ask, mark, register)
