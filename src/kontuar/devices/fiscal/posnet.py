"""Driver of fiscal printers that speak the POSNET formatted protocol over TCP (SALE-05).

The rule that it keeps: **no sale is registered twice while the device can be asked.** The counter of finished
receipts is read before each attempt. When the conversation breaks, the device is asked again on a new
connection: an open receipt is cancelled, then the counter tells. Counter unchanged: surely not registered, so
the sale may be tried again. Counter one higher and the registers show this sale's sums: registered, and only
the answer was lost. Anything else, or no answer at all after the closing command went out: `FiscalUncertain`,
and a person decides.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from kontuar.devices.failures import FiscalUncertain, failure, uncertain
from kontuar.devices.fiscal.device_errors import DeviceAnswer
from kontuar.devices.fiscal.link import PosnetLink
from kontuar.devices.fiscal.registers import (
    Counters,
    counters_from,
    header_from,
    is_true,
    paper_from,
    transaction_from,
)
from kontuar.devices.fiscal.sale_commands import (
    check_sale,
    closing_command,
    footer_commands,
    opening_commands,
    too_short,
    totals_by_letter,
)
from kontuar.devices.fiscal.vat_letters import rates_from
from kontuar.devices.wire import LinkBroken
from kontuar.operations.ports.devices import DailyReport, FiscalReceipt, FiscalSale, FiscalStatus

ATTEMPTS = 2
REMEMBERED_RECEIPTS = 500
NOTHING_TO_REPORT = 382
_STUCK = {"out": "fiscal.paper_out", "cover_open": "fiscal.cover_open", "fault": "fiscal.fault"}


class PosnetDevice:
    """One device; calls from several threads wait for each other."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        minimum_name_length: int = 5,
        connect_seconds: float = 3.0,
        answer_seconds: float = 30.0,
        recovery_pauses_seconds: Sequence[float] = (0.2, 1.0, 3.0),
    ) -> None:
        self._address = (host, port)
        self._minimum_name_length = minimum_name_length
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._recovery_pauses_seconds = tuple(recovery_pauses_seconds)
        self._lock = threading.Lock()
        self._registered: OrderedDict[str, FiscalReceipt] = OrderedDict()
        self._open_question: tuple[FiscalSale, int] | None = None

    @property
    def minimum_name_length(self) -> int:
        """Shorter names are refused (SALE-05)."""
        return self._minimum_name_length

    def short_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those that are too short, in order."""
        return tuple(name for name in names if too_short(name, self._minimum_name_length))

    def register_sale(self, sale: FiscalSale) -> FiscalReceipt:
        """Register and print; a sale that this driver has registered is answered from memory.

        Raises `DeviceFailure` (surely not registered) or `FiscalUncertain` (with `receipts_before`).
        """
        check_sale(sale, self._minimum_name_length)
        with self._lock:
            if sale.doc_id not in self._registered:
                self._settle_open_question()
            known = self._registered.get(sale.doc_id)
            return known or self._register(sale)

    def find_out(self, sale: FiscalSale, receipts_before: int) -> FiscalReceipt | None:
        """Was the sale registered after the device stood at `receipts_before`? None = surely not.

        Raises `FiscalUncertain` when the device cannot be asked or has moved on.
        """
        with self._lock:
            receipt = self._after_break(sale, receipts_before, closing_sent=True)
            return self._remember(sale, receipt) if receipt else None

    def status(self) -> FiscalStatus:
        """Ask for everything at once; raises `fiscal.unreachable`."""
        with self._lock, self._conversation() as link:
            state = link.ask("scomm")
            identity = link.ask("sid")
            counters = counters_from(link.ask("scnt"))
            near_end = is_true(link.ask("!sdev").get("pe", "0"))
            return FiscalStatus(
                device=identity.get("nm", ""),
                version=identity.get("vr", ""),
                device_number=counters.device_number,
                fiscal_mode=is_true(state.get("fs", "")),
                read_only=is_true(state.get("td", "")),
                transaction_open=state.get("ts", "0") != "0",
                paper=paper_from(link.ask("!sprn"), near_end),
                receipts=counters.receipts,
                daily_reports=counters.daily_reports,
            )

    def daily_report(self) -> DailyReport:
        """Close the fiscal day; asked again after a broken conversation, it is never made twice."""
        with self._lock:
            with self._conversation() as link:
                before = counters_from(link.ask("scnt")).daily_reports
                day = link.ask("rtcget").get("da", "")[:10]
                try:
                    link.ask("dailyrep", (("da", day),))
                    return DailyReport(number=before + 1, made=True)
                except DeviceAnswer as refusal:
                    if refusal.number == NOTHING_TO_REPORT:
                        return DailyReport(number=before, made=False)
                    raise refusal.failure() from refusal
                except LinkBroken:
                    pass  # asked below, on a new connection
            return self._report_after_break(before)

    def header(self) -> tuple[str, ...]:
        """The header's lines without formatting."""
        with self._lock, self._conversation() as link:
            return header_from(link.ask("hdrget"))

    def vat_rates(self) -> Mapping[str, Decimal | None]:
        """Per cent by letter; None = exempt."""
        with self._lock, self._conversation() as link:
            return rates_from(link.ask("vatget"))

    # -- one sale -------------------------------------------------------------------------------------------

    def _register(self, sale: FiscalSale) -> FiscalReceipt:
        for _ in range(ATTEMPTS):
            receipt = self._attempt(sale)
            if receipt:
                return self._remember(sale, receipt)
        raise failure("fiscal.unreachable", device=self._name(), reason="the connection keeps breaking")

    def _attempt(self, sale: FiscalSale) -> FiscalReceipt | None:
        """One try; None = it broke off and the sale is surely not registered."""
        refusal: DeviceAnswer | None = None
        closing_sent = False
        with self._conversation() as link:
            before = self._made_ready(link)
            try:
                for command in opening_commands(sale):
                    link.ask(command.name, command.fields)
                closing_sent = True
                closing = closing_command(sale)
                link.ask(closing.name, closing.fields)
                for command in footer_commands(sale):
                    link.ask(command.name, command.fields)
                return _receipt(counters_from(link.ask("scnt")), recovered=False)
            except DeviceAnswer as answer:
                refusal = answer
            except LinkBroken:
                pass  # the device is asked below what it has done
        receipt = self._after_break(sale, before.receipts, closing_sent=closing_sent)
        if refusal and not receipt:
            raise refusal.failure() from refusal
        return receipt

    def _made_ready(self, link: PosnetLink) -> Counters:
        """Paper is there, no receipt is open; the counters before the sale."""
        paper = paper_from(link.ask("!sprn"))
        if paper in _STUCK:
            raise failure(_STUCK[paper], device=self._name())
        _close_open_receipt(link)
        return counters_from(link.ask("scnt"))

    # -- after a break --------------------------------------------------------------------------------------

    def _after_break(self, sale: FiscalSale, before: int, *, closing_sent: bool) -> FiscalReceipt | None:
        """Ask the device, several times if need be, whether the sale is registered; None = surely not."""
        for pause_seconds in self._recovery_pauses_seconds:
            time.sleep(pause_seconds)
            try:
                with PosnetLink(self._address, self._connect_seconds, self._answer_seconds) as link:
                    return _registered_since(link, sale, before)
            except (LinkBroken, DeviceAnswer):
                continue  # still busy or away
        paper = self._paper_now()
        if not closing_sent:
            code = _STUCK.get(paper, "fiscal.unreachable")
            raise failure(code, device=self._name(), reason="the connection broke")
        self._open_question = (sale, before)
        raise uncertain(
            "fiscal.uncertain",
            device=self._name(),
            doc_id=sale.doc_id,
            receipts_before=before,
            paper=paper,
        )

    def _settle_open_question(self) -> None:
        """Before anything new is printed, learn what became of the sale that was left uncertain."""
        if self._open_question is None:
            return
        sale, before = self._open_question
        try:
            with PosnetLink(self._address, self._connect_seconds, self._answer_seconds) as link:
                receipt = _registered_since(link, sale, before)
        except (LinkBroken, DeviceAnswer) as fault:
            raise failure("fiscal.unreachable", device=self._name(), reason=fault) from fault
        except FiscalUncertain:
            self._open_question = None  # the device has moved on: only the person knows now
            return
        self._open_question = None
        if receipt:
            self._remember(sale, receipt)

    def _report_after_break(self, before: int) -> DailyReport:
        for pause_seconds in self._recovery_pauses_seconds:
            time.sleep(pause_seconds)
            try:
                with PosnetLink(self._address, self._connect_seconds, self._answer_seconds) as link:
                    now = counters_from(link.ask("scnt")).daily_reports
            except (LinkBroken, DeviceAnswer):
                continue
            if now > before:
                return DailyReport(number=now, made=True)
            break
        raise failure("fiscal.unreachable", device=self._name(), reason="the connection broke during the report")

    # -- small things ---------------------------------------------------------------------------------------

    def _conversation(self) -> "_Conversation":
        return _Conversation(self._name(), self._address, self._connect_seconds, self._answer_seconds)

    def _remember(self, sale: FiscalSale, receipt: FiscalReceipt) -> FiscalReceipt:
        self._registered[sale.doc_id] = receipt
        while len(self._registered) > REMEMBERED_RECEIPTS:
            self._registered.popitem(last=False)
        return receipt

    def _paper_now(self) -> str:
        try:
            with PosnetLink(self._address, self._connect_seconds, self._connect_seconds) as link:
                return paper_from(link.ask("!sprn"))
        except (LinkBroken, DeviceAnswer):
            return "unknown"

    def _name(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"


class _Conversation:
    """A connection on which a break means *unreachable* and a device's *no* is a refusal."""

    def __init__(self, name: str, address: tuple[str, int], connect_seconds: float, answer_seconds: float) -> None:
        self._name = name
        self._address = address
        self._seconds = (connect_seconds, answer_seconds)

    def __enter__(self) -> PosnetLink:
        try:
            self._link = PosnetLink(self._address, *self._seconds)
        except LinkBroken as fault:
            raise failure("fiscal.unreachable", device=self._name, reason=fault.reason) from fault
        return self._link

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        self._link.close()
        if isinstance(fault, LinkBroken):
            raise failure("fiscal.unreachable", device=self._name, reason=fault.reason) from fault
        if isinstance(fault, DeviceAnswer):
            raise fault.failure() from fault


def _receipt(counters: Counters, *, recovered: bool) -> FiscalReceipt:
    return FiscalReceipt(
        receipt_number=counters.last_receipt,
        print_number=counters.last_print,
        device_number=counters.device_number,
        recovered=recovered,
    )


def _close_open_receipt(link: PosnetLink) -> None:
    """End the print of a registered receipt, cancel one that is not; then the counters are final."""
    transaction = transaction_from(link.ask("strns"))
    if transaction.footer_open:
        link.ask("trftrend")
    elif transaction.open:
        link.ask("prncancel")
    else:
        return
    if transaction_from(link.ask("strns")).open:
        raise LinkBroken("a receipt stays open", connected=True)


def _registered_since(link: PosnetLink, sale: FiscalSale, before: int) -> FiscalReceipt | None:
    _close_open_receipt(link)
    counters = counters_from(link.ask("scnt"))
    if counters.receipts == before:
        return None
    if counters.receipts == before + 1 and _shows(link, sale):
        return _receipt(counters, recovered=True)
    raise uncertain("fiscal.counters_moved", doc_id=sale.doc_id, receipts_before=before, receipts_now=counters.receipts)


def _shows(link: PosnetLink, sale: FiscalSale) -> bool:
    """Do the registers of the last receipt hold this sale's sums? A discount on the whole receipt is spread
    over the rates by the device, so then only the total is compared."""
    totals = transaction_from(link.ask("strns")).totals
    if sale.discount:
        return sum(totals.values()) == sale.total
    return dict(totals) == totals_by_letter(sale)
