"""The cash shift: open, look, close, print (PAY-09, PAY-10)."""

from typing import Any

from litestar import Response, get, post

from kontuar.operations.station import shifts, views
from kontuar.web.desk import Asked, Desk
from kontuar.web.station import shift_view
from kontuar.web.station.back_words import TYPE_WORDS, keys
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, go_to, page
from kontuar.web.station.preview import paper, told


@get("/shift")
async def show(request: Asked, desk: Desk) -> Response[str]:
    """The open shift with its sums so far, or the form that opens one."""
    seen = await desk.do(request, shift_view.now)
    template = "shift" if seen.shift else "shift_open"
    shortcuts = keys(request, "print", "open-shift", "close-shift", "past-shifts")
    return await page(request, desk, f"station/back/{template}.jinja", shortcuts=shortcuts, **_context(seen))


@post("/shift/open", status_code=200)
async def open_shift(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """Begin with the float that was counted."""
    await desk.do(request, shifts.open_shift, data.get("float", ""))
    return go_to("/shift")


@get("/shift/close")
async def show_close(request: Asked, desk: Desk) -> Response[str]:
    """The form with what is counted, per form and currency."""
    seen = await desk.do(request, shift_view.closing, {})
    return await page(
        request, desk, "station/back/shift_close.jinja", back_url="/shift", shortcuts=keys(request, "close-shift"),
        **_context(seen),
    )  # fmt: skip


@post("/shift/count", status_code=200)
async def count(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """Differences while counting."""
    seen = await desk.do(request, shift_view.closing, data)
    return fragment(request, "station/back/shift_differences.jinja", **_context(seen))


@post("/shift/ask-close", status_code=200)
async def ask_close(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """The question that names what closing does."""
    seen = await desk.do(request, shift_view.to_close, data)
    return fragment(request, "station/back/shift_question.jinja", counted=data, **_context(seen))


@post("/shift/close", status_code=200)
async def close(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """End the shift; the report follows."""
    report = await desk.do(request, shifts.close_shift, shift_view.counted_of(data))
    return go_to(f"/shift/{report.shift.shift_id}")


@get("/shift/past")
async def past(request: Asked, desk: Desk) -> Response[str]:
    """Closed shifts, newest first."""
    found, names = await desk.do(request, shift_view.past)
    return await page(
        request, desk, "station/back/shifts.jinja", back_url="/shift", found=found, names=names,
        look=await desk.do(request, views.look, "shifts"), shortcuts=keys(request),
    )  # fmt: skip


@get("/shift/{shift_id:str}")
async def report(request: Asked, desk: Desk, shift_id: str) -> Response[str]:
    """The report of a shift."""
    seen = await desk.do(request, shift_view.one, shift_id, desk.devices.states())
    return await page(
        request, desk, "station/back/shift.jinja", back_url="/shift/past", shortcuts=keys(request, "print"),
        **_context(seen),
    )  # fmt: skip


@post("/shift/{shift_id:str}/print", status_code=200)
async def print_report(request: Asked, desk: Desk, shift_id: str) -> Response[str]:
    """On the receipt printer."""
    await desk.devices.print_shift(await desk.actor(request), shift_id)
    return told(request, "It was printed")


@get("/shift/{shift_id:str}/print")
async def on_screen(request: Asked, desk: Desk, shift_id: str) -> Response[str]:
    """The report as a page for the browser's printer."""
    return paper(request, await desk.devices.shift_model(await desk.actor(request), shift_id))


def _context(seen: shift_view.ShiftView) -> dict[str, Any]:
    return {"seen": seen, "report": seen.report, "names": seen.names, "types": TYPE_WORDS}


HANDLERS = (
    show, open_shift, show_close, count, ask_close, close, past, report, print_report, on_screen,
)  # fmt: skip
