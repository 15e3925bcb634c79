"""The audit log as a file (HUB-09)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.response import Stream

from kontuar.operations.actor import Actor
from kontuar.operations.hub import audit
from kontuar.operations.hub.list_files import ROWS_PER_STEP
from kontuar.operations.ports.hub_lists import AuditEntry, AuditFilter
from kontuar.web.hub_document_parts import HubDocumentParts
from kontuar.web.hub_files.lists import list_file, most_rows

FILE_HEADER: Final = ("id", "at", "operator", "action", "store", "subject", "facts", "from")


async def audit_file_of(
    documents: HubDocumentParts, actor: Actor, wanted: AuditFilter, form: str
) -> Response[Any] | Stream:
    """The newest entries as a file, as many as it may hold."""
    most_rows(form)
    left = [most_rows(form)]

    async def step(after: str) -> tuple[Sequence[Sequence[Any]], str]:
        narrowed = msgspec.structs.replace(wanted, after=after, limit=min(ROWS_PER_STEP, left[0]))
        rows = await documents.bulk(audit.entries, documents.bulk_audit, actor, narrowed)
        left[0] -= len(rows)
        goes_on = len(rows) == ROWS_PER_STEP and left[0] > 0
        return [_exported(row) for row in rows], str(rows[-1].audit_id) if goes_on else ""

    await documents.bulk(audit.entries, documents.bulk_audit, actor, msgspec.structs.replace(wanted, limit=1))
    return await list_file("audit", form, FILE_HEADER, step)


def _exported(entry: AuditEntry) -> tuple[Any, ...]:
    facts = "; ".join(f"{name}={value}" for name, value in sorted(entry.facts.items()))
    return (
        entry.audit_id, entry.at.isoformat(), entry.operator, entry.action, entry.store, entry.subject, facts,
        entry.asked_from,
    )  # fmt: skip
