"""CSV files of definitions: in, all or nothing with every bad row named; out, readable by the import (HUB-02).

The form is in docs/import.md.
"""

import csv
import io
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from kontuar.domain.catalogue.records import ArticleCode, AuxiliaryUnit
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.definition_input import PIN, SECRET, DefinitionInput
from kontuar.operations.definitions import Definitions, RowsRefused

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 500_000
LONGEST_CELL = 4 * 1024 * 1024
"""A picture in base64 is the longest cell there is."""
_YES: Final = frozenset({"yes", "true", "1", "tak", "oui"})
_NO: Final = frozenset({"no", "false", "0", "nie", "non"})


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: rows accepted, rows really different, and the problems (then nothing was written)."""

    accepted: int
    changed: int = 0
    version: int = 0
    problems: tuple[Problem, ...] = ()


class DefinitionFiles:
    """Import and export of definitions as CSV."""

    def __init__(self, definitions: Definitions, reader: DefinitionInput) -> None:
        self._definitions = definitions
        self._reader = reader

    def import_csv(self, actor: Actor, kind: str, data: bytes) -> ImportReport:
        """Write all rows of a file, or none: then `problems` has every bad row as `line:N` with its reason."""
        actor.require(DEFINE)
        if kind not in KINDS:
            raise refuse("definition_kind.unknown", kind=kind[:40])
        try:
            header, lines = _table(kind, data)
            records, numbers, problems = self._read(kind, header, lines)
        except Refused as refusal:
            return ImportReport(accepted=0, problems=refusal.problems)
        if problems:
            return ImportReport(accepted=0, problems=tuple(problems))
        try:
            written = self._definitions.put_judged(actor, [(kind, record) for record in records])
        except RowsRefused as refusal:
            named = (_at(numbers[position], problem) for position, problem in refusal.findings)
            return ImportReport(accepted=0, problems=tuple(named))
        return ImportReport(accepted=len(records), changed=written.changed, version=written.version)

    def export_csv(self, actor: Actor, kind: str) -> bytes:
        """All rows of a kind in UTF-8 with a byte order mark, `;` between cells; secrets are left out."""
        rows = self._definitions.all_rows(actor, kind)
        record = KINDS[kind].record
        fields = [name for name in record.__struct_fields__ if name != SECRET]
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(fields)
        for row in rows:
            value = msgspec.json.decode(row.body, type=record)
            writer.writerow([cell_of(getattr(value, field)) for field in fields])
        return text.getvalue().encode("utf-8-sig")

    def _read(
        self, kind: str, header: Sequence[str], lines: Iterable[tuple[int, list[str]]]
    ) -> tuple[list[Any], list[int], list[Problem]]:
        record = KINDS[kind].record
        readers = _readers(record)
        records: list[Any] = []
        numbers: list[int] = []
        problems: list[Problem] = []
        for number, cells in lines:
            try:
                records.append(self._record(kind, record, header, cells, readers))
                numbers.append(number)
            except Refused as refusal:
                problems.extend(_at(number, problem) for problem in refusal.problems)
        return records, numbers, problems

    def _record(
        self,
        kind: str,
        record: type[msgspec.Struct],
        header: Sequence[str],
        cells: Sequence[str],
        readers: Mapping[str, Callable[[str], Any]],
    ) -> Any:
        if len(cells) != len(header):
            raise refuse("import.cells", "", expected=len(header), found=len(cells))
        fields: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, cell in zip(header, cells, strict=True):
            try:
                read = readers[name](cell.strip())
            except ValueError:
                problems.append(Problem("import.cell_unreadable", name, {"value": cell[:80]}))
            else:
                if read is not _DEFAULT:
                    fields[name] = read
        if problems:
            raise Refused(*problems)
        if kind == "operator":
            fields = self._reader.operator_fields(fields)
        try:
            return msgspec.convert(fields, record)
        except msgspec.ValidationError as error:
            raise refuse("definition.unreadable", detail=str(error)[:200]) from None


def cell_of(value: Any) -> str:
    """A field as it stands in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, ArticleCode):
        return f"{value.ean}:{value.unit}"
    if isinstance(value, AuxiliaryUnit):
        return f"{value.unit}:{value.factor}{':up' if value.round_up else ''}"
    if isinstance(value, tuple):
        return ",".join(cell_of(part) for part in value)
    return str(value)


