"""The lines of a draft: add, change, remove (DOC-20 … DOC-24)."""

from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents import lines
from kontuar.domain.documents.discounting import bundles_of, with_bundles_freed
from kontuar.domain.documents.document import Authorisation, Document, Line
from kontuar.domain.documents.messages import LineVoided
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties import rights
from kontuar.domain.pricing.line_prices import UnitPrice
from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.quantity import check_precision, parse_quantity
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import CodeMatch
from kontuar.operations.station.sale_rules import require_ean, require_there
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.codes import SCANS, SCANS_KEPT, latest_scans, scanned
from kontuar.operations.station.till.discounting import saying, with_discounts
from kontuar.operations.station.till.drafts import lines_editable, look_at
from kontuar.operations.station.till.limits import within_limit
from kontuar.operations.station.till.prices import article_of, price_of, rate_of
from kontuar.operations.station.till.properties import batch_of, of_batch


def scan(
    station: Station, actor: Actor, doc_id: str, code: str, quantity: str | Decimal = Decimal(1), scan_id: str = ""
) -> Document:
    """Add what a code names: an EAN or an article code. A `scan_id` seen before adds nothing (its answer was lost).

    Raises `Refused("article.code_unknown" | "article.code_ambiguous" | "article.inactive" | "price.missing" | …)`.
    """
    if scan_id and scan_id in latest_scans(station):
        return look_at(station, actor, doc_id)
    document = lines_editable(station, actor, doc_id)
    match, amount = scanned(station, code.strip(), quantity)
    require_ean(station, document, match, code.strip())
    grown = _with_article(station, actor, document, match, amount, code.strip())
    require_there(station, grown, match.article)
    with station.books.transaction():
        if scan_id:
            station.books.set_fact(SCANS, " ".join([*latest_scans(station), scan_id[:64]][-SCANS_KEPT:]))
        return station.save(grown)


def add_article(
    station: Station, actor: Actor, doc_id: str, article: str, quantity: str | Decimal = "1", batch: str = ""
) -> Document:
    """Add an article chosen from the list, in its base unit; `batch`: which of its batches (DOC-29)."""
    document = lines_editable(station, actor, doc_id)
    match = CodeMatch(article, article_of(station, article).unit, batch)
    grown = _with_article(station, actor, document, match, quantity, article)
    require_there(station, grown, article)
    return station.save(grown)


def change_quantity(
    station: Station, actor: Actor, doc_id: str, number: int, quantity: str | Decimal, unit: str = ""
) -> Document:
    """Another quantity, perhaps in another unit of the article (DOC-23). The same once more changes nothing.

    What the operator gave and typed goes along; what cannot is said in `discounts.problems`.
    """
    document = lines_editable(station, actor, doc_id)
    line = lines.find(document, number)
    article = article_of(station, line.article)
    chosen = lines.unit_of(article, unit or line.unit, station.units())
    amount = _quantity(quantity, chosen, f"line:{number}")
    if (chosen.unit.code, amount) == (line.unit, line.quantity):
        return document
    changed = lines.with_quantity(line, chosen, amount, document.currency)
    if chosen.unit.code != line.unit:
        changed = lines.in_unit(changed, line, price_of(station, document, article, chosen), document.currency)
    changed, raised = within_limit(station, document, changed)
    freed = with_bundles_freed(lines.replace(document, changed), bundles_of(line) if line.carried else ())
    grown = with_discounts(station, freed)
    changed = lines.find(grown, number)
    lines.storable(grown, changed)
    grown = saying(noted(station, actor, grown, rights.VOID_LINE, number), raised, _dropped(line, changed))
    taken_off = line.base_quantity - changed.base_quantity
    if taken_off <= 0:
        require_there(station, grown, line.article)
        return station.save(grown)
    actor.require(rights.VOID_LINE, doc_id)
    worth = max(line.value - changed.value, 0)
    return _voided(
        station, actor, grown, LineVoided(doc_id=doc_id, article=line.article, quantity=taken_off, value=worth)
    )


def _dropped(before: Line, after: Line) -> Problem | None:
    """What the operator gave and is off because it was meant for another quantity."""
    if before.discount is None or after.discount is not None:
        return None
    facts = {"name": before.name, "value": str(before.discount.value)}
    return Problem("discount.value_dropped", f"line:{before.number}", facts)


