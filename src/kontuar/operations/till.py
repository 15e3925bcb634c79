"""The cashier's work on a draft: begin, add, change, remove, give up; each change durable (DOC-20 … DOC-24)."""

import datetime
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article, PriceList
from kontuar.domain.catalogue.scanned import read_scan, schemes_from
from kontuar.domain.documents import life, lines
from kontuar.domain.documents.document import Authorisation, Buyer, Document, Line
from kontuar.domain.documents.messages import DraftDiscarded, LineVoided
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Reason
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator
from kontuar.domain.pricing.line_prices import UnitPrice, list_price
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.money import parse_amount
from kontuar.kernel.quantity import check_precision, parse_quantity
from kontuar.kernel.typed import MOST_TYPED, typed_decimal
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import CodeMatch
from kontuar.operations.station import Station

MAX_TEXT = 200
SCANS = "latest_scans"
SCANS_KEPT = 40
TEXT_FIELDS = frozenset({"order_number", "foreign_number", "description"})


def begin(station: Station, actor: Actor, document_type: str) -> Document:
    """A new draft of a type; it has an identity at once and a number only when approved (DOC-01)."""
    kind = type_of(document_type)
    actor.require(kind.issue_right)
    document = Document(
        doc_id=station.ids.new_id(), type=document_type, created_at=station.clock.now(), created_by=actor.operator,
        store=station.identity.store, station=station.identity.station, warehouse=station.warehouse(),
        register=station.register(), handler=actor.operator, currency=station.firm().currency,
        direction=_direction(station), buyer=_walk_in(station), price_list=station.store().price_list,
        definitions=station.books.definitions.version(), business_day=station.business_day(),
    )  # fmt: skip
    return station.save(document)


def resume(station: Station, actor: Actor, document_type: str) -> Document | None:
    """The draft of that type that was being edited here, if any (REL-20)."""
    actor.require(type_of(document_type).issue_right)
    return station.books.drafts.newest(document_type)


