"""The devices of a station: nothing registered twice, the sale always stands (SALE-05, PAY-04, PAY-05)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontuar.devices.build import Devices, DeviceSettings, build_devices
from kontuar.devices.card.double import Turn
from kontuar.devices.card.zvt import ZvtTerminal
from kontuar.devices.fiscal.double import Fault, PosnetDouble
from kontuar.devices.fiscal.posnet import PosnetDevice
from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import Refused
from kontuar.nodes.device_desk import StationDevices
from kontuar.operations.station import approval, fiscalising, own_documents, payments, shifts, till
from kontuar.operations.station.fiscal_sale import fiscal_sale
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite.station.books import SqliteBooks
from shop import MILK_EAN, HandClock, actor_of, cashier, new_station, with_parameter

EWA = actor_of()
pytestmark = pytest.mark.timeout(60)


class Shop:
    """A station with device doubles; `restarted()` forgets everything that was only in memory."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.station = new_station(folder, clock=self.clock)
        self.station.fiscal_device = True
        self.thread = ThreadPoolExecutor(1)
        self.devices = build_devices(DeviceSettings(printer="double", drawer="printer", fiscal="double", card="double"))
        self.use(self.devices)
        shifts.open_shift(self.station, EWA, "100")

    async def run(self, operation: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, operation, *given)

    def use(self, devices: Devices, wait_seconds: float = 20.0) -> None:
        self.desk = StationDevices(self.station, self.run, devices, wait_seconds=wait_seconds)

    def restarted(self) -> None:
        fresh = PosnetDevice("127.0.0.1", self.fiscal.port, answer_seconds=0.4, recovery_pauses_seconds=(0.01,))
        self.use(msgspec.structs.replace(self.devices, fiscal=fresh))

    @property
    def fiscal(self) -> PosnetDouble:
        assert self.devices.doubles.fiscal
        return self.devices.doubles.fiscal

    @property
    def jobs(self) -> list[bytes]:
        assert self.devices.doubles.printer
        return [job for job in self.devices.doubles.printer.jobs if len(job) > 10]

    @property
    def drawer_openings(self) -> int:
        assert self.devices.doubles.printer
        return self.devices.doubles.printer.drawer_openings

    def sold(self, form: str = "transfer", quantity: str = "2") -> Document:
        doc_id = till.begin(self.station, EWA, "receipt").doc_id
        till.scan(self.station, EWA, doc_id, MILK_EAN, quantity)
        payments.assign(self.station, EWA, doc_id, form)
        return approval.approve(self.station, EWA, doc_id)

    def seen(self, document: Document) -> own_documents.StoredDocument:
        return own_documents.preview(self.station, EWA, document.doc_id)

    def events(self, document: Document) -> list[str]:
        return [entry.event for entry in self.seen(document).history]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.devices.close()


def done(work: Awaitable[Any]) -> Any:
    """In a thread of its own: tests of screens leave a running loop in this one."""

    async def whole() -> Any:
        return await work

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(whole())).result()


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.problems[0].code


def test_an_approved_receipt_is_fiscalised_printed_and_the_drawer_opens(shop: Shop) -> None:
    document = shop.sold("cash")
    assert done(shop.desk.after_approval(EWA, document)) == ()
    (receipt,) = shop.fiscal.memory.receipts
    assert (receipt.total(), receipt.footer) == (798, [document.number])
    stored = shop.seen(document)
    assert (stored.row.fiscal, stored.fiscal_number, stored.prints) == ("done", "1", 1)
    assert (len(shop.jobs), shop.drawer_openings) == (1, 1)
    assert shop.events(document) == ["approved", "fiscal_started", "fiscalised", "printed"]


def test_an_approval_repeated_after_a_lost_answer_starts_no_device_again(shop: Shop) -> None:
    document = shop.sold("cash")
    done(shop.desk.after_approval(EWA, document))
    assert done(shop.desk.after_approval(EWA, document)) == ()
    shop.restarted()
    shop.clock.turn(300)
    done(shop.desk.after_approval(EWA, document))
    assert (len(shop.fiscal.memory.receipts), len(shop.jobs), shop.drawer_openings) == (1, 1, 1)


