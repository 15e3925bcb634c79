"""Login, authorisation, status, shifts of a station."""

import datetime

from litestar import get, post

from kontuar import __version__
from kontuar.domain.cash.records import Shift, ShiftReport
from kontuar.kernel.errors import refuse
from kontuar.operations.station import lives, login, shifts, station_status
from kontuar.web.api.station_bodies import (
    AuthorisationAnswer,
    AuthorisationBody,
    EnrolBody,
    LoginAnswer,
    LoginBody,
    OperatorTile,
    ShiftCloseBody,
    ShiftOpenBody,
    StatusBody,
)
from kontuar.web.desk import Asked, Desk


@get("/api/v1/operators", summary="Who may log in here", security=[])
async def list_operators(desk: Desk) -> list[OperatorTile]:
    """Names for the login screen; no rights, no secrets."""
    return [OperatorTile(row.code, row.name, row.language) for row in await desk.operators()]


@post("/api/v1/login", summary="Log in with operator and PIN", status_code=200, security=[])
async def log_in(data: LoginBody, desk: Desk) -> LoginAnswer:
    """Wrong PINs are slowed, counted and reported (SEC-01)."""
    done = await desk.log_in(data.operator, data.pin)
    actor = done.actor
    rights = tuple(sorted(actor.rights))
    return LoginAnswer(done.token, actor.operator, actor.name, actor.language, rights, done.expires_at)


@post("/api/v1/logout", summary="Log out", status_code=204)
async def log_out(request: Asked, desk: Desk) -> None:
    """The token is worth nothing from now on."""
    await desk.run(login.log_out, desk.station, desk.credentials(request)[0])


@post("/api/v1/authorisations", summary="Another operator allows one action", status_code=200)
async def authorise(request: Asked, data: AuthorisationBody, desk: Desk) -> AuthorisationAnswer:
    """The answer is good once, for five minutes, for the operator who asked."""
    grant = await desk.authorise(request, data.right, data.operator, data.pin, data.doc_id)
    return AuthorisationAnswer(grant.grant_id)


@post("/api/v1/enrol", summary="Make this machine the till again, by a one-time code", status_code=202)
async def enrol_anew(request: Asked, data: EnrolBody, desk: Desk) -> None:
    """For a till that can issue nothing more (REL-13); it starts anew, in a series of its own."""
    await desk.do(request, lives.begin_enrolment)
    await desk.enrol_anew(data.code)


@get("/api/v1/status", summary="State of this station", security=[])
async def status(desk: Desk) -> StatusBody:
    """Never blocks on the network; the screens ask every two seconds."""
    return await read_status(desk)


@get("/api/v1/shift", summary="The open shift and its sums so far")
async def shift_summary(request: Asked, desk: Desk) -> ShiftReport:
    """PAY-10."""
    return await desk.do(request, shifts.summary)


@post("/api/v1/shift/open", summary="Open a cash shift", status_code=201)
async def open_shift(request: Asked, data: ShiftOpenBody, desk: Desk) -> Shift:
    """One per station and register; nothing is sold without one."""
    return await desk.do(request, shifts.open_shift, data.opening_float, _day(data.business_day))


@post("/api/v1/shift/close", summary="Close the shift with what was counted", status_code=200)
async def close_shift(request: Asked, data: ShiftCloseBody, desk: Desk) -> ShiftReport:
    """PAY-09; the closure is a signed message of the stream."""
    return await desk.do(request, shifts.close_shift, data.counted)


async def read_status(desk: Desk) -> StatusBody:
    """The status from the connection tracker and the books."""
    sync = desk.sync_status()
    local = await desk.run(station_status.read, desk.station)
    identity = desk.station.identity
    return StatusBody(
        station=identity.station, store=identity.store, incarnation=identity.incarnation, series=identity.series,
        level=sync.level, since=sync.since, waiting=sync.waiting, problem=sync.problem,
        definitions=local.definitions, shift_open=local.shift_open, business_day=local.business_day,
        not_fiscalised=local.not_fiscalised, silence=local.silence, clock_skew_seconds=sync.clock_skew_seconds,
        stopped=sync.warnings.stopped, issued_alone=sync.warnings.alone, devices=desk.devices.states(),
        build=__version__,
    )  # fmt: skip


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise refuse("date.unreadable", "business_day", text=text[:40]) from None


HANDLERS = (
    list_operators, log_in, log_out, authorise, enrol_anew, status, shift_summary, open_shift, close_shift,
)  # fmt: skip
