"""The books of a station, read for their proof: a connection of its own that writes nothing (REL-14)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from kontuar.domain.cash.records import Shift, ShiftReport
from kontuar.domain.documents.proof.expected import subject_in
from kontuar.domain.documents.proof.records import Fault, Row, Stored
from kontuar.domain.documents.proof.tables import LATER, STATION, Table
from kontuar.domain.firm.records import NumberingRule
from kontuar.domain.stock.records import effects_on_balances
from kontuar.kernel.canonical import content_hash, decode, encode
from kontuar.kernel.quantity import scaled
from kontuar.operations.ports.proofs import HeldStream
from kontuar.operations.ports.streams import SignedHead, StreamId
from kontuar.storage.failures import StorageDamaged
from kontuar.storage.sqlite.engine import CHECKSUM_VFS, load_checksum_vfs, naming_failures
from kontuar.storage.sqlite.stock_view import goods_in

_MOST_DAMAGE: Final = 20
_FORKED: Final = 1
"""`uplink.forked`: others hold something else, as everybody knows."""
Found = dict[str, dict[Row, Row]]
"""Rows by the document or shift they belong to."""

_TOLD_BY_FORKS: Final = (
    " AND NOT (substr(effect, -10) = '_cancelled'"
    " AND doc_id IN (SELECT doc_id FROM fork_effect WHERE what = 'cancelled'))"
)
"""Moves that only a forked message wrote: the money did move, and no message of the stream says so."""
_CANCELLED: Final = (
    "(d.state = 'cancelled' OR d.state = 'forked' AND EXISTS ("
    "SELECT 1 FROM document_history h WHERE h.doc_id = d.doc_id AND (h.event = 'cancelled'"
    " OR h.event = 'returned' AND json_extract(h.facts, '$.what') = 'cancelled')))"
)
"""One that is forked stays so, whatever became of it before that was found: its history says it."""
_STATION_ROWS: Final = {
    "document": "SELECT doc_id, {columns} FROM document WHERE doc_id IN ({marks})",
    "document_line": "SELECT d.doc_id, {columns} FROM document d JOIN document_line x ON x.document = d.id"
                     " WHERE d.doc_id IN ({marks})",
    "document_tax": "SELECT d.doc_id, {tax} FROM document d JOIN document_tax x ON x.document = d.id"
                    " WHERE d.doc_id IN ({marks})",
    "document_link": "SELECT d.doc_id, {columns} FROM document d JOIN document_link x ON x.document = d.id"
                     " WHERE d.doc_id IN ({marks})",
    "stock_move": "SELECT doc_id, {columns} FROM stock_move WHERE doc_id IN ({marks})" + _TOLD_BY_FORKS,
    "cash_move": "SELECT doc_id, {columns} FROM cash_move WHERE doc_id IN ({marks})" + _TOLD_BY_FORKS,
    "shift": "SELECT shift_id, number, body FROM shift WHERE shift_id IN ({marks})",
    "shift_end": "SELECT shift_id || ':closed', report FROM shift"
                 " WHERE report IS NOT NULL AND shift_id || ':closed' IN ({marks})",
    LATER: f"SELECT d.doc_id, {_CANCELLED} AND c.what IS NULL, d.fiscal = 'done' AND f.what IS NULL,"
           " CASE WHEN f.what IS NULL THEN d.fiscal_number ELSE '' END FROM document d"
           " LEFT JOIN fork_effect c ON c.doc_id = d.doc_id AND c.what = 'cancelled'"
           " LEFT JOIN fork_effect f ON f.doc_id = d.doc_id AND f.what = 'fiscalised' WHERE d.doc_id IN ({marks})",
}  # fmt: skip
_RECORDS: Final[Mapping[str, type[msgspec.Struct]]] = {"shift": Shift, "shift_end": ShiftReport}

_BALANCES: Final = (
    "SELECT register, form, currency, sum(b), sum(l) FROM ("
    " SELECT register, form, currency, amount b, 0 l FROM cash_balance"
    " UNION ALL SELECT register, form, currency, 0, amount FROM cash_move"
    " UNION ALL SELECT register, form, currency, 0, amount FROM cash_pruned)"
    " GROUP BY register, form, currency HAVING sum(b) <> sum(l)"
)
STRANGERS: Final = (
    "SELECT DISTINCT '{table}', {id} FROM {table} x WHERE {when}"
    " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.message_id = {id})"
)
_NOT_FORKED: Final = (
    " AND NOT EXISTS (SELECT 1 FROM forked_message f WHERE f.message_id = {id})"
    " AND {id} NOT IN (SELECT doc_id FROM fork_renamed)"
)
_STATION_STRANGERS: Final = (
    ("document", "x.doc_id", "1"), ("stock_move", "x.doc_id", "1"), ("cash_move", "x.doc_id", "1"),
    ("shift", "x.shift_id", "1"), ("shift", "x.shift_id || ':closed'", "x.report IS NOT NULL"),
)  # fmt: skip


class SqliteShelf:
    """What both have in common."""

    _where: str

    def __init__(self, path: Path, migrations: Path) -> None:
        """Raises `StorageDamaged` when it cannot be read, or is of another version of the program."""
        self._path = path
        load_checksum_vfs()
        with naming_failures(path):
            self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=CHECKSUM_VFS)
            self._connection.set_busy_timeout(5_000)
            have, want = self._connection.pragma("user_version"), len(list(migrations.glob("[0-9]*.sql")))
        if have != want:
            self.close()
            raise StorageDamaged(f"{path} has schema {have}, this program works with {want}: start the node first")

    def close(self) -> None:
        """Let go of the file; a reader cannot take the log into it, which is no fault."""
        with suppress(apsw.IOError):
            self._connection.close(True)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent moment."""
        with naming_failures(self._path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:  # damage has ended it already
                    self._connection.execute("ROLLBACK")

    def rules(self) -> Mapping[str, tuple[NumberingRule, ...]]:
        """The patterns that hold now."""
        rows = self._all("SELECT body FROM definition WHERE kind = 'numbering' AND body IS NOT NULL")
        found = [decode(body, NumberingRule) for (body,) in rows]
        return {rule.document_type: (rule,) for rule in found}

    def certificates(self) -> list[bytes]:
        """Rows of the definitions that say whose key it is."""
        return [body for (body,) in self._all("SELECT body FROM definition WHERE kind = 'certificate'") if body]

    def sealed(self, stream: HeldStream, after: int, most: int) -> Sequence[tuple[int, bytes, bytes]]:
        """What copies are compared by."""
        rows = self._all(
            f"SELECT seq, hash, payload FROM message WHERE {self._where} AND seq > ? ORDER BY seq LIMIT ?",
            (*self._key(stream.id), after, most),
        )
        return [(seq, digest, content_hash(payload)) for seq, digest, payload in rows]

    def _signed(self, origin: str, life: str) -> tuple[SignedHead, ...]:
        """How far others signed to hold the stream."""
        rows = self._all(
            "SELECT statement, signature FROM signed_head WHERE origin = ? AND incarnation = ?", (origin, life)
        )
        return tuple(SignedHead(statement=statement, signature=signature) for statement, signature in rows)

    def _let_go(self, origin: str, life: str) -> SignedHead | None:
        """How far the stream was pruned, as this node signed it."""
        query = "SELECT statement, signature FROM pruned_to WHERE origin = ? AND incarnation = ?"
        rows = self._all(query, (origin, life))
        return SignedHead(statement=rows[0][0], signature=rows[0][1]) if rows else None

    def _key(self, stream: StreamId) -> tuple[str, ...]:
        raise NotImplementedError

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(query, values))

    def _written(self, known: Mapping[str, Table], queries: Mapping[str, str], ids: Sequence[str]) -> Found:
        """The rows of these documents and shifts."""
        found: Found = {each: {} for each in ids}
        wanted = sorted({each for each in ids if each})
        marks = ", ".join("?" * len(wanted))
        for name, query in queries.items():
            table = known.get(name)
            names = (*table.key, *table.columns) if table else ()
            columns = ", ".join(names)
            tax = ", ".join(f"x.{each}" for each in names)
            for subject, *values in self._all(query.format(columns=columns, tax=tax, marks=marks), wanted):
                key, row = _parted(name, table, subject, values)
                found[subject][key] = row
        return found

    def _damage(self) -> Iterator[Fault]:
        for (told,) in self._all(f"PRAGMA integrity_check({_MOST_DAMAGE})"):
            if told != "ok":
                yield Fault(code="chain.damaged", name=self._path.name, detail=str(told)[:400])

    def _pending(self, stream: StreamId, after: int, parked: frozenset[int]) -> Iterator[Fault]:
        """The moves that the figures from above do not contain, against the messages that made them."""
        rows = self._all(
            "SELECT seq, warehouse, article, quantity_e4 FROM stock_pending WHERE origin = ? AND incarnation = ?",
            (stream.origin, stream.incarnation),
        )
        there = {(seq, warehouse, article): quantity for seq, warehouse, article, quantity in rows}
        wanted: dict[tuple[int, str, str], int] = {}
        messages = self._connection.execute(
            f"SELECT seq, payload FROM message WHERE {self._where} AND seq > ?", (*self._key(stream), after)
        )
        for seq, payload in messages:
            if seq not in parked:
                for (warehouse, article), change in effects_on_balances(goods_in(payload)).items():
                    wanted[seq, warehouse, article] = scaled(change)
        for key in sorted(wanted.keys() | there.keys()):
            if wanted.get(key) != there.get(key):
                detail = f"{key[1]} {key[2]}: {there.get(key)} instead of {wanted.get(key)}"
                yield Fault(code="chain.balance_differs", name="stock_pending", seq=key[0], detail=detail)


