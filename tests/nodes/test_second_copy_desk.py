"""Print and fiscal receipt come after the second copy, or after the wait for it; never twice (REL-21).

Time is virtual, and the holder of copies answers when the test says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontuar.devices.build import DeviceSettings, build_devices
from kontuar.domain.documents.document import Document
from kontuar.nodes.chores import AGAIN_SECONDS, Chores
from kontuar.nodes.device_desk import StationDevices
from kontuar.operations.ports.second_copy import CopyOutcome
from kontuar.operations.ports.station import StoredDocument
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.operations.station import own_documents, second_copy, station_status
from kontuar.storage.failures import StorageFull
from kontuar.storage.sqlite.sync_state import StationOutbox
from kontuar.tools.simulate.virtual_time import VirtualLoop
from shop import MILK_EAN, HandClock, actor_of, move_cash, move_goods, open_till, sell, with_parameter

EWA = actor_of()
SECONDS = 5


async def run(operation: Callable[..., Any], *given: Any) -> Any:
    return operation(*given)


class Holder:
    """Somebody who holds copies `after_seconds`; *away* when that is below nothing."""

    def __init__(self) -> None:
        self.after_seconds = 1.0
        self.asked: list[tuple[StreamId, Position]] = []

    async def wait(self, stream: StreamId, position: Position, most_seconds: float) -> CopyOutcome:
        self.asked.append((stream, position))
        if self.after_seconds < 0:
            return "away"
        await asyncio.sleep(min(self.after_seconds, most_seconds))
        return "held" if self.after_seconds <= most_seconds else "late"


class Counter:
    """A till with printer, drawer and fiscal device, all doubles."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.station = open_till(folder, clock=self.clock)
        self.station.fiscal_device = True
        with_parameter(self.station.books, second_copy.PARAMETER, str(SECONDS))  # type: ignore[arg-type]
        self.devices = build_devices(DeviceSettings(printer="double", drawer="printer", fiscal="double"))
        self.holder = Holder()
        self.loop = VirtualLoop()
        self.desk = self.new_desk()

    def new_desk(self) -> StationDevices:
        return StationDevices(self.station, run, self.devices, second_copy=self.holder)

    def done(self, work: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await work

        asyncio.set_event_loop(self.loop)
        try:
            return self.loop.run_until_complete(whole())
        finally:
            asyncio.set_event_loop(None)

    def later(self, seconds: float) -> None:
        self.done(asyncio.sleep(seconds))

    def approved(self, document: Document) -> list[str]:
        return [note.code for note in self.done(self.desk.after_approval(EWA, document))]

    def told(self, document: Document) -> list[str]:
        return [note.code for note in self.done(self.desk.after_issue(document.doc_id))]

    @property
    def out(self) -> tuple[int, int, int]:
        """(fiscal receipts, prints, openings of the drawer)."""
        fiscal, printer = self.devices.doubles.fiscal, self.devices.doubles.printer
        assert fiscal is not None
        assert printer is not None
        return len(fiscal.memory.receipts), len([job for job in printer.jobs if len(job) > 10]), printer.drawer_openings

    def seen(self, document: Document) -> StoredDocument:
        return own_documents.preview(self.station, EWA, document.doc_id)

    def events(self, document: Document) -> list[str]:
        return [entry.event for entry in self.seen(document).history]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path)
    yield made
    made.loop.close()
    made.devices.close()


def test_a_receipt_comes_out_when_somebody_else_holds_it(counter: Counter) -> None:
    """REL-21: the drawer opens at once; fiscal receipt and print wait, and the answer says so."""
    document = sell(counter.station, MILK_EAN)
    assert counter.approved(document) == ["copy.waiting"]
    assert counter.out == (0, 0, 1)
    assert counter.told(document) == []
    assert counter.out == (1, 1, 1)
    ((stream, position),) = counter.holder.asked
    assert (stream, position.seq) == (StreamId("S1T1", "i1"), counter.seen(document).row.seq)
    assert counter.events(document) == ["approved", "fiscal_started", "fiscalised", "printed"]
    assert counter.station.books.copies.due() == []


