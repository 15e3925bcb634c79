"""Screen of the hub: the audit log, and the log as a file (HUB-09)."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.response import Stream

from kontuar.operations.actor import Actor
from kontuar.operations.hub import audit
from kontuar.operations.ports.hub_lists import AuditEntry, AuditFilter
from kontuar.web.http import language_of
from kontuar.web.hub.definition_words import NAMES
from kontuar.web.hub.document_query import day_of
from kontuar.web.hub.documents import columns_of
from kontuar.web.hub.monitor import ALARMS
from kontuar.web.hub.rendering import page
from kontuar.web.hub.verification import STATES
from kontuar.web.hub_document_parts import PARTS, ROWS_PER_PAGE, HubDocumentParts
from kontuar.web.hub_files.audit import audit_file_of
from kontuar.web.i18n import Texts, texts

COLUMNS: Final = (
    ("at", "When", "main", False),
    ("operator", "Operator", "", False),
    ("action", "What was done", "", False),
    ("store", "Store", "", False),
    ("subject", "To what", "", False),
    ("facts", "In detail", "", False),
    ("asked_from", "From where", "", False),
)
ACTIONS: Final = {
    "login": "Logged in",
    "login.failed": "Login failed",
    "logout": "Logged out",
    "second_factor.on": "Second factor set up",
    "second_factor.off": "Second factor taken off",
    "definitions.change": "Definitions changed",
    "definitions.withdraw": "Definitions withdrawn",
    "verification.retry": "Booked again",
    "verification.accept": "Accepted",
    "verification.assign": "Given to",
    "verification.cancel_at_source": "Asked to cancel",
    "verification.cancel_withdrawn": "Cancelling withdrawn",
    "alarm.acknowledge": "Looks after an alarm",
    "coupon.released": "Coupons let go",
    "node.code_issued": "One-time code for a node",
    "node.enrolled": "Node enrolled",
    "node.adopted": "Forgotten certificate taken in",
    "node.disputed": "Forgotten certificate not taken in",
    "node.revoked": "Node's key revoked",
    "stock.opening": "Opening stock put",
    "privacy.export": "Personal data exported",
    "privacy.anonymise": "Contractor anonymised",
}
FACTS: Final = {
    "rows": "Rows changed",
    "kinds": "Kinds",
    "withdraws": "Takes back version",
    "number": "Number",
    "reason": "Reason",
    "state": "State",
    "note": "Note",
    "to": "Given to",
    "code": "Alarm",
    "series": "Series",
    "holder": "Has the series now",
    "told_by": "Told by",
    "failures": "Tries in a row",
    "kind": "Kind",
    "incarnation": "Incarnation",
    "history": "Earlier versions",
    "documents": "Documents",
}
FIELDS: Final = ("operator", "action", "store", "subject", "day_from", "day_to")
_LONGEST: Final = 100


@get("/audit", include_in_schema=False, dependencies=PARTS)
async def show_audit(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, after: str = ""
) -> Response[str]:
    chosen = chosen_of(request)
    found = await documents.run(audit.first_page, documents.audit, actor, filter_of(chosen, after))
    words = texts(language_of(request))
    asked = {name: value for name, value in chosen.items() if value}
    rows = found.rows
    only_rows = request.headers.get("hx-request") == "true"
    return page(
        request,
        "hub/audit_rows.jinja" if only_rows else "hub/audit.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[_listed(row, words) for row in rows],
        chosen=chosen,
        actions=[
            ("", words.gettext("Everything")),
            *((name, words.gettext(ACTIONS.get(name, name))) for name in found.actions),
        ],
        file_href=f"/audit/file?{urlencode(asked)}",
        more_url=f"/audit?{urlencode({**asked, 'after': rows[-1].audit_id})}" if len(rows) == ROWS_PER_PAGE else "",
        first=not after,
    )


@get("/audit/file", include_in_schema=False, dependencies=PARTS)
async def audit_file(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, file: str = "csv"
) -> Response[Any] | Stream:
    return await audit_file_of(documents, actor, filter_of(chosen_of(request)), file)


def chosen_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The filters as they were typed."""
    return {name: str(request.query_params.get(name, "")).strip()[:_LONGEST] for name in FIELDS}


def filter_of(chosen: dict[str, str], after: str = "", limit: int = ROWS_PER_PAGE) -> AuditFilter:
    """Raises `Refused("filter.unreadable")` with the field."""
    return AuditFilter(
        operator=chosen["operator"], action=chosen["action"], store=chosen["store"], subject=chosen["subject"],
        day_from=day_of(chosen["day_from"], "day_from"), day_to=day_of(chosen["day_to"], "day_to"), after=after,
        limit=limit,
    )  # fmt: skip


def _listed(entry: AuditEntry, words: Texts) -> dict[str, Any]:
    subject = entry.subject if len(entry.subject) <= 40 else f"{entry.subject[:12]}…"
    return {
        "key": str(entry.audit_id),
        "cells": [
            words.moment(entry.at), entry.operator, words.gettext(ACTIONS.get(entry.action, entry.action)), entry.store,
            subject, " · ".join(_fact(name, value, words) for name, value in entry.facts.items() if value),
            entry.asked_from,
        ],
    }  # fmt: skip


def _fact(name: str, value: str, words: Texts) -> str:
    """A fact in words, where there are any; the file keeps the codes."""
    told = words.gettext(FACTS.get(name, name))
    if name == "kinds":
        return f"{told}: {', '.join(words.gettext(NAMES.get(kind, kind)) for kind in value.split(', '))}"
    if name == "state":
        return f"{told}: {words.gettext(STATES.get(value, value))}"
    if name == "code":
        return f"{told}: {words.gettext(ALARMS.get(value, value))}"
    return f"{told}: {words.brief(value) if name == 'reason' and '.' in value and ' ' not in value else value}"


HANDLERS: Final = (show_audit, audit_file)