def test_a_failing_fiscal_device_leaves_the_sale_and_says_so(shop: Shop) -> None:
    """SALE-05: Approved, not Fiscalised; the reason is in the history; the paper receipt comes out all the same."""
    document = shop.sold()
    shop.fiscal.order(Fault(kind="error", command="trinit", number=2038))
    (note,) = done(shop.desk.after_approval(EWA, document))
    assert shop.seen(document).row.fiscal == "waiting"
    (failure,) = [entry for entry in shop.seen(document).history if entry.event == "fiscal_failed"]
    assert failure.facts["code"] == note.code
    assert len(shop.jobs) == 1
    done(shop.desk.fiscalise(EWA, document.doc_id))
    assert shop.seen(document).row.fiscal == "done"
    assert len(shop.fiscal.memory.receipts) == 1


def test_a_lost_answer_is_found_out_after_a_restart_and_nothing_prints_twice(shop: Shop) -> None:
    """REL-04: the counter was written down before the device was asked; a new driver has no memory of the sale."""
    document = shop.sold()
    before = len(shop.fiscal.memory.receipts)
    done(shop.run(_left_in_the_middle, shop.station, document.doc_id, before))
    shop.devices.fiscal.register_sale(fiscal_sale(document))  # type: ignore[union-attr]
    shop.restarted()
    done(shop.desk.resume())
    assert len(shop.fiscal.memory.receipts) == 1
    assert shop.seen(document).row.fiscal == "done"


def test_without_the_counter_the_same_sale_would_print_twice(shop: Shop) -> None:
    """The twin of the test above: what the durable counter protects from."""
    document = shop.sold()
    shop.devices.fiscal.register_sale(fiscal_sale(document))  # type: ignore[union-attr]
    shop.restarted()
    done(shop.desk.fiscalise(EWA, document.doc_id))
    assert len(shop.fiscal.memory.receipts) == 2


def test_a_sale_cut_off_before_the_device_heard_of_it_waits_for_a_person(shop: Shop) -> None:
    """At the start the station asks, but prints nothing that nobody waits for."""
    document = shop.sold()
    done(shop.run(_left_in_the_middle, shop.station, document.doc_id, 0))
    shop.restarted()
    done(shop.desk.resume())
    assert shop.fiscal.memory.receipts == []
    assert shop.events(document)[-1] == "fiscal_failed"
    done(shop.desk.fiscalise(EWA, document.doc_id))
    assert len(shop.fiscal.memory.receipts) == 1


def test_what_the_device_cannot_tell_is_printed_only_when_a_person_is_sure(shop: Shop) -> None:
    """Two more receipts than before the attempt: the device has moved on and only the paper knows."""
    document = shop.sold()
    done(shop.run(_left_in_the_middle, shop.station, document.doc_id, 0))
    for other in ("3", "4"):
        shop.devices.fiscal.register_sale(fiscal_sale(shop.sold(quantity=other)))  # type: ignore[union-attr]
    shop.restarted()
    with pytest.raises(Refused) as refused:
        done(shop.desk.fiscalise(EWA, document.doc_id))
    assert code(refused) == "fiscal.counters_moved"
    assert (len(shop.fiscal.memory.receipts), shop.events(document)[-1]) == (2, "fiscal_uncertain")
    done(shop.desk.fiscalise(EWA, document.doc_id, sure=True))
    assert (len(shop.fiscal.memory.receipts), shop.seen(document).row.fiscal) == (3, "done")


def test_fiscalising_again_needs_the_right(shop: Shop) -> None:
    document = shop.sold()
    with pytest.raises(Refused) as refused:
        done(shop.desk.fiscalise(cashier(), document.doc_id))
    assert code(refused) == "right.missing"
    assert shop.fiscal.memory.receipts == []


