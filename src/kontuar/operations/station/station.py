"""A station as the operations see it: its books, its identity and the world handed in."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from kontuar.domain.cash.records import PaymentForm, Shift
from kontuar.domain.catalogue.records import Unit, VatRate
from kontuar.domain.documents.document import UNAPPROVED, Document, HistoryEntry
from kontuar.domain.documents.messages import TechnicalEvent
from kontuar.domain.firm.parameters import Parameters, effective
from kontuar.domain.firm.records import Centre, Firm, Parameter, StationDefinition, Store
from kontuar.domain.pricing.vat import rate_on
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import refuse
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock, local_day, local_time
from kontuar.operations.ports.station import Books
from kontuar.operations.station.discount_rules import DiscountRules
from kontuar.operations.station.leases import HeldLeases

CLOCK_TOLERANCE = datetime.timedelta(seconds=2)


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who this station is: from its certificate."""

    station: str
    store: str
    incarnation: str
    series: str


class _KnownParameters(NamedTuple):
    """The parameters of a station, and the very rows they were worked out from."""

    rows: Mapping[str, Parameter]
    values: Parameters


@dataclass(slots=True)
class Station:
    """What every operation of a station is given."""

    identity: Identity
    books: Books
    clock: Clock
    ids: Ids
    connectivity: Callable[[], Connectivity]
    committed: Callable[[], None]
    fiscal_device: bool = False
    card_terminal: bool = False
    replay: bool = False
    leases: HeldLeases = field(init=False)
    rules: DiscountRules = field(init=False)
    _parameters: "_KnownParameters | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.leases = HeldLeases(self.clock.monotonic)
        self.rules = DiscountRules(self.books.definitions)

    # -- definitions by name --------------------------------------------------------------------------------
    def definition(self) -> StationDefinition:
        """This station's own row; raises `Refused("station.not_defined")` (no station has its number)."""
        found = self.books.definitions.get(StationDefinition, self.identity.station)
        if found is None or not found.active:
            raise refuse("station.not_defined", station=self.identity.station)
        return found

    def store(self) -> Store:
        """The store it stands in."""
        found = self.books.definitions.get(Store, self.identity.store)
        if found is None:
            raise refuse("store.not_defined", store=self.identity.store)
        return found

    def firm(self) -> Firm:
        """The firm."""
        firms = list(self.books.definitions.every(Firm).values())
        if not firms:
            raise refuse("definitions.missing")
        return firms[0]

    def parameters(self) -> Parameters:
        """The parameters that hold here; worked out once for a version of the definitions."""
        definitions = self.books.definitions
        rows = definitions.every(Parameter)  # another mapping after each switch: by it an older answer is known
        known = self._parameters
        if known is None or known.rows is not rows:
            values = effective(
                rows.values(), definitions.every(Centre),
                centre=self.store().centre, store=self.identity.store, station=self.identity.station,
            )  # fmt: skip
            known = self._parameters = _KnownParameters(rows, values)
        return known.values

    def units(self) -> dict[str, Unit]:
        """All units by code."""
        return dict(self.books.definitions.every(Unit))

    def payment_forms(self) -> list[PaymentForm]:
        """Active forms that this station takes, in their order."""
        allowed = self.definition().forms
        forms = self.books.definitions.every(PaymentForm).values()
        found = [form for form in forms if form.active and (not allowed or form.code in allowed)]
        return sorted(found, key=lambda form: (form.position, form.code))

    def vat_rate(self, code: str, day: datetime.date) -> VatRate:
        """The rate that holds on a day; raises `Refused("vat.unknown")`."""
        rate = rate_on(self.books.definitions.every(VatRate).values(), code, day.isoformat())
        if rate is None:
            raise refuse("vat.unknown", "article", vat=code)
        return rate

    # -- here and now ---------------------------------------------------------------------------------------
    def business_day(self) -> datetime.date:
        """The open shift's day, else today at the shop's place."""
        shift = self.books.cash.open_shift()
        return shift.business_day if shift else self.today()

    def minute_of_day(self) -> int:
        """Minutes since midnight at the shop's place."""
        here = local_time(self.clock.now(), self.firm().time_zone)
        return here.hour * 60 + here.minute

    def today(self) -> datetime.date:
        """The calendar day at the shop's place."""
        return local_day(self.clock.now(), self.firm().time_zone)

    def register(self) -> str:
        """The cash register of this station."""
        return self.definition().register or self.identity.station

    def warehouse(self) -> str:
        """Where its sales take goods from."""
        return self.definition().warehouse or self.store().warehouse

    def open_shift(self) -> Shift:
        """The open shift; raises `Refused("shift.not_open")`."""
        shift = self.books.cash.open_shift()
        if shift is None:
            raise refuse("shift.not_open")
        return shift

    def moment(self) -> datetime.datetime:
        """Now, for what is written down: a clock that was set back waits at the last message (REL-05). Only a person
        lets it go back (`clock_guard`), and nothing that is written beside that may do so for him."""
        now, last = self.clock.now(), self.books.stream.last_time()
        return now if last is None or now >= last else last

    # -- drafts and facts -----------------------------------------------------------------------------------
    def draft(self, doc_id: str) -> Document:
        """The draft; raises `Refused("draft.not_found")`."""
        document = self.books.drafts.load(doc_id)
        if document is None:
            raise refuse("draft.not_found", doc_id=doc_id)
        assert document.state == UNAPPROVED
        return document

    def require_no_open_card(self, doc_id: str) -> None:
        """While a terminal's answer is open the document stands still (PAY-05): `Refused("payment.card_open")`."""
        if self.books.cards.unfinished(doc_id):
            raise refuse("payment.card_open", "payment")

    def require_living(self) -> None:
        """A life that is over issues nothing, so nothing is begun in it that would have to be issued (REL-13).

        Raises `Refused("stream.forked" | "stream.closed" | "stream.restored")`.
        """
        stopped = self.books.stream.stopped()
        if stopped:
            raise refuse(stopped, "station", station=self.identity.station)

    def save(self, document: Document) -> Document:
        """Keep the draft, durably."""
        self.books.drafts.save(document, self.clock.now())
        return document

    def announce(
        self, kind: str, message_id: str, body: msgspec.Struct, by: str, at: datetime.datetime | None = None
    ) -> int:
        """Write a message of the stream inside the running transaction; returns its position."""
        return self.books.stream.append(kind, message_id, body, at=at or self.moment(), by=by)

    def count(self, what: str) -> None:
        """One more of something in the open shift (voided lines, voided drafts)."""
        shift = self.books.cash.open_shift()
        name = f"{what}:{shift.shift_id if shift else ''}"
        self.books.set_fact(name, str(int(self.books.fact(name) or 0) + 1))

    def event(self, name: str, by: str, **facts: str) -> None:
        """Tell head office a technical event."""
        self._tell(TechnicalEvent(event=name, facts=facts), by, self.moment())

    def accept_clock(self, by: str, **facts: str) -> None:
        """Somebody lets the clock go back: from this message on the station counts by its new time (REL-19)."""
        self._tell(TechnicalEvent(event="clock.accepted", facts=facts), by, self.clock.now())

    def _tell(self, event: TechnicalEvent, by: str, at: datetime.datetime) -> None:
        with self.books.transaction():
            self.announce("station.event/1", self.ids.new_id(), event, by, at)
        self.committed()

    def note(self, doc_id: str, event: str, by: str, **facts: str) -> None:
        """Append to a document's history inside the running transaction."""
        entry = HistoryEntry(at=self.clock.now(), event=event, operator=by, station=self.identity.station, facts=facts)
        self.books.documents.note(doc_id, entry)
