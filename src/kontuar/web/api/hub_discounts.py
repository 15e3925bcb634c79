"""Discounts over the JSON API: read as the engine does, tried, confirmed, withdrawn, ordered (DISC-20, DISC-40)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, HeaderParameter

from kontuar.domain.parties.rights import SEE_HUB
from kontuar.domain.pricing.discount import Discount, State
from kontuar.kernel.errors import Problem, refuse
from kontuar.operations.hub.defining.definitions import Written
from kontuar.operations.hub.discount_trial import Trial, TrialOutcome, try_discount
from kontuar.operations.hub.discounts import Placed, Way, move, orders, read_discount, set_state
from kontuar.web.api.hub_definitions import expected_version, json_response
from kontuar.web.http import language_of
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import texts
from kontuar.web.phrases import names_in, told


class ReadingBody(msgspec.Struct, frozen=True):
    """A discount in words of the asker's language; problems refuse it, warnings do not."""

    says: tuple[str, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


class TrialBody(msgspec.Struct, frozen=True):
    """A discount, stored or not, and the receipt to price with and without it."""

    discount: Discount
    trial: Trial


class StateBody(msgspec.Struct, frozen=True):
    """The state a discount is to have."""

    state: State


class ChangedBody(msgspec.Struct, frozen=True):
    """What was written, and what to beware of."""

    version: int
    changed: int
    warnings: tuple[Problem, ...]


class MoveBody(msgspec.Struct, frozen=True):
    """One place up or down in its order."""

    way: Way


class OrderBody(msgspec.Struct, frozen=True):
    """Bundles and promotions as the engine takes them."""

    bundles: Sequence[Placed]
    promotions: Sequence[Placed]


@post("/read", summary="What a discount says, what is wrong with it", status_code=200)
async def read(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[bytes]:
    discount = await parts.run(parts.reader.from_json, actor, "discount", await request.body())
    reading = await parts.run(read_discount, parts.definitions, actor, discount)
    names = await parts.run(names_in, reading.says, parts.definitions, actor)
    says = tuple(told(reading.says, texts(language_of(request)), names))
    return json_response(ReadingBody(says, reading.problems, reading.warnings))


@post("/try", summary="What a receipt would cost without and with a discount", status_code=200)
async def try_on_basket(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[bytes]:
    """Nothing is stored; the discount counts as confirmed."""
    actor.require(SEE_HUB)
    try:
        body = msgspec.json.decode(await request.body(), type=TrialBody)
    except msgspec.DecodeError as error:
        raise refuse("definition.unreadable", detail=str(error)[:200]) from None
    outcome: TrialOutcome = await parts.run(try_discount, parts.definitions, actor, body.discount, body.trial)
    return json_response(outcome)


@get("/order", summary="Bundles and promotions in their order")
async def read_order(parts: Parts, actor: Asker) -> OrderBody:
    return OrderBody(*await parts.run(orders, parts.definitions, actor))


@post("/{code:str}/state", summary="Confirm, withdraw, or make a draft again", status_code=200)
async def change_state(
    parts: Parts, actor: Asker, code: FromPath[str], data: StateBody,
    if_match: Annotated[str, HeaderParameter(name="If-Match", required=False)] = "",
) -> ChangedBody:  # fmt: skip
    expected = expected_version(if_match)
    written, warnings = await parts.run(set_state, parts.definitions, actor, code, data.state, expected)
    return ChangedBody(written.version, written.changed, tuple(warnings))


@post("/{code:str}/move", summary="One place up or down in its order", status_code=200)
async def move_one(parts: Parts, actor: Asker, code: FromPath[str], data: MoveBody) -> Written:
    return await parts.run(move, parts.definitions, actor, code, data.way)


router = Router(
    "/api/v1/discounts",
    route_handlers=[read, try_on_basket, read_order, change_state, move_one],
    tags=["discounts"],
)
