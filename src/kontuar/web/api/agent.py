"""The agent's JSON API: state, and what it holds of a day. Reading needs an operator and a PIN (HTTP Basic)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post

from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.operations.agent.agent_access import AgentAccess
from kontuar.operations.agent.agent_day import AgentDay, AgentReading, StockRow, agent_day
from kontuar.operations.agent.parking_buffer import LeaseRow, ParkingBuffer
from kontuar.operations.ports.exchange import MOST_FILE_BYTES, ExchangeEntry, ExchangeReport, StoreExchange
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.ports.runner import Runner
from kontuar.web.downloads import as_download

MOST_LISTED: Final = 100


class AgentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting`: messages that the hub does not hold yet; `definitions`: (epoch, version)."""

    node: str
    store: str
    level: str
    waiting: int
    definitions: tuple[str, int]
    problem: str
    build: str


class StockBody(msgspec.Struct, frozen=True):
    """Balances of the store's warehouses."""

    rows: tuple[StockRow, ...]


class ParkedBody(msgspec.Struct, frozen=True):
    """Documents in the store's buffer, last changed first, and who holds which."""

    rows: tuple[ParkedRow, ...]
    leases: tuple[LeaseRow, ...]


@dataclass(slots=True)
class AgentBench:
    """What the handlers need."""

    run: Runner
    books: AgentReading
    access: AgentAccess
    status: Callable[[], AgentStatus]
    parking: ParkingBuffer
    exchange: StoreExchange


@get("/api/v1/status", summary="State of this agent", security=[])
async def status(bench: AgentBench) -> AgentStatus:
    """Nothing secret."""
    return await bench.run(bench.status)


@get("/api/v1/reconciliation", summary="What this agent holds of a business day")
async def reconciliation(request: Request[Any, Any, Any], bench: AgentBench, day: str) -> AgentDay:
    """Counted from the bytes of the streams; for checks."""
    await bench.run(bench.access.require, *credentials(request))
    return await bench.run(agent_day, bench.books, day)


@get("/api/v1/stock", summary="Stock of the store")
async def stock(request: Request[Any, Any, Any], bench: AgentBench) -> StockBody:
    """Figures of the hub plus the moves they do not contain yet."""
    await bench.run(bench.access.require, *credentials(request))
    return StockBody(tuple(await bench.run(bench.books.stock)))


@get("/api/v1/parked", summary="Parked documents of the store and who edits them")
async def parked(request: Request[Any, Any, Any], bench: AgentBench) -> ParkedBody:
    """Reading only: opening takes a lease, and stations ask for that by the sync protocol."""
    await bench.run(bench.access.require, *credentials(request))
    rows, leases = await bench.run(lambda: (bench.parking.books.rows(), bench.parking.leases()))
    return ParkedBody(tuple(sorted(rows, key=lambda row: (row.modified_at, row.doc_id), reverse=True)), leases)


@post("/api/v1/exchange/export", summary="A file with everything head office does not hold yet", status_code=200)
async def export_file(request: Request[Any, Any, Any], bench: AgentBench) -> Response[bytes]:
    """For a store that shares no network with head office."""
    carrier = await bench.run(bench.access.require, *credentials(request), rights.EXCHANGE)
    return as_download(await bench.exchange.make(carrier.code))


@post(
    "/api/v1/exchange/import", summary="Apply a file of head office", status_code=200,
    request_max_body_size=MOST_FILE_BYTES,
)  # fmt: skip
async def import_file(request: Request[Any, Any, Any], bench: AgentBench) -> ExchangeReport:
    """The body is the file; it is applied whole or not at all, and may come again."""
    carrier = await bench.run(bench.access.require, *credentials(request), rights.EXCHANGE)
    return await bench.exchange.take(await request.body(), carrier.code)


@get("/api/v1/exchange/files", summary="The files that were made and that came")
async def list_files(request: Request[Any, Any, Any], bench: AgentBench) -> Sequence[ExchangeEntry]:
    """The last hundred, newest first; `outcome` is the code of a refusal, empty = done."""
    await bench.run(bench.access.require, *credentials(request), rights.EXCHANGE)
    return await bench.exchange.newest(MOST_LISTED)


def credentials(request: Request[Any, Any, Any]) -> tuple[str, str]:
    """(operator, PIN) of HTTP Basic; empty when there are none. Raises `Refused("login.unreadable")`."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        operator, _, pin = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise refuse("login.unreadable") from None
    return operator, pin


HANDLERS = (status, reconciliation, stock, parked, export_file, import_file, list_files)
