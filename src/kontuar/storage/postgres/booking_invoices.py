"""What only some booked documents have (SALE-03, SALE-05, SALE-06).

Whose sale an invoice repeats, what stays owed, which invoices a fiscal device is to register.
"""

from collections.abc import Mapping, Sequence

from kontuar.domain.cash.settlement import owed
from kontuar.domain.documents.booking import Reading
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import is_fiscal
from kontuar.storage.postgres.engine import HubConnection


def invoiced(connection: HubConnection, readings: Sequence[Reading]) -> Mapping[str, tuple[str, str]]:
    """Receipt → (invoice, its number), of the receipts that these messages' invoices repeat."""
    wanted = [row.body.repeats for row in readings if isinstance(row.body, Document) and row.body.repeats]
    if not wanted:
        return {}
    rows = connection.execute(
        "SELECT of_doc, doc_id::text, number FROM sale_repeat WHERE of_doc = ANY(%s)", [wanted]
    ).fetchall()
    return {of_doc: (doc_id, number) for of_doc, doc_id, number in rows}


def note_invoices(connection: HubConnection, store: str, documents: Sequence[Document]) -> None:
    """Written with the documents themselves."""
    for document in documents:
        if document.repeats:
            connection.execute(
                "INSERT INTO sale_repeat VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [store, document.doc_id, document.repeats, document.number],
            )
        if document.type == "invoice" and is_fiscal(document):
            connection.execute(
                "INSERT INTO fiscal_invoice VALUES (%s, %s) ON CONFLICT DO NOTHING", [store, document.doc_id]
            )
        left = owed(document.payments)
        if left:
            connection.execute(
                "INSERT INTO open_item VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [store, document.doc_id, document.buyer.code, document.currency, left,
                 document.due_on or document.business_day],
            )  # fmt: skip
