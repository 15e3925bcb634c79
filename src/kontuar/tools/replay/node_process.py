"""A node as a child process: started with settings from the environment, waited for, stopped by its own id."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from kontuar.nodes.settings import PREFIX
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_apis import NodeSaidNo

NodeKind = Literal["hub", "agent", "station"]
START_SECONDS = 90.0
STOP_SECONDS = 30.0
TAIL_BYTES = 3_000


class NodeProcess:
    """`python -m kontuar KIND` on a free port of loopback; its output is kept in `log`."""

    def __init__(self, kind: NodeKind, name: str, folder: Path, settings: Mapping[str, str], port: int = 0) -> None:
        self.kind = kind
        self.name = name
        self.port = port or free_port()
        self.data = folder / name
        self.log = folder / f"{name}.log"
        self.pid_file = folder / f"{name}.pid"
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where the node answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process's id, once it was started."""
        assert self._process is not None, "not started"
        return self._process.pid

    async def start(self) -> None:
        """Start and wait until the node answers; raises `NodeSaidNo` with the end of its output."""
        self.data.mkdir(parents=True, exist_ok=True)
        own = {"data": str(self.data), "port": str(self.port), **self._settings}
        environment = {**os.environ, **{PREFIX + name.upper(): value for name, value in own.items()}}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "kontuar", self.kind, stdout=log, stderr=log, env=environment
            )
        self.pid_file.write_text(str(self._process.pid))
        await self.until_it_answers()

    async def stop(self) -> None:
        """Ask the process to end; kill it when it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def kill(self) -> None:
        """End it at once, as if the plug were pulled."""
        if self.is_running():
            assert self._process is not None
            self._process.kill()
            await self._process.wait()

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    def check_running(self) -> None:
        """Raise `NodeSaidNo` when the process ended by itself."""
        if self._process is None or self._process.returncode is not None:
            code = None if self._process is None else self._process.returncode
            raise NodeSaidNo(f"{self.name} ended with {code}:\n{self.tail()}")

    def tail(self) -> str:
        """The end of what it wrote."""
        return self.log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")

    async def until_it_answers(self) -> None:
        """Wait until it is ready to work; raises `NodeSaidNo` with the end of its output when it ended or never is."""
        node = HttpNode(self.name, self.url)
        deadline = time.monotonic() + START_SECONDS
        try:
            while True:
                self.check_running()
                try:
                    await node.ask("GET", "/health")
                    return
                except NodeSaidNo as refusal:
                    if time.monotonic() > deadline:
                        raise NodeSaidNo(f"{self.name} does not answer: {refusal}\n{self.tail()}") from refusal
                await asyncio.sleep(0.1)
        finally:
            await node.close()


def end_left_over(folder: Path) -> int:
    """End nodes over this folder whose driver was killed; how many there were. A number that belongs to another
    program by now is left alone."""
    left = [int(file.read_text()) for file in sorted(folder.glob("*.pid")) if file.read_text().isdigit()]
    ours = [pid for pid in left if _works_in(pid, folder)]
    for pid in ours:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(_works_in(pid, folder) for pid in ours):
        if time.monotonic() > deadline:
            raise NodeSaidNo(f"nodes left over in {folder} do not end: {ours}")
        time.sleep(0.1)
    return len(ours)


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process is a node whose data are in the folder."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    prefix = f"{PREFIX}DATA={folder.resolve()}{os.sep}".encode()
    return any(variable.startswith(prefix) for variable in environment)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
