"""What handlers of the hub are given: its parts, and who asks. Everything needs a login unless marked open (SEC-01)."""

import hashlib
import hmac
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.files import DefinitionFiles
from kontuar.operations.hub.defining.input import DefinitionInput
from kontuar.operations.hub.enrolment import Enrolment
from kontuar.operations.hub.hub_login import HubLogin
from kontuar.operations.hub.second_factor import SET_UP, SecondFactors
from kontuar.operations.ports.runner import ASKED_FROM, Runner

COOKIE: Final = "kontuar_hub"
OPEN: Final = {"open": True}
"""`opt=OPEN` on a handler: no login is asked for (it checks in its own way, or has nothing to hide)."""
BEFORE_SECOND_FACTOR_KEY: Final = "before_second_factor"
BEFORE_SECOND_FACTOR: Final = {BEFORE_SECOND_FACTOR_KEY: True}
"""`opt=…` on a handler that serves whoever must still set up a second factor."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class HubParts(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's operations and the threads they run on.

    `run`: the database thread, for everything short; `bulk`: a thread with a connection of its own, for imports and
    exports, with its own `bulk_…` parts and `files`.
    """

    run: Runner
    bulk: Runner
    definitions: Definitions
    reader: DefinitionInput
    bulk_definitions: Definitions
    bulk_reader: DefinitionInput
    files: DefinitionFiles
    enrolment: Enrolment
    login: HubLogin
    factors: SecondFactors


Parts = NamedDependency[HubParts]
"""A handler's parameter `parts`."""
Asker = NamedDependency[Actor]
"""A handler's parameter `actor`: who is logged in."""


async def provide_parts(state: State) -> HubParts:
    """The hub's parts, as `build_hub_app` was given them."""
    parts: HubParts = state.hub
    return parts


async def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """Who asks, as `require_login` found out."""
    actor: Actor = request.scope["state"]["actor"]
    return actor


async def require_login(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of the whole application: default deny; a cookie alone is not enough to change anything (SEC-03)."""
    # No text of ours holds the NUL character, and the database refuses it.
    if "\0" in connection.scope["path"] or b"%00" in connection.scope["query_string"]:
        raise refuse("http.400", detail="NUL")
    ASKED_FROM.set(connection.client.host if connection.client else "")
    if handler.opt.get("open"):
        return
    bearer = bearer_token(connection)
    cookie = connection.cookies.get(COOKIE, "")
    token = bearer or cookie
    if not token:
        raise refuse("login.needed")
    parts: HubParts = connection.app.state.hub
    actor = await parts.run(parts.login.actor_of, token)
    if SET_UP in actor.rights and not handler.opt.get(BEFORE_SECOND_FACTOR_KEY):
        raise refuse("second_factor.needed")
    if not bearer and isinstance(connection, Request) and connection.method not in _SAFE_METHODS:
        await _check_csrf(connection, token)
    connection.scope["state"]["actor"] = actor
    connection.scope["state"]["token"] = token


def bearer_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The token of the Authorization header, empty when there is none."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def csrf_token(login_token: str) -> str:
    """What a page of this login must send back with every change."""
    return hashlib.sha256(f"csrf/1|{login_token}".encode()).hexdigest()[:40]


def require_same_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse a form that another site's page sent (the login form has no token to show yet)."""
    origin = connection.headers.get("origin", "")
    if origin and origin != "null" and urlsplit(origin).netloc != connection.headers.get("host", ""):
        raise refuse("csrf.missing")
    if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise refuse("csrf.missing")


async def _check_csrf(request: Request[Any, Any, Any], token: str) -> None:
    given = request.headers.get("x-csrf-token", "")
    if not given and request.content_type[0] == "application/x-www-form-urlencoded":
        given = str((await request.form()).get("csrf_token", ""))
    if not hmac.compare_digest(given.encode(), csrf_token(token).encode()):
        raise refuse("csrf.missing")
