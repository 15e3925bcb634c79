"""Parked documents on the screens: the list, parking from a form, continuing, deleting, prints (PARK-01 … PARK-16)."""

from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Response, get, post

from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.station import till, views
from kontuar.operations.station.parking import listing
from kontuar.web import parked
from kontuar.web.desk import Asked, Desk
from kontuar.web.parked import ParkedAs
from kontuar.web.prints.parked import parked_model
from kontuar.web.station import parked_view
from kontuar.web.station.back_words import TYPE_WORDS, keys
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, go_to, nothing, on_screen_refused, page, words_for
from kontuar.web.station.parked_view import ParkedFilters
from kontuar.web.station.preview import paper, told

IN_WINDOW: Final = {"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"}
STOP_ASKING: Final = 286
"""The status with which htmx shows an answer and asks no more."""
BACK: Final = {"goods": "/goods", "trade": "/documents"}


@get("/parked")
async def show(request: Asked, desk: Desk) -> Response[str]:
    """Unapproved documents of the store (PARK-10); those of one family come from that family's list."""
    seen = await desk.do(request, parked_view.parked_list, filters_of(request))
    return await page(
        request, desk, "station/parked/list.jinja", back_url=BACK.get(seen.filters.family, "/"),
        shortcuts=keys(request, "continue", "compare", "delete-parked", "print"),
        look=await desk.do(request, views.look, "parked"), **_context(request, seen),
    )  # fmt: skip


@get("/parked/rows")
async def rows(request: Asked, desk: Desk) -> Response[str]:
    """The list by other filters."""
    seen = await desk.do(request, parked_view.parked_list, filters_of(request))
    look = await desk.do(request, views.look, "parked")
    return fragment(request, "station/parked/rows.jinja", look=look, **_context(request, seen))


