"""One form for every kind of definition: edit, copy, save, remove, history (HUB-02)."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, QueryParameter

from kontuar.domain.catalogue.records import Picture
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.firm.records import Firm
from kontuar.domain.parties.records import Contractor
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions, Written
from kontuar.operations.hub.defining.ean_numbers import ranged_lengths
from kontuar.operations.hub.defining.history import HistoryEntry, changes_between, history_of
from kontuar.operations.hub.defining.numbers import sample_of
from kontuar.operations.hub.defining.similar import similar_contractors
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.definition_columns import choice_text, record_of
from kontuar.web.hub.definition_fields import Field, fields_of, sections_of
from kontuar.web.hub.definition_lists import row_path
from kontuar.web.hub.definition_names import names_of
from kontuar.web.hub.definition_values import State, empty_state, fields_from, keep_order, posted, state_of
from kontuar.web.hub.definition_words import CHOICES, NAMES, label_of
from kontuar.web.hub.discount_words import HIDDEN, PLACES, VARIANT_CHOICES, VARIANTS
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, HubParts, Parts
from kontuar.web.i18n import Texts, texts

MOST_FORM_BYTES: Final = 64 * 1024 * 1024
"""A photo as a camera makes it arrives, to be refused in words."""
MOST_HISTORY: Final = 50
WITH_EANS: Final = ("article", "batch")
"""Kinds whose form gives the next free EAN of the firm's own range (HUB-13)."""
_KeyQuery = Annotated[str, QueryParameter(max_length=400)]
Page = Request[Any, Any, Any]


class Form(msgspec.Struct, kw_only=True):
    """What a form shows. `version`: of the row that was read, 0 = a new one; `problems` by field, "" = of no field;
    `taken`: the key of a new one that another row has."""

    kind: str
    key: str
    version: int
    state: State
    problems: Mapping[str, Sequence[str]] = {}
    conflict: Sequence[tuple[str, str, str]] = ()
    similar: Sequence[tuple[str, str, str]] = ()
    newest: int = 0
    taken: str = ""


@get("/definitions/{kind:str}/new", include_in_schema=False)
async def show_new(
    request: Page, parts: Parts, actor: Asker, kind: FromPath[str], copy: _KeyQuery = ""
) -> Response[str]:
    """An empty form, or a copy of a row with another key."""
    actor.require(DEFINE)
    _known(kind)
    state = empty_state(kind)
    for field in fields_of(kind):
        # A link may begin the row: the price of this article on that list.
        if isinstance(state[field.name], str) and field.widget != "pin":
            state[field.name] = request.query_params.get(field.name, state[field.name])[:200]
    if copy:
        row = await parts.run(parts.definitions.row, actor, kind, copy)
        state = state_of(kind, record_of(kind, row.body), await _currency(parts), _comma(request))
        for field in fields_of(kind):
            # What only one row may have is not copied.
            if (field.is_key and len(KINDS[kind].key) == 1) or field.name in ("eans", "series", "card", "cards"):
                state[field.name] = [] if isinstance(state[field.name], list) else ""
    return await _page(request, parts, actor, Form(kind=kind, key="", version=0, state=state))


@get("/definitions/{kind:str}/row", include_in_schema=False)
async def show_row(
    request: Page, parts: Parts, actor: Asker, kind: FromPath[str], key: _KeyQuery, saved: FromQuery[int] = 0
) -> Response[str]:
    row = await parts.run(parts.definitions.row, actor, kind, key)
    state = state_of(kind, record_of(kind, row.body), await _currency(parts), _comma(request))
    form = Form(kind=kind, key=key, version=row.version, state=state)
    return await _page(request, parts, actor, form, saved=max(saved, 0))


