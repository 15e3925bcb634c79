"""Cells and workbooks of definitions: round trips, damaged and hostile files (HUB-02, SEC-04)."""

import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from hub_definitions_world import ADMIN, World, open_world
from kontuar.domain.catalogue.records import AuxiliaryUnit
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.records import Address, Consent
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.defining import sheets
from kontuar.operations.hub.defining.cells import cell_of, readers_of
from kontuar.operations.hub.defining.sheets import read_xlsx, write_xlsx

TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), min_codepoint=33), min_size=1)


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    opened.load_guide()
    yield opened
    opened.database.close()


def workbook(rows: Sequence[Any], title: str = "unit") -> bytes:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def texts_of(data: bytes, kind: str = "unit") -> list[list[str]]:
    table = read_xlsx(kind, data)
    return [table.header, *(cells for _, cells in table.lines)]


@given(st.lists(TEXTS, min_size=1, max_size=4).map(tuple))
def test_a_list_of_any_texts_survives_its_cell(values: tuple[str, ...]) -> None:
    assert readers_of(KINDS["property"].record)["choices"](cell_of(values)) == values


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_named_values_survive_their_cell(values: dict[str, str]) -> None:
    cell = cell_of(values)
    assert readers_of(KINDS["article"].record)["attributes"](cell) == values if cell else not values


@given(
    st.lists(
        st.builds(Address, name=TEXTS, street=TEXTS, postal_code=TEXTS, city=TEXTS, country=TEXTS),
        min_size=1,
        max_size=3,
    )
)
def test_addresses_survive_their_cell(addresses: list[Address]) -> None:
    assert readers_of(KINDS["contractor"].record)["addresses"](cell_of(tuple(addresses))) == tuple(addresses)


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("addresses", r"Hala 2\, brama 3:Portowa 3", (Address(name="Hala 2, brama 3", street="Portowa 3"),)),
        ("consents", "RODO:tak:2026-01-15,SMS:no", (
            Consent(code="RODO", given=True, since="2026-01-15"), Consent(code="SMS", given=False),
        )),
        ("attributes", r"A=x\=y, B = dwa słowa", {"A": "x=y", "B": "dwa słowa"}),
        ("credit_limit", "500000", 500_000),
    ],
)  # fmt: skip
def test_the_guides_forms_mean_what_it_says(field: str, cell: str, value: Any) -> None:
    assert readers_of(KINDS["contractor"].record)[field](cell) == value


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("addresses", ":Portowa 3"),
        ("addresses", "a:b:c:d:e:f:g"),
        ("consents", "RODO"),
        ("consents", "RODO:może"),
        ("attributes", "A"),
        ("attributes", "=x"),
        ("attributes", "A=x,A=y"),
    ],
)
def test_a_cell_that_says_nothing_certain_is_refused(field: str, cell: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        readers_of(KINDS["contractor"].record)[field](cell)


def test_units_keep_their_exact_factor() -> None:
    units = (AuxiliaryUnit(unit="krt", factor=Decimal("0.0000001"), round_up=True),)
    assert cell_of(units) == "krt:0.0000001:up"
    assert readers_of(KINDS["article"].record)["units"](cell_of(units)) == units


@pytest.mark.postgres
def test_every_kind_goes_out_as_a_workbook_and_comes_back_without_a_change(shop: World) -> None:
    before = shop.version()
    for kind in KINDS:
        data = shop.files.export_xlsx(ADMIN, kind)
        report = shop.files.import_file(ADMIN, kind, data, "xlsx")
        assert (kind, report.problems, report.changed) == (kind, (), 0)
    assert shop.version() == before


@pytest.mark.postgres
def test_numbers_dates_and_yes_of_a_spreadsheet_are_read_as_people_mean_them(shop: World) -> None:
    rows = [["price_list", "article", "unit", "valid_from", "price"], ["DETAL", "SER", "kg", date(2027, 1, 1), 35.9]]
    report = shop.files.import_file(ADMIN, "price", workbook(rows, "ceny"), "xlsx")
    assert (report.problems, report.changed) == ((), 1)
    assert b'"35.9"' in shop.definitions.row(ADMIN, "price", "DETAL|SER|kg|2027-01-01").body
    assert texts_of(workbook([["a", "b"], [5901234123457, True], [0.1, 12.0]]))[1:] == [
        ["5901234123457", "yes"],
        ["0.1", "12"],
    ]


@pytest.mark.postgres
def test_a_bad_cell_is_named_by_sheet_row_and_column_and_nothing_is_written(shop: World) -> None:
    before = shop.version()
    rows = [["code", "name", "precision"], ["ok", "dobra", 0], [], ["zla", "zła", 9], ["gorsza", "g", "dużo"]]
    report = shop.files.import_file(ADMIN, "unit", workbook(rows), "xlsx")
    assert [(p.code, p.place) for p in report.problems] == [("import.cell_unreadable", "sheet:unit!C5")]
    report = shop.files.import_file(ADMIN, "unit", workbook(rows[:-1]), "xlsx")
    assert [(p.code, p.place) for p in report.problems] == [("unit.bad_precision", "sheet:unit!C4")]
    assert shop.version() == before


def test_the_sheet_named_after_the_kind_is_read() -> None:
    book = Workbook()
    book.active.append(["notatki"])
    book.create_sheet("unit").append(["code", "name"])
    written = io.BytesIO()
    book.save(written)
    assert texts_of(written.getvalue()) == [["code", "name"]]


def test_a_formula_is_refused_with_its_place_and_a_text_like_one_stays_a_text() -> None:
    with pytest.raises(Refused) as refusal:
        texts_of(workbook([["code", "name"], ["kg", "=HYPERLINK(A1)"]]))
    assert [(p.code, p.place) for p in refusal.value.problems] == [("import.formula", "sheet:unit!B2")]
    data = write_xlsx("unit", ["code", "name"], [["kg", "=1+1"]])
    assert load_workbook(io.BytesIO(data)).active["B2"].data_type == "s"
    assert texts_of(data) == [["code", "name"], ["kg", "=1+1"]]


def test_a_text_longer_than_a_spreadsheets_cell_is_not_cut() -> None:
    with pytest.raises(Refused) as refusal:
        write_xlsx("picture", ["code", "data"], [["x", "A" * 32_768]])
    assert refusal.value.problems[0].code == "export.cell_too_long"


def rewritten(data: bytes, name: str, change: Any) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content) if part == name else content)
    return written.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet', 1),
        lambda xml: xml.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda xml: xml[: len(xml) // 2],
        lambda _: b"",
    ],
)
def test_a_hostile_or_broken_sheet_is_refused_not_believed(change: Any) -> None:
    with pytest.raises(Refused):
        texts_of(rewritten(workbook([["code", "name"], ["kg", "kilogram"]]), SHEET, change))


