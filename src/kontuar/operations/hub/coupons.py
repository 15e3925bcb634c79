"""Coupons at head office: verified and reserved for tills, used up by booked documents, exactly once (COUP-03).

A code may be used as often as its definition says. What is reserved for one document is refused to all others. A use
too many, by tills that could ask nobody, is booked like any other sale and shown to a person.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.booking import Verdict
from kontuar.domain.documents.document import Document, DocumentCoupon
from kontuar.domain.documents.messages import Cancelled
from kontuar.domain.firm.parameters import effective
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.domain.parties import rights
from kontuar.domain.pricing.discount import Coupon, unusable
from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.coupons import (
    CouponAnswer,
    CouponLedger,
    CouponReservation,
    CouponUse,
    ReleaseCoupons,
    ReserveCoupons,
    VerifyCoupon,
)
from kontuar.operations.ports.hub_definitions import DefinitionStore
from kontuar.operations.ports.hub_lists import AuditEntry, AuditShelf
from kontuar.operations.ports.sync import NodeIdentity

TOO_OFTEN: Final = "coupon.used_too_often"
MOST_CODES: Final = 50
MOST_NAMED: Final = 3
"""So many documents of earlier uses are named in a conflict."""
_UNTIL_DECIDED: Final = datetime.timedelta(days=3650)


class CouponUses(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what is known of a coupon: its uses by code and document, and what is kept of it now."""

    uses: tuple[CouponUse, ...]
    reservations: tuple[CouponReservation, ...]


# -- what tills ask ------------------------------------------------------------------------------------------
def verify(ledger: CouponLedger, asked: VerifyCoupon, now: datetime.datetime) -> CouponAnswer:
    """Whether a code may be used on a document; raises `Refused("coupon.…")` with the reason."""
    with ledger.transaction():
        problems = _problems(ledger, asked.doc_id, (asked.code,), asked.day, now)
    if problems:
        raise Refused(*problems)
    return CouponAnswer(doc_id=asked.doc_id, codes=(asked.code,))


def reserve(
    ledger: CouponLedger, definitions: DefinitionStore, asker: NodeIdentity, asked: ReserveCoupons,
    now: datetime.datetime,
) -> CouponAnswer:  # fmt: skip
    """Keep the codes for the document, all or none, repeatable; raises `Refused` with every reason.

    A question that comes after a later one of the same station changes nothing.
    """
    codes = tuple(dict.fromkeys(asked.codes))
    if not codes or len(codes) > MOST_CODES:
        raise refuse("question.unreadable")
    until = now + datetime.timedelta(hours=reservation_hours(definitions, asker.store))
    with ledger.transaction():
        ledger.lock()
        problems = _problems(ledger, asked.doc_id, codes, asked.day, now)
        if problems:
            raise Refused(*problems)
        kept = [row for row in ledger.reservations(codes, now) if row.doc_id == asked.doc_id]
        if not any(row.station == asker.node and row.turn > asked.turn for row in kept):
            known = ledger.definitions(codes)
            ledger.release(asker.store, asked.doc_id)
            ledger.reserve([_kept(known[code], code, asker, asked, now, until) for code in codes if known[code].uses])
    return CouponAnswer(doc_id=asked.doc_id, codes=codes, until=until)


def release(ledger: CouponLedger, asker: NodeIdentity, asked: ReleaseCoupons) -> CouponAnswer:
    """Let go of what that station had kept for the document; repeatable."""
    with ledger.transaction():
        ledger.lock()
        ledger.release(asker.store, asked.doc_id, station=asker.node, turn=asked.turn)
    return CouponAnswer(doc_id=asked.doc_id, codes=())


def reservation_hours(definitions: DefinitionStore, store: str) -> int:
    """How long a store's reservations last: the parameter `coupon.reservation_hours` there."""
    with definitions.transaction():
        centres = {row.key: decode(row.body, Centre) for row in definitions.rows("centre")}
        rows = [decode(row.body, Parameter) for row in definitions.rows("parameter")]
        stores = [decode(row.body, Store) for row in definitions.rows("store", [store])]
    centre = stores[0].centre if stores else ""
    return effective(rows, centres, centre=centre, store=store, station="").whole("coupon.reservation_hours")


def forget_ended(ledger: CouponLedger, now: datetime.datetime) -> int:
    """A chore: reservations that have ended are no more; how many there were."""
    with ledger.transaction():
        return ledger.forget_ended(now)


# -- what booking does ---------------------------------------------------------------------------------------
def confirm_uses(
    ledger: CouponLedger, store: str, verdicts: Sequence[Verdict], now: datetime.datetime
) -> list[Verdict]:
    """The booked documents use their coupons up, cancelled ones give them back; inside the booking transaction.

    Those with a use too many come back with the remark that lists them for a person, naming the earlier documents.
    """
    told = []
    cancelled = [verdict.reading.body.doc_id for verdict in verdicts if isinstance(verdict.reading.body, Cancelled)]
    using = [verdict for verdict in verdicts if coupons_used(verdict)]
    if using:
        ledger.lock()
    for verdict in verdicts:
        problems = _use_up(ledger, store, verdict) if verdict in using else ()
        told.append(msgspec.structs.replace(verdict, remarks=(*verdict.remarks, *problems)) if problems else verdict)
    if cancelled:
        ledger.give_back(store, cancelled, now)
    return told


