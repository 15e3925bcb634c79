"""Why a document costs what it costs, at head office; reckoned again with the definitions of its day (DISC-26)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.discount_summary import summary_of_document
from kontuar.domain.documents.discounting import (
    OPERATOR,
    Surroundings,
    basket_of,
    carried_adjustments,
    discounted,
    priced_for,
)
from kontuar.domain.documents.document import Document, Line, Totals
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties.records import UNDEFINED
from kontuar.domain.pricing.basket import Basket
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.summary import Summary
from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.explained import DiscountNames, Explanation, Step, explained_line
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.past import PastShop
from kontuar.operations.hub.hub_documents import original
from kontuar.operations.ports.hub_lists import DocumentShelf

MOST_NAMED: Final = 10
"""Lines and discounts that a reason names; more say nothing more."""
_SUMS: Final = ("net", "tax", "gross", "initial_sum", "discount", "surcharge")


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Every line explained, and the discount summary (DISC-31) where anything was given.

    `names`: of discount groups and carried discounts, by code; `people`: of whoever gave or allowed something.
    `delivery`: the name of the document's delivery method, its code where it is not defined any more.
    """

    document: Document
    rows: tuple[Explanation, ...] = ()
    summary: Summary | None = None
    names: Mapping[str, str] = {}
    people: Mapping[str, str] = {}
    delivery: str = ""


class LineAgain(msgspec.Struct, frozen=True, kw_only=True):
    """A line that comes out otherwise: as the document says it, and as it was reckoned again (minor units)."""

    number: int
    article: str
    name: str
    value: Minor
    value_again: Minor
    steps: tuple[Step, ...]
    steps_again: tuple[Step, ...]


