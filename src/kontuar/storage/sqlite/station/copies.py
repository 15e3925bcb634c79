"""Second copies of what a station issues (REL-21)."""

from collections.abc import Sequence
from typing import Any

from kontuar.operations.ports.station.copies import CopyDue
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase

_DUE = (
    "SELECT s.doc_id, s.incarnation, s.seq, m.hash, s.seconds, s.missing FROM second_copy s"
    " JOIN message m ON m.incarnation = s.incarnation AND m.seq = s.seq WHERE s.issued = 0"
)
_REACHED = "coalesce((SELECT {column} FROM uplink u WHERE u.incarnation = second_copy.incarnation), 0)"


class SqliteCopies:
    """The table `second_copy`."""

    def __init__(self, database: SqliteDatabase, stream: StreamId) -> None:
        self._database = database
        self._stream = stream

    def begin(self, doc_id: str, seq: int, seconds: int) -> None:
        """A document was approved and is not to be issued at once."""
        self._database.write(
            "INSERT INTO second_copy (incarnation, seq, doc_id, seconds) VALUES (?, ?, ?, ?)",
            (self._stream.incarnation, seq, doc_id, seconds),
        )

    def due(self) -> Sequence[CopyDue]:
        """All that are not issued yet, oldest first."""
        return [_due(row) for row in self._database.rows(f"{_DUE} ORDER BY s.doc_id")]

    def due_of(self, doc_id: str) -> CopyDue | None:
        """One of them; None when it is issued, or nothing was to be waited for."""
        row = self._database.row(f"{_DUE} AND s.doc_id = ?", (doc_id,))
        return None if row is None else _due(row)

    def missed(self, doc_id: str, why: str) -> None:
        """It is issued without a second copy."""
        self._database.write("UPDATE second_copy SET missing = ? WHERE doc_id = ?", (why, doc_id))

    def issued(self, doc_id: str) -> None:
        """It is issued; what head office holds by now is forgotten with it."""
        self._database.write("UPDATE second_copy SET issued = 1 WHERE doc_id = ?", (doc_id,))
        self._database.write(
            "DELETE FROM second_copy WHERE issued = 1 AND"
            f" (missing = '' OR seq <= {_REACHED.format(column='final_seq')})"
        )

    def alone(self) -> int:
        """How many were issued without a second copy and have none yet."""
        return int(
            self._database.value(
                "SELECT count(*) FROM second_copy JOIN message USING (incarnation, seq)"
                f" WHERE missing <> '' AND seq > {_REACHED.format(column='held_seq')}"
            )
        )


def _due(row: tuple[Any, ...]) -> CopyDue:
    doc_id, incarnation, seq, digest, seconds, missing = row
    return CopyDue(
        doc_id=doc_id, incarnation=incarnation, position=Position(seq, digest.hex()), seconds=seconds, missing=missing
    )
