"""Lists as files to take away: CSV streamed in steps, XLSX bounded (HUB-04, HUB-08, HUB-09)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, Literal

from litestar import Response
from litestar.response import Stream

from kontuar.kernel.errors import refuse
from kontuar.operations.hub.defining.sheets import write_xlsx
from kontuar.operations.hub.list_files import MOST_CSV_ROWS, MOST_XLSX_ROWS, csv_text

FileForm = Literal["csv", "xlsx"]
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Row = Sequence[Any]
Step = Callable[[str], Awaitable[tuple[Sequence[Row], str]]]
"""Rows after a key, and the key to go on with (empty = these were the last)."""


def most_rows(form: str) -> int:
    """How many rows a file may hold; raises `Refused("export.form_unknown")`."""
    if form not in ("csv", "xlsx"):
        raise refuse("export.form_unknown", form=form[:20])
    return MOST_CSV_ROWS if form == "csv" else MOST_XLSX_ROWS


async def list_file(name: str, form: str, header: Row, step: Step) -> Response[Any] | Stream:
    """The list as a file; what it may hold was checked before."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    if form == "csv":
        return Stream(_lines(header, step), media_type="text/csv; charset=utf-8", headers=headers)
    rows = [row async for chunk in _chunks(step) for row in chunk]
    data = await asyncio.to_thread(write_xlsx, name, [str(cell) for cell in header], rows)
    return Response(data, media_type=XLSX_TYPE, headers=headers)


async def _lines(header: Row, step: Step) -> AsyncIterator[str]:
    yield csv_text([header], first=True)
    async for chunk in _chunks(step):
        yield csv_text(chunk)


async def _chunks(step: Step) -> AsyncIterator[Sequence[Row]]:
    after, taken = "", 0
    while taken < MOST_CSV_ROWS:
        rows, after = await step(after)
        taken += len(rows)
        if rows:
            yield rows
        if not after:
            return


def all_at_once(rows: Sequence[Row]) -> Step:
    """Rows that are in memory already, as the only step."""

    async def step(after: str) -> tuple[Sequence[Row], str]:  # noqa: ARG001 - there is nothing to go on with
        return rows, ""

    return step
