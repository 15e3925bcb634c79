"""`kontuar exchange`: documents and definitions in files, for nodes that share no network (docs/protocol.md)."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from kontuar import __version__
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.exchange_by_hand import identity_of, with_node
from kontuar.nodes.machine import MachineIds
from kontuar.nodes.running import set_up_logging
from kontuar.operations.ports.exchange import (
    MOST_FILE_BYTES,
    ExchangeFile,
    ExchangeReport,
    OfficeExchange,
    StoreExchange,
)
from kontuar.storage.failures import StorageFailure
from kontuar.sync.enrol_file import take_answer, write_request
from kontuar.sync.files import write_whole
from kontuar.web.i18n import texts

app = typer.Typer(no_args_is_help=True, help="Files for nodes that share no network.")
Folder = Annotated[Path, typer.Argument(help="data folder of a node that is stopped", exists=True, file_okay=False)]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="TOML file of the node")]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What `export` prints."""

    file: str
    bytes: int
    messages: int
    left: int


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What `certificate` prints: who the node is now."""

    node: str
    store: str
    series: str
    incarnation: str


@app.command("export")
def export_file(
    folder: Folder,
    to: Annotated[Path, typer.Option("--to", help="the file to write")],
    node: Annotated[str, typer.Option("--for", help="at head office: the station or agent that it is for")] = "",
    settings: SettingsFile = None,
) -> None:
    """Write what the other side does not hold yet; prints JSON. A refusal ends with status 2."""

    async def make(exchange: StoreExchange | OfficeExchange) -> ExchangeFile:
        if isinstance(exchange, OfficeExchange):
            return await exchange.give(node)
        return await exchange.make()

    def write() -> Written:
        made = with_node(folder, settings, make)
        write_whole(to, made.content)
        return Written(file=str(to), bytes=len(made.content), messages=made.messages, left=made.left)

    _say(write)


@app.command("import")
def import_file(
    folder: Folder,
    file: Annotated[Path, typer.Argument(help="a file of the other side", exists=True, dir_okay=False)],
    settings: SettingsFile = None,
) -> None:
    """Apply a file, whole or not at all; prints JSON. A refusal ends with status 2, and nothing was applied."""

    async def take(exchange: StoreExchange | OfficeExchange) -> ExchangeReport:
        return await exchange.take(file.read_bytes())

    def read() -> ExchangeReport:
        if file.stat().st_size > MOST_FILE_BYTES:
            raise refuse("exchange.too_large", mebibytes=MOST_FILE_BYTES // 2**20)
        return with_node(folder, settings, take)

    _say(read)


@app.command("request")
def request_file(
    folder: Folder,
    code: Annotated[str, typer.Option("--code", help="one-time code of head office", prompt=True, hide_input=True)],
    to: Annotated[Path, typer.Option("--to", help="the file to write")],
    kind: Annotated[str, typer.Option("--kind", help="station or agent")] = "station",
) -> None:
    """Write the request of a node that never sees head office to be enrolled; prints JSON. The code is not in it."""

    def write() -> Written:
        content = write_request(identity_of(folder), code=code, kind=kind, ids=MachineIds(), build=__version__)
        write_whole(to, content)
        return Written(file=str(to), bytes=len(content), messages=0, left=0)

    _say(write)


@app.command("certificate")
def certificate_file(
    folder: Folder,
    file: Annotated[Path, typer.Argument(help="head office's answer to the request", exists=True, dir_okay=False)],
) -> None:
    """Take in the certificate; the node runs with it from its next start. Prints JSON; a refusal ends with status 2."""

    def read() -> Enrolled:
        told = take_answer(identity_of(folder), file.read_bytes()).certificate
        return Enrolled(node=told.node, store=told.store, series=told.series, incarnation=told.incarnation)

    _say(read)


def _say(work: Callable[[], msgspec.Struct]) -> None:
    set_up_logging("warning")
    try:
        typer.echo(msgspec.json.encode(work()))
    except Refused as refusal:
        words = texts("en")
        for problem in refusal.problems:
            typer.echo(f"{problem.code}: {words.problem(problem)}", err=True)
        raise typer.Exit(2) from None
    except (StorageFailure, OSError) as failure:
        typer.echo(f"{type(failure).__name__}: {failure}", err=True)
        raise typer.Exit(3) from None
