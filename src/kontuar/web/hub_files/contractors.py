"""What is kept of a contractor as a file (HUB-09)."""

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response

from kontuar.operations.actor import Actor
from kontuar.operations.hub import privacy
from kontuar.web.hub_document_parts import HubDocumentParts


async def contractor_file_of(documents: HubDocumentParts, parts: Any, actor: Actor, code: str) -> Response[bytes]:
    """Everything kept of a contractor, as one JSON file."""
    now = documents.clock.now()
    data = await documents.run(
        privacy.export, parts.definitions, documents.privacy, documents.audit, actor, code.strip(), now
    )
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''contractor-{quote(code.strip(), safe='')}.json",
        "Cache-Control": "no-store",
    }
    content = msgspec.json.format(msgspec.json.encode(data), indent=2)
    return Response(content, media_type="application/json", headers=headers)
