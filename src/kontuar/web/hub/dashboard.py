"""The first page of head office: today's sales, nodes, what waits for a person, what is defined (ui.md)."""

from typing import Any, Final

from litestar import Request, Response, get

from kontuar.domain.parties import rights
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.hub import monitor, reports, verification
from kontuar.operations.ports.hub_lists import ReportFilter
from kontuar.web.http import language_of
from kontuar.web.hub import plots
from kontuar.web.hub.definition_words import ICONS, NAMES
from kontuar.web.hub.monitor import alarm_shown, rank_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub.report_query import today_of
from kontuar.web.hub_access import Parts
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.hub_files.firm import firm_of
from kontuar.web.i18n import Texts, texts

_MOST_ALARMS: Final = 8
_MOST_REASONS: Final = 8
_PANEL_WIDTH: Final = 460


@get("/", include_in_schema=False, dependencies=PARTS)
async def show_dashboard(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor
) -> Response[str]:
    words = texts(language_of(request))
    shown: dict[str, Any] = {"sales": None, "health": None, "counts": []}
    if rights.SEE_REPORTS in actor.rights:
        shown["sales"] = await _sales(documents, parts, words)
    if rights.SEE_HUB in actor.rights:
        shown |= await _health(documents, actor, words)
        counts = await parts.run(parts.definitions.counts, actor)
        shown["counts"] = [
            (words.gettext(NAMES[kind]), count, f"/definitions/{kind}", ICONS[kind])
            for kind, count in counts.items()
            if kind in NAMES and count
        ]
    return page(request, "hub/dashboard.jinja", actor, **shown)


async def _sales(documents: HubDocumentParts, parts: Any, words: Texts) -> dict[str, Any]:
    """Today by store, from sums that are at most some seconds old."""
    firm = await parts.run(firm_of, parts.definitions)
    day = today_of(firm, documents.clock.now())
    rows = await documents.reporting(
        reports.today, documents.reports, ReportFilter(day_from=day, day_to=day, currency=firm.currency)
    )
    figures = [plots.Figure(row.name or row.key, row.gross) for row in rows]
    return {
        "day": words.day(day),
        "total": words.money(Minor(sum(row.gross for row in rows)), firm.currency),
        "documents": sum(row.documents for row in rows),
        "stores": len(rows),
        "picture": plots.rows(figures, lambda value: words.amount(value, firm.currency), _PANEL_WIDTH),
        "rows": [
            ([row.name or row.key, f"/documents?store={row.key}&day={day.isoformat()}"], str(row.documents),
             words.amount(row.gross, firm.currency))
            for row in rows
        ],
    }  # fmt: skip


async def _health(documents: HubDocumentParts, actor: Actor, words: Texts) -> dict[str, Any]:
    states = await documents.run(monitor.nodes, documents.monitor, actor, documents.clock.now())
    alarms = await documents.run(monitor.open_alarms, documents.alarms)
    waiting = await documents.run(verification.reasons, documents.verification, actor)
    worst = sorted(alarms, key=lambda alarm: (alarm.acknowledged_at is not None, rank_of(alarm.severity)))
    return {
        "health": {"nodes": len(states), "well": sum(1 for state in states if not state.alarms)},
        "alarms": [alarm_shown(alarm, words) for alarm in worst[:_MOST_ALARMS]],
        "more_alarms": max(0, len(alarms) - _MOST_ALARMS),
        "waiting": sum(row.items for row in waiting),
        "reasons": [
            (words.brief(row.reason), row.items, f"/verification?reason={row.reason}")
            for row in waiting[:_MOST_REASONS]
        ],
    }
