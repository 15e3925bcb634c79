"""Definitions at a station: one switch per version, never a mix of two (REL-10)."""

from decimal import Decimal
from pathlib import Path

import apsw
import msgspec
import pytest

from kontuar.domain.catalogue.records import Article, ArticleCode, Batch, Price, Unit
from kontuar.kernel.canonical import row_checksum
from kontuar.operations.ports.station import CodeMatch
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, MILK_EAN, WATER, change, feed_rows, load, new_station, small_shop

PRICE = "price", "RETAIL|MILK|szt|2026-01-01"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return new_station(tmp_path)


def whole(station: Station) -> list[object]:
    """Rows, indexes and cursor: what a mix of two versions would show up in."""
    database = station.books.database
    tables = ("definition", "article_code", "listing")
    return [
        *(database.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables),
        database.rows("SELECT rowid FROM listing_words ORDER BY 1"), station.books.definitions.cursor(),
        dict(station.books.definitions.every(Unit)), found(station, "mleko"),
        database.rows("SELECT * FROM batch_code ORDER BY 1, 2, 3"),
    ]  # fmt: skip


def found(station: Station, phrase: str) -> list[str]:
    rows = station.books.definitions.search("article", phrase, parent="", inactive=True, after=("", ""), limit=99)
    return [row.key for row in rows]


def checksum_of(station: Station) -> int:
    rows = station.books.database.rows("SELECT kind, key, body FROM definition")
    return sum(row_checksum(*row) for row in rows) % 2**64


def renamed(station: Station, name: str) -> Article:
    return msgspec.structs.replace(station.books.definitions.get(Article, MILK), name=name)


def test_a_snapshot_and_a_delta_move_rows_indexes_and_cursor_together(station: Station) -> None:
    """REL-10."""
    assert station.books.definitions.version() == ("e1", 1)
    change(station.books, renamed(station, "Kefir"), Unit(code="l", name="litr", precision=2))
    definitions = station.books.definitions
    assert definitions.version() == ("e1", 2)
    assert definitions.cursor()[2] == checksum_of(station)
    assert (found(station, "kefir"), found(station, "mleko")) == ([MILK], [])
    assert definitions.every(Unit)["l"].precision == 2


def test_a_removed_row_leaves_no_trace(station: Station) -> None:
    """REL-10."""
    definitions = station.books.definitions
    epoch, version, checksum = definitions.cursor()
    body = station.books.database.value("SELECT body FROM definition WHERE kind = 'article' AND key = ?", (MILK,))
    left = (checksum - row_checksum("article", MILK, body)) % 2**64
    definitions.apply_delta([], [("article", MILK), ("article", "NEVER THERE")], epoch, version + 1, left)
    assert definitions.get(Article, MILK) is None
    assert definitions.by_code(MILK_EAN) == []
    assert found(station, "mleko") == []
    assert definitions.cursor()[2] == checksum_of(station)


@pytest.mark.parametrize("how", ["delta", "snapshot"])
def test_a_wrong_checksum_leaves_the_old_version_whole(station: Station, how: str) -> None:
    """REL-10: rows, codes, words, cursor and what is kept in memory."""
    before = whole(station)
    rows = feed_rows([renamed(station, "Kefir"), Unit(code="l", name="litr")], 2)
    definitions = station.books.definitions
    switches = {
        "delta": lambda: definitions.apply_delta(rows, [("article", WATER)], "e1", 2, 12345),
        "snapshot": lambda: definitions.replace_all(rows, "e2", 1, 12345),
    }
    with refused("definitions.checksum_differs"):
        switches[how]()
    assert whole(station) == before
    assert checksum_of(station) == before[4][2]


@pytest.mark.parametrize("after_rows", [0, 1, 3])
def test_a_delta_that_breaks_off_leaves_the_old_version_whole(station: Station, after_rows: int) -> None:
    """REL-10: as if the power went in the middle of it."""
    before = whole(station)
    rows = feed_rows([renamed(station, "Kefir"), Unit(code="a", name="a"), Unit(code="b", name="b")])

    def breaking_off():
        yield from rows[:after_rows]
        raise ConnectionError

    for switch in (
        lambda: station.books.definitions.apply_delta(breaking_off(), [], "e1", 2, 0),
        lambda: station.books.definitions.replace_all(breaking_off(), "e2", 1, 0),
    ):
        with pytest.raises(ConnectionError):
            switch()
        assert whole(station) == before


