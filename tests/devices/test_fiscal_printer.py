"""The driver of fiscal printers against a double that speaks the same protocol over TCP (SALE-05)."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from kontuar.devices.failures import DeviceFailure, FiscalUncertain
from kontuar.devices.fiscal.double import OUT_OF_PAPER, Fault, FaultKind, PosnetDouble
from kontuar.devices.fiscal.posnet import PosnetDevice
from kontuar.devices.fiscal.vat_letters import letter_for
from kontuar.kernel.money import Minor
from kontuar.operations.ports.devices import FiscalLine, FiscalPayment, FiscalSale


@pytest.fixture
def double() -> Iterator[PosnetDouble]:
    double = PosnetDouble()
    yield double
    double.stop()


@pytest.fixture
def device(double: PosnetDouble) -> PosnetDevice:
    return PosnetDevice(
        "127.0.0.1",
        double.port,
        answer_seconds=0.4,
        connect_seconds=1.0,
        recovery_pauses_seconds=(0.01, 0.05),
    )


def line(name: str, value: int, letter: str = "A", **more: object) -> FiscalLine:
    defaults = {"quantity": Decimal(1), "unit_price": Minor(value)}
    return FiscalLine(name=name, value=Minor(value), vat_letter=letter, **(defaults | more))  # type: ignore[arg-type]


def sale(doc_id: str = "d1", **more: object) -> FiscalSale:
    fields: dict[str, object] = {
        "doc_id": doc_id,
        "system_number": "PAR/1",
        "lines": (line("Chleb żytni", 700, "B"), line("Kawa ziarnista", 2500)),
        "payments": (FiscalPayment(kind="cash", amount=Minor(5000)),),
        "change": Minor(1800),
        "total": Minor(3200),
    }
    return FiscalSale(**(fields | more))  # type: ignore[arg-type]


def code_of(caught: pytest.ExceptionInfo[DeviceFailure]) -> str:
    return caught.value.problems[0].code


def test_a_sale_is_registered_once_with_its_lines_payments_and_number(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    receipt = device.register_sale(sale(buyer_nip="5260250274"))
    (printed,) = double.memory.receipts
    assert (receipt.receipt_number, receipt.print_number, receipt.recovered) == (1, 1, False)
    assert receipt.device_number == "ZBF 2600000001"
    assert [(one.name, one.vat_letter, one.value) for one in printed.lines] == [
        ("Chleb żytni", "B", 700),
        ("Kawa ziarnista", "A", 2500),
    ]
    assert printed.payments == [("0", 5000)]
    assert (printed.change, printed.buyer_nip, printed.footer) == (1800, "5260250274", ["PAR/1"])
    assert printed.total() == 3200


def test_discounts_of_lines_and_of_the_receipt_reach_the_device(device: PosnetDevice, double: PosnetDouble) -> None:
    lines = (line("Kawa ziarnista", 2500, discount=Minor(500)), line("Chleb żytni", 1000, "B"))
    device.register_sale(sale(lines=lines, discount=Minor(300), total=Minor(2700), payments=(), change=Minor(0)))
    (printed,) = double.memory.receipts
    assert printed.totals() == {"A": 1800, "B": 900, "C": 0, "D": 0, "E": 0, "F": 0, "G": 0}


def test_a_weighed_article_keeps_its_quantity_and_price(device: PosnetDevice, double: PosnetDouble) -> None:
    weighed = line("Pomidory", 1222, "C", quantity=Decimal("1.2340"), unit_price=Minor(990), unit="kg")
    device.register_sale(sale(lines=(weighed,), total=Minor(1222), payments=(), change=Minor(0)))
    sold = double.memory.receipts[0].lines[0]
    assert (sold.quantity, sold.price, sold.value, sold.note) == (Decimal("1.234"), 990, 1222, "")


def test_a_price_finer_than_the_device_knows_is_sold_as_one_piece_at_its_value(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    """Three at 0.3333 are worth 1.00; the device would reach 0.99 and refuse."""
    fine = line("Śruby M4", 100, quantity=Decimal(3), unit_price=Minor(33), unit="szt")
    device.register_sale(sale(lines=(fine,), total=Minor(100), payments=(), change=Minor(0)))
    sold = double.memory.receipts[0].lines[0]
    assert (sold.quantity, sold.price, sold.value, sold.note) == (Decimal(1), 100, 100, "3 szt")


def test_everything_the_device_would_refuse_is_told_at_once_and_nothing_is_sent(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    bad = (line("Sok", 500), line("Kawa ziarnista", 2500, "H"), line("Chleb żytni", 100, discount=Minor(100)))
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(sale(lines=bad, total=Minor(1)))
    assert [(problem.code, problem.place) for problem in caught.value.problems] == [
        ("fiscal.name_too_short", "line:1"),
        ("fiscal.vat_rate", "line:2"),
        ("fiscal.discount", "line:3"),
        ("fiscal.total_mismatch", ""),
        ("fiscal.payment", ""),
    ]
    assert double.commands == []


def test_names_too_short_for_this_device_are_found_before_approval(device: PosnetDevice) -> None:
    assert device.short_names(["Sok", "Chleb", " Lód ", "Kawa ziarnista"]) == ("Sok", " Lód ")


def test_the_same_document_is_answered_from_memory(device: PosnetDevice, double: PosnetDouble) -> None:
    first = device.register_sale(sale())
    assert device.register_sale(sale()) == first
    assert len(double.memory.receipts) == 1


def test_a_device_that_is_away_is_unreachable_and_nothing_is_registered(double: PosnetDouble) -> None:
    double.refuse_connections = True
    device = PosnetDevice("127.0.0.1", double.port, answer_seconds=0.2, recovery_pauses_seconds=(0.01,))
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(sale())
    assert code_of(caught) == "fiscal.unreachable"
    assert not isinstance(caught.value, FiscalUncertain)


KINDS: list[FaultKind] = ["drop_before", "drop_after", "garble"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["!sprn", "strns"])
def test_a_break_before_the_receipt_begins_leaves_nothing_registered(
    device: PosnetDevice, double: PosnetDouble, command: str, kind: FaultKind
) -> None:
    double.order(Fault(kind=kind, command=command))
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(sale())
    assert code_of(caught) == "fiscal.unreachable"
    assert double.memory.receipts == []
    assert device.register_sale(sale()).receipt_number == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["trinit", "trline", "trpayment", "trend", "trftrln", "trftrend"])
def test_wherever_the_connection_breaks_the_sale_is_registered_exactly_once(
    device: PosnetDevice, double: PosnetDouble, command: str, kind: FaultKind
) -> None:
    """Did it print or not: the driver asks the device before it prints again (SALE-05)."""
    double.order(Fault(kind=kind, command=command))
    receipt = device.register_sale(sale())
    registered_before_the_break = command.startswith("trft") or (command == "trend" and kind != "drop_before")
    assert (receipt.receipt_number, receipt.recovered) == (1, registered_before_the_break)
    assert [one.total() for one in double.memory.receipts] == [3200]
    assert device.status().transaction_open is False


def test_a_slow_closing_answer_is_waited_out_by_asking_not_by_printing_again(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    double.order(Fault(kind="slow", command="trend", seconds=0.7))
    assert device.register_sale(sale()).recovered
    assert len(double.memory.receipts) == 1


def test_without_an_answer_after_the_closing_command_a_person_decides(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    drops = [Fault(kind="drop_before", command="strns") for _ in range(2)]
    device.status()
    device.register_sale(sale("d0"))
    double.order(Fault(kind="drop_after", command="trend"))
    # The first strns belongs to the sale itself; the two after the break stay unanswered.
    double.order(Fault(kind="slow", command="strns"), *drops)
    with pytest.raises(FiscalUncertain) as caught:
        device.register_sale(sale())
    assert code_of(caught) == "fiscal.uncertain"
    assert caught.value.problems[0].facts["receipts_before"] == "1"
    assert len(double.memory.receipts) == 2


def test_an_uncertain_sale_is_settled_by_asking_before_it_is_tried_again(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    double.order(
        Fault(kind="drop_after", command="trend"),
        Fault(kind="slow", command="strns"),
        Fault(kind="drop_before", command="strns"),
        Fault(kind="drop_before", command="strns"),
    )
    with pytest.raises(FiscalUncertain):
        device.register_sale(sale())
    receipt = device.register_sale(sale())
    assert (receipt.recovered, receipt.receipt_number) == (True, 1)
    assert len(double.memory.receipts) == 1


def test_a_new_process_can_find_out_by_the_counter_it_kept(device: PosnetDevice, double: PosnetDouble) -> None:
    device.register_sale(sale("d1"))
    after_restart = PosnetDevice("127.0.0.1", double.port, answer_seconds=0.4, recovery_pauses_seconds=(0.0,))
    assert after_restart.find_out(sale("d1"), receipts_before=0) is not None
    assert after_restart.find_out(sale("d2"), receipts_before=1) is None


def test_another_receipt_under_the_expected_number_is_not_taken_for_ours(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    other = sale("d9", lines=(line("Herbata", 900),), total=Minor(900), payments=(), change=Minor(0))
    device.register_sale(other)
    with pytest.raises(FiscalUncertain) as caught:
        device.find_out(sale(), receipts_before=0)
    assert code_of(caught) == "fiscal.counters_moved"


def test_out_of_paper_before_the_sale_is_told_and_nothing_is_registered(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    double.memory.paper_code = OUT_OF_PAPER
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(sale())
    assert code_of(caught) == "fiscal.paper_out"
    double.memory.paper_code = 0
    assert device.register_sale(sale()).receipt_number == 1


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        ("trline", 2000, "fiscal.vat_rate"),
        ("trline", 2106, "fiscal.vat_raised"),
        ("trline", 2104, "fiscal.name"),
        ("trend", 2805, "fiscal.total_mismatch"),
        ("trinit", 383, "fiscal.report_due"),
        ("trinit", 41, "fiscal.busy"),
        ("trend", 9999, "fiscal.refused"),
    ],
)
def test_an_error_of_the_device_is_told_by_a_code_and_the_open_receipt_is_cancelled(
    device: PosnetDevice, double: PosnetDouble, command: str, number: int, code: str
) -> None:
    double.order(Fault(kind="error", command=command, number=number))
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(sale())
    assert code_of(caught) == code
    assert caught.value.problems[0].facts["number"] == str(number)
    assert double.memory.receipts == []
    assert device.status().transaction_open is False
    assert device.register_sale(sale()).receipt_number == 1


def test_a_vat_letter_not_in_use_is_refused_by_the_device_itself(device: PosnetDevice, double: PosnetDouble) -> None:
    unused = sale(lines=(line("Kawa ziarnista", 3200, "E"),))
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(unused)
    assert code_of(caught) == "fiscal.vat_rate"
    assert double.memory.cancelled == 1


def test_letters_are_found_by_the_rates_that_the_device_has(device: PosnetDevice) -> None:
    rates = device.vat_rates()
    assert rates == {"A": Decimal(23), "B": Decimal(8), "C": Decimal(5), "D": Decimal(0), "G": None}
    assert (letter_for(Decimal("8.00"), rates), letter_for(None, rates)) == ("B", "G")
    with pytest.raises(DeviceFailure) as caught:
        letter_for(Decimal(7), rates)
    assert code_of(caught) == "fiscal.vat_rate"


def test_the_daily_report_is_made_once_even_when_its_answer_is_lost(device: PosnetDevice, double: PosnetDouble) -> None:
    device.register_sale(sale())
    double.order(Fault(kind="drop_after", command="dailyrep"))
    assert msgspec.to_builtins(device.daily_report()) == {"number": 1, "made": True}
    assert msgspec.to_builtins(device.daily_report()) == {"number": 1, "made": False}
    assert double.memory.daily_reports == 1


def test_status_and_header_tell_what_the_device_says(device: PosnetDevice) -> None:
    status = device.status()
    assert (status.fiscal_mode, status.read_only, status.paper, status.receipts) == (True, False, "ok", 0)
    assert device.header() == ("Sklep wzorcowy",)


def test_without_asking_the_device_a_lost_answer_would_print_twice(double: PosnetDouble) -> None:
    """The twin that shows the damage: a driver that forgets what it did and does not ask registers again."""
    double.order(Fault(kind="drop_after", command="trend"))
    forgetful = [
        PosnetDevice("127.0.0.1", double.port, answer_seconds=0.3, recovery_pauses_seconds=()) for _ in range(2)
    ]
    with pytest.raises(FiscalUncertain):
        forgetful[0].register_sale(sale())
    forgetful[1].register_sale(sale())
    assert len(double.memory.receipts) == 2


def test_paper_that_runs_out_before_the_closing_command_leaves_nothing_registered(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    double.order(Fault(kind="paper_out", command="trline"))
    with pytest.raises(DeviceFailure) as caught:
        device.register_sale(sale())
    assert code_of(caught) == "fiscal.paper_out"
    double.memory.paper_code = 0
    assert device.register_sale(sale()).receipt_number == 1
    assert len(double.memory.receipts) == 1


def test_paper_that_runs_out_at_the_closing_command_is_uncertain_until_the_roll_is_changed(
    device: PosnetDevice, double: PosnetDouble
) -> None:
    """The device finishes the receipt by itself once it has paper: nothing may be printed again."""
    last_before_closing = sale(payments=(FiscalPayment(kind="card", amount=Minor(3200)),), change=Minor(0))
    double.order(Fault(kind="paper_out", command="trpayment"))
    with pytest.raises(FiscalUncertain) as caught:
        device.register_sale(last_before_closing)
    assert caught.value.problems[0].facts["paper"] == "out"
    double.memory.paper_code = 0
    receipt = device.register_sale(last_before_closing)
    assert receipt.receipt_number == 1
    assert len(double.memory.receipts) == 1
