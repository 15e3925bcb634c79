"""How every node describes its API, the same way: `/api/openapi.json`, without a login."""

from typing import Any, Final

from litestar import MediaType, Request, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from kontuar import __version__

OPEN: Final = "open"
"""Name of the route option by which the hub lets a page through without a login."""


@get("/api/openapi.json", include_in_schema=False, opt={OPEN: True}, media_type=MediaType.JSON)
async def openapi_json(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The whole description. Litestar's own page of this name answers any other path beside it with HTML."""
    return Response(request.app.openapi_schema.to_schema(), media_type=MediaType.JSON)


def description_of(title: str) -> OpenAPIConfig:
    """Settings for an app that also serves `openapi_json`."""
    return OpenAPIConfig(
        title=title, version=__version__,
        openapi_router=Router("/api/description", route_handlers=[], include_in_schema=False, opt={OPEN: True}),
        render_plugins=[JsonRenderPlugin(path="/openapi.json", media_type=MediaType.JSON)],
    )  # fmt: skip
