"""PostgreSQL as the hub's own child: one command runs head office on a bare machine.

What holds (docs/adr/0001-embedded-postgresql.md says why):

* The server ends when the hub ends, however the hub ends.
* A second start finds the same data: it adopts a server of ours that still runs, ends one that is on its way out,
  clears away stale lock files, and refuses data of another major version with the way to upgrade them.
* Nothing listens on the network. The socket lies in a folder that only the server's user (and root) can
  enter, and the server asks the kernel who is calling; there is no password to keep.
* Nothing outside the data folder is changed, save that a system user is made for root, and the programs are
  copied next to the data folder when that user cannot reach the virtual environment.

Layout of the data folder: `cluster/` (PostgreSQL's own), `socket/`, `postgres.log`, `lock`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
import structlog

from kontuar.storage.postgres import embedded_processes as processes
from kontuar.storage.postgres.embedded_binaries import (
    SYSTEM_USER,
    Account,
    EmbeddedPostgresError,
    account_to_run_as,
    make_folder,
    runnable_programs,
    server_version,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "default_data_folder", "running_url"]

DATABASE = "kontuar"
DATABASE_USER = "kontuar"
PORT = 5432  # only part of the socket's file name: nothing listens on the network

_SOCKET_PATH_LIMIT_BYTES = 107
_LOG_LIMIT_BYTES = 10_000_000
_POLL_SECONDS = 0.02
_ORPHANS_END_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """A PostgreSQL server over one data folder, started and stopped by this process.

    `durable=False` survives the kill of any process, not the crash of the machine (REL-04): for tests only.
    `start_timeout_seconds` bounds recovery after a crash, `stop_timeout_seconds` the wait for a clean end.
    """

    def __init__(
        self,
        data_folder: Path,
        *,
        durable: bool = True,
        start_timeout_seconds: float = 120.0,
        stop_timeout_seconds: float = 30.0,
    ) -> None:
        self.data_folder = data_folder.absolute()
        self.cluster = self.data_folder / "cluster"
        self.log_file = self.data_folder / "postgres.log"
        # Shown in the titles of the server's processes; it tells our clusters apart.
        self._cluster_name = f"kontuar-{hashlib.sha256(os.fsencode(self.cluster)).hexdigest()[:16]}"
        self._durable = durable
        self._start_timeout_seconds = start_timeout_seconds
        self._stop_timeout_seconds = stop_timeout_seconds
        self._lock: int | None = None
        self._server_pid: int | None = None

    def start(self) -> str:
        """Start the server, or adopt our own that still runs; the URL of its database, ready to connect.

        Calling it again while the server runs gives the same URL. Raises EmbeddedPostgresError.
        """
        account = account_to_run_as()
        self._prepare_data_folder(account)
        self._take_lock()
        try:
            programs = runnable_programs(account, self.data_folder.parent)
            self._make_cluster(account, programs)
            self._refuse_other_major_version(programs, account)
            self._write_access_rules(account)
            socket_folder = self._make_socket_folder(account)
            command = self._command(programs, socket_folder)
            if not self.alive() and not self._adopt(command):
                self._clear_leftovers(socket_folder)
                self._launch(command, account)
            self._wait_until_ready(socket_folder)
            return _url(socket_folder, DATABASE)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server, cleanly if it can within its time (else the next start recovers); repeatable."""
        pid, self._server_pid = self._server_pid, None
        if pid is not None:
            processes.end(pid, patience_seconds=self._stop_timeout_seconds)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def alive(self) -> bool:
        return self._server_pid is not None and processes.serves(self._server_pid, self.cluster)

    @property
    def server_pid(self) -> int | None:
        return self._server_pid

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- the folder ----

    def _prepare_data_folder(self, account: Account) -> None:
        try:
            make_folder(self.data_folder.parent)
            self.data_folder.mkdir(exist_ok=True, mode=0o700)
            foreign = {path.name for path in self.data_folder.iterdir()}
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{error.filename} is closed to the user {account.name}: start the hub as its owner, "
                "or choose another data folder"
            ) from error
        if foreign and not foreign & {"lock", "cluster"}:
            raise EmbeddedPostgresError(
                f"{self.data_folder} holds other things ({', '.join(sorted(foreign)[:3])}); "
                "choose an empty folder for the hub's database"
            )
        if self.data_folder.stat().st_uid not in (0, account.user_id):
            owner = self.data_folder.stat().st_uid
            raise EmbeddedPostgresError(
                f"{self.data_folder} belongs to user id {owner}, not to {account.name}: "
                "start the hub as its owner, or choose another data folder"
            )
        account.own(self.data_folder, 0o700)
        if account.switch and account.run(["/bin/ls", str(self.data_folder)]).returncode != 0:
            raise EmbeddedPostgresError(
                f"PostgreSQL runs as the user {account.name}, who cannot enter a folder on the way to "
                f"{self.data_folder}; choose a data folder elsewhere, for example {default_data_folder()}"
            )

    def _take_lock(self) -> None:
        """One process at a time owns a data folder; the kernel releases the lock when that process ends."""
        if self._lock is not None:
            return
        lock = os.open(self.data_folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 20).decode() or "unknown"
            os.close(lock)
            raise EmbeddedPostgresError(
                f"the database in {self.data_folder} is in use by process {owner}: stop that hub first"
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock

    def _make_cluster(self, account: Account, programs: Path) -> None:
        if (self.cluster / "PG_VERSION").exists():
            return
        unfinished = Path(tempfile.mkdtemp(prefix="cluster-new-", dir=self.data_folder))
        try:
            account.own(unfinished, 0o700)
            command = [str(programs / "initdb"), f"--pgdata={unfinished}", f"--username={DATABASE_USER}"]
            command += [
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ]
            command += ["--data-checksums", "--auth-local=peer", "--auth-host=reject"]
            made = account.run(command if self._durable else [*command, "--no-sync"])
            if made.returncode != 0:
                raise EmbeddedPostgresError(f"initdb failed in {self.data_folder}:\n{made.stdout}")
            unfinished.rename(self.cluster)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _refuse_other_major_version(self, programs: Path, account: Account) -> None:
        data_version = (self.cluster / "PG_VERSION").read_text().strip()
        program_version = server_version(programs, account)
        if data_version == program_version.split(".")[0]:
            return
        host = f"--host {self.data_folder / 'socket'} --username {DATABASE_USER}"
        raise EmbeddedPostgresError(
            f"{self.cluster} was written by PostgreSQL {data_version}; this Kontuar brings PostgreSQL "
            f"{program_version}, which cannot read it. Nothing was changed. To upgrade: start the Kontuar "
            f"release that made it, run `pg_dumpall {host} --file hub.sql` with the programs of PostgreSQL "
            f"{data_version}, stop it, move {self.cluster} away, start this release once, and read the dump "
            f"with `psql {host} --dbname {DATABASE} --file hub.sql`"
        )

    def _write_access_rules(self, account: Account) -> None:
        """The kernel names the caller; only the server's own user and ours may be the database user."""
        callers = {account.name, pwd.getpwuid(os.geteuid()).pw_name}
        people = "".join(f'hub "{name}" {DATABASE_USER}\n' for name in sorted(callers))
        for name, text in (
            ("pg_hba.conf", f"local all {DATABASE_USER} peer map=hub\n"),
            ("pg_ident.conf", people),
        ):
            written = self.cluster / f"{name}.new"
            written.write_text(text)
            account.own(written, 0o600)
            written.rename(self.cluster / name)

    def _make_socket_folder(self, account: Account) -> Path:
        folder = self.data_folder / "socket"
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > _SOCKET_PATH_LIMIT_BYTES:
            # The kernel's limit on a socket's path. In /tmp anybody may come first, hence the check below.
            folder = Path(f"/tmp/{self._cluster_name}")  # noqa: S108 - short on purpose, ownership is checked
        try:
            folder.mkdir(mode=0o700)
            account.own(folder, 0o700)
        except FileExistsError:
            found = folder.lstat()
            if found.st_uid != account.user_id or found.st_mode & 0o170777 != 0o040700:
                raise EmbeddedPostgresError(
                    f"{folder} must be a folder that belongs to {account.name} and is closed to others; "
                    "remove it and start again"
                ) from None
        return folder

    # ---- the server ----

    def _command(self, programs: Path, socket_folder: Path) -> list[str]:
        settings = {
            "cluster_name": self._cluster_name,
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": _quoted(socket_folder),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
        }
        command = [str(programs / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _adopt(self, command: list[str]) -> bool:
        """Take over a server of ours that a hub left behind; end one that runs otherwise than we would."""
        pid = processes.recorded_pid(self.cluster)
        if pid is None or not processes.serves(pid, self.cluster):
            return False
        state = processes.recorded_state(self.cluster)
        if state in ("ready", "starting") and processes.command_line(pid) == command:
            _log.info("postgres.adopted", pid=pid)
            self._server_pid = pid
            return True
        _log.warning("postgres.ended_leftover", pid=pid, state=state)
        processes.end(pid, patience_seconds=self._stop_timeout_seconds)
        return False

    def _clear_leftovers(self, socket_folder: Path) -> None:
        """After a crash: end what is left of the old server, drop lock files that name others, or nobody, by now.

        The data folder and the socket have a lock file each. A server believes both as long as anything has the process
        number in them, be it a stranger, or its predecessor that nobody has fetched from the process table yet.
        """
        lock_file = socket_folder / f".s.PGSQL.{PORT}.lock"
        for pid in processes.leftovers(self.cluster, lock_file):
            _log.warning("postgres.ended_leftover", pid=pid, state="")
            processes.end(pid, patience_seconds=self._stop_timeout_seconds)
        killed = processes.clear_orphans(self._cluster_name, patience_seconds=_ORPHANS_END_SECONDS)
        if killed:
            _log.warning("postgres.killed_orphans", processes=killed)
        for stale in (self.cluster / "postmaster.pid", lock_file):
            stale.unlink(missing_ok=True)

    def _launch(self, command: list[str], account: Account) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self.log_file.rename(self.log_file.with_suffix(".log.1"))
        self._server_pid = processes.launch(command, account, self.log_file)

    def _wait_until_ready(self, socket_folder: Path) -> None:
        deadline = time.monotonic() + self._start_timeout_seconds
        while time.monotonic() < deadline:
            if self._server_pid is None or not processes.running(self._server_pid):
                self._server_pid = None
                raise EmbeddedPostgresError(f"PostgreSQL did not start. Its last words:\n{self._last_words()}")
            if processes.recorded_state(self.cluster) == "ready":
                _make_database(socket_folder)
                return
            time.sleep(_POLL_SECONDS)
        raise EmbeddedPostgresError(
            f"PostgreSQL was not ready after {self._start_timeout_seconds:.0f} s. Its last words:\n{self._last_words()}"
        )

    def _last_words(self) -> str:
        with self.log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 2_000))
            return log.read().decode(errors="replace").strip()


def running_url(data_folder: Path) -> str:
    """The URL of a server of ours that runs over this folder, started by whomever; empty when there is none."""
    cluster = data_folder.absolute() / "cluster"
    pid = processes.recorded_pid(cluster)
    if pid is None or not processes.serves(pid, cluster) or processes.recorded_state(cluster) != "ready":
        return ""
    return _url(Path(processes.recorded_socket_folder(cluster)), DATABASE)


def default_data_folder() -> Path:
    """Where the hub's database lives when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib") / SYSTEM_USER / "postgres"
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "kontuar" / "postgres"


def _make_database(socket_folder: Path) -> None:
    with psycopg.connect(_url(socket_folder, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _quoted(folder: Path) -> str:
    """As the server's lists of folders want it; a comma would part the folder in two."""
    return '"' + str(folder).replace('"', '""') + '"'


def _url(socket_folder: Path, database: str) -> str:
    return f"postgresql://{DATABASE_USER}@/{database}?host={quote(str(socket_folder), safe='')}&port={PORT}"
