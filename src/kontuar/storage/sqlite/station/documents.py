"""Approved documents of a station: searched relationally, read back from their canonical bytes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kontuar.domain.cash.settlement import collected
from kontuar.domain.documents.document import FORKED, Document, HistoryEntry
from kontuar.domain.documents.messages import Message
from kontuar.domain.documents.types import TYPES, turnover
from kontuar.kernel.canonical import decode
from kontuar.kernel.money import Minor
from kontuar.kernel.quantity import scaled
from kontuar.kernel.sorting import search_key
from kontuar.kernel.time import instant_text, parse_instant
from kontuar.operations.ports.station import DocumentQuery, DocumentRow, StoredDocument
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase

_COLUMNS = (
    "d.id, d.doc_id, d.type, d.number, d.state, d.fiscal, d.buyer_name, d.gross, d.paid, d.currency, d.approved_at,"
    " d.business_day, d.operator, d.handler, d.payment_forms, d.seq, d.incarnation, d.recipient_name, d.attributes"
)
_WIDTH = _COLUMNS.count(",") + 1
_FORKED = (
    "f.incarnation = d.incarnation AND f.seq = d.seq AND CASE WHEN r.hash IS NULL"
    " THEN f.message_id = d.doc_id AND f.hash NOT IN (SELECT hash FROM fork_renamed) ELSE f.hash = r.hash END"
)
"""The message of a forked document `d`, which may be known by another identity `r` here."""
_LINKS = (
    "SELECT document, other_number, other_id FROM document_link WHERE document IN (SELECT value FROM json_each(?))"
    " ORDER BY document, kind, other_id"
)
_LINKS_BACK = (
    "SELECT l.other_id, d.number, d.doc_id FROM document_link l JOIN document d ON d.id = l.document"
    " WHERE l.other_id IN (SELECT value FROM json_each(?)) ORDER BY d.id"
)
_CONFIRMED = "SELECT doc_id, state FROM confirmation WHERE doc_id IN (SELECT value FROM json_each(?))"
_HELD = "SELECT incarnation, held_seq, final_seq FROM uplink"
_ALONE = "SELECT doc_id FROM second_copy WHERE missing <> '' AND doc_id IN (SELECT value FROM json_each(?))"


class SqliteDocuments:
    """Tables `document`, `document_line`, `document_tax`, `document_link`, `document_history`."""

    def __init__(self, database: SqliteDatabase, stream: StreamId) -> None:
        self._database = database
        self._stream = stream

    def add(self, document: Document, position: int, *, fiscal: str) -> None:
        """Keep an approved document; the same id or number twice is refused by the database itself."""
        row = _row_of(document, self._stream.incarnation, position, fiscal)
        marks = ", ".join("?" * len(row))
        self._database.write(
            "INSERT INTO document (doc_id, type, family, number, state, fiscal, incarnation, seq, business_day,"
            " approved_at, created_at, operator, handler, buyer, buyer_name, currency, net, tax, gross, paid,"
            f" payment_forms, shift_id, line_count, repeats, turnover, recipient_name, attributes) VALUES ({marks})",
            row,
        )
        key = self._database.value("SELECT last_insert_rowid()")
        self._database.write(
            "INSERT INTO document_words (rowid, number, buyer) VALUES (?, ?, ?)",
            (key, search_key(document.number), search_key(document.buyer.name)),
        )
        self._database.write_many(
            "INSERT INTO document_line VALUES (?, ?, ?, ?, ?)",
            [(key, line.number, line.article, scaled(line.base_quantity), line.value) for line in document.lines],
        )
        self._database.write_many(
            "INSERT INTO document_tax VALUES (?, ?, ?, ?, ?)",
            [(key, tax.vat, tax.net, tax.tax, tax.gross) for tax in document.taxes],
        )
        self._database.write_many(
            "INSERT INTO document_link VALUES (?, ?, ?, ?)",
            [(key, link.kind, link.doc_id, link.number) for link in document.links],
        )

    def find(self, doc_id: str) -> StoredDocument | None:
        """One document by identity."""
        return self._stored("d.doc_id = ?", doc_id)

    def find_number(self, number: str) -> StoredDocument | None:
        """One document by its whole number."""
        return self._stored("d.number = ?", number)

    def page(self, query: DocumentQuery) -> Sequence[DocumentRow]:
        """A page, newest first, by key: as fast on the last page as on the first (DOC-13)."""
        where, values = _conditions(query)
        if query.from_day != query.to_day:
            where.append("d.id BETWEEN ? AND ?")
            values.extend(self._span(query))
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM document d WHERE {' AND '.join(where)} ORDER BY d.id DESC LIMIT ?",
            (*values, query.limit),
        )
        return self._listed(rows)

    def set_state(self, doc_id: str, state: str) -> None:
        """Approved becomes cancelled."""
        self._database.write("UPDATE document SET state = ? WHERE doc_id = ?", (state, doc_id))

    def set_fiscal(self, doc_id: str, fiscal: str, fiscal_number: str) -> None:
        """Waiting becomes done."""
        self._database.write(
            "UPDATE document SET fiscal = ?, fiscal_number = ? WHERE doc_id = ?",
            (fiscal, fiscal_number, doc_id),
        )

    def count_print(self, doc_id: str) -> int:
        """How often it has been printed, this time included."""
        self._database.write("UPDATE document SET prints = prints + 1 WHERE doc_id = ?", (doc_id,))
        return int(self._database.value("SELECT prints FROM document WHERE doc_id = ?", (doc_id,)))

    def note(self, doc_id: str, entry: HistoryEntry) -> None:
        """Append to the history."""
        facts = json.dumps(entry.facts, sort_keys=True, ensure_ascii=False)
        self._database.write(
            "INSERT INTO document_history (doc_id, at, event, operator, station, facts) VALUES (?, ?, ?, ?, ?, ?)",
            (doc_id, instant_text(entry.at), entry.event, entry.operator, entry.station, facts),
        )

    def repeating(self, doc_id: str) -> str:
        """The number of the invoice made of a receipt."""
        found = self._database.value(
            "SELECT number FROM document WHERE repeats = ? AND state = 'approved' LIMIT 1", (doc_id,)
        )
        return str(found or "")

    def owed_by(self, contractor: str) -> Minor:
        """The gross of approved documents less what was collected."""
        found = self._database.value(
            "SELECT sum(gross - paid) FROM document WHERE buyer = ? AND family = 'trade' AND state = 'approved'"
            " AND paid < gross",
            (contractor,),
        )
        return Minor(found or 0)

    def waiting_fiscal(self) -> int:
        """Approved, to be fiscalised, not yet."""
        return int(self._database.value("SELECT count(*) FROM document WHERE fiscal = 'waiting'"))

    def pruned_until(self) -> str:
        """The table `pruned_to`."""
        return str(self._database.value("SELECT max(last_day) FROM pruned_to") or "")

    def _span(self, query: DocumentQuery) -> tuple[int, int]:
        """(first, last) id among the days of a range: within it the list is walked in its order and ends after a page,
        where a range of days alone would have all its documents sorted (PERF-08). One step of the index a day."""
        found = self._database.row(_SPAN, (query.family, query.from_day, query.to_day or _NO_DAY))
        first, last = found or (None, None)
        return (0, -1) if first is None else (first, last)

    def _stored(self, condition: str, value: str) -> StoredDocument | None:
        # Whoever approves asks for what is not there, twice; that answer costs a tenth of the whole question's.
        if self._database.value(f"SELECT d.id FROM document d WHERE {condition}", (value,)) is None:
            return None
        found = self._database.row(
            f"SELECT {_COLUMNS}, d.prints, d.fiscal_number, coalesce(f.payload, m.payload), coalesce(c.reason, ''),"
            " coalesce(c.gid, '') FROM document d"
            " LEFT JOIN message m ON m.incarnation = d.incarnation AND m.seq = d.seq"
            " LEFT JOIN fork_renamed r ON r.doc_id = d.doc_id"
            f" LEFT JOIN forked_message f ON d.state = 'forked' AND {_FORKED}"
            f" LEFT JOIN confirmation c ON c.doc_id = d.doc_id WHERE {condition}",
            (value,),
        )
        if found is None:
            return None
        row = self._listed([found[:_WIDTH]])[0]
        prints, fiscal_number, payload, reason, gid = found[_WIDTH:]
        message = decode(payload, Message)
        document = decode(bytes(message.body), Document)
        if document.doc_id != row.doc_id:  # forked, and the true one has its identity
            document = msgspec.structs.replace(document, doc_id=row.doc_id)
        return StoredDocument(
            row=row, document=document, history=tuple(self._history(row.doc_id)),
            links=tuple(self._links(row.id, row.doc_id)), prints=prints, fiscal_number=fiscal_number,
            reason=reason, gid=gid,
        )  # fmt: skip

    def _history(self, doc_id: str) -> Iterable[HistoryEntry]:
        rows = self._database.rows(
            "SELECT at, event, operator, station, facts FROM document_history WHERE doc_id = ? ORDER BY id",
            (doc_id,),
        )
        for at, event, operator, station, facts in rows:
            yield HistoryEntry(
                at=parse_instant(at), event=event, operator=operator, station=station, facts=json.loads(facts)
            )

    def _links(self, key: int, doc_id: str) -> Iterable[tuple[str, str, str]]:
        """(kind, doc id, number), seen from this document, both ways (DOC-04)."""
        yield from self._database.rows(
            "SELECT kind, other_id, other_number FROM document_link WHERE document = ?", (key,)
        )
        yield from self._database.rows(
            "SELECT l.kind || ':back', d.doc_id, d.number FROM document_link l JOIN document d ON d.id = l.document"
            " WHERE l.other_id = ? ORDER BY d.id",
            (doc_id,),
        )

    def _listed(self, rows: Sequence[tuple[Any, ...]]) -> list[DocumentRow]:
        """Rows of a list; what stands in other tables is asked once for all of them, not once for each (PERF-08)."""
        links, states = self._linked(rows), self._confirmed(rows)
        held = {life: (held, final) for life, held, final in self._database.rows(_HELD)}
        travels = {row[1]: states.get(row[1]) or _on_its_way(*self._told_by(row), held) for row in rows}
        travels.update(self._alone([doc_id for doc_id, where in travels.items() if where == "waiting"]))
        return [self._row(row, tuple(links.get(row[1], ())), travels[row[1]]) for row in rows]

    def _row(self, row: tuple[Any, ...], linked: tuple[tuple[str, str], ...], sync: str) -> DocumentRow:
        return DocumentRow(
            id=row[0], doc_id=row[1], type=row[2], number=row[3], state=row[4], fiscal=row[5],
            buyer_name=row[6], gross=Minor(row[7]), paid=Minor(row[8]), currency=row[9], approved_at=row[10],
            business_day=row[11], operator=row[12], handler=row[13], payment_forms=row[14], seq=row[15],
            sync=sync, linked=linked, recipient=row[17], attributes=json.loads(row[18]),
        )  # fmt: skip

    def _linked(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, list[tuple[str, str]]]:
        """Document → (number, doc id) of those it is linked with, both ways (DOC-04)."""
        doc_ids = {row[0]: row[1] for row in rows}
        found: dict[str, list[tuple[str, str]]] = {}
        for key, number, other in self._database.rows(_LINKS, (json.dumps(list(doc_ids)),)):
            found.setdefault(doc_ids[key], []).append((number, other))
        for doc_id, number, other in self._database.rows(_LINKS_BACK, (json.dumps(list(doc_ids.values())),)):
            found.setdefault(doc_id, []).append((number, other))
        return found

    def _confirmed(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, str]:
        """What head office said of each: booked or parked."""
        return dict(self._database.rows(_CONFIRMED, (json.dumps([row[1] for row in rows]),)))

    def _alone(self, doc_ids: list[str]) -> dict[str, str]:
        """Which of those that wait to be sent were issued without a second copy (REL-21)."""
        return {row[0]: "alone" for row in self._database.rows(_ALONE, (json.dumps(doc_ids),))} if doc_ids else {}

    def _told_by(self, row: tuple[Any, ...]) -> tuple[str, int]:
        """(life, position) of the message that tells head office of the document; a forked one is offered anew."""
        if row[4] != FORKED:
            return row[16], row[15]
        offer = self._database.row(
            "SELECT o.incarnation, o.seq FROM document d LEFT JOIN fork_renamed r ON r.doc_id = d.doc_id"
            f" JOIN forked_message f ON {_FORKED} JOIN fork_offer o ON o.hash = f.hash WHERE d.doc_id = ?",
            (row[1],),
        )
        return offer or ("", 1)


def _on_its_way(incarnation: str, seq: int, known: Mapping[str, tuple[int, int]]) -> str:
    """waiting → held → final, by what each life's receiver was heard to hold."""
    held, final = known.get(incarnation, (0, 0))
    return "final" if seq <= final else "held" if seq <= held else "waiting"