def test_a_row_of_a_newer_hub_that_cannot_be_read_is_left_out_whole(station: Station) -> None:
    """REL-16: absent rather than half understood; the checksum counts its bytes all the same."""
    definitions = station.books.definitions
    rows = [
        *feed_rows(small_shop()),
        ("article", "STRANGE", 1, b'{"code":"STRANGE","name":["two","names"],"eans":[{"ean":"2000000000404"}]}'),
        ("unit", "odd", 1, b'{"code":"odd"}'),
        ("hologram", "H1", 1, b"whatever a newer hub writes"),
    ]
    checksum = sum(row_checksum(kind, key, body) for kind, key, _, body in rows) % 2**64
    definitions.replace_all(rows, "e2", 7, checksum)
    assert definitions.version() == ("e2", 7)
    assert definitions.get(Article, "STRANGE") is None
    assert definitions.by_code("2000000000404") == []
    assert "odd" not in definitions.every(Unit)
    assert found(station, "strange") == []
    assert definitions.get(Article, MILK).name == "Mleko 2% 1 l"
    body = rows[-3][3]
    after = (checksum - row_checksum("article", "STRANGE", body)) % 2**64
    definitions.apply_delta([], [("article", "STRANGE")], "e2", 8, after)
    assert definitions.cursor()[2] == checksum_of(station)


def test_the_price_of_a_day_is_the_one_that_began_last(station: Station) -> None:
    """Arrival never decides: dates do."""
    definitions = station.books.definitions
    for day, price in [("2026-11-30", "2.49"), ("2026-12-01", "2.99"), ("2027-05-05", "2.99"), ("2026-01-01", "2.49")]:
        assert definitions.price_on("RETAIL", WATER, "szt", day).price == Decimal(price)
    assert definitions.price_on("RETAIL", WATER, "szt", "2025-12-31") is None
    change(station.books, Price(price_list="RETAIL", article="WATER2", unit="szt", valid_from="2020-01-01", price=1))
    assert definitions.price_on("RETAIL", WATER, "szt", "2025-12-31") is None


def test_a_code_moves_from_one_article_to_another_in_one_switch(station: Station) -> None:
    """REL-10."""
    milk = msgspec.structs.replace(station.books.definitions.get(Article, MILK), eans=())
    water = station.books.definitions.get(Article, WATER)
    water = msgspec.structs.replace(water, eans=(ArticleCode(ean=MILK_EAN, unit="szt"),))
    change(station.books, milk, water)
    assert [match.article for match in station.books.definitions.by_code(MILK_EAN)] == [WATER]


def test_a_snapshot_replaces_everything(station: Station) -> None:
    """REL-10: what head office took away is gone."""
    load(station.books, [record for record in small_shop() if not isinstance(record, Article)], 3)
    assert station.books.definitions.version() == ("e1", 3)
    assert found(station, "") == []
    assert station.books.database.value("SELECT count(*) FROM article_code") == 0
    load(station.books, small_shop(), 4)
    assert len(found(station, "")) == 6


def test_without_the_transaction_a_broken_delta_would_leave_a_mix(station: Station) -> None:
    """REL-10: the twin, each row in a transaction of its own."""
    before = whole(station)
    definitions = station.books.definitions
    (kind, key, version, body), second = feed_rows([renamed(station, "Kefir"), renamed(station, "Maślanka")], 2)
    insert = "INSERT INTO definition VALUES (?, ?, ?, ?)"
    with station.books.transaction():
        station.books.database.write("DELETE FROM definition WHERE key = ?", (key,))
        station.books.database.write(insert, (kind, key, version, body))
    with pytest.raises(apsw.ConstraintError), station.books.transaction():
        station.books.database.write(insert, second)
    assert definitions.version() == ("e1", 1)
    assert whole(station) != before
    assert checksum_of(station) != definitions.cursor()[2]


def test_an_ean_of_a_batch_names_the_article_its_base_unit_and_the_batch(station: Station) -> None:
    """DOC-29."""
    ean, moved = "2300000000018", "2300000000025"
    batch = Batch(article=MILK, code="B1", name="Mleko w butelce", eans=(ean,))
    change(station.books, batch)
    definitions = station.books.definitions
    assert definitions.by_code(ean) == [CodeMatch(MILK, "szt", "B1")]
    assert definitions.by_code(MILK_EAN) == [CodeMatch(MILK, "szt")]
    change(station.books, msgspec.structs.replace(batch, eans=(moved,)))
    assert (definitions.by_code(ean), definitions.by_code(moved)) == ([], [CodeMatch(MILK, "szt", "B1")])
    change(station.books, msgspec.structs.replace(batch, active=False))
    assert definitions.by_code(moved) == []