@post("/definitions/{kind:str}/save", include_in_schema=False, status_code=200, request_max_body_size=MOST_FORM_BYTES)
async def save_row(request: Page, parts: Parts, actor: Asker, kind: FromPath[str]) -> Response[Any]:
    """Write what the form holds; refused, the form comes back with each message at its field."""
    actor.require(DEFINE)
    _known(kind)
    items = await posted_items(request)
    sent = dict(items)
    form = Form(
        kind=kind, key=sent.get("key", ""), version=_version(sent.get("version", "")), state=posted(kind, items)
    )
    try:
        await _take_picture(request, form)
        fields = fields_from(kind, form.state, await _currency(parts))
        before = (await parts.run(parts.definitions.some, actor, kind, [form.key])).get(form.key)
        if before is not None:
            keep_order(kind, fields, record_of(kind, before.body))
        record = await parts.run(parts.reader.from_fields, actor, kind, fields)
        if await _warn_of_similar(request, parts, actor, form, record, sent):
            return await _fragment(request, parts, actor, form, 422)
        key = KINDS[kind].key_of(record)
        if form.key and key != form.key:
            raise refuse("definition.key_stays", "", key=form.key)
        written: Written = await parts.run(parts.definitions.put_one, actor, kind, key, record, form.version)
    except Refused as refusal:
        await _tell(request, parts, actor, form, refusal)
        return await _fragment(request, parts, actor, form, status_of(refusal.problems))
    return Response("", headers={"HX-Redirect": f"{row_path(kind, key)}&saved={written.version}"})


@get("/definitions/{kind:str}/remove", include_in_schema=False)
async def ask_to_remove(
    request: Page, parts: Parts, actor: Asker, kind: FromPath[str], key: _KeyQuery
) -> Response[str]:
    actor.require(DEFINE)
    row = await parts.run(parts.definitions.row, actor, kind, key)
    return page(request, "hub/definition_remove.jinja", actor, kind=kind, key=row.key, name=NAMES[kind], problems=[])


@post("/definitions/{kind:str}/remove", include_in_schema=False, status_code=200)
async def remove_row(request: Page, parts: Parts, actor: Asker, kind: FromPath[str], key: _KeyQuery) -> Response[Any]:
    actor.require(DEFINE)
    try:
        await parts.run(parts.definitions.remove_rows, actor, [(kind, key)])
    except Refused as refusal:
        words = texts(language_of(request))
        told = [(words.problem(problem), _holder(problem)) for problem in refusal.problems]
        return page(
            request, "hub/definition_remove.jinja", actor, 422, kind=kind, key=key, name=NAMES.get(kind, kind),
            problems=told,
        )  # fmt: skip
    return Response("", headers={"HX-Redirect": f"/definitions/{kind}"})


@get("/definitions/numbering/sample", include_in_schema=False)
async def show_sample(
    request: Page, actor: Asker, document_type: FromQuery[str] = "", pattern: FromQuery[str] = "",
    reset: FromQuery[str] = "month",
) -> Response[str]:  # fmt: skip
    """What the first number of a rule would look like, while it is typed."""
    words = texts(language_of(request))
    if not document_type or not pattern.strip():
        return page(request, "hub/definition_sample.jinja", actor, told="", good=True)
    try:
        told, good = sample_of(document_type, pattern[:200], reset), True
    except Refused as refusal:
        told, good = words.problem(refusal.problems[0]), False
    return page(request, "hub/definition_sample.jinja", actor, told=told, good=good)


async def posted_items(request: Page) -> list[tuple[str, str]]:
    """What was posted, but files; no text of ours holds the NUL character."""
    form = await request.form()
    return [(name, value.replace("\0", "")) for name, value in form.multi_items() if isinstance(value, str)]


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise refuse("definition_kind.unknown", kind=kind[:40])


