"""House rules that a machine can check. Each failure lists every place, so one run is enough to mend them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidy.sources import nodes_of

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "kontuar"

MOST_LINES_IN_A_FUNCTION = 50
MOST_LINES_IN_A_FILE = 400
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "stuff"}

# Started by name, not imported.
STARTED_BY_NAME = {
    "kontuar.__main__": "`python -m kontuar`",
    "kontuar.storage.postgres.embedded_launch": "runs between the hub and its PostgreSQL",
}
# Where the machine's clock, chance and identities come in; everywhere else they are handed in.
MAY_ASK_THE_MACHINE = (PACKAGE / "nodes", PACKAGE / "tools")
MAY_PRINT = (PACKAGE / "tools", PACKAGE / "nodes" / "__main__.py")

# In pieces, or this file would break its own rule.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "npmjs" + ".com",
    "deb." + "debian.org",
]


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def kept_files() -> list[Path]:
    """What is, or will be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git working copy")
    return [path for name in answer.stdout.splitlines() if (path := ROOT / name).is_file()]


def listed(places: list[str]) -> str:
    """All of them: pytest alone would show the first."""
    return "\n" + "\n".join(places)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call: `datetime.now`, `print`."""
    for node in nodes_of(path):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def lies_in(path: Path, places: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name_of(path)}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in python_files(PACKAGE, ROOT / "tests", ROOT / "scripts")
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MOST_LINES_IN_A_FUNCTION
    ]
    assert not long, listed(long)


def test_no_file_holds_more_than_one_can_keep_in_mind() -> None:
    long = [
        f"{name_of(path)}: {lines} lines"
        for path in python_files(PACKAGE, ROOT / "tests", ROOT / "scripts")
        if (lines := len(path.read_text().splitlines())) > MOST_LINES_IN_A_FILE
    ]
    assert not long, listed(long)


def test_a_module_is_named_after_what_it_holds() -> None:
    vague = [
        name_of(path)
        for path in python_files(PACKAGE, ROOT / "tests")
        if VAGUE_NAMES & set(path.stem.removeprefix("test_").split("_")) or path.parent.name in VAGUE_NAMES
    ]
    assert not vague, listed(vague)


def test_work_left_undone_says_why() -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!: \S+ \S+ \S+)")
    unexplained = [
        f"{name_of(path)}:{number}"
        for path in kept_files()
        if path.suffix in {".py", ".js", ".css", ".jinja", ".sql", ".sh"}
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if mark.search(line)
    ]
    assert not unexplained, listed(unexplained)


def test_no_file_names_the_host_of_a_registry() -> None:
    """Where packages come from is the business of the machine's settings, not of the repository."""
    naming = [
        f"{name_of(path)}: {host}"
        for path in kept_files()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert not naming, listed(naming)


def test_only_commands_print() -> None:
    printing = [
        f"{name_of(path)}:{line}"
        for path in python_files(PACKAGE)
        if not lies_in(path, MAY_PRINT)
        for line, name in calls(path)
        if name == "print"
    ]
    assert not printing, listed(printing)


def test_time_chance_and_identities_are_handed_in() -> None:
    """That is what lets a whole chain run under one seed."""
    asking = re.compile(
        r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.time(_ns)?|uuid[1467]|urandom)$"
        r"|^(random|secrets)\."
    )
    own_uuid7 = "kontuar.kernel.ids"  # made of an instant and entropy that are handed in
    found = [
        f"{name_of(path)}:{line} {name}"
        for path in python_files(PACKAGE)
        if not lies_in(path, MAY_ASK_THE_MACHINE)
        for line, name in calls(path)
        if asking.search(name) and not (name.endswith("uuid7") and own_uuid7 in path.read_text())
    ]
    assert not found, listed(found)


def test_every_module_is_used() -> None:
    imported: set[str] = set()
    for path in python_files(PACKAGE):
        for node in nodes_of(path):
            if isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module)
                imported.update(f"{node.module}.{alias.name}" for alias in node.names)
    modules = {module_of(path) for path in python_files(PACKAGE) if path.name != "__init__.py"}
    unused = sorted(modules - imported - set(STARTED_BY_NAME))
    assert not unused, listed(unused)


def test_every_module_started_by_name_is_there() -> None:
    modules = {module_of(path) for path in python_files(PACKAGE)}
    missing = sorted(set(STARTED_BY_NAME) - modules)
    assert not missing, listed(missing)


def test_links_in_the_documents_lead_somewhere() -> None:
    link = re.compile(r"!?\[[^\]]*\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
    broken = [
        f"{name_of(path)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in link.findall(path.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    assert not broken, listed(broken)
