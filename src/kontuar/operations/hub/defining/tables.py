"""Files of definitions as tables of texts, bounded and with the place of every cell; CSV in and out (HUB-02)."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from kontuar.kernel.errors import refuse

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_ROWS: Final = 500_000
LONGEST_CELL: Final = 4 * 1024 * 1024
"""A picture in base64 is the longest cell there is."""


class Table(msgspec.Struct, frozen=True):
    """A file's header and its lines with their numbers; `place` names a line, or one of its columns."""

    header: list[str]
    lines: Iterator[tuple[int, list[str]]]
    place: Callable[[int, int | None], str]


def line_place(line: int, column: int | None) -> str:  # noqa: ARG001 - a line of a text file is small enough
    """Where something stands in a CSV file."""
    return f"line:{line}"


def read_csv(data: bytes) -> Table:
    """A CSV file; raises `Refused` when the file as a whole cannot be read."""
    if len(data) > MOST_BYTES:
        raise refuse("import.too_large", limit_mib=MOST_BYTES // 1024 // 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse("import.not_utf8", f"line:{line}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refuse("import.not_text", f"line:{line}")
    first = text.split("\n", 1)[0]
    if not first.strip():
        raise refuse("import.empty")
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first), strict=True)
    header = next(_numbered(rows))[1]
    return Table(header, _numbered(rows), line_place)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with a byte order mark, `;` between cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def counted(lines: Iterable[tuple[int, list[str]]], place: Callable[[int, int | None], str]) -> Iterator[Any]:
    """The lines that hold anything; raises `Refused` beyond `MOST_ROWS` of them."""
    count = 0
    for number, cells in lines:
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MOST_ROWS:
                raise refuse("import.too_many_rows", place(number, None), limit=MOST_ROWS)
            yield number, cells


def _delimiter(header: str) -> str:
    return next((mark for mark in ("\t", ";") if mark in header), ",")


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    """Lines with the number of the line they begin at; empty lines are skipped."""

    def lines() -> Iterator[tuple[int, list[str]]]:
        while True:
            begins = rows.line_num + 1
            try:
                yield begins, next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                raise refuse("import.line_unreadable", f"line:{begins}", detail=error) from None

    return counted(lines(), line_place)
