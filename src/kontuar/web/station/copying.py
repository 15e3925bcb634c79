"""Copying lines between documents: Ctrl+C and Ctrl+V, or the buttons that do the same (DOC-31)."""

from litestar import Response, post

from kontuar.operations.station import clipboard, sale_view
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import nothing, words_for
from kontuar.web.station.sale import answer


@post("/sale/{doc_id:str}/copy", status_code=200)
async def copy(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Lines of the form, `numbers` of them or all."""
    numbers = [int(number) for number in data.get("numbers", "").split() if number.isdecimal()]
    taken = await desk.do(request, clipboard.copy, doc_id, numbers)
    text = words_for(request).ngettext("%(num)s line copied", "%(num)s lines copied", len(taken.lines))
    toast = {"text": text % {"num": len(taken.lines)}, "kind": "good", "name": "copied"}
    return nothing({"kontuar:toast": toast, "kontuar:copied": {}})


@post("/sale/{doc_id:str}/paste", status_code=200)
async def paste(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """All of what was copied, at the prices it had where the right allows it."""
    view = await desk.do(request, sale_view.after, clipboard.paste, doc_id, 0)
    count = len((await desk.do(request, clipboard.held)).lines)
    text = words_for(request).ngettext("%(num)s line pasted", "%(num)s lines pasted", count) % {"num": count}
    return answer(request, view, data, **{"kontuar:toast": {"text": text, "kind": "good", "name": "copied"}})


@post("/documents/{doc_id:str}/copy", status_code=200)
async def copy_approved(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """All lines of an approved document."""
    taken = await desk.do(request, clipboard.copy, doc_id)
    text = words_for(request).ngettext("%(num)s line copied", "%(num)s lines copied", len(taken.lines))
    return nothing({"kontuar:toast": {"text": text % {"num": len(taken.lines)}, "kind": "good", "name": "copied"}})


HANDLERS = (copy, paste, copy_approved)
