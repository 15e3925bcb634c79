"""Jobs on their way to a printer: files, sockets, and what goes wrong there."""

import socket
import threading
from pathlib import Path

import pytest

from devices.print_samples import POLISH
from kontuar.devices.failures import DeviceFailure, PartlyPrinted
from kontuar.devices.printer_double import PrinterDouble
from kontuar.devices.printers import EscPosPrinter, PulseDrawer
from kontuar.devices.printing.escpos import Paper, receipt_bytes
from kontuar.devices.transports import FilePrinter, NetworkPrinter

PAPER = Paper(columns=42)


def test_jobs_are_appended_to_a_file_in_order(tmp_path: Path) -> None:
    printer = FilePrinter(tmp_path / "jobs")
    printer.send(b"one")
    printer.send(b"two")
    assert (tmp_path / "jobs").read_bytes() == b"onetwo"


def test_a_printer_that_is_not_plugged_in_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DeviceFailure) as caught:
        FilePrinter(tmp_path / "usb" / "lp0").send(b"job")
    assert caught.value.problems[0].code == "printer.unavailable"
    assert caught.value.problems[0].facts["reason"] == "ENOENT"


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs Linux's /dev/full")
def test_a_character_device_without_room_is_out_of_paper() -> None:
    with pytest.raises(DeviceFailure) as caught:
        FilePrinter(Path("/dev/full")).send(b"job")
    assert caught.value.problems[0].code == "printer.paper_out"


def test_a_network_printer_receives_the_whole_job() -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        paper = threading.Thread(target=lambda: received.append(_read_all(listener)))
        paper.start()
        job = receipt_bytes(POLISH, PAPER) * 50
        NetworkPrinter("127.0.0.1", listener.getsockname()[1]).send(job)
        paper.join(timeout=5)
    assert received == [job]


def test_a_network_printer_that_is_off_is_unavailable_and_nothing_was_printed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DeviceFailure) as caught:
        NetworkPrinter("127.0.0.1", port, connect_seconds=0.5).send(b"job")
    assert caught.value.problems[0].code == "printer.unavailable"
    assert not isinstance(caught.value, PartlyPrinted)


def test_a_network_printer_that_stops_reading_makes_the_print_partly_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        printer = NetworkPrinter("127.0.0.1", listener.getsockname()[1], send_seconds=0.2)
        with pytest.raises(PartlyPrinted) as caught:
            printer.send(b"x" * 20_000_000)
    assert caught.value.problems[0].facts["reason"] == "timeout"


def test_a_receipt_reaches_the_paper_and_opens_the_drawer_once() -> None:
    paper = PrinterDouble()
    EscPosPrinter(paper, PAPER).print(POLISH, open_drawer=True)
    assert paper.jobs == [receipt_bytes(POLISH, PAPER, open_drawer=True)]
    assert paper.drawer_openings == 1


def test_the_drawer_opens_by_the_printers_pulse() -> None:
    paper = PrinterDouble()
    PulseDrawer(paper).open()
    assert paper.drawer_openings == 1


def test_an_offline_printer_refuses_and_prints_nothing() -> None:
    paper = PrinterDouble()
    paper.offline = True
    with pytest.raises(DeviceFailure) as caught:
        EscPosPrinter(paper, PAPER).print(POLISH)
    assert caught.value.problems[0].code == "printer.unavailable"
    assert paper.jobs == []


def test_the_end_of_the_roll_leaves_a_scrap_then_nothing() -> None:
    paper = PrinterDouble()
    paper.paper_left_bytes = 100
    printer = EscPosPrinter(paper, PAPER)
    with pytest.raises(PartlyPrinted) as partly:
        printer.print(POLISH)
    assert partly.value.problems[0].code == "printer.paper_out"
    with pytest.raises(DeviceFailure) as empty:
        printer.print(POLISH)
    assert not isinstance(empty.value, PartlyPrinted)
    assert ([len(scrap) for scrap in paper.scraps], paper.jobs) == ([100], [])


def test_after_a_jam_the_whole_document_is_printed_again() -> None:
    paper = PrinterDouble()
    paper.jam_after_bytes = 50
    printer = EscPosPrinter(paper, PAPER)
    with pytest.raises(PartlyPrinted):
        printer.print(POLISH)
    printer.print(POLISH)
    assert paper.jobs == [receipt_bytes(POLISH, PAPER)]


def _read_all(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)
