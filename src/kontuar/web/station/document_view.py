"""What the lists and the preview of documents show, gathered in one turn of the database thread (DOC-10 … DOC-12)."""

import calendar
import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.documents import life
from kontuar.domain.documents.document import FORKED
from kontuar.domain.documents.types import TYPES, type_of
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.money import Minor, parse_amount, to_major
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import DocumentQuery, DocumentRow, StoredDocument
from kontuar.operations.station import elsewhere, own_documents
from kontuar.operations.station.own_documents import Page
from kontuar.operations.station.station import Station
from kontuar.web.prints.scene import PrintScene, scene_of

ROWS: Final = 50
LINKS_SHOWN: Final = 3
VALUES: Final = {"50": ("", "50"), "200": ("50", "200"), "1000": ("200", "1000"), "more": ("1000", "")}
"""Ranges of the drop-down filter, in whole units of the firm's currency."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters as the screen sends them; `when` and `value` name a range, the four others replace it."""

    family: str = "trade"
    text: str = ""
    type: str = ""
    state: str = ""
    when: str = ""
    value: str = ""
    from_day: str = ""
    to_day: str = ""
    least: str = ""
    most: str = ""
    before: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list. `local_only`: the parameter asks for head office's documents too, and it is out of reach.

    `ask`: the whole number that head office is asked for, because nothing here fits; empty = it is not asked.
    """

    page: Page
    filters: Filters
    names: PrintScene
    types: tuple[str, ...]
    local_only: bool
    ask: str
    connectivity: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One document with everything the preview and the actions need.

    `cancel`: may_be, not_approved, has_none, forked or out_of_reach. `linked` = the linked documents kept here.
    """

    stored: StoredDocument
    names: PrintScene
    family: str
    cancel: str
    linked: tuple[DocumentRow, ...]
    fiscal_uncertain: bool
    printer: bool
    fiscal: bool


def listed(station: Station, actor: Actor, filters: Filters) -> Listed:
    """A page of a list, newest first."""
    found = own_documents.page(station, actor, _query(station, filters))
    both = station.parameters().text("search.documents") == "local_and_hub"
    return Listed(
        page=found,
        filters=filters,
        names=scene_of(station),
        types=tuple(name for name, kind in TYPES.items() if kind.family == filters.family),
        local_only=both and station.connectivity() < Connectivity.ONLINE,
        ask="" if found.rows or filters.before else elsewhere.number_to_ask(station, filters.text),
        connectivity=station.connectivity().name.lower(),
    )


def shown(station: Station, actor: Actor, doc_id: str, devices: Mapping[str, str]) -> Shown:
    """A document; `devices` = what stands at the station."""
    stored = own_documents.preview(station, actor, doc_id)
    others = (station.books.documents.find(other) for _, other, _ in stored.links)
    last = [entry.event for entry in stored.history if entry.event.startswith("fiscal_")]
    return Shown(
        stored=stored,
        names=scene_of(station),
        family=type_of(stored.document.type).family,
        cancel=_cancel(station, stored),
        linked=tuple(other.row for other in others if other is not None),
        fiscal_uncertain=last[-1:] == ["fiscal_uncertain"],
        printer=devices.get("printer", "none") != "none",
        fiscal=devices.get("fiscal", "none") != "none",
    )


def linked_rows(shown: Shown, filters: Filters, today: datetime.date) -> tuple[list[DocumentRow], list[str]]:
    """(linked documents kept here that fit the filters, numbers of those kept elsewhere) (DOC-04)."""
    here = {row.doc_id for row in shown.linked}
    there = [number for _, doc_id, number in shown.stored.links if doc_id not in here]
    asked = filters.text.strip().casefold()
    only_text = not (filters.state or filters.when or filters.value)
    fitting = [row for row in shown.linked if _fits(row, filters, asked, today)]
    return fitting, [number for number in dict.fromkeys(there) if only_text and asked in ("", number.casefold())]


def _fits(row: DocumentRow, filters: Filters, text: str, today: datetime.date) -> bool:
    where, part = (row.buyer_name, text[1:]) if text.startswith("%") else (row.number, text)
    first, last = days_of(filters.when, today)
    least, most = VALUES.get(filters.value, ("", ""))
    gross = to_major(row.gross, row.currency)
    return (
        part in where.casefold()
        and (not filters.state or filters.state in _states_of(row))
        and (not first or first <= row.business_day <= last)
        and (not least or gross >= Decimal(least))
        and (not most or gross <= Decimal(most))
    )


def _states_of(row: DocumentRow) -> set[str]:
    """What the drop-down filter calls the states that a document is in."""
    found = {row.state}
    if row.fiscal:
        found.add("fiscalised" if row.fiscal == "done" else "not_fiscalised")
    if row.state == "approved":
        found.add("settled" if row.paid >= row.gross else "unsettled")
    return found


def by_code(station: Station, actor: Actor, code: str) -> str:
    """The document whose whole number a code is, by identity; empty when none is here."""
    del actor
    found = station.books.documents.find_number(code.strip())
    return found.document.doc_id if found else ""


def days_of(when: str, today: datetime.date) -> tuple[str, str]:
    """(first, last) day of a named range; 2026-11-21 is a Saturday, its week began on 2026-11-16."""
    first = {
        "today": today,
        "yesterday": today - datetime.timedelta(days=1),
        "week": today - datetime.timedelta(days=today.weekday()),
        "month": today.replace(day=1),
    }.get(when)
    if first is None:
        return "", ""
    last = first if when in ("today", "yesterday") else first + datetime.timedelta(days=6)
    if when == "month":
        last = today.replace(day=calendar.monthrange(today.year, today.month)[1])
    return first.isoformat(), last.isoformat()


def _query(station: Station, filters: Filters) -> DocumentQuery:
    from_day, to_day = days_of(filters.when, station.business_day())
    least, most = VALUES.get(filters.value, ("", ""))
    return DocumentQuery(
        family=filters.family,
        types=tuple(filter(None, (filters.type,))),
        text=filters.text.strip(),
        state=filters.state,
        from_day=filters.from_day or from_day,
        to_day=filters.to_day or to_day,
        least=_amount(station, filters.least or least, "least"),
        most=_amount(station, filters.most or most, "most"),
        before=int(filters.before) if filters.before.isdecimal() else None,
        limit=ROWS,
    )


def _amount(station: Station, text: str, place: str) -> Minor | None:
    return parse_amount(text, station.firm().currency, place) if text.strip() else None


def _cancel(station: Station, stored: StoredDocument) -> str:
    table = type_of(stored.document.type).life
    if not any(action == life.CANCEL for _, action in table.steps):
        return "has_none"
    if stored.row.state == FORKED:
        return "forked"
    step = table.steps.get((stored.row.state, life.CANCEL))
    if step is None:
        return "not_approved"
    return "may_be" if station.connectivity() >= step.needs else "out_of_reach"
