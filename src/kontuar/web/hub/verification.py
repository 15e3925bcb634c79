"""Screens of the hub: what could not be booked, as an inbox (HUB-05)."""

from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Request, Response, get

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.hub import verification
from kontuar.operations.hub.verification import CANCEL, ItemCard
from kontuar.operations.ports.hub_lists import CancellationWish, ItemFilter, VerificationItem
from kontuar.web.http import language_of
from kontuar.web.hub.document_card import type_name
from kontuar.web.hub.documents import columns_of
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
    ("assigned", "Looked after by", "", False),
    ("gross", "Gross", "num", False),
    ("parked", "Since", "", False),
)
ADVICE: Final = {
    "define": "Add the missing definition, then book again.",
    "first_the_other": "Decide on the document it depends on first; this one follows by itself.",
    "wait": "What it refers to has not come yet. It is booked by itself when that arrives.",
    "upgrade": "It comes from a newer program. Upgrade head office, then book again.",
    "set_aside": (
        "His personal data were taken out for good. Accepting this with a note sets it aside; nothing is written."
    ),
    "look": "Look at it with the store, then accept it with a note.",
    "decide": "Look at the document with the store. Accept it with a note, or have it cancelled where it was made.",
}
STATES: Final = {
    "parked": "Parked",
    "listed": "Booked, to be looked at",
    "booked": "Booked",
    "accepted": "Accepted",
    "set_aside": "Set aside",
    "seen": "Seen",
    "cancelled_at_source": "Cancelled where it was made",
}
FILTER_STATES: Final = (("open", "Open"), *STATES.items())
WISH_STATES: Final = {
    "asked": "The station was asked to cancel it. It answers when it is connected.",
    "done": "The station cancelled it.",
    "refused": "The station could not cancel it.",
    "withdrawn": "Decided otherwise meanwhile.",
}
DONE_NAMES: Final = {
    "verification.retry": "Booked again",
    "verification.accept": "Accepted",
    "verification.assign": "Given to",
    "verification.cancel_at_source": "Asked to cancel",
    "verification.cancel_withdrawn": "Cancelling withdrawn",
}
SHORTCUTS: Final = (("r", "retry", "Book again"), ("n", "next", "Next item"), ("t", "take", "I look after it"))


@get("/verification", include_in_schema=False, dependencies=PARTS)
async def show_items(
    request: Request[Any, Any, Any],
    documents: HubDocumentParts,
    actor: Actor,
    store: str = "",
    station: str = "",
    reason: str = "",
    assigned_to: str = "",
    number: str = "",
    after: str = "",
) -> Response[str]:
    chosen = {
        "store": store, "station": station, "reason": reason, "assigned_to": assigned_to, "number": number[:100],
        "state": request.query_params.get("state", "open"),
    }  # fmt: skip
    wanted = ItemFilter(**chosen, after=after, limit=ROWS_PER_PAGE)
    items = await documents.run(verification.items, documents.verification, actor, wanted)
    reasons = await documents.run(verification.reasons, documents.verification, actor, store)
    words = texts(language_of(request))
    last = {**chosen, "after": str(items[-1].item_id)} if len(items) == ROWS_PER_PAGE else None
    only_rows = request.headers.get("hx-request") == "true"
    return page(
        request,
        "hub/verification_rows.jinja" if only_rows else "hub/verification.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[listed(item, words) for item in items],
        more_url=f"/verification?{urlencode(last)}" if last else "",
        first=not after,
        chosen=chosen,
        reasons=[
            ("", words.gettext("All reasons")),
            *((row.reason, f"{words.brief(row.reason)} ({row.items})") for row in reasons),
        ],
        people=[
            ("", words.gettext("Everybody")),
            ("-", words.gettext("Nobody yet")),
            (actor.operator, words.gettext("Mine")),
        ],
        states=[(value, words.gettext(label)) for value, label in FILTER_STATES],
        may_decide=rights.VERIFY in actor.rights,
    )