class SumAgain(msgspec.Struct, frozen=True):
    """A sum of the document, by its name in `Totals`, that comes out otherwise."""

    name: str
    said: Minor
    again: Minor


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A document reckoned again. `version` of the definitions; `exact`: everything came out as it stands there.

    `lines`, `sums`: what did not. `why`: what was taken as it stands, or may be the reason of a difference.
    """

    version: int
    exact: bool
    lines: tuple[LineAgain, ...] = ()
    sums: tuple[SumAgain, ...] = ()
    why: tuple[Problem, ...] = ()


def explained(shelf: DocumentShelf, definitions: Definitions, actor: Actor, store: str, doc_id: str) -> Explained:
    """Why each line costs what it costs, from what the document keeps; goods and cash documents have no lines to
    explain. Raises `Refused("document.not_found")`. Needs the right `hub.see`.
    """
    document, _ = original(shelf, actor, store, doc_id)
    if type_of(document.type).lines != "priced":
        return Explained(document=document)
    with definitions.store.transaction():
        shop = PastShop(definitions.store, document.definitions[1], store)
        names = shop.discount_names
        summary = summary_of_document(document) if any(line.adjustments for line in document.lines) else None
        carried = [one.rule for line in document.lines for one in carried_adjustments(line)]
        named = {**dict(zip(carried, names(carried), strict=True)), **shop.group_names()}
    people = definitions.some(actor, "operator", sorted(_people(document)))
    return Explained(
        document=document, rows=tuple(explained_line(document, line, names) for line in document.lines),
        summary=summary, names=named,
        people={code: msgspec.json.decode(row.body, type=_Named).name for code, row in people.items()},
        delivery=_delivery(definitions, actor, document.delivery_method),
    )  # fmt: skip


def explain_again(shelf: DocumentShelf, definitions: Definitions, actor: Actor, store: str, doc_id: str) -> Again:
    """Price the document anew with the definitions of the version it names, as its store had them, and compare.

    Raises `Refused`: `document.not_found`; `again.not_priced` for documents without prices of their own;
    `again.definitions_unknown` where the version is not one of this head office. Needs the right `hub.see`.
    """
    document, _ = original(shelf, actor, store, doc_id)
    if type_of(document.type).lines != "priced" or document.repeats:
        raise refuse("again.not_priced", number=document.number)
    epoch, version = document.definitions
    with definitions.store.transaction():
        here, newest = definitions.store.newest()
        if epoch != here or not 0 < version <= newest:
            raise refuse("again.definitions_unknown", number=document.number, version=version)
        shop = PastShop(definitions.store, version, store)
        settings = shop.settings(document)
        priced = price(_basket(document, shop), shop.book(document.currency), settings)
        again = discounted(document, priced, document.discounts.at_minute or 0)
        return _compared(document, again, shop)


def _delivery(definitions: Definitions, actor: Actor, code: str) -> str:
    found = definitions.some(actor, "delivery_method", [code] if code else []).get(code)
    return msgspec.json.decode(found.body, type=_Named).name if found else code


def _people(document: Document) -> set[str]:
    codes = {code for line in document.lines for one in line.adjustments for code in (one.by, one.allowed_by)}
    codes |= {code for line in document.lines for code in (line.initial_by, line.initial_allowed_by)}
    return codes - {""}


def _basket(document: Document, shop: PastShop) -> Basket:
    around = Surroundings(
        minute=document.discounts.at_minute or 0, centres=shop.centres(),
        buyer_groups=shop.buyer_groups(priced_for(document)),
    )  # fmt: skip
    return basket_of(document, shop.traits({line.article for line in document.lines}), around)


def _compared(document: Document, again: Document, shop: PastShop) -> Again:
    pairs = list(zip(document.lines, again.lines, strict=True))
    lines = tuple(
        _line_again(document, again, one, other, shop.discount_names) for one, other in pairs if _differs(one, other)
    )
    sums = tuple(_sums_again(document.totals, again.totals))
    exact = not lines and not sums and document.taxes == again.taxes
    why = [*_carried(document), *([] if exact else _reasons(document, shop))]
    return Again(version=shop.version, exact=exact, lines=lines, sums=sums, why=tuple(why))


def _differs(said: Line, again: Line) -> bool:
    return (said.value, said.adjustments) != (again.value, again.adjustments)


def _line_again(document: Document, again: Document, one: Line, other: Line, names: DiscountNames) -> LineAgain:
    return LineAgain(
        number=one.number, article=one.article, name=one.name, value=one.value, value_again=other.value,
        steps=explained_line(document, one, names).steps, steps_again=explained_line(again, other, names).steps,
    )  # fmt: skip


def _sums_again(said: Totals, again: Totals) -> Iterable[SumAgain]:
    for name in _SUMS:
        if getattr(said, name) != getattr(again, name):
            yield SumAgain(name, getattr(said, name), getattr(again, name))


def _carried(document: Document) -> Iterable[Problem]:
    """Said also of an exact result: it holds for what was reckoned, not for what came along."""
    numbers = [str(line.number) for line in document.lines if carried_adjustments(line)]
    if numbers:
        yield Problem("again.carried", "", {"lines": _some(numbers)})


def _reasons(document: Document, shop: PastShop) -> Iterable[Problem]:
    """What may be behind a difference, the likeliest first."""
    given = {one.rule for line in document.lines if not line.carried for one in line.adjustments
             if one.source != OPERATOR}  # fmt: skip
    elsewhere = shop.sent_elsewhere(given)
    unknown = sorted(given - shop.rule_codes() - elsewhere)
    if unknown:
        yield Problem("again.not_defined", "", {"discounts": _some(unknown)})
    if elsewhere:
        yield Problem("again.not_sent", "", {"discounts": _some(sorted(elsewhere)), "store": shop.code})
    yield from shop.left_out
    if document.discounts.at_minute is None:
        yield Problem("again.hour_unknown")
    elif shop.has_hours():
        hour, minute = divmod(document.discounts.at_minute, 60)
        yield Problem("again.hour", "", {"time": f"{hour:02}:{minute:02}"})
    buyer = priced_for(document)
    if buyer != UNDEFINED and not shop.knows_buyer(buyer):
        yield Problem("again.buyer_unknown", "", {"contractor": buyer})
    if not document.discounts.proven:
        yield Problem("again.not_proven")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")


class _Named(msgspec.Struct, frozen=True):
    name: str
