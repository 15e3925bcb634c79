"""What the driver asks of running nodes: Protocols; the HTTP clients are in `clients`."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from kontuar.domain.stock.records import Balance
from kontuar.kernel.money import Minor
from kontuar.tools.replay.figures import DayTotals, Stock
from kontuar.tools.replay.reconcile import ChainCheck


class NodeSaidNo(Exception):
    """A node refused, failed or did not answer; the message has the request and the answer."""


class SoldLine(msgspec.Struct, frozen=True):
    """A line as the station has it: its number, its value in minor units, and what each rule took off (above zero)."""

    number: int
    value: Minor
    off: Mapping[str, Minor] = {}


class ApprovedReceipt(msgspec.Struct, frozen=True):
    """What the station made of a receipt."""

    number: str
    gross: Minor


class Quiet(msgspec.Struct, frozen=True):
    """How far a node is: messages it has not passed on, and the version of the definitions that it has."""

    unsent: int
    definitions: int


class OpenShift(msgspec.Struct, frozen=True):
    """A shift that is open: its business day and what each form has taken."""

    day: datetime.date
    taken: Mapping[str, Minor]


class StationApi(Protocol):
    """A till as its cashier uses it. Amounts in minor units of the chain's currency."""

    async def login(self, operator: str, pin: str) -> None:
        """All further calls are this operator's."""
        ...

    async def open_shift(self, day: datetime.date, opening_float: Minor) -> None:
        """A cash shift with a chosen business day (replay profile)."""
        ...

    async def new_receipt(self) -> str:
        """The draft's doc_id."""
        ...

    async def set_buyer(self, doc_id: str, code: str) -> None:
        """Before the first line: the card's prices hold from then on."""
        ...

    async def add_line(self, doc_id: str, code: str, quantity: Decimal) -> tuple[SoldLine, ...]:
        """Scan an EAN; all lines of the draft, in their order."""
        ...

    async def add_coupon(self, doc_id: str, code: str) -> tuple[SoldLine, ...]:
        """Scan a coupon; all lines of the draft."""
        ...

    async def authorise(self, right: str, operator: str, pin: str, doc_id: str) -> str:
        """Another operator allows one action; the grant."""
        ...

    async def set_line_value(self, doc_id: str, line: int, value: Minor, grant: str) -> tuple[SoldLine, ...]:
        """Type the line's value; all lines of the draft."""
        ...

    async def open_payment(self, doc_id: str) -> Minor:
        """What there is to pay."""
        ...

    async def pay(self, doc_id: str, form: str, amount: Minor) -> None:
        """Assign an amount to a form."""
        ...

    async def approve(self, doc_id: str) -> ApprovedReceipt:
        """The single commit."""
        ...

    async def close_shift(self, counted: Mapping[str, Minor]) -> None:
        """With what was counted per form."""
        ...

    async def open_shift_now(self) -> OpenShift | None:
        """The shift that is open, if one is."""
        ...

    async def throw_drafts_away(self) -> int:
        """Drafts that nobody finishes; how many there were."""
        ...

    async def status(self) -> Quiet:
        """Whether everything was passed on."""
        ...

    async def totals(self, day: datetime.date) -> DayTotals:
        """The station's own receipts of the day."""
        ...


class AgentApi(Protocol):
    """A store's agent."""

    async def status(self) -> Quiet:
        """Whether everything was passed on."""
        ...

    async def totals(self, day: datetime.date) -> DayTotals:
        """The store's receipts of the day."""
        ...

    async def stock(self) -> Stock:
        """Balances of the store's warehouses."""
        ...


class HubApi(Protocol):
    """The head office."""

    async def login(self, operator: str, pin: str) -> None:
        """All further calls are this operator's."""
        ...

    async def define(self, rows: Sequence[tuple[str, msgspec.Struct]]) -> int:
        """Rows of any kinds, all or none; the definitions' version after them."""
        ...

    async def set_opening(self, store: str, day: datetime.date, balances: Sequence[Balance]) -> None:
        """Opening stock of a store, on the day before the first sale."""
        ...

    async def enrolment_code(self, kind: str, code: str) -> str:
        """For one `agent` (code of the store) or `station`, to be used once."""
        ...

    async def totals(self, store: str, day: datetime.date) -> DayTotals:
        """The store's receipts of the day."""
        ...

    async def stock(self, store: str) -> Stock:
        """Balances of the store's warehouses."""
        ...

    async def verify_chains(self) -> tuple[ChainCheck, ...]:
        """All streams from their first message."""
        ...

    async def parked(self) -> int:
        """Documents that wait for verification."""
        ...