def look_at(station: Station, actor: Actor, doc_id: str) -> Document:
    """The draft as last saved; raises `Refused("draft.not_found")`."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    return document


def scan(
    station: Station, actor: Actor, doc_id: str, code: str, quantity: str | Decimal = Decimal(1), scan_id: str = ""
) -> Document:
    """Add what a code names: an EAN or an article code. A `scan_id` seen before adds nothing (its answer was lost).

    Raises `Refused("article.code_unknown" | "article.code_ambiguous" | "article.inactive" | "price.missing" | …)`.
    """
    if scan_id and scan_id in _scans(station):
        return look_at(station, actor, doc_id)
    document = _editable(station, actor, doc_id)
    match, amount = _scanned(station, code.strip(), quantity)
    grown = _with_article(station, actor, document, match, amount, code.strip())
    with station.books.transaction():
        if scan_id:
            station.books.set_fact(SCANS, " ".join([*_scans(station), scan_id[:64]][-SCANS_KEPT:]))
        return station.save(grown)


def add_article(station: Station, actor: Actor, doc_id: str, article: str, quantity: str | Decimal = "1") -> Document:
    """Add an article chosen from the list, in its base unit."""
    document = _editable(station, actor, doc_id)
    match = CodeMatch(article, _article(station, article).unit)
    return station.save(_with_article(station, actor, document, match, quantity, article))


def change_quantity(
    station: Station, actor: Actor, doc_id: str, number: int, quantity: str | Decimal, unit: str = ""
) -> Document:
    """Another quantity, perhaps in another unit of the article (DOC-23)."""
    document = _editable(station, actor, doc_id)
    line = lines.find(document, number)
    article = _article(station, line.article)
    chosen = lines.unit_of(article, unit or line.unit, station.units())
    amount = _quantity(quantity, chosen, f"line:{number}")
    changed = lines.with_quantity(line, chosen, amount, document.currency)
    if chosen.unit.code != line.unit:
        price = _price(station, document, article, chosen)
        changed = msgspec.structs.replace(
            changed, base_price=price.price, initial_price=price.price, price_row=price.row, typed=""
        )
        changed = lines.at_list_price(changed, document.currency)
    grown = _noted(station, actor, lines.replace(document, changed), rights.VOID_LINE, number)
    taken_off = line.base_quantity - changed.base_quantity
    if taken_off <= 0:
        return station.save(grown)
    actor.require(rights.VOID_LINE, doc_id)
    worth = max(line.value - changed.value, 0)
    return _voided(
        station, actor, grown, LineVoided(doc_id=doc_id, article=line.article, quantity=taken_off, value=worth)
    )


def change_price(station: Station, actor: Actor, doc_id: str, number: int, price: str) -> Document:
    """A typed unit price; needs the right or an authorisation, which the document keeps (DOC-22)."""
    document = _editable(station, actor, doc_id)
    actor.require(rights.CHANGE_PRICE, doc_id)
    line = lines.find(document, number)
    value = typed_decimal(price)
    if value is None:
        raise refuse("amount.unreadable", f"line:{number}", text=price[:MOST_TYPED])
    changed = lines.with_price(
        line, value, document.currency, by=actor.operator, allowed_by=_allowed_by(actor, rights.CHANGE_PRICE, doc_id)
    )
    return station.save(_noted(station, actor, lines.replace(document, changed), rights.CHANGE_PRICE, number))


def change_value(station: Station, actor: Actor, doc_id: str, number: int, value: str) -> Document:
    """A typed value for the whole line; needs the right or an authorisation."""
    document = _editable(station, actor, doc_id)
    actor.require(rights.CHANGE_PRICE, doc_id)
    line = lines.find(document, number)
    amount = parse_amount(value, document.currency, f"line:{number}")
    changed = lines.with_value(
        line, amount, document.currency, by=actor.operator, allowed_by=_allowed_by(actor, rights.CHANGE_PRICE, doc_id)
    )
    return station.save(_noted(station, actor, lines.replace(document, changed), rights.CHANGE_PRICE, number))


def remove_line(station: Station, actor: Actor, doc_id: str, number: int) -> Document:
    """Take a line off; head office is told (loss prevention)."""
    document = _editable(station, actor, doc_id)
    actor.require(rights.VOID_LINE, doc_id)
    line = lines.find(document, number)
    changed = _noted(station, actor, lines.remove(document, number), rights.VOID_LINE, number)
    body = LineVoided(doc_id=doc_id, article=line.article, quantity=line.base_quantity, value=line.value)
    return _voided(station, actor, changed, body)


def set_buyer(station: Station, actor: Actor, doc_id: str, contractor: str) -> Document:
    """Choose the contractor, or the walk-in customer; prices follow (DOC-27)."""
    document = _editable(station, actor, doc_id)
    found = station.books.definitions.get(Contractor, contractor)
    if found is None or not found.active:
        raise refuse("contractor.not_found", "contractor", contractor=contractor)
    buyer = _buyer(found)
    price_list = found.price_list or station.store().price_list
    changed = msgspec.structs.replace(document, buyer=buyer, price_list=price_list)
    return station.save(reprice(station, changed))


def set_text(station: Station, actor: Actor, doc_id: str, field: str, text: str) -> Document:
    """Order number, foreign number or description (SALE-01)."""
    document = _editable(station, actor, doc_id)
    if field not in TEXT_FIELDS:
        raise refuse("field.unknown", f"field:{field[:40]}")
    if len(text) > MAX_TEXT:
        raise refuse("text.too_long", f"field:{field}", limit=MAX_TEXT)
    return station.save(msgspec.structs.replace(document, **{field: text.strip()}))


def set_handler(station: Station, actor: Actor, doc_id: str, handler: str) -> Document:
    """Who serves the document (DOC-26)."""
    document = _editable(station, actor, doc_id)
    operator = station.books.definitions.get(Operator, handler)
    if operator is None or not operator.active:
        raise refuse("operator.not_found", "handler", operator=handler)
    return station.save(msgspec.structs.replace(document, handler=handler))


def set_reason(station: Station, actor: Actor, doc_id: str, reason: str) -> Document:
    """A reason from the dictionary for this type of document."""
    document = _editable(station, actor, doc_id)
    found = station.books.definitions.get(Reason, reason)
    if found is None or not found.active or document.type not in found.document_types:
        raise refuse("reason.not_found", "reason", reason=reason)
    return station.save(msgspec.structs.replace(document, reason=reason))


def discard(station: Station, actor: Actor, doc_id: str) -> None:
    """Throw the draft away; one with lines is told to head office. Card money taken keeps it (PAY-02)."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    if any(payment.kind == "card" for payment in document.payments) or station.books.cards.unfinished(doc_id):
        raise refuse("payment.card_taken", "payment")
    step = type_of(document.type).life.steps[document.state, life.DISCARD]
    if document.lines and step.right is not None:
        actor.require(step.right, doc_id)
    body = DraftDiscarded(
        doc_id=doc_id, document_type=document.type, lines=len(document.lines), gross=document.totals.gross
    )
    with station.books.transaction():
        station.books.drafts.remove(doc_id)
        if document.lines:
            station.announce("draft.discarded/1", station.ids.new_id(), body, actor.operator)
            station.count("voided_drafts")
    station.committed()


