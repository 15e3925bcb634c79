# ruff: noqa: S603, T201 - a command-line script: it prints, and runs its own argument lists
"""Make the environment Kontuar runs in: `scripts/setup.py run`, or `test` for what the tests need too.

Needs nothing but Python's standard library. Each step leaves a note of what it was made from; a step whose
note still fits is skipped, so a second start takes no time and no network. Delete `.venv` to begin anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
VENDOR = ROOT / "src" / "kontuar" / "web" / "assets" / "vendor"

# From the npm packages to the names the screens ask for.
FRONT_END_FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "inter-ui/variable/InterVariable.woff2": "inter-variable.woff2",
    "inter-ui/LICENSE.txt": "inter-LICENSE.txt",
    "htmx.org/LICENSE": "htmx-LICENSE.txt",
}


def main(wanted: list[str]) -> None:
    if wanted not in (["run"], ["test"]):
        sys.exit("say what for: python3 scripts/setup.py run|test")
    if sys.version_info < (3, 11):  # noqa: UP036 - the person at the keyboard has what she has
        sys.exit(f"Kontuar needs Python 3.11 or newer, not {sys.version.split()[0]}: make PYTHON=python3.13 setup")
    os.chdir(ROOT)
    make_environment()
    step("installer", [ROOT / "requirements" / "setup.txt"], lambda: pip_install("setup"))
    step("run", [ROOT / "requirements" / "run.txt"], lambda: install("run"))
    if wanted == ["test"]:
        step("test", [ROOT / "requirements" / "test.txt"], lambda: install("test"))
    step("kontuar", [ROOT / "pyproject.toml"], install_kontuar)
    requirements = ROOT / "requirements" / f"{wanted[0]}.txt"
    step("bytecode", [requirements, *sorted((ROOT / "src").rglob("*.py"))], compile_bytecode)
    step("front-end", [ROOT / "package-lock.json", Path(__file__)], copy_front_end, VENDOR)
    if wanted == ["test"]:
        find_or_install_chromium()


def step(name: str, made_from: list[Path], make: Callable[[], None], result: Path | None = None) -> None:
    digest = hashlib.sha256(sys.version.encode())
    for path in made_from:
        digest.update(path.read_bytes())
    note = ENVIRONMENT / f".made-{name}"
    if note.exists() and note.read_text() == digest.hexdigest() and (result is None or result.exists()):
        return
    print(f"setup: {name} …", flush=True)
    started = time.monotonic()
    make()
    note.write_text(digest.hexdigest())
    print(f"setup: {name} done in {time.monotonic() - started:.0f} s", flush=True)


def make_environment() -> None:
    if PYTHON.exists():
        return
    print("setup: environment in .venv …", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    sys.exit(
        f"{made.stdout}{made.stderr}\nPython could not make a virtual environment. On Debian and Ubuntu run\n"
        f"    sudo apt-get install python{version}-venv\nand then this again."
    )


def pip_install(name: str) -> None:
    """With pip, which every environment has; only hashes written down in the repository are accepted."""
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    run([str(PYTHON), "-m", "pip", "install", *options, "-r", f"requirements/{name}.txt"])


def install(name: str) -> None:
    """With uv, five times as quick; with pip where uv does not know this machine's package settings."""
    options = ["--quiet", "--require-hashes", "--python", str(PYTHON)]
    uv = [str(ENVIRONMENT / "bin" / "uv"), "pip", "install", *options, "-r", f"requirements/{name}.txt"]
    if subprocess.run(uv, check=False).returncode != 0:
        print("setup: uv could not; trying pip …", flush=True)
        pip_install(name)


def install_kontuar() -> None:
    """Editable, with the build backend that `setup.txt` locks: nothing is fetched."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    run([str(PYTHON), "-m", "pip", "install", *options, "--editable", "."])


def compile_bytecode() -> None:
    """Once, here: where Python may not write bytecode, each node would compile everything at each start."""
    quietly = ["-q", "-j", "0", "-x", r"/(tests?|testing)/"]
    packages = ENVIRONMENT / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    command = [str(PYTHON), "-m", "compileall", *quietly, str(packages), str(ROOT / "src")]
    # A package that carries a file for another Python is no harm.
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def copy_front_end() -> None:
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm is None:
        pip_install("node")
        npm = str(ENVIRONMENT / "bin" / "npm")
        environment["PATH"] = f"{ENVIRONMENT / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    run([npm, "ci", "--ignore-scripts", "--loglevel=error"], environment)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in FRONT_END_FILES.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / target)


def find_or_install_chromium() -> None:
    """The browser tests drive the distribution's own Chromium; its shell without windows does it with a third of the
    work, so that one is wanted even where the whole program stands, which serves where there is no shell."""
    if os.environ.get("KONTUAR_CHROMIUM") or shutil.which("chromium-headless-shell"):
        return
    whole = shutil.which("chromium") is not None
    if shutil.which("apt-get") is None:
        if whole:
            return
        sys.exit("The browser tests need Chromium: install it, or set KONTUAR_CHROMIUM to its path.")
    install = ["apt-get", "install", "--yes", "--no-install-recommends"]
    if os.geteuid() != 0:
        print(f"setup: quicker browser tests: sudo {' '.join(install)} chromium-headless-shell", flush=True)
        if whole:
            return
        sys.exit("The browser tests need Chromium: install it as said above, then run this again.")
    print("setup: Chromium …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = ["apt-get", "update", "-qq"]
    if whole:  # then nothing depends on it: without a network the tests are slower, that is all
        patience = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20"]
        subprocess.run([*update, *patience], env=environment, check=False)
        subprocess.run([*install, *patience, "-qq", "chromium-headless-shell"], env=environment, check=False)
        return
    run(update, environment)
    if subprocess.run([*install, "-qq", "chromium-headless-shell"], env=environment, check=False).returncode:
        run([*install, "-qq", "chromium"], environment)


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        sys.exit(f"setup: failed: {' '.join(command)}")


if __name__ == "__main__":
    main(sys.argv[1:])
