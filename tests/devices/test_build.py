"""A station's devices, made from its settings."""

from decimal import Decimal
from pathlib import Path

import pytest

from devices.print_samples import POLISH
from kontuar.devices.build import DeviceSettings, build_devices
from kontuar.devices.failures import DeviceFailure
from kontuar.devices.fiscal.double import Fault
from kontuar.kernel.money import Minor
from kontuar.operations.ports.devices import FiscalLine, FiscalSale


def test_a_station_without_devices_prints_into_nothing_and_has_no_terminal() -> None:
    devices = build_devices(DeviceSettings())
    devices.printer.print(POLISH, open_drawer=True)
    devices.drawer.open()
    assert (devices.fiscal, devices.card) == (None, None)


def test_doubles_speak_the_real_protocols_and_take_orders_for_faults() -> None:
    devices = build_devices(DeviceSettings(printer="double", fiscal="double", card="double", drawer="printer"))
    try:
        assert devices.fiscal
        assert devices.card
        assert devices.doubles.fiscal
        assert devices.doubles.card
        assert devices.doubles.printer
        devices.doubles.fiscal.order(Fault(kind="drop_after", command="trend"))
        line = FiscalLine(name="Chleb", quantity=Decimal(1), unit_price=Minor(500), value=Minor(500), vat_letter="B")
        sale = FiscalSale(doc_id="d1", system_number="PAR/1", lines=(line,), total=Minor(500))
        assert devices.fiscal.register_sale(sale).recovered
        assert devices.card.pay(Minor(500), "PLN", "op1").outcome == "approved"
        assert devices.doubles.card.taken() == 500
        devices.drawer.open()
        assert devices.doubles.printer.drawer_openings == 1
    finally:
        devices.close()


def test_a_file_printer_writes_where_it_is_told(tmp_path: Path) -> None:
    devices = build_devices(DeviceSettings(printer=f"file:{tmp_path / 'jobs'}", columns=32))
    devices.printer.print(POLISH)
    assert (tmp_path / "jobs").read_bytes().startswith(b"\x1b@")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("printer", "usb"),
        ("printer", "tcp:host"),
        ("printer", "file:"),
        ("fiscal", "posnet:host:port"),
        ("card", "zvt:host:99999"),
        ("drawer", "hammer"),
        ("columns", 40),
        ("code_page", "CP437"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_its_name(setting: str, value: object) -> None:
    with pytest.raises(DeviceFailure) as caught:
        build_devices(DeviceSettings(**{setting: value}))  # type: ignore[arg-type]
    assert caught.value.problems[0].code == "device.setting"
    assert caught.value.problems[0].facts["setting"] == setting
