"""Rows as others write them (JSON or CSV) become records; what is shown to others never holds a verifier."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.records import Operator
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.ids import Ids
from kontuar.operations.actor import Actor
from kontuar.operations.pins import SALT_BYTES, pin_verifier
from kontuar.operations.ports.hub_definitions import DefinitionStore, StoredRow

SECRET = "pin_verifier"  # noqa: S105 - the name of a field
PIN = "pin"


class DefinitionInput:
    """Reads rows that come from outside."""

    def __init__(self, store: DefinitionStore, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    def from_json(self, actor: Actor, kind: str, body: bytes) -> Any:
        """The record in the bytes of a JSON object, numbers exact.

        Raises `Refused` with `definition_kind.unknown`, `definition.unreadable`, `definition.field_unknown`,
        `operator.bad_pin` or `operator.pin_missing`.
        """
        actor.require(DEFINE)
        fields = _fields_of(kind, body)
        refuse_unknown_fields(kind, fields)
        if kind == "operator":
            body = encode(self.operator_fields(fields))
        try:
            return msgspec.json.decode(body, type=KINDS[kind].record)
        except msgspec.DecodeError as error:
            raise _unreadable(error) from None

    def from_fields(self, actor: Actor, kind: str, fields: Mapping[str, Any]) -> Any:
        """The record of fields that are read already (a form's); raises as `from_json` does."""
        actor.require(DEFINE)
        if kind not in KINDS:
            raise refuse("definition_kind.unknown", kind=kind[:40])
        if kind == "operator":
            fields = self.operator_fields(fields)
        try:
            written = msgspec.convert(dict(fields), KINDS[kind].written)
        except msgspec.ValidationError as error:
            raise refuse("definition.unreadable", detail=str(error)[:200]) from None
        return KINDS[kind].from_written(written)

    def operator_fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with a verifier in the PIN's place; without a PIN the operator keeps the one he has."""
        result = {name: value for name, value in fields.items() if name != PIN}
        pin = fields.get(PIN)
        if pin:
            result[SECRET] = pin_verifier(str(pin), self._ids.secret(SALT_BYTES))
        elif not result.get(SECRET):
            result[SECRET] = self._present_verifier(str(fields.get("code", "")))
        return result

    def _present_verifier(self, code: str) -> str:
        with self._store.transaction():
            found = self._store.rows("operator", [code.replace("\0", "")])
        if not found:
            raise refuse("operator.pin_missing", PIN, key=code[:64])
        return msgspec.json.decode(found[0].body, type=Operator).pin_verifier


def refuse_unknown_fields(kind: str, fields: Mapping[str, Any]) -> None:
    """Raise `Refused("definition.field_unknown")` for every field the kind does not have."""
    known = {*KINDS[kind].record.__struct_fields__, *((PIN,) if kind == "operator" else ())}
    unknown = [name for name in fields if name not in known]
    if unknown:
        raise Refused(*(Problem("definition.field_unknown", name[:60], {"field": name[:60]}) for name in unknown))


def shown(row: StoredRow) -> msgspec.Raw:
    """The row's JSON as others may see it (SEC-05)."""
    return msgspec.Raw(shown_body(row.kind, row.body))


def shown_body(kind: str, body: bytes) -> bytes:
    """A body without what stays here."""
    if kind != "operator":
        return body
    fields = msgspec.json.decode(body)
    fields.pop(SECRET, None)
    return encode(fields)


def _fields_of(kind: str, body: bytes) -> dict[str, Any]:
    if kind not in KINDS:
        raise refuse("definition_kind.unknown", kind=kind[:40])
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise _unreadable(error) from None


def _unreadable(error: msgspec.DecodeError) -> Refused:
    return refuse("definition.unreadable", detail=str(error)[:200])