def reprice(station: Station, document: Document) -> Document:
    """All lines at the prices and VAT rates of the business day, typed prices kept; the document names version and day.

    Raises `Refused("price.missing" | "vat.unknown" | "article.not_found" | "unit.unknown")`, with every line it is
    about: nothing is sold at a price that does not hold any more.
    """
    day = station.business_day()
    version = station.books.definitions.version()
    result = msgspec.structs.replace(document, definitions=version, business_day=day)
    problems: list[Problem] = []
    for line in document.lines if type_of(document.type).lines == "priced" else ():
        try:
            result = lines.replace(result, _repriced(station, result, line, day))
        except Refused as refusal:
            problems += [Problem(each.code, f"line:{line.number}", each.facts) for each in refusal.problems]
    if problems:
        raise Refused(*problems)
    return result


def _repriced(station: Station, document: Document, line: Line, day: datetime.date) -> Line:
    article = _article(station, line.article)
    vat = station.vat_rate(article.vat, day)
    fresh = msgspec.structs.replace(line, vat=vat.code, percent=vat.percent, letter=vat.letter)
    if line.typed:
        return fresh
    price = _price(station, document, article, lines.unit_of(article, line.unit, station.units()))
    fresh = msgspec.structs.replace(fresh, base_price=price.price, initial_price=price.price, price_row=price.row)
    return lines.at_list_price(fresh, document.currency)


def _voided(station: Station, actor: Actor, document: Document, body: LineVoided) -> Document:
    """Keep the draft and tell head office what was taken off it, in one transaction (loss prevention)."""
    with station.books.transaction():
        station.save(document)
        station.announce("line.voided/1", station.ids.new_id(), body, actor.operator)
        station.count("voided_lines")
    station.committed()
    return document


def _editable(station: Station, actor: Actor, doc_id: str) -> Document:
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    if document.payments and type_of(document.type).paid:
        raise refuse("payment.clear_first", "payment")
    station.require_no_open_card(doc_id)
    return document


def _with_article(
    station: Station, actor: Actor, document: Document, match: CodeMatch, quantity: str | Decimal, code: str
) -> Document:
    article = station.books.definitions.get(Article, match.article)
    if article is None or not article.active:
        raise refuse("article.inactive", "article", article=match.article)
    return _added(station, document, _line(station, actor, document, article, match, quantity, code))


def _scans(station: Station) -> list[str]:
    """The latest scans of this station: they outlive a crash with the draft, and never grow."""
    return station.books.fact(SCANS).split()


def _added(station: Station, document: Document, line: Line) -> Document:
    """A new line, or more of an equal one where the parameter says so."""
    if station.parameters().yes("sale.merge_same_article"):
        for known in document.lines:
            if (known.article, known.unit, known.typed, known.price_row) == (
                line.article, line.unit, "", line.price_row
            ):  # fmt: skip
                grown = msgspec.structs.replace(
                    known, quantity=known.quantity + line.quantity,
                    base_quantity=known.base_quantity + line.base_quantity,
                )  # fmt: skip
                return lines.replace(document, lines.at_list_price(grown, document.currency))
    return lines.add(document, line)


