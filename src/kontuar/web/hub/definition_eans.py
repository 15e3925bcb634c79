"""The next free EAN of the firm's own range, put into the form of an article or a batch (HUB-13)."""

from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath, FromQuery

from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.errors import refuse
from kontuar.operations.hub.defining.ean_numbers import next_ean
from kontuar.web.http import language_of
from kontuar.web.hub.definition_fields import fields_of
from kontuar.web.hub.definition_forms import WITH_EANS, Page, posted_items
from kontuar.web.hub.definition_values import Row, State, posted
from kontuar.web.hub.definition_words import label_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import texts


@post("/definitions/{kind:str}/next-ean", include_in_schema=False, status_code=200)
async def add_next_ean(
    request: Page, parts: Parts, actor: Asker, kind: FromPath[str], length: FromQuery[int] = 13
) -> Response[Any]:
    """A row of the form's EANs with the next free one; those that stand in the form unsaved are passed over."""
    actor.require(DEFINE)
    if kind not in WITH_EANS:
        raise refuse("definition_kind.unknown", kind=kind[:40])
    state = posted(kind, await posted_items(request))
    field = next(one for one in fields_of(kind) if one.name == "eans")
    ean_part = "ean" if kind == "article" else ""
    typed = {row.get(ean_part, "").strip() for row in _rows(state)}
    ean = await parts.run(next_ean, parts.definitions, actor, length, typed)
    unit = state.get("unit", "")
    words = texts(language_of(request))
    return page(
        request, "hub/definition_ean.jinja", actor, field=field, values={ean_part: ean, "unit": unit}, names={},
        label=lambda name: words.gettext(label_of(name)),
    )  # fmt: skip


def _rows(state: State) -> list[Row]:
    held = state["eans"]
    return [row for row in held if isinstance(row, dict)] if isinstance(held, list) else []


HANDLERS: Final = (add_next_ean,)
