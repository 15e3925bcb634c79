"""The devices of a station, driven outside the database thread: fiscal device, printer, drawer, card terminal.

Each device has one thread of its own; what happens to a document is done under that document's lock. A failure is
written into the document's history and told as a note: the sale stands whatever the devices do (SALE-05).
"""

import asyncio
import datetime
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, TypeVar, cast
from weakref import WeakValueDictionary

import msgspec
import structlog

from kontuar.devices.build import Devices
from kontuar.devices.failures import PartlyPrinted
from kontuar.devices.printing.pdf import Form, pdf
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.nodes.card_desk import CardDesk
from kontuar.nodes.fiscal_desk import ITSELF, WRITER, FiscalDesk
from kontuar.nodes.second_copy_desk import NobodyElse, SecondCopyDesk
from kontuar.operations.actor import Actor
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.second_copy import SecondCopy
from kontuar.operations.ports.station import StoredDocument
from kontuar.operations.ports.station.copies import CopyDue
from kontuar.operations.print_model import PrintModel
from kontuar.operations.station import fiscalising, own_documents, payments, shifts
from kontuar.operations.station.payments import CardRequest
from kontuar.operations.station.station import Station
from kontuar.storage.failures import StorageFailure
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model
from kontuar.web.prints.sample import sample_model
from kontuar.web.prints.scene import PrintScene, scene_of
from kontuar.web.prints.shifts import shift_model

WAIT_SECONDS: Final = 3.0
"""How long an answer waits for the devices; what is not done by then goes on in the background."""
COPY_SECONDS: Final = 0.5
"""How long an answer waits for a second copy: usually it is there by then, and nobody has to be told of it."""
FRESH: Final = datetime.timedelta(minutes=2)
"""An approval repeated later than this (a lost answer, a curious client) starts no device."""
REMEMBERED: Final = 500
SERVED: Final = 20
FORMS: Final = ("roll", "page")
_log = structlog.get_logger("devices")
Result = TypeVar("Result")