def keep_for_parked(ledger: CouponLedger, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
    """What is reserved for documents that wait in verification stays theirs until a person has decided."""
    waiting = [verdict.reading.subject for verdict in verdicts if not verdict.reading.problem and coupons_used(verdict)]
    if waiting:
        ledger.keep(store, waiting, now + _UNTIL_DECIDED)


def coupons_used(verdict: Verdict) -> Sequence[DocumentCoupon]:
    """What a message's document uses up: an invoice that repeats a receipt only tells what the receipt used."""
    document = verdict.reading.body
    if not isinstance(document, Document) or document.repeats:
        return ()
    return [coupon for coupon in document.discounts.coupons if coupon.used]


def _use_up(ledger: CouponLedger, store: str, verdict: Verdict) -> tuple[Problem, ...]:
    document: Document = verdict.reading.body
    used = coupons_used(verdict)
    codes = {coupon.code for coupon in used}
    doc_id = _identity(verdict)
    known = ledger.definitions(codes)
    most = max((coupon.uses for coupon in known.values()), default=0)
    before = [use for use in ledger.uses(codes, most) if use.doc_id != doc_id] if most else []
    ledger.confirm([
        CouponUse(
            code=coupon.code, doc_id=doc_id, coupon=coupon.coupon, store=store, station=document.station,
            number=document.number, day=document.business_day or (document.approved_at or document.created_at).date(),
            used_at=document.approved_at or document.created_at,
        )
        for coupon in used
    ])  # fmt: skip
    ledger.release(store, document.doc_id)
    if document.parked is not None:
        ledger.release(store, document.parked.doc_id, station=document.station)
    return tuple(_too_often(document, code, known, before) for code in sorted(codes) if _is_over(code, known, before))


def _is_over(code: str, known: Mapping[str, Coupon], before: Sequence[CouponUse]) -> bool:
    limit = known[code].uses if code in known else 0
    return bool(limit) and sum(use.code == code for use in before) >= limit


def _too_often(document: Document, code: str, known: Mapping[str, Coupon], before: Sequence[CouponUse]) -> Problem:
    others = [use.number for use in before if use.code == code]
    facts = {
        "number": document.number, "coupon": code, "name": known[code].name, "other": ", ".join(others[-MOST_NAMED:]),
    }  # fmt: skip
    return Problem(TOO_OFTEN, "", facts)


def _identity(verdict: Verdict) -> str:
    """The document; a second one under the same identity, accepted by a person, counts as one of its own."""
    arrived = verdict.reading.arrived
    is_double = any(problem.code == "document.id_conflict" for problem in verdict.problems)
    return f"{verdict.reading.subject}#{arrived.hash.hex()[:12]}" if is_double else str(verdict.reading.subject)


# -- what people see and do ----------------------------------------------------------------------------------
def uses_of(
    ledger: CouponLedger, actor: Actor, coupon: str, code: str = "", after: tuple[str, str] = ("", ""), limit: int = 50
) -> CouponUses:
    """A page of a coupon's uses, and what is kept of it. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with ledger.transaction():
        return CouponUses(
            uses=tuple(ledger.uses_of(coupon, code.strip(), after, limit)),
            reservations=tuple(ledger.reservations_of(coupon, code.strip(), limit)),
        )


def release_by_hand(
    ledger: CouponLedger, audit: AuditShelf, actor: Actor, store: str, doc_id: str, now: datetime.datetime
) -> None:
    """A person lets go of what is kept for a document; its till asks anew when it is paid. Needs `hub.verify`."""
    actor.require(rights.VERIFY)
    with ledger.transaction():
        ledger.lock()
        ledger.release(store, doc_id)
        audit.add(
            AuditEntry(operator=actor.operator, at=now, action="coupon.released", store=store, subject=doc_id, facts={})
        )


# -- rules ---------------------------------------------------------------------------------------------------
def _problems(
    ledger: CouponLedger, doc_id: str, codes: Collection[str], day: datetime.date, now: datetime.datetime
) -> tuple[Problem, ...]:
    known = ledger.definitions(codes)
    most = max((coupon.uses for coupon in known.values()), default=0)
    uses = [use for use in ledger.uses(codes, most) if use.doc_id != doc_id] if most else []
    kept = [row for row in ledger.reservations(codes, now) if row.doc_id != doc_id] if most else []
    problems = (
        _problem(
            code, known.get(code), day, [use for use in uses if use.code == code],
            [row for row in kept if row.code == code],
        )
        for code in codes
    )  # fmt: skip
    return tuple(problem for problem in problems if problem is not None)


def _problem(
    code: str, coupon: Coupon | None, day: datetime.date, uses: Sequence[CouponUse], kept: Sequence[CouponReservation]
) -> Problem | None:
    if coupon is None:
        return Problem("coupon.unknown", "coupon", {"coupon": code[:60]})
    problem = unusable(coupon, code, day)
    if problem is not None or not coupon.uses:
        return problem
    facts = {"coupon": code, "name": coupon.name}
    if len(uses) >= coupon.uses:
        last = uses[-1]
        told = {"number": last.number, "day": last.day.isoformat(), "store": last.store}
        return Problem("coupon.used_up", "coupon", {**facts, **told})
    if len(uses) + len(kept) >= coupon.uses:
        told = {"station": kept[-1].station, "store": kept[-1].store}
        return Problem("coupon.reserved_elsewhere", "coupon", {**facts, **told})
    return None


def _kept(
    coupon: Coupon, code: str, asker: NodeIdentity, asked: ReserveCoupons, now: datetime.datetime,
    until: datetime.datetime,
) -> CouponReservation:  # fmt: skip
    return CouponReservation(
        code=code, doc_id=asked.doc_id, coupon=coupon.code, store=asker.store, station=asker.node,
        operator=asked.by[:40], turn=asked.turn, made_at=now, until=until,
    )  # fmt: skip
