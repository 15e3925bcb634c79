"""How every node runs: JSON log lines, one server, a file that says where it listens, a graceful stop."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TextIO, cast

import msgspec
import structlog
import uvicorn

from kontuar.kernel.errors import Refused
from kontuar.nodes.settings import NodeSettings

NODE_FILE: Final = "node.json"
STOP_SECONDS: Final = 5
_log = structlog.get_logger("node")


class NodeAddress(msgspec.Struct, frozen=True):
    """What `node.json` in a node's data folder says while it runs."""

    node: str
    url: str
    pid: int


class QuietServer(uvicorn.Server):
    """Stops on SIGTERM and SIGINT and then ends normally; uvicorn itself would raise the signal again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handlers of the loop, so that the exit status is the program's own."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


class PatientLog:
    """A log that may lie on a disk that is full, or be closed: a line that cannot be written must not stop what it
    tells of."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """What does not fit is lost."""
        with suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """What could not be written out now goes with a later line."""
        with suppress(OSError, ValueError):
            self._file.flush()


def set_up_logging(level: str) -> None:
    """One JSON line per event on standard error; no bodies, no tokens, no PINs ever go there (SEC-05)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, PatientLog(sys.stderr))),
    )


def serve(app: Any, settings: NodeSettings, node: str) -> None:
    """Run the application until SIGTERM or SIGINT; `node.json` stands while it listens."""
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False,
        ssl_certfile=settings.tls_certificate or None, ssl_keyfile=settings.tls_key or None,
        timeout_graceful_shutdown=STOP_SECONDS, lifespan="on", backlog=512,
    )  # fmt: skip
    asyncio.run(_serve(QuietServer(config), settings, node))


def read_address(data: Path) -> NodeAddress | None:
    """Where the node with that data folder listens, None when it does not."""
    try:
        return msgspec.json.decode((data / NODE_FILE).read_bytes(), type=NodeAddress)
    except (OSError, msgspec.DecodeError):
        return None


def say_and_stop(refusal: Refused) -> int:
    """Say on standard error why a node cannot start; the exit status."""
    for problem in refusal.problems:
        facts = " ".join(f"{name}={value}" for name, value in problem.facts.items())
        sys.stderr.write(f"{problem.code} {problem.place} {facts}".strip() + "\n")
    return 2


async def _serve(server: uvicorn.Server, settings: NodeSettings, node: str) -> None:
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        scheme = "https" if settings.tls_certificate else "http"
        _tell_address(settings.data, NodeAddress(node, f"{scheme}://{host}:{port}", os.getpid()))
        _log.info("node.listening", node=node, host=host, port=port)
    try:
        await serving
    finally:
        (settings.data / NODE_FILE).unlink(missing_ok=True)


def _tell_address(folder: Path, address: NodeAddress) -> None:
    """For whoever looks for the node; a full disk must not keep it from saying on its screen what is wrong."""
    unfinished = folder / f"{NODE_FILE}.new"
    try:
        unfinished.write_bytes(msgspec.json.encode(address))
        unfinished.rename(folder / NODE_FILE)
    except OSError as error:
        _log.error("node.address_not_written", file=NODE_FILE, reason=str(error)[:300])
