"""What people narrow the documents' list by, as conditions that indexes answer (HUB-04)."""

import datetime
import re
from typing import Any, Final

from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_lists import DocumentFilter

ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_STATES: Final = {
    "approved": "NOT coalesce(l.cancelled, false)",
    "cancelled": "l.cancelled",
    "fiscalised": "l.fiscalised",
    "not_fiscalised": "NOT coalesce(l.fiscalised, false) AND (d.type = 'receipt' OR EXISTS"
    " (SELECT 1 FROM fiscal_invoice f WHERE f.store = d.store AND f.doc_id = d.doc_id))",
}
_EQUALS: Final = (
    ("store", "d.store = %s"),
    ("station", "d.station = %s"),
    ("type", "d.type = %s"),
    ("operator", "d.approved_by = %s"),
    ("article", "(d.store, d.doc_id) IN (SELECT store, doc_id FROM document_line WHERE article = %s)"),
    ("form", "EXISTS (SELECT 1 FROM document_payment p WHERE p.store = d.store AND p.doc_id = d.doc_id"
             " AND p.form = %s)"),
)  # fmt: skip


def conditions_of(wanted: DocumentFilter) -> tuple[str, list[Any]]:
    """(condition over `d` and `l`, its values); raises `Refused("list.key_unreadable")`."""
    parts: list[str] = []
    values: list[Any] = []
    for name, condition in _EQUALS:
        value = getattr(wanted, name)
        if value:
            parts.append(condition)
            values.append(value)
    if wanted.day_from and wanted.day_from == wanted.day_to:
        parts.append("d.business_day = %s")  # one day: an index gives its documents in their order
        values.append(wanted.day_from)
    else:
        for condition, day in (("d.business_day >= %s", wanted.day_from), ("d.business_day <= %s", wanted.day_to)):
            if day:
                parts.append(condition)
                values.append(day)
    for condition, amount in (("d.gross >= %s", wanted.gross_from), ("d.gross <= %s", wanted.gross_to)):
        if amount is not None:
            parts.append(condition)
            values.append(amount)
    if wanted.buyer:
        parts.append("(d.buyer_code = %s AND d.buyer_code <> 'UNDEFINED' OR d.buyer_tax_number = %s)")
        values += [wanted.buyer, wanted.buyer]
    if wanted.number.strip():
        parts.append("d.number ILIKE %s")
        values.append(f"%{like_text(wanted.number.strip())}%")
    if wanted.state in _STATES:
        parts.append(_STATES[wanted.state])
    if wanted.after:
        parts.append("(d.approved_at, d.doc_id) < (%s, %s)")
        values += _key_parts(wanted.after)
    return " AND ".join(parts) or "true", values


def like_text(text: str) -> str:
    """The text for LIKE, its own wildcards taken literally."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def _key_parts(key: str) -> list[Any]:
    at, _, doc_id = key.partition("|")
    try:
        moment = datetime.datetime.fromisoformat(at)
    except ValueError:
        raise refuse("list.key_unreadable") from None
    if not ID.fullmatch(doc_id) or moment.tzinfo is None:
        raise refuse("list.key_unreadable")
    return [moment, doc_id]
