"""Coupons at head office: verified and reserved for tills, used up by booked documents, exactly once (COUP-03).

A code may be used as often as its definition says. What is reserved for one document is refused to all others. A use
too many, by tills that could ask nobody, is booked like any other sale and shown to a person.
"""

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.booking import Verdict
from kontuar.domain.documents.document import Document, DocumentCoupon
from kontuar.domain.documents.messages import Cancelled
from kontuar.domain.firm.parameters import PARAMETERS, effective
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.domain.parties import rights
from kontuar.domain.pricing.discount import LONGEST_COUPON_CODE, MOST_COUPONS, Coupon, is_coupon_code, unusable
from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.coupons import (
    CodeStanding,
    CouponAnswer,
    CouponHolder,
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
MOST_NAMED: Final = 3
"""So many documents of earlier uses are named in a conflict."""
_UNTIL_DECIDED: Final = datetime.timedelta(days=3650)
_REMEMBERED: Final = datetime.timedelta(days=7)
"""A question that was on its way for longer than this finds nobody who remembers that it was overtaken."""
_HOURS: Final = "coupon.reservation_hours"
_LONGEST_ID: Final = 100
_MOST_TURNS: Final = 2**62


class CouponUses(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what is known of a coupon: its uses by code and document, and what is kept of it now.

    `too_often`: codes on the page with more uses than allowed.
    """

    uses: tuple[CouponUse, ...]
    reservations: tuple[CouponReservation, ...]
    too_often: tuple[str, ...] = ()


# -- what tills ask ------------------------------------------------------------------------------------------
def verify(ledger: CouponLedger, asker: NodeIdentity, asked: VerifyCoupon, now: datetime.datetime) -> CouponAnswer:
    """Whether a code may be used on a document; raises `Refused("coupon.…")` with the reason. Waits for nobody."""
    _require_readable(asked.doc_id, (asked.code,))
    with ledger.transaction():
        problems = _problems(ledger, asker.store, asked.doc_id, (asked.code,), asked.day, now)
    if problems:
        raise Refused(*problems)
    return CouponAnswer(doc_id=asked.doc_id, codes=(asked.code,))


def reserve(
    ledger: CouponLedger, definitions: DefinitionStore, asker: NodeIdentity, asked: ReserveCoupons,
    now: datetime.datetime,
) -> CouponAnswer:  # fmt: skip
    """Keep the codes for the document, all or none, repeatable; raises `Refused` with every reason.

    A question that comes after a later one of the same station (also of its next database), or after the release that
    gave it up, changes nothing: the answer says what is kept.
    """
    codes = tuple(dict.fromkeys(asked.codes))
    _require_readable(asked.doc_id, codes, asked.turn, asked.by)
    if len(codes) > MOST_COUPONS:
        raise refuse("coupon.too_many", "coupon", most=MOST_COUPONS)
    until = now + datetime.timedelta(hours=reservation_hours(definitions, asker.store))
    with ledger.transaction():
        holder = _holder(ledger, asker, asked.doc_id)
        known = ledger.definitions(codes)
        if not ledger.hear(holder, asked.turn, now):
            return _as_it_is(ledger, holder, codes, known)
        ledger.lock([code for code, coupon in known.items() if coupon.uses])
        problems = _problems(ledger, asker.store, asked.doc_id, codes, asked.day, now)
        if problems:
            raise Refused(*problems)
        limited = [code for code in codes if known[code].uses]
        ledger.reserve(holder, [_kept(known[code], code, holder, asked, now, until) for code in limited])
    return CouponAnswer(doc_id=asked.doc_id, codes=codes, until=until)


def release(ledger: CouponLedger, asker: NodeIdentity, asked: ReleaseCoupons, now: datetime.datetime) -> CouponAnswer:
    """Let go of what that station had kept for the document; repeatable. A reserve up to this turn is dead from now."""
    _require_readable(asked.doc_id, ("",), asked.turn)
    with ledger.transaction():
        holder = _holder(ledger, asker, asked.doc_id)
        ledger.hear(holder, asked.turn, now)
        ledger.let_go(holder, asked.turn)
    return CouponAnswer(doc_id=asked.doc_id, codes=())


def _require_readable(doc_id: str, codes: Sequence[str], turn: int = 0, by: str = "") -> None:
    """No table could hold it, and no till asks it: `Refused("question.unreadable")`."""
    texts = "".join((doc_id, *codes, by))
    if "\0" in texts or not 0 < len(doc_id) <= _LONGEST_ID or not codes or not 0 <= turn < _MOST_TURNS:
        raise refuse("question.unreadable")


def _holder(ledger: CouponLedger, asker: NodeIdentity, doc_id: str) -> CouponHolder:
    life = ledger.life_of(asker.node, asker.incarnation)
    return CouponHolder(store=asker.store, doc_id=doc_id, station=asker.node, life=life)


def _as_it_is(
    ledger: CouponLedger, holder: CouponHolder, codes: Sequence[str], known: Mapping[str, Coupon]
) -> CouponAnswer:
    kept = {row.code: row.until for row in ledger.kept_for(holder)}
    told = tuple(code for code in codes if code in kept or (code in known and not known[code].uses))
    return CouponAnswer(doc_id=holder.doc_id, codes=told, until=min(kept.values(), default=None))


def reservation_hours(definitions: DefinitionStore, store: str) -> int:
    """How long a store's reservations last: the parameter `coupon.reservation_hours` there."""
    with definitions.transaction():
        centres = {row.key: decode(row.body, Centre) for row in definitions.rows("centre")}
        rows = [decode(row.body, Parameter) for row in definitions.rows("parameter")]
        stores = [decode(row.body, Store) for row in definitions.rows("store", [store])]
    centre = stores[0].centre if stores else ""
    hours = effective(rows, centres, centre=centre, store=store, station="").whole(_HOURS)
    rule = PARAMETERS[_HOURS]
    return max(rule.least, min(hours, rule.most))  # what was stored before the bounds were known keeps working


def forget_ended(ledger: CouponLedger, now: datetime.datetime) -> int:
    """A chore: reservations that have ended are no more; how many there were."""
    with ledger.transaction():
        return ledger.forget_ended(now, now - _REMEMBERED)


# -- what booking does ---------------------------------------------------------------------------------------
def confirm_uses(
    ledger: CouponLedger, store: str, verdicts: Sequence[Verdict], now: datetime.datetime
) -> list[Verdict]:
    """The booked documents use their coupons up, cancelled ones give them back; inside the booking transaction.

    Those with a use too many come back with the remark that lists them for a person, naming the earlier documents.
    Raises `Unbookable`.
    """
    cancelled = [verdict.reading.body.doc_id for verdict in verdicts if isinstance(verdict.reading.body, Cancelled)]
    codes = {coupon.code for verdict in verdicts for coupon in coupons_used(verdict)}
    known = ledger.definitions(codes) if codes else {}
    if any(coupon.uses for coupon in known.values()):
        ledger.lock_uses()
    told = []
    for verdict in verdicts:
        problems = _use_up(ledger, store, verdict, known, now) if coupons_used(verdict) else ()
        told.append(msgspec.structs.replace(verdict, remarks=(*verdict.remarks, *problems)) if problems else verdict)
    if cancelled:
        ledger.give_back(store, cancelled, now)
    return told


def keep_for_parked(ledger: CouponLedger, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
    """What is reserved for documents that wait in verification stays theirs until a person has decided."""
    for verdict in verdicts:
        if not verdict.reading.problem and coupons_used(verdict):
            for doc_id, station in _reserved_as(verdict.reading.body):
                ledger.keep(store, doc_id, now + _UNTIL_DECIDED, station=station)


def free_for_others(ledger: CouponLedger, store: str, verdict: Verdict) -> None:
    """Nothing is kept for a document any more: it has used its coupons up, or has no effect."""
    if coupons_used(verdict):
        for doc_id, station in _reserved_as(verdict.reading.body):
            ledger.release(store, doc_id, station=station)


def coupons_used(verdict: Verdict) -> Sequence[DocumentCoupon]:
    """What a message's document uses up: an invoice that repeats a receipt only tells what the receipt used.

    What cannot be a coupon's code is none: a person who accepts such a document books it without.
    """
    document = verdict.reading.body
    if not isinstance(document, Document) or document.repeats:
        return ()
    return [coupon for coupon in document.discounts.coupons if coupon.used and is_coupon_code(coupon.code)]


def _reserved_as(document: Document) -> Iterator[tuple[str, str]]:
    """The identities under which its station can have reserved: its own, and that of the parked draft it was made of.

    Of the draft only what this station has: another one may be continuing it.
    """
    yield document.doc_id, ""
    if document.parked is not None:
        yield document.parked.doc_id, document.station


def _use_up(
    ledger: CouponLedger, store: str, verdict: Verdict, known: Mapping[str, Coupon], now: datetime.datetime
) -> tuple[Problem, ...]:
    document: Document = verdict.reading.body
    used = coupons_used(verdict)
    doc_id = _identity(verdict)
    limits = {coupon.code: known[coupon.code].uses for coupon in used if coupon.code in known}
    limits = {code: limit for code, limit in sorted(limits.items()) if limit}
    before = ledger.standings(limits, store, doc_id, now)
    ledger.confirm([
        CouponUse(
            code=coupon.code, doc_id=doc_id, coupon=coupon.coupon[:LONGEST_COUPON_CODE], store=store,
            station=document.station, number=document.number,
            day=document.business_day or (document.approved_at or document.created_at).date(),
            used_at=document.approved_at or document.created_at,
        )
        for coupon in used
    ])  # fmt: skip
    free_for_others(ledger, store, verdict)
    over = [code for code, limit in limits.items() if before[code].used >= limit]
    return tuple(
        Problem(TOO_OFTEN, "", {
            "number": document.number, "coupon": code, "name": known[code].name,
            "other": ", ".join(ledger.latest_uses(code, store, doc_id, MOST_NAMED)),
        })
        for code in over
    )  # fmt: skip


def _identity(verdict: Verdict) -> str:
    """The document; a second one under the same identity, accepted by a person, counts as one of its own."""
    arrived = verdict.reading.arrived
    is_double = any(problem.code == "document.id_conflict" for problem in verdict.problems)
    return f"{verdict.reading.subject}#{arrived.hash.hex()[:12]}" if is_double else str(verdict.reading.subject)


# -- what people see and do ----------------------------------------------------------------------------------
def uses_of(
    ledger: CouponLedger, actor: Actor, now: datetime.datetime, coupon: str, code: str = "",
    after: tuple[str, str] = ("", ""), limit: int = 50,
) -> CouponUses:  # fmt: skip
    """A page of a coupon's uses, and what is kept of it. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with ledger.transaction():
        uses = tuple(ledger.uses_of(coupon, code.strip(), after, limit))
        known = ledger.definitions({use.code for use in uses})
        more = {code: found.uses + 1 for code, found in sorted(known.items()) if found.uses}
        counted = ledger.standings(more, "", "", now)
        return CouponUses(
            uses=uses,
            reservations=tuple(ledger.reservations_of(coupon, code.strip(), limit)),
            too_often=tuple(code for code, standing in counted.items() if standing.used == more[code]),
        )


def release_by_hand(
    ledger: CouponLedger, audit: AuditShelf, actor: Actor, store: str, doc_id: str, now: datetime.datetime
) -> None:
    """A person lets go of what is kept for a document; its till asks anew when it is paid. Needs `hub.verify`."""
    actor.require(rights.VERIFY)
    with ledger.transaction():
        ledger.release(store, doc_id)
        audit.add(
            AuditEntry(operator=actor.operator, at=now, action="coupon.released", store=store, subject=doc_id, facts={})
        )


# -- rules ---------------------------------------------------------------------------------------------------
def _problems(
    ledger: CouponLedger, store: str, doc_id: str, codes: Collection[str], day: datetime.date, now: datetime.datetime
) -> tuple[Problem, ...]:
    known = ledger.definitions(codes)
    limits = {code: coupon.uses for code, coupon in known.items() if coupon.uses}
    standings = ledger.standings(limits, store, doc_id, now)
    problems = (_problem(code, known.get(code), day, standings.get(code)) for code in codes)
    return tuple(problem for problem in problems if problem is not None)


def _problem(code: str, coupon: Coupon | None, day: datetime.date, standing: CodeStanding | None) -> Problem | None:
    if coupon is None:
        return Problem("coupon.unknown", "coupon", {"coupon": code[:LONGEST_COUPON_CODE]})
    problem = unusable(coupon, code, day)
    if problem is not None or standing is None:
        return problem
    facts = {"coupon": code, "name": coupon.name}
    last, kept = standing.last_use, standing.last_kept
    if last is not None and standing.used >= coupon.uses:
        told = {"number": last.number, "day": last.day.isoformat(), "store": last.store}
        return Problem("coupon.used_up", "coupon", {**facts, **told})
    if kept is not None and standing.used + standing.kept >= coupon.uses:
        told = {"station": kept.station, "store": kept.store}
        return Problem("coupon.reserved_elsewhere", "coupon", {**facts, **told})
    return None


def _kept(
    coupon: Coupon, code: str, holder: CouponHolder, asked: ReserveCoupons, now: datetime.datetime,
    until: datetime.datetime,
) -> CouponReservation:  # fmt: skip
    return CouponReservation(
        code=code, doc_id=holder.doc_id, coupon=coupon.code, store=holder.store, station=holder.station,
        operator=asked.by[:40], life=holder.life, turn=asked.turn, made_at=now, until=until,
    )  # fmt: skip