_DEFAULT: Final = object()
"""An empty cell of a field that may be left out."""


def _table(kind: str, data: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header and the numbered lines; raises `Refused` when the file as a whole cannot be read."""
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
    header = [name.strip().lower() for name in next(_numbered(rows))[1]]
    _check_header(kind, header)
    return header, _numbered(rows)


def _delimiter(header: str) -> str:
    return next((mark for mark in ("\t", ";") if mark in header), ",")


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    """Lines with the number of the line they begin at; empty lines are skipped."""
    count = 0
    while True:
        begins = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise refuse("import.line_unreadable", f"line:{begins}", detail=error) from None
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MOST_ROWS:
                raise refuse("import.too_many_rows", f"line:{begins}", limit=MOST_ROWS)
            yield begins, cells


def _check_header(kind: str, header: Sequence[str]) -> None:
    record = KINDS[kind].record
    known = [*record.__struct_fields__, *((PIN,) if kind == "operator" else ())]
    required = [name for name in _required(record) if name != SECRET]
    problems = [
        Problem("import.column_unknown", "line:1", {"column": name[:60]}) for name in header if name not in known
    ]
    problems += [
        Problem("import.column_twice", "line:1", {"column": name[:60]})
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        Problem("import.column_missing", "line:1", {"column": name}) for name in required if name not in header
    ]
    if problems:
        raise Refused(*problems)


def _required(record: type[msgspec.Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(record) if field.required]


def _readers(record: type[msgspec.Struct]) -> dict[str, Callable[[str], Any]]:
    """How each field's cell is read; an empty cell means the field's default where it has one."""
    hints = get_type_hints(record)
    required = _required(record)
    readers = {name: _reader(hint, optional=name not in required) for name, hint in hints.items()}
    return {**readers, PIN: lambda cell: cell or _DEFAULT, SECRET: lambda cell: cell or _DEFAULT}


def _reader(hint: Any, *, optional: bool) -> Callable[[str], Any]:
    read = _value_reader(hint)
    if not optional:
        return read
    return lambda cell: read(cell) if cell else _DEFAULT


def _value_reader(hint: Any) -> Callable[[str], Any]:
    if get_origin(hint) in (Union, types.UnionType):
        inner = _value_reader(next(part for part in get_args(hint) if part is not type(None)))
        return lambda cell: inner(cell) if cell else None
    if get_origin(hint) is tuple:
        part = _value_reader(get_args(hint)[0])
        return lambda cell: tuple(part(piece.strip()) for piece in cell.split(",") if piece.strip())
    return _SIMPLE.get(hint, str)


def _decimal(cell: str) -> Decimal:
    plain = cell.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise ValueError(cell) from None
    if not value.is_finite():
        raise ValueError(cell)
    return value


def _whole(cell: str) -> int:
    if len(cell) > 12:
        raise ValueError(cell)
    return int(cell)


def _yes_no(cell: str) -> bool:
    word = cell.lower()
    if word not in _YES | _NO:
        raise ValueError(cell)
    return word in _YES


def _article_code(piece: str) -> ArticleCode:
    ean, separator, unit = piece.partition(":")
    if not separator or not ean or not unit:
        raise ValueError(piece)
    return ArticleCode(ean=ean.strip(), unit=unit.strip())


def _auxiliary_unit(piece: str) -> AuxiliaryUnit:
    parts = [part.strip() for part in piece.split(":")]
    if len(parts) not in (2, 3) or (len(parts) == 3 and parts[2] != "up") or not parts[0]:
        raise ValueError(piece)
    return AuxiliaryUnit(unit=parts[0], factor=_decimal(parts[1]), round_up=len(parts) == 3)


_SIMPLE: Final[Mapping[Any, Callable[[str], Any]]] = {
    Decimal: _decimal,
    int: _whole,
    bool: _yes_no,
    ArticleCode: _article_code,
    AuxiliaryUnit: _auxiliary_unit,
}


def _at(line: int, problem: Problem) -> Problem:
    """The problem with the line it stands in; the field becomes a fact."""
    facts = {**problem.facts, "field": problem.place} if problem.place else problem.facts
    return Problem(problem.code, f"line:{line}", facts)
