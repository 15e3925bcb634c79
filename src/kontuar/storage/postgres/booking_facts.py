"""What the hub knows about everything a batch of messages names, asked set-wise."""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kontuar.domain.documents.booking import (
    ASIDE,
    BOOKED,
    CANCELLED,
    CLOSED,
    OPEN,
    PARKED,
    Facts,
    LastNumber,
    Reading,
    SeriesKey,
    names_of,
    number_of,
)
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import ShiftClosed, ShiftOpened
from kontuar.domain.documents.number_reading import NumberRead
from kontuar.domain.documents.numbering import default_rule
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.records import NumberingRule
from kontuar.domain.parties.records import Operator
from kontuar.kernel.canonical import decode
from kontuar.storage.postgres.booking_drafts import drafts_used
from kontuar.storage.postgres.booking_invoices import invoiced
from kontuar.storage.postgres.engine import HubDatabase

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NameKey = tuple[str, str]
Rules = Mapping[str, tuple[NumberingRule, ...]]

_DOCUMENTS = """
SELECT d.doc_id::text, coalesce(l.cancelled, false) FROM document d
LEFT JOIN document_later l ON l.store = d.store AND l.doc_id = d.doc_id
WHERE d.store = %s AND d.doc_id = ANY(%s::uuid[])"""

_PARKED_DOCUMENTS = """
SELECT doc_id, bool_and(forked) FROM verification_item
WHERE store = %s AND doc_id = ANY(%s) AND state = 'parked' AND kind LIKE '%%.approved/%%' GROUP BY doc_id"""

_SERIES = """
SELECT s.document_type, s.series, s.period, s.origin, s.incarnation, s.last_ordinal FROM number_series s
JOIN unnest(%s::text[], %s::text[], %s::text[]) AS k (document_type, series, period)
  ON (s.document_type, s.series, s.period) = (k.document_type, k.series, k.period)
WHERE s.store = %s"""

_DEFINED = """
SELECT d.kind, d.key, d.removed, CASE WHEN d.kind = 'operator' THEN d.body END,
       CASE WHEN d.kind = 'operator' THEN
         (SELECT h.changed_at FROM definition_history h
          WHERE h.kind = d.kind AND h.key = d.key ORDER BY h.version DESC LIMIT 1) END
FROM definition d JOIN unnest(%s::text[], %s::text[]) AS k (kind, key) ON d.kind = k.kind AND d.key = k.key"""


class KnownNames:
    """Which definitions exist or existed, remembered until the definitions change."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database
        self._version: tuple[str, int] | None = None
        self._defined: set[NameKey] = set()
        self._revoked: dict[str, datetime.datetime] = {}
        self._rules: Rules = {}

    def check(self, names: set[NameKey]) -> tuple[frozenset[NameKey], Mapping[str, datetime.datetime], Rules]:
        """(names without a definition, operators revoked since, number patterns by document type)."""
        self._refresh()
        asked = names - self._defined
        if asked:
            self._ask(asked)
        return frozenset(names - self._defined), self._revoked, self._rules

    def _refresh(self) -> None:
        row = self._database.connection.execute("SELECT epoch, version FROM definition_feed").fetchone()
        if row is not None and (row[0], row[1]) != self._version:
            self._rules = self._all_rules()
            self._defined.clear()
            self._revoked.clear()
            self._version = (row[0], row[1])  # last: the connection may be lost before

    def _ask(self, asked: set[NameKey]) -> None:
        kinds = [kind for kind, _ in asked]
        keys = [key for _, key in asked]
        for kind, key, removed, body, changed_at in self._database.connection.execute(_DEFINED, [kinds, keys]):
            self._defined.add((kind, key))
            if kind == "operator":
                self._note_operator(key, removed, bytes(body), changed_at)

    def _note_operator(self, key: str, removed: bool, body: bytes, changed_at: datetime.datetime) -> None:
        operator = None if removed else decode(body, Operator)
        if operator is None or not operator.active:
            self._revoked[key] = changed_at
        elif _DAY.fullmatch(operator.valid_until):
            day = datetime.date.fromisoformat(operator.valid_until)
            end = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
            self._revoked[key] = end + datetime.timedelta(days=1, hours=12)

    def _all_rules(self) -> Rules:
        """Every pattern a type ever had, newest first, then the default one."""
        found: dict[str, list[NumberingRule]] = {name: [] for name in TYPES}
        for (body,) in self._database.connection.execute(
            "SELECT body FROM definition_history WHERE kind = 'numbering' AND body IS NOT NULL ORDER BY version DESC"
        ):
            rule = decode(bytes(body), NumberingRule)
            found.setdefault(rule.document_type, []).append(rule)
        return {name: (*rules, default_rule(name)) for name, rules in found.items()}


def facts_for(database: HubDatabase, names: KnownNames, store: str, readings: Sequence[Reading]) -> Facts:
    """All facts of one batch, in a handful of queries."""
    undefined, revoked, rules = names.check({name for reading in readings for name in names_of(reading)})
    ids, shift_ids = _ids_in(readings)
    numbers = _numbers(readings, rules)
    keys = {(document_type, found.series, found.period) for (document_type, _), found in numbers.items()}
    return Facts(
        undefined=undefined,
        revoked=revoked,
        documents=_documents(database, store, ids),
        shifts=_shifts(database, store, shift_ids),
        series=_series(database, store, keys),
        rules=rules,
        numbers=numbers,
        invoiced=invoiced(database.connection, readings),
        drafts=drafts_used(database.connection, store, readings),
    )


def _ids_in(readings: Sequence[Reading]) -> tuple[list[str], list[str]]:
    documents: set[str] = set()
    shifts: set[str] = set()
    for reading in readings:
        body = reading.body
        if isinstance(body, ShiftOpened | ShiftClosed):
            shifts.add(reading.subject)
            continue
        documents.add(reading.subject)
        if isinstance(body, Document):
            shifts.add(body.shift_id)
            documents.update(link.doc_id for link in body.links)
    return [doc_id for doc_id in documents if _ID.fullmatch(doc_id)], list(shifts - {""})


def _documents(database: HubDatabase, store: str, ids: list[str]) -> dict[str, str]:
    connection = database.connection
    parked = connection.execute(_PARKED_DOCUMENTS, [store, ids])
    found = {doc_id: ASIDE if only_forked else PARKED for doc_id, only_forked in parked}
    for doc_id, cancelled in connection.execute(_DOCUMENTS, [store, ids]):
        found[doc_id] = CANCELLED if cancelled else BOOKED
    return found


def _shifts(database: HubDatabase, store: str, ids: list[str]) -> dict[str, str]:
    rows = database.connection.execute(
        "SELECT shift_id, closed_seq IS NULL FROM shift WHERE store = %s AND shift_id = ANY(%s)", [store, ids]
    )
    return {shift_id: OPEN if is_open else CLOSED for shift_id, is_open in rows}


def _numbers(readings: Sequence[Reading], rules: Rules) -> dict[tuple[str, str], NumberRead]:
    found: dict[tuple[str, str], NumberRead] = {}
    for reading in readings:
        if isinstance(reading.body, Document):
            number = number_of(reading.body, rules)
            if number:
                found[(reading.body.type, reading.body.number)] = number
    return found


def _series(database: HubDatabase, store: str, keys: Iterable[SeriesKey]) -> dict[SeriesKey, LastNumber]:
    columns: list[Any] = [[], [], []]
    for key in keys:
        for column, part in zip(columns, key, strict=True):
            column.append(part)
    rows = database.connection.execute(_SERIES, [*columns, store])
    return {(kind, series, period): LastNumber(*last) for kind, series, period, *last in rows}
