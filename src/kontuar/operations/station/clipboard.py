"""Copying lines from one document to another: article, kind, quantity and initial price, never discounts (DOC-31)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents import lines
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import CodeMatch
from kontuar.operations.station import own_documents, till
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import saying, with_discounts
from kontuar.operations.station.till.drafts import lines_editable
from kontuar.operations.station.till.limits import within_limit
from kontuar.operations.station.till.lines import allowed_by, line_for, noted

CLIPBOARD: Final = "clipboard"


class CopiedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is copied of a line; `initial_price` per `unit` in the document's direction."""

    article: str
    name: str
    unit: str
    quantity: Decimal
    initial_price: Decimal
    batch: str = ""


class Clipboard(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator copied last at this station. `priced`: its lines have prices; `direction`: net or gross."""

    lines: tuple[CopiedLine, ...] = ()
    direction: str = "gross"
    currency: str = ""
    priced: bool = True


def copy(station: Station, actor: Actor, doc_id: str, numbers: Sequence[int] = ()) -> Clipboard:
    """Take lines of a draft or of an approved document of this station; all of them when none are named.

    Raises `Refused("copy.nothing" | "line.unknown" | "document.not_found" | "right.missing")`.
    """
    document = _document(station, actor, doc_id)
    chosen = [lines.find(document, number) for number in numbers] or list(document.lines)
    if not chosen:
        raise refuse("copy.nothing")
    taken = Clipboard(
        lines=tuple(_copied(line) for line in chosen), direction=document.direction, currency=document.currency,
        priced=type_of(document.type).lines == "priced",
    )  # fmt: skip
    station.books.set_fact(_name(actor), encode(taken).decode())
    return taken


def held(station: Station, actor: Actor) -> Clipboard:
    """What was copied last; without lines when nothing was."""
    text = station.books.fact(_name(actor))
    try:
        return msgspec.json.decode(text, type=Clipboard) if text else Clipboard()
    except msgspec.DecodeError:
        return Clipboard()


def paste(station: Station, actor: Actor, doc_id: str) -> Document:
    """Add the copied lines, or none of them: everything that is wrong is told at once (DOC-05).

    Where an initial price differs from today's, the right to change prices decides. Raises
    `Refused("copy.empty" | "copy.other_currency" | "right.missing" | …)`.
    """
    document = lines_editable(station, actor, doc_id)
    taken = held(station, actor)
    if not taken.lines:
        raise refuse("copy.empty")
    priced = taken.priced and type_of(document.type).lines == "priced"
    if priced and taken.currency != document.currency:
        raise refuse("copy.other_currency", currency=taken.currency)
    keep_prices = priced and taken.direction == document.direction
    problems: list[Problem] = []
    said: list[Problem | None] = []
    for line in taken.lines:
        try:
            document, raised = _with_line(station, actor, document, line, keep_price=keep_prices)
            said.append(raised)
        except Refused as refusal:
            if any(problem.code == "right.missing" for problem in refusal.problems):
                raise
            problems += [Problem(each.code, f"article:{line.name}"[:80], each.facts) for each in refusal.problems]
    if problems:
        raise Refused(*problems)
    return station.save(saying(with_discounts(station, document), *said))


def _with_line(
    station: Station, actor: Actor, document: Document, copied: CopiedLine, *, keep_price: bool
) -> tuple[Document, Problem | None]:
    """The document with that line, and what is to be said of its initial price."""
    article = station.books.definitions.get(Article, copied.article)
    if article is None or not article.active:
        raise refuse("article.inactive", "article", article=copied.name)
    match = CodeMatch(copied.article, copied.unit, copied.batch)
    line = line_for(station, actor, document, article, match, copied.quantity, copied.article)
    if not keep_price or line.initial_price == copied.initial_price:
        return lines.add(document, line), None
    actor.require(rights.CHANGE_PRICE, document.doc_id)
    priced = lines.with_initial_price(
        line, copied.initial_price, document.currency, by=actor.operator,
        allowed_by=allowed_by(actor, rights.CHANGE_PRICE, document.doc_id),
    )  # fmt: skip
    limited, raised = within_limit(station, document, priced)
    grown = noted(station, actor, lines.add(document, limited), rights.CHANGE_PRICE, line.number)
    return grown, raised


def _document(station: Station, actor: Actor, doc_id: str) -> Document:
    if station.books.drafts.load(doc_id) is not None:
        return till.look_at(station, actor, doc_id)
    return own_documents.preview(station, actor, doc_id).document


def _copied(line: Line) -> CopiedLine:
    return CopiedLine(
        article=line.article, name=line.name, unit=line.unit, quantity=line.quantity,
        initial_price=line.initial_price, batch=line.batch,
    )  # fmt: skip


def _name(actor: Actor) -> str:
    """One per operator: a till has few of them, and a clipboard outlives a login that expired."""
    return f"{CLIPBOARD}:{actor.operator}"
