"""The receipt printer and the drawer that hangs on it."""

from kontuar.devices.printing.escpos import Paper, drawer_bytes, receipt_bytes
from kontuar.devices.transports import Transport
from kontuar.operations.print_model import PrintModel


class EscPosPrinter:
    """Draws print models as ESC/POS and hands them to a transport."""

    def __init__(self, transport: Transport, paper: Paper) -> None:
        self._transport = transport
        self._paper = paper

    def print(self, model: PrintModel, *, open_drawer: bool = False) -> None:
        """One job per document; raises `DeviceFailure` or `PartlyPrinted`."""
        self._transport.send(receipt_bytes(model, self._paper, open_drawer=open_drawer))


class PulseDrawer:
    """A drawer opened by a pulse of the receipt printer."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open(self) -> None:
        """Send the pulse; raises `DeviceFailure` when the printer cannot be reached."""
        self._transport.send(drawer_bytes())


class NoDrawer:
    """A station without a drawer."""

    def open(self) -> None:
        """Nothing happens."""
