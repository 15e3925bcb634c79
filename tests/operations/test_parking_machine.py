"""Three tills and a buffer in any order of events: no two live leases, and nothing that was saved is lost (PARK-05,
PARK-06, PARK-15)."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kontuar.kernel.errors import Refused
from kontuar.operations.ports.parking import ApprovedDraft, Saved, SaveParked
from parking_world import Buffer, approved
from sync_chain import TestClock

TILLS = ("K1", "K2", "K3")
till = st.sampled_from(TILLS)
pick = st.integers(0, 5)
IN_MEMORY = Path("/dev/shm")
"""No power is cut here: waiting for a disk would be most of the time."""


@dataclass
class Copy:
    """What a till holds of a document: as parked or opened, by whom it was saved, and its lease (token 0 = none)."""

    version: int
    token: int
    text: str
    saved_by: str
    lease: int = 0
    until: float = 0.0


@dataclass
class Till:
    copies: dict[str, Copy] = field(default_factory=dict)
    approved: list[ApprovedDraft] = field(default_factory=list)
    unanswered: tuple[SaveParked, Saved] | None = None


@dataclass
class Current:
    """What the buffer must show: the last text of a document, and who wrote it on which version."""

    version: int
    text: str
    base: int
    station: str


class Parking(RuleBasedStateMachine):
    """The model is told only what tills are told; the buffer is the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        self.clock = TestClock()
        self.lives = 0
        self.buffer = Buffer(self.folder / "agent0", self.clock, "epoch 0")
        self.tills = {name: Till() for name in TILLS}
        self.current: dict[str, Current] = {}
        self.backup: tuple[Path, dict[str, Current]] | None = None
        self.count = 0
        self.made_of: dict[str, str] = {}
        self.ended: set[str] = set()

    def teardown(self) -> None:
        self.buffer.stop()
        shutil.rmtree(self.folder)

    # -- events -------------------------------------------------------------------------------------------
    @precondition(lambda self: len(self.current) < 2)
    @rule(name=till, keep=st.booleans())
    def parks_a_new_document(self, name: str, keep: bool) -> None:
        self.count += 1
        self._save(name, f"D{self.count}", 0, 0, keep=keep)

    @precondition(lambda self: self.current)
    @rule(name=till, which=pick)
    def opens_when_it_is_free(self, name: str, which: int) -> None:
        """Once more, so that documents go from till to till most of the time."""
        self.opens(name, which, take_over=False)

    @precondition(lambda self: self.current)
    @rule(name=till, which=pick, take_over=st.booleans())
    def opens(self, name: str, which: int, take_over: bool) -> None:
        doc_id = self._one(which)
        holder = self._holder(doc_id)
        try:
            opened = self.buffer.open(name, doc_id, take_over=take_over)
        except Refused as refusal:
            self._require(refusal, "parking.held_elsewhere", "parking.being_approved")
            return
        assert take_over or holder in ("", name), "given while it was held"
        for other in TILLS:
            if other != name and doc_id in self.tills[other].copies:
                self.tills[other].copies[doc_id].lease = 0
        current = self.current[doc_id]
        assert (opened.version, self.buffer.text(doc_id)) == (current.version, current.text)
        self.tills[name].copies[doc_id] = Copy(
            opened.version, opened.token, current.text, current.station, opened.token, self.clock.seconds + 60
        )

    @rule(name=till, which=pick, keep=st.booleans(), forgets=st.booleans(), answered=st.booleans())
    def saves(self, name: str, which: int, keep: bool, forgets: bool, answered: bool) -> None:
        """With the token it once had, or none; sometimes the answer is lost."""
        copies = self.tills[name].copies
        if not copies:
            return
        doc_id = sorted(copies)[which % len(copies)]
        copy = copies[doc_id]
        self._save(name, doc_id, copy.version, 0 if forgets else copy.token, keep=keep, answered=answered)

    @rule(name=till)
    def asks_again(self, name: str) -> None:
        """The same question after a lost answer: the same answer."""
        before = self.tills[name].unanswered
        if before is None:
            return
        asked, told = before
        try:
            again = self.buffer.desk.save(name, asked)
        except Refused as refusal:
            self._require(refusal, "parking.approved", "parking.deleted", "parking.lease_lost")
        else:
            assert (again.version, again.conflict_copy) == (told.version, told.conflict_copy)

    @rule(name=till, which=pick)
    def renews(self, name: str, which: int) -> None:
        for doc_id, copy in self._leased(name, which):
            try:
                self.buffer.renew(name, copy.lease, doc_id)
            except Refused as refusal:
                if doc_id not in self.current:  # sold without a lease at another till: the work is kept as a copy
                    self._require(refusal, "parking.approved", "parking.deleted", "parking.not_found")
                    del self.tills[name].copies[doc_id]
                    continue
                assert self._holder(doc_id) != name, "a live lease is renewed"
                copy.lease = 0
            else:
                copy.until = self.clock.seconds + 60

    @precondition(lambda self: self.current)
    @rule(name=till, which=pick, what=st.sampled_from(["renew", "approving", "delete"]))
    def tries_with_another_token(self, name: str, which: int, what: str) -> None:
        """What somebody has open under a live lease, with a token of before or none: also at the same till."""
        doc_id = self._one(which)
        holder = self._holder(doc_id)
        copy = self.tills[name].copies.get(doc_id)
        token = 0 if copy is None or copy.token == copy.lease else copy.token
        if not holder or token == self.tills[holder].copies[doc_id].lease:
            return
        try:
            getattr(self.buffer, what)(name, token, doc_id)
        except Refused as refusal:
            self._require(refusal, "parking.lease_lost")
        else:
            raise AssertionError(f"{what} with token {token} while {holder} holds {doc_id}")

    @rule(name=till, which=pick)
    def gives_back(self, name: str, which: int) -> None:
        for doc_id, copy in self._leased(name, which):
            self.buffer.release(name, copy.lease, doc_id)
            copy.lease = 0

    @precondition(lambda self: self.count % 3 == 0)
    @rule(name=till, which=pick)
    def deletes(self, name: str, which: int) -> None:
        for doc_id, copy in self._leased(name, which):
            try:
                self.buffer.delete(name, copy.lease, doc_id)
            except Refused:
                assert doc_id not in self.current or self._holder(doc_id) != name, "who has a live lease may delete"
                continue
            self.ended.add(self.current.pop(doc_id).text)
            for each in self.tills.values():
                each.copies.pop(doc_id, None)

    @precondition(lambda self: self.count % 3 == 0)
    @rule(name=till, which=pick, tells=st.booleans())
    def approves(self, name: str, which: int, tells: bool) -> None:
        """Under a live lease the same document, else one of its own, which takes the draft from whoever has it open
        without having saved it; that one is told so when he asks, and makes none."""
        copies = self.tills[name].copies
        if not copies:
            return
        doc_id = sorted(copies)[which % len(copies)]
        copy = copies.pop(doc_id)
        live = copy.lease and self.clock.seconds < copy.until
        if live and tells and not self._may_approve(name, doc_id, copy.lease):
            return
        self.count += 1
        number = f"PAR/{self.count}"
        message = (
            approved(doc_id, copy.version, number=number, token=copy.lease)
            if live
            else approved(f"N{self.count}", copy.version, of=doc_id, number=number, token=0)
        )
        self.buffer.push(name, message)
        self.tills[name].approved.append(
            ApprovedDraft(doc_id=doc_id, version=copy.version, approved_id=str(message["doc_id"]), number=number)
        )
        current = self.current.get(doc_id)
        if current is None:
            return
        if copy.version >= current.version or (current.station, current.base) == (name, copy.version):
            self.ended.add(self.current.pop(doc_id).text)
        else:
            assert self.buffer.row(doc_id).approved_as == number

    def _may_approve(self, name: str, doc_id: str, lease: int) -> bool:
        try:
            self.buffer.approving(name, lease, doc_id)
        except Refused as refusal:
            self._require(refusal, "parking.approved", "parking.deleted", "parking.not_found")
            assert doc_id not in self.current, "a live lease is good for approving"
            return False
        return True

    @rule(seconds=st.sampled_from([1, 20, 61, 80]))
    def time_passes(self, seconds: int) -> None:
        self.buffer.wait(seconds)

    @rule()
    def the_agent_restarts(self) -> None:
        self.buffer.restart()

    @rule()
    def a_backup_is_made(self) -> None:
        self.count += 1
        made = self.buffer.backup(self.folder / f"backup{self.count}")
        self.backup = made, dict(self.current)

    @rule(restored=st.booleans(), order=st.permutations(TILLS))
    def the_agent_is_lost_and_offered_what_the_tills_hold(self, restored: bool, order: list[str]) -> None:
        """With an empty database or yesterday's; what only the lost disk had is lost with it."""
        self.buffer.stop()
        self.lives += 1
        self.clock.seconds += 1
        place = self.folder / f"agent{self.lives}"
        kept: dict[str, Current] = {}
        if restored and self.backup is not None:
            shutil.copytree(self.backup[0], place)
            kept = self.backup[1]
        self.buffer = Buffer(place, self.clock, f"epoch {self.lives}")
        held = {copy.text for each in self.tills.values() for copy in each.copies.values()}
        held |= {current.text for current in kept.values()}
        living = {current.text for current in self.current.values() if current.text in held}
        for name in order:
            self._offer(name)
        for name in order:  # what one till approved may have come after another's copy
            self._offer(name)
        # What was sold or deleted once may come back to an agent that never heard of it, and leave with one that did.
        assert living <= self._there_or_went_on() | self.ended, "nothing that anybody still has is lost"
        self._learn_anew()

    # -- what must hold -----------------------------------------------------------------------------------
    @invariant()
    def the_buffer_shows_the_last_version_of_everything(self) -> None:
        found = {doc_id: (row.version, self.buffer.text(doc_id)) for doc_id, row in self.buffer.listed().items()}
        assert found == {doc_id: (current.version, current.text) for doc_id, current in self.current.items()}

    @invariant()
    def no_document_has_two_live_leases_or_two_share_an_ean(self) -> None:
        for doc_id in self.current:
            self._holder(doc_id)
        eans = [row.ean for row in self.buffer.listed().values()]
        assert len(set(eans)) == len(eans)

    # -- in few words -------------------------------------------------------------------------------------
    def _require(self, refusal: Refused, *codes: str) -> None:
        assert refusal.problems[0].code in codes

    def _one(self, which: int) -> str:
        return sorted(self.current)[which % len(self.current)]

    def _leased(self, name: str, which: int) -> list[tuple[str, Copy]]:
        found = sorted((doc_id, copy) for doc_id, copy in self.tills[name].copies.items() if copy.lease)  # type: ignore[type-var]
        return [found[which % len(found)]] if found else []

    def _holder(self, doc_id: str) -> str:
        """Who may believe that he holds it: by his own clock, and not told or to be told otherwise."""
        holders = [
            name
            for name, each in self.tills.items()
            if (copy := each.copies.get(doc_id)) and copy.lease and self.clock.seconds < copy.until
        ]
        assert len(holders) <= 1, f"{holders} hold {doc_id}"
        return holders[0] if holders else ""

    def _save(
        self, name: str, doc_id: str, base: int, token: int, *, keep: bool = False, answered: bool = True
    ) -> None:
        self.clock.seconds += 1
        self.count += 1
        text = f"text {self.count}"
        asked = self.buffer.asked(name, text, base, token, doc_id=doc_id, keep=keep)
        mine = self.tills[name]
        try:
            saved = self.buffer.desk.save(name, asked)
        except Refused as refusal:
            self._require(refusal, "parking.approved", "parking.deleted", "parking.lease_lost")
            mine.copies.pop(doc_id, None)
            return
        if saved.conflict_copy:
            assert saved.row.conflict_of == doc_id
            self.current[saved.conflict_copy] = Current(1, text, 0, name)
        else:
            self._superseded(name, doc_id, base, text)
            self.current[doc_id] = Current(saved.version, text, base, name)
        if not answered:
            mine.unanswered = asked, saved
            if not keep and doc_id in mine.copies:  # it was to be given back: he counts it as such from then on
                mine.copies[doc_id].lease = 0
            return
        mine.copies.pop(doc_id, None)
        lease = saved.token if saved.lease_seconds else 0
        held_id = saved.conflict_copy or doc_id
        mine.copies[held_id] = Copy(saved.version, saved.token, text, name, lease, self.clock.seconds + 60)

    def _superseded(self, name: str, doc_id: str, base: int, text: str) -> None:
        """What was there was known to who saved over it, or his own, and nobody else was editing it."""
        holder = self._holder(doc_id)
        assert holder in ("", name), f"saved over what {holder} is editing"
        before = self.current.get(doc_id)
        assert before is None or base == before.version or (before.station, before.base) == (name, base)
        if before is not None:
            self.made_of[text] = before.text

    def _there_or_went_on(self) -> set[str]:
        """What the buffer has, and what that was made of: a backup may know a later version than any till was told."""
        found = set(self.buffer.texts())
        for text in tuple(found):
            while text := self.made_of.get(text, ""):
                found.add(text)
        return found

    def _offer(self, name: str) -> None:
        mine = self.tills[name]
        copies = []
        for doc_id, copy in mine.copies.items():
            live = bool(copy.lease) and self.clock.seconds < copy.until
            asked = self.buffer.asked(name, copy.text, copy.version, copy.token, doc_id=doc_id, keep=live)
            row = msgspec.structs.replace(asked.row, station=copy.saved_by)
            copies.append(msgspec.structs.replace(asked, row=row))
        highest = max((copy.token for copy in mine.copies.values()), default=0)
        self.buffer.offer(name, *copies, highest=highest, approved=mine.approved)

    def _learn_anew(self) -> None:
        """Tills take the new agent's list, and hold the leases that it knows of."""
        rows = self.buffer.listed()
        self.current = {
            doc_id: Current(row.version, self.buffer.text(doc_id), self.buffer.base(doc_id), row.station)
            for doc_id, row in rows.items()
        }
        for name, each in self.tills.items():
            each.unanswered = None
            for doc_id, copy in each.copies.items():
                row = rows.get(doc_id)
                if row is None or row.holder != name:
                    copy.lease = 0


EXAMPLES = int(os.environ.get("KONTUAR_PARKING_EXAMPLES", "0"))
"""So many stories, others every time; 0 = the suite's, the same every time."""

Parking.TestCase.settings = settings(
    max_examples=EXAMPLES or 120, derandomize=not EXAMPLES, database=None, stateful_step_count=50, deadline=None,
    suppress_health_check=[HealthCheck.too_slow], print_blob=False,
)  # fmt: skip
TestParking = Parking.TestCase
