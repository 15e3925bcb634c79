"""The hub's books, read for their proof, and the latest proofs as they are kept (HUB-10, REL-14)."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from kontuar.domain.cash.records import ShiftReport
from kontuar.domain.documents.proof.expected import subject_in
from kontuar.domain.documents.proof.records import Fault, Row, Stored, StreamProof
from kontuar.domain.documents.proof.tables import HUB, LATER, Table
from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.canonical import content_hash, decode, encode
from kontuar.operations.ports.proofs import HeldStream, KeptProof
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.storage.postgres.booking_rows import doc_id_of_hash
from kontuar.storage.postgres.engine import HubConnection, HubDatabase
from kontuar.storage.postgres.stock import REBUILT

Found = dict[str, dict[Row, Row]]
_UNBOOKED: Final = frozenset(("parked", "set_aside"))

_STREAMS: Final = """
SELECT m.store, m.origin, m.incarnation, s.seq, s.hash, s.closed, s.processed_seq,
  (SELECT count(*) FROM verification_item v WHERE v.store = m.store AND v.origin = m.origin
     AND v.incarnation = m.incarnation AND v.state = 'parked'),
  (SELECT count(*) FROM forked_message f WHERE f.store = m.store AND f.origin = m.origin
     AND f.incarnation = m.incarnation)
FROM (SELECT DISTINCT store, origin, incarnation FROM message UNION SELECT store, origin, incarnation FROM stream) m
LEFT JOIN stream s ON s.store = m.store AND s.origin = m.origin AND s.incarnation = m.incarnation
WHERE (%(store)s = '' OR m.store = %(store)s) ORDER BY m.store, m.origin, m.incarnation"""

_MESSAGES: Final = """
SELECT m.seq, m.payload, m.hash, m.signature, m.message_id, m.kind, m.flaw, coalesce(v.state, '')
FROM message m LEFT JOIN verification_item v ON v.store = m.store AND v.message_hash = m.hash
WHERE m.store = %s AND m.origin = %s AND m.incarnation = %s AND m.seq > %s ORDER BY m.seq LIMIT %s"""

_OF_DOCUMENT: Final = (
    "SELECT x.doc_id::text, {columns} FROM {table} x WHERE x.store = %(store)s AND x.doc_id = ANY(%(ids)s::uuid[])"
)
_POSITIONS: Final = {
    "document": _OF_DOCUMENT,
    **dict.fromkeys(
        ("document_line", "document_tax", "document_payment", "document_adjustment", "document_link", "stock_move",
         "cash_move"), _OF_DOCUMENT,
    ),
    "shift": "SELECT x.shift_id, {columns} FROM shift x WHERE x.store = %(store)s AND x.shift_id = ANY(%(words)s)",
    "shift_end": "SELECT x.shift_id || ':closed', {columns} FROM shift x WHERE x.store = %(store)s"
                 " AND x.report IS NOT NULL AND x.shift_id = ANY(%(closed)s)",
    LATER: "SELECT x.doc_id::text, x.cancelled, x.fiscalised, x.fiscal_number FROM document_later x"
           " WHERE x.store = %(store)s AND x.doc_id = ANY(%(ids)s::uuid[])",
}  # fmt: skip

_STOCK: Final = f"""
SELECT b.store, b.warehouse, b.article, b.quantity_e4, coalesce(l.quantity_e4, 0), b.unbooked_e4, coalesce(u.q, 0)
FROM stock_balance b
LEFT JOIN ({REBUILT}) l ON (l.store, l.place, l.article) = (b.store, b.warehouse, b.article)
LEFT JOIN (SELECT store, place, article, sum(q)::bigint AS q FROM unbooked_move
  CROSS JOIN LATERAL (VALUES (from_place, -quantity_e4), (to_place, quantity_e4)) AS e(place, q)
  GROUP BY store, place, article) u ON (u.store, u.place, u.article) = (b.store, b.warehouse, b.article)
WHERE b.store = %(store)s
  AND (b.quantity_e4 <> coalesce(l.quantity_e4, 0) OR b.unbooked_e4 <> coalesce(u.q, 0))
