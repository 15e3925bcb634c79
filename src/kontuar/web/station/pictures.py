"""Pictures of articles; their code is the hash of their bytes, so a browser keeps them for good."""

import base64

from litestar import Response, get

from kontuar.operations.station import sale_view
from kontuar.web.desk import Asked, Desk


@get("/pictures/{code:str}")
async def picture(request: Asked, desk: Desk, code: str) -> Response[bytes]:
    """The file; raises `Refused("picture.not_found")`."""
    found = await desk.do(request, sale_view.picture, code)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(base64.b64decode(found.data), media_type=found.media_type, headers=headers)


HANDLERS = (picture,)
