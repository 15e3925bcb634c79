"""Tills of one store around an agent's parking buffer: real databases, real questions, a wire that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.parking import ParkedRow
from kontuar.domain.firm.records import StationDefinition
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator, Role
from kontuar.kernel.canonical import encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.parking_desk import ParkingDesk
from kontuar.operations.actor import Grant
from kontuar.operations.ports.parking import OpenParked
from kontuar.operations.ports.streams import START, Batch, SealedMessage, StreamId
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.operations.station import approval, payments, till
from kontuar.operations.station.parking.continuing import opened
from kontuar.operations.station.parking.listing import ListedParked, ParkedQuery, listed
from kontuar.operations.station.parking.removing import removed
from kontuar.storage.sqlite.definitions import SqliteDefinitions
from kontuar.storage.sqlite.sync_state import StationOutbox, StationSink
from kontuar.sync.parking import ParkingAnswerer
from kontuar.web import parked
from kontuar.web.desk import Asked, Desk, SyncStatus
from kontuar.web.parked import ParkedAs
from parking_world import Buffer
from shop import CountedIds, HandClock, actor_of, change, new_station, shifts
from sync_chain import TestClock

Result = TypeVar("Result")
PINS = {"OLA": "1111", "EWA": "2222", "IZA": "4444"}


class StoreClock(TestClock):
    """The agent's clock goes with the tills'."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> Any:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()


