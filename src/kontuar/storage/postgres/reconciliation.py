"""What the hub holds of a store and day, counted from the tables themselves (REL-05, REL-06)."""

import datetime
from decimal import Decimal
from typing import Any

from kontuar.kernel.money import Minor
from kontuar.kernel.quantity import SCALE
from kontuar.operations.ports.hub_lists import (
    NumberRange,
    ParkedSum,
    Reconciliation,
    StockSum,
    StreamRow,
    TenderSum,
    TypeCount,
)
from kontuar.storage.postgres.engine import HubConnection
from kontuar.storage.postgres.stock import REBUILT

_DAY = "AND (%(day)s::date IS NULL OR {} = %(day)s)"

_TYPES = f"""
SELECT d.type, count(*), count(*) FILTER (WHERE l.cancelled), sum(d.line_count), sum(d.net), sum(d.tax), sum(d.gross),
       sum(d.amount)
FROM document d LEFT JOIN document_later l ON l.store = d.store AND l.doc_id = d.doc_id
WHERE d.store = %(store)s {_DAY.format("d.business_day")} GROUP BY d.type ORDER BY d.type"""

_TENDERS = f"""
SELECT p.form, p.currency, sum(p.amount), sum(p.in_system)
FROM document_payment p JOIN document d ON d.store = p.store AND d.doc_id = p.doc_id
WHERE d.store = %(store)s {_DAY.format("d.business_day")} GROUP BY p.form, p.currency ORDER BY p.form, p.currency"""

_MOVES = f"""
SELECT effect, count(*), sum(quantity_e4) FROM stock_move
WHERE store = %(store)s {_DAY.format("business_day")} GROUP BY effect ORDER BY effect"""

_PARKED = f"""
SELECT reason, count(*), sum(gross) FROM verification_item
WHERE store = %(store)s AND state = 'parked' {_DAY.format("business_day")} GROUP BY reason ORDER BY reason"""

_NUMBERS = """
WITH held AS (
  SELECT type, series, period, ordinal, false AS parked FROM document WHERE store = %(store)s AND ordinal > 0
  UNION ALL
  SELECT document_type, series, period, ordinal, true FROM verification_item
  WHERE store = %(store)s AND state = 'parked' AND ordinal > 0 AND kind LIKE '%%.approved/%%'
), stepped AS (
  SELECT *, lag(ordinal, 1, 0::bigint) OVER (PARTITION BY type, series, period ORDER BY ordinal) AS before FROM held
)
SELECT type, series, period, count(*), min(ordinal), max(ordinal), count(*) FILTER (WHERE parked),
       array_agg(before ORDER BY ordinal) FILTER (WHERE ordinal > before + 1),
       array_agg(ordinal ORDER BY ordinal) FILTER (WHERE ordinal > before + 1),
       array_agg(DISTINCT ordinal) FILTER (WHERE ordinal = before)
FROM stepped GROUP BY type, series, period ORDER BY type, series, period"""

_STREAMS = """
SELECT store, origin, incarnation, seq, encode(hash, 'hex'), processed_seq, closed FROM stream
WHERE %(store)s = '' OR store = %(store)s ORDER BY store, origin, incarnation"""

_BALANCES = "SELECT sum(quantity_e4), sum(unbooked_e4) FROM stock_balance WHERE store = %(store)s"

_DIFFERENT = f"""
SELECT count(*) FROM (SELECT * FROM stock_balance WHERE store = %(store)s) b
FULL JOIN (SELECT * FROM ({REBUILT}) r WHERE store = %(store)s) l ON (b.warehouse, b.article) = (l.place, l.article)
WHERE coalesce(b.quantity_e4, 0) <> coalesce(l.quantity_e4, 0)"""

_MOST_NAMED = 100


def reconcile(connection: HubConnection, store: str, day: datetime.date | None) -> Reconciliation:
    """All of it in one moment; call it inside a reading transaction."""
    where = {"store": store, "day": day}
    balances = connection.execute(_BALANCES, where).fetchone() or (0, 0)
    different = connection.execute(_DIFFERENT, where).fetchone() or (0,)
    return Reconciliation(
        store=store,
        day=day,
        documents=tuple(
            TypeCount(
                document_type=kind, documents=count, cancelled=cancelled, lines=lines, net=_minor(net),
                tax=_minor(tax), gross=_minor(gross), amount=_minor(amount),
            )
            for kind, count, cancelled, lines, net, tax, gross, amount in connection.execute(_TYPES, where)
        ),
        tenders=tuple(
            TenderSum(form=form, currency=currency, amount=_minor(amount), in_system=_minor(in_system))
            for form, currency, amount, in_system in connection.execute(_TENDERS, where)
        ),
        numbers=tuple(_range(row) for row in connection.execute(_NUMBERS, where)),
        stock_moves=tuple(
            StockSum(effect=effect, moves=count, quantity=_decimal(total))
            for effect, count, total in connection.execute(_MOVES, where)
        ),
        streams=streams_of(connection, store),
        parked=tuple(
            ParkedSum(reason=reason, messages=count, gross=_minor(gross))
            for reason, count, gross in connection.execute(_PARKED, where)
        ),
        booked_balance=_decimal(balances[0]),
        unbooked_balance=_decimal(balances[1]),
        balances_that_differ=int(different[0]),
    )  # fmt: skip


def streams_of(connection: HubConnection, store: str) -> tuple[StreamRow, ...]:
    """Streams of a store, or of all when empty."""
    rows = connection.execute(_STREAMS, {"store": store})
    return tuple(
        StreamRow(
            store=code, origin=origin, incarnation=life, held=held, hash=digest, processed=processed, closed=closed
        )
        for code, origin, life, held, digest, processed, closed in rows
    )


def _range(row: tuple[Any, ...]) -> NumberRange:
    kind, series, period, count, first, last, parked, befores, afters, repeated = row
    missing = [
        ordinal
        for before, after in zip(befores or (), afters or (), strict=True)
        for ordinal in range(before + 1, min(after, before + _MOST_NAMED + 1))
    ]
    return NumberRange(
        document_type=kind, series=series, period=period, documents=count, first=first, last=last,
        missing=tuple(missing[:_MOST_NAMED]), repeated=tuple((repeated or ())[:_MOST_NAMED]), parked=parked,
    )  # fmt: skip


def _minor(total: Decimal | int | None) -> Minor:
    return Minor(int(total or 0))


def _decimal(total: Decimal | int | None) -> Decimal:
    return Decimal(int(total or 0)) / SCALE
