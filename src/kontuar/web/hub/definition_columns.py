"""How each kind of definition is listed: its name, its columns, and a cell's text. One table, one mechanism."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from kontuar.domain.catalogue.records import Picture
from kontuar.domain.definitions.kinds import KINDS
from kontuar.operations.definition_files import cell_of
from kontuar.operations.definition_input import SECRET
from kontuar.web.hub.rendering import NavArea, NavLink
from kontuar.web.i18n import Texts

NAMES: Final = {
    "currency": "Currencies",
    "firm": "Firm",
    "centre": "Centres",
    "unit": "Units",
    "vat_rate": "VAT rates",
    "price_list": "Price lists",
    "store": "Stores",
    "warehouse": "Warehouses",
    "payment_form": "Payment forms",
    "station": "Stations",
    "exchange_rate": "Exchange rates",
    "numbering": "Numbering",
    "reason": "Reasons",
    "parameter": "Parameters",
    "picture": "Pictures",
    "article_group": "Article groups",
    "article": "Articles",
    "price": "Prices",
    "contractor": "Contractors",
    "role": "Roles",
    "operator": "Operators",
}
_FIRST: Final = {
    "article": ("code", "name", "group", "unit", "vat", "eans", "active"),
    "contractor": ("code", "name", "kind", "tax_number", "city", "price_list", "active"),
    "store": ("code", "name", "centre", "price_list", "warehouse", "city", "active"),
    "firm": ("code", "name", "tax_number", "city", "currency"),
    "payment_form": ("code", "name", "kind", "currencies", "gives_change", "opens_drawer", "active"),
    "operator": ("code", "name", "roles", "stores", "language", "active", "valid_until"),
}
"""Columns shown at first; kinds not named here show all they have."""
_NUMERIC: Final = frozenset({"price", "rate", "percent", "precision", "position", "payment_days"})

AREAS: Final = tuple(
    NavArea(
        label, tuple(NavLink(NAMES[kind], icon, f"/definitions/{kind}") for kind, icon in links)
    )
    for label, links in (
        ("Goods", (
            ("article", "box"), ("article_group", "list"), ("price_list", "percent"), ("price", "cash"),
            ("unit", "swap"), ("vat_rate", "percent"), ("picture", "camera"),
        )),
        ("People", (("contractor", "users"), ("operator", "user"), ("role", "lock"))),
        ("Money", (("payment_form", "card"), ("currency", "cash"), ("exchange_rate", "swap"))),
        ("Firm", (
            ("firm", "store"), ("centre", "link"), ("store", "store"), ("warehouse", "box-in"),
            ("station", "receipt"), ("numbering", "invoice"), ("reason", "edit"), ("parameter", "settings"),
        )),
    )
)  # fmt: skip


def label_of(field: str) -> str:
    """`price_list` → `Price list`, the source text of its translation."""
    special = {"vat": "VAT", "eans": "EANs"}
    return special.get(field) or field.replace("_", " ").capitalize()


def columns_of(kind: str, words: Texts) -> list[dict[str, Any]]:
    """Columns in the form of the kit's lists."""
    fields = [field for field in KINDS[kind].record.__struct_fields__ if field != SECRET]
    first = _FIRST.get(kind)
    chosen = [*first, *(field for field in fields if field not in first)] if first else fields
    return [
        {
            "key": field,
            "label": words.gettext(label_of(field)),
            "align": "num" if field in _NUMERIC else "main" if field == "name" else "",
            "hidden": first is not None and field not in first,
        }
        for field in chosen
    ]


def record_of(kind: str, body: bytes) -> Any:
    """The stored record."""
    return msgspec.json.decode(body, type=KINDS[kind].record)


def text_of(record: Any, field: str, words: Texts) -> str:
    """A field as people read it."""
    value = getattr(record, field)
    if isinstance(record, Picture) and field == "data":
        return words.gettext("{count} kB").format(count=len(value) * 3 // 4 // 1024)
    if isinstance(value, bool):
        return words.gettext("Yes") if value else words.gettext("No")
    if isinstance(value, Decimal):
        return words.price(value)
    return cell_of(value).replace(",", ", ") if isinstance(value, tuple) else cell_of(value)
