"""A discount's desk at head office: what it says, trial on a basket, its state, the order (DISC-20, DISC-40)."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromQuery, QueryParameter

from kontuar.domain.documents.types import TYPES
from kontuar.domain.parties.rights import DEFINE, SEE_HUB
from kontuar.domain.pricing.discount import Discount, State, is_in_force
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.typed import typed_decimal
from kontuar.operations.actor import Actor
from kontuar.operations.hub.discount_trial import Trial, TrialLine, try_discount
from kontuar.operations.hub.discounts import Placed, Reading, move, orders, read_discount, set_state, stored_discount
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.definition_fields import Field, fields_of
from kontuar.web.hub.definition_lists import row_path
from kontuar.web.hub.definition_values import fields_from, keep_order, posted
from kontuar.web.hub.definition_words import CHOICES, label_of
from kontuar.web.hub.discount_words import PLACES
from kontuar.web.hub.document_card import type_name
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, HubParts, Parts
from kontuar.web.i18n import Texts, texts
from kontuar.web.phrases import names_in, told

KIND: Final = "discount"
Page = Request[Any, Any, Any]
_KeyQuery = Annotated[str, QueryParameter(max_length=80)]
TRIAL_LINES: Final = Field(
    name="try_lines",
    widget="rows",
    parts=(
        Field(name="article", widget="reference", target="article", required=True),
        Field(name="quantity", widget="number"),
    ),
)
PRICED_TYPES: Final = tuple(name for name, row in TYPES.items() if row.lines == "priced")
_CHOOSE: Final[Mapping[str, Literal["first_satisfied", "best_for_customer"]]] = {
    "first_satisfied": "first_satisfied",
    "best_for_customer": "best_for_customer",
}
_STATES: Final[Mapping[str, State]] = {"confirmed": "confirmed", "withdrawn": "withdrawn", "draft": "draft"}


@post("/definitions/discount/reading", include_in_schema=False, status_code=200)
async def show_reading(request: Page, parts: Parts, actor: Asker) -> Response[str]:
    """What the form holds, as the engine would read it."""
    actor.require(SEE_HUB)
    words = texts(language_of(request))
    items = await _items(request)
    try:
        discount = await _discount(parts, actor, items)
    except Refused as refusal:
        begun = any(dict(items).get(name, "").strip() for name in ("key", "code", "name"))
        problems = [_text_at(problem, words) for problem in refusal.problems]
        return page(
            request, "hub/discount_reading.jinja", actor, says=[], problems=problems if begun else [], warnings=[],
            empty=not begun,
        )  # fmt: skip
    reading: Reading = await parts.run(read_discount, parts.definitions, actor, discount)
    names = await parts.run(names_in, reading.says, parts.definitions, actor)
    return page(
        request,
        "hub/discount_reading.jinja",
        actor,
        says=told(reading.says, words, names),
        problems=[_text_at(problem, words) for problem in reading.problems],
        warnings=[_text(problem, words) for problem in reading.warnings],
    )


@get("/definitions/discount/desk", include_in_schema=False)
async def show_desk(request: Page, parts: Parts, actor: Asker, key: _KeyQuery = "") -> Response[str]:
    """The trial's form and the buttons of a discount's state."""
    stores = await parts.run(parts.definitions.page, actor, "store", "", "", 1)
    state, holds, version = "", False, 0
    if key:
        discount, version = await parts.run(stored_discount, parts.definitions, actor, key)
        state, holds = discount.state, is_in_force(discount)
    words = texts(language_of(request))
    label = {"article": words.gettext("Article"), "quantity": words.gettext("Quantity")}
    return page(
        request,
        "hub/discount_trial_form.jinja",
        actor,
        key=key,
        state=state,
        holds=holds,
        version=version,
        store=stores[0].key if stores else "",
        today=parts.definitions.author(actor).at.date().isoformat(),
        lines=TRIAL_LINES,
        types=[(name, type_name(name, words)) for name in PRICED_TYPES],
        may_define=DEFINE in actor.rights,
        label=lambda name: label.get(name, words.gettext("Basket")),
    )


@post("/definitions/discount/try", include_in_schema=False, status_code=200)
async def show_trial(request: Page, parts: Parts, actor: Asker) -> Response[str]:
    """What the basket costs with what the form holds, and without it."""
    actor.require(SEE_HUB)
    words = texts(language_of(request))
    items = await _items(request)
    try:
        discount = await _discount(parts, actor, items)
        outcome = await parts.run(try_discount, parts.definitions, actor, discount, _trial(items))
    except Refused as refusal:
        problems = [_text_at(problem, words) for problem in refusal.problems]
        return page(request, "hub/discount_trial.jinja", actor, status_of(refusal.problems), problems=problems)
    return page(
        request,
        "hub/discount_trial.jinja",
        actor,
        problems=[],
        outcome=outcome,
        left_out=[_text(problem, words) for problem in outcome.left_out],
        tried=discount.code,
        convention=words.gettext(CHOICES[outcome.choose]),
        money=lambda amount: words.money(amount, outcome.currency),
    )


@post("/definitions/discount/state", include_in_schema=False, status_code=200)
async def change_state(
    request: Page, parts: Parts, actor: Asker, key: _KeyQuery = "", to: FromQuery[str] = "", version: FromQuery[int] = 0
) -> Response[Any]:
    """Confirm, withdraw, or back to a draft; refused where it was changed after it was looked at."""
    actor.require(SEE_HUB)
    actor.require(DEFINE)
    if to not in _STATES:
        raise refuse("definition.unreadable", "state", detail=to[:40])
    try:
        await _refuse_unsaved(parts, actor, key, await _items(request))
        written, _ = await parts.run(set_state, parts.definitions, actor, key, _STATES[to], version)
    except Refused as refusal:
        words = texts(language_of(request))
        problems = [_text(problem, words) for problem in refusal.problems]
        return page(
            request,
            "hub/discount_reading.jinja",
            actor,
            status_of(refusal.problems),
            says=[],
            problems=problems,
            warnings=[],
        )
    return Response("", headers={"HX-Redirect": f"{row_path(KIND, key)}&saved={written.version}"})


@get("/definitions/discount/order", include_in_schema=False)
async def show_order(request: Page, parts: Parts, actor: Asker) -> Response[str]:
    """Bundles and promotions in the order in which the engine takes them."""
    return await _order_page(request, parts, actor, "hub/discount_order.jinja")


@post("/definitions/discount/move", include_in_schema=False, status_code=200)
async def move_discount(
    request: Page, parts: Parts, actor: Asker, key: _KeyQuery = "", way: FromQuery[str] = "up"
) -> Response[str]:
    """One place up or down."""
    actor.require(DEFINE)
    await parts.run(move, parts.definitions, actor, key, "up" if way == "up" else "down")
    return await _order_page(request, parts, actor, "hub/discount_orders.jinja")


async def _order_page(request: Page, parts: HubParts, actor: Actor, template: str) -> Response[str]:
    words = texts(language_of(request))
    bundles, promotions = await parts.run(orders, parts.definitions, actor)
    lists = [
        (words.gettext("Bundles, the first that fits is applied"), _movable(bundles)),
        (words.gettext("Promotions by priority"), _movable(promotions)),
    ]
    return page(request, template, actor, lists=lists, may_define=DEFINE in actor.rights, row_path=row_path)


async def _refuse_unsaved(parts: HubParts, actor: Actor, key: str, items: Sequence[tuple[str, str]]) -> None:
    """What the form holds is not written by another state: whoever changed it saves it first."""
    if not items:
        return
    stored, _ = await parts.run(stored_discount, parts.definitions, actor, key)
    fields = fields_from(KIND, posted(KIND, items), "PLN")
    keep_order(KIND, fields, stored)
    if await parts.run(parts.reader.from_fields, actor, KIND, fields) != stored:
        raise refuse("discount.not_saved", key)


def _movable(placed: Sequence[Placed]) -> list[tuple[Placed, bool, bool]]:
    """Each with whether it may go up and down: they change places within one priority."""
    last = len(placed) - 1
    return [
        (
            one,
            at > 0 and placed[at - 1].priority == one.priority,
            at < last and placed[at + 1].priority == one.priority,
        )
        for at, one in enumerate(placed)
    ]


async def _items(request: Page) -> list[tuple[str, str]]:
    form = await request.form()
    return [(name, value.replace("\0", "")) for name, value in form.multi_items() if isinstance(value, str)]


async def _discount(parts: HubParts, actor: Actor, items: Sequence[tuple[str, str]]) -> Discount:
    """What the form holds; whoever may only look reads what is stored."""
    sent = dict(items)
    if DEFINE not in actor.rights:
        return (await parts.run(stored_discount, parts.definitions, actor, sent.get("key", "")))[0]
    fields = fields_from(KIND, posted(KIND, items), "PLN")
    found: Discount = await parts.run(parts.reader.from_fields, actor, KIND, fields)
    return found


def _trial(items: Iterable[tuple[str, str]]) -> Trial:
    sent: dict[str, str] = {}
    lines: dict[str, dict[str, str]] = {}
    for name, value in items:
        whole, _, rest = name.partition(".")
        if whole == TRIAL_LINES.name:
            number, _, part = rest.partition(".")
            lines.setdefault(number, {})[part] = value.strip()
        else:
            sent[name] = value.strip()
    try:
        day = datetime.date.fromisoformat(sent.get("try_day", ""))
        time = datetime.time.fromisoformat(sent.get("try_time", "") or "12:00")
    except ValueError:
        raise refuse("trial.day_unreadable", "try_day") from None
    return Trial(
        store=sent.get("try_store", ""),
        lines=tuple(_line(line) for line in lines.values() if line.get("article")),
        day=day,
        minute=time.hour * 60 + time.minute,
        contractor=sent.get("try_contractor", ""),
        document_type=_type(sent.get("try_type", "")),
        payment_form=sent.get("try_payment_form", ""),
        delivery_method=sent.get("try_delivery_method", ""),
        choose=_CHOOSE.get(sent.get("try_choose", ""), ""),
    )


def _type(name: str) -> str:
    if name and name not in PRICED_TYPES:
        raise refuse("definition.document_type_unknown", "try_type", value=name[:40])
    return name or PRICED_TYPES[0]


def _line(line: Mapping[str, str]) -> TrialLine:
    text = line.get("quantity") or "1"
    quantity = typed_decimal(text)
    if quantity is None:
        raise refuse("trial.quantity", "try_lines", quantity=text[:20])
    return TrialLine(line["article"], quantity)


def _text_at(problem: Problem, words: Texts) -> str:
    """A problem with the name of its field, where it stands away from the form."""
    field = problem.facts.get("field") or problem.place
    named = PLACES.get(field.partition(":")[0], field)
    text = _text(problem, words)
    if named not in {one.name for one in fields_of(KIND)}:
        return text
    return words.gettext("%(label)s: %(text)s") % {"label": words.gettext(label_of(named)), "text": text}


def _text(problem: Problem, words: Texts) -> str:
    return words.problem(Problem(problem.code, "", problem.facts))


HANDLERS: Final = (show_reading, show_desk, show_trial, change_state, show_order, move_discount)
