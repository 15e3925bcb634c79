"""Verification: what could not be booked, and what a person decides about it (HUB-05)."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from kontuar.domain.documents import life
from kontuar.domain.documents.booking import Arrived
from kontuar.domain.documents.document import APPROVED
from kontuar.domain.documents.messages import approved_kind
from kontuar.domain.documents.types import TYPES
from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.booking import settle
from kontuar.operations.hub.contractor_arrivals import ANONYMISED
from kontuar.operations.hub.deviations import book_all_the_same
from kontuar.operations.hub.offers import OFFER_WRONG
from kontuar.operations.ports.hub_documents import BookingDesk, Decision
from kontuar.operations.ports.hub_lists import (
    AuditEntry,
    CancellationWish,
    ItemFilter,
    ItemNote,
    ReasonCount,
    VerificationItem,
    VerificationShelf,
    WishDesk,
)

RETRY: Final = "retry"
ACCEPT: Final = "accept"
CANCEL: Final = "cancel"
MAX_NOTE = 500

WHAT_TO_DO: Final[Mapping[str, str]] = {
    "article.undefined": "define",
    "warehouse.undefined": "define",
    "payment_form.undefined": "define",
    "delivery_method.undefined": "define",
    "operator.undefined": "define",
    "number.unreadable": "define",
    "depends_on.parked": "first_the_other",
    "document.missing": "wait",
    "shift.never_opened": "wait",
    "message.kind_unknown": "upgrade",
    ANONYMISED: "set_aside",
    OFFER_WRONG: "set_aside",
}
"""Reason → what helps; everything else is looked at and accepted with a note, or cancelled at its source."""


class ItemCard(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its message as it came (`payload`, JSON text or hex), what can be done, what people did.

    `behind`: what is released with it, in order. `wishes`: cancellations asked of its station, newest first.
    """

    item: VerificationItem
    payload: str
    can: tuple[str, ...]
    advice: str
    audit: tuple[AuditEntry, ...]
    notes: tuple[ItemNote, ...] = ()
    behind: tuple[VerificationItem, ...] = ()
    wishes: tuple[CancellationWish, ...] = ()


def items(shelf: VerificationShelf, actor: Actor, wanted: ItemFilter) -> Sequence[VerificationItem]:
    """The inbox, oldest first. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.transaction():
        return shelf.items(wanted)


def reasons(shelf: VerificationShelf, actor: Actor, store: str = "") -> Sequence[ReasonCount]:
    """Why open items wait, the most frequent reason first. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.transaction():
        return shelf.reasons(store)


def open_count(shelf: VerificationShelf) -> int:
    """How many wait for a person; for metrics and the badge in the navigation."""
    with shelf.transaction():
        return shelf.open_count()


def card(shelf: VerificationShelf, actor: Actor, store: str, message: str) -> ItemCard:
    """One item in full; raises `Refused("verification.not_found")`. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.transaction():
        item, payload = shelf.item(store, message)
        wishes = tuple(shelf.wishes_of(store, message))
        return ItemCard(
            item=item, payload=_readable(payload), can=can_be(item, wishes),
            audit=tuple(shelf.audit_of(store, message)), advice=WHAT_TO_DO.get(item.reason, "decide"),
            notes=tuple(shelf.notes(store, message)),
            behind=tuple(shelf.behind(item)), wishes=wishes,
        )  # fmt: skip


def can_be(item: VerificationItem, wishes: Sequence[CancellationWish]) -> tuple[str, ...]:
    """What can be done about an item now: retry, accept, cancel (at its source)."""
    if item.state not in ("parked", "listed"):
        return ()
    retrying = (RETRY,) if item.state == "parked" else ()
    asked = any(wish.state == "asked" for wish in wishes)
    return (*retrying, ACCEPT, *((CANCEL,) if not asked and takes_cancelling(item) else ()))


def takes_cancelling(item: VerificationItem) -> bool:
    """Whether its station can take the document back at all: a fork or a copy is not its document, and a fiscal sale
    is undone by a return, never cancelled."""
    kind = TYPES.get(item.document_type)
    if kind is None or item.forked or not item.doc_id or item.kind != approved_kind(item.document_type):
        return False
    return (APPROVED, life.CANCEL) in kind.life.steps


def retry(
    desk: BookingDesk, shelf: VerificationShelf, actor: Actor, store: str, message: str, now: datetime.datetime
) -> VerificationItem:
    """Judge again, after definitions were mended or the missing came; what depends on it follows in order.

    Raises `Refused("verification.not_found" | "verification.decided" | "verification.booked_already")`.
    Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    with deciding(desk, shelf, store, message) as item:
        if item.state == "listed":
            raise refuse("verification.booked_already", number=item.number)
        settle(desk, store, [desk.parked(store, bytes.fromhex(message))], now)
        judged, _ = shelf.item(store, message)
        facts = {"reason": judged.reason, "state": judged.state}
        shelf.audit(entry_of(actor, now, "verification.retry", judged, facts))
    return judged


