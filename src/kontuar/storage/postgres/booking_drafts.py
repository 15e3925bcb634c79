"""Which documents were made of the parked drafts that documents to be booked were made of too (PARK-08, PARK-15)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from kontuar.domain.documents.booking import Reading, drafts_of
from kontuar.domain.documents.document import Document
from kontuar.storage.postgres.engine import HubConnection

_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_USED: Final = """
SELECT u.draft, d.doc_id::text, d.number FROM (
  SELECT doc_id::text AS draft, doc_id FROM document WHERE store = %(store)s AND doc_id = ANY(%(drafts)s::uuid[])
  UNION ALL
  SELECT to_doc, doc_id FROM document_link
  WHERE store = %(store)s AND to_doc = ANY(%(drafts)s::text[]) AND kind = 'approved_from'
) u JOIN document d ON d.store = %(store)s AND d.doc_id = u.doc_id
LEFT JOIN document_later l ON l.store = d.store AND l.doc_id = d.doc_id
WHERE NOT coalesce(l.cancelled, false)"""


def drafts_used(connection: HubConnection, store: str, readings: Sequence[Reading]) -> Mapping[str, tuple[str, str]]:
    """Draft → (document, its number). Nothing is asked where no document was ever parked."""
    documents = [row.body for row in readings if isinstance(row.body, Document)]
    named = sorted({draft for document in documents for draft in drafts_of(document)})
    drafts = [draft for draft in named if _ID.fullmatch(draft)]
    if not drafts:
        return {}
    rows = connection.execute(_USED, {"store": store, "drafts": drafts}).fetchall()
    return {draft: (doc_id, number) for draft, doc_id, number in rows}
