"""Drafts: whole documents as canonical bytes, durable at every change (DOC-34, REL-20)."""

import datetime
from collections.abc import Sequence

from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import decode
from kontuar.kernel.time import instant_text
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.last_read import LastRead


class SqliteDrafts:
    """The table `draft`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._last = LastRead(Document)

    def load(self, doc_id: str) -> Document | None:
        """The draft as last saved."""
        body = self._database.value("SELECT body FROM draft WHERE doc_id = ?", (doc_id,))
        return None if body is None else self._last.read(body)

    def save(self, document: Document, now: datetime.datetime) -> None:
        """Keep the draft."""
        values = (document.doc_id, document.type, instant_text(now), self._last.written(document))
        with self._database.transaction():
            self._database.write("INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?)", values)

    def remove(self, doc_id: str) -> None:
        """The draft is no more."""
        with self._database.transaction():
            self._database.write("DELETE FROM draft WHERE doc_id = ?", (doc_id,))

    def newest(self, document_type: str) -> Document | None:
        """The draft of that type changed last."""
        body = self._database.value(
            "SELECT body FROM draft WHERE type = ? ORDER BY updated_at DESC LIMIT 1", (document_type,)
        )
        return None if body is None else self._last.read(body)

    def every(self) -> Sequence[Document]:
        """All drafts, newest first."""
        rows = self._database.rows("SELECT body FROM draft ORDER BY updated_at DESC")
        return [decode(body, Document) for (body,) in rows]
