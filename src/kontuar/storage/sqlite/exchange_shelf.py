"""What a node keeps around its exchange files: their list, questions that go along, answers that came (REL-15)."""

import datetime
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.exchange import Carried, ExchangeEntry, Reply
from kontuar.storage.sqlite.engine import SqliteDatabase

MOST_FILES: Final = 1000
"""Of the list; older ones are forgotten."""
MOST_QUESTIONS: Final = 200
_DOUBTED: Final = "exchange_definitions_doubted"
_OWN: Final = ("", "")


class SqliteExchangeShelf:
    """The tables `exchange_file`, `carried_reply` and, at an agent, `carried_question`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    # -- the list of files (operations.ports.exchange.ExchangeLog) ------------------------------------------
    def add(self, entry: ExchangeEntry) -> None:
        """One more, in a transaction of its own."""
        with self._database.transaction():
            self._database.write(
                "INSERT INTO exchange_file (at, way, node, by, outcome, body) VALUES (?, ?, ?, ?, ?, ?)",
                (instant_text(entry.at), entry.way, entry.node, entry.by, entry.outcome, encode(entry)),
            )
            self._database.write(
                "DELETE FROM exchange_file WHERE id <= (SELECT max(id) FROM exchange_file) - ?", (MOST_FILES,)
            )

    def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The last ones, newest first."""
        rows = self._database.rows("SELECT body FROM exchange_file ORDER BY id DESC LIMIT ?", (most,))
        return [decode(body, ExchangeEntry) for (body,) in rows]

    # -- answers that came ----------------------------------------------------------------------------------
    def kept(self, carried: Carried) -> Reply | None:
        """What head office said to this very question."""
        body = self._database.value(
            "SELECT body FROM carried_reply WHERE (node, incarnation, question, asked) = (?, ?, ?, ?)",
            (*(carried.on_behalf or _OWN), carried.question, carried.asked),
        )
        return None if body is None else _read(body)

    def has_replies(self, question: str) -> bool:
        """Whether any answer to a question of this kind came for the node itself."""
        found = self._database.value(
            "SELECT 1 FROM carried_reply WHERE (node, incarnation, question) = (?, ?, ?)", (*_OWN, question)
        )
        return found is not None

    def keep(self, replies: Sequence[Reply]) -> None:
        """In the place of all earlier ones to such a question of the same asker; in the running transaction."""
        askers = {(*(reply.on_behalf or _OWN), reply.question) for reply in replies}
        self._database.write_many(
            "DELETE FROM carried_reply WHERE (node, incarnation, question) = (?, ?, ?)", sorted(askers)
        )
        self._database.write_many(
            "INSERT OR REPLACE INTO carried_reply VALUES (?, ?, ?, ?, ?)",
            [
                (*(reply.on_behalf or _OWN), reply.question, reply.asked, msgspec.msgpack.encode(reply))
                for reply in replies
            ],
        )

    # -- doubts ---------------------------------------------------------------------------------------------
    def doubted(self) -> bool:
        """Whether the definitions did not fit what a file built on them."""
        return bool(self._database.value("SELECT value FROM fact WHERE name = ?", (_DOUBTED,)))

    def doubt(self, *, yes: bool) -> None:
        """Remember that, or that they are right again."""
        with self._database.transaction():
            self._database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_DOUBTED, "yes" if yes else ""))

    # -- questions of an agent and its stations -------------------------------------------------------------
    def remember(self, carried: Carried, at: datetime.datetime) -> None:
        """It goes with the next file; the oldest make room."""
        if self._question(carried) is not None:
            return
        with self._database.transaction():
            self._database.write(
                "INSERT INTO carried_question VALUES (?, ?, ?, ?, ?, ?)",
                (*(carried.on_behalf or _OWN), carried.question, carried.asked, carried.body, instant_text(at)),
            )
            self._database.write(
                "DELETE FROM carried_question WHERE rowid NOT IN"
                " (SELECT rowid FROM carried_question ORDER BY at DESC, rowid DESC LIMIT ?)",
                (MOST_QUESTIONS,),
            )

    def remembered(self) -> Sequence[Carried]:
        """All of them, oldest first."""
        rows = self._database.rows("SELECT node, incarnation, question, body FROM carried_question ORDER BY at, rowid")
        return [
            Carried(question=question, body=body, on_behalf=(node, incarnation) if node else None)
            for node, incarnation, question, body in rows
        ]

    def answered(self, reply: Reply) -> Carried | None:
        """The question that a reply is to, which is remembered no longer; in the running transaction."""
        key = Carried(question=reply.question, body=b"", on_behalf=reply.on_behalf)
        body = self._question(key, reply.asked)
        if body is None:
            return None
        self._database.write(
            "DELETE FROM carried_question WHERE (node, incarnation, question, asked) = (?, ?, ?, ?)",
            (*(reply.on_behalf or _OWN), reply.question, reply.asked),
        )
        return msgspec.structs.replace(key, body=body)

    def _question(self, carried: Carried, asked: str = "") -> bytes | None:
        found: bytes | None = self._database.value(
            "SELECT body FROM carried_question WHERE (node, incarnation, question, asked) = (?, ?, ?, ?)",
            (*(carried.on_behalf or _OWN), carried.question, asked or carried.asked),
        )
        return found


def _read(body: bytes) -> Reply:
    return msgspec.msgpack.decode(body, type=Reply)
