"""How a form of cash or goods is left: approved, put aside, or forgotten when nothing was typed."""

from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect

from kontuar.domain.documents.document import Document
from kontuar.operations.actor import Actor
from kontuar.operations.station import till
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.pages import go_to


async def approved(request: Asked, desk: Desk, document: Document) -> Response[str]:
    """Print and drawer as set up, then the preview; what the devices could not do is told there.

    Of a second copy the preview tells itself (REL-21).
    """
    notes = await desk.devices.after_approval(await desk.actor(request), document)
    codes = ",".join(note.code for note in notes if not note.code.startswith("copy."))
    return go_to(f"/documents/{document.doc_id}" + (f"?notes={quote(codes)}" if codes else ""))


async def left(request: Asked, desk: Desk, doc_id: str, path: str) -> Redirect:
    """Back to the list. An empty form goes; one with content stays among the drafts."""
    await desk.do(request, forget_when_empty, doc_id)
    return Redirect(path, status_code=303)


def forget_when_empty(station: Station, actor: Actor, doc_id: str) -> None:
    """Nothing typed, nothing kept."""
    document = till.look_at(station, actor, doc_id)
    if not (document.lines or document.payments or document.reason or document.description):
        till.discard(station, actor, doc_id)