def accept(
    desk: BookingDesk, shelf: VerificationShelf, actor: Actor, store: str, message: str, note: str,
    now: datetime.datetime, wishes: WishDesk | None = None,
) -> VerificationItem:  # fmt: skip
    """Book with a recorded deviation; what holds no document is set aside, what was booked is marked as seen.

    One that uses a coupon once too often is listed at once for that, with the documents that used it before.

    A cancellation that was asked of the station meanwhile is withdrawn (`wishes`).

    Raises `Refused("verification.note_missing" | "verification.not_found" | "verification.decided" |
    "contractor.anonymised_meanwhile")`. Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    note = why(note)
    with deciding(desk, shelf, store, message) as item:
        arrived = desk.parked(store, bytes.fromhex(message))
        if item.state == "listed":
            _decide(desk, arrived, "seen", actor, note, now)
        else:
            decision = Decision(state="accepted", operator=actor.operator, at=now, note=note)
            book_all_the_same(desk, arrived, decision)
        if wishes is not None and wishes.withdraw(store, message, now):
            shelf.audit(entry_of(actor, now, "verification.cancel_withdrawn", item, {}))
        decided, _ = shelf.item(store, message)
        facts = {"reason": item.reason, "state": decided.state, "note": note}
        shelf.audit(entry_of(actor, now, "verification.accept", item, facts))
    return decided


@contextmanager
def deciding(desk: BookingDesk, shelf: VerificationShelf, store: str, message: str) -> Iterator[VerificationItem]:
    """The item, as one transaction in which nobody else decides or books anything of its store.

    Raises `Refused("verification.not_found")`.
    """
    with desk.transaction():
        desk.lock(store)
        yield shelf.item(store, message)[0]


def why(note: str) -> str:
    """What a person wrote, as it is kept; raises `Refused("verification.note_missing")`."""
    kept = note.strip()[:MAX_NOTE]
    if not kept:
        raise refuse("verification.note_missing", "field:note")
    return kept


def _decide(desk: BookingDesk, arrived: Arrived, state: str, actor: Actor, note: str, now: datetime.datetime) -> None:
    decision = Decision(state=state, operator=actor.operator, at=now, note=note)
    desk.decide(arrived.store, arrived.hash, decision)


def entry_of(
    actor: Actor, now: datetime.datetime, action: str, item: VerificationItem, facts: dict[str, str]
) -> AuditEntry:
    """A line of the audit log about an item: which document, and what was done."""
    about = {"number": item.number} if item.number else {}
    return AuditEntry(
        operator=actor.operator, at=now, action=action, store=item.store, subject=item.message, facts={**about, **facts}
    )


def _readable(payload: bytes) -> str:
    """The message for a person's eyes: indented JSON, or hex when it is none."""
    try:
        return msgspec.json.format(payload, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload[:4000].hex(" ")