def test_a_sheet_that_claims_to_be_endless_is_read_by_what_it_holds() -> None:
    small = workbook([["code", "name"], ["kg", "kilogram"]])
    data = rewritten(small, SHEET, lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    assert texts_of(data) == [["code", "name"], ["kg", "kilogram"]]


def test_a_bomb_is_refused_by_its_unpacked_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_UNPACKED_BYTES", 100_000)
    bomb = rewritten(workbook([["code"]]), SHEET, lambda _: b" " * 200_000)
    with pytest.raises(Refused) as refusal:
        texts_of(bomb)
    assert refusal.value.problems[0].code == "import.too_large"


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_workbook_is_read_or_refused_and_never_breaks_the_program(seed: int, wounds: int) -> None:
    chance = random.Random(seed)
    data = bytearray(SAMPLE)
    for _ in range(wounds):
        data[chance.randrange(len(data))] = chance.randrange(256)
    read_or_refused(bytes(data))


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_a_sheet_of_any_bytes_is_read_or_refused(content: bytes) -> None:
    read_or_refused(rewritten(SAMPLE, SHEET, lambda _: content))


ODD_PIECES = [
    "<row>", "</row>", "<c r='B7'>", "<c t='s'>", "<c t='b'>", "<c t='d'>", "<c t='e'>", "<c r='ZZZZ9'>", "</c>", "<v>",
    "</v>", "<f>", "</f>", "9" * 20, "-1", "1e999", "NaN", "2026-13-45", "<row r='99999999999'>", "<is><t>x</t></is>",
]  # fmt: skip


@given(st.lists(st.sampled_from(ODD_PIECES), max_size=25))
@settings(max_examples=200, deadline=None)
def test_a_sheet_of_odd_cells_is_read_or_refused(pieces: list[str]) -> None:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{namespace}"><sheetData>{"".join(pieces)}</sheetData></worksheet>'
    read_or_refused(rewritten(SAMPLE, SHEET, lambda _: xml.encode()))


def read_or_refused(data: bytes) -> None:
    try:
        table = read_xlsx("unit", data)
        for _ in table.lines:
            pass
    except Refused:
        pass


SAMPLE = workbook([["code", "name", "precision"], ["kg", "kilogram", 3], ["szt", "sztuka", 0.5]])