UNION ALL
SELECT l.store, l.place, l.article, 0, l.quantity_e4, 0, 0 FROM ({REBUILT}) l
WHERE l.store = %(store)s AND l.quantity_e4 <> 0 AND NOT EXISTS (SELECT 1 FROM stock_balance b
  WHERE (b.store, b.warehouse, b.article) = (l.store, l.place, l.article))"""

_DOUBLES: Final = """
SELECT min(number), count(*) FROM document d WHERE d.store = %(store)s AND d.ordinal > 0 AND d.deviation = ''
GROUP BY type, series, period, ordinal HAVING count(*) > 1"""

_STRANGERS: Final = (
    """SELECT 'document', d.number FROM document d WHERE d.store = %(store)s
      AND NOT EXISTS (SELECT 1 FROM message m WHERE (m.store, m.origin, m.incarnation, m.seq)
        = (d.store, d.origin, d.incarnation, d.seq))
      AND NOT EXISTS (SELECT 1 FROM forked_message f WHERE (f.store, f.origin, f.incarnation, f.seq)
        = (d.store, d.origin, d.incarnation, d.seq))""",
    """SELECT DISTINCT 'stock_move', x.doc_id::text FROM stock_move x WHERE x.store = %(store)s
      AND NOT EXISTS (SELECT 1 FROM document d WHERE (d.store, d.doc_id) = (x.store, x.doc_id))
      AND NOT EXISTS (SELECT 1 FROM stock_opening o WHERE (o.store, o.doc_id) = (x.store, x.doc_id))""",
    """SELECT DISTINCT 'cash_move', x.doc_id::text FROM cash_move x WHERE x.store = %(store)s
      AND NOT EXISTS (SELECT 1 FROM document d WHERE (d.store, d.doc_id) = (x.store, x.doc_id))""",
    """SELECT 'shift', x.shift_id FROM shift x WHERE x.store = %(store)s
      AND NOT EXISTS (SELECT 1 FROM message m WHERE (m.store, m.origin, m.incarnation, m.seq)
        = (x.store, x.origin, x.incarnation, x.opened_seq))
      AND NOT EXISTS (SELECT 1 FROM forked_message f WHERE (f.store, f.origin, f.incarnation, f.seq)
        = (x.store, x.origin, x.incarnation, x.opened_seq))""",
)


class PostgresProofShelf:
    """The hub's books, or those of one store; implements `operations.ports.proofs.ProofShelf`."""

    kind = "hub"
    node = "hub"

    def __init__(self, database: HubDatabase, store: str = "") -> None:
        self._database = database
        self._store = store
        self._rules: Mapping[str, tuple[NumberingRule, ...]] | None = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent moment."""
        with self._database.transaction(reading=True):
            self._rules = None
            yield

    def of_store(self, store: str) -> "PostgresProofShelf":
        """The same, of one store only."""
        return PostgresProofShelf(self._database, store)

    def certificates(self) -> list[tuple[str, str, str]]:
        """(kind, certificate, signature) of every node there ever was."""
        return self._all("SELECT kind, certificate, signature FROM node_certificate ORDER BY node, ordinal")

    def stores(self) -> Sequence[str]:
        """Stores that anything is held of."""
        query = "SELECT store FROM stream UNION SELECT store FROM document UNION SELECT store FROM stock_balance"
        return sorted(row[0] for row in self._all(query))

    def streams(self) -> Sequence[HeldStream]:
        """In the order of stores and nodes."""
        return [
            HeldStream(
                id=StreamId(origin, life), store=store,
                head=Position(seq or 0, bytes(digest or bytes(32)).hex()), processed=processed or 0,
                notes={"closed": int(bool(closed)), "parked": parked, "forked": forked},
            )
            for store, origin, life, seq, digest, closed, processed, parked, forked in self._all(
                _STREAMS, {"store": self._store}
            )
        ]  # fmt: skip

    def stored(self, stream: HeldStream, after: int, most: int) -> Sequence[Stored]:
        """Messages with what was booked of them."""
        rows = self._messages(stream, after, most)
        subjects = [subject_in(bytes(row[1])) for row in rows]
        doubles = [doc_id_of_hash(bytes(row[2])) if row[7] == "accepted" else "" for row in rows]
        written = self._written(stream.store, [*subjects, *doubles])
        return [
            _stored(stream, row, subject, double, written)
            for row, subject, double in zip(rows, subjects, doubles, strict=True)
        ]

    def sealed(self, stream: HeldStream, after: int, most: int) -> Sequence[tuple[int, bytes, bytes]]:
        """What copies are compared by."""
        return [
            (row[0], bytes(row[2]), content_hash(bytes(row[1]))) for row in self._messages(stream, after, most)
        ]  # fmt: skip

    def rules(self) -> Mapping[str, tuple[NumberingRule, ...]]:
        """Every pattern there ever was."""
        if self._rules is None:
            found: dict[str, tuple[NumberingRule, ...]] = {}
            for (body,) in self._all(
                "SELECT body FROM definition_history WHERE kind = 'numbering' AND body IS NOT NULL"
                " ORDER BY version DESC"
            ):
                rule = decode(bytes(body), NumberingRule)
                found[rule.document_type] = (*found.get(rule.document_type, ()), rule)
            self._rules = found
        return self._rules

    def faults(self) -> Sequence[Fault]:
        """Balances, numbers given twice, rows that no message wrote."""
        stores = [self._store] if self._store else self.stores()
        return [fault for store in stores for fault in self._of_store(store)]

    def _of_store(self, store: str) -> Iterator[Fault]:
        where = {"store": store}
        for code, warehouse, article, balance, ledger, unbooked, moves in self._all(_STOCK, where):
            detail = f"{balance} instead of {ledger}, unbooked {unbooked} instead of {moves}"
            yield Fault(code="chain.balance_differs", name=f"{code} {warehouse} {article}", detail=detail)
        for number, times in self._all(_DOUBLES, where):
            yield Fault(code="chain.number_repeated", name=number, detail=f"{times}")
        for query in _STRANGERS:
            for table, name in self._all(query, where):
                yield Fault(code="chain.booked_unasked", name=name, detail=f"{table} of {store}")

    def _messages(self, stream: HeldStream, after: int, most: int) -> list[tuple[Any, ...]]:
        place = [stream.store, stream.id.origin, stream.id.incarnation, after, most]
        return self._connection.execute(_MESSAGES, place, binary=True).fetchall()

    def _written(self, store: str, subjects: Sequence[str]) -> Found:
        words = sorted({each for each in subjects if each and "\0" not in each})
        where = {
            "store": store, "ids": [each for each in words if _is_id(each)], "words": words,
            "closed": [each.removesuffix(":closed") for each in words if each.endswith(":closed")],
        }  # fmt: skip
        found: Found = {}
        for name, query in _POSITIONS.items():
            table = HUB.get(name)
            columns = ", ".join(f"x.{each}" for each in (*table.key, *table.columns)) if table else ""
            for subject, *values in self._all(query.format(table=name, columns=columns), where):
                key, row = _parted(name, table, subject, values)
                found.setdefault(subject, {})[key] = row
        return found

    def _all(self, query: str, values: Any = None) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    @property
    def _connection(self) -> HubConnection:
        return self._database.connection


class PostgresKeptProofs:
    """The table `stream_proof`: what the last look at every stream gave."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def keep(self, store: str, proofs: Sequence[StreamProof], faults: Sequence[Fault], at: datetime.datetime) -> None:
        """Put the latest look at a store in the place of the one before."""
        books = StreamProof(
            store=store, origin="", incarnation="", first=0, last=0, messages=0, documents=0, hash="",
            faults=tuple(faults),
        )  # fmt: skip
        with self._database.transaction():
            connection = self._database.connection
            connection.execute("DELETE FROM stream_proof WHERE store = %s", [store])
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO stream_proof VALUES (%s, %s, %s, %s, %s, %s)",
                    [
                        (store, one.origin, one.incarnation, at, len(one.faults), encode(one).decode())
                        for one in (*proofs, books)
                    ],
                )

    def page(self, store: str = "") -> Sequence[KeptProof]:
        """All there are, faulty ones first; the books of a whole store stand under no node."""
        with self._database.transaction():
            rows = self._database.connection.execute(
                "SELECT checked_at, proof::text FROM stream_proof WHERE %(store)s = '' OR store = %(store)s"
                " ORDER BY faults > 0 DESC, store, origin, incarnation",
                {"store": store},
            ).fetchall()
        return [KeptProof(checked_at=at, proof=decode(text.encode(), StreamProof)) for at, text in rows]

    def oldest(self) -> datetime.datetime | None:
        """Since when the books of some store are due: its last proof, else its first message."""
        with self._database.transaction():
            row = self._database.connection.execute(
                "SELECT min(coalesce(p.at, s.at)) FROM (SELECT store, min(first_at) AS at FROM stream GROUP BY store) s"
                " LEFT JOIN (SELECT store, min(checked_at) AS at FROM stream_proof GROUP BY store) p USING (store)"
            ).fetchone()
        return None if row is None else row[0]


