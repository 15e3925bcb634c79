"""Uses and reservations of coupons over the JSON API of head office (COUP-03)."""

from litestar import Response, Router, delete, get
from litestar.di import Provide
from litestar.params import FromPath

from kontuar.operations.actor import Actor
from kontuar.operations.hub import coupons
from kontuar.web.api.hub_documents import Limit, Text, answer
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts


@get("/coupons/{coupon:str}/uses", summary="Who used a coupon, and what is kept of it now")
async def read_uses(
    parts: HubDocumentParts, actor: Actor, coupon: FromPath[str], code: Text = "", after: Text = "", limit: Limit = 50
) -> Response[bytes]:
    """`code`: one code of a series; `after`: `next` of the page before. `too_often`: codes on the page used more
    often than allowed."""
    last_code, _, last_document = after.rpartition(" ")
    now, since = parts.clock.now(), (last_code, last_document)
    found = await parts.couponing(coupons.uses_of, parts.coupons, actor, now, coupon, code, since, limit)
    following = f"{found.uses[-1].code} {found.uses[-1].doc_id}" if len(found.uses) == limit else ""
    return answer(
        {"uses": found.uses, "reservations": found.reservations, "too_often": found.too_often, "next": following}
    )


@delete("/coupon-reservations/{store:str}/{doc_id:str}", summary="Let go of what is kept for a document",
        status_code=204)  # fmt: skip
async def release(parts: HubDocumentParts, actor: Actor, store: FromPath[str], doc_id: FromPath[str]) -> None:
    """Its till asks anew when the document is paid; written into the audit log."""
    now = parts.clock.now()
    await parts.couponing(coupons.release_by_hand, parts.coupons, parts.coupon_audit, actor, store, doc_id, now)


router = Router(
    "/api/v1",
    route_handlers=[read_uses, release],
    dependencies={"parts": Provide(provide_document_parts)},
    tags=["coupons"],
)
