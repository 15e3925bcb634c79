"""How the prices of a document came about, beside its preview; the same reckoned again, and on paper (DISC-26)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response, get

from kontuar.domain.documents.discounting import OPERATOR
from kontuar.domain.pricing.summary import Section, Summary
from kontuar.kernel.errors import Refused
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.explained import Explanation, Step
from kontuar.operations.hub.explaining import Again, Explained, LineAgain, explain_again
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Parts
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.hub_files.explanation import explanation_pdf_of
from kontuar.web.i18n import Texts, texts
from kontuar.web.prints.explanation import step_words

Page = Request[Any, Any, Any]
_SUM_NAMES: Final = {
    "net": "Net",
    "tax": "VAT",
    "gross": "Gross",
    "initial_sum": "Value without discounts",
    "discount": "Discount",
    "surcharge": "Surcharge",
}


class StepShown(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a line's value in words. `version` of the definition, 0 for what an operator gave."""

    what: str
    who: str
    version: int
    amount: str
    after: str
    is_less: bool


class LineShown(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose price changed. `typed_by`: who typed its initial price, empty where the list gave it."""

    number: int
    name: str
    initial: str
    initial_value: str
    typed_by: str
    steps: tuple[StepShown, ...]
    value: str
    bundles: tuple[str, ...]


def explained_lines(explained: Explained, words: Texts) -> list[LineShown]:
    """The lines that cost something else than the price list says."""
    changed = [row for row in explained.rows if row.steps or row.line.initial_by]
    return [_line(row, explained, words) for row in changed]


def summary_rows(explained: Explained, words: Texts) -> list[tuple[str, str, str]]:
    """The discount summary (DISC-31): what, how much, how it is set; nothing where nothing was given."""
    if explained.summary is None:
        return []
    sums, currency = explained.summary, explained.document.currency
    rows = [*_base(sums, words), *_goods(sums, explained.names, words), *_others(sums, explained.names, words)]
    return [(label, words.money(amount, currency), kind) for label, amount, kind in rows]


@get("/documents/{store:str}/{doc_id:str}/again", include_in_schema=False, dependencies=PARTS)
async def show_again(
    request: Page, documents: HubDocumentParts, parts: Parts, actor: Actor, store: str, doc_id: str
) -> Response[str]:
    """The document reckoned again with the definitions of its version."""
    words = texts(language_of(request))
    shelf, definitions = documents.documents, parts.definitions
    try:
        again: Again = await documents.run(explain_again, shelf, definitions, actor, store, doc_id)
    except Refused as refusal:
        told = [words.problem(problem) for problem in refusal.problems]
        status = status_of(refusal.problems)
        return page(request, "hub/document_again.jinja", actor, status, problems=told, again=None)
    currency = (await documents.run(_currency_of, documents, store, doc_id)) if not again.exact else ""
    return page(
        request,
        "hub/document_again.jinja",
        actor,
        problems=[],
        again=again,
        lines=[_line_again(line, words, currency) for line in again.lines],
        sums=[
            (words.gettext(_SUM_NAMES[one.name]), words.money(one.said, currency), words.money(one.again, currency))
            for one in again.sums
        ],
        why=[words.problem(problem) for problem in again.why],
    )


@get("/documents/{store:str}/{doc_id:str}/explanation/pdf", include_in_schema=False, dependencies=PARTS)
async def explanation_pdf(
    request: Page, documents: HubDocumentParts, parts: Parts, actor: Actor, store: str, doc_id: str
) -> Response[bytes]:
    return await explanation_pdf_of(documents, parts, actor, store, doc_id, language_of(request))


def _currency_of(documents: HubDocumentParts, store: str, doc_id: str) -> str:
    with documents.documents.reading():
        return documents.documents.card(store, doc_id).row.currency


def _line(row: Explanation, explained: Explained, words: Texts) -> LineShown:
    line, currency, people = row.line, explained.document.currency, explained.people
    quantity = f"{words.quantity(line.quantity, line.precision)} {line.unit}"
    return LineShown(
        number=line.number, name=line.name, initial=f"{quantity} × {words.price(line.initial_price)}",
        initial_value=words.amount(row.initial_value, currency),
        typed_by=_who(line.initial_by, line.initial_allowed_by, people, words),
        steps=tuple(_step(step, people, words, currency) for step in row.steps),
        value=words.amount(line.value, currency), bundles=row.has,
    )  # fmt: skip


def _step(step: Step, people: Mapping[str, str], words: Texts, currency: str) -> StepShown:
    return StepShown(
        what=step_words(step, words), who=_who(step.by, step.allowed_by, people, words),
        version=0 if step.source == OPERATOR else step.version,
        amount=words.amount(step.amount, currency), after=words.amount(step.after, currency), is_less=step.amount < 0,
    )  # fmt: skip


def _who(by: str, allowed_by: str, people: Mapping[str, str], words: Texts) -> str:
    if not by:
        return ""
    told = people.get(by, by)
    if not allowed_by:
        return told
    return f"{told} ({words.gettext('allowed by %(name)s') % {'name': people.get(allowed_by, allowed_by)}})"


def _line_again(line: LineAgain, words: Texts, currency: str) -> dict[str, Any]:
    def told(steps: tuple[Step, ...]) -> list[str]:
        return [f"{step_words(step, words)}: {words.amount(step.amount, currency)}" for step in steps]

    return {
        "number": line.number, "name": line.name, "value": words.money(line.value, currency),
        "value_again": words.money(line.value_again, currency), "steps": told(line.steps),
        "steps_again": told(line.steps_again),
    }  # fmt: skip


_Row = tuple[str, Minor, str]


def _base(sums: Summary, words: Texts) -> list[_Row]:
    if sums.base is None:
        return [(words.gettext("Value without discounts"), sums.without, "is-strong")]
    return [
        (words.gettext("Value at base prices"), sums.base, ""),
        (words.gettext("Value at initial prices"), sums.without, "is-strong"),
    ]


def _goods(sums: Summary, names: Mapping[str, str], words: Texts) -> list[_Row]:
    rows: list[_Row] = [(words.gettext("Goods discounts"), sums.goods, "is-section")]
    if sums.buyers_own.discounts:
        rows += _section(words.gettext("Dedicated to the buyer"), sums.buyers_own, names)
    for section in sums.goods_groups:
        rows += _section(_group(section, names, words), section, names)
    return rows


def _others(sums: Summary, names: Mapping[str, str], words: Texts) -> list[_Row]:
    label = words.gettext("Header discounts of the transaction's value")
    rows: list[_Row] = [(label, sums.header, "is-section")]
    for section in sums.header_groups:
        rows += _section(_group(section, names, words), section, names)
    by_operator = Minor(sums.by_operator_on_lines + sums.by_operator_on_header)
    rows.append((words.gettext("User's discounts"), by_operator, "is-section"))
    if sums.by_operator_on_lines:
        rows.append((words.gettext("On lines"), sums.by_operator_on_lines, "is-part"))
    if sums.by_operator_on_header:
        rows.append((words.gettext("On the header"), sums.by_operator_on_header, "is-part"))
    return [*rows, (words.gettext("Value after discounts"), sums.after, "is-strong")]


def _section(label: str, section: Section, names: Mapping[str, str]) -> list[_Row]:
    parts = [(names.get(name, name), amount, "is-part") for name, amount in section.discounts]
    return [(label, section.amount, "is-group"), *parts]


def _group(section: Section, names: Mapping[str, str], words: Texts) -> str:
    return names.get(section.group, section.group) or words.gettext("Others")


HANDLERS: Final = (show_again, explanation_pdf)
