"""Every requirement that is due is proven by a test that says so in its docstring."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ID = re.compile(r"\b[A-Z]+-\d\d\b")

DUE = {
    "DOC": [4, 5, 10, 11, 12, *range(20, 35)],
    "PAY": [1, 2, 3, 4, 5, 8, 9, 10],
    "SALE": [1, 3, 4, 5, 6, 7],
    "PARK": [*range(1, 11), 12, 13, 15, 16],
    "QUICK": [1, 2, 3, 4, 5],
    "DISC": [*range(1, 9), 10, 12, *range(20, 28), 31, 32, 40],
    "COUP": [1, 2, 3, 4, 5],
    "HUB": [2, 3, 4, 5, 7, 8, 9, 13, 14],
    "REL": [1, 2, 3, 4, 5, 6, 8, 9, 10, 14, 19, 20],
    "SEC": [1, 2, 3, 4, 5],
    "PERF": [*range(1, 11)],
}


def proven_in(source: str) -> set[str]:
    """The requirements that docstrings of test functions name; a mention anywhere else proves nothing."""
    return {
        requirement
        for node in _test_functions(ast.parse(source))
        for requirement in ID.findall(ast.get_docstring(node) or "")
    }


def _test_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Those that are collected: of the module, or of a class of tests."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    for body in (tree.body, *(each.body for each in classes)):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield node


def test_every_requirement_due_is_proven_by_a_test_that_says_so() -> None:
    due = {f"{family}-{number:02}" for family, numbers in DUE.items() for number in numbers}
    proven = {requirement for path in TESTS.rglob("test_*.py") for requirement in proven_in(path.read_text("utf-8"))}
    missing = sorted(due - proven)
    assert not missing, ", ".join(missing)


def test_a_mention_outside_a_tests_docstring_proves_nothing() -> None:
    source = '''
"""REL-01."""

PLACE = "REL-02"


def ready() -> None:
    """REL-03."""


def test_it() -> None:
    """REL-04, REL-05: holds."""
    # REL-06
    assert "REL-07"

    def test_inside() -> None:
        """REL-08."""


class TestMore:
    async def test_this(self) -> None:
        """REL-09."""
'''
    assert proven_in(source) == {"REL-04", "REL-05", "REL-09"}
