"""Definitions at a station: generic rows with indexes for codes, lists and words; one switch per version."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from kontuar.domain.catalogue.records import Article, Batch, Picture, Price
from kontuar.domain.definitions.kinds import KIND_OF, KINDS
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.canonical import row_checksum
from kontuar.kernel.errors import refuse
from kontuar.kernel.sorting import search_key, sort_key
from kontuar.operations.ports.station import CodeMatch, Listed
from kontuar.storage.sqlite import own_contractors as overlay
from kontuar.storage.sqlite.engine import SqliteDatabase

R = TypeVar("R", bound=msgspec.Struct)
Row = tuple[str, str, int, bytes]
"""(kind, key, version, canonical bytes)."""

CHECKSUM_LIMIT = 2**64
_LISTED = frozenset({"article", "contractor"})
_MANY: frozenset[type[msgspec.Struct]] = frozenset({Article, Batch, Price, Contractor, Picture})
"""Kinds with too many or too large rows to keep decoded; of the others every row that was asked for is kept."""
_MOST_ARTICLES = 500
"""So many articles stay decoded all the same: a scan asks four times for the one that it is about."""
_CHUNK = 5_000


class SqliteDefinitions:
    """Reader and switch of the definitions; small kinds are kept decoded until the next version."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._small: dict[type[msgspec.Struct], Mapping[str, Any]] = {}
        self._found: dict[tuple[type[msgspec.Struct], str], Any] = {}
        self._articles: deque[str] = deque()
        self._cursor: tuple[str, int, int] | None = None

    # -- reading ------------------------------------------------------------------------------------------
    def cursor(self) -> tuple[str, int, int]:
        """(epoch, version, checksum); an empty epoch before the first snapshot."""
        if self._cursor is None:
            text = self._database.value("SELECT value FROM fact WHERE name = 'definitions'") or " 0 0"
            epoch, version, checksum = text.split(" ")
            self._cursor = (epoch, int(version), int(checksum))
        return self._cursor

    def version(self) -> tuple[str, int]:
        """(epoch, version)."""
        epoch, version, _ = self.cursor()
        return epoch, version

    def get(self, kind: type[R], key: str) -> R | None:
        """One record; a row that this program cannot read counts as absent."""
        kept: R | None = self._found.get((kind, key))
        if kept is not None:
            return kept
        if kind is Contractor:
            own = overlay.body_of(self._database, key)
            if own is not None:
                return _read(own, kind)
        body = self._database.value("SELECT body FROM definition WHERE kind = ? AND key = ?", (KIND_OF[kind].name, key))
        record = None if body is None else _read(body, kind)
        if record is not None:
            self._keep(kind, key, record)
        return record

    def _keep(self, kind: type[R], key: str, record: R) -> None:
        if kind is Article:
            self._articles.append(key)
            if len(self._articles) > _MOST_ARTICLES:
                self._found.pop((Article, self._articles.popleft()), None)
        elif kind in _MANY:
            return
        self._found[kind, key] = record

    def every(self, kind: type[R]) -> Mapping[str, R]:
        """All records of a kind by key, kept until the next version."""
        found = self._small.get(kind)
        if found is None:
            rows = self._database.rows(
                "SELECT key, body FROM definition WHERE kind = ? ORDER BY key", (KIND_OF[kind].name,)
            )
            read = {key: _read(body, kind) for key, body in rows}
            found = self._small[kind] = {key: record for key, record in read.items() if record is not None}
        return found

    def rows(self, kind: str) -> Sequence[tuple[str, int, bytes]]:
        """(key, version, bytes) of all rows of a kind."""
        rows = self._database.rows("SELECT key, version, body FROM definition WHERE kind = ? ORDER BY key", (kind,))
        return [(key, version, body) for key, version, body in rows]

    def bodies(self, kind: str) -> list[bytes]:
        """All rows of a kind as bytes, also of kinds that are nobody's to edit (certificates)."""
        return [body for (body,) in self._database.rows("SELECT body FROM definition WHERE kind = ?", (kind,))]

    def by_code(self, code: str) -> Sequence[CodeMatch]:
        """Articles with that EAN or article code, and active batches with that EAN (then in the base unit)."""
        rows = self._database.rows("SELECT article, unit FROM article_code WHERE code = ?", (code,))
        batches = self._database.rows("SELECT article, batch FROM batch_code WHERE code = ?", (code,))
        named = [CodeMatch(article, unit) for article, unit in rows]
        for article, batch in batches:
            found = self.get(Article, article)
            if found is not None:
                named.append(CodeMatch(article, found.unit, batch))
        return named

    def batches_of(self, article: str) -> Sequence[Batch]:
        """The active batches of an article in their order (DOC-29)."""
        bodies = self._database.rows(
            "SELECT body FROM definition WHERE kind = 'batch' AND key > ? AND key < ?", (f"{article}|", f"{article}}}")
        )
        found = [batch for (body,) in bodies if (batch := _read(body, Batch)) is not None and batch.active]
        return sorted(found, key=lambda batch: (batch.position, sort_key(batch.name), batch.code))

    def codes_containing(self, part: str, limit: int) -> Sequence[str]:
        """Articles whose code or EAN has these characters in it, in the order of their codes (QUICK-04)."""
        rows = self._database.rows(
            "SELECT DISTINCT article FROM article_code WHERE instr(upper(code), upper(?)) ORDER BY article LIMIT ?",
            (part, limit),
        )
        return [article for (article,) in rows]

    def price_on(self, price_list: str, article: str, unit: str, day: str) -> Price | None:
        """The row that has begun last by that day (`Price` keys end with the day they are valid from)."""
        prefix = f"{price_list}|{article}|{unit}|"
        body = self._database.value(
            "SELECT body FROM definition WHERE kind = 'price' AND key > ? AND key <= ? ORDER BY key DESC LIMIT 1",
            (prefix, prefix + day),
        )
        return None if body is None else _read(body, Price)

    def search(
        self, kind: str, phrase: str, *, parent: str, inactive: bool, after: tuple[str, str], limit: int
    ) -> Sequence[Listed]:
        """A page of a list in alphabetical order; every word of the phrase must begin a word of the row."""
        where, values = ["l.kind = ?", "(l.sort_key, l.key) > (?, ?)"], [kind, *after]
        if kind == "contractor":
            where[0] = overlay.LISTED
        if not inactive:
            where.append("l.active = 1")
        if parent:
            where.append("l.parent = ?")
            values.append(parent)
        words = " ".join(f'"{word}"*' for word in search_key(phrase).replace('"', " ").split())
        source = "listing l"
        if words:
            source = "listing_words w CROSS JOIN listing l ON l.id = w.rowid"
            where.append("w.words MATCH ?")
            values.append(words)
        rows = self._database.rows(
            f"SELECT l.key, l.sort_key FROM {source} WHERE {' AND '.join(where)} ORDER BY l.sort_key, l.key LIMIT ?",
            (*values, limit),
        )
        return [Listed(key, position) for key, position in rows]

    # -- switching ----------------------------------------------------------------------------------------
    def apply_delta(
        self, put: Iterable[Row], removed: Iterable[tuple[str, str]], epoch: str, version: int, checksum: int
    ) -> None:
        """Put and remove whole rows and move the cursor, in one transaction (REL-10)."""
        with self._database.transaction():
            total = self.cursor()[2]
            for kind, key, row_version, body in put:
                total += row_checksum(kind, key, body) - self._take(kind, key)
                self._put([(kind, key, row_version, body)])
            for kind, key in removed:
                total -= self._take(kind, key)
            overlay.settle(self._database)
            self._switch(epoch, version, total % CHECKSUM_LIMIT, checksum)

    def replace_all(self, rows: Iterable[Row], epoch: str, version: int, checksum: int) -> None:
        """Exchange everything for a snapshot, in one transaction."""
        with self._database.transaction():
            for table in ("definition", "article_code", "batch_code", "listing", "listing_words"):
                self._database.write(f"DELETE FROM {table}")
            total, chunk = 0, []
            for row in rows:
                total += row_checksum(row[0], row[1], row[3])
                chunk.append(row)
                if len(chunk) == _CHUNK:
                    self._put(chunk)
                    chunk = []
            self._put(chunk)
            overlay.list_all(self._database)
            overlay.settle(self._database)
            self._switch(epoch, version, total % CHECKSUM_LIMIT, checksum)

    def _switch(self, epoch: str, version: int, found: int, told: int) -> None:
        if found != told:
            raise refuse("definitions.checksum_differs", version=version)
        self._database.write("INSERT OR REPLACE INTO fact VALUES ('definitions', ?)", (f"{epoch} {version} {found}",))
        self._small.clear()
        self._found.clear()
        self._articles.clear()
        self._cursor = None

    def _take(self, kind: str, key: str) -> int:
        """Remove a row with its index entries; returns its checksum, 0 when there was none."""
        body = self._database.value("SELECT body FROM definition WHERE kind = ? AND key = ?", (kind, key))
        if body is None:
            return 0
        self._database.write("DELETE FROM definition WHERE kind = ? AND key = ?", (kind, key))
        if kind == "article":
            self._database.write("DELETE FROM article_code WHERE article = ?", (key,))
        if kind == "batch":
            article, _, batch = key.partition("|")
            self._database.write("DELETE FROM batch_code WHERE article = ? AND batch = ?", (article, batch))
        if kind in _LISTED:
            where = (kind, key)
            row_id = self._database.value("SELECT id FROM listing WHERE kind = ? AND key = ?", where)
            self._database.write("DELETE FROM listing WHERE kind = ? AND key = ?", where)
            self._database.write("DELETE FROM listing_words WHERE rowid = ?", (row_id,))
        return row_checksum(kind, key, body)

    def _put(self, rows: Sequence[Row]) -> None:
        self._database.write_many("INSERT INTO definition VALUES (?, ?, ?, ?)", rows)
        listed = [(kind, key, _read(body, KINDS[kind].record)) for kind, key, _, body in rows if kind in _LISTED]
        codes = [code for kind, _, record in listed if kind == "article" for code in _codes(record)]
        self._database.write_many("INSERT OR IGNORE INTO article_code VALUES (?, ?, ?)", codes)
        batches = [_read(body, Batch) for kind, _, _, body in rows if kind == "batch"]
        batch_codes = [(ean, one.article, one.code) for one in batches if one and one.active for ean in one.eans]
        self._database.write_many("INSERT OR IGNORE INTO batch_code VALUES (?, ?, ?)", batch_codes)
        first = (self._database.value("SELECT max(id) FROM listing") or 0) + 1
        entries = [
            (row_id, kind, key, *_entry(record))
            for row_id, (kind, key, record) in enumerate(((k, y, r) for k, y, r in listed if r is not None), first)
        ]
        self._database.write_many("INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?)", [row[:6] for row in entries])
        self._database.write_many(
            "INSERT INTO listing_words (rowid, words) VALUES (?, ?)", [(row[0], row[6]) for row in entries]
        )


def _read(body: bytes, kind: type[R]) -> R | None:
    """A row that a newer hub wrote in another shape is left out whole, never half understood."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        return None


def _codes(article: msgspec.Struct | None) -> Iterable[tuple[str, str, str]]:
    if isinstance(article, Article):
        yield (article.code, article.code, article.unit)
        yield from ((code.ean, article.code, code.unit) for code in article.eans)


def _entry(record: Any) -> tuple[str, int, str, str]:
    """(parent, active, sort key, words) of a listed record."""
    if not isinstance(record, Article):
        return overlay.entry(record)
    words = search_key(" ".join([record.name, record.code, *(code.ean for code in record.eans)]))
    return record.group, int(record.active), sort_key(record.name), words
