"""How each field of a definition is edited: by its type, and by small tables where its type does not say enough.

A new kind needs nothing here to have a form; a row of `REFERENCES` makes a field choose by search, one of `SECTIONS`
gives it a place, one of `LABELS` a name.
"""

import datetime
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.parameters import PARAMETERS
from kontuar.domain.firm.views import VIEWS
from kontuar.domain.parties.rights import ALL_RIGHTS
from kontuar.domain.pricing.sheet import WEEKDAYS
from kontuar.operations.hub.defining.input import PIN, SECRET
from kontuar.web.hub.definition_words import HINTS, SECTIONS

Widget = Literal[
    "text", "long", "number", "money", "check", "choice", "day", "reference", "checks", "rows", "pairs", "pin",
    "picture",
]  # fmt: skip

SCOPE: Final = "scope"
"""Not a kind: everywhere, a centre, a store or a station (`store:KRK`)."""
REFERENCES: Final[Mapping[str, str]] = {
    "unit": "unit", "group": "article_group", "groups": "article_group", "picture": "picture", "pictures": "picture",
    "properties": "property", "linked": "article", "substitutes": "article", "packaging": "article",
    "article": "article", "price_list": "price_list", "stores": "store", "store": "store", "centre": "centre",
    "warehouse": "warehouse", "currency": "currency", "forms": "payment_form", "payment_form": "payment_form",
    "required_at": "station", "recipients": "contractor", "roles": "role", "vat": "vat_rate", "currencies": "currency",
    "attributes": "attribute", "article_group": "article_group", "contractor_group": "contractor_group",
    "contractor": "contractor", "contractors": "contractor", "contractor_groups": "contractor_group",
    "centres": "centre", "warehouses": "warehouse", "payment_forms": "payment_form",
    "delivery_methods": "delivery_method", "discount": "discount",
    "discount_group": "discount_group",
}  # fmt: skip
"""Field → the kind that it names; `KIND.FIELD` goes before."""
_OTHER_REFERENCES: Final[Mapping[str, str]] = {
    "centre.parent": "centre", "article_group.parent": "article_group", "contractor_group.parent": "contractor_group",
    "contractor.group": "contractor_group", "contractor.groups": "contractor_group",
    "parameter.scope": SCOPE, "view.scope": SCOPE,
}  # fmt: skip
_NO_REFERENCES: Final = frozenset({"store.warehouse"})
"""Fields named as a reference that are none when the row is written (a store comes before its warehouse)."""
_LONG: Final = frozenset({"description", "rest"})
DAYS: Final = frozenset({"valid_from", "valid_until", "since"})
MONEY: Final = frozenset({"credit_limit"})
_PRICED: Final = tuple(name for name, row in TYPES.items() if row.lines == "priced")
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "document_types": tuple(TYPES),
    "rights": tuple(sorted(ALL_RIGHTS)),
    "weekdays": WEEKDAYS,
    "discount.document_types": _PRICED,
    "delivery_method.document_types": _PRICED,
}
_FIXED_ONE: Final[Mapping[str, tuple[str, ...]]] = {
    "document_type": tuple(TYPES),
    "letter": tuple("ABCDEFG"),
    "parameter.name": tuple(PARAMETERS),
    "view.name": tuple(VIEWS),
}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form. `target`: the kind it chooses from; `parts`: the columns of a list's rows."""

    name: str
    widget: Widget
    required: bool = False
    target: str = ""
    choices: tuple[str, ...] = ()
    parts: tuple["Field", ...] = ()
    is_key: bool = False
    hint: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether it takes the form's whole width."""
        return self.widget in ("rows", "pairs", "checks", "long")


class Section(msgspec.Struct, frozen=True):
    """Fields under a heading."""

    title: str
    fields: tuple[Field, ...]


@cache
def sections_of(kind: str, variant: str = "") -> tuple[Section, ...]:
    """The form of a kind: the sections of the table, then whatever the table does not place.

    A form with variants shows exactly what the table places for the variant.
    """
    fields = {field.name: field for field in fields_of(kind)}
    sections = []
    for title, names in SECTIONS.get(f"{kind}.{variant}" if variant else kind, ()):
        sections.append(Section(title, tuple(fields.pop(name) for name in names if name in fields)))
    rest = () if variant else tuple(fields.values())
    if not sections:
        return (Section("", rest),)
    return (*sections, Section("Other", rest)) if rest else tuple(sections)


@cache
def fields_of(kind: str) -> tuple[Field, ...]:
    """All fields of a kind in the order of its record; a PIN in the verifier's place."""
    rule = KINDS[kind]
    hints = get_type_hints(rule.written)
    found = []
    for field in msgspec.structs.fields(rule.written):
        if field.name == SECRET:
            found.append(Field(name=PIN, widget="pin", hint=HINTS.get(PIN, "")))
            continue
        is_key = field.name in rule.key
        built = _field(kind, field.name, hints[field.name], required=field.required)
        found.append(msgspec.structs.replace(built, is_key=is_key))
    return tuple(found)


def _field(kind: str, name: str, hint: Any, *, required: bool) -> Field:
    optional = get_origin(hint) in (Union, types.UnionType)
    plain = next(part for part in get_args(hint) if part is not type(None)) if optional else hint
    base = Field(name=name, widget="text", required=required and not optional, hint=HINTS.get(f"{kind}.{name}", ""))
    base = msgspec.structs.replace(base, hint=base.hint or HINTS.get(name, ""))
    change = msgspec.structs.replace
    origin = get_origin(plain)
    if kind == "picture" and name == "data":
        return change(base, widget="picture", required=False)
    if origin is Literal:
        return change(base, widget="choice", choices=get_args(plain))
    if origin is tuple:
        return _list(kind, base, get_args(plain)[0])
    if origin is dict:
        parts = (_reference_part(kind, name), Field(name="value", widget="text", required=True))
        return change(base, widget="pairs", parts=parts)
    if plain is bool:
        return change(base, widget="check", required=False)
    fixed = _FIXED_ONE.get(f"{kind}.{name}") or _FIXED_ONE.get(name)
    if fixed:
        return change(base, widget="choice", choices=fixed)
    if name in MONEY:
        return change(base, widget="money")
    if plain is datetime.date or name in DAYS:
        return change(base, widget="day")
    if plain is not str:
        return change(base, widget="number")
    if name in _LONG:
        return change(base, widget="long")
    target = _target(kind, name)
    return change(base, widget="reference", target=target) if target else base


def _list(kind: str, base: Field, part: Any) -> Field:
    fixed = _FIXED.get(f"{kind}.{base.name}") or _FIXED.get(base.name)
    if fixed:
        return msgspec.structs.replace(base, widget="checks", choices=fixed)
    if isinstance(part, type) and issubclass(part, msgspec.Struct):
        hints = get_type_hints(part)
        parts = tuple(
            _field("", field.name, hints[field.name], required=field.required) for field in msgspec.structs.fields(part)
        )
        return msgspec.structs.replace(base, widget="rows", parts=parts)
    target = _target(kind, base.name)
    one = Field(name="", widget="reference" if target else "text", target=target)
    return msgspec.structs.replace(base, widget="rows", parts=(one,))


def _reference_part(kind: str, name: str) -> Field:
    target = _target(kind, name)
    return Field(name="code", widget="reference" if target else "text", target=target, required=True)


def _target(kind: str, name: str) -> str:
    if f"{kind}.{name}" in _NO_REFERENCES:
        return ""
    return _OTHER_REFERENCES.get(f"{kind}.{name}") or REFERENCES.get(name, "")
