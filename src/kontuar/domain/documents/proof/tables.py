"""Which columns of a node's books follow from its messages alone: what is read of them, and what must stand there."""

from collections.abc import Mapping
from typing import Final

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`key`: the columns that tell rows of one document apart; `columns`: those that are compared."""

    name: str
    key: tuple[str, ...] = ()
    columns: tuple[str, ...]

    def row(self, subject: str, values: Mapping[str, object]) -> tuple[tuple[object, ...], tuple[object, ...]]:
        """(key, columns) of a row with these values."""
        key = (self.name, subject, *(values[name] for name in self.key))
        return key, tuple(values[name] for name in self.columns)


_MOVE: Final = ("line", "effect")
_STOCK: Final = ("article", "from_place", "to_place", "quantity_e4")
_CASH: Final = ("register", "form", "currency", "amount", "in_system", "shift_id")

STOCK_MOVE: Final = Table(name="stock_move", key=_MOVE, columns=_STOCK)
STATION: Final = {
    table.name: table
    for table in (
        Table(name="document", columns=(
            "type", "number", "incarnation", "seq", "business_day", "approved_at", "created_at", "operator", "handler",
            "buyer", "buyer_name", "currency", "net", "tax", "gross", "paid", "payment_forms", "shift_id",
            "line_count", "repeats", "turnover",
        )),
        Table(name="document_line", key=("line",), columns=("article", "quantity_e4", "value")),
        Table(name="document_tax", key=("vat",), columns=("net", "tax", "gross")),
        Table(name="document_link", key=("kind", "other_id"), columns=("other_number",)),
        STOCK_MOVE,
        Table(name="cash_move", key=_MOVE, columns=_CASH),
        Table(name="shift", columns=("number", "body")),
        Table(name="shift_end", columns=("report",)),
    )
}  # fmt: skip
AGENT: Final = {STOCK_MOVE.name: STOCK_MOVE}
HUB: Final = {
    table.name: table
    for table in (
        Table(name="document", columns=(
            "type", "number", "origin", "incarnation", "seq", "station", "warehouse", "business_day", "created_at",
            "created_by", "approved_at", "approved_by", "shift_id", "register", "handler", "buyer_code", "buyer_name",
            "buyer_tax_number", "price_list", "definitions_version", "currency", "direction", "net", "tax", "gross",
            "discount", "surcharge", "amount", "perpetual_gross", "quantity_e4", "line_count", "reason",
        )),
        Table(name="document_line", key=("line",), columns=(
            "article", "name", "kind", "unit", "quantity_e4", "base_quantity_e4", "base_price_e4", "initial_price_e4",
            "price_e4", "value", "vat", "warehouse", "ean", "price_row", "handler", "typed",
        )),
        Table(name="document_tax", key=("vat", "letter"), columns=("percent", "net", "tax", "gross")),
        Table(name="document_payment", key=("number",), columns=(
            "form", "kind", "currency", "amount", "rate", "in_system", "role", "card", "authorisation", "operation_id",
        )),
        Table(name="document_adjustment", key=("line", "position"), columns=(
            "source", "kind", "rule", "base", "amount", "by_operator", "allowed_by",
        )),
        Table(name="document_link", key=("position",), columns=("kind", "to_doc", "number")),
        Table(name="stock_move", key=_MOVE, columns=(*_STOCK, "business_day")),
        Table(name="cash_move", key=_MOVE, columns=(*_CASH, "business_day")),
        Table(name="shift", columns=(
            "origin", "incarnation", "opened_seq", "number", "register", "business_day", "opened_at", "opened_by",
            "opening_float", "currency",
        )),
        Table(name="shift_end", columns=("closed_seq", "closed_at", "closed_by", "report")),
    )
}  # fmt: skip
LATER: Final = "later"
"""A row of what became of a document: (cancelled, fiscalised, fiscal number)."""
CANCELLED_MOVE: Final = "_cancelled"
"""How effects end that take an earlier one back."""
