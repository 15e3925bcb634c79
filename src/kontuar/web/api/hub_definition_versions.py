"""Versions of the definitions over the JSON API, and questions that help to write them (HUB-03, HUB-14)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from kontuar.operations.hub.defining.definitions import Written
from kontuar.operations.hub.defining.ean_numbers import next_ean
from kontuar.operations.hub.defining.numbers import sample_of
from kontuar.operations.hub.defining.parameters import ParameterHere, parameters_at
from kontuar.operations.hub.defining.similar import SimilarContractor, similar_contractors
from kontuar.operations.hub.defining.versions import (
    VersionChange,
    changes_of,
    running_versions,
    versions,
    withdraw,
)
from kontuar.operations.ports.hub_definitions import RunningVersion, VersionRow
from kontuar.web.api import hub_definition_files, hub_definitions
from kontuar.web.hub_access import Asker, Parts


class EanBody(msgspec.Struct, frozen=True):
    """An EAN with its check digit."""

    ean: str


class SampleBody(msgspec.Struct, frozen=True):
    """A number as a rule would make it."""

    number: str


@get("/", summary="Change sets, newest first")
async def list_versions(
    parts: Parts,
    actor: Asker,
    before: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
) -> Sequence[VersionRow]:
    return await parts.run(versions, parts.definitions, actor, before, limit)


@get("/running", summary="Which version each node runs")
async def list_running(parts: Parts, actor: Asker) -> Sequence[RunningVersion]:
    return await parts.run(running_versions, parts.definitions, actor)


@get("/{version:int}", summary="What a version changed, the first 500 rows")
async def read_version(parts: Parts, actor: Asker, version: FromPath[int]) -> Sequence[VersionChange]:
    return await parts.run(changes_of, parts.definitions, actor, _within(version))


@post("/{version:int}/withdraw", summary="Restore what was before a version, as a new one", status_code=200)
async def withdraw_version(parts: Parts, actor: Asker, version: FromPath[int]) -> Written:
    """Refused with every reason: rows that were changed later, later rows that need what it brought."""
    return await parts.bulk(withdraw, parts.bulk_definitions, actor, _within(version))


@get("/parameters", summary="Parameters at a scope, each with where its value comes from")
async def read_parameters(
    parts: Parts, actor: Asker, at: Annotated[str, QueryParameter(name="scope", max_length=100)] = "global"
) -> Sequence[ParameterHere]:
    return await parts.run(parameters_at, parts.definitions, actor, at)


@get("/numbering-sample", summary="A number as a rule would make it")
async def sample_number(
    actor: Asker,  # noqa: ARG001 - asks for a login
    document_type: FromQuery[str],
    pattern: Annotated[str, QueryParameter(max_length=200)],
    reset: FromQuery[str] = "month",
) -> SampleBody:
    return SampleBody(sample_of(document_type, pattern, reset))


@post("/similar-contractors", summary="Contractors that may be the same one", status_code=200)
async def find_similar(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Sequence[SimilarContractor]:
    record = await parts.run(parts.reader.from_json, actor, "contractor", await request.body())
    return await parts.run(similar_contractors, parts.definitions, actor, record)


@post("/new-ean", summary="The next free EAN of the firm's own range", status_code=200)
async def new_ean(
    parts: Parts,
    actor: Asker,
    length: Annotated[int, QueryParameter(description="8, 13 or 14 digits")] = 13,
    besides: Annotated[list[str] | None, QueryParameter(max_items=500, description="EANs not saved yet")] = None,
) -> EanBody:
    return EanBody(await parts.run(next_ean, parts.definitions, actor, length, frozenset(besides or ())))


def _within(version: int) -> int:
    """A version that the database can hold; others are not there."""
    return version if 0 <= version < 2**63 else 0


ROUTERS = (
    Router(
        "/api/v1/definitions",
        route_handlers=[*hub_definitions.handlers, *hub_definition_files.handlers],
        tags=["definitions"],
    ),
    Router(
        "/api/v1/definition-versions",
        route_handlers=[list_versions, list_running, read_version, withdraw_version],
        tags=["definitions"],
    ),
    Router(
        "/api/v1/definition-questions",
        route_handlers=[read_parameters, sample_number, find_similar, new_ean],
        tags=["definitions"],
    ),
)
"""Everything about definitions."""