def _stored(
    stream: HeldStream, row: tuple[Any, ...], subject: str, double: str, written: Found
) -> Stored:  # fmt: skip
    seq, payload, digest, signature, message_id, kind, flaw, state = row
    booked_as = double if written.get(double) else ""
    rows = written.get(booked_as or subject, {})
    header = next((values for key, values in rows.items() if key[0] == "document"), None)
    place = (stream.id.origin, stream.id.incarnation, seq)
    if ".approved/" in kind and header is not None and tuple(header[2:5]) != place:
        rows = {}  # another message's document: this one was not booked under its id
    return Stored(
        seq=seq, payload=bytes(payload), hash=bytes(digest), signature=bytes(signature), message_id=message_id,
        kind=kind, settled=seq <= stream.processed and state not in _UNBOOKED, decided=bool(flaw or state),
        subject=booked_as, rows=rows,
    )  # fmt: skip


def _parted(name: str, table: Table | None, subject: str, values: list[Any]) -> tuple[Row, Row]:
    if table is None:
        return (name, subject), tuple(values)
    if name == "shift_end":
        values = [*values[:-1], encode(msgspec.convert(values[-1], ShiftReport, strict=False))]
    return (name, subject, *values[: len(table.key)]), tuple(values[len(table.key) :])


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4 and all(char in "0123456789abcdef-" for char in text)
