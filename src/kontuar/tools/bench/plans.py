"""`docs/query-plans.md`, written by the benchmark: per question its time and how the database answered it."""

import datetime
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.machine import machine

FILE_NAME: Final = "query-plans-{node}.md"
_LONGEST_LINES: Final = 40
_QUERY: Final = re.compile(r"^Query Text: ")


class Question(msgspec.Struct, frozen=True):
    """Something a person asks, and its address."""

    name: str
    path: str


def write(ground: Ground, node: str, documents: int, answers: Sequence[tuple[Question, float, list[str]]]) -> None:
    """One file per kind of node, into the folder that `--plans` names; without it nothing is written."""
    if ground.plans is None:
        return
    ground.plans.mkdir(parents=True, exist_ok=True)
    (ground.plans / FILE_NAME.format(node=node)).write_text(text_of(node, documents, answers), "utf-8")


def text_of(node: str, documents: int, answers: Sequence[tuple[Question, float, list[str]]]) -> str:
    """The page: a table of times, then the plans."""
    on = machine()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    head = [
        f"# Query plans: a {node} with {documents:,} documents",
        "",
        f"Written by `kontuar bench` on {today}: {on['cores']} × {on['processor']}, {on['memory_mb']} MB, "
        f"load {on['load'][0]} at the end. Medians of requests over HTTP; plans of the statements that they led to.",
        "",
        "| question | median |",
        "| --- | --- |",
        *(f"| {question.name} | {seconds * 1000:.1f} ms |" for question, seconds, _ in answers),
    ]
    return "\n".join(head + [line for answer in answers for line in _section(*answer)]) + "\n"


def _section(question: Question, seconds: float, plans: list[str]) -> list[str]:
    lines = [
        "",
        f"## {question.name[0].upper()}{question.name[1:]}",
        "",
        f"`{question.path}` — {seconds * 1000:.1f} ms",
    ]
    for plan in plans:
        lines += ["", "```", *_shortened(plan), "```"]
    return lines


def _shortened(plan: str) -> list[str]:
    """Column lists say nothing about a plan; very long plans are cut and say so."""
    lines = [re.sub(r"(?s)SELECT .{160,}? FROM ", "SELECT … FROM ", line) if _QUERY.match(line) else line
             for line in plan.splitlines()]  # fmt: skip
    lines = [line.rstrip()[:200] for line in lines if line.strip()]
    more = len(lines) - _LONGEST_LINES
    return lines if more <= 0 else [*lines[:_LONGEST_LINES], f"… {more} more lines"]
