"""Finds in the sources every refusal code that can reach a person, and the facts that it is told with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tidy.sources import nodes_of, tree_of

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "kontuar"
CODE = re.compile(r"[a-z][a-z_0-9]*(\.[a-z_0-9]+)+")
MAKERS = {"refuse", "Problem", "Conflict", "failure", "uncertain", "partly_printed"}
NOT_FACTS = {"code", "place"}


@dataclass(frozen=True)
class Raised:
    """One place that tells a code. `facts` None = they cannot be seen there."""

    code: str
    facts: frozenset[str] | None
    where: str


class _Module:
    """One file: its names that stand for codes, and the calls that tell them."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(PACKAGE))
        self.tree, self.nodes = tree_of(path), nodes_of(path)
        self._values: dict[str, list[ast.expr]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._remember(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._remember(node.target, node.value)

    def _remember(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._values.setdefault(target.id, []).append(value)

    def codes_in(self, expression: ast.expr, depth: int = 3) -> set[str]:
        """Code-like texts in an expression, through names of this file; `*` where an f-string leaves a hole."""
        found: set[str] = set()
        parts = [expression]
        while parts:
            node = parts.pop()
            if isinstance(node, ast.JoinedStr):
                found.add("".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values))
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.add(node.value)
            elif isinstance(node, ast.Name) and depth:
                for value in self._values.get(node.id, ()):
                    found |= self.codes_in(value, depth - 1)
            parts += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return found

    def table(self, expression: ast.expr) -> Iterator[tuple[str, str]]:
        """(key, name of what stands there) of a literal table, through `**` and names of this file."""
        if isinstance(expression, ast.Name):
            for value in self._values.get(expression.id, ()):
                yield from self.table(value)
        elif isinstance(expression, ast.Dict):
            for key, value in zip(expression.keys, expression.values, strict=True):
                if key is None:
                    yield from self.table(value)
                elif isinstance(key, ast.Constant):
                    yield str(key.value), ast.unparse(value).split(".")[-1]

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def facts_of(self, call: ast.Call) -> frozenset[str] | None:
        """Names of the facts that a call gives; None when they are put together elsewhere."""
        if any(keyword.arg is None for keyword in call.keywords):
            return None
        if ast.unparse(call.func).split(".")[-1] != "Problem":
            return frozenset(str(keyword.arg) for keyword in call.keywords) - NOT_FACTS
        given = call.args[2:] or [keyword.value for keyword in call.keywords if keyword.arg == "facts"]
        return self.names_of(given[0]) if given else frozenset()

    def _nearest(self, name: ast.Name) -> list[ast.expr]:
        """What the name was given last above the place where it stands."""
        above = [value for value in self._values.get(name.id, ()) if value.lineno <= name.lineno]
        return [max(above, key=lambda value: value.lineno)] if above else []

    def names_of(self, expression: ast.expr) -> frozenset[str] | None:
        names: set[str] = set()
        values = self._nearest(expression) if isinstance(expression, ast.Name) else [expression]
        for value in values:
            if not isinstance(value, ast.Dict):
                return None
            for key, inner in zip(value.keys, value.values, strict=True):
                if isinstance(key, ast.Constant):
                    names.add(str(key.value))
                    continue
                spread = self.names_of(inner) if key is None else None
                if spread is None:
                    return None
                names |= spread
        return frozenset(names) if values else None


@cache
def _modules() -> tuple[_Module, ...]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple(_Module(path) for path in paths if "tools" not in path.relative_to(PACKAGE).parts)


def _found_by_checks(modules: tuple[_Module, ...]) -> dict[str, frozenset[str] | None]:
    """Name of a check → the facts of what it finds; None where they cannot be seen."""
    found: dict[str, frozenset[str] | None] = {}
    for module in modules:
        for check in module.tree.body:
            if not isinstance(check, ast.FunctionDef):
                continue
            calls = [node for node in ast.walk(check) if isinstance(node, ast.Call)]
            sites = [call for call in calls if ast.unparse(call.func) == "Found"]
            facts = [module.names_of(call.args[1]) if len(call.args) > 1 else frozenset[str]() for call in sites]
            if facts and None not in facts:
                found[check.name] = frozenset.intersection(*[known for known in facts if known is not None])
    return found


def _told(module: _Module, checks: dict[str, frozenset[str] | None]) -> Iterator[Raised]:
    for call in module.calls():
        where = f"{module.name}:{call.lineno}"
        if ast.unparse(call.func).split(".")[-1] in MAKERS and call.args:
            for code in module.codes_in(call.args[0]):
                yield Raised(code, module.facts_of(call), where)
        for keyword in call.keywords:
            if keyword.arg == "unless":
                for code, check in module.table(keyword.value):
                    yield Raised(code, checks.get(check), where)
    for node in module.nodes:
        if isinstance(node, ast.ClassDef) and _is_failure(node):
            yield from _class_codes(module, node)
        elif isinstance(node, ast.Return) and node.value is not None:
            for code in _handed_back(node.value):
                yield Raised(code, frozenset(), f"{module.name}:{node.lineno}")


def _handed_back(value: ast.expr) -> Iterator[str]:
    """A function whose answer is a code says what is wrong with something, in one word."""
    branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    for branch in branches:
        if isinstance(branch, ast.Constant) and isinstance(branch.value, str) and CODE.fullmatch(branch.value):
            yield branch.value


def _is_failure(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith(("Exception", "Failure")) for base in node.bases)


def _class_codes(module: _Module, node: ast.ClassDef) -> Iterator[Raised]:
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
            where = f"{module.name}:{line.lineno}"
            yield from (Raised(code, frozenset(), where) for code in module.codes_in(line.value))


@cache
def raised_codes() -> tuple[Raised, ...]:
    """Every place that tells a code; a code with `*` stands for a family."""
    modules = _modules()
    checks = _found_by_checks(modules)
    return tuple(raised for module in modules for raised in _told(module, checks))


@cache
def texts_like_codes() -> frozenset[str]:
    """Every code-like text in the sources: what can be told at all."""
    return frozenset(
        node.value
        for module in _modules()
        for node in module.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    )
