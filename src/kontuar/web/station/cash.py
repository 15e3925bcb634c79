"""Cash in and cash out: the form (PAY-09)."""

from litestar import Response, get, post
from litestar.response import Redirect

from kontuar.operations.station import article_list, till, views
from kontuar.web.desk import Asked, Desk
from kontuar.web.station import cash_view
from kontuar.web.station.back_words import TYPE_WORDS, keys
from kontuar.web.station.forms import Form
from kontuar.web.station.leaving import approved, left
from kontuar.web.station.pages import closed, fragment, nothing, page

ROWS = 40


@get("/cash/in")
async def cash_in(request: Asked, desk: Desk) -> Redirect:
    """The KP that was being made here, else a new one."""
    document = await desk.do(request, cash_view.open_form, "cash_in")
    return Redirect(f"/cash/{document.doc_id}", status_code=303)


@get("/cash/out")
async def cash_out(request: Asked, desk: Desk) -> Redirect:
    """The KW that was being made here, else a new one."""
    document = await desk.do(request, cash_view.open_form, "cash_out")
    return Redirect(f"/cash/{document.doc_id}", status_code=303)


@get("/cash/{doc_id:str}")
async def show(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The form."""
    seen = await desk.do(request, cash_view.cash_form, doc_id)
    return await page(
        request, desk, "station/back/cash_form.jinja", back_url=f"/cash/{doc_id}/leave", seen=seen,
        document=seen.document, types=TYPE_WORDS,
        shortcuts=keys(request, "contractor", "reason", "approve"),
    )  # fmt: skip


@get("/cash/{doc_id:str}/leave")
async def leave(request: Asked, desk: Desk, doc_id: str) -> Redirect:
    """Back to the list; a form that nothing was typed into is forgotten."""
    return await left(request, desk, doc_id, "/cash")


@post("/cash/{doc_id:str}", status_code=200)
async def keep(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Kept at every change (DOC-34)."""
    await desk.do(request, cash_view.keep, doc_id, data)
    return nothing()


@post("/cash/{doc_id:str}/approve", status_code=200)
async def approve(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Money moves; the print and the drawer follow."""
    document = await desk.do(request, cash_view.approve, doc_id, data)
    return await approved(request, desk, document)


@get("/cash/{doc_id:str}/contractors")
async def contractors(
    request: Asked, desk: Desk, doc_id: str, phrase: str = "", after_name: str = "", after_code: str = ""
) -> Response[str]:
    """The window with contractors, or its rows."""
    found = await desk.do(request, article_list.contractors, phrase, (after_name, after_code), ROWS)
    part = "contractor_rows" if "rows" in request.query_params else "contractors"
    look = await desk.do(request, views.look, "contractors")
    return fragment(request, f"station/back/{part}.jinja", doc_id=doc_id, found=found, phrase=phrase, look=look)


@post("/cash/{doc_id:str}/contractor", status_code=200)
async def set_contractor(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Choose the contractor, or none."""
    document = await desk.do(request, till.set_buyer, doc_id, data.get("contractor", ""))
    return fragment(request, "station/back/contractor.jinja", document=document, triggers=closed())


HANDLERS = (cash_in, cash_out, show, leave, keep, approve, contractors, set_contractor)
