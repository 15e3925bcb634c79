"""The devices of a station, made from its settings.

`double` starts an in-process device on a loopback port and connects the real driver to it, so that a
demonstration uses the real protocol; `Devices.doubles` is where its faults are ordered.
"""

from pathlib import Path

import msgspec

from kontuar.devices.card.double import ZvtDouble
from kontuar.devices.card.zvt import ZvtTerminal
from kontuar.devices.failures import failure
from kontuar.devices.fiscal.double import PosnetDouble
from kontuar.devices.fiscal.double_memory import PosnetMemory
from kontuar.devices.fiscal.posnet import PosnetDevice
from kontuar.devices.printer_double import PrinterDouble
from kontuar.devices.printers import EscPosPrinter, NoDrawer, PulseDrawer
from kontuar.devices.printing.escpos import CODE_PAGES, COLUMNS, CodePage, Paper
from kontuar.devices.transports import FilePrinter, NetworkPrinter, NullPrinter, Transport
from kontuar.operations.ports.devices import CardTerminal, CashDrawer, FiscalDevice, ReceiptPrinter


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a station.

    `printer`: `none`, `file:PATH`, `tcp:HOST:PORT` or `double`; `fiscal`: `none`, `posnet:HOST:PORT` or
    `double`; `card`: `none`, `zvt:HOST:PORT` or `double`; `drawer`: `none` or `printer`.
    """

    printer: str = "none"
    fiscal: str = "none"
    card: str = "none"
    drawer: str = "none"
    columns: int = 48
    code_page: CodePage = "CP852"
    minimum_fiscal_name_length: int = 5
    currency: str = "PLN"
    card_password: int = 0
    card_double_seconds: float = 0.0
    """How long the customer of the card double takes."""


class Doubles(msgspec.Struct, frozen=True, kw_only=True):
    """Doubles that run in this process; None where a real device or none is used."""

    printer: PrinterDouble | None = None
    fiscal: PosnetDouble | None = None
    card: ZvtDouble | None = None


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """What a station has; `fiscal` and `card` are None where there is none (people are asked: PAY-05)."""

    printer: ReceiptPrinter
    drawer: CashDrawer
    fiscal: FiscalDevice | None
    card: CardTerminal | None
    doubles: Doubles
    settings: DeviceSettings = DeviceSettings()

    def close(self) -> None:
        """Stop the doubles."""
        for double in (self.doubles.fiscal, self.doubles.card):
            if double is not None:
                double.stop()


def build_devices(settings: DeviceSettings) -> Devices:
    """Make them all; raises `device.setting` for a setting that cannot be read."""
    if settings.columns not in COLUMNS:
        raise failure("device.setting", setting="columns", value=settings.columns)
    if settings.code_page not in CODE_PAGES:
        raise failure("device.setting", setting="code_page", value=settings.code_page)
    if settings.drawer not in ("none", "printer"):
        raise failure("device.setting", setting="drawer", value=settings.drawer)
    transport = _transport(settings.printer)
    fiscal, fiscal_double = _fiscal(settings)
    card, card_double = _card(settings)
    paper = Paper(columns=settings.columns, code_page=settings.code_page)
    return Devices(
        printer=EscPosPrinter(transport, paper),
        drawer=PulseDrawer(transport) if settings.drawer == "printer" else NoDrawer(),
        fiscal=fiscal,
        card=card,
        doubles=Doubles(
            printer=transport if isinstance(transport, PrinterDouble) else None,
            fiscal=fiscal_double,
            card=card_double,
        ),
        settings=settings,
    )


def _transport(setting: str) -> Transport:
    kind, _, rest = setting.partition(":")
    if kind == "none":
        return NullPrinter()
    if kind == "double":
        return PrinterDouble()
    if kind == "file" and rest:
        return FilePrinter(Path(rest))
    if kind == "tcp":
        return NetworkPrinter(*_address("printer", setting))
    raise failure("device.setting", setting="printer", value=setting)


def _fiscal(settings: DeviceSettings) -> tuple[PosnetDevice | None, PosnetDouble | None]:
    minimum = settings.minimum_fiscal_name_length
    if settings.fiscal == "none":
        return None, None
    if settings.fiscal == "double":
        double = PosnetDouble(memory=PosnetMemory(minimum_name_length=minimum))
        return PosnetDevice("127.0.0.1", double.port, minimum_name_length=minimum), double
    if settings.fiscal.startswith("posnet:"):
        return PosnetDevice(*_address("fiscal", settings.fiscal), minimum_name_length=minimum), None
    raise failure("device.setting", setting="fiscal", value=settings.fiscal)


def _card(settings: DeviceSettings) -> tuple[ZvtTerminal | None, ZvtDouble | None]:
    if settings.card == "none":
        return None, None
    if settings.card == "double":
        double = ZvtDouble(delay_seconds=settings.card_double_seconds)
        return ZvtTerminal("127.0.0.1", double.port, currency=settings.currency), double
    if settings.card.startswith("zvt:"):
        host, port = _address("card", settings.card)
        return ZvtTerminal(host, port, currency=settings.currency, password=settings.card_password), None
    raise failure("device.setting", setting="card", value=settings.card)


def _address(name: str, setting: str) -> tuple[str, int]:
    host, _, port = setting.partition(":")[2].rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise failure("device.setting", setting=name, value=setting)
    return host, int(port)
