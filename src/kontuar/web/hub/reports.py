"""Screens of the hub: reports with plots, beside the period before, down to the documents, as files (HUB-08)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.response import Stream

from kontuar.kernel.money import Minor, to_major
from kontuar.kernel.quantity import unscaled
from kontuar.operations.actor import Actor
from kontuar.operations.hub import reports
from kontuar.operations.hub.reports import LOSSES, SALES_BY, LossLine, ReportLine, SalesReport
from kontuar.operations.ports.hub_lists import ReportFilter, SalesRow
from kontuar.web.http import language_of
from kontuar.web.hub import plots
from kontuar.web.hub.rendering import page
from kontuar.web.hub.report_query import chosen_of, filter_of, today_of
from kontuar.web.hub_access import Parts
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.hub_files.firm import firm_of
from kontuar.web.hub_files.lists import all_at_once, list_file, most_rows
from kontuar.web.i18n import Texts, texts

BY_NAMES: Final = {
    "day": "By day",
    "hour": "By hour",
    "store": "By store",
    "station": "By station",
    "operator": "By operator",
    "article": "By article",
    "group": "By article group",
    "form": "By payment form",
}
LOSS_NAMES: Final = {
    "line_voided": "Voided lines",
    "draft_discarded": "Discarded documents",
    "price_typed": "Typed prices",
    "discount_typed": "Typed discounts",
    "cancelled": "Cancelled documents",
    "drawer_opened": "Drawer opened by hand",
}
SALES_HEADER: Final = (
    "key", "name", "documents", "lines", "quantity", "net", "vat", "gross", "discount", "gross_before", "currency",
)  # fmt: skip
_PER_LINE: Final = frozenset({"article", "group"})
_DRILL: Final = {"store": "store", "station": "station", "operator": "operator", "article": "article", "form": "form"}


async def asked(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Any
) -> tuple[dict[str, str], ReportFilter]:
    """What a report is asked for: as typed, and as a filter."""
    firm = await parts.run(firm_of, parts.definitions)
    chosen = chosen_of(request, today_of(firm, documents.clock.now()))
    return chosen, filter_of(chosen, firm.currency)


@get("/reports/sales", include_in_schema=False, dependencies=PARTS)
async def show_sales(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor, by: str = "day",
    compare: str = "",
) -> Response[str]:  # fmt: skip
    chosen, wanted = await asked(request, documents, parts)
    report = await documents.reporting(_sales, documents.reports, actor, wanted, by, compare == "yes")
    words = texts(language_of(request))
    asked_for = {name: value for name, value in chosen.items() if value} | ({"compare": compare} if compare else {})
    return page(
        request, "hub/report_sales.jinja", actor, chosen={**chosen, "by": by, "compare": compare},
        kinds=[(name, words.gettext(BY_NAMES[name]), f"/reports/sales?{urlencode({**asked_for, 'by': name})}")
               for name in SALES_BY],
        file_href=f"/reports/sales/file?{urlencode({**asked_for, 'by': by})}",
        picture=_picture(report, words), **_sales_shown(report, chosen, words),
    )  # fmt: skip


@get("/reports/sales/file", include_in_schema=False, dependencies=PARTS)
async def sales_file(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor, by: str = "day",
    compare: str = "", file: str = "csv",
) -> Response[Any] | Stream:  # fmt: skip
    most_rows(file)
    _, wanted = await asked(request, documents, parts)
    report = await documents.reporting(_sales, documents.reports, actor, wanted, by, compare == "yes")
    rows = [_sales_cells(line, wanted.currency) for line in report.lines]
    return await list_file(f"sales-by-{by}", file, SALES_HEADER, all_at_once(rows))


@get("/reports/losses", include_in_schema=False, dependencies=PARTS)
async def show_losses(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor
) -> Response[str]:
    chosen, wanted = await asked(request, documents, parts)
    lines = await documents.reporting(reports.losses, documents.reports, actor, wanted)
    words = texts(language_of(request))
    figures = [
        plots.Figure(line.row.operator, int(sum(line.per_hundred.values(), Decimal(0)) * 100))
        for line in lines if line.per_hundred
    ]  # fmt: skip
    return page(
        request, "hub/report_losses.jinja", actor, chosen=chosen,
        file_href=f"/reports/losses/file?{urlencode({name: value for name, value in chosen.items() if value})}",
        picture=plots.rows(figures, lambda value: words.quantity(Decimal(value) / 100, 2)),
        heads=[words.gettext("Operator"), words.gettext("Documents"),
               *(words.gettext(LOSS_NAMES[what]) for what in LOSSES)],
        rows=[_loss_row(line, chosen, words) for line in lines],
    )  # fmt: skip


@get("/reports/losses/file", include_in_schema=False, dependencies=PARTS)
async def losses_file(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor, file: str = "csv"
) -> Response[Any] | Stream:
    most_rows(file)
    _, wanted = await asked(request, documents, parts)
    lines = await documents.reporting(reports.losses, documents.reports, actor, wanted)
    header = ("operator", "documents", "gross", *(f"{what}{ending}" for what in LOSSES for ending in _LOSS_ENDINGS))
    return await list_file("losses", file, header, all_at_once([_loss_cells(line, wanted.currency) for line in lines]))


_LOSS_ENDINGS: Final = ("", "_value", "_per_hundred")


def _sales(shelf: Any, actor: Actor, wanted: ReportFilter, by: str, compare: bool) -> SalesReport:
    return reports.sales(shelf, actor, wanted, by, compare=compare)


def name_of(row: SalesRow, by: str, words: Texts) -> str:
    """The key of a row as people read it."""
    if by == "day":
        year, month, day = row.key.split("-")
        return f"{day}.{month}.{year}"
    if by == "hour":
        return f"{row.key}:00"
    return f"{row.name} ({row.key})" if row.name else row.key or words.gettext("None")


def _picture(report: SalesReport, words: Texts) -> plots.Plot | None:
    figures = [
        plots.Figure(
            _short_name(line.now, report.by, words), line.now.gross, line.before.gross if line.before else None
        )
        for line in report.lines
    ]  # fmt: skip
    draw = plots.columns if report.by in ("day", "hour") else plots.rows
    return draw(figures, lambda value: words.amount(value, report.wanted.currency)) if figures else None


def _short_name(row: SalesRow, by: str, words: Texts) -> str:
    return f"{row.key[8:]}.{row.key[5:7]}" if by == "day" else row.name or name_of(row, by, words)


def _sales_shown(report: SalesReport, chosen: Mapping[str, str], words: Texts) -> dict[str, Any]:
    by, currency, compare = report.by, report.wanted.currency, report.previous is not None
    per_line = by in _PER_LINE
    heads = [words.gettext("Name"), words.gettext("Lines") if per_line else words.gettext("Documents"),
             words.gettext("Quantity"), words.gettext("Gross")]  # fmt: skip
    return {
        "heads": [*heads, *([words.gettext("Before"), words.gettext("Difference")] if compare else [])],
        "rows": [_sales_row(line, by, chosen, currency, words) for line in report.lines],
        "total": words.money(report.total.gross, currency),
        "documents": report.total.documents,
        "before": words.money(report.previous_total.gross, currency) if report.previous_total else "",
        "change": _change(report.total.gross, report.previous_total.gross, words) if report.previous_total else "",
        "per_line": per_line,
        "complete": report.complete,
    }


def _sales_row(line: ReportLine, by: str, chosen: Mapping[str, str], currency: str, words: Texts) -> list[Any]:
    row = line.now
    before = [] if line.before is None else [
        words.amount(line.before.gross, currency), _change(row.gross, line.before.gross, words)
    ]  # fmt: skip
    return [
        [name_of(row, by, words), _drill(row, by, chosen)] if by in ("day", *_DRILL) else name_of(row, by, words),
        str(row.lines if by in _PER_LINE else row.documents), words.quantity(unscaled(row.quantity_e4)),
        words.amount(row.gross, currency), *before,
    ]  # fmt: skip


def _drill(row: SalesRow, by: str, chosen: Mapping[str, str]) -> str:
    """The address of the documents behind a row."""
    narrowed = {name: value for name, value in chosen.items() if value}
    if by == "day":
        narrowed |= {"day_from": row.key, "day_to": row.key}
    else:
        narrowed[_DRILL[by]] = row.key
    return f"/documents?{urlencode(narrowed)}"


def _change(now: int, before: int, words: Texts) -> str:
    if before == 0:
        return "–"
    percent = (Decimal(100) * (now - before) / abs(before)).quantize(Decimal("0.1"))
    return f"{'+' if percent > 0 else ''}{words.quantity(percent, 1)} %"


def _sales_cells(line: ReportLine, currency: str) -> tuple[Any, ...]:
    row = line.now
    return (
        row.key, row.name, row.documents, row.lines, unscaled(row.quantity_e4), to_major(row.net, currency),
        to_major(row.tax, currency), to_major(row.gross, currency), to_major(row.discount, currency),
        "" if line.before is None else to_major(line.before.gross, currency), currency,
    )  # fmt: skip


def _loss_row(line: LossLine, chosen: Mapping[str, str], words: Texts) -> list[Any]:
    row = line.row
    narrowed = {**{name: value for name, value in chosen.items() if value}, "operator": row.operator}
    cells: list[Any] = [[row.operator, f"/documents?{urlencode(narrowed)}"], str(row.documents)]
    for what in LOSSES:
        times = row.times.get(what, 0)
        rate = line.per_hundred.get(what)
        cells.append(f"{times} ({words.quantity(rate, 2)})" if times and rate is not None else str(times or "–"))
    return cells


def _loss_cells(line: LossLine, currency: str) -> tuple[Any, ...]:
    row = line.row
    cells: list[Any] = [row.operator, row.documents, to_major(row.gross, currency)]
    for what in LOSSES:
        cells += [
            row.times.get(what, 0),
            to_major(Minor(row.values.get(what, 0)), currency),
            line.per_hundred.get(what, ""),
        ]
    return tuple(cells)


HANDLERS: Final = (show_sales, sales_file, show_losses, losses_file)