@post("/parked/scan", status_code=200)
async def scan(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """The EAN of a parked document marks it in the list (PARK-09)."""
    code = data.get("code", "").strip()
    doc_id = await desk.do(request, listing.by_ean, code)
    if not doc_id:
        raise refuse("parking.ean_unknown", "code", number=code[:40])
    return nothing({"kontuar:mark": {"row": doc_id, "otherwise": f"/parked?{urlencode({'text': code})}"}})


@get("/parked/{doc_id:str}/actions")
async def actions(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The buttons for the marked row."""
    found = await desk.do(request, parked_view.one, doc_id)
    return fragment(request, "station/parked/actions.jinja", one=found, printer=_has_printer(desk))


@post("/parked/{doc_id:str}/park", status_code=200)
async def park(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Park the receipt that is open on its form."""
    return await park_form(request, desk, doc_id)


async def park_form(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Park the form's document; a fresh form follows. What did not reach the buffer says so in a window (PARK-03)."""
    document = await desk.do(request, till.look_at, doc_id)
    outcome = await parked.park(request, desk, doc_id)
    fresh = await desk.do(request, parked_view.fresh_form, document.type)
    if outcome.outcome == "parked":
        return go_to(f"{fresh}?{urlencode({'parked': outcome.row.ean})}")
    return fragment(
        request, "station/parked/not_in_buffer.jinja", outcome=outcome, fresh=fresh, headers=IN_WINDOW,
        types=TYPE_WORDS, at=_station_of(outcome),
    )  # fmt: skip


@get("/parked/{doc_id:str}/told")
async def tell_parked(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The message on the fresh form; `doc_id` is the number by which the parked document is found again."""
    await desk.actor(request)
    text = words_for(request).gettext("Parked. Number %(ean)s") % {"ean": doc_id[:40]}
    return nothing({"kontuar:toast": {"text": text, "kind": "good", "name": "parked"}})


def on_not_opened(request: Asked, refusal: Refused) -> Response[Any]:
    """Held at another station, or an older copy: a question that names what follows (PARK-05, PARK-06)."""
    code = refusal.problems[0].code
    doc_id = quote(str(request.path_params.get("doc_id", "")))
    if code in ("parking.held_elsewhere", "parking.being_approved", "parking.copy_older"):
        return fragment(
            request, "station/parked/not_opened.jinja", problem=refusal.problems[0], doc_id=doc_id, headers=IN_WINDOW
        )
    return on_screen_refused(request, refusal)


@post("/parked/{doc_id:str}/continue", status_code=200, exception_handlers={Refused: on_not_opened})
async def proceed(request: Asked, desk: Desk, doc_id: str, older: bool = False) -> Response[str]:
    """Open it on its form."""
    document = await parked.proceed(request, desk, doc_id, older=older)
    return go_to(parked_view.form_of(document))


@post("/parked/{doc_id:str}/take-over", status_code=200, exception_handlers={Refused: on_not_opened})
async def take_over(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Open it although another station has it; without the right an authorisation is asked for (PARK-06)."""
    document = await parked.proceed(request, desk, doc_id, take_over=True)
    return go_to(parked_view.form_of(document))


@get("/parked/{doc_id:str}/versions")
async def compare(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Differing versions side by side; each can be continued or deleted from here (PARK-15)."""
    found = await parked.compared(request, desk, doc_id)
    seen = await desk.do(request, parked_view.names)
    return fragment(request, "station/parked/versions.jinja", found=found, types=TYPE_WORDS, **seen)


@get("/parked/{doc_id:str}/delete")
async def ask_delete(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The question before it is deleted for all tills."""
    found = await desk.do(request, parked_view.one, doc_id)
    return fragment(request, "station/parked/delete.jinja", one=found, types=TYPE_WORDS)


@post("/parked/{doc_id:str}/delete", status_code=200)
async def delete(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Gone, for every till of the store."""
    await parked.delete(request, desk, doc_id)
    return go_to("/parked")


@get("/parked/{doc_id:str}/held")
async def held(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Asked every few seconds by an open form: whether the document is still this till's (PARK-06)."""
    kept = await desk.do(request, parked_view.lost_work, doc_id)
    if kept is None:
        return nothing()
    return fragment(
        request, "station/parked/lost.jinja", kept=kept, status_code=STOP_ASKING, headers=IN_WINDOW, types=TYPE_WORDS
    )


@get("/parked/{doc_id:str}/print")
async def on_screen(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The print as a page, with the bar code."""
    return paper(request, parked_model(await desk.do(request, parked_view.to_print, doc_id)))


@post("/parked/{doc_id:str}/print", status_code=200)
async def on_paper(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """On the receipt printer."""
    await desk.devices.print_model_on_paper(parked_model(await desk.do(request, parked_view.to_print, doc_id)))
    return told(request, "It was printed")


@get("/parked/{doc_id:str}/pdf", media_type="application/pdf")
async def as_pdf(request: Asked, desk: Desk, doc_id: str, form: str = "roll") -> Response[bytes]:
    """As a file."""
    data = await desk.devices.pdf_of(parked_model(await desk.do(request, parked_view.to_print, doc_id)), form)
    headers = {"Content-Disposition": f'inline; filename="{doc_id}.pdf"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


def filters_of(request: Asked) -> ParkedFilters:
    """The filters that the address carries; unknown ones are nothing to us."""
    return ParkedFilters(**{name: request.query_params.get(name, "")[:100] for name in ParkedFilters.__struct_fields__})


def _context(request: Asked, seen: parked_view.ParkedList) -> dict[str, Any]:
    del request
    return {"seen": seen, "types": TYPE_WORDS, "stations": dict(seen.stations)}


def _has_printer(desk: Desk) -> bool:
    return desk.devices.states().get("printer", "none") != "none"


def _station_of(outcome: ParkedAs) -> str:
    return outcome.row.holder or outcome.row.station


HANDLERS = (
    show, rows, scan, actions, park, tell_parked, proceed, take_over, compare, ask_delete, delete, held, on_screen,
    on_paper, as_pdf,
)  # fmt: skip
