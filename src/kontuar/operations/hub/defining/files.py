"""Files of definitions: in, all or nothing with every bad row named; out, readable by the import (HUB-02).

The form is in docs/import.md. What a file would change can be asked before it is written.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.cells import DEFAULT, Reader, cell_of, readers_of, required_fields
from kontuar.operations.hub.defining.definitions import Definitions, RowsRefused
from kontuar.operations.hub.defining.history import Action, FieldChange, changes_between
from kontuar.operations.hub.defining.input import PIN, SECRET, DefinitionInput
from kontuar.operations.hub.defining.sheets import read_xlsx, write_xlsx
from kontuar.operations.hub.defining.tables import MOST_BYTES, Table, read_csv, write_csv

__all__ = [
    "MOST_BYTES",
    "MOST_ROWS_PREVIEWED",
    "DefinitionFiles",
    "FileForm",
    "ImportPreview",
    "ImportReport",
    "form_of",
]

MOST_ROWS_PREVIEWED: Final = 200
MOST_PROBLEMS_TOLD: Final = 1_000
FileForm = Literal["csv", "xlsx"]


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: rows accepted, rows really different, and the problems (then nothing was written)."""

    accepted: int
    changed: int = 0
    version: int = 0
    problems: tuple[Problem, ...] = ()


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that a file would make or change."""

    key: str
    action: Action
    changes: tuple[FieldChange, ...]


class ImportPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a file would do: rows new, changed, the same; the first of them in full; or its problems.

    `fingerprint`: SHA-256 of the file (hex), to import exactly what was looked at.
    """

    fingerprint: str
    made: int = 0
    changed: int = 0
    same: int = 0
    rows: tuple[PreviewRow, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Rows(msgspec.Struct, frozen=True):
    """The records of a file, and where each of them stands."""

    table: Table
    records: list[Any]
    numbers: list[int]


class DefinitionFiles:
    """Import and export of definitions as CSV or XLSX."""

    def __init__(self, definitions: Definitions, reader: DefinitionInput) -> None:
        self._definitions = definitions
        self._reader = reader

    def import_csv(self, actor: Actor, kind: str, data: bytes) -> ImportReport:
        """Write all rows of a CSV file, or none: then `problems` has every bad row as `line:N` with its reason."""
        return self.import_file(actor, kind, data, "csv")

    def import_file(self, actor: Actor, kind: str, data: bytes, form: FileForm, fingerprint: str = "") -> ImportReport:
        """Write all rows of a file, or none: then `problems` has every bad row with its place and its reason.

        Places: `line:N` in CSV, `sheet:NAME!B7` in XLSX. With a `fingerprint` another file is refused as
        `import.other_file`.
        """
        _require(actor, kind)
        try:
            rows = self._rows(kind, data, form)
            if fingerprint and fingerprint != fingerprint_of(data):
                raise refuse("import.other_file")
        except Refused as refusal:
            return ImportReport(accepted=0, problems=_told(refusal.problems))
        try:
            written = self._definitions.put_judged(actor, [(kind, record) for record in rows.records])
        except RowsRefused as refusal:
            return ImportReport(accepted=0, problems=_named(rows, refusal))
        return ImportReport(accepted=len(rows.records), changed=written.changed, version=written.version)

    def preview(self, actor: Actor, kind: str, data: bytes, form: FileForm) -> ImportPreview:
        """What importing the file would do; nothing is written."""
        _require(actor, kind)
        fingerprint = fingerprint_of(data)
        try:
            rows = self._rows(kind, data, form)
        except Refused as refusal:
            return ImportPreview(fingerprint=fingerprint, problems=_told(refusal.problems))
        try:
            present = self._definitions.check(actor, [(kind, record) for record in rows.records])
        except RowsRefused as refusal:
            return ImportPreview(fingerprint=fingerprint, problems=_named(rows, refusal))
        bodies = {key: row.body for (_, key), row in present.items()}
        return _preview(kind, rows.records, bodies, fingerprint)

    def export_csv(self, actor: Actor, kind: str) -> bytes:
        """All rows of a kind as CSV; secrets are left out."""
        header, rows = self._all(actor, kind)
        return write_csv(header, [[cell_of(value) for value in row] for row in rows])

    def export_xlsx(self, actor: Actor, kind: str) -> bytes:
        """All rows of a kind as a workbook, numbers as numbers; secrets are left out."""
        header, rows = self._all(actor, kind)
        return write_xlsx(kind, header, [[_sheet_value(value) for value in row] for row in rows])

    def _all(self, actor: Actor, kind: str) -> tuple[list[str], list[list[Any]]]:
        rows = self._definitions.all_rows(actor, kind)
        rule = KINDS[kind]
        fields = [name for name in rule.written.__struct_fields__ if name != SECRET]
        records = (rule.as_written(msgspec.json.decode(row.body, type=rule.record)) for row in rows)
        return fields, [[getattr(found, field) for field in fields] for found in records]

    def _rows(self, kind: str, data: bytes, form: FileForm) -> _Rows:
        """The file's records; raises `Refused` with every line that cannot be read."""
        table = read_xlsx(kind, data) if form == "xlsx" else read_csv(data)
        header = [name.strip().lower() for name in table.header]
        _check_header(kind, header, table)
        record, readers = KINDS[kind].written, _readers(kind)
        records: list[Any] = []
        numbers: list[int] = []
        problems: list[Problem] = []
        for number, cells in table.lines:
            try:
                records.append(self._record(kind, record, header, cells, readers))
                numbers.append(number)
            except Refused as refusal:
                problems.extend(_at(table, header, number, problem) for problem in refusal.problems)
        if problems:
            raise Refused(*problems)
        return _Rows(Table(header, table.lines, table.place), records, numbers)

    def _record(
        self,
        kind: str,
        record: type[msgspec.Struct],
        header: Sequence[str],
        cells: Sequence[str],
        readers: Mapping[str, Reader],
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
                if read is not DEFAULT:
                    fields[name] = read
        if problems:
            raise Refused(*problems)
        if kind == "operator":
            fields = self._reader.operator_fields(fields)
        try:
            written = msgspec.convert(fields, record)
        except msgspec.ValidationError as error:
            raise refuse("definition.unreadable", detail=str(error)[:200]) from None
        return KINDS[kind].from_written(written)


def form_of(data: bytes) -> FileForm:
    """What a file is by its first bytes: a workbook is a zip, and no text begins like one."""
    return "xlsx" if data.startswith(b"PK\x03\x04") else "csv"


def _require(actor: Actor, kind: str) -> None:
    actor.require(DEFINE)
    if kind not in KINDS:
        raise refuse("definition_kind.unknown", kind=kind[:40])


def fingerprint_of(data: bytes) -> str:
    """What tells one file from another."""
    return hashlib.sha256(data).hexdigest()


def _preview(kind: str, records: Sequence[Any], present: Mapping[str, bytes], fingerprint: str) -> ImportPreview:
    rows: list[PreviewRow] = []
    made = changed = 0
    for record in records:
        key, body = KINDS[kind].key_of(record), encode(record)
        before = present.get(key)
        if before == body:
            continue
        made, changed = made + (before is None), changed + (before is not None)
        if len(rows) < MOST_ROWS_PREVIEWED:
            action: Action = "made" if before is None else "changed"
            rows.append(PreviewRow(key=key, action=action, changes=changes_between(kind, before, body)))
    same = len(records) - made - changed
    return ImportPreview(fingerprint=fingerprint, made=made, changed=changed, same=same, rows=tuple(rows))


def _check_header(kind: str, header: Sequence[str], table: Table) -> None:
    record = KINDS[kind].written
    known = [*record.__struct_fields__, *((PIN,) if kind == "operator" else ())]
    required = [name for name in required_fields(record) if name != SECRET]
    place = table.place(1, None)
    problems = [Problem("import.column_unknown", place, {"column": name[:60]}) for name in header if name not in known]
    problems += [
        Problem("import.column_twice", place, {"column": name[:60]})
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [Problem("import.column_missing", place, {"column": name}) for name in required if name not in header]
    if problems:
        raise Refused(*problems)


def _readers(kind: str) -> dict[str, Reader]:
    readers = readers_of(KINDS[kind].written)
    if kind == "operator":
        return {**readers, PIN: _secret, SECRET: _secret}
    return readers


def _secret(cell: str) -> Any:
    return cell or DEFAULT


def _sheet_value(value: Any) -> Any:
    """A field as a cell of a sheet: numbers stay numbers."""
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return value if is_number else cell_of(value)


def _named(rows: _Rows, refusal: RowsRefused) -> tuple[Problem, ...]:
    found = (_at(rows.table, rows.table.header, rows.numbers[at], problem) for at, problem in refusal.findings)
    return _told(tuple(found))


def _told(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(problems[:MOST_PROBLEMS_TOLD])


def _at(table: Table, header: Sequence[str], line: int, problem: Problem) -> Problem:
    """The problem with the line it stands in; the field becomes a fact."""
    facts = {**problem.facts, "field": problem.place} if problem.place else problem.facts
    column = header.index(problem.place) if problem.place in header else None
    return Problem(problem.code, table.place(line, column), facts)
