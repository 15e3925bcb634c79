"""Parked messages: kept aside with their reason, their goods counted as moved but unbooked, released in order."""

import datetime
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from kontuar.domain.documents.booking import Arrived, Reading, Verdict
from kontuar.domain.documents.booking_checks import storable_moves
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Cancelled, ShiftClosed, ShiftOpened
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.quantity import scaled
from kontuar.operations.ports.hub_documents import Decision, SealCheck, StreamPlace
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.booking_rows import Counters
from kontuar.storage.postgres.engine import HubDatabase

_MINOR_LIMIT = 10**15

_ITEM = """
INSERT INTO verification_item AS v (store, message_hash, origin, incarnation, seq, forked, message_id, kind, doc_id,
  number, shift_id, document_type, business_day, gross, state, reason, problems, waits_for, parked_at,
  series, period, ordinal)
VALUES (%(store)s, %(hash)s, %(origin)s, %(incarnation)s, %(seq)s, %(forked)s, %(message_id)s, %(kind)s, %(doc_id)s,
  %(number)s, %(shift_id)s, %(document_type)s, %(business_day)s, %(gross)s, %(state)s, %(reason)s,
  %(problems)s::jsonb, %(waits_for)s, %(now)s, %(series)s, %(period)s, %(ordinal)s)
ON CONFLICT (store, message_hash) DO UPDATE
SET reason = excluded.reason, problems = excluded.problems, waits_for = excluded.waits_for,
    forked = excluded.forked"""

_WAITING = """
SELECT v.store, v.origin, v.incarnation, v.seq, v.message_id, v.kind, coalesce(m.payload, f.payload), v.message_hash,
       coalesce(m.flaw, f.flaw), coalesce(m.signature, f.signature), v.forked, v.problems
FROM verification_item v
LEFT JOIN message m ON NOT v.forked AND (m.store, m.origin, m.incarnation, m.seq)
  = (v.store, v.origin, v.incarnation, v.seq)
LEFT JOIN forked_message f ON v.forked AND f.store = v.store AND f.hash = v.message_hash
WHERE v.store = %s AND {} ORDER BY v.origin, v.incarnation, v.seq"""


