"""What the hub holds of a store, in counts and sums."""

import datetime
from decimal import Decimal

import msgspec

from kontuar.kernel.money import Minor


class TypeCount(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one type: how many, their lines and sums in minor units."""

    document_type: str
    documents: int
    cancelled: int
    lines: int
    net: Minor
    tax: Minor
    gross: Minor
    amount: Minor


class TenderSum(msgspec.Struct, frozen=True, kw_only=True):
    """Money per payment form and currency, change taken off."""

    form: str
    currency: str
    amount: Minor
    in_system: Minor


class NumberRange(msgspec.Struct, frozen=True, kw_only=True):
    """A series: `missing` and `repeated` ordinals (at most 100 each), `parked` of them wait for verification."""

    document_type: str
    series: str
    period: str
    documents: int
    first: int
    last: int
    missing: tuple[int, ...]
    repeated: tuple[int, ...]
    parked: int


class StockSum(msgspec.Struct, frozen=True, kw_only=True):
    """Ledger moves of one effect: how many and their quantity in base units."""

    effect: str
    moves: int
    quantity: Decimal


class StreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stream as the hub holds it: `held` with its chain hash (hex), `processed` = booked or parked up to there."""

    store: str
    origin: str
    incarnation: str
    held: int
    hash: str
    processed: int
    closed: bool


class ParkedSum(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that wait for verification, by reason."""

    reason: str
    messages: int
    gross: Minor


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub holds of a store (and business day); number ranges, streams and balances are always of all days."""

    store: str
    day: datetime.date | None
    documents: tuple[TypeCount, ...]
    tenders: tuple[TenderSum, ...]
    numbers: tuple[NumberRange, ...]
    stock_moves: tuple[StockSum, ...]
    streams: tuple[StreamRow, ...]
    parked: tuple[ParkedSum, ...]
    booked_balance: Decimal
    unbooked_balance: Decimal
    balances_that_differ: int
