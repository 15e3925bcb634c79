"""Coupons at tills of one store in any order of events: questions lost, late and repeated, answers that nobody waits
for, tills killed, documents parked and continued, head office away (COUP-03)."""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from coupon_world import EWA, CouponStore, CouponTill, HeadOffice, Killed
from kontuar.domain.documents.document import Document
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.operations.station import coupon_marks, coupon_payment, payments, till
from kontuar.operations.station.parking import continuing, putting
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
Result = TypeVar("Result")
IN_MEMORY = Path("/dev/shm")
EXAMPLES = int(os.environ.get("KONTUAR_COUPON_EXAMPLES", "0"))
"""So many stories, others every time; 0 = the suite's, the same every time."""
HOUR = 3600


# -- what a till does while one of its questions is answered -----------------------------------------------------
def parks(till_: CouponTill, doc_id: str) -> None:
    putting.park(till_.station, EWA, doc_id)


def parks_and_continues(till_: CouponTill, doc_id: str) -> None:
    putting.park(till_.station, EWA, doc_id)
    till_.tell_due()
    continuing.opening(till_.station, EWA, doc_id)


def leaves(till_: CouponTill, doc_id: str) -> None:
    payments.leave(till_.station, EWA, doc_id)
    till_.tell_due()


def throws_away(till_: CouponTill, doc_id: str) -> None:
    till.discard(till_.station, EWA, doc_id)
    till_.tell_due()


def asks_too(till_: CouponTill, doc_id: str) -> None:
    """Another window of the same till asks, and has its answer first."""
    begun = coupon_payment.to_reserve(till_.station, EWA, doc_id)
    if begun.question:
        answer = till_.world.office.answer(till_.code, "coupon.reserve", begun.question)
        coupon_payment.reserved(till_.station, doc_id, begun.turn, answer)


MEANWHILE = {work.__name__: work for work in (parks, parks_and_continues, leaves, throws_away, asks_too)}
one_till = st.sampled_from([1, 2])
pick = st.integers(0, 5)
FATES = ["lost", "lost", "lost", "unheard", "late", "doubled", "killed", "killed_before", *MEANWHILE]
mood = st.sampled_from(["answered"] * 7 + FATES)
moods = st.tuples(mood, mood, mood)
HOW_OFTEN = {
    "opens_the_payment": 4, "takes_money": 1, "sells": 3, "leaves_the_payment": 2, "throws_away": 1,
    "puts_a_coupon_on": 1, "takes_a_coupon_off": 1, "parks_and_somebody_continues": 2, "continues_what_is_listed": 1,
    "settles": 2, "is_killed": 1, "all_hear_of_one_another": 1, "the_line_is_mended": 2, "the_line_is_cut": 1,
    "a_question_arrives_late": 2, "its_sales_are_booked": 2, "some_time_passes": 2, "a_night_passes": 1,
}  # fmt: skip
EVENTS = [event for event, times in HOW_OFTEN.items() for _ in range(times)]


@dataclass
class Sold:
    """A sale with a coupon: of which draft, how its codes were taken, until when head office kept them."""

    till: int
    draft: str
    document: Document
    kept_until: datetime.datetime | None
    booked_at: datetime.datetime | None = None

    def states(self) -> dict[str, str]:
        return {one.code: one.state for one in self.document.discounts.coupons if one.used}


