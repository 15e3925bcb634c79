"""How each kind of definition is listed: its columns and a cell's text. One table, one mechanism."""

import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from kontuar.domain.catalogue.records import ArticleCode, Picture
from kontuar.domain.definitions.kinds import KINDS
from kontuar.operations.hub.defining.cells import cell_of
from kontuar.operations.hub.defining.input import SECRET
from kontuar.web.hub.definition_fields import DAYS, MONEY, fields_of
from kontuar.web.hub.definition_words import AREAS, CHOICES, NAMES, label_of
from kontuar.web.i18n import Texts

__all__ = ["AREAS", "NAMES", "choice_text", "columns_of", "label_of", "record_of", "text_of"]

_FIRST: Final = {
    "article": ("code", "name", "group", "unit", "vat", "eans", "active"),
    "contractor": ("code", "name", "kind", "tax_number", "city", "price_list", "active"),
    "store": ("code", "name", "centre", "price_list", "warehouse", "city", "active"),
    "firm": ("code", "name", "tax_number", "city", "currency"),
    "payment_form": ("code", "name", "kind", "currencies", "gives_change", "opens_drawer", "active"),
    "operator": ("code", "name", "roles", "stores", "language", "active", "valid_until"),
    "attribute": ("code", "name", "level", "type", "required", "active"),
    "batch": ("article", "code", "name", "properties", "eans", "active"),
    "role": ("code", "name"),
    "discount": ("code", "name", "kind", "state", "priority", "position", "discount_group", "first_day", "last_day"),
    "coupon": ("code", "name", "discount", "last_day", "uses", "offline", "active"),
    "picture": ("code", "media_type", "data"),
}
"""Columns shown at first; kinds not named here show all they have."""
_CHOSEN: Final = frozenset(
    {
        "kind",
        "direction",
        "level",
        "type",
        "reset",
        "status",
        "language",
        "parking",
        "state",
        "combine",
        "counted_by",
        "takes",
        "gives",
        "per",
        "pick",
        "every_unit",
        "weekdays",
    }
)
_WORDS: Final = {"document_type": "type", "document_types": "type", "rights": "right"}


def columns_of(kind: str, words: Texts) -> list[dict[str, Any]]:
    """Columns in the form of the kit's lists."""
    fields = [field for field in KINDS[kind].written.__struct_fields__ if field != SECRET]
    numbers = {field.name for field in fields_of(kind) if field.widget in ("number", "money")}
    first = _FIRST.get(kind)
    chosen = [*first, *(field for field in fields if field not in first)] if first else fields
    return [
        {
            "key": field,
            "label": words.gettext(label_of(field)),
            "align": "num" if field in numbers else "main" if field == "name" else "",
            "hidden": first is not None and field not in first,
        }
        for field in chosen
    ]


def record_of(kind: str, body: bytes) -> Any:
    """The stored record."""
    return msgspec.json.decode(body, type=KINDS[kind].record)


def text_of(record: Any, field: str, words: Texts) -> str:
    """A field as people read it; `record` as people write it."""
    value = getattr(record, field)
    if isinstance(record, Picture) and field == "data":
        return words.gettext("{count} kB").format(count=len(value) * 3 // 4 // 1024)
    if isinstance(value, bool):
        return words.gettext("Yes") if value else words.gettext("No")
    if isinstance(value, Decimal):
        return words.price(value)
    if isinstance(value, datetime.date):
        return words.day(value)
    if isinstance(value, str) and field in DAYS:
        return _day(value, words)
    if isinstance(value, int) and field in MONEY:
        return words.amount(value)
    if isinstance(value, tuple) and value and isinstance(value[0], ArticleCode):
        return ", ".join(code.ean for code in value)
    if isinstance(value, tuple):
        return ", ".join(choice_text(field, cell_of((part,)), words) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{code}: {text}" for code, text in value.items())
    return choice_text(field, cell_of(value), words)


def _day(text: str, words: Texts) -> str:
    try:
        return words.day(datetime.date.fromisoformat(text))
    except ValueError:
        return text


def choice_text(field: str, value: str, words: Texts) -> str:
    """A value of a fixed set in words, any other as it stands."""
    if field in _CHOSEN:
        return words.gettext(CHOICES.get(f"{field}:{value}", CHOICES.get(value, value)))
    told = words.gettext(f"{_WORDS[field]}:{value}") if field in _WORDS else value
    return value if told == f"{_WORDS.get(field)}:{value}" else told
