"""Beside a coupon's form at head office: who used it, what is kept of it, letting go by hand (COUP-03)."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromQuery, QueryParameter

from kontuar.domain.parties.rights import VERIFY
from kontuar.operations.actor import Actor
from kontuar.operations.hub import coupons
from kontuar.web.http import language_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.i18n import texts

Asked = Request[Any, Any, Any]
MOST_SHOWN: Final = 50
_Key = Annotated[str, QueryParameter(max_length=100)]


@get("/definitions/coupon/uses", include_in_schema=False, dependencies=PARTS)
async def show_uses(
    request: Asked, documents: HubDocumentParts, actor: Actor, key: _Key = "", code: _Key = ""
) -> Response[str]:
    """The first uses by code, or those of one code; and what is kept now."""
    return await _shown(request, documents, actor, key, code)


@post("/definitions/coupon/release", include_in_schema=False, status_code=200, dependencies=PARTS)
async def release(
    request: Asked, documents: HubDocumentParts, actor: Actor, key: _Key = "", code: _Key = "",
    store: FromQuery[str] = "", doc_id: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Let go of what is kept for a document; the section as it is then."""
    now = documents.clock.now()
    await documents.couponing(
        coupons.release_by_hand, documents.coupons, documents.coupon_audit, actor, store, doc_id, now
    )
    return await _shown(request, documents, actor, key, code)


async def _shown(request: Asked, documents: HubDocumentParts, actor: Actor, key: str, code: str) -> Response[str]:
    now = documents.clock.now()
    found = await documents.couponing(coupons.uses_of, documents.coupons, actor, now, key, code, ("", ""), MOST_SHOWN)
    words = texts(language_of(request))
    return page(
        request, "hub/coupon_uses.jinja", actor, key=key, code=code, found=found, moment=words.moment,
        more=len(found.uses) == MOST_SHOWN, may_release=VERIFY in actor.rights,
    )  # fmt: skip


HANDLERS = (show_uses, release)
