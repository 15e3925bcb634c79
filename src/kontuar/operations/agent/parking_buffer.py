"""The agent's side of parking: leases, saves, and what becomes of a draft that was approved (PARK-05 … PARK-09, 15).

Each public call is one transaction on the database thread. How long a lease lives stands in memory only, on the
monotonic clock: after a restart every lease that the database knows is given its whole time again.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from kontuar.domain.documents import parking as rules
from kontuar.domain.documents.parking import FREE, Gone, Hold, Parked, ParkedRow
from kontuar.kernel.canonical import content_hash
from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import Clock, instant_text, milliseconds
from kontuar.operations.ports.parking import (
    LEASE_MARGIN_SECONDS,
    LEASE_SECONDS,
    HoldParked,
    Leased,
    Opened,
    OpenParked,
    ParkedNews,
    Saved,
    SaveParked,
)
from kontuar.operations.ports.parking_books import ParkingBooks
from kontuar.operations.ports.sync import FeedCursor

MOST_TAKEN_OVER: Final = 50
"""Tokens that were taken over, kept per document."""


class LeaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lease as an administrator sees it. `seconds_left` until another station may have it."""

    doc_id: str
    station: str
    operator: str
    token: int
    seconds_left: int


class ParkingBuffer:
    """What stations may do with parked documents. `asker` = the asking station's code."""

    def __init__(
        self, books: ParkingBooks, clock: Clock, *, prefix_of: Callable[[str], str], new_epoch: Callable[[], str]
    ) -> None:
        """`prefix_of`: what temporary numbers of a document type begin with; empty = it has none."""
        self.books = books
        self._clock = clock
        self._prefix_of = prefix_of
        self._new_epoch = new_epoch
        held = [parked.row.doc_id for parked in books.every() if parked.hold.token and not parked.hold.lapsed]
        self._until: dict[str, float] = {}
        for doc_id in held:
            self._renewed(doc_id)

    # -- leases -------------------------------------------------------------------------------------------
    def open(self, asker: str, asked: OpenParked) -> Opened:
        """The document with an exclusive lease (PARK-05, PARK-06).

        Raises `Refused("parking.held_elsewhere" | "parking.being_approved" | "parking.not_found" | "parking.approved"
        | "parking.deleted")`.
        """
        with self.books.transaction():
            parked = self._there(asked.doc_id)
            how = rules.opening(parked, live=self.is_live(parked), asker=asker, take_over=asked.take_over)
            lost = (parked.hold.token,) if how == "take_over" and parked.hold.token else ()
            token = self._next_token()
            opened = msgspec.structs.replace(
                parked,
                hold=Hold(station=asker, token=token, by=asked.by),
                taken_over=(*parked.taken_over, *lost)[-MOST_TAKEN_OVER:],
                contested=rules.is_contested(parked, asker),
                row=msgspec.structs.replace(parked.row, holder=asker, approving=""),
            )
            self.books.put(opened)
            body = self.books.body(asked.doc_id)
        self._renewed(asked.doc_id)
        return Opened(
            doc_id=asked.doc_id, version=parked.row.version, token=token, lease_seconds=LEASE_SECONDS,
            document=msgspec.Raw(body), row=msgspec.structs.replace(opened.row, contested=opened.contested),
        )  # fmt: skip

    def renew(self, asker: str, asked: HoldParked) -> Leased:
        """The lease lives on; one that ran out and that nobody else was given lives again.

        Raises `Refused("parking.lease_lost" | …)` as `open` does for what is not there.
        """
        with self.books.transaction():
            parked = self._held(asker, asked)
            if parked.hold.lapsed:
                self.books.put(held_by(parked, msgspec.structs.replace(parked.hold, lapsed=False)))
        self._renewed(asked.doc_id)
        return Leased(doc_id=asked.doc_id, token=asked.token, lease_seconds=LEASE_SECONDS)

    def approving(self, asker: str, asked: HoldParked) -> Leased:
        """The holder is about to approve it: until his message is here nobody else opens it unawares."""
        with self.books.transaction():
            parked = self._held(asker, asked)
            held = held_by(parked, msgspec.structs.replace(parked.hold, lapsed=False))
            row = msgspec.structs.replace(held.row, approving=asker)
            self.books.put(msgspec.structs.replace(held, row=row))
        self._renewed(asked.doc_id)
        return Leased(doc_id=asked.doc_id, token=asked.token, lease_seconds=LEASE_SECONDS)

    def release(self, asker: str, asked: HoldParked) -> None:
        """The holder gives it back unchanged; a lease that is not his any more changes nothing."""
        with self.books.transaction():
            parked = self.books.find(asked.doc_id)
            if parked is None or (parked.hold.station, parked.hold.token) != (asker, asked.token):
                return
            free = held_by(parked, FREE)
            self.books.put(msgspec.structs.replace(free, row=msgspec.structs.replace(free.row, approving="")))
        self._until.pop(asked.doc_id, None)

    def delete(self, asker: str, asked: HoldParked) -> None:
        """The holder throws it away; again is fine. Raises as `renew`."""
        with self.books.transaction():
            gone = self.books.gone(asked.doc_id)
            if gone is not None and gone.reason == "deleted":
                return
            parked = self._held(asker, asked)
            self._end(asked.doc_id, Gone(reason="deleted", version=parked.row.version, station=asker))

    def expire(self) -> bool:
        """Leases that were not renewed are shown no more; whether there were any."""
        now = self._clock.monotonic()
        over = [doc_id for doc_id, until in self._until.items() if until <= now]
        if over:
            with self.books.transaction():
                for doc_id in over:
                    self._lapse(doc_id)
        for doc_id in over:
            self._until.pop(doc_id, None)
        return bool(over)

    def leases(self) -> tuple[LeaseRow, ...]:
        """Those that live."""
        now = self._clock.monotonic()
        return tuple(
            LeaseRow(
                doc_id=parked.row.doc_id, station=parked.hold.station, operator=parked.hold.by,
                token=parked.hold.token, seconds_left=int(self._until[parked.row.doc_id] - now),
            )
            for parked in self.books.every()
            if self.is_live(parked)
        )  # fmt: skip

    def is_live(self, parked: Parked) -> bool:
        """Whether its lease is not over; one whose beginning this process did not see begins now."""
        if not parked.hold.token or parked.hold.lapsed:
            return False
        now = self._clock.monotonic()
        return now < self._until.setdefault(parked.row.doc_id, now + LEASE_SECONDS + LEASE_MARGIN_SECONDS)

    # -- saving -------------------------------------------------------------------------------------------
    def save(self, asker: str, asked: SaveParked) -> Saved:
        """Its next version, or a conflict copy beside it (PARK-06, PARK-15); the same again gives the same answer.

        Raises `Refused("parking.lease_lost" | "parking.approved" | "parking.deleted" | "question.unreadable")`.
        """
        if not rules.are_numbers(asked.version, asked.token):
            raise refuse("question.unreadable")
        digest = content_hash(bytes(asked.document))
        with self.books.transaction():
            saved = self._saved(asker, asked, digest)
        if saved.lease_seconds:
            self._renewed(saved.doc_id)
        elif not saved.conflict_copy and not saved.row.holder:
            self._until.pop(saved.doc_id, None)
        return saved

    def _saved(self, asker: str, asked: SaveParked, digest: bytes) -> Saved:
        if asked.as_copy:
            return self.add_copy(asker, asked)
        if self._was_copied(asked):
            return self.add_copy(asker, asked, base=asked.version)
        parked = self.books.find(asked.doc_id)
        if parked is None:
            self._require_not_gone(asked.doc_id)
            return self._first(asker, asked, digest)
        before = self.books.version_saved(asked.doc_id, asked.version, digest)
        if before is not None:
            version, token = before
            kept = asked.keep_lease and self.is_live(parked) and parked.hold.station == asker
            return _answer(parked, version=version, token=token, kept=kept)
        how = rules.saving(
            parked, live=self.is_live(parked), asker=asker, base=asked.version, token=asked.token,
            modified_at=asked.row.modified_at, as_copy=asked.as_copy,
        )  # fmt: skip
        if how == "copy":
            return self.add_copy(asker, asked, base=asked.version)
        return self._next(asker, asked, parked, digest)

    def _was_copied(self, asked: SaveParked) -> bool:
        """Whether this save came before and made a conflict copy: who was in its way then may be gone by now."""
        copy = rules.copy_id(asked.doc_id, bytes(asked.document))
        known = self.books.find(copy) or self.books.gone(copy)
        return known is not None and known.copied_on == asked.version

    def _first(self, asker: str, asked: SaveParked, digest: bytes) -> Saved:
        """Unknown here: new, or known to an agent that was lost."""
        token = asked.token or self._next_token()
        self.raise_tokens(token)
        self.keep_ordinal(asked.row)
        hold = Hold(station=asker, token=token, by=asked.by) if asked.keep_lease else FREE
        parked = Parked(row=asked.row, base=asked.version, token=token, hold=hold)
        row = msgspec.structs.replace(asked.row, version=asked.version + 1, station=asker)
        kept = self.write(msgspec.structs.replace(parked, row=row), asked, digest)
        return _answer(kept, version=kept.row.version, token=token, kept=asked.keep_lease)

    def _next(self, asker: str, asked: SaveParked, parked: Parked, digest: bytes) -> Saved:
        hold = parked.hold
        is_own = hold.station == asker and asked.token in (0, hold.token)
        if is_own and hold.token:
            token = hold.token
        else:
            token = parked.token if asked.token and asked.token == parked.token else self._next_token()
        kept = Hold(station=asker, token=token, by=asked.by) if asked.keep_lease else FREE
        row = msgspec.structs.replace(
            asked.row, version=parked.row.version + 1, station=asker, conflict_of=parked.row.conflict_of,
            approved_as=parked.row.approved_as, temporary_number=parked.row.temporary_number, ean=parked.row.ean,
        )  # fmt: skip
        contested = rules.is_contested(parked, asker)
        after = msgspec.structs.replace(
            parked, row=row, base=asked.version, token=token, hold=kept, contested=contested
        )  # fmt: skip
        after = self.write(after, asked, digest)
        return _answer(after, version=row.version, token=token, kept=asked.keep_lease)

    def add_copy(self, asker: str, asked: SaveParked, *, base: int = -1) -> Saved:
        """A second document, marked as a conflict copy; the same bytes again are the same copy. `base`: what they
        were to be saved on, -1 for bytes that are a copy by wish or by offer."""
        document = bytes(asked.document)
        copy = rules.copy_id(asked.doc_id, document)
        there, version, token = self.books.find(copy), 1, 0
        try:
            body = rules.with_identity(document, copy)
        except msgspec.DecodeError:
            raise refuse("question.unreadable") from None
        if there is not None:  # its later versions are not what was sent again
            if base not in (-1, there.copied_on):  # made by an offer: from now on it is this save's answer, too
                self.books.put(msgspec.structs.replace(there, copied_on=base))
            version, token = self.books.version_saved(copy, 0, content_hash(body)) or (version, token)
        else:
            self._require_not_gone(copy)
            row = msgspec.structs.replace(
                asked.row, doc_id=copy, version=1, conflict_of=asked.doc_id, station=asked.row.station or asker,
                temporary_number="", ean="", approved_as="",
            )  # fmt: skip
            there = Parked(row=row, base=0, token=self._next_token(), copied_on=base)
            as_saved = msgspec.structs.replace(asked, doc_id=copy, document=msgspec.Raw(body))
            there = self.write(there, as_saved, content_hash(body))
            token = there.token
        return Saved(doc_id=asked.doc_id, version=version, row=there.row, conflict_copy=copy, token=token)

    def write(self, parked: Parked, asked: SaveParked, digest: bytes) -> Parked:
        """Keep a new version with its numbers; inside the caller's transaction."""
        doc_id = parked.row.doc_id
        row = msgspec.structs.replace(
            parked.row, doc_id=doc_id, ean=parked.row.ean if self._is_own_ean(parked.row) else self._ean(doc_id),
            temporary_number=parked.row.temporary_number or self._temporary_number(parked.row.type),
            holder=parked.hold.station, approving="",
        )  # fmt: skip
        kept = msgspec.structs.replace(parked, row=row)
        self.books.put(kept, bytes(asked.document))
        self.books.add_version(kept, digest)
        return kept

    # -- the list, what left ------------------------------------------------------------------------------
    def news_since(self, cursor: FeedCursor) -> ParkedNews:
        """For a station's feed. A station that knows more than this database shows that it was restored."""
        own = self.books.cursor()
        if cursor.epoch == own.epoch and cursor.version > own.version:
            with self.books.transaction():
                self.books.begin_epoch(self._new_epoch())
        return self.books.news_since(cursor)

    def raise_tokens(self, highest: int) -> None:
        """No token up to this one is given any more; inside the caller's transaction."""
        if highest > self.books.last_token():
            self.books.set_last_token(highest)

    def keep_ordinal(self, row: ParkedRow) -> None:
        """A temporary number that was given before; inside the caller's transaction."""
        prefix = self._prefix_of(row.type)
        ordinal = rules.ordinal_of(prefix, row.temporary_number)
        if ordinal:
            self.books.raise_ordinal(prefix, ordinal)

    def ended(self, doc_id: str, *, version: int, number: str, station: str, is_named: bool = True) -> None:
        """A document was approved: its draft leaves, or is marked when it was continued elsewhere. `is_named`: the
        message names it, so that it is remembered even when it never was here. Inside the caller's transaction."""
        parked = self.books.find(doc_id)
        if parked is None:
            known = self.books.gone(doc_id)
            if is_named and (known is None or known.version < version):
                self._end(doc_id, Gone(reason="approved", version=version, number=number, station=station))
        elif rules.ends_with(parked, version=version, station=station):
            last = max(version, parked.row.version)
            self._end(doc_id, Gone(reason="approved", version=last, number=number, station=station))
        else:
            approving = "" if parked.row.approving == station else parked.row.approving
            row = msgspec.structs.replace(parked.row, approved_as=number, approving=approving)
            self.books.put(msgspec.structs.replace(parked, row=row))

    def twin_approved(self, doc_id: str, number: str) -> None:
        """A conflict copy of it was approved: shown with it, for a person decides. Inside the caller's transaction."""
        parked = self.books.find(doc_id)
        if parked is not None:
            row = msgspec.structs.replace(parked.row, approved_as=number)
            self.books.put(msgspec.structs.replace(parked, row=row))

    def discarded(self, doc_id: str, station: str, token: int) -> None:
        """A station threw a draft away: what was open under the last lease leaves; without a lease it was its own copy
        only. Inside the caller's transaction."""
        parked = self.books.find(doc_id)
        if token and parked is not None and (parked.hold.station, parked.hold.token) == (station, token):
            self._end(doc_id, Gone(reason="deleted", version=parked.row.version, station=station))

    def gone(self, doc_id: str) -> Gone | None:
        """What stays of what left, or was sold and never here: a till set up again may park it once more (REL-02)."""
        return self.books.gone(doc_id) or self.books.sold(doc_id)

    # -- private ------------------------------------------------------------------------------------------
    def _there(self, doc_id: str) -> Parked:
        parked = self.books.find(doc_id)
        if parked is None:
            self._require_not_gone(doc_id)
            raise refuse("parking.not_found")
        return parked

    def _held(self, asker: str, asked: HoldParked) -> Parked:
        parked = self._there(asked.doc_id)
        rules.holding(parked, asked.token, asker)
        return parked

    def _require_not_gone(self, doc_id: str) -> None:
        gone = self.gone(doc_id)
        if gone is not None:
            raise refusal_of(gone)

    def _end(self, doc_id: str, gone: Gone) -> None:
        parked = self.books.find(doc_id)
        if parked is not None:
            gone = msgspec.structs.replace(gone, copied_on=parked.copied_on)
        self.books.remove(doc_id, gone, instant_text(self._clock.now()))
        self._until.pop(doc_id, None)

    def _lapse(self, doc_id: str) -> None:
        parked = self.books.find(doc_id)
        if parked is not None and parked.hold.token:
            lapsed = msgspec.structs.replace(parked.hold, lapsed=True)
            row = msgspec.structs.replace(parked.row, holder="")
            self.books.put(msgspec.structs.replace(parked, hold=lapsed, row=row))

    def _renewed(self, doc_id: str) -> None:
        self._until[doc_id] = self._clock.monotonic() + LEASE_SECONDS + LEASE_MARGIN_SECONDS

    def _next_token(self) -> int:
        token = rules.next_token(self.books.last_token(), milliseconds(self._clock.now()))
        self.books.set_last_token(token)
        return token

    def _is_own_ean(self, row: ParkedRow) -> bool:
        known = self.books.find(row.doc_id)
        return known is not None and known.row.ean == row.ean

    def _ean(self, doc_id: str) -> str:
        attempt = 0
        while self.books.ean_is_taken(ean := rules.ean_of(doc_id, attempt)):
            attempt += 1
        return ean

    def _temporary_number(self, document_type: str) -> str:
        prefix = self._prefix_of(document_type)
        return rules.temporary_number(prefix, self.books.next_ordinal(prefix)) if prefix else ""


def refusal_of(gone: Gone) -> Refused:
    """Why a document is in the buffer no more."""
    if gone.reason == "approved":
        return refuse("parking.approved", number=gone.number, station=gone.station)
    return refuse("parking.deleted", station=gone.station)


def held_by(parked: Parked, hold: Hold) -> Parked:
    """With this lease, and shown so."""
    return msgspec.structs.replace(
        parked, hold=hold, row=msgspec.structs.replace(parked.row, holder=hold.station if not hold.lapsed else "")
    )


def _answer(parked: Parked, *, version: int, token: int, kept: bool) -> Saved:
    seconds = LEASE_SECONDS if kept else 0
    return Saved(doc_id=parked.row.doc_id, version=version, row=parked.row, token=token, lease_seconds=seconds)
