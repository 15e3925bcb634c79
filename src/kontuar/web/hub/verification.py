"""Screens of the hub: what could not be booked, as an inbox with decisions (HUB-05)."""

from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Request, Response, get, post
from litestar.response import Redirect

from kontuar.operations import verification
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_lists import ItemFilter, VerificationItem
from kontuar.web.http import language_of
from kontuar.web.hub.documents import TYPE_NAMES, columns_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_document_parts import PARTS, ROWS_PER_PAGE, HubDocumentParts
from kontuar.web.i18n import Texts, texts

COLUMNS: Final = (
    ("number", "Number", "main", False),
    ("reason", "Reason", "", False),
    ("state", "State", "", False),
    ("type", "Type", "", False),
    ("store", "Store", "", False),
    ("station", "Station", "", False),
    ("gross", "Gross", "num", False),
    ("parked", "Since", "", False),
)
ADVICE: Final = {
    "define": "Add the missing definition, then book again.",
    "first_the_other": "Decide on the document it depends on first; this one follows by itself.",
    "wait": "What it refers to has not come yet. It is booked by itself when that arrives.",
    "upgrade": "It comes from a newer program. Upgrade head office, then book again.",
    "decide": "Look at the document with the store. Accept it with a note, or have it cancelled where it was made.",
}
STATES: Final = {
    "parked": "Parked",
    "listed": "Booked, to be looked at",
    "booked": "Booked",
    "accepted": "Accepted",
    "set_aside": "Set aside",
    "seen": "Seen",
}


@get("/verification", include_in_schema=False, dependencies=PARTS)
async def show_items(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str = "", after: str = ""
) -> Response[str]:
    wanted = ItemFilter(store=store, after=after, limit=ROWS_PER_PAGE)
    items = await documents.run(verification.items, documents.verification, actor, wanted)
    words = texts(language_of(request))
    last = {"store": store, "after": str(items[-1].item_id)} if len(items) == ROWS_PER_PAGE else None
    only_rows = request.headers.get("hx-request") == "true"
    return page(
        request,
        "hub/verification_rows.jinja" if only_rows else "hub/verification.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[_listed(item, words) for item in items],
        more_url=f"/verification?{urlencode(last)}" if last else "",
        first=not after,
        card=None,
    )


@get("/verification/{store:str}/{message:str}", include_in_schema=False, dependencies=PARTS)
async def show_item(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[str]:
    card = await documents.run(verification.card, documents.verification, actor, store, message)
    words = texts(language_of(request))
    item = card.item
    return page(
        request,
        "hub/verification_item.jinja",
        actor,
        card=card,
        row=_listed(item, words),
        problems=[words.problem(problem) for problem in item.problems],
        advice=words.gettext(ADVICE[card.advice]) if card.can else "",
        booked=item.state in ("listed", "booked", "accepted", "seen") and bool(item.doc_id),
        facts=[
            (words.gettext("Store"), item.store),
            (words.gettext("Place in the stream"), f"{item.origin} · {item.incarnation} · {item.seq}"),
            (words.gettext("Message"), item.kind or words.gettext("unreadable")),
            (words.gettext("Since"), words.moment(item.parked_at)),
            (words.gettext("State"), words.gettext(STATES.get(item.state, item.state))),
            *(
                [(words.gettext("Decided by"), item.decided_by), (words.gettext("Note"), item.note)]
                if item.note
                else []
            ),
        ],
        audit=[
            (words.moment(entry.at), entry.operator, entry.action.rpartition(".")[2], entry.facts.get("note", ""))
            for entry in card.audit
        ],
    )


@post("/verification/{store:str}/{message:str}/retry", include_in_schema=False, dependencies=PARTS)
async def retry_item(documents: HubDocumentParts, actor: Actor, store: str, message: str) -> Redirect:
    now = documents.clock.now()
    await documents.run(verification.retry, documents.desk, documents.verification, actor, store, message, now)
    return Redirect(_href(store, message), status_code=303)


@post("/verification/{store:str}/{message:str}/accept", include_in_schema=False, dependencies=PARTS)
async def accept_item(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Redirect:
    note = str((await request.form()).get("note", ""))
    now = documents.clock.now()
    await documents.run(verification.accept, documents.desk, documents.verification, actor, store, message, note, now)
    return Redirect(_href(store, message), status_code=303)


def _href(store: str, message: str) -> str:
    return f"/verification/{quote(store, safe='')}/{quote(message, safe='')}"


def _listed(item: VerificationItem, words: Texts) -> dict[str, Any]:
    kind = item.document_type
    return {
        "key": str(item.item_id),
        "href": _href(item.store, item.message),
        "state": "parked" if item.state == "parked" else "booked",
        "state_text": words.gettext(STATES.get(item.state, item.state)),
        "cells": [
            item.number or item.kind or words.gettext("Unreadable message"),
            words.problem(item.problems[0]) if item.problems else item.reason,
            "",
            words.gettext(TYPE_NAMES[kind]) if kind in TYPE_NAMES else "",
            item.store,
            item.origin,
            words.amount(item.gross) if item.gross else "",
            words.moment(item.parked_at),
        ],
    }