def test_a_slow_device_does_not_hold_up_the_answer(shop: Shop) -> None:
    shop.use(shop.devices, wait_seconds=0.2)
    document = shop.sold()
    shop.fiscal.order(Fault(kind="slow", command="trend", seconds=1.0))

    async def approved() -> tuple[str, ...]:
        notes = await shop.desk.after_approval(EWA, document)
        for _ in range(200):
            if (await shop.run(shop.seen, document)).prints:
                break
            await asyncio.sleep(0.05)
        return tuple(note.code for note in notes)

    assert done(approved()) == ("device.still_working",)
    assert shop.seen(document).row.fiscal == "done"


def test_a_printer_without_paper_makes_no_copy_of_nothing(shop: Shop) -> None:
    """DOC-32: the first print that comes out is the original, the second a copy."""
    document = shop.sold()
    printer = shop.devices.doubles.printer
    assert printer
    printer.offline = True
    assert [note.code for note in done(shop.desk.after_approval(EWA, document))] == ["printer.unavailable"]
    assert shop.seen(document).prints == 0
    printer.offline = False
    done(shop.desk.print_document(EWA, document.doc_id))
    done(shop.desk.print_document(EWA, document.doc_id))
    first, second = shop.jobs
    assert (b"KOPIA" in first, b"KOPIA" in second) == (False, True)


def test_a_document_is_a_pdf_in_both_forms_and_in_no_other(shop: Shop) -> None:
    document = shop.sold()
    for form in ("roll", "page"):
        assert done(shop.desk.pdf(EWA, document.doc_id, form)).startswith(b"%PDF")
    with pytest.raises(Refused) as refused:
        done(shop.desk.pdf(EWA, document.doc_id, "poster"))
    assert (code(refused), shop.seen(document).prints) == ("print.form_unknown", 0)


def test_without_a_fiscal_device_documents_wait_for_none(shop: Shop) -> None:
    shop.station.fiscal_device = False
    document = shop.sold()
    done(shop.desk.after_approval(EWA, document))
    assert (shop.seen(document).row.fiscal, shop.fiscal.memory.receipts) == ("", [])


def test_the_drawer_opens_on_assigning_where_windows_close_by_hand(shop: Shop) -> None:
    """PAY-04."""
    assert isinstance(shop.station.books, SqliteBooks)
    with_parameter(shop.station.books, "payment.close_automatically", "no")
    done(shop.desk.after_assignment("transfer"))
    assert shop.drawer_openings == 0
    done(shop.desk.after_assignment("cash"))
    assert shop.drawer_openings == 1
    done(shop.desk.after_approval(EWA, shop.sold("cash")))
    assert shop.drawer_openings == 1


