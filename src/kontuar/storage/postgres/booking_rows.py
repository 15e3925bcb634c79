"""Rows that booking writes beside documents: history, shifts, events, confirmations, counters."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kontuar.domain.documents.booking import Reading, Verdict
from kontuar.domain.documents.messages import (
    Cancelled,
    ContractorChanged,
    ContractorCreated,
    Fiscalised,
    MessageOffered,
    Printed,
    ShiftClosed,
    ShiftOpened,
)
from kontuar.kernel.canonical import encode
from kontuar.storage.postgres.engine import HubConnection

DELTAS_KEPT = 1000
"""Who asks for stock figures from before that many changes gets all of them."""
_PRUNED_EVERY = 100


class Counters(msgspec.Struct, frozen=True):
    """The counters of a store; whoever reads them holds them until the transaction ends."""

    version: int
    gid: int
    stock_version: int

    @staticmethod
    def lock(connection: HubConnection, store: str) -> "Counters":
        """Read and hold; a new store begins at zero with a new epoch."""
        connection.execute(
            "INSERT INTO store_feed (store, epoch) VALUES (%s, gen_random_uuid()::text) ON CONFLICT DO NOTHING",
            [store],
        )
        row = connection.execute(
            "SELECT version, gid, stock_version FROM store_feed WHERE store = %s FOR UPDATE", [store]
        ).fetchone()
        assert row is not None
        return Counters(*row)

    @staticmethod
    def add(connection: HubConnection, store: str, *, versions: int, gids: int, stock: int) -> None:
        """Move the counters on; now and then the list of touched balances is cut."""
        row = connection.execute(
            "UPDATE store_feed SET version = version + %s, gid = gid + %s, stock_version = stock_version + %s "
            "WHERE store = %s RETURNING stock_version",
            [versions, gids, stock, store],
        ).fetchone()
        if stock and row is not None and row[0] % _PRUNED_EVERY == 0:
            oldest = row[0] - DELTAS_KEPT
            connection.execute("DELETE FROM stock_touched WHERE store = %s AND version <= %s", [store, oldest])


def place_of(reading: Reading) -> dict[str, Any]:
    """Where a message stands."""
    arrived = reading.arrived
    return {"origin": arrived.origin, "incarnation": arrived.incarnation, "seq": arrived.seq}


def doc_id_from(reading: Reading) -> str:
    """An identity made of the message's hash, for a second document under one id."""
    return doc_id_of_hash(reading.arrived.hash)


def doc_id_of_hash(chain_hash: bytes) -> str:
    """A UUID of version 8 with a message's hash in it."""
    digest = chain_hash.hex()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def confirm(connection: HubConnection, store: str, version: int, verdicts: Sequence[Verdict], state: str) -> None:
    """Tell the store what was parked or decided; versions follow each other without a gap."""
    _confirm(connection, store, version, verdicts, state, {})


def confirm_released(connection: HubConnection, store: str, version: int, verdicts: Sequence[Verdict]) -> int:
    """Tell the store of what was booked after it had been parked, and is no document (those tell of themselves): the
    document that it is about, or the shift, waits no more, where nothing else of it is parked. How many were told."""
    subjects = [_subject(verdict) for verdict in verdicts]
    waiting = connection.execute(
        "SELECT doc_id FROM verification_item WHERE store = %(store)s AND state = 'parked' AND doc_id = ANY(%(ids)s)"
        " UNION SELECT shift_id FROM verification_item WHERE store = %(store)s AND state = 'parked' AND doc_id = ''"
        " AND shift_id = ANY(%(ids)s)",
        {"store": store, "ids": subjects},
    ).fetchall()
    still = {str(row[0]) for row in waiting}
    told = [verdict for verdict, subject in zip(verdicts, subjects, strict=True) if subject not in still]
    documents = [_subject(each) for each in told if isinstance(each.reading.body, Cancelled | Fiscalised | Printed)]
    rows = connection.execute(
        "SELECT doc_id::text, store || '-' || gid FROM document WHERE store = %s AND doc_id = ANY(%s::uuid[])",
        [store, documents],
    ).fetchall()
    _confirm(connection, store, version, told, "booked", dict(rows))
    return len(told)


