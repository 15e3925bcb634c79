"""A definition's fields as cells of a table and back: the same form in CSV and XLSX (docs/import.md).

Parts of a list are separated by `,`; fields of a record in a list by `:`; a named value is `code=value`. A backslash
before one of these marks takes it as it stands.
"""

import datetime
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from kontuar.domain.catalogue.records import AuxiliaryUnit
from kontuar.kernel.typed import typed_decimal

Reader = Callable[[str], Any]
"""What a cell's text means; raises `ValueError` when it means nothing."""

DEFAULT: Final = object()
"""An empty cell of a field that may be left out."""
_YES: Final = frozenset({"yes", "true", "1", "tak", "oui"})
_NO: Final = frozenset({"no", "false", "0", "nie", "non"})
_PART, _FIELD, _VALUE = ",", ":", "="
_MARKS: Final = ("\\", _PART, _FIELD, _VALUE)
_ROUNDED_UP = "up"


def cell_of(value: Any) -> str:
    """A field as it stands in a cell."""
    if isinstance(value, tuple):
        return _PART.join(_piece(part) for part in value)
    if isinstance(value, dict):
        return _PART.join(f"{_escaped(str(key))}{_VALUE}{_escaped(str(part))}" for key, part in value.items())
    return _plain(value)


def readers_of(record: type[msgspec.Struct]) -> dict[str, Reader]:
    """How each field's cell is read; an empty cell means the field's default where it has one."""
    hints = get_type_hints(record)
    required = required_fields(record)
    return {name: _reader(hint, optional=name not in required) for name, hint in hints.items()}


def required_fields(record: type[msgspec.Struct]) -> list[str]:
    """The fields without a default."""
    return [field.name for field in msgspec.structs.fields(record) if field.required]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def _piece(part: Any) -> str:
    if isinstance(part, AuxiliaryUnit):
        fields = [part.unit, _plain(part.factor), _ROUNDED_UP if part.round_up else ""]
    elif isinstance(part, msgspec.Struct):
        fields = [_plain(getattr(part, name)) for name in part.__struct_fields__]
    else:
        return _escaped(_plain(part))
    while fields and not fields[-1]:
        fields.pop()
    return _FIELD.join(_escaped(field) for field in fields)


def _escaped(text: str) -> str:
    return "".join(f"\\{mark}" if mark in _MARKS else mark for mark in text)


def _parts(text: str, mark: str, most: int = 0) -> list[str]:
    """The text parted at unescaped marks (at most `most` parts), escapes left in place."""
    parts: list[str] = []
    at = begins = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == mark and len(parts) + 1 != most:
            parts.append(text[begins:at])
            begins = at + 1
        at += 1
    return [*parts, text[begins:]]


def _unescaped(text: str) -> str:
    letters, at = [], 0
    text = text.strip()
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in _MARKS:
            at += 1
        letters.append(text[at])
        at += 1
    return "".join(letters)


def _reader(hint: Any, *, optional: bool) -> Reader:
    read = _value_reader(hint)
    if not optional:
        return read
    return lambda cell: read(cell) if cell else DEFAULT


def _value_reader(hint: Any) -> Reader:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = _value_reader(next(part for part in get_args(hint) if part is not type(None)))
        return lambda cell: inner(cell) if cell else None
    if origin is tuple:
        part = _piece_reader(get_args(hint)[0])
        return lambda cell: tuple(part(piece) for piece in _parts(cell, _PART) if piece.strip())
    if origin is dict:
        return _named_values
    return _SIMPLE.get(hint, str)


def _piece_reader(hint: Any) -> Reader:
    if hint is AuxiliaryUnit:
        return _auxiliary_unit
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _record_reader(hint)
    read = _value_reader(hint)
    return lambda piece: read(_unescaped(piece))


def _record_reader(record: type[msgspec.Struct]) -> Reader:
    readers = readers_of(record)
    required = set(required_fields(record))

    def read(piece: str) -> msgspec.Struct:
        cells = [_unescaped(part) for part in _parts(piece, _FIELD)]
        if len(cells) > len(readers):
            raise ValueError(piece)
        fields = {}
        for (name, reader), cell in zip(readers.items(), cells, strict=False):
            if not cell and name in required:
                raise ValueError(piece)
            value = reader(cell)
            if value is not DEFAULT:
                fields[name] = value
        if required - fields.keys():
            raise ValueError(piece)
        return record(**fields)

    return read


def _named_values(cell: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for piece in _parts(cell, _PART):
        if not piece.strip():
            continue
        name, *rest = (_unescaped(part) for part in _parts(piece, _VALUE, 2))
        if not name or not rest or name in values:
            raise ValueError(piece)
        values[name] = rest[0]
    return values


def _auxiliary_unit(piece: str) -> AuxiliaryUnit:
    parts = [_unescaped(part) for part in _parts(piece, _FIELD)]
    if len(parts) not in (2, 3) or (len(parts) == 3 and parts[2] != _ROUNDED_UP) or not parts[0]:
        raise ValueError(piece)
    return AuxiliaryUnit(unit=parts[0], factor=_decimal(parts[1]), round_up=len(parts) == 3)


def _decimal(cell: str) -> Decimal:
    value = typed_decimal(cell)
    if value is None:
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


_SIMPLE: Final[Mapping[Any, Reader]] = {
    Decimal: _decimal, int: _whole, bool: _yes_no, datetime.date: datetime.date.fromisoformat
}  # fmt: skip
