"""Working through the inbox together: who looks after an item, notes, many at once, cancelling at source (HUB-05)."""

import datetime
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.deviations import book_all_the_same
from kontuar.operations.hub.verification import deciding, entry_of, retry, takes_cancelling, why
from kontuar.operations.ports.hub_documents import BookingDesk, Decision
from kontuar.operations.ports.hub_lists import (
    CancellationWish,
    ItemFilter,
    ItemNote,
    VerificationItem,
    VerificationShelf,
    WishDesk,
)

MOST_AT_ONCE: Final = 200
AT_SOURCE: Final = "cancelled_at_source"


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of many: its state after the retry, or the code of a refusal."""

    store: str
    message: str
    number: str
    state: str
    problem: str = ""


def assign(
    shelf: VerificationShelf, actor: Actor, store: str, message: str, operator: str, now: datetime.datetime,
    expected: str | None = None,
) -> VerificationItem:  # fmt: skip
    """Give an item to somebody (empty = nobody). `expected`: whose it was when the asker looked.

    Raises `Refused("verification.assigned_meanwhile" | "verification.not_found")`. Needs `hub.verify`.
    """
    actor.require(rights.VERIFY)
    with shelf.transaction():
        item, _ = shelf.item(store, message)
        if expected is not None and item.assigned_to != expected:
            raise refuse("verification.assigned_meanwhile", by=item.assigned_to)
        shelf.assign(store, message, operator.strip()[:40])
        shelf.audit(entry_of(actor, now, "verification.assign", item, {"to": operator.strip()[:40]}))
        return shelf.item(store, message)[0]


def write_note(
    shelf: VerificationShelf, actor: Actor, store: str, message: str, text: str, now: datetime.datetime
) -> Sequence[ItemNote]:
    """Write something to an item; the notes it has. Raises `Refused("verification.note_missing")`.

    Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    text = why(text)
    with shelf.transaction():
        shelf.item(store, message)
        shelf.add_note(store, message, ItemNote(at=now, operator=actor.operator, text=text))
        return shelf.notes(store, message)


def retry_many(
    desk: BookingDesk, shelf: VerificationShelf, actor: Actor, wanted: ItemFilter, now: datetime.datetime
) -> Sequence[Retried]:
    """Judge everything parked that fits the filter again, oldest first, at most 200; each alone, all told.

    Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    with shelf.transaction():
        found = shelf.items(msgspec.structs.replace(wanted, state="parked", limit=MOST_AT_ONCE))
    return [_retried(desk, shelf, actor, item, now) for item in found]


def _retried(
    desk: BookingDesk, shelf: VerificationShelf, actor: Actor, item: VerificationItem, now: datetime.datetime
) -> Retried:
    told = Retried(store=item.store, message=item.message, number=item.number, state="booked")
    try:
        state = retry(desk, shelf, actor, item.store, item.message, now).state
    except Refused as refusal:
        # It was released with the one it waited for, or somebody else was quicker.
        return msgspec.structs.replace(told, problem=refusal.problems[0].code)
    return msgspec.structs.replace(told, state=state)


def ask_to_cancel(
    desk: BookingDesk, shelf: VerificationShelf, wishes: WishDesk, actor: Actor, store: str, message: str, note: str,
    now: datetime.datetime,
) -> CancellationWish:  # fmt: skip
    """Have the station that made the document take it back by its own cancel step; it answers by its stream.

    Raises `Refused("verification.note_missing" | "verification.not_found" | "verification.decided" |
    "verification.cannot_be_cancelled" | "verification.cancellation_asked")`. Needs `hub.cancel_at_source`.
    """
    actor.require(rights.CANCEL_AT_SOURCE)
    note = why(note)
    with deciding(desk, shelf, store, message) as item:
        desk.parked(store, bytes.fromhex(message))
        if not takes_cancelling(item):
            raise refuse("verification.cannot_be_cancelled", number=item.number)
        wish = wishes.ask(
            CancellationWish(
                wish_id=0, store=store, doc_id=item.doc_id, message=message, state="asked", asked_by=actor.operator,
                asked_at=now, note=note,
            )
        )  # fmt: skip
        shelf.audit(entry_of(actor, now, "verification.cancel_at_source", item, {"note": note}))
    return wish


def close_answered(desk: BookingDesk, shelf: VerificationShelf, wishes: WishDesk, now: datetime.datetime) -> int:
    """Take in what stations answered: a document that was taken back is booked together with its cancellation, so
    that its number stands and its goods are where they were; a refusal is shown with its reason. How many."""
    with wishes.transaction():
        answered = wishes.answered()
    for wish in answered:
        with desk.transaction():
            desk.lock(wish.store)
            wishes.close(wish)
            if wish.state == "done":
                _cancelled(desk, shelf, wish, now)
    return len(answered)


def _cancelled(desk: BookingDesk, shelf: VerificationShelf, wish: CancellationWish, now: datetime.datetime) -> None:
    item, _ = shelf.item(wish.store, wish.message)
    if item.state not in ("parked", "listed"):
        return
    decision = Decision(state=AT_SOURCE, operator=wish.asked_by, at=now, note=wish.note)
    arrived = desk.parked(wish.store, bytes.fromhex(wish.message))
    if item.state == "listed":
        desk.decide(wish.store, arrived.hash, decision)
    else:
        book_all_the_same(desk, arrived, decision)
