"""Feeds of the hub that an agent doubts: it went back, so versions up to the cursor may mean something else by now.

The hub begins another epoch of its feeds when it learns that. It may be set up again once more before anybody heard of
that epoch, and then nothing shows that it went back: so who was told of it first asks for everything anew.
"""

from typing import Final

from kontuar.storage.sqlite.engine import SqliteDatabase

CONFIRMATIONS: Final = "confirmations_doubted"
STOCK: Final = "stock_doubted"


def doubt_feeds(database: SqliteDatabase) -> None:
    """Inside the caller's transaction."""
    for feed in (CONFIRMATIONS, STOCK):
        database.write("INSERT OR REPLACE INTO fact VALUES (?, '1')", (feed,))


def is_doubted(database: SqliteDatabase, feed: str) -> bool:
    """Whether it is to be asked for from the beginning."""
    return database.value("SELECT 1 FROM fact WHERE name = ?", (feed,)) is not None


def told_anew(database: SqliteDatabase, feed: str) -> bool:
    """It comes from the beginning now; whether it had been doubted."""
    doubted = is_doubted(database, feed)
    if doubted:
        database.write("DELETE FROM fact WHERE name = ?", (feed,))
    return doubted
