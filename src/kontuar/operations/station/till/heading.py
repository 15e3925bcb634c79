"""The heading of a draft: handler, texts, reason, attributes (DOC-26, DOC-30, SALE-01)."""

from typing import Final

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.attributes import fits
from kontuar.domain.firm.records import Reason
from kontuar.domain.parties.records import Operator
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.attributes import attributes_of
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import editable

MAX_TEXT: Final = 200
TEXT_FIELDS: Final = frozenset({"order_number", "foreign_number", "description"})


def set_text(station: Station, actor: Actor, doc_id: str, field: str, text: str) -> Document:
    """Order number, foreign number or description (SALE-01)."""
    document = editable(station, actor, doc_id)
    if field not in TEXT_FIELDS:
        raise refuse("field.unknown", f"field:{field[:40]}")
    if len(text) > MAX_TEXT:
        raise refuse("text.too_long", f"field:{field}", limit=MAX_TEXT)
    return station.save(msgspec.structs.replace(document, **{field: text.strip()}))


def set_handler(station: Station, actor: Actor, doc_id: str, handler: str) -> Document:
    """Who serves the document, by code or by card (DOC-26)."""
    document = editable(station, actor, doc_id)
    return station.save(msgspec.structs.replace(document, handler=handler_of(station, handler)))


def set_line_handler(station: Station, actor: Actor, doc_id: str, number: int, handler: str) -> Document:
    """Who serves a line, by code or by card (DOC-26)."""
    document = editable(station, actor, doc_id)
    line = lines.find(document, number)
    changed = msgspec.structs.replace(line, handler=handler_of(station, handler))
    return station.save(lines.replace(document, changed))


def handler_of(station: Station, wanted: str) -> str:
    """The operator of this store by code or card; raises `Refused("operator.not_found")`."""
    wanted = wanted.strip()
    for row in station.books.definitions.every(Operator).values():
        here = not row.stores or station.identity.store in row.stores
        if row.active and here and wanted and wanted in (row.code, row.card):
            return row.code
    raise refuse("operator.not_found", "handler", operator=wanted[:60])


def set_reason(station: Station, actor: Actor, doc_id: str, reason: str) -> Document:
    """A reason from the dictionary for this type of document."""
    document = editable(station, actor, doc_id)
    found = station.books.definitions.get(Reason, reason)
    if found is None or not found.active or document.type not in found.document_types:
        raise refuse("reason.not_found", "reason", reason=reason)
    return station.save(msgspec.structs.replace(document, reason=reason))


def set_attribute(station: Station, actor: Actor, doc_id: str, code: str, value: str) -> Document:
    """An attribute of the document; an empty value takes it off (DOC-30).

    Raises `Refused("attribute.not_found" | "attribute.bad_value")`.
    """
    document = editable(station, actor, doc_id)
    values = _with_value(station, document, "document", code, value, document.attributes)
    return station.save(msgspec.structs.replace(document, attributes=values))


def set_line_attribute(station: Station, actor: Actor, doc_id: str, number: int, code: str, value: str) -> Document:
    """An attribute of a line; an empty value takes it off (DOC-30)."""
    document = editable(station, actor, doc_id)
    line = lines.find(document, number)
    values = _with_value(station, document, "line", code, value, line.attributes)
    return station.save(lines.replace(document, msgspec.structs.replace(line, attributes=values)))


def _with_value(
    station: Station, document: Document, level: str, code: str, value: str, before: dict[str, str]
) -> dict[str, str]:
    known = {row.code: row for row in attributes_of(station, document.type) if row.level == level}
    if code not in known:
        raise refuse("attribute.not_found", f"attribute:{code[:60]}", attribute=code[:60])
    value = value.strip()
    if not value:
        return {key: kept for key, kept in before.items() if key != code}
    if not fits(known[code], value):
        raise refuse("attribute.bad_value", f"attribute:{code}", name=known[code].name, value=value[:60])
    return {**before, code: value}
