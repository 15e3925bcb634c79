"""Verification: what could not be booked, and what a person decides about it (HUB-05)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.booking import Arrived, Judge, Reading, Verdict, read
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.booking import settle
from kontuar.operations.ports.hub_documents import BookingDesk, Decision, Unbookable
from kontuar.operations.ports.hub_lists import AuditEntry, ItemFilter, VerificationItem, VerificationShelf

RETRY: Final = "retry"
ACCEPT: Final = "accept"
MAX_NOTE = 500

_NO_RECORD: Final = frozenset({"document.incomplete", "document.figures_out_of_range"})
"""There is nothing that the tables could hold: accepting sets the message aside."""

WHAT_TO_DO: Final[Mapping[str, str]] = {
    "article.undefined": "define",
    "warehouse.undefined": "define",
    "payment_form.undefined": "define",
    "operator.undefined": "define",
    "number.unreadable": "define",
    "depends_on.parked": "first_the_other",
    "document.missing": "wait",
    "shift.never_opened": "wait",
    "message.kind_unknown": "upgrade",
}
"""Reason → what helps; everything else is looked at and accepted with a note, or cancelled at its source."""


class ItemCard(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its message as it came (`payload`, JSON text or hex), what can be done, what people did."""

    item: VerificationItem
    payload: str
    can: tuple[str, ...]
    advice: str
    audit: tuple[AuditEntry, ...]


def items(shelf: VerificationShelf, actor: Actor, wanted: ItemFilter) -> Sequence[VerificationItem]:
    """The inbox, oldest first. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.transaction():
        return shelf.items(wanted)


def open_count(shelf: VerificationShelf) -> int:
    """How many wait for a person; for metrics and the badge in the navigation."""
    with shelf.transaction():
        return shelf.open_count()


def card(shelf: VerificationShelf, actor: Actor, store: str, message: str) -> ItemCard:
    """One item in full; raises `Refused("verification.not_found")`. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.transaction():
        item, payload = shelf.item(store, message)
        audit = tuple(shelf.audit_of(store, message))
    can = (RETRY, ACCEPT) if item.state == "parked" else (ACCEPT,) if item.state == "listed" else ()
    advice = WHAT_TO_DO.get(item.reason, "decide")
    return ItemCard(item=item, payload=_readable(payload), can=can, advice=advice, audit=audit)


def retry(
    desk: BookingDesk, shelf: VerificationShelf, actor: Actor, store: str, message: str, now: datetime.datetime
) -> VerificationItem:
    """Judge again, after definitions were mended or the missing came; what depends on it follows in order.

    Raises `Refused("verification.not_found" | "verification.decided" | "verification.booked_already")`.
    Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    with desk.transaction():
        desk.lock(store)
        item, _ = shelf.item(store, message)
        if item.state == "listed":
            raise refuse("verification.booked_already", number=item.number)
        settle(desk, store, [desk.parked(store, bytes.fromhex(message))], now)
        item, _ = shelf.item(store, message)
        facts = {"reason": item.reason, "state": item.state}
        shelf.audit(_entry(actor, now, "verification.retry", store, message, facts))
    return item


def accept(
    desk: BookingDesk, shelf: VerificationShelf, actor: Actor, store: str, message: str, note: str,
    now: datetime.datetime,
) -> VerificationItem:  # fmt: skip
    """Book with a recorded deviation; what holds no document is set aside, what was booked is marked as seen.

    Raises `Refused("verification.note_missing" | "verification.not_found" | "verification.decided")`.
    Needs the right `hub.verify`.
    """
    actor.require(rights.VERIFY)
    note = note.strip()[:MAX_NOTE]
    if not note:
        raise refuse("verification.note_missing", "field:note")
    with desk.transaction():
        desk.lock(store)
        item, _ = shelf.item(store, message)
        arrived = desk.parked(store, bytes.fromhex(message))
        if item.state == "listed":
            _decide(desk, arrived, "seen", actor, note, now)
        else:
            _accept(desk, arrived, actor, note, now)
        decided, _ = shelf.item(store, message)
        facts = {"reason": item.reason, "state": decided.state, "note": note}
        shelf.audit(_entry(actor, now, "verification.accept", store, message, facts))
    return decided


def _accept(desk: BookingDesk, arrived: Arrived, actor: Actor, note: str, now: datetime.datetime) -> None:
    """A bad seal, a fork or a doubtful number do not keep a readable document out once a person says so."""
    reading = read(msgspec.structs.replace(arrived, flaw="", forked=False))
    decision = Decision(state="set_aside", operator=actor.operator, at=now, note=note)
    if reading.problem is not None:
        desk.set_aside(arrived.store, Verdict(reading=reading, problems=(reading.problem,)), decision)
        return
    verdict = Judge(desk.facts(arrived.store, [reading])).judge(reading)
    if not _book(desk, arrived.store, verdict, arrived.earlier, now):
        desk.set_aside(arrived.store, verdict, decision)
        return
    _decide(desk, arrived, "accepted", actor, note, now)
    settle(desk, arrived.store, desk.waiting_for(arrived.store, _subjects(reading)), now)


def _book(
    desk: BookingDesk, store: str, verdict: Verdict, earlier: tuple[Problem, ...], now: datetime.datetime
) -> bool:
    if any(problem.code in _NO_RECORD for problem in verdict.problems):
        return False
    codes = sorted({problem.code for problem in (*earlier, *verdict.problems)})
    try:
        with desk.transaction():
            desk.book(store, [verdict], now, deviation=", ".join(codes), anew=True)
    except Unbookable:
        return False
    return True


def _subjects(reading: Reading) -> set[str]:
    return {reading.subject} - {""}


def _decide(desk: BookingDesk, arrived: Arrived, state: str, actor: Actor, note: str, now: datetime.datetime) -> None:
    decision = Decision(state=state, operator=actor.operator, at=now, note=note)
    desk.decide(arrived.store, arrived.hash, decision)


def _entry(
    actor: Actor, now: datetime.datetime, action: str, store: str, subject: str, facts: dict[str, str]
) -> AuditEntry:
    return AuditEntry(operator=actor.operator, at=now, action=action, store=store, subject=subject, facts=facts)


def _readable(payload: bytes) -> str:
    """The message for a person's eyes: indented JSON, or hex when it is none."""
    try:
        return msgspec.json.format(payload, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload[:4000].hex(" ")
