"""Why the lines of a document cost what they cost, on paper at head office (DISC-26)."""

from typing import Any

from litestar import Response

from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.explaining import Explained, explained
from kontuar.web.hub_document_parts import HubDocumentParts
from kontuar.web.hub_files.document_print import pdf_answer, scene_of
from kontuar.web.i18n import texts
from kontuar.web.prints.explanation import explanation_model


async def explanation_pdf_of(
    documents: HubDocumentParts, parts: Any, actor: Actor, store: str, doc_id: str, language: str
) -> Response[bytes]:
    """On A4; raises `Refused("again.not_priced")` where a document has no prices to explain."""
    shelf, definitions = documents.documents, parts.definitions
    found: Explained = await documents.run(explained, shelf, definitions, actor, store, doc_id)
    if not found.rows:
        raise refuse("again.not_priced", number=found.document.number)
    scene = await documents.run(scene_of, definitions, actor, found.document, language)
    model = explanation_model(found.document, found.rows, scene, texts(language))
    return await pdf_answer(documents, model, f"{doc_id}-prices")
