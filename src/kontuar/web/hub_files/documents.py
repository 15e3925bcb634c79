"""Documents as files: the filtered list, and one of them on paper (HUB-04)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.response import Stream

from kontuar.kernel.money import to_major
from kontuar.operations.actor import Actor
from kontuar.operations.hub import hub_documents
from kontuar.operations.hub.list_files import ROWS_PER_STEP
from kontuar.operations.ports.hub_lists import DocumentFilter, DocumentRow
from kontuar.web.hub_document_parts import HubDocumentParts
from kontuar.web.hub_files.document_print import pdf_answer, print_model
from kontuar.web.hub_files.lists import list_file, most_rows

FILE_HEADER: Final = (
    "store", "number", "type", "state", "fiscalised", "station", "business_day", "approved_at", "operator",
    "contractor", "lines", "gross", "currency", "gid",
)  # fmt: skip
"""Columns of the file: names that programs read, the same in every language."""


async def documents_file_of(
    documents: HubDocumentParts, actor: Actor, wanted: DocumentFilter, form: str
) -> Response[Any] | Stream:
    """The list as a file, whole or refused (`export.too_many_rows`)."""
    shelf, most = documents.bulk_documents, most_rows(form)
    await documents.bulk(hub_documents.require_few_enough, shelf, actor, wanted, most)

    async def step(after: str) -> tuple[Sequence[Sequence[Any]], str]:
        narrowed = msgspec.structs.replace(wanted, after=after, limit=ROWS_PER_STEP)
        rows = await documents.bulk(hub_documents.documents, shelf, actor, narrowed)
        return [_exported(row) for row in rows], rows[-1].key if len(rows) == ROWS_PER_STEP else ""

    return await list_file("documents", form, FILE_HEADER, step)


async def document_pdf_of(
    documents: HubDocumentParts, parts: Any, actor: Actor, store: str, doc_id: str, language: str
) -> Response[bytes]:
    """The document on A4 as its station approved it."""
    document, row = await documents.run(hub_documents.original, documents.documents, actor, store, doc_id)
    model = await documents.run(print_model, parts.definitions, actor, document, language)
    return await pdf_answer(documents, model, row.doc_id)


def _exported(row: DocumentRow) -> tuple[Any, ...]:
    return (
        row.store, row.number, row.type, row.state, "yes" if row.fiscalised else "no", row.station,
        row.business_day.isoformat(), row.approved_at.isoformat(), row.approved_by, row.buyer, row.line_count,
        to_major(row.gross, row.currency), row.currency, row.gid,
    )  # fmt: skip
