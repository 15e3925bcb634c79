"""The processes of an embedded PostgreSQL: which run, what they say of themselves, starting, ending.

A process is known by its command line, which every user may read. Its working folder would say the same, but
in a container without the right to trace, root may not look at another user's.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from kontuar.storage.postgres.embedded_binaries import Account, EmbeddedPostgresError

_LAUNCHER = Path(__file__).with_name("embedded_launch.py")
_PROCESSES = Path("/proc")
_POLL_SECONDS = 0.02
_FORCED_END_SECONDS = 10.0


def launch(command: list[str], account: Account, log_file: Path) -> int:
    """Start the server so that it ends with this process; its pid. Its messages are added to `log_file`."""
    who = (account.user_id, account.group_id) if account.switch else (-1, -1)
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *map(str, who), *command]
    outcome: queue.SimpleQueue[int | OSError] = queue.SimpleQueue()
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def keep() -> None:
        # Stays as long as the server: the parent-death signal goes by the *thread* that made the child.
        try:
            server = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                launcher,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C on the hub's terminal must not end its database first
            )
        except OSError as error:
            outcome.put(error)
            return
        outcome.put(server.pid)
        server.wait()

    threading.Thread(target=keep, name="postgres-keeper", daemon=True).start()
    started = outcome.get()
    os.close(log)
    if isinstance(started, OSError):
        raise EmbeddedPostgresError(f"PostgreSQL could not be started: {started}") from started
    return started


def end(pid: int, *, patience_seconds: float) -> None:
    """End a server: cleanly, then at once (as in a crash), then by the kernel. Returns when it is gone."""
    for number, seconds in (
        (signal.SIGINT, patience_seconds),
        (signal.SIGQUIT, _FORCED_END_SECONDS),
        (signal.SIGKILL, _FORCED_END_SECONDS),
    ):
        send(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not running(pid):
                return
            time.sleep(_POLL_SECONDS)
    raise EmbeddedPostgresError(f"PostgreSQL (process {pid}) does not end; its disk may be stuck")


def clear_orphans(cluster_name: str, *, patience_seconds: float) -> int:
    """Wait for, then kill, what a dead server left behind; how many were killed.

    Without their parent they end by themselves, but one busy with a long query may take its time, and no new
    server starts beside it. Recovery follows anyway, so killing loses nothing.
    """
    deadline = time.monotonic() + patience_seconds
    while (orphans := _workers(cluster_name)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for pid in orphans:
        send(pid, signal.SIGKILL)
    while any(running(pid) for pid in orphans):
        time.sleep(_POLL_SECONDS)
    return len(orphans)


def leftovers(cluster: Path, socket_lock: Path) -> Iterator[int]:
    """Servers over this cluster that still run, each looked at when it is asked for.

    One that is on its way out, or was killed while it began, may stand in the lock file of its socket only, or in none.
    """
    named = [pid for pid in (recorded_pid(cluster), _first_number(_lines(socket_lock))) if pid is not None]
    for pid in dict.fromkeys([*named, *_pids()]):
        if running(pid) and serves(pid, cluster):
            yield pid


def serves(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a server over exactly this cluster, not another program that got its number."""
    arguments = command_line(pid)
    return arguments[1:3] == ["-D", str(cluster)] and Path(arguments[0]).name == "postgres"


def command_line(pid: int) -> list[str]:
    """The program and its arguments; a single empty text when there is no such process."""
    try:
        line = (_PROCESSES / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return [""]
    return [os.fsdecode(part) for part in line.rstrip(b"\0").split(b"\0")]


def running(pid: int) -> bool:
    try:
        state = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # already gone, which is what every signal sent here is for


def recorded_pid(cluster: Path) -> int | None:
    """The pid that the last server over this cluster wrote down; it may be long gone."""
    return _first_number(_pid_file(cluster))


def recorded_socket_folder(cluster: Path) -> str:
    """Where the last server over this cluster listened."""
    lines = _pid_file(cluster)
    return lines[4].strip() if len(lines) > 4 else ""


def recorded_state(cluster: Path) -> str:
    """`starting`, `ready`, `stopping`…, or nothing when the server has not said yet."""
    lines = _pid_file(cluster)
    return lines[7].strip() if len(lines) > 7 else ""


def _pid_file(cluster: Path) -> list[str]:
    return _lines(cluster / "postmaster.pid")


def _lines(lock_file: Path) -> list[str]:
    try:
        return lock_file.read_text().splitlines()
    except FileNotFoundError:
        return []


def _first_number(lines: list[str]) -> int | None:
    return int(lines[0]) if lines and lines[0].isdigit() else None


def _pids() -> list[int]:
    return sorted(int(path.name) for path in _PROCESSES.iterdir() if path.name.isdigit())


def _workers(cluster_name: str) -> list[int]:
    title = f"postgres: {cluster_name}: "
    return [pid for pid in _pids() if " ".join(command_line(pid)).startswith(title) and running(pid)]
