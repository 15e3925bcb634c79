"""The command `kontuar bench`. What measures is imported when it runs: every node starts through this module."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

MEASURED = (
    "PERF-01", "PERF-02", "PERF-03", "PERF-04", "PERF-05", "PERF-06", "PERF-07", "PERF-08", "PERF-09", "PERF-10",
)  # fmt: skip
LONG = ("HUB-04", "DOC-13")
"""Only when they are named: a million documents."""
UNUSABLE = 2
PLAIN_WIDTH = 150
app = typer.Typer(help="Measure, beside what the storage engines reach alone; figures as JSON.")


@app.callback(invoke_without_command=True)
def bench(
    only: Annotated[str, typer.Option("--only", help=f"Some of {', '.join((*MEASURED, *LONG))}, with commas.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the figures there, and a table beside them (.md).")
    ] = None,
    articles: Annotated[int, typer.Option("--articles", min=100, help="Size of the catalogue.")] = 100_000,
    documents: Annotated[
        int, typer.Option("--documents", min=1_000, help="HUB-04, DOC-13: documents in the database.")
    ] = 1_000_000,
    plans: Annotated[Path | None, typer.Option("--plans", help="HUB-04, DOC-13: folder for query plans.")] = None,
    keep: Annotated[Path | None, typer.Option("--keep", help="Folder for data and logs (new); kept.")] = None,
) -> None:
    """Measure on this machine what `--only` names, or everything: about a quarter of an hour."""
    from rich.console import Console

    from kontuar.tools.bench.figures import as_json
    from kontuar.tools.bench.ground import Sizes
    from kontuar.tools.bench.run import as_markdown, as_table, measure

    console = Console(stderr=True, soft_wrap=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
    wanted = frozenset(part.strip().upper() for part in only.split(",") if part.strip())
    if unknown := wanted.difference(MEASURED, LONG):
        console.print(f"not measured here: {', '.join(sorted(unknown))}; known: {', '.join((*MEASURED, *LONG))}")
        raise typer.Exit(UNUSABLE)
    folder = keep or Path(tempfile.mkdtemp(prefix="kontuar-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    # Started by root, PostgreSQL runs as another user, who must be able to pass through.
    folder.chmod(0o711)
    try:
        report = measure(folder, Sizes(articles=articles, big_documents=documents), wanted, console, plans)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    console.print(as_table(report.figures))
    for missing in report.missing:
        console.print(f"{missing.requirement} not measured: {missing.reason}", markup=False)
    if out is None:
        sys.stdout.buffer.write(as_json(report))
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(as_json(report))
        out.with_suffix(".md").write_text(as_markdown(report), "utf-8")
