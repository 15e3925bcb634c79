"""What a station knows of contractors beyond its definitions: those it made or changed itself (DOC-27).

They are listed beside the definitions' rows and hide those with the same code. One goes as soon as the hub's row of
that code is newer than the one it was made of and the hub holds the message: what the hub then says is the truth.
"""

from typing import Final

import msgspec

from kontuar.domain.parties.records import Contractor
from kontuar.kernel.sorting import search_key, sort_key
from kontuar.storage.sqlite.engine import SqliteDatabase

KIND: Final = "own_contractor"
LISTED: Final = (
    "(l.kind = 'own_contractor' OR (l.kind = ? AND NOT EXISTS (SELECT 1 FROM own_contractor o WHERE o.code = l.key)))"
)
_SETTLED: Final = (
    "SELECT o.code FROM own_contractor o"
    " LEFT JOIN definition d ON d.kind = 'contractor' AND d.key = o.code"
    " LEFT JOIN uplink u ON u.incarnation = o.incarnation"
    " LEFT JOIN confirmation c ON c.doc_id = o.message_id"
    " WHERE (d.version > o.base_version AND u.final_seq >= o.seq) OR d.body = o.body OR c.state = 'decided'"
)


def body_of(database: SqliteDatabase, code: str) -> bytes | None:
    """The canonical bytes of the contractor as this station left him; None when the definition holds."""
    found = database.value("SELECT body FROM own_contractor WHERE code = ?", (code,))
    return None if found is None else bytes(found)


def put(database: SqliteDatabase, code: str, body: bytes, message_id: str, incarnation: str, seq: int) -> None:
    """Keep one, and list him."""
    version = database.value("SELECT version FROM definition WHERE kind = 'contractor' AND key = ?", (code,)) or 0
    database.write(
        "INSERT OR REPLACE INTO own_contractor VALUES (?, ?, ?, ?, ?, ?)",
        (code, body, message_id, incarnation, seq, version),
    )
    _unlist(database, code)
    _list(database, code, body)


def list_all(database: SqliteDatabase) -> None:
    """Put them into the lists again, after everything listed was exchanged."""
    for code, body in database.rows("SELECT code, body FROM own_contractor"):
        _list(database, code, bytes(body))


def settle(database: SqliteDatabase) -> None:
    """Let go of those that the hub has answered for."""
    for (code,) in database.rows(_SETTLED):
        _unlist(database, code)
        database.write("DELETE FROM own_contractor WHERE code = ?", (code,))


def entry(contractor: Contractor) -> tuple[str, int, str, str]:
    """(parent, active, sort key, words) of a contractor in a list: name, code, tax number, phone, cards."""
    number = "".join(filter(str.isalnum, contractor.tax_number))
    cards = (contractor.loyalty_card, *contractor.cards)
    told = [contractor.name, contractor.second_name, contractor.code, contractor.tax_number, number, contractor.phone]
    words = search_key(" ".join([*told, "".join(filter(str.isalnum, contractor.phone)), *cards]))
    return contractor.group, int(contractor.active), sort_key(contractor.name), words


def _list(database: SqliteDatabase, code: str, body: bytes) -> None:
    parent, active, position, words = entry(msgspec.json.decode(body, type=Contractor))
    row_id = (database.value("SELECT max(id) FROM listing") or 0) + 1
    database.write("INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?)", (row_id, KIND, code, parent, active, position))
    database.write("INSERT INTO listing_words (rowid, words) VALUES (?, ?)", (row_id, words))


def _unlist(database: SqliteDatabase, code: str) -> None:
    row_id = database.value("SELECT id FROM listing WHERE kind = ? AND key = ?", (KIND, code))
    if row_id is not None:
        database.write("DELETE FROM listing WHERE id = ?", (row_id,))
        database.write("DELETE FROM listing_words WHERE rowid = ?", (row_id,))
