"""What codes stand for on screens: the names of the rows that a row names, scopes and parameters in words."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from kontuar.domain.definitions.kinds import KINDS
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.parameters import DEFAULT_SCOPE
from kontuar.web.hub.definition_columns import record_of
from kontuar.web.hub.definition_fields import fields_of
from kontuar.web.i18n import Texts

Names = Mapping[tuple[str, str], str]
"""(kind, code) → name."""
_LEVEL_NAMES: Final = {"centre": "Centre", "store": "Store", "station": "Station"}
"""Scopes below *everywhere*; each is named like the kind of its rows."""
_SAY_ENOUGH: Final = frozenset({"unit", "currency", "picture"})
"""Kinds whose codes people read as they stand."""


def named_in(kind: str, records: Iterable[Any]) -> Mapping[str, Collection[str]]:
    """Kind → the codes that the records of a list name in columns of one code or of a list of codes."""
    wanted: dict[str, set[str]] = {}
    targets = _targets(kind)
    for record in records:
        for field, target in targets.items():
            held = getattr(record, field)
            codes = held if isinstance(held, tuple) else (held,)
            wanted.setdefault(target, set()).update(code for code in codes if isinstance(code, str) and code)
    return wanted


def names_of(definitions: Definitions, wanted: Mapping[str, Collection[str]]) -> Names:
    """The names of rows, those that exist; a VAT rate is named by its code alone."""
    found: dict[tuple[str, str], str] = {}
    with definitions.store.transaction():
        for kind, codes in wanted.items():
            if not codes or kind not in KINDS:
                continue
            keys = None if len(KINDS[kind].key) > 1 else sorted(code.replace("\0", "") for code in codes)
            rows = definitions.store.rows(kind, keys) if keys is not None or kind == "vat_rate" else ()
            for row in rows:
                found[kind, row.key.partition("|")[0]] = getattr(record_of(kind, row.body), "name", "")
    return found


def with_names(kind: str, field: str, value: Any, told: str, names: Names) -> str:
    """A cell's text with the names of the codes in it: `111 · Bread`."""
    target = _targets(kind).get(field)
    if target is None:
        return told
    codes = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"{code} · {name}" if (name := names.get((target, code))) else str(code) for code in codes)


def scopes_of(definitions: Definitions) -> list[tuple[str, str]]:
    """(scope, name) of every scope there is, the widest first."""
    found = [("global", "")]
    with definitions.store.transaction():
        for level in _LEVEL_NAMES:
            for row in definitions.store.rows(level):
                found.append((f"{level}:{row.key}", record_of(level, row.body).name))
    return found


def scope_told(scope: str, words: Texts, names: Mapping[str, str]) -> str:
    """`store:KRK` in words; `names` by scope."""
    if scope == "global":
        return words.gettext("Everywhere")
    if scope == DEFAULT_SCOPE:
        return words.gettext("Nobody set it")
    level, _, code = scope.partition(":")
    if level not in _LEVEL_NAMES:
        return scope
    told = f"{words.gettext(_LEVEL_NAMES[level])} {code}"
    return f"{told} · {names[scope]}" if names.get(scope) else told


def parameter_told(name: str, words: Texts) -> str:
    """What a parameter is for, in a few words; empty where no words are known."""
    told = words.gettext(f"parameter:{name}")
    return "" if told.startswith("parameter:") else told


def _targets(kind: str) -> Mapping[str, str]:
    """Field → the kind that it names, of the fields whose codes a list says by name."""
    found = {}
    for field in fields_of(kind):
        plain_list = field.widget == "rows" and len(field.parts) == 1 and not field.parts[0].name
        target = field.parts[0].target if plain_list else field.target
        if target in KINDS and target not in _SAY_ENOUGH and target != kind:
            found[field.name] = target
    return found