def _row_of(document: Document, incarnation: str, position: int, fiscal: str) -> tuple[Any, ...]:
    assert document.approved_at is not None
    assert document.business_day is not None
    forms = ",".join(dict.fromkeys(payment.form for payment in document.payments))
    totals = document.totals
    gross = document.amount or totals.gross
    return (
        document.doc_id, document.type, TYPES[document.type].family, document.number, document.state, fiscal,
        incarnation, position, document.business_day.isoformat(), instant_text(document.approved_at),
        instant_text(document.created_at), document.approved_by, document.handler, document.buyer.code,
        document.buyer.name, document.currency, totals.net, totals.tax, gross,
        _paid(document), forms, document.shift_id, len(document.lines), document.repeats, turnover(document),
        document.recipient.name if document.recipient else "",
        json.dumps(document.attributes, sort_keys=True, ensure_ascii=False),
    )  # fmt: skip


def _paid(document: Document) -> int:
    """What was collected; an invoice that repeats a receipt owes nothing of its own."""
    return document.totals.gross if document.repeats else collected(document.payments)


_NO_DAY = "9999-12-31"
_SPAN = """
    WITH RECURSIVE day (day) AS (
        SELECT max(business_day) FROM document WHERE family = ?1 AND business_day BETWEEN ?2 AND ?3
        UNION ALL
        SELECT (SELECT max(business_day) FROM document
                WHERE family = ?1 AND business_day >= ?2 AND business_day < day.day)
        FROM day WHERE day.day IS NOT NULL
    )
    SELECT min((SELECT min(id) FROM document WHERE family = ?1 AND business_day = day.day)),
           max((SELECT max(id) FROM document WHERE family = ?1 AND business_day = day.day)) FROM day
"""