class StoreOfTills:
    """Three tills (S1T1 …) and the agent's buffer; `up` = the agent can be reached."""

    def __init__(self, folder: Path, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.up = True
        self.asked: list[tuple[str, str]] = []
        self.lose_answers = False
        self.cut: set[str] = set()
        (folder / "agent").mkdir(parents=True, exist_ok=True)
        self.buffer = Buffer(folder / "agent", StoreClock(self.clock))
        self.tills = [self._new_till(folder, number) for number in (1, 2, 3)]

    def _new_till(self, folder: Path, number: int) -> ParkingTill:
        return ParkingTill(self, folder, number)

    def __getitem__(self, number: int) -> ParkingTill:
        return self.tills[number - 1]

    def restart_agent(self, folder: Path, epoch: str) -> None:
        """The agent's machine is replaced by an empty one."""
        folder.mkdir(parents=True)
        self.buffer = Buffer(folder, StoreClock(self.clock), epoch)

    async def answer(self, station: str, question: str, body: bytes) -> bytes:
        self.asked.append((station, question))
        if not self.up or question in self.cut:
            raise refuse("connectivity.too_low", needs="online", reason="nobody answers")
        asker = NodeIdentity(node=station, kind="station", store="S1", incarnation="i1", public_key=b"")
        answerer = ParkingAnswerer(self.buffer.desk, at_once, _nobody, lambda: None)
        problems, answer = await answerer(asker, question, body)
        if self.lose_answers:
            raise refuse("elsewhere.slow")
        if problems:
            raise Refused(*problems)
        return answer

    def sync(self) -> None:
        """Feeds, messages and errands of all tills, twice: what one told, the others know."""
        for _ in range(2):
            for one in self.tills:
                one.sync()

    def late(self, number: int, doc_id: str, *, deletes: bool = False) -> Callable[[], Document | None]:
        """A till asks for a document, to open or to delete it; the answer comes with the call."""
        one = self[number]
        asked_at = self.clock.monotonic()
        question = encode(OpenParked(doc_id=doc_id, by="OLA"))
        answer = run(self.answer(one.code, "parking.open", question))
        take = removed if deletes else opened
        return lambda: take(one.station, actor_of(operator="OLA"), answer, asked_at)

    def wait(self, seconds: float) -> None:
        """Time passes, a second at a time for the tills that are running."""
        self.clock.turn(seconds)
        self.buffer.desk.expire()


class ParkingTill:
    """One till: what a cashier does, through the same desk as the screens."""

    def __init__(self, store: StoreOfTills, folder: Path, number: int) -> None:
        self.store = store
        self.code = f"S1T{number}"
        self.station = new_station(folder, self.code, f"POS{number}", clock=store.clock)
        self.station.ids = CountedIds(store.clock, number * 1_000_000)
        self.station.connectivity = lambda: Connectivity.STORE if store.up else Connectivity.OFFLINE
        people = [
            StationDefinition(code="S1T3", name="Kasa 3", store="S1", series="POS3"),
            Role(code="shift", name="Zmiana", rights=tuple(sorted(rights.SHIFT_MANAGER))),
            Operator(code="IZA", name="Iza Zmianowa", pin_verifier="$argon2id$right-4444", roles=("cashier",)),
        ]
        change(self.books, *people)
        if self.station.books.cash.open_shift() is None:
            shifts.open_shift(self.station, actor_of(), "100")
        self.sink = StationSink(
            self.books.database, SqliteDefinitions(self.books.database),
            StationOutbox(self.books.database, StreamId(self.code, "i1"), "S1"),
        )  # fmt: skip
        self.desk = Desk(
            station=self.station, run=at_once, devices=None,  # type: ignore[arg-type]
            check_pin=lambda verifier, pin: verifier.endswith("-" + pin), sync_status=self._status,
            questions=SimpleNamespace(ask=lambda question, body: store.answer(self.code, question, body)),
            exchange=None, enrol_anew=None,  # type: ignore[arg-type]
        )  # fmt: skip
        self._pushed = 0

    @property
    def books(self) -> Any:
        return self.station.books

    # -- what a cashier does ------------------------------------------------------------------------------
    def fill(self, *codes: str, by: str = "OLA", document_type: str = "receipt") -> Document:
        who = actor_of(operator=by)
        document = till.begin(self.station, who, document_type)
        return self.add(document.doc_id, *codes, by=by)

    def add(self, doc_id: str, *codes: str, by: str = "OLA") -> Document:
        for code in codes:
            till.scan(self.station, actor_of(operator=by), doc_id, code)
        return self.station.draft(doc_id)

    def park(self, doc_id: str, by: str = "OLA") -> ParkedAs:
        """Park it; the other tills hear of it at once when the agent is there."""
        outcome = run(parked.park(self.request(by), self.desk, doc_id))
        for one in self.store.tills if self.store.up and not self.store.lose_answers else ():
            one.hear()
        return outcome

    def proceed(self, doc_id: str, by: str = "OLA", *, grant: Grant | None = None, **how: bool) -> Document:
        return run(parked.proceed(self.request(by, grant), self.desk, doc_id, **how))

    def leave(self, doc_id: str, by: str = "OLA") -> bool:
        return run(parked.leave(self.request(by), self.desk, doc_id))

    def delete(self, doc_id: str, by: str = "OLA") -> None:
        run(parked.delete(self.request(by), self.desk, doc_id))

    def pay(self, doc_id: str, by: str = "EWA") -> Document:
        payments.assign(self.station, actor_of(operator=by), doc_id, "cash")
        return self.approve(doc_id, by)

    def pay_only(self, doc_id: str, by: str = "EWA") -> None:
        payments.assign(self.station, actor_of(operator=by), doc_id, "cash")

    def approve(self, doc_id: str, by: str = "EWA") -> Document:
        return approval.approve(self.station, actor_of(operator=by), doc_id)

    def allowed(self, right: str, doc_id: str, by: str = "EWA", asked_by: str = "OLA") -> Grant:
        return run(self.desk.authorise(self.request(asked_by), right, by, PINS[by], doc_id))

    # -- what goes on beside ------------------------------------------------------------------------------
    def sync(self) -> None:
        """As the node does every second: what the feed says, what is to be pushed, what the agent is to be told."""
        if not self.store.up:
            return
        self.push()
        self.hear()
        run(ParkingDesk(self.desk).once())
        self.hear()

    def hear(self) -> None:
        with self.sink.transaction():
            cursor = self.sink.cursors().parked
            assert cursor is not None
            self.sink.apply_parked(self.store.buffer.desk.news_since(cursor))

    def push(self) -> None:
        rows = self.books.database.rows(
            "SELECT seq, payload, hash, signature FROM message WHERE seq > ? ORDER BY seq", (self._pushed,)
        )
        if not rows:
            return
        before = self.books.database.value("SELECT hash FROM message WHERE seq = ?", (self._pushed,)) or bytes(32)
        self.store.buffer.take(
            Batch(
                stream=StreamId(self.code, "i1"),
                store="S1",
                sender=self.code,
                first=rows[0][0],
                previous_hash=before,
                messages=tuple(SealedMessage(*row) for row in rows),
                claim=START,
            )
        )
        self._pushed = rows[-1][0]

    # -- what there is ------------------------------------------------------------------------------------
    def listed(self, **query: str) -> list[ListedParked]:
        return list(listed(self.station, actor_of(), ParkedQuery(**query)))

    def conditions(self) -> dict[str, str]:
        return {one.row.doc_id: one.condition for one in self.listed()}

    def row(self, doc_id: str) -> ParkedRow:
        return next(one.row for one in self.listed() if one.row.doc_id == doc_id)

    def request(self, operator: str, grant: Grant | None = None) -> Asked:
        token = run(self.desk.log_in(operator, PINS[operator])).token if grant is None else self._granted_token
        if grant is None:
            self._granted_token = token
        headers = {"authorization": f"Bearer {token}"} | ({"x-authorisation": grant.grant_id} if grant else {})
        found: Any = SimpleNamespace(headers=headers, cookies={}, scope={}, method="POST")
        return found  # type: ignore[no-any-return]

    def _status(self) -> SyncStatus:
        return SyncStatus(level="store" if self.store.up else "offline", since="", waiting=0)


async def at_once(operation: Callable[..., Result], *arguments: Any) -> Result:
    """The runner of a test: one thread for everything."""
    return operation(*arguments)


async def _nobody(asker: NodeIdentity, question: str, body: bytes) -> tuple[Any, bytes]:
    raise AssertionError(f"{asker.node} asks the hub {question}: {body!r}")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def refused(call: Callable[..., object], *arguments: object, **named: object) -> tuple[str, dict[str, str]]:
    """(code, facts) of the refusal."""
    try:
        call(*arguments, **named)
    except Refused as refusal:
        (problem,) = refusal.problems
        return problem.code, dict(problem.facts)
    raise AssertionError("it was not refused")
