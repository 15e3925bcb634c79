"""Logins, one-time codes and certificates over the JSON API."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.params import FromPath, JSONBody

from kontuar.operations.hub.enrolment import CODE_MINUTES, NewCode
from kontuar.operations.ports.hub_definitions import CertificateRecord
from kontuar.web.hub_access import OPEN, Asker, Parts


class LoginBody(msgspec.Struct, frozen=True):
    """An operator's code and PIN, and the one-time code of whoever has a second factor.

    At the very first start `administrator` and the code from the hub's data folder.
    """

    operator: str
    pin: str
    one_time_code: str = ""


class LoginAnswer(msgspec.Struct, frozen=True):
    """`token` goes into the header `Authorization: Bearer …`."""

    token: str
    expires_at: datetime
    operator: str
    name: str
    rights: tuple[str, ...]


class ActorAnswer(msgspec.Struct, frozen=True):
    """Who is logged in."""

    operator: str
    name: str
    rights: tuple[str, ...]


class CodeBody(msgspec.Struct, frozen=True):
    """`kind` agent: `node` is the store's code; `kind` station: the station's."""

    kind: str
    node: str
    minutes: int = CODE_MINUTES


@post("/login", opt=OPEN, status_code=200, summary="Log in")
async def log_in(parts: Parts, data: JSONBody[LoginBody]) -> LoginAnswer:
    login = await parts.run(parts.login.log_in, data.operator, data.pin, data.one_time_code)
    rights = tuple(sorted(login.actor.rights))
    return LoginAnswer(login.token, login.expires_at, login.actor.operator, login.actor.name, rights)


@get("/login", summary="Who is logged in")
async def who(actor: Asker) -> ActorAnswer:
    return ActorAnswer(actor.operator, actor.name, tuple(sorted(actor.rights)))


@delete("/login", summary="Log out")
async def log_out(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> None:  # noqa: ARG001 - asks for a login
    await parts.run(parts.login.log_out, request.scope["state"]["token"])


@post("/enrolment-codes", status_code=201, summary="A one-time code for a node")
async def issue_code(parts: Parts, actor: Asker, data: JSONBody[CodeBody]) -> NewCode:
    return await parts.run(parts.enrolment.issue_code, actor, data.kind, data.node, data.minutes)


@get("/certificates", summary="All nodes' certificates")
async def list_certificates(parts: Parts, actor: Asker) -> tuple[CertificateRecord, ...]:
    return await parts.run(parts.enrolment.certificates, actor)


@post("/certificates/{node:str}/{incarnation:str}/revoke", status_code=204, summary="Revoke a node's key")
async def revoke(parts: Parts, actor: Asker, node: FromPath[str], incarnation: FromPath[str]) -> None:
    await parts.run(parts.enrolment.revoke, actor, node, incarnation)


router = Router(
    "/api/v1", route_handlers=[log_in, who, log_out, issue_code, list_certificates, revoke], tags=["access"]
)
