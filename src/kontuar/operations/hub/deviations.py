"""Booking what a rule refused, because a person said so, or because its station took it back (HUB-05)."""

import msgspec

from kontuar.domain.documents.booking import Arrived, Judge, Verdict, read
from kontuar.kernel.errors import Problem
from kontuar.operations.hub.booking import settle
from kontuar.operations.hub.contractor_arrivals import ANONYMISED, write_all_the_same
from kontuar.operations.hub.coupons import TOO_OFTEN, confirm_uses, free_for_others
from kontuar.operations.hub.offers import keep_all_the_same
from kontuar.operations.ports.hub_documents import BookingDesk, Decision, Unbookable

_NO_RECORD = frozenset({"document.incomplete", "document.figures_out_of_range", ANONYMISED})
"""There is nothing that the tables could or may hold: accepting sets the message aside."""


def book_all_the_same(desk: BookingDesk, arrived: Arrived, decision: Decision) -> None:
    """Book a parked message with its reasons as recorded deviation; what holds no document is set aside.

    What waits for it is judged again and follows in order. A bad seal, a fork or a doubtful number do not keep a
    readable document out once a person says so. A coupon it uses once too often, which nobody could know before, lists
    it anew. Call inside a transaction, after `desk.lock`.
    """
    reading = read(msgspec.structs.replace(arrived, flaw="", forked=False))
    aside = msgspec.structs.replace(decision, state="set_aside")
    if reading.problem is not None:
        _set_aside(desk, Verdict(reading=reading, problems=(reading.problem,)), aside)
        return
    verdict = Judge(desk.facts(arrived.store, [reading])).judge(reading)
    booked = _book(desk, arrived.store, verdict, arrived.earlier, decision)
    if booked is None:
        _set_aside(desk, verdict, aside)
        return
    desk.decide(arrived.store, arrived.hash, decision)
    if booked.remarks:
        desk.remark(arrived.store, [booked], decision.at)
    settle(desk, arrived.store, desk.waiting_for(arrived.store, {reading.subject} - {""}), decision.at)


def _set_aside(desk: BookingDesk, verdict: Verdict, decision: Decision) -> None:
    """No effect at all: coupons that were kept for it are free again."""
    store = verdict.reading.arrived.store
    desk.set_aside(store, verdict, decision)
    free_for_others(desk.coupons, store, verdict)


def _book(
    desk: BookingDesk, store: str, verdict: Verdict, earlier: tuple[Problem, ...], decision: Decision
) -> Verdict | None:
    """What was booked, with the coupons that it uses once too often as its remarks; None = it cannot be booked."""
    if any(problem.code in _NO_RECORD for problem in (*verdict.problems, *earlier)):
        return None
    codes = sorted({problem.code for problem in (*earlier, *verdict.problems)})
    try:
        with desk.transaction():
            if not (write_all_the_same(desk, verdict, decision.at) and keep_all_the_same(desk, verdict, decision.at)):
                return None
            told = confirm_uses(desk.coupons, store, [verdict], decision.at)[0]
            over = tuple(problem for problem in told.remarks if problem.code == TOO_OFTEN)
            codes += sorted({problem.code for problem in over})
            desk.book(store, [verdict], decision.at, deviation=", ".join(codes), anew=True)
    except Unbookable:
        return None
    return msgspec.structs.replace(verdict, remarks=over)