def _confirm(
    connection: HubConnection, store: str, version: int, verdicts: Sequence[Verdict], state: str,
    gids: Mapping[str, str],
) -> None:  # fmt: skip
    columns: list[list[Any]] = [[] for _ in range(7)]
    for ordinal, verdict in enumerate(verdicts, start=1):
        arrived, subject = verdict.reading.arrived, _subject(verdict)
        values = (
            gids.get(subject, ""), version + ordinal, subject, arrived.origin, arrived.incarnation, arrived.seq,
            verdict.reason if verdict.problems else "",
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    connection.execute(
        "INSERT INTO confirmation (store, state, gid, version, doc_id, origin, incarnation, seq, reason) "
        "SELECT %s, %s, c.* FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], "
        "%s::text[]) AS c",
        [store, state, *columns],
    )


def _subject(verdict: Verdict) -> str:
    return verdict.reading.subject or verdict.reading.arrived.message_id


def book_history(connection: HubConnection, store: str, verdicts: Sequence[Verdict]) -> None:
    """What happened to documents: appended to their history, and the state that lists show."""
    history: list[list[Any]] = [[] for _ in range(8)]
    state: list[tuple[str, str, bool, bool, int]] = []
    for verdict in verdicts:
        message, body = verdict.reading.message, verdict.reading.body
        assert message is not None
        event, facts = _event(body)
        row = (
            body.doc_id, message.origin, message.incarnation, message.seq, message.at, event, message.by,
            encode(facts).decode(),
        )  # fmt: skip
        for column, value in zip(history, row, strict=True):
            column.append(value)
        fiscal = body.fiscal_number if isinstance(body, Fiscalised) else ""
        state.append((body.doc_id, fiscal, event == "fiscalised", event == "cancelled", int(event == "printed")))
    connection.execute(
        "INSERT INTO document_history (store, doc_id, origin, incarnation, seq, at, event, operator, facts) "
        "SELECT %s, h.* FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], "
        "%s::text[], %s::text[], %s::jsonb[]) AS h",
        [store, *history],
    )
    connection.execute(_LATER, [store, *([row[column] for row in state] for column in range(5))])


_LATER = """
INSERT INTO document_later AS l (store, doc_id, fiscal_number, fiscalised, cancelled, prints)
SELECT %s, doc_id, max(fiscal_number), bool_or(fiscalised), bool_or(cancelled), sum(prints)
FROM unnest(%s::uuid[], %s::text[], %s::boolean[], %s::boolean[], %s::integer[])
  AS e (doc_id, fiscal_number, fiscalised, cancelled, prints)
GROUP BY doc_id
ON CONFLICT (store, doc_id) DO UPDATE
SET fiscal_number = CASE WHEN excluded.fiscal_number <> '' THEN excluded.fiscal_number ELSE l.fiscal_number END,
    fiscalised = l.fiscalised OR excluded.fiscalised, cancelled = l.cancelled OR excluded.cancelled,
    prints = l.prints + excluded.prints"""


def _event(body: Cancelled | Fiscalised | Printed) -> tuple[str, dict[str, str]]:
    if isinstance(body, Cancelled):
        return "cancelled", {"reason": body.reason}
    if isinstance(body, Fiscalised):
        marked = {"marked": "yes"} if body.marked else {}
        return "fiscalised", {"fiscal_number": body.fiscal_number, "device": body.device, **marked}
    return "printed", {"where": body.where, "copy": "yes" if body.copy else "no"}


def book_shifts(connection: HubConnection, store: str, reading: Reading) -> None:
    """A shift begins, or ends with its report."""
    arrived, body = reading.arrived, reading.body
    if isinstance(body, ShiftOpened):
        shift = body.shift
        connection.execute(
            "INSERT INTO shift (store, shift_id, origin, incarnation, opened_seq, number, register, business_day, "
            "opened_at, opened_by, opening_float, currency) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [store, shift.shift_id, arrived.origin, arrived.incarnation, arrived.seq, shift.number, shift.register,
             shift.business_day, shift.opened_at, shift.opened_by, shift.opening_float, shift.currency],
        )  # fmt: skip
        return
    assert isinstance(body, ShiftClosed)
    report = body.report
    connection.execute(
        "UPDATE shift SET closed_seq = %s, closed_at = %s, closed_by = %s, report = %s::jsonb "
        "WHERE store = %s AND shift_id = %s",
        [arrived.seq, report.closed_at, report.closed_by, encode(report).decode(), store, report.shift.shift_id],
    )


def book_events(connection: HubConnection, store: str, verdicts: Sequence[Verdict]) -> None:
    """What an administrator or loss prevention wants to know."""
    columns: list[list[Any]] = [[] for _ in range(7)]
    for verdict in verdicts:
        message = verdict.reading.message
        assert message is not None
        row = (
            message.origin, message.incarnation, message.seq, message.at, message.by, message.kind,
            _event_body(verdict.reading),
        )  # fmt: skip
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    connection.execute(
        "INSERT INTO technical_event (store, origin, incarnation, seq, at, operator, kind, body) "
        "SELECT %s, e.* FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[], "
        "%s::text[], %s::jsonb[]) AS e",
        [store, *columns],
    )


def _event_body(reading: Reading) -> str:
    """What is kept of an event. Contractors by their code alone: their data are in the definitions, where they can be
    taken out again (HUB-09)."""
    body = reading.body
    if isinstance(body, ContractorCreated | ContractorChanged):
        told = body.contractor if isinstance(body, ContractorCreated) else body.after
        return encode({"code": told.code, "seen": body.seen}).decode()
    if isinstance(body, MessageOffered):  # what was offered lies among the forked messages
        return encode({"incarnation": body.incarnation, "seq": body.seq, "hash": body.hash}).decode()
    assert reading.message is not None
    return bytes(reading.message.body).decode()