def test_a_copy_that_is_there_at_once_is_not_talked_about(counter: Counter) -> None:
    """REL-21."""
    counter.holder.after_seconds = 0.1
    assert counter.approved(sell(counter.station, MILK_EAN)) == []
    assert counter.out == (1, 1, 1)


def test_after_the_stated_time_it_comes_out_all_the_same_and_that_is_remembered(counter: Counter) -> None:
    """REL-21, REL-01: told, in the history for good, and in list, bar and figures until the copy is there."""
    counter.holder.after_seconds = 60.0
    document = sell(counter.station, MILK_EAN)
    assert counter.approved(document) == ["copy.waiting"]
    counter.later(SECONDS - 0.6)
    assert counter.out == (0, 0, 1)
    counter.later(0.2)
    assert counter.out == (1, 1, 1)
    assert counter.told(document) == ["copy.late"]
    assert counter.events(document) == ["approved", "issued_alone", "fiscal_started", "fiscalised", "printed"]
    assert (counter.seen(document).row.sync, station_status.warnings(counter.station, None).alone) == ("alone", 1)
    now_held(counter, document)
    assert (counter.seen(document).row.sync, station_status.warnings(counter.station, None).alone) == ("held", 0)
    assert "issued_alone" in counter.events(document)


def now_held(counter: Counter, document: Document) -> None:
    books: Any = counter.station.books
    outbox = StationOutbox(books.database, StreamId("S1T1", "i1"), "S1")
    head = counter.station.books.stream.head()
    assert head.seq >= counter.seen(document).row.seq
    with books.transaction():
        outbox.acknowledged(StreamId("S1T1", "i1"), head, Position(0, "00" * 32))


def test_with_nobody_there_it_comes_out_at_once_and_the_screen_says_who_holds_it(counter: Counter) -> None:
    """REL-21."""
    counter.holder.after_seconds = -1
    document = sell(counter.station, MILK_EAN)
    (note,) = counter.done(counter.desk.after_approval(EWA, document))
    assert (note.code, note.facts["number"]) == ("copy.away", document.number)
    assert counter.out == (1, 1, 1)
    assert counter.loop.time() == 0.0


def test_a_till_with_nothing_to_print_on_waits_as_well(counter: Counter) -> None:
    """REL-21: the answer on the screen is what the customer gets."""
    counter.station.fiscal_device = False
    bare = StationDevices(counter.station, run, build_devices(DeviceSettings()), second_copy=counter.holder)
    document = sell(counter.station, MILK_EAN)
    assert [note.code for note in counter.done(bare.after_approval(EWA, document))] == ["copy.waiting"]
    assert counter.done(bare.after_issue(document.doc_id)) == ()


def test_without_the_parameter_nobody_is_waited_for(counter: Counter) -> None:
    """REL-21: the default."""
    with_parameter(counter.station.books, second_copy.PARAMETER, "0")  # type: ignore[arg-type]
    assert counter.approved(sell(counter.station, MILK_EAN)) == []
    assert (counter.out, counter.holder.asked) == ((1, 1, 1), [])


def test_what_no_customer_takes_along_does_not_wait(counter: Counter) -> None:
    """REL-21: money put into the drawer waits for its print, goods do not."""
    move_cash(counter.station, "cash_in", "10")
    assert len(counter.station.books.copies.due()) == 1
    move_goods(counter.station, "internal_receipt", MILK_EAN)
    assert len(counter.station.books.copies.due()) == 1


def test_a_till_that_stopped_while_it_waited_goes_on_waiting_and_issues_once(counter: Counter) -> None:
    """REL-21, REL-04: the mark was written with the approval; the drawer does not open again."""
    document = sell(counter.station, MILK_EAN)
    counter.desk = counter.new_desk()
    counter.done(counter.desk.resume())
    assert counter.out == (0, 0, 0)
    assert counter.approved(document) == ["copy.waiting"], "an approval asked for again starts nothing of its own"
    counter.later(1.0)
    assert counter.out == (1, 1, 0)
    counter.desk = counter.new_desk()
    counter.done(counter.desk.resume())
    counter.later(60.0)
    assert counter.out == (1, 1, 0)


