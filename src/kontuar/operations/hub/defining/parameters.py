"""Parameters at a scope: what holds there, and from where it is inherited (global, centres, store, station)."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from kontuar.domain.firm.parameters import PARAMETERS, SCOPES, centre_path
from kontuar.domain.firm.records import Centre, Parameter, StationDefinition, Store
from kontuar.domain.parties.rights import SEE_HUB
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions

R = TypeVar("R", bound=msgspec.Struct)
DEFAULT_SCOPE: Final = "default"
"""Where a value comes from that nobody set."""


class ParameterHere(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter at a scope: the `value` that holds and the scope it is `given` at; what it would be without
    (`inherited`, from `inherited_from`); `row_version` of the row of this very scope, 0 = none."""

    name: str
    kind: str
    choices: tuple[str, ...]
    value: str
    given: str
    inherited: str
    inherited_from: str
    row_version: int


def parameters_at(definitions: Definitions, actor: Actor, scope: str) -> Sequence[ParameterHere]:
    """All parameters at `global`, `centre:CODE`, `store:CODE` or `station:CODE`; raises `Refused` for another scope."""
    actor.require(SEE_HUB)
    with definitions.store.transaction():
        order = _scopes_above(definitions, scope)
        rows = definitions.store.rows("parameter")
    values: dict[tuple[str, str], tuple[str, int]] = {}
    for row in rows:
        parameter = msgspec.json.decode(row.body, type=Parameter)
        values[parameter.name, parameter.scope] = (parameter.value, row.version)
    return [_here(name, scope, order, values) for name in PARAMETERS]


def _here(
    name: str, scope: str, order: Sequence[str], values: Mapping[tuple[str, str], tuple[str, int]]
) -> ParameterHere:
    rule = PARAMETERS[name]
    inherited, origin = rule.default, DEFAULT_SCOPE
    for above in order:
        if (name, above) in values:
            inherited, origin = values[name, above][0], above
    own = values.get((name, scope))
    return ParameterHere(
        name=name,
        kind=rule.kind,
        choices=rule.choices,
        value=own[0] if own else inherited,
        given=scope if own else origin,
        inherited=inherited,
        inherited_from=origin,
        row_version=own[1] if own else 0,
    )


def _scopes_above(definitions: Definitions, scope: str) -> list[str]:
    """Scopes that this one inherits from, the farthest first."""
    level, _, code = scope.partition(":")
    if level not in SCOPES or (level == "global") == bool(code):
        raise refuse("parameter.bad_scope", "scope", value=scope[:60])
    if level == "global":
        return []
    above: list[str] = []
    if level == "station":
        code = _row(definitions, "station", code, StationDefinition).store
        above, level = [f"store:{code}"], "store"
    if level == "store":
        code = _row(definitions, "store", code, Store).centre
        above.append(f"centre:{code}")
    centres = {row.key: msgspec.json.decode(row.body, type=Centre) for row in definitions.store.rows("centre")}
    above += [f"centre:{centre}" for centre in centre_path(code, centres)[1:]]
    return ["global", *reversed(above)]


def _row(definitions: Definitions, kind: str, key: str, record: type[R]) -> R:
    found = definitions.store.rows(kind, [key])
    if not found:
        raise refuse("definition.not_found", "scope", kind=kind, key=key[:80])
    return msgspec.json.decode(found[0].body, type=record)
