"""Anyone's own baskets from a file (issue 2, item 7)."""

import datetime
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from kontuar.tools.replay.baskets import NoBaskets, Selection
from kontuar.tools.replay.lines import to_sell
from kontuar.tools.replay.price_rows import price_rows
from kontuar.tools.replay.source_csv import BadLine, read

HEADER = "basket,store,at,ean,name,quantity,unit,price,value,vat"
MILK = "5901234123457,Mleko 2%"


def from_text(folder: Path, *lines: str, header: str = HEADER, limit: int = 100) -> tuple[Selection, list[str]]:
    file = folder / "baskets.csv"
    file.write_text("\n".join((header, *lines)), "utf-8")
    selection, bad = read(file, "PLN", "Europe/Warsaw", limit)
    return selection, [str(problem) for problem in bad]


def test_rows_of_one_basket_become_its_lines(tmp_path: Path) -> None:
    selection, bad = from_text(
        tmp_path,
        f"b1,s1,2026-03-29T01:30,{MILK},2,szt,3.49,,5",
        "b1,s1,2026-03-29T01:30,5900000000008,Ser,0.255,kg,40,9.99,5",
        f"b2,s1,2026-03-28T23:00:00Z,{MILK},1,szt,,3.49,5",
    )
    assert bad == []
    second, first = selection.baskets
    assert [(line.quantity, line.shelf, line.value) for line in first.lines] == [
        (Decimal(2), 698, 698),
        (Decimal("0.255"), 1020, 999),
    ]
    assert second.at == datetime.datetime(2026, 3, 28, 23, tzinfo=datetime.UTC)
    assert first.at == datetime.datetime(2026, 3, 29, 0, 30, tzinfo=datetime.UTC)
    assert {basket.day for basket in selection.baskets} == {datetime.date(2026, 3, 29)}
    assert selection.units == {"kg": 3, "szt": 0}
    assert selection.vat == {"5": Decimal(5)}


def test_a_value_other_than_price_times_quantity_is_typed(tmp_path: Path) -> None:
    selection, _ = from_text(tmp_path, f"b1,s1,2026-03-01T10:00,{MILK},2,szt,3.49,6.00,5")
    (made,) = to_sell(selection, price_rows(selection))
    assert [(line.kind, line.value) for line in made.lines] == [("typed", 600)]
    assert (made.buyer, made.payments) == ("", (("cash", 600),))


def test_the_price_named_is_the_price_listed(tmp_path: Path) -> None:
    selection, _ = from_text(tmp_path, f"b1,s1,2026-03-01T10:00,{MILK},1,szt,3.4915,,5")
    assert [str(row.price) for row in price_rows(selection)] == ["3.4915"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",s1,2026-03-01,{m},1,szt,1,,5", "basket '' is empty, longer than 30 or has a |"),
        ("b1,s|1,2026-03-01,{m},1,szt,1,,5", "store 's|1' is empty, longer than 30 or has a |"),
        ("b1,s1,yesterday,{m},1,szt,1,,5", "at 'yesterday' is no ISO 8601 time"),
        ("b1,s1,2026-03-01,5901234123458,Mleko,1,szt,1,,5", "EAN '5901234123458' has a wrong length or check digit"),
        ("b1,s1,2026-03-01,5901234123457,,1,szt,1,,5", "the name is empty or longer than 250"),
        ("b1,s1,2026-03-01,{m},many,szt,1,,5", "quantity 'many' is no number"),
        ("b1,s1,2026-03-01,{m},0,szt,1,,5", "quantity 0"),
        ("b1,s1,2026-03-01,{m},-1,szt,1,,5", "quantity '-1' is below zero or too large"),
        ("b1,s1,2026-03-01,{m},NaN,szt,1,,5", "quantity 'NaN' is below zero or too large"),
        ("b1,s1,2026-03-01,{m},0.00001,szt,1,,5", "quantity '0.00001' has more than 4 decimals"),
        ("b1,s1,2026-03-01,{m},1,szt,,,5", "neither price nor value"),
        ("b1,s1,2026-03-01,{m},1,szt,,1.005,5", "value '1.005' has more than 2 decimals"),
        ("b1,s1,2026-03-01,{m},1,szt,1,,ten", "vat 'ten' is no number"),
        ("b1,s1,2026-03-01,{m},1,szt,1,,101", "vat '101' is above 100"),
        ("b1,s1,2026-03-01,{m}", "5 cells under 10 headings"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    good = f"b0,s1,2026-03-01,{MILK},1,szt,1,,5"
    selection, bad = from_text(tmp_path, good, row.replace("{m}", MILK))
    assert bad == [f"line 3: {reason}"]
    assert [basket.code for basket in selection.baskets] == ["b0"]
    assert [(left.row, left.reason) for left in selection.exclusions] == [(3, reason)]


def test_rows_that_contradict_earlier_ones_are_bad(tmp_path: Path) -> None:
    _, bad = from_text(
        tmp_path,
        f"b1,s1,2026-03-01T10:00,{MILK},1,szt,1,,5",
        f"b1,s2,2026-03-01T10:00,{MILK},1,szt,1,,5",
        "b2,s1,2026-03-01T10:00,5901234123457,Milk,1,szt,1,,5",
    )
    assert bad == [
        "line 3: another row of this basket has another store, time or household",
        "line 4: the EAN has another name, unit or VAT on another row",
    ]


def test_semicolons_decimal_commas_and_gzip_are_read(tmp_path: Path) -> None:
    text = f"{HEADER};household\n".replace(",", ";") + "b1;s1;2026-03-01;5901234123457;Mleko;1,5;l;2,99;;exempt;17\n"
    file = tmp_path / "baskets.csv.gz"
    file.write_bytes(gzip.compress(text.encode("utf-8-sig")))
    selection, bad = read(file, "PLN", "Europe/Warsaw", 100)
    assert bad == ()
    assert (selection.baskets[0].lines[0].value, selection.baskets[0].household) == (449, "17")
    assert selection.vat == {"exempt": None}


def test_the_first_baskets_by_time_are_taken(tmp_path: Path) -> None:
    rows = [f"b{n},s{n},2026-03-{10 - n:02}T10:00,{MILK},1,szt,1,,5" for n in range(5)]
    selection, _ = from_text(tmp_path, *rows, limit=2)
    assert [basket.code for basket in selection.baskets] == ["b4", "b3"]
    assert selection.stores == ("s3", "s4")


def test_a_file_that_is_no_table_of_baskets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoBaskets, match="columns are missing: name, vat"):
        from_text(tmp_path, header="basket,store,at,ean,quantity,unit,price")
    with pytest.raises(NoBaskets, match="price or value"):
        from_text(tmp_path, header="basket,store,at,ean,name,quantity,unit,vat")
    with pytest.raises(NoBaskets, match="unknown or repeated columns: colour"):
        from_text(tmp_path, header=HEADER + ",colour")
    with pytest.raises(NoBaskets, match=r"none\.csv"):
        read(tmp_path / "none.csv", "PLN", "Europe/Warsaw", 1)


def test_bad_lines_name_their_basket(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.write_text(f"{HEADER}\nb1,s1,never,{MILK},1,szt,1,,5\n")
    assert read(file, "PLN", "Europe/Warsaw", 9)[1] == (BadLine(2, "b1", "at 'never' is no ISO 8601 time"),)