def test_a_till_whose_disk_was_full_at_its_start_goes_on_when_there_is_room(counter: Counter) -> None:
    """REL-19, REL-21: the node tries again until it could look at all; then it is issued, once."""
    sell(counter.station, MILK_EAN)
    full = [StorageFull("no room"), StorageFull("no room")]

    async def sometimes(operation: Callable[..., Any], *given: Any) -> Any:
        if full:
            raise full.pop()
        return operation(*given)

    async def started() -> None:
        chores = Chores()
        chores.until_done("devices", counter.desk.resume)
        await asyncio.sleep(2 * AGAIN_SECONDS + 2.0)
        await chores.stop()

    counter.desk = StationDevices(counter.station, sometimes, counter.devices, second_copy=counter.holder)
    counter.done(started())
    assert counter.out == (1, 1, 0)


def test_a_sale_is_issued_also_where_the_disk_has_no_room_to_note_it(counter: Counter) -> None:
    """REL-19, REL-21: the cashier hears that nobody else holds it, and no error of a sale that stands."""
    notes = (second_copy.missed, second_copy.issued, own_documents.count_print)

    async def no_room_for_notes(operation: Callable[..., Any], *given: Any) -> Any:
        if operation in notes:
            raise StorageFull("no room")
        return operation(*given)

    counter.desk = StationDevices(counter.station, no_room_for_notes, counter.devices, second_copy=counter.holder)
    counter.holder.after_seconds = -1
    document = sell(counter.station, MILK_EAN)
    assert counter.approved(document) == ["copy.away", "storage.full"]
    assert counter.out == (1, 1, 1)


def test_what_was_not_there_before_the_stop_is_not_waited_for_again(counter: Counter) -> None:
    """REL-21: the time is over once; the history says it once."""
    document = sell(counter.station, MILK_EAN)
    second_copy.missed(counter.station, EWA, document.doc_id, "late")
    counter.done(counter.new_desk().resume())
    counter.later(0.1)
    assert (counter.out, counter.holder.asked) == ((1, 1, 0), [])
    assert counter.events(document).count("issued_alone") == 1


def test_a_restored_till_issues_nothing_that_its_earlier_life_may_have_issued(counter: Counter) -> None:
    """REL-13, SALE-05: the backup was made while it waited, and the old machine went on."""
    sell(counter.station, MILK_EAN)
    counter.station.identity = msgspec.structs.replace(counter.station.identity, incarnation="i2")
    counter.done(counter.new_desk().resume())
    counter.later(60.0)
    assert counter.out == (0, 0, 0)


def test_a_repeated_approval_issues_nothing_twice(counter: Counter) -> None:
    """REL-21, REL-04."""
    document = sell(counter.station, MILK_EAN)
    assert counter.approved(document) == ["copy.waiting"]
    assert counter.approved(document) == []
    counter.later(60.0)
    assert counter.out == (1, 1, 1)


def test_a_print_by_hand_comes_no_earlier(counter: Counter) -> None:
    """REL-21."""
    document = sell(counter.station, MILK_EAN)
    counter.approved(document)
    counter.done(counter.desk.print_document(EWA, document.doc_id))
    assert counter.loop.time() == 1.0
    assert counter.seen(document).prints == 2


def test_other_sales_go_on_while_one_waits(counter: Counter) -> None:
    """REL-21, REL-01."""
    counter.holder.after_seconds = 3.0
    first = sell(counter.station, MILK_EAN)
    assert counter.approved(first) == ["copy.waiting"]
    counter.holder.after_seconds = 0.0
    second = sell(counter.station, MILK_EAN)
    assert counter.approved(second) == []
    assert [counter.seen(each).row.fiscal for each in (first, second)] == ["waiting", "done"]