def test_opening_the_drawer_by_hand_needs_the_right_and_is_told(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        done(shop.desk.open_drawer(cashier()))
    assert (code(refused), shop.drawer_openings) == ("right.missing", 0)
    before = shop.station.books.stream.head().seq
    done(shop.desk.open_drawer(EWA))
    assert (shop.drawer_openings, shop.station.books.stream.head().seq) == (1, before + 1)


def by_card(shop: Shop) -> tuple[str, payments.CardRequest]:
    doc_id = till.begin(shop.station, EWA, "receipt").doc_id
    till.scan(shop.station, EWA, doc_id, MILK_EAN)
    return doc_id, payments.start_card(shop.station, EWA, doc_id, "card")


def test_an_approved_card_payment_is_on_the_document(shop: Shop) -> None:
    _doc_id, request = by_card(shop)
    document = done(shop.desk.pay_by_card(EWA, request))
    (payment,) = document.payments
    assert (payment.amount, payment.operation_id) == (399, request.operation_id)
    assert payment.authorisation != ""


def test_a_declined_card_leaves_the_document_unpaid_and_says_why(shop: Shop) -> None:
    shop.devices.doubles.card.order(Turn(behaviour="decline", code=0x05))  # type: ignore[union-attr]
    doc_id, request = by_card(shop)
    with pytest.raises(Refused) as refused:
        done(shop.desk.pay_by_card(EWA, request))
    assert code(refused) == "card.declined.bank"
    assert shop.station.draft(doc_id).payments == ()
    assert list(shop.station.books.cards.unfinished(doc_id)) == []


def test_a_card_payment_that_nobody_can_tell_stays_open_until_asked_again(shop: Shop) -> None:
    """PAY-05: the money was taken, the news was lost; asked again, the terminal tells."""
    double = shop.devices.doubles.card
    assert double
    double.order(Turn(behaviour="gone"))
    doc_id, request = by_card(shop)
    assert done(shop.desk.pay_by_card(EWA, request)).payments == ()
    assert len(shop.station.books.cards.unfinished(doc_id)) == 1
    double.refuse_connections = False
    document = done(shop.desk.ask_card_again(EWA, doc_id, request.operation_id))
    assert [payment.amount for payment in document.payments] == [399]
    assert double.taken() == 399


def test_a_card_is_not_charged_again_when_the_station_restarts_and_the_window_is_sent_again(shop: Shop) -> None:
    """PAY-05: what was open before a restart may have been charged; the terminal is asked, never told to charge."""
    double = shop.devices.doubles.card
    assert double
    double.order(Turn(behaviour="gone"))
    doc_id, request = by_card(shop)
    done(shop.desk.pay_by_card(EWA, request))
    double.refuse_connections = False
    fresh = ZvtTerminal("127.0.0.1", double.port)
    shop.use(msgspec.structs.replace(shop.devices, card=fresh))
    done(shop.desk.resume())
    done(shop.desk.pay_by_card(EWA, request))
    assert double.taken() == 399
    assert len(double.transactions) == 1
    assert len(shop.station.books.cards.unfinished(doc_id)) == 1


def test_without_a_terminal_a_person_is_asked(shop: Shop) -> None:
    shop.use(build_devices(DeviceSettings()))
    doc_id, request = by_card(shop)
    assert done(shop.desk.pay_by_card(EWA, request)).payments == ()
    assert len(shop.station.books.cards.unfinished(doc_id)) == 1


def test_a_cheaper_line_is_a_discount_and_a_dearer_one_a_price(shop: Shop) -> None:
    """Amounts, never percents: 3 × 3.99 = 11.97 typed as 10.00 and as 12.01; a line given away is left out."""
    doc_id = till.begin(shop.station, EWA, "receipt").doc_id
    for value in ("10,00", "12,01", "0"):
        number = till.scan(shop.station, EWA, doc_id, MILK_EAN, "3").lines[-1].number
        till.change_value(shop.station, EWA, doc_id, number, value)
    payments.assign(shop.station, EWA, doc_id, "transfer")
    document = approval.approve(shop.station, EWA, doc_id)
    sale = fiscal_sale(document)
    assert [(line.unit_price, line.value, line.discount) for line in sale.lines] == [(399, 1197, 197), (400, 1201, 0)]
    assert sale.total == 2201
    done(shop.desk.after_approval(EWA, document))
    assert shop.fiscal.memory.receipts[0].total() == 2201


def test_a_net_documents_lines_sum_to_the_gross_of_each_rate(shop: Shop) -> None:
    """SALE-07: three lines at 3.33 net and 5% → 9.99 net, 10.49 gross, whatever each line alone would round to."""
    document = shop.sold()
    line = msgspec.structs.replace(document.lines[0], quantity=Decimal(1), initial_price=Decimal("3.33"), value=333)
    lines = tuple(msgspec.structs.replace(line, number=number) for number in (1, 2, 3))
    tax = msgspec.structs.replace(document.taxes[0], net=999, tax=50, gross=1049)
    totals = msgspec.structs.replace(document.totals, gross=1049)
    net = msgspec.structs.replace(document, direction="net", lines=lines, taxes=(tax,), totals=totals, payments=())
    values = [line.value - line.discount for line in fiscal_sale(net).lines]
    assert (values, sum(values)) == ([350, 349, 350], 1049)


def _left_in_the_middle(station: Station, doc_id: str, receipts_before: int) -> None:

    fiscalising.started(station, EWA, doc_id, receipts_before)