def _conditions(query: DocumentQuery) -> tuple[list[str], list[Any]]:
    where: list[str] = ["d.family = ?"]
    values: list[Any] = [query.family]
    first, last = query.from_day, query.to_day
    one_day = first if first == last else ""
    # Only of one day does the index of days give the order of the list; a range of them would be sorted: hence `+`.
    simple = (
        ("d.id < ?", query.before), ("d.business_day = ?", one_day or None),
        ("+d.business_day >= ?", None if one_day else first or None),
        ("+d.business_day <= ?", None if one_day else last or None), ("d.gross >= ?", query.least),
        ("d.gross <= ?", query.most), ("d.operator = ?", query.operator or None),
    )  # fmt: skip
    for condition, value in simple:
        if value is not None:
            where.append(condition)
            values.append(value)
    if query.types:
        where.append(f"d.type IN ({', '.join('?' * len(query.types))})")
        values.extend(query.types)
    if query.article:
        where.append("d.id IN (SELECT document FROM document_line WHERE article = ?)")
        values.append(query.article)
    if query.text:
        condition, value = _text_condition(query.text)
        where.append(condition)
        values.append(value)
    if query.state:
        where.append(_STATES.get(query.state, "0"))
    return where, values


_STATES = {
    "approved": "d.state = 'approved'",
    "cancelled": "d.state = 'cancelled'",
    "forked": "d.state = 'forked'",
    "fiscalised": "d.fiscal = 'done'",
    "not_fiscalised": "d.fiscal = 'waiting'",
    "settled": "d.paid >= d.gross AND d.state = 'approved'",
    "unsettled": "d.paid < d.gross AND d.state = 'approved'",
}


def _text_condition(text: str) -> tuple[str, str]:
    """Any part of a number, or `%` and a part of the contractor's name (DOC-11)."""
    column, part = ("buyer", text[1:]) if text.startswith("%") else ("number", text)
    part = search_key(part.strip()).replace('"', " ")
    if len(part) >= 3:
        return "d.id IN (SELECT rowid FROM document_words WHERE document_words MATCH ?)", f'{column}:"{part}"'
    plain = "d.buyer_name" if column == "buyer" else "d.number"
    return f"{plain} LIKE ?", f"%{part}%"
