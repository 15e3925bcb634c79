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
BUSY: Final = "coupon.busy"
"""Head office's neither yes nor no: others are writing in the ledger. The till goes on as if nobody had answered."""


class VerifyCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """May this code be used on this document? `day`: the document's business day. Changes nothing."""

    doc_id: str
    code: str
    day: datetime.date


class ReserveCoupons(msgspec.Struct, frozen=True, kw_only=True):
    """Keep exactly these codes for the document, all or none; what the station had kept for it beyond them is let go.

    `turn` orders the questions of a station about a document: one that is not above all that were heard changes
    nothing, however late it comes. Turns of an earlier database of the station count as below all of a later one.
    """

    doc_id: str
    codes: tuple[str, ...]
    day: datetime.date
    turn: int
    by: str = ""


class ReleaseCoupons(msgspec.Struct, frozen=True, kw_only=True):
    """The station keeps nothing for the document any more, as of `turn`; a reserve up to it that is late is dead."""

    doc_id: str
    turn: int


class CouponAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Head office's yes. `codes`: those that hold, of an overtaken question only what is kept after the later ones.

    `until`: when the first reservation ends; None where nothing was reserved.
    """

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
    """A code that a station has kept for a document until an instant.

    Several stations may keep one code for one document (it was parked and continued): that is one place taken.
    """

    code: str
    doc_id: str
    coupon: str
    store: str
    station: str
    operator: str
    life: int
    turn: int
    made_at: datetime.datetime
    until: datetime.datetime


class CouponHolder(msgspec.Struct, frozen=True, kw_only=True):
    """A station that keeps codes for a document. `life`: the how-manieth database of the station, 0 = not known."""

    store: str
    doc_id: str
    station: str
    life: int = 0


class LastUse(msgspec.Struct, frozen=True, kw_only=True):
    """The newest use of a code."""

    number: str
    day: datetime.date
    store: str


class LastKept(msgspec.Struct, frozen=True, kw_only=True):
    """Where a code was reserved last."""

    station: str
    store: str


class CodeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Documents other than the asker's that used a code or have it kept; neither is counted above the limit.

    A document that used it has nothing kept besides.
    """

    used: int
    kept: int
    last_use: LastUse | None = None
    last_kept: LastKept | None = None


class CouponLedger(Protocol):
    """Head office's ledger of coupons.

    Two kinds of writers. *Reservers* (questions of tills) take the lock of each limited code. *Bookers* take one lock
    among themselves: they count what is booked, while reservers count both in one look, so that neither kind waits for
    the other, except over one document. Its rows are locked in the order of their codes: no two wait for each other.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left. Raises `StorageBusy` when others hold what it needs for too long."""
        ...

    def lock(self, codes: Collection[str]) -> None:
        """Nobody else reserves these codes until the transaction ends."""
        ...

    def lock_uses(self) -> None:
        """Nobody else confirms uses until the transaction ends; raises `StorageBusy` as `transaction` does."""
        ...

    def definitions(self, codes: Collection[str]) -> Mapping[str, Coupon]:
        """The coupon of each code that is one, or of a series; codes of none are left out."""
        ...

    def standings(
        self, limits: Mapping[str, int], store: str, doc_id: str, now: datetime.datetime
    ) -> Mapping[str, CodeStanding]:
        """How each code stands without that document, counted up to its limit, all at one moment."""
        ...

    def latest_uses(self, code: str, store: str, doc_id: str, most: int) -> Sequence[str]:
        """Numbers of the last documents besides that one that used a code, the oldest of them first."""
        ...

    def life_of(self, station: str, incarnation: str) -> int:
        """The how-manieth database of a station this is; 0 = it was never certified."""
        ...

    def hear(self, holder: CouponHolder, turn: int, now: datetime.datetime) -> bool:
        """Remember a question; False when one of the same or a later turn was heard already.

        Questions of one holder wait for each other until the transaction ends.
        """
        ...

    def kept_for(self, holder: CouponHolder) -> Sequence[CouponReservation]:
        """What the station has kept for the document, by code."""
        ...

    def reserve(self, holder: CouponHolder, rows: Sequence[CouponReservation]) -> None:
        """Exactly these are the holder's from now on; of a code that the document has used, nothing is kept."""
        ...

    def let_go(self, holder: CouponHolder, turn: int) -> None:
        """Forget what the station keeps for the document, of earlier databases and up to a turn of this one."""
        ...

    def release(self, store: str, doc_id: str, *, station: str = "") -> None:
        """Forget what is kept for a document: all of it, or what one station has."""
        ...

    def confirm(self, rows: Sequence[CouponUse]) -> None:
        """Write uses; one that is known already stays as it is. Raises `Unbookable`."""
        ...

    def give_back(self, store: str, doc_ids: Collection[str], now: datetime.datetime) -> None:
        """The documents were cancelled: their uses count no more."""
        ...

    def keep(self, store: str, doc_id: str, until: datetime.datetime, *, station: str = "") -> None:
        """What is kept for a document, by all stations or one, stays until then."""
        ...

    def forget_ended(self, now: datetime.datetime, unheard_since: datetime.datetime) -> int:
        """Remove reservations that have ended, how many; and turns of documents that nobody asked about since."""
        ...

    def uses_of(self, coupon: str, code: str, after: tuple[str, str], limit: int) -> Sequence[CouponUse]:
        """A page of a coupon's uses, by (code, document); `code` empty = of all its codes."""
        ...

    def reservations_of(self, coupon: str, code: str, limit: int) -> Sequence[CouponReservation]:
        """What is kept of a coupon now, the newest first; ended ones too, until they are forgotten."""
        ...
