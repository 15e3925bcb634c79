"""Coupons between a till and head office: what is asked, what is answered, and head office's ledger (COUP-03)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

import msgspec

from kontuar.domain.pricing.discount import Coupon

VERIFY: Final = "coupon.verify"
RESERVE: Final = "coupon.reserve"
RELEASE: Final = "coupon.release"


class VerifyCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """May this code be used on this document? `day`: the document's business day. Changes nothing."""

    doc_id: str
    code: str
    day: datetime.date


class ReserveCoupons(msgspec.Struct, frozen=True, kw_only=True):
    """Keep exactly these codes for the document, all or none; what was kept for it beyond them is let go.

    `turn` counts the questions of the station, so that an earlier release that is late changes nothing.
    """

    doc_id: str
    codes: tuple[str, ...]
    day: datetime.date
    turn: int
    by: str = ""


class ReleaseCoupons(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is kept for the document any more, as of `turn`."""

    doc_id: str
    turn: int


class CouponAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Head office's yes. `until`: when a reservation ends; None where nothing was reserved."""

    doc_id: str
    codes: tuple[str, ...]
    until: datetime.datetime | None = None


class CouponUse(msgspec.Struct, frozen=True, kw_only=True):
    """A use that a booked document of a business `day` confirmed; `given_back_at`: the document was cancelled."""

    code: str
    doc_id: str
    coupon: str
    store: str
    station: str
    number: str
    day: datetime.date
    used_at: datetime.datetime
    given_back_at: datetime.datetime | None = None


class CouponReservation(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is kept for a document until an instant."""

    code: str
    doc_id: str
    coupon: str
    store: str
    station: str
    operator: str
    turn: int
    made_at: datetime.datetime
    until: datetime.datetime


class CouponLedger(Protocol):
    """Head office's ledger of coupons. One writer at a time: `lock()` first, inside a transaction."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def lock(self) -> None:
        """Nobody else reserves or confirms until the transaction ends."""
        ...

    def definitions(self, codes: Collection[str]) -> Mapping[str, Coupon]:
        """The coupon of each code that is one, or of a series; codes of none are left out."""
        ...

    def uses(self, codes: Collection[str], most: int) -> Sequence[CouponUse]:
        """Uses of each code that were not given back, at most so many of one code, the oldest first."""
        ...

    def reservations(self, codes: Collection[str], now: datetime.datetime) -> Sequence[CouponReservation]:
        """Reservations of the codes that have not ended."""
        ...

    def reserve(self, rows: Sequence[CouponReservation]) -> None:
        """Write them; one for the same code and document takes the place of the one before."""
        ...

    def release(self, store: str, doc_id: str, *, station: str = "", turn: int | None = None) -> None:
        """Forget what is kept for a document: all of it, or of one station up to a turn."""
        ...

    def confirm(self, rows: Sequence[CouponUse]) -> None:
        """Write uses; one that is known already stays as it is."""
        ...

    def give_back(self, store: str, doc_ids: Collection[str], now: datetime.datetime) -> None:
        """The documents were cancelled: their uses count no more."""
        ...

    def keep(self, store: str, doc_ids: Collection[str], until: datetime.datetime) -> None:
        """What is kept for these documents stays until then."""
        ...

    def forget_ended(self, now: datetime.datetime) -> int:
        """Remove reservations that have ended; how many."""
        ...

    def uses_of(self, coupon: str, code: str, after: tuple[str, str], limit: int) -> Sequence[CouponUse]:
        """A page of a coupon's uses, by (code, document); `code` empty = of all its codes."""
        ...

    def reservations_of(self, coupon: str, code: str, limit: int) -> Sequence[CouponReservation]:
        """What is kept of a coupon now, the newest first; ended ones too, until they are forgotten."""
        ...