def _version(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _comma(request: Page) -> str:
    return "." if language_of(request) == "en" else ","


async def _currency(parts: HubParts) -> str:
    return await parts.run(_firm_currency, parts.definitions)


def _firm_currency(definitions: Definitions) -> str:
    with definitions.store.transaction():
        rows = definitions.store.rows("firm")
    return msgspec.json.decode(rows[0].body, type=Firm).currency if rows else "PLN"


async def _take_picture(request: Page, form: Form) -> None:
    """A picture comes as a file; without one the row keeps what it has."""
    if form.kind != "picture":
        return
    file = (await request.form()).get("file")
    if isinstance(file, UploadFile) and (data := await file.read()):
        form.state["data"] = base64.b64encode(data).decode()
        form.state["media_type"] = file.content_type
    held = form.state["data"]
    try:
        base64.b64decode(held if isinstance(held, str) else "", validate=True)
    except binascii.Error:
        raise refuse("definition.field_empty", "data") from None
    if not held:
        raise refuse("definition.field_empty", "data")


async def _warn_of_similar(
    request: Page, parts: HubParts, actor: Actor, form: Form, record: Any, sent: Mapping[str, str]
) -> bool:
    """A new contractor who may be there already is asked about once (HUB-14)."""
    if not isinstance(record, Contractor) or form.version or sent.get("similar_seen"):
        return False
    words = texts(language_of(request))
    found = await parts.run(similar_contractors, parts.definitions, actor, record)
    form.similar = [(one.code, one.name, words.gettext(label_of(one.same))) for one in found]
    return bool(found)


async def _tell(request: Page, parts: HubParts, actor: Actor, form: Form, refusal: Refused) -> None:
    """Put each message at its field; a meeting with somebody else's change shows both."""
    words = texts(language_of(request))
    names = {field.name for field in fields_of(form.kind)}
    told: dict[str, list[str]] = {}
    for problem in refusal.problems:
        field = KINDS[form.kind].key[0] if problem.code == "definition.taken" else _field_of(problem, names)
        text = words.problem(Problem(problem.code, "", {**problem.facts, "field": words.gettext(label_of(field))}))
        told.setdefault(field if field in names else "", []).append(text)
        if problem.code == "definition.taken":
            form.taken = problem.facts["key"]
        if problem.code == "definition.conflict":
            await _show_both(parts, actor, form, problem.facts["key"], words)
    form.problems = told


def _field_of(problem: Problem, names: Collection[str]) -> str:
    """The field a problem is about; a part of a discount (`slots:2`) is written in the field of its rows."""
    field = problem.facts.get("field") or problem.place
    return field if field in names else PLACES.get(field.partition(":")[0], field)


async def _show_both(parts: HubParts, actor: Actor, form: Form, key: str, words: Texts) -> None:
    row = await parts.run(parts.definitions.row, actor, form.kind, key)
    form.newest = row.version
    fields = fields_from(form.kind, form.state, await _currency(parts))
    mine = encode(await parts.run(parts.reader.from_fields, actor, form.kind, fields))
    form.conflict = [
        (words.gettext(label_of(change.field)), change.before, change.after)
        for change in changes_between(form.kind, row.body, mine)
    ]


def _holder(problem: Problem) -> str:
    """The address of the row that needs the one to be removed."""
    kind, key = problem.facts.get("by_kind", ""), problem.facts.get("by", "")
    return row_path(kind, key) if kind in KINDS else ""


async def _fragment(request: Page, parts: HubParts, actor: Actor, form: Form, status: int) -> Response[str]:
    return page(request, "hub/definition_fields.jinja", actor, status, **await _context(request, parts, actor, form))


async def _page(request: Page, parts: HubParts, actor: Actor, form: Form, saved: int = 0) -> Response[str]:
    words = texts(language_of(request))
    history: Sequence[HistoryEntry] = ()
    if form.version:
        history = await parts.run(history_of, parts.definitions, actor, form.kind, form.key)
    return page(
        request,
        "hub/definition.jinja",
        actor,
        **await _context(request, parts, actor, form),
        saved=saved,
        past=[_told_entry(entry, words) for entry in history[:MOST_HISTORY]],
        shortcuts=[
            {"key": "F10", "action": "save", "label": words.gettext("Save"), "group": words.gettext(NAMES[form.kind])},
            {"key": "F4", "action": "new", "label": words.gettext("New"), "group": words.gettext(NAMES[form.kind])},
        ],
    )


_ACTIONS: Final = {
    "made": "Made",
    "changed": "Changed",
    "removed": "Removed",
    "sent": "Sent to other stores",
}


def _told_entry(entry: HistoryEntry, words: Texts) -> dict[str, Any]:
    return {
        "version": entry.version,
        "when": words.moment(entry.changed_at),
        "who": entry.changed_by,
        "action": words.gettext(_ACTIONS[entry.action]),
        # The first version's fields are the row itself.
        "changes": [] if entry.action == "made" else told_changes(entry.changes, words),
    }


def told_changes(changes: Sequence[Any], words: Texts) -> list[tuple[str, str, str]]:
    """(field, before, after) in words."""
    return [
        (
            words.gettext(label_of(change.field)),
            choice_text(change.field, change.before, words),
            choice_text(change.field, change.after, words),
        )
        for change in changes
    ]


async def _context(request: Page, parts: HubParts, actor: Actor, form: Form) -> dict[str, Any]:
    words = texts(language_of(request))
    names = await parts.run(names_of, parts.definitions, _named(form))
    return {
        "form": form,
        "kind": form.kind,
        "key": form.key,
        "name": NAMES[form.kind],
        "sections": sections_of(form.kind, _variant(form)),
        "hidden": HIDDEN.get(form.kind, ()),
        "variants": VARIANT_CHOICES if form.kind in VARIANTS and not form.version else (),
        "variant": _variant(form),
        "names": names,
        "pictures": await parts.run(_pictures, parts.definitions, _named(form).get("picture", ())),
        "targets": sorted(_targets(fields_of(form.kind))),
        "ean_lengths": await parts.run(ranged_lengths, parts.definitions) if form.kind in WITH_EANS else (),
        "may_define": DEFINE in actor.rights,
        "label": lambda field: words.gettext(label_of(field)),
        "choice": lambda field, value: _choice(field, value, words),
        "hint": words.gettext,
    }


def _pictures(definitions: Definitions, codes: Collection[str]) -> dict[str, dict[str, str]]:
    """The pictures that the form names, small enough to stand in the page: where each is, what it is."""
    if not codes:
        return {}
    with definitions.store.transaction():
        rows = definitions.store.rows("picture", sorted(code.replace("\0", "") for code in codes))
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        picture: Picture = record_of("picture", row.body)
        kind = picture.media_type.rpartition("/")[2].upper()
        found[row.key] = {
            "href": row_path("picture", row.key), "source": f"data:{picture.media_type};base64,{picture.data}",
            "told": f"{kind}, {max(1, len(picture.data) * 3 // 4 // 1024)} kB",
        }  # fmt: skip
    return found


def _variant(form: Form) -> str:
    """What the form's look depends on; a new one begins as the first kind there is."""
    field = VARIANTS.get(form.kind, "")
    held = form.state[field] if field else ""
    if field and held not in VARIANT_CHOICES:
        held = form.state[field] = VARIANT_CHOICES[0]
    return str(held)


def _choice(field: str, value: str, words: Texts) -> str:
    if f"{field}:{value}" in CHOICES:
        return words.gettext(CHOICES[f"{field}:{value}"])
    told = choice_text(field, value, words)
    return words.gettext(CHOICES[value]) if told == value and value in CHOICES else told


def _targets(fields: Sequence[Field]) -> set[str]:
    return {one.target for field in fields for one in (field, *field.parts) if one.target}


def _named(form: Form) -> dict[str, set[str]]:
    """Kind → the codes that the form names."""
    wanted: dict[str, set[str]] = {}
    for field in fields_of(form.kind):
        held = form.state[field.name]
        if field.target and isinstance(held, str) and held:
            wanted.setdefault(field.target, set()).add(held)
        for part in field.parts:
            if part.target and isinstance(held, list):
                codes = {row.get(part.name, "") for row in held if isinstance(row, dict)}
                wanted.setdefault(part.target, set()).update(codes - {""})
    return wanted


HANDLERS: Final = (show_new, show_row, save_row, ask_to_remove, remove_row, show_sample)
