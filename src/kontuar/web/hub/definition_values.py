"""A definition as a form holds it: texts by field, from a record or from what was posted, and back to its fields.

A posted list has names `units.3.factor`: rows in the order of their numbers, whatever these are; an empty row is
none. Named values have the parts `code` and `value`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.kernel.errors import Problem, Refused
from kontuar.kernel.money import Minor, parse_amount, to_major
from kontuar.operations.hub.defining.cells import DEFAULT, Reader, cell_of, readers_of, required_fields
from kontuar.operations.hub.defining.input import PIN, SECRET
from kontuar.web.hub.definition_fields import Field, fields_of

Row = dict[str, str]
"""One row of a list: part → text; the part of a plain list is empty."""
Held = str | list[str] | list[Row]
State = dict[str, Held]
"""Field → text, the ticked choices, or rows."""
YES: Final = "yes"


def state_of(kind: str, record: Any, currency: str, comma: str) -> State:
    """A record as its form shows it; `comma` is the reader's decimal mark."""
    written = KINDS[kind].as_written(record)
    return {
        field.name: "" if field.name == PIN else _held(field, getattr(written, field.name), currency, comma)
        for field in fields_of(kind)
    }


def empty_state(kind: str) -> State:
    """A new form: defaults of the record."""
    known = {field.name: field for field in msgspec.structs.fields(KINDS[kind].written)}
    return {field.name: _held(field, _default(field, known.get(field.name)), "PLN", ".") for field in fields_of(kind)}


def _default(field: Field, known: msgspec.structs.FieldInfo | None) -> Any:
    if known is None or known.required or known.default is msgspec.NODEFAULT:
        return {} if field.widget == "pairs" else () if field.widget in ("rows", "checks") else ""
    return known.default


def posted(kind: str, items: Iterable[tuple[str, str]]) -> State:
    """What a form sent; names that the kind does not have are left out."""
    plain: dict[str, list[str]] = {}
    rows: dict[str, dict[str, Row]] = {}
    for name, value in items:
        parts = name.split(".")
        if len(parts) == 3:
            rows.setdefault(parts[0], {}).setdefault(parts[1], {})[parts[2]] = value
        else:
            plain.setdefault(name, []).append(value)
    state: State = {}
    for field in fields_of(kind):
        if field.widget in ("rows", "pairs"):
            numbered = rows.get(field.name, {})
            ordered = (numbered[number] for number in sorted(numbered, key=_place))
            state[field.name] = [row for row in ordered if _is_filled(field, row)]
        elif field.widget == "checks":
            state[field.name] = plain.get(field.name, [])
        else:
            state[field.name] = (plain.get(field.name) or [""])[0]
    return state


def fields_from(kind: str, state: State, currency: str) -> dict[str, Any]:
    """The record's fields; raises `Refused` with every field that cannot be read."""
    readers = readers_of(KINDS[kind].written)
    fields: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in fields_of(kind):
        try:
            value = _value(field, state[field.name], readers, currency, KINDS[kind].written)
        except ValueError:
            shown = state[field.name]
            facts = {"value": shown[:80] if isinstance(shown, str) else "…"}
            problems.append(Problem("import.cell_unreadable", field.name, facts))
        except Refused as refusal:
            problems += refusal.problems
        else:
            if value is not DEFAULT:
                fields[field.name] = value
    if problems:
        raise Refused(*problems)
    return fields


def _place(number: str) -> tuple[int, str]:
    """Forms come without an order of their own: the number in a name says where its row stood."""
    return (int(number), "") if number.isascii() and number.isdecimal() and len(number) < 10 else (0, number)


def keep_order(kind: str, fields: dict[str, Any], before: Any) -> None:
    """Ticks have no order: what is ticked as before stays in the order it was stored in."""
    written = KINDS[kind].as_written(before)
    for field in fields_of(kind):
        if field.widget == "checks" and set(fields.get(field.name, ())) == set(getattr(written, field.name)):
            fields[field.name] = getattr(written, field.name)


def _is_filled(field: Field, row: Row) -> bool:
    """Whether anything was typed; a yes or no or a choice that was left as it is does not make a row."""
    return any(row.get(part.name, "").strip() for part in field.parts if part.widget not in ("check", "choice"))


def _value(field: Field, held: Held, readers: Mapping[str, Reader], currency: str, record: type) -> Any:
    if field.widget in ("rows", "pairs"):
        assert isinstance(held, list)
        return _rows(field, [row for row in held if isinstance(row, dict)], record)
    if isinstance(held, list):
        return tuple(item for item in field.choices if item in held)
    text = held.strip()
    if field.widget == "check":
        return text == YES
    if not text and field.required:
        raise Refused(Problem("definition.field_empty", field.name))
    if not text and field.name not in required_fields(record):
        return DEFAULT
    if field.widget == "money":
        return parse_amount(text, currency, field.name)
    if field.name in (PIN, SECRET):
        return text
    return readers[field.name](text)


def _rows(field: Field, rows: Iterable[Row], record: type) -> Any:
    if field.widget == "pairs":
        pairs = {row.get("code", "").strip(): row.get("value", "").strip() for row in rows}
        if "" in pairs:
            raise ValueError(field.name)
        return pairs
    if len(field.parts) == 1 and not field.parts[0].name:
        return tuple(row.get("", "").strip() for row in rows)
    part = msgspec.inspect.type_info(record)
    assert isinstance(part, msgspec.inspect.StructType)
    types = {one.name: one.type for one in part.fields}
    listed = types[field.name]
    assert isinstance(listed, msgspec.inspect.VarTupleType)
    assert isinstance(listed.item_type, msgspec.inspect.StructType)
    return tuple(_part(field, row, listed.item_type.cls) for row in rows)


def _part(field: Field, row: Row, part: type[msgspec.Struct]) -> msgspec.Struct:
    readers = readers_of(part)
    fields = {}
    for one in field.parts:
        text = row.get(one.name, "").strip()
        if not text and one.required:
            raise Refused(Problem("definition.field_empty", field.name))
        value = text == YES if one.widget == "check" else readers[one.name](text)
        if value is not DEFAULT:
            fields[one.name] = value
    return part(**fields)


def _held(field: Field, value: Any, currency: str, comma: str) -> Held:
    if field.widget == "pairs":
        return [{"code": code, "value": text} for code, text in value.items()]
    if field.widget == "rows":
        return [_row(field, part, comma) for part in value]
    if field.widget == "checks":
        return list(value)
    return _text(field, value, currency, comma)


def _row(field: Field, part: Any, comma: str) -> Row:
    if isinstance(part, msgspec.Struct):
        return {one.name: _text(one, getattr(part, one.name), "", comma) for one in field.parts}
    return {"": str(part)}


def _text(field: Field, value: Any, currency: str, comma: str) -> str:
    if field.widget == "money" and isinstance(value, int):
        return f"{to_major(Minor(value), currency):f}".replace(".", comma)
    text = cell_of(value)
    return text.replace(".", comma) if isinstance(value, Decimal) else text
