"""XLSX files of definitions: read bounded and without calculating, written so that they can be read back (HUB-02).

A workbook is a zip of XML that strangers send: its unpacked size is bounded before anything is parsed, document types
and entities are refused, the sizes that a sheet claims are not believed.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.hub.defining.tables import MOST_BYTES, Table, counted

MOST_UNPACKED_BYTES: Final = 256 * 1024 * 1024
MOST_PARTS: Final = 1_000
MOST_COLUMNS: Final = 200
MOST_LINES: Final = 1_048_576
"""Lines of a sheet, empty ones too."""
LONGEST_SHEET_CELL: Final = 32_767
"""A spreadsheet's cell holds no more."""
_EXACT_DIGITS: Final = 15
"""So many digits of a number survive a spreadsheet; longer ones are written as text."""
_DECLARATIONS: Final = (b"<!DOCTYPE", b"<!ENTITY")
_CHUNK: Final = 1024 * 1024


def read_xlsx(kind: str, data: bytes) -> Table:
    """The sheet named after the kind, else the first one; raises `Refused` when it cannot be read."""
    if len(data) > MOST_BYTES:
        raise refuse("import.too_large", limit_mib=MOST_BYTES // 1024 // 1024)
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = {sheet.title.lower(): sheet for sheet in reversed(book.worksheets)}
        sheet = sheets.get(kind) or book.worksheets[0]
    except Exception as error:  # noqa: BLE001 - a foreign library reading a stranger's file fails in any way there is
        raise refuse("import.not_xlsx", detail=str(error)[:100]) from None

    def place(line: int, column: int | None) -> str:
        return f"sheet:{sheet.title}!{get_column_letter(column + 1) if column is not None else ''}{line}"

    lines = counted(_lines(sheet, place), place)
    found = next(lines, None)
    if found is None:
        raise refuse("import.empty")
    header = found[1]
    while header and not header[-1].strip():
        header.pop()
    return Table(header, ((number, _fitted(cells, len(header))) for number, cells in lines), place)


def write_xlsx(kind: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet named after the kind; raises `Refused("export.cell_too_long")` where a cell would be cut."""
    filled = list(rows)
    for row in filled:
        if any(isinstance(value, str) and len(value) > LONGEST_SHEET_CELL for value in row):
            raise refuse("export.cell_too_long", kind, key=str(row[0])[:80], limit=LONGEST_SHEET_CELL)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(kind)
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name, bold=True) for name in header])
    for row in filled:
        sheet.append([_cell(sheet, value) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _check_archive(data: bytes) -> None:
    """Bound what unpacking it would take; the sizes in its directory bound what `zipfile` gives."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
                raise refuse("import.too_large", limit_mib=MOST_UNPACKED_BYTES // 1024 // 1024)
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _refuse_declarations(archive, part)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - damaged, encrypted or not a zip at all
        raise refuse("import.not_xlsx", detail=str(error)[:100]) from None


def _refuse_declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    tail = b""
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            # A text in UTF-16 hides the words: its zero bytes are no part of any XML in UTF-8.
            if any(mark in tail + piece for mark in _DECLARATIONS) or b"\0" in piece:
                raise refuse("import.not_xlsx", detail="DOCTYPE")
            tail = piece[-16:]


def _lines(sheet: Any, place: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # a sheet may claim any size
    number = 0
    rows = sheet.iter_rows(max_col=MOST_COLUMNS)
    while True:
        try:
            row = next(rows, None)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise refuse("import.line_unreadable", place(number + 1, None), detail=str(error)[:100]) from None
        if row is None:
            return
        number += 1
        if number > MOST_LINES:
            raise refuse("import.too_many_rows", place(number, None), limit=MOST_LINES)
        yield number, [_text(cell, place(number, column)) for column, cell in enumerate(row)]


def _text(cell: Any, place: str) -> str:
    """A cell as a text of the import; formulas and errors have no value here that one could rely on."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise refuse("import.formula", place)
    if cell.data_type == "e":
        raise refuse("import.cell_error", place, value=str(value)[:20])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value, place)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _number(value: float, place: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        raise refuse("import.cell_error", place, value=str(value))
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fitted(cells: list[str], width: int) -> list[str]:
    """Cells beyond the header count only when something stands in them."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return cells + [""] * (width - len(cells))


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        digits = len(Decimal(value).normalize().as_tuple().digits)
        value = value if digits <= _EXACT_DIGITS else f"{Decimal(value):f}"
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins with "=" stays a text
    if bold:
        cell.font = Font(bold=True)
    return cell