def remove_line(station: Station, actor: Actor, doc_id: str, number: int) -> Document:
    """Take a line off; head office is told (loss prevention)."""
    document = lines_editable(station, actor, doc_id)
    actor.require(rights.VOID_LINE, doc_id)
    line = lines.find(document, number)
    freed = with_bundles_freed(lines.remove(document, number), bundles_of(line) if line.carried else ())
    left = with_discounts(station, freed)
    changed = noted(station, actor, left, rights.VOID_LINE, number)
    body = LineVoided(doc_id=doc_id, article=line.article, quantity=line.base_quantity, value=line.value)
    return _voided(station, actor, changed, body)


def _voided(station: Station, actor: Actor, document: Document, body: LineVoided) -> Document:
    """Keep the draft and tell head office what was taken off it, in one transaction (loss prevention)."""
    with station.books.transaction():
        station.save(document)
        station.announce("line.voided/1", station.ids.new_id(), body, actor.operator)
        station.count("voided_lines")
    station.committed()
    return document


def _with_article(
    station: Station, actor: Actor, document: Document, match: CodeMatch, quantity: str | Decimal, code: str
) -> Document:
    article = station.books.definitions.get(Article, match.article)
    if article is None or not article.active:
        raise refuse("article.inactive", "article", article=match.article)
    return _added(station, document, line_for(station, actor, document, article, match, quantity, code))


def with_gift(
    station: Station, actor: Actor, document: Document, article: Article, quantity: str | Decimal, rule: str
) -> Document:
    """The document with a line more, added as the gift of a rule, in the article's base unit (DISC-05)."""
    match = CodeMatch(article.code, article.unit, "")
    line = line_for(station, actor, document, article, match, quantity, article.code)
    return with_discounts(station, lines.add(document, msgspec.structs.replace(line, gift_of=rule, in_bundles=True)))


def _added(station: Station, document: Document, line: Line) -> Document:
    """A new line, or more of an equal one where the parameter says so."""
    if station.parameters().yes("sale.merge_same_article"):
        for known in document.lines:
            if _is_untouched(known) and _kind_of(known) == _kind_of(line):
                grown = msgspec.structs.replace(
                    known, quantity=known.quantity + line.quantity,
                    base_quantity=known.base_quantity + line.base_quantity,
                )  # fmt: skip
                return with_discounts(station, lines.replace(document, lines.undiscounted(grown, document.currency)))
    return lines.storable(with_discounts(station, lines.grown(document, line)), line)


def _is_untouched(line: Line) -> bool:
    """Nobody decided anything on the line, so it may grow."""
    kept_apart = line.carried or line.only_bundles or line.gift_of
    return line.discount is None and not line.initial_by and not kept_apart


def _kind_of(line: Line) -> tuple[object, ...]:
    return (line.article, line.unit, line.price_row, line.batch, line.attributes, line.in_bundles)


def line_for(
    station: Station, actor: Actor, document: Document, article: Article, match: CodeMatch,
    quantity: str | Decimal, code: str,
) -> Line:  # fmt: skip
    kind = type_of(document.type)
    if kind.lines == "none" or (kind.family == "goods" and article.kind == "service"):
        raise refuse("document.takes_no_such_line", "article", name=article.name)
    chosen = lines.unit_of(article, match.unit, station.units())
    amount = _quantity(quantity, chosen, f"line:{document.next_line}")
    price = price_of(station, document, article, chosen) if kind.lines == "priced" else UnitPrice(Decimal(0), "")
    vat = rate_of(station, document, article, station.business_day())
    ean = code if code != article.code else ""
    line = lines.new_line(document, article, chosen, amount, price, vat, ean=ean, handler=actor.operator)
    automatic = station.parameters().yes("discount.bundles_automatic")
    line = msgspec.structs.replace(line, in_bundles=automatic)
    return of_batch(line, batch_of(station, article.code, match.batch))


def _quantity(quantity: str | Decimal, chosen: lines.UnitOfArticle, place: str) -> Decimal:
    precision = chosen.unit.precision if chosen.unit.code == chosen.base.code else 4
    if isinstance(quantity, Decimal):
        return check_precision(quantity, precision, place)
    return parse_quantity(quantity, precision, place)


def allowed_by(actor: Actor, right: str, doc_id: str) -> str:
    grant = actor.granted(right, doc_id)
    return grant.operator if grant else ""


def noted(station: Station, actor: Actor, document: Document, right: str, number: int) -> Document:
    """The document with a record of the authorisation that this action used, if it used one."""
    grant = actor.granted(right, document.doc_id)
    if grant is None:
        return document
    entry = Authorisation(right=right, operator=grant.operator, at=station.clock.now(), place=f"line:{number}")
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))
