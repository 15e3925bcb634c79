"""Every requirement that is due is named by a test that proves it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

DUE = {
    "DOC": [5, 10, 11, 20, 21, 22, 23, 24, 28, 33, 34],
    "PAY": [1, 2, 3, 4, 5, 9, 10],
    "SALE": [5],
    "REL": [1, 2, 3, 4, 5, 6, 8, 9, 10, 14, 19, 20],
    "SEC": [1, 2, 3],
    "PERF": [1, 2, 3, 4, 5, 9],
}


def test_every_requirement_due_is_named_by_a_test() -> None:
    due = {f"{family}-{number:02}" for family, numbers in DUE.items() for number in numbers}
    named = {
        requirement
        for path in TESTS.rglob("*.py")
        if path != Path(__file__)
        for requirement in re.findall(r"\b[A-Z]+-\d\d\b", path.read_text())
    }
    missing = sorted(due - named)
    assert not missing, ", ".join(missing)