class StationDevices:
    """`DeviceDesk` over what stands at the station."""

    def __init__(
        self, station: Station, run: Runner, devices: Devices, *, wait_seconds: float = WAIT_SECONDS,
        second_copy: SecondCopy | None = None,
    ) -> None:  # fmt: skip
        """`second_copy`: who can hold one; None = this till stands alone."""
        self._station = station
        self._run = run
        self._devices = devices
        self._wait_seconds = wait_seconds
        self._printer_thread = ThreadPoolExecutor(1, thread_name_prefix="printer")
        self._cards = CardDesk(station, run, devices.card)
        self._fiscal = FiscalDesk(station, run, devices.fiscal) if devices.fiscal is not None else None
        self._copies = SecondCopyDesk(station, run, second_copy or NobodyElse())
        self._serving: dict[str, asyncio.Task[tuple[Problem, ...]]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._background: set[asyncio.Task[Any]] = set()

    # -- after approval -------------------------------------------------------------------------------------
    async def after_approval(self, actor: Actor, document: Document) -> tuple[Problem, ...]:
        """Drawer, then fiscal device and print once there is a second copy, as set up (REL-21).

        Answers within `wait_seconds`, or as soon as it is clear that the copy takes its time; the rest goes on.
        """
        if self._stands_alone() and not await self._copies.is_due(document.doc_id):
            return ()
        if self._is_fresh(document):
            self._begin_to_serve(_writer(actor), document)
        return await self.after_issue(document.doc_id, patience_seconds=COPY_SECONDS)

    async def after_issue(self, doc_id: str, *, patience_seconds: float = WAIT_SECONDS) -> tuple[Problem, ...]:
        """What became of what follows an approval, as far as it has come; a second copy is waited for that long."""
        task = self._serving.get(doc_id)
        if task is None:
            return ()
        pauses = sorted((patience_seconds, self._wait_seconds))
        for pause in (pauses[0], pauses[1] - pauses[0]):
            if not task.done():
                await asyncio.wait({task}, timeout=pause)
            if task.done():
                return task.result()
            if told := self._copies.waiting(doc_id):
                return told
        return (Problem("device.still_working"),)

    def _begin_to_serve(self, actor: Actor, document: Document, *, drawer: bool = True) -> None:
        task = self._serving[document.doc_id] = self._kept(self._serve(actor, document, drawer=drawer))
        task.add_done_callback(lambda _: self._forget_served())

    def _forget_served(self) -> None:
        """The latest stay for whoever asks what became of it."""
        finished = [doc_id for doc_id, task in self._serving.items() if task.done()]
        for doc_id in finished[:-SERVED]:
            del self._serving[doc_id]

    async def after_assignment(self, form: str) -> tuple[Problem, ...]:
        """Money went to a form: the drawer opens now where approving does not open it (PAY-04)."""
        if not await self._run(_opens_on_assignment, self._station, form):
            return ()
        return await self._tried(self._open_drawer())

    async def resume(self) -> None:
        """Ask the fiscal device about every sale that was under way when the station stopped (REL-04).

        Card operations that were open then may have been charged: they are only asked about (PAY-05). What waited for a
        second copy goes on waiting and is issued then (REL-21).
        """
        await self._cards.resume()
        if self._fiscal is not None:
            await self._fiscal.resume()
        for _, document in await self._copies.left_over():  # it stopped while they waited for a second copy
            if document.doc_id not in self._serving:
                self._remember_begun(document.doc_id)
                self._begin_to_serve(ITSELF, document, drawer=False)

    async def _serve(self, actor: Actor, document: Document, *, drawer: bool) -> tuple[Problem, ...]:
        plan = await self._run(_plan, self._station, document)
        opening = self._tried(self._open_drawer()) if drawer and plan.drawer else _nothing()
        told = await asyncio.gather(opening, self._registered(actor, document, plan))
        notes = [note for each in told for note in each]
        if plan.paper and self._devices.settings.printer != "none":
            notes += await self._tried(self._printed(actor, document.doc_id))
        if plan.due is not None:
            await self._copies.issued(document.doc_id)
        return tuple(notes)

    async def _registered(self, actor: Actor, document: Document, plan: "_Plan") -> tuple[Problem, ...]:
        """The fiscal receipt is the issue of a sale: the wait for a second copy comes before it."""
        notes: tuple[Problem, ...] = ()
        if plan.due is not None:
            notes = await self._copies.before_issue(actor, document, plan.due)
        if plan.fiscal and self._fiscal is not None:
            notes += await self._tried(self._fiscalised(actor, document.doc_id))
        return notes

    async def _after_waiting(self, doc_id: str) -> None:
        """A print by hand comes no earlier than the one that waits for a second copy."""
        task = self._serving.get(doc_id)
        if task is not None and self._copies.waiting(doc_id):
            await asyncio.wait({task})

    def _stands_alone(self) -> bool:
        """No printer, drawer or fiscal device is set up: nothing follows an approval."""
        settings = self._devices.settings
        return self._fiscal is None and (settings.printer, settings.drawer) == ("none", "none")

    def _is_fresh(self, document: Document) -> bool:
        """Whether this approval has just happened and is not the repetition of one."""
        if document.doc_id in self._begun or document.approved_at is None:
            return False
        self._remember_begun(document.doc_id)
        return self._station.clock.now() - document.approved_at < FRESH

    def _remember_begun(self, doc_id: str) -> None:
        self._begun[doc_id] = None
        if len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)

    # -- fiscal device --------------------------------------------------------------------------------------
    async def fiscalise(self, actor: Actor, doc_id: str, *, sure: bool = False) -> None:
        """Register and print now, or learn that it was done before (SALE-05).

        `sure`: a person looked at the paper of a device that could not tell, and the sale is not on it.
        Raises `Refused("right.missing" | "fiscal.not_waiting" | "fiscal.not_set_up" | "fiscal.…")`.
        """
        actor.require(rights.REFISCALISE, doc_id)
        await self._after_waiting(doc_id)
        stored = await self._run(own_documents.preview, self._station, actor, doc_id)
        if stored.row.fiscal != "waiting":
            raise refuse("fiscal.not_waiting", number=stored.document.number)
        await asyncio.shield(self._kept(self._fiscalised(_writer(actor), doc_id, sure=sure)))

    async def _fiscalised(self, actor: Actor, doc_id: str, *, sure: bool = False) -> None:
        if self._fiscal is None:
            raise refuse("fiscal.not_set_up")
        async with self._lock_of(doc_id):
            await self._fiscal.fiscalise(actor, doc_id, sure=sure)

    # -- prints ---------------------------------------------------------------------------------------------
    async def print_document(self, actor: Actor, doc_id: str) -> None:
        """Print on the receipt printer; from the second time on as a copy (DOC-32)."""
        await self._run(own_documents.preview, self._station, actor, doc_id)
        self._require_printer()
        await self._after_waiting(doc_id)
        await asyncio.shield(self._kept(self._printed(actor, doc_id)))

    async def print_shift(self, actor: Actor, shift_id: str) -> None:
        """Print the report of a closed shift, or the summary of the open one."""
        self._require_printer()
        model = await self.shift_model(actor, shift_id)
        await self._on_printer(self._devices.printer.print, model)

    async def test_print(self, actor: Actor) -> None:
        """A page that shows the letters, the widths and a code; nothing is counted."""
        actor.require(rights.OWN_DOCUMENTS)
        self._require_printer()
        scene = await self._run(scene_of, self._station)
        now = self._station.clock.now()
        await self._on_printer(self._devices.printer.print, sample_model(scene, texts(scene.language), now))

    async def pdf(self, actor: Actor, doc_id: str, form: str) -> bytes:
        """The document as a PDF: `roll` or `page`; raises `Refused("print.form_unknown")`."""
        _require_form(form)
        return await self.pdf_of(await self.print_model(actor, doc_id), form)

    async def pdf_of(self, model: PrintModel, form: str) -> bytes:
        """A print model as a PDF: `roll` or `page`; raises `Refused("print.form_unknown")`."""
        _require_form(form)
        return await asyncio.to_thread(pdf, model, cast("Form", form))

    async def print_model_on_paper(self, model: PrintModel) -> None:
        """A print model on the receipt printer; nothing is counted."""
        self._require_printer()
        await self._on_printer(self._devices.printer.print, model)

    async def print_model(self, actor: Actor, doc_id: str) -> PrintModel:
        """The model that every print of the document is drawn from, in the customer's language."""
        stored = await self._run(own_documents.preview, self._station, actor, doc_id)
        return _model(stored, await self._run(scene_of, self._station))

    async def shift_model(self, actor: Actor, shift_id: str) -> PrintModel:
        """The print of a shift's report; raises `Refused("shift.not_found")`."""
        report = await self._run(shifts.report, self._station, actor, shift_id)
        scene = await self._run(scene_of, self._station)
        return shift_model(report, scene, texts(scene.language))

    async def _printed(self, actor: Actor, doc_id: str) -> None:
        """Counted once something is on paper: a printer without paper makes no copies of nothing."""
        async with self._lock_of(doc_id):
            model = await self.print_model(actor, doc_id)
            try:
                await self._on_printer(self._devices.printer.print, model)
            except PartlyPrinted:
                await self._run(own_documents.count_print, self._station, actor, doc_id, "printer")
                raise
            await self._run(own_documents.count_print, self._station, actor, doc_id, "printer")

    def _require_printer(self) -> None:
        if self._devices.settings.printer == "none":
            raise refuse("printer.not_set_up")

    # -- drawer ---------------------------------------------------------------------------------------------
    async def open_drawer(self, actor: Actor) -> None:
        """By hand: needs the right, and head office is told before the drawer opens."""
        actor.require(rights.OPEN_DRAWER)
        if self._devices.settings.drawer == "none":
            raise refuse("drawer.not_set_up")
        grant = actor.granted(rights.OPEN_DRAWER, "")
        allowed_by = grant.operator if grant else ""
        event = partial(self._station.event, allowed_by=allowed_by) if allowed_by else self._station.event
        await self._run(event, "drawer.opened_by_hand", actor.operator)
        await self._open_drawer()

    async def _open_drawer(self) -> None:
        await self._on_printer(self._devices.drawer.open)

    # -- cards ----------------------------------------------------------------------------------------------
    async def pay_by_card(self, actor: Actor, request: CardRequest) -> Document:
        """Ask the terminal and write down its answer, even when nobody waits for it any more (PAY-05)."""
        return await asyncio.shield(self._kept(self._cards.pay(actor, request)))

    async def ask_card_again(self, actor: Actor, doc_id: str, operation_id: str) -> Document:
        """Ask the terminal about an operation whose end nobody learned; still unknown, it stays open."""
        return await self._cards.ask_again(actor, doc_id, operation_id)

    # -- all of them ----------------------------------------------------------------------------------------
    def states(self) -> dict[str, str]:
        """Name of each device → what it is set up as."""
        settings = self._devices.settings
        return {
            "printer": settings.printer, "drawer": settings.drawer, "fiscal": settings.fiscal, "card": settings.card,
        }  # fmt: skip

    async def close(self) -> None:
        """Wait for what runs in the background, then let the threads go."""
        if self._background:
            await asyncio.wait(set(self._background), timeout=self._wait_seconds)
        self._printer_thread.shutdown(wait=False)
        self._cards.close()
        if self._fiscal is not None:
            self._fiscal.close()

    async def _on_printer(self, call: Callable[..., Result], *given: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._printer_thread, partial(call, *given))

    async def _tried(self, work: Coroutine[Any, Any, None]) -> tuple[Problem, ...]:
        """What a device could not do, as notes."""
        try:
            await work
        except Refused as failure:
            _log.warning("devices.failed", codes=[problem.code for problem in failure.problems])
            return failure.problems
        except StorageFailure as failure:  # the sale stands: what cannot be noted is told, and is no error of it
            _log.error("devices.not_noted", code=failure.code)
            return (Problem(failure.code),)
        return ()

    def _kept(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """A task that ends whoever stops waiting for it."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[Any]") -> None:
        self._background.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None and not isinstance(fault, Refused):
            _log.error("devices.bug", exc_info=fault)

    def _lock_of(self, doc_id: str) -> AbstractAsyncContextManager[None]:
        lock = self._locks.get(doc_id)
        if lock is None:
            lock = self._locks[doc_id] = asyncio.Lock()
        return lock


class _Plan(msgspec.Struct, frozen=True):
    fiscal: bool
    paper: bool
    drawer: bool
    due: CopyDue | None


def _plan(station: Station, document: Document) -> _Plan:
    """What follows an approval: nothing that was already tried or printed."""
    kind = type_of(document.type)
    stored = station.books.documents.find(document.doc_id)
    parameters = station.parameters()
    attempt = fiscalising.attempt(station, document.doc_id)
    drawer = payments.opens_drawer(station, document)
    return _Plan(
        fiscal=attempt is not None and not attempt.tried,
        paper=kind.family != "goods" and parameters.yes("print.automatic") and stored is not None and not stored.prints,
        drawer=drawer and (not kind.paid or parameters.yes("payment.close_automatically")),
        due=station.books.copies.due_of(document.doc_id),
    )


async def _nothing() -> tuple[Problem, ...]:
    return ()


def _opens_on_assignment(station: Station, form: str) -> bool:
    if station.parameters().yes("payment.close_automatically"):
        return False
    return any(known.opens_drawer for known in station.payment_forms() if known.code == form)


def _require_form(form: str) -> None:
    if form not in FORMS:
        raise refuse("print.form_unknown", "form", form=form[:20])


def _writer(actor: Actor) -> Actor:
    """The operator for what the station itself writes down: a registered sale is noted whoever sold it."""
    return msgspec.structs.replace(actor, rights=actor.rights | WRITER, grant=None)


def _model(stored: StoredDocument, scene: PrintScene) -> PrintModel:
    return document_model(
        stored.document, scene, texts(scene.language), copy=stored.prints > 0, fiscal_number=stored.fiscal_number
    )