class Coupons(RuleBasedStateMachine):
    """Nothing is modelled: tills, parking and ledger are the real ones, and are asked what they hold."""

    office: HeadOffice
    stories = 0

    def __init__(self) -> None:
        super().__init__()
        Coupons.stories += 1
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        self.store = CouponStore(self.folder, self.office, Coupons.stories)
        self.store.meanwhile = MEANWHILE
        self.began = self.store.clock.now()
        self.sold: list[Sold] = []

    @initialize()
    def both_tills_have_a_receipt_with_the_code_on_it(self) -> None:
        for number in (1, 2):
            self._new_receipt(number, 0)

    @rule(event=st.sampled_from(EVENTS), number=one_till, which=pick, how=moods)
    def happens(self, event: str, number: int, which: int, how: tuple[str, ...]) -> None:
        """One rule for all: rules of their own would be left out of half of the stories each."""
        getattr(self, event)(number, which, how)

    # -- events -------------------------------------------------------------------------------------------
    def puts_a_coupon_on(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self._at(number, which, how, lambda till_, doc_id: till_.put(doc_id, self.store.codes[which % 3]))

    def takes_a_coupon_off(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self._at(number, which, how, lambda till_, doc_id: till_.take_off(doc_id, self.store.codes[which % 3]))

    def opens_the_payment(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self._at(number, which, how, CouponTill.open_payment)

    def takes_money(self, number: int, which: int, how: tuple[str, ...]) -> None:
        def work(till_: CouponTill, doc_id: str) -> None:
            till_.open_payment(doc_id)
            till_.give_money(doc_id)

        self._at(number, which, how, work)

    def sells(self, number: int, which: int, how: tuple[str, ...]) -> None:
        def work(till_: CouponTill, doc_id: str) -> None:
            if not till_.station.draft(doc_id).payments:
                till_.open_payment(doc_id)
                till_.give_money(doc_id)
            kept_until = self.office.kept_until(doc_id)
            approved = till_.finish(doc_id)
            self.sold.append(Sold(number, doc_id, approved, self.office.kept_until(doc_id) or kept_until))
            self.store.sold(till_, approved)

        self._at(number, which, how, work)

    def leaves_the_payment(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self._at(number, which, how, CouponTill.leave_payment)

    def throws_away(self, number: int, which: int, how: tuple[str, ...]) -> None:
        def work(till_: CouponTill, doc_id: str) -> None:
            till.discard(till_.station, EWA, doc_id)
            till_.settle()

        self._at(number, which, how, work)

    def parks_and_somebody_continues(self, number: int, which: int, how: tuple[str, ...]) -> None:
        def work(till_: CouponTill, doc_id: str) -> None:
            listed = till_.park(doc_id, by="EWA").doc_id
            self.store.till(1 + which % 2).proceed(listed, by="EWA", take_over=which > 3)

        self._at(number, which, how, work)

    def continues_what_is_listed(self, number: int, which: int, how: tuple[str, ...]) -> None:
        listed = sorted(self.store.till(number).conditions())
        if listed:
            doc_id = listed[which % len(listed)]
            self._try(number, how, lambda till_: till_.proceed(doc_id, by="EWA", take_over=which > 3))

    def settles(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self._try(number, how, CouponTill.settle)

    def is_killed(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self.store.tills[number - 1] = self.store.till(number).reborn()

    def all_hear_of_one_another(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self.store.sync()

    def the_line_is_mended(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self.store.reach(Connectivity.ONLINE)

    def the_line_is_cut(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self.store.reach(Connectivity.STORE if which % 2 else Connectivity.OFFLINE)

    def a_question_arrives_late(self, number: int, which: int, how: tuple[str, ...]) -> None:
        if self.store.under_way:
            self.store.arrive_late(which)

    def its_sales_are_booked(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self._book(number)

    def some_time_passes(self, number: int, which: int, how: tuple[str, ...]) -> None:
        self.store.wait((1, 5, 30, 61, 61, 90)[which])

    def a_night_passes(self, number: int, which: int, how: tuple[str, ...]) -> None:
        if self.store.clock.now() < self.began + datetime.timedelta(hours=100):
            self.store.wait((13 if which % 2 else 25) * HOUR)

    # -- what must hold -----------------------------------------------------------------------------------
    @invariant()
    def what_a_till_counts_as_kept_is_kept_for_it(self) -> None:
        over = {one.draft for one in self.sold}
        for till_ in (self.store.till(1), self.store.till(2)):
            for doc_id, code in till_.believed():
                assert doc_id in over or (doc_id, till_.code) in self.office.kept(code), f"{till_.code} {doc_id} {code}"

    @invariant()
    def what_was_sold_as_reserved_is_kept_until_it_is_booked(self) -> None:
        over = {one.draft for one in self.sold if one.booked_at is not None}
        now = self.store.clock.now()
        for one in self.sold:
            if one.draft not in over and one.kept_until is not None and now < one.kept_until:
                for code, state in one.states().items():
                    kept = (one.draft, self.store.till(one.till).code) in self.office.kept(code)
                    assert kept or state == "offline", f"{one.document.number} {code}"

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    def _end(self) -> None:
        """Everything becomes known everywhere: then each code was used once, or a person is told the truth."""
        self.store.reach(Connectivity.ONLINE)
        self.store.sync()
        for number in (1, 2):
            till_ = self.store.till(number)
            for doc_id in till_.drafts():
                till.discard(till_.station, EWA, doc_id)
            self._book(number)
            till_.settle()
            assert coupon_marks.due(till_.station) == []
        while self.store.under_way:
            self.store.arrive_late(0)
        waiting = self.office.waiting()
        for code in self.store.codes:
            used, conflicts = self.office.used(code), self.office.conflicts(code)
            assert {doc_id for doc_id, _ in self.office.kept(code)} <= waiting, "kept for a document that is no more"
            assert len(conflicts) == max(0, len(used) - 1), "a use too many is listed, and nothing else is"
            numbers = {number for _, number in used}
            for number, others in conflicts.items():
                assert {number, *others.split(", ")} <= numbers, "what is listed is true"
            unchecked = [one for one in self.sold if self._is_unchecked(one, code)]
            drafts = {one.draft for one in self.sold if code in one.states()}
            assert len(drafts) - 1 <= len(unchecked), "only what nobody could check was used twice"

    def _is_unchecked(self, one: Sold, code: str) -> bool:
        """Sold without head office, or heard of only after it had stopped keeping the code."""
        state = one.states().get(code, "")
        assert one.booked_at is not None
        return state == "offline" or (state == "reserved" and (one.kept_until or one.booked_at) <= one.booked_at)

    # -- in few words -------------------------------------------------------------------------------------
    def _at(
        self, number: int, which: int, how: tuple[str, ...], work: Callable[[CouponTill, str], Result]
    ) -> Result | None:
        """At one of the till's drafts; of its three places each one that is empty is a new receipt with a coupon."""
        drafts = self.store.till(number).drafts()
        place = which % 3
        doc_id = self._new_receipt(number, which) if place >= len(drafts) else drafts[place]
        return self._try(number, how, lambda till_: work(till_, doc_id))

    def _new_receipt(self, number: int, which: int) -> str:
        doc_id = self.store.till(number).fill("MILK", by="EWA").doc_id
        self._try(number, (), lambda till_: till_.put(doc_id, self.store.codes[which % 3]))
        return doc_id

    def _try(self, number: int, how: tuple[str, ...], work: Callable[[CouponTill], Result]) -> Result | None:
        """What is refused is refused; who is killed begins anew."""
        till_ = self.store.till(number)
        till_.moods = list(how)
        try:
            return work(till_)
        except Refused:
            return None
        except Killed:
            self.store.tills[number - 1] = till_.reborn()
            return None
        finally:
            till_.moods = []

    def _book(self, number: int) -> None:
        self.store.book(self.store.till(number))
        for one in self.sold:
            if one.till == number and one.booked_at is None:
                one.booked_at = self.store.clock.now()


@pytest.fixture(scope="module")
def office(postgres_server: str) -> Iterator[HeadOffice]:
    with fresh_database(postgres_server) as url, open_temporary_folder() as folder:
        opened = HeadOffice(url, folder)
        yield opened
        opened.close()


def test_a_code_is_used_once_whatever_happens_or_a_person_is_told(office: HeadOffice) -> None:
    """COUP-03: and nothing is kept longer than its hours, or for a document that is no more."""
    Coupons.office = office
    run_state_machine_as_test(
        Coupons,
        settings=settings(
            max_examples=EXAMPLES or 20, derandomize=not EXAMPLES, database=None, stateful_step_count=40, deadline=None,
            suppress_health_check=list(HealthCheck), print_blob=False,
            phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
        ),
    )  # fmt: skip