def _line(
    station: Station, actor: Actor, document: Document, article: Article, match: CodeMatch,
    quantity: str | Decimal, code: str,
) -> Line:  # fmt: skip
    kind = type_of(document.type)
    if kind.lines == "none" or (kind.family == "goods" and article.kind == "service"):
        raise refuse("document.takes_no_such_line", "article", name=article.name)
    chosen = lines.unit_of(article, match.unit, station.units())
    amount = _quantity(quantity, chosen, f"line:{document.next_line}")
    price = _price(station, document, article, chosen) if kind.lines == "priced" else UnitPrice(Decimal(0), "")
    vat = station.vat_rate(article.vat, station.business_day())
    ean = code if code != article.code else ""
    return lines.new_line(document, article, chosen, amount, price, vat, ean=ean, handler=actor.operator)


def _price(station: Station, document: Document, article: Article, chosen: lines.UnitOfArticle) -> UnitPrice:
    day = station.business_day()
    definitions = station.books.definitions
    codes = dict.fromkeys([document.price_list, station.store().price_list])
    lists = tuple(found for code in codes if (found := definitions.get(PriceList, code)) is not None)
    percent = station.vat_rate(article.vat, day).percent
    return list_price(
        article, chosen.unit.code, chosen.factor, percent, lists=lists,
        find=lambda price_list, code, unit: definitions.price_on(price_list, code, unit, day.isoformat()),
        direction=document.direction,
    )  # fmt: skip


def _scanned(station: Station, code: str, quantity: str | Decimal) -> tuple[CodeMatch, str | Decimal]:
    """What a code names and how much of it: an EAN or code as it stands, else what a label carries inside."""
    if station.books.definitions.by_code(code):
        return _one_match(station, code), quantity
    inside = read_scan(code, schemes_from(station.parameters().text("scan.in_store_codes")))
    # A label that carries a price is not read yet: unknown is better than one piece at the price of a kilogram.
    if inside.kind in ("article", "in_store", "gs1") and inside.code != code and inside.price is None:
        return _one_match(station, inside.code), inside.weight_kg or inside.quantity or quantity
    return _one_match(station, code), quantity


def _one_match(station: Station, code: str) -> CodeMatch:
    if not code:
        raise refuse("article.code_empty", "article")
    matches = station.books.definitions.by_code(code)
    if not matches:
        raise refuse("article.code_unknown", "article", code_text=code[:60])
    if len({match.article for match in matches}) > 1:
        raise refuse("article.code_ambiguous", "article", code_text=code[:60])
    return matches[0]


def _article(station: Station, code: str) -> Article:
    article = station.books.definitions.get(Article, code)
    if article is None:
        raise refuse("article.not_found", "article", article=code)
    return article


def _quantity(quantity: str | Decimal, chosen: lines.UnitOfArticle, place: str) -> Decimal:
    precision = chosen.unit.precision if chosen.unit.code == chosen.base.code else 4
    if isinstance(quantity, Decimal):
        return check_precision(quantity, precision, place)
    return parse_quantity(quantity, precision, place)


def _allowed_by(actor: Actor, right: str, doc_id: str) -> str:
    grant = actor.granted(right, doc_id)
    return grant.operator if grant else ""


def _noted(station: Station, actor: Actor, document: Document, right: str, number: int) -> Document:
    """The document with a record of the authorisation that this action used, if it used one."""
    grant = actor.granted(right, document.doc_id)
    if grant is None:
        return document
    entry = Authorisation(right=right, operator=grant.operator, at=station.clock.now(), place=f"line:{number}")
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))


def _buyer(contractor: Contractor) -> Buyer:
    return Buyer(
        code=contractor.code, name=contractor.name, kind=contractor.kind, tax_number=contractor.tax_number,
        street=contractor.street, postal_code=contractor.postal_code, city=contractor.city,
        country=contractor.country, loyalty_card=contractor.loyalty_card,
    )  # fmt: skip


def _walk_in(station: Station) -> Buyer:
    found = station.books.definitions.get(Contractor, UNDEFINED)
    return _buyer(found) if found else Buyer(code=UNDEFINED, name="")


def _direction(station: Station) -> Direction:
    return "net" if station.parameters().text("sale.vat_direction") == "net" else "gross"