@get("/verification/{store:str}/{message:str}", include_in_schema=False, dependencies=PARTS)
async def show_item(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[str]:
    return await item_page(request, documents, actor, store, message)


async def item_page(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str, message: str,
    told: tuple[str, ...] = (), status: int = 200,
) -> Response[str]:  # fmt: skip
    """An item in full; `told`: what was just refused, in words."""
    card = await documents.run(verification.card, documents.verification, actor, store, message)
    following = ItemFilter(after=str(card.item.item_id), limit=1)
    after = await documents.run(verification.items, documents.verification, actor, following)
    words = texts(language_of(request))
    return page(
        request,
        "hub/verification_item.jinja",
        actor,
        status,
        card=card,
        row=listed(card.item, words),
        told=told,
        can=_allowed(card, actor),
        asker=actor.operator,
        next_href=href_of(after[0].store, after[0].message) if after else "",
        shortcuts=[
            {"key": key, "action": action, "label": words.gettext(label), "group": words.gettext("Verification")}
            for key, action, label in SHORTCUTS
        ],
        **_told(card, words),
    )


def _allowed(card: ItemCard, actor: Actor) -> tuple[str, ...]:
    """What may be pressed by whoever looks."""
    needs = {"cancel": rights.CANCEL_AT_SOURCE}
    found = tuple(can for can in card.can if needs.get(can, rights.VERIFY) in actor.rights)
    return (*found, "work") if rights.VERIFY in actor.rights and card.can else found


def _advice(card: ItemCard) -> str:
    return "look" if card.advice == "decide" and CANCEL not in card.can else card.advice


def _told(card: ItemCard, words: Texts) -> dict[str, Any]:
    item = card.item
    decided = [(words.gettext("Decided by"), item.decided_by), (words.gettext("Note"), item.note)] if item.note else []
    assigned = [(words.gettext("Looked after by"), item.assigned_to)] if item.assigned_to else []
    return {
        "problems": [words.problem(problem) for problem in item.problems],
        "advice": words.gettext(ADVICE[_advice(card)]) if card.can else "",
        "booked": item.state in ("listed", "booked", "accepted", "seen", "cancelled_at_source") and bool(item.doc_id),
        "facts": [
            (words.gettext("Store"), item.store),
            (words.gettext("Place in the stream"), f"{item.origin} · {item.incarnation} · {item.seq}"),
            (words.gettext("Message"), item.kind or words.gettext("unreadable")),
            (words.gettext("Since"), words.moment(item.parked_at)),
            (words.gettext("State"), words.gettext(STATES.get(item.state, item.state))),
            *assigned,
            *decided,
        ],
        "audit": [
            (words.moment(entry.at), entry.operator, words.gettext(DONE_NAMES.get(entry.action, entry.action)),
             entry.facts.get("note", "") or entry.facts.get("to", ""))
            for entry in card.audit
        ],
        "notes": [(words.moment(note.at), note.operator, note.text) for note in card.notes],
        "behind": [listed(other, words) for other in card.behind],
        "wishes": [_wish(wish, words) for wish in card.wishes],
    }  # fmt: skip


def _wish(wish: CancellationWish, words: Texts) -> tuple[str, str, str]:
    """(kind of the note, who and when, what)."""
    kind = {"asked": "calm", "refused": "warn", "done": "good"}.get(wish.state, "")
    why = f" {words.brief(wish.answer)}" if wish.answer else ""
    who = f"{words.moment(wish.asked_at)} · {wish.asked_by} · {wish.note}"
    return kind, who, f"{words.gettext(WISH_STATES[wish.state])}{why}"


def href_of(store: str, message: str) -> str:
    """The address of an item."""
    return f"/verification/{quote(store, safe='')}/{quote(message, safe='')}"


def listed(item: VerificationItem, words: Texts) -> dict[str, Any]:
    """An item as a row of the inbox."""
    kind = item.document_type
    return {
        "key": str(item.item_id),
        "href": href_of(item.store, item.message),
        "state": "parked" if item.state == "parked" else "booked",
        "state_text": words.gettext(STATES.get(item.state, item.state)),
        "cells": [
            item.number or item.kind or words.gettext("Unreadable message"),
            words.problem(item.problems[0]) if item.problems else item.reason,
            "",
            type_name(kind, words) if kind else "",
            item.store,
            item.origin,
            item.assigned_to,
            words.amount(item.gross) if item.gross else "",
            words.moment(item.parked_at),
        ],
    }
