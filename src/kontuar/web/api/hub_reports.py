"""Reports, the audit log, personal data and second factors over the JSON API (HUB-08, HUB-09)."""

import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, Parameter
from litestar.response import Stream

from kontuar.operations.actor import Actor
from kontuar.operations.hub import audit, privacy, reports
from kontuar.operations.hub.second_factor import FactorHolder, FactorState, NewFactor
from kontuar.operations.ports.hub_lists import AuditFilter, ReportFilter
from kontuar.web.api.hub_documents import Limit, Text, answer
from kontuar.web.hub_access import BEFORE_SECOND_FACTOR, HubParts, provide_parts
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts
from kontuar.web.hub_files.audit import audit_file_of
from kontuar.web.hub_files.contractors import contractor_file_of
from kontuar.web.hub_files.firm import firm_of
from kontuar.web.hub_files.lists import FileForm

HubDefinitions = NamedDependency[HubParts]
By = Literal["day", "hour", "store", "station", "operator", "article", "group", "form"]


class ReasonBody(msgspec.Struct, frozen=True):
    """Who asked for it, and when."""

    reason: str


class CodeBody(msgspec.Struct, frozen=True):
    """The one-time code that the device shows."""

    code: str


async def wanted_period(
    definitions: HubDefinitions,
    day_from: datetime.date,
    day_to: datetime.date,
    store: Text = "",
    station: Text = "",
    operator: Text = "",
    currency: Annotated[str, Parameter(max_length=3)] = "",
) -> ReportFilter:
    """Business days, both included; the firm's currency unless another is asked for."""
    known = currency or (await definitions.run(firm_of, definitions.definitions)).currency
    return ReportFilter(
        day_from=day_from, day_to=day_to, store=store, station=station, operator=operator, currency=known
    )


Wanted = NamedDependency[ReportFilter]
PERIOD: Final[dict[str, Any]] = {"wanted": Provide(wanted_period)}


async def wanted_entries(
    operator: Text = "",
    action: Annotated[str, Parameter(max_length=60, description="One, or an area with its dot")] = "",
    store: Text = "",
    subject: Text = "",
    day_from: datetime.date | None = None,
    day_to: datetime.date | None = None,
    after: Text = "",
    limit: Limit = 50,
) -> AuditFilter:
    """Entries of the audit log."""
    return AuditFilter(
        operator=operator, action=action, store=store, subject=subject, day_from=day_from, day_to=day_to, after=after,
        limit=limit,
    )  # fmt: skip


Note = Annotated[str, Parameter(max_length=500, description="How it was made sure who asks; for the audit log")]
Entries = NamedDependency[AuditFilter]
ENTRIES: Final[dict[str, Any]] = {"entries": Provide(wanted_entries)}


@get("/reports/sales", summary="Sales of a period by one key, money in minor units", dependencies=PERIOD)
async def read_sales(
    parts: HubDocumentParts, actor: Actor, wanted: Wanted, by: By = "day", compare: bool = False
) -> Response[bytes]:
    def ask() -> reports.SalesReport:
        return reports.sales(parts.reports, actor, wanted, by, compare=compare)

    return answer(await parts.reporting(ask))


@get("/reports/losses", summary="Voids and corrections per operator, with rates", dependencies=PERIOD)
async def read_losses(parts: HubDocumentParts, actor: Actor, wanted: Wanted) -> Response[bytes]:
    return answer(await parts.reporting(reports.losses, parts.reports, actor, wanted))


@get("/audit", summary="The audit log, newest first", dependencies=ENTRIES)
async def list_audit(parts: HubDocumentParts, actor: Actor, entries: Entries) -> Response[bytes]:
    rows = await parts.run(audit.entries, parts.audit, actor, entries)
    return answer({"rows": rows, "next": str(rows[-1].audit_id) if len(rows) == entries.limit else ""})


@get("/audit-files", summary="The newest entries of the filtered log as a file", dependencies=ENTRIES)
async def audit_file(
    parts: HubDocumentParts, actor: Actor, entries: Entries, file: FileForm = "csv"
) -> Response[Any] | Stream:
    return await audit_file_of(parts, actor, entries, file)


@get("/privacy/contractors/{code:str}", summary="Everything that is kept of a contractor")
async def export_contractor(
    parts: HubDocumentParts, definitions: HubDefinitions, actor: Actor, code: FromPath[str]
) -> Response[bytes]:
    return await contractor_file_of(parts, definitions, actor, code)


@post("/privacy/contractors/{code:str}/anonymise", summary="Take the personal data out for good", status_code=200)
async def anonymise_contractor(
    parts: HubDocumentParts, definitions: HubDefinitions, actor: Actor, code: FromPath[str], data: ReasonBody
) -> Response[bytes]:
    done = await parts.run(
        privacy.anonymise, definitions.definitions, parts.privacy, parts.audit, actor, code, data.reason,
        parts.clock.now(),
    )  # fmt: skip
    return answer(done)


@get("/second-factor", summary="Whether the asker has one, and whether he must", opt=dict(BEFORE_SECOND_FACTOR))
async def read_second_factor(definitions: HubDefinitions, actor: Actor) -> FactorState:
    return await definitions.run(definitions.factors.state, actor)


@post("/second-factor", summary="A new secret, told once", opt=dict(BEFORE_SECOND_FACTOR))
async def begin_second_factor(definitions: HubDefinitions, actor: Actor) -> NewFactor:
    return await definitions.run(definitions.factors.begin, actor)


@post("/second-factor/confirm", summary="Switch it on", status_code=204, opt=dict(BEFORE_SECOND_FACTOR))
async def confirm_second_factor(definitions: HubDefinitions, actor: Actor, data: CodeBody) -> None:
    await definitions.run(definitions.factors.confirm, actor, data.code)


@get("/second-factors", summary="Who has a second factor")
async def list_second_factors(definitions: HubDefinitions, actor: Actor) -> list[FactorHolder]:
    return list(await definitions.run(definitions.factors.holders, actor))


@delete("/second-factor/{operator:str}", summary="Somebody lost his device: his second factor and his logins end")
async def take_second_factor_off(
    definitions: HubDefinitions, actor: Actor, operator: FromPath[str], note: Note = ""
) -> None:
    await definitions.run(definitions.factors.take_off, actor, operator, note)


router = Router(
    "/api/v1",
    route_handlers=[
        read_sales, read_losses, list_audit, audit_file, export_contractor, anonymise_contractor, read_second_factor,
        begin_second_factor, confirm_second_factor, list_second_factors, take_second_factor_off,
    ],
    dependencies={"parts": Provide(provide_document_parts), "definitions": Provide(provide_parts)},
    tags=["supervision"],
)  # fmt: skip
