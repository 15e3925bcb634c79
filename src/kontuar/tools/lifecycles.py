"""Prints the life-cycle tables of all document types: what `docs/lifecycles.md` holds (DOC-02)."""

from collections.abc import Iterable

from kontuar.domain.documents.life import DocumentStep
from kontuar.domain.documents.types import TYPES, DocumentType
from kontuar.kernel.connectivity import Connectivity

_HEAD = """# Life cycles of documents

Printed by `kontuar lifecycles` from the tables that the program runs on; a test compares this file with them.
A step that is not listed is refused (`step.not_allowed`). *Fiscalised*, *settled* and *parked* are no states: they
are read from facts (DOC-02).
"""


def as_markdown() -> str:
    """One chapter per document type: a table of its steps and a diagram."""
    return "\n".join([_HEAD, *(_chapter(kind) for kind in TYPES.values())])


def _chapter(kind: DocumentType) -> str:
    title = kind.name.replace("_", " ").capitalize()
    return "\n".join([f"## {title} ({kind.symbol})", "", *_table(kind), "", *_diagram(kind), ""])


def _table(kind: DocumentType) -> Iterable[str]:
    yield "| state | action | becomes | right | needs | refused with | writes |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (state, action), step in kind.life.steps.items():
        cells = (state, action, step.to, step.right or "", _needs(step), ", ".join(step.unless), _writes(step))
        yield f"| {' | '.join(cells)} |"


def _needs(step: DocumentStep) -> str:
    return "" if step.needs is Connectivity.OFFLINE else step.needs.name.lower()


def _writes(step: DocumentStep) -> str:
    return ", ".join(write.__name__.replace("_", " ") for write in step.writes)


def _diagram(kind: DocumentType) -> Iterable[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {kind.life.start}"
    for (state, action), step in kind.life.steps.items():
        yield f"    {state} --> {step.to}: {action}"
    ends = sorted({step.to for step in kind.life.steps.values()} - {state for state, _ in kind.life.steps})
    yield from (f"    {state} --> [*]" for state in ends)
    yield "```"