class Parking:
    """Everything that is written about parked messages."""

    def __init__(self, database: HubDatabase, seal: SealCheck) -> None:
        self._database = database
        self._seal = seal

    def arrived(self, row: tuple[Any, ...]) -> Arrived:
        """A stored message with what is wrong with it: found at intake, or its signature now."""
        store, origin, life, seq, message_id, kind, payload, digest, flaw, signature, forked, problems = row
        sealed = SealedMessage(seq, bytes(payload), bytes(digest), bytes(signature))
        return Arrived(
            store=store, origin=origin, incarnation=life, seq=seq, message_id=message_id, kind=kind,
            payload=sealed.payload, hash=sealed.hash, flaw=flaw or self._seal(StreamId(origin, life), sealed),
            forked=forked, earlier=tuple(msgspec.convert(problem, Problem) for problem in problems),
        )  # fmt: skip

    def park(self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime, stock_version: int) -> None:
        """Keep them with their reasons; parking again only changes the reason."""
        for verdict in verdicts:
            self._database.connection.execute(_ITEM, _item(store, verdict, verdict.problems, "parked", now))
            if not verdict.reading.arrived.earlier:
                self._hold_goods(store, verdict.reading, stock_version)

    def list_booked(self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
        """Booked, but a person should look at it."""
        for verdict in verdicts:
            item = _item(store, verdict, verdict.remarks, "listed", now)
            self._database.connection.execute(_ITEM.replace("SET reason", "SET state = 'listed', reason"), item)

    def _hold_goods(self, store: str, reading: Reading, stock_version: int) -> None:
        body = reading.body
        if not isinstance(body, Document | Cancelled):
            return
        moves = [
            {
                "article": move.article,
                "from_place": move.from_place,
                "to_place": move.to_place,
                "quantity_e4": scaled(move.quantity),
            }
            for move in storable_moves(body.stock_moves)
            if "\0" not in move.article + move.from_place + move.to_place
        ]
        if not moves:
            return
        connection = self._database.connection
        as_text = encode(moves).decode()
        connection.execute(
            "INSERT INTO unbooked_move SELECT %s, %s, row_number() OVER (), m.* FROM jsonb_to_recordset(%s::jsonb) "
            "AS m(article text, from_place text, to_place text, quantity_e4 bigint)",
            [store, reading.arrived.hash, as_text],
        )
        connection.execute("SELECT change_balances(%s, %s, %s::jsonb, 1, false)", [store, stock_version, as_text])

    def release(self, store: str, messages: Sequence[Arrived], now: datetime.datetime) -> None:
        """They are booked now: their goods are no longer *moved, unbooked*."""
        connection = self._database.connection
        for message in messages:
            connection.execute(
                "UPDATE verification_item SET state = 'booked', decided_at = %s, waits_for = '' "
                "WHERE store = %s AND message_hash = %s AND state = 'parked'",
                [now, store, message.hash],
            )
            self._give_back(store, message.hash)

    def _give_back(self, store: str, message_hash: bytes) -> None:
        connection = self._database.connection
        rows = connection.execute(
            "DELETE FROM unbooked_move WHERE store = %s AND message_hash = %s "
            "RETURNING article, from_place, to_place, quantity_e4",
            [store, message_hash],
        ).fetchall()
        if rows:
            names = ("article", "from_place", "to_place", "quantity_e4")
            moves = encode([dict(zip(names, row, strict=True)) for row in rows]).decode()
            version = Counters.lock(connection, store).stock_version + 1
            connection.execute("SELECT change_balances(%s, %s, %s::jsonb, -1, false)", [store, version, moves])

    def waiting_for(self, store: str, ids: Collection[str]) -> Sequence[Arrived]:
        """Parked messages that wait for one of the ids."""
        query = _WAITING.format("v.state = 'parked' AND v.waits_for = ANY(%s)")
        rows = self._database.connection.execute(query, [store, list(ids)], binary=True).fetchall()
        return [self.arrived(row) for row in rows]

    def parked_for(self, place: StreamPlace, reason: str, most: int) -> Sequence[Arrived]:
        """Parked messages of a stream with this reason."""
        query = _WAITING.format(
            "v.state = 'parked' AND NOT v.forked AND (v.origin, v.incarnation, v.reason) = (%s, %s, %s)"
        )
        values = [place.store, place.origin, place.incarnation, reason, most]
        rows = self._database.connection.execute(f"{query} LIMIT %s", values, binary=True).fetchall()
        return [self.arrived(row) for row in rows]

    def one(self, store: str, message_hash: bytes) -> Arrived | None:
        """One parked message; raises `Refused("verification.decided")` when it is no longer parked."""
        state = self._database.connection.execute(
            "SELECT state, decided_by FROM verification_item WHERE store = %s AND message_hash = %s FOR UPDATE",
            [store, message_hash],
        ).fetchone()
        if state is None:
            return None
        if state[0] not in ("parked", "listed"):
            raise refuse("verification.decided", state=state[0], by=state[1])
        query = _WAITING.format("v.message_hash = %s")
        row = self._database.connection.execute(query, [store, message_hash], binary=True).fetchone()
        return None if row is None else self.arrived(row)

    def decide(self, store: str, message_hash: bytes, decision: Decision) -> None:
        """Who decided what, when."""
        self._database.connection.execute(
            "UPDATE verification_item SET state = %s, decided_at = %s, decided_by = %s, note = %s, waits_for = '' "
            "WHERE store = %s AND message_hash = %s",
            [decision.state, decision.at, decision.operator, decision.note, store, message_hash],
        )


def _item(
    store: str, verdict: Verdict, problems: tuple[Problem, ...], state: str, now: datetime.datetime
) -> dict[str, Any]:
    arrived, body = verdict.reading.arrived, verdict.reading.body
    document = body if isinstance(body, Document) else None
    shift_id = document.shift_id if document else ""
    number = verdict.number
    if isinstance(body, ShiftOpened | ShiftClosed):
        shift_id = verdict.reading.subject
    return {
        "store": store, "hash": arrived.hash, "origin": arrived.origin, "incarnation": arrived.incarnation,
        "seq": arrived.seq, "forked": arrived.forked, "message_id": arrived.message_id, "kind": arrived.kind,
        "doc_id": _clean(verdict.reading.subject if shift_id != verdict.reading.subject else ""),
        "number": _clean(getattr(body, "number", "")), "shift_id": _clean(shift_id),
        "document_type": _clean(getattr(body, "document_type", document.type if document else "")),
        "business_day": getattr(body, "business_day", None),
        "gross": document.totals.gross if document and abs(document.totals.gross) < _MINOR_LIMIT else 0,
        "state": state, "reason": problems[0].code, "problems": _stored(problems),
        "waits_for": _clean(verdict.waits_for), "now": now, "series": _clean(number.series if number else ""),
        "period": number.period if number else "", "ordinal": number.ordinal if number else 0,
    }  # fmt: skip


def _stored(problems: tuple[Problem, ...]) -> str:
    cleaned = [
        Problem(problem.code, problem.place, {name: _clean(value) for name, value in problem.facts.items()})
        for problem in problems
    ]
    return encode(cleaned).decode()


def _clean(text: str) -> str:
    """PostgreSQL keeps no U+0000; the bytes of the message keep everything."""
    return text.replace("\0", "�")[:200]