class StationProofShelf(SqliteShelf):
    """The books of a station; implements `operations.ports.proofs.ProofShelf`."""

    kind = "station"
    _where = "incarnation = ?"

    @property
    def node(self) -> str:
        """As its first message says."""
        return self._said()[0]

    def streams(self) -> Sequence[HeldStream]:
        """One per incarnation."""
        origin, store = self._said()
        total_of, total = self._total()
        uplink = {row[0]: row[1:] for row in self._all("SELECT incarnation, held_seq, final_seq, forked FROM uplink")}
        parked = dict(
            self._all(
                "SELECT d.incarnation, count(*) FROM confirmation c JOIN document d ON d.doc_id = c.doc_id"
                " WHERE c.state = 'parked' GROUP BY d.incarnation"
            )
        )
        forked = dict(self._all("SELECT incarnation, count(*) FROM forked_message GROUP BY incarnation"))
        lives = self._all("SELECT incarnation FROM message UNION SELECT incarnation FROM forked_message ORDER BY 1")
        return [
            HeldStream(
                id=StreamId(origin, life), store=store,
                notes={
                    "parked": parked.get(life, 0), "stopped": uplink.get(life, (0, 0, 0))[2],
                    "forked": forked.get(life, 0),
                },
                held=dict(zip(("agent", "hub"), uplink.get(life, (0, 0))[:2], strict=True)),
                perpetual=total if total_of == life else None,
                pruned=self._let_go(origin, life),
                signed=self._signed(origin, life) if uplink.get(life, (0, 0, 0))[2] != _FORKED else (),
            )
            for (life,) in lives
        ]  # fmt: skip

    def _total(self) -> tuple[str, int | None]:
        """(whose last document it comes from, the total). Where documents of earlier lives came back, that stands
        beside it until the running life issues one."""
        facts = dict(self._all("SELECT name, value FROM fact WHERE name LIKE 'perpetual_gross%'"))
        newest = self._all("SELECT incarnation, id FROM document ORDER BY id DESC LIMIT 1")
        if not newest or "perpetual_gross" not in facts:
            return "", None
        life, row = newest[0]
        of, _, known_to = facts.get("perpetual_gross_of", " 0").rpartition(" ")
        return (life if row > int(known_to) else of), int(facts["perpetual_gross"])

    def stored(self, stream: HeldStream, after: int, most: int) -> Sequence[Stored]:
        """Messages with the rows they wrote."""
        rows = self._all(
            "SELECT seq, payload, hash, signature, message_id, kind, at FROM message"
            " WHERE incarnation = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream.id.incarnation, after, most),
        )
        aside = self._aside(stream.id.incarnation)
        subjects = ["" if row[0] in aside else subject_in(row[1]) for row in rows]
        written = self._written(STATION, _STATION_ROWS, subjects)
        return [
            Stored(
                seq=seq, payload=payload, hash=digest, signature=signature, message_id=message_id, kind=kind, at=at,
                rows=written[subject], settled=seq not in aside,
            )
            for (seq, payload, digest, signature, message_id, kind, at), subject in zip(rows, subjects, strict=True)
        ]  # fmt: skip

    def faults(self) -> Sequence[Fault]:
        """Damage, balances, acknowledged positions, rows that no message wrote."""
        return [*self._damage(), *self._balances(), *self._acknowledged(), *self._strangers(), *self._not_sent()]

    def _said(self) -> tuple[str, str]:
        row = self._all("SELECT payload FROM message LIMIT 1")
        return _origin_in(row[0][0]) if row else ("", "")

    def _key(self, stream: StreamId) -> tuple[str, ...]:
        return (stream.incarnation,)

    def _balances(self) -> Iterator[Fault]:
        for register, form, currency, balance, ledger in self._all(_BALANCES):
            name = f"{register} {form} {currency}"
            yield Fault(code="chain.balance_differs", name=name, detail=f"{balance} instead of {ledger}")

    def _acknowledged(self) -> Iterator[Fault]:
        """What others acknowledged is here, with that hash."""
        for seq, digest in (("held_seq", "held_hash"), ("final_seq", "final_hash")):
            rows = self._all(
                f"SELECT u.incarnation, u.{seq} FROM uplink u LEFT JOIN message m"
                f" ON m.incarnation = u.incarnation AND m.seq = u.{seq}"
                " LEFT JOIN pruned_to p ON p.incarnation = u.incarnation"
                f" WHERE u.{seq} > coalesce(p.seq, 0) AND u.forked <> 1 AND (m.hash IS NULL OR m.hash <> u.{digest})"
            )
            for life, position in rows:
                yield Fault(code="chain.head_differs", name=life, seq=position, detail=seq)

    def _strangers(self) -> Iterator[Fault]:
        for table, identity, when in _STATION_STRANGERS:
            for name, found in self._all((STRANGERS + _NOT_FORKED).format(table=table, id=identity, when=when)):
                yield Fault(code="chain.booked_unasked", name=str(found), detail=name)
        for (document,) in self._all(
            "SELECT DISTINCT document FROM document_line WHERE document NOT IN (SELECT id FROM document)"
        ):
            yield Fault(code="chain.booked_unasked", name=str(document), detail="document_line")

    def _not_sent(self) -> Iterator[Fault]:
        """Of each life, from its oldest move on that the agent's figures do not contain."""
        for origin, life, oldest in self._all(
            "SELECT origin, incarnation, min(seq) FROM stock_pending GROUP BY origin, incarnation"
        ):
            yield from self._pending(StreamId(origin, life), oldest - 1, self._aside(life))

    def _aside(self, life: str) -> frozenset[int]:
        """Messages that came back and could not have their effects here."""
        return frozenset(seq for (seq,) in self._all("SELECT seq FROM message_aside WHERE incarnation = ?", (life,)))


def _parted(name: str, table: Table | None, subject: str, values: list[Any]) -> tuple[Row, Row]:
    """(key, columns) of a row. Records are compared as records: a newer program may write them with more fields."""
    if table is None:
        cancelled, fiscalised, number = values
        return (name, subject), (bool(cancelled), bool(fiscalised), number)
    if name in _RECORDS:
        values = [*values[:-1], _as_record(values[-1], _RECORDS[name])]
    return (name, subject, *values[: len(table.key)]), tuple(values[len(table.key) :])


def _as_record(body: bytes, kind: type[msgspec.Struct]) -> bytes:
    try:
        return encode(decode(body, kind))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body


def _origin_in(payload: bytes) -> tuple[str, str]:
    try:
        said = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", ""
    return str(said.get("origin", "")), str(said.get("store", ""))
