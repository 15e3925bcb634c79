"""What the operator gives on a line or on the document, within his limit, and prices he types (DISC-06, DOC-22)."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Literal

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.discounting import OPERATOR
from kontuar.domain.documents.document import Authorisation, Document, Line
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.basket import Adjustment, HeaderDiscount, LineDiscount, OperatorLimit
from kontuar.domain.pricing.operator import HEADER_RULE, LINE_RULE
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.money import Minor, parse_amount, to_major
from kontuar.kernel.typed import MOST_TYPED, typed_decimal
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import with_discounts
from kontuar.operations.station.till.drafts import lines_editable
from kontuar.operations.station.till.lines import allowed_by, noted

CENT = Decimal("0.01")
WHOLE = Decimal(100)


def change_price(station: Station, actor: Actor, doc_id: str, number: int, price: str) -> Document:
    """What one unit shall cost in the end; below the initial price it is a discount, above it a surcharge.

    Needs the right or an authorisation, which the document keeps. As much as the giver's limit allows is given;
    `discounts.problems` of the answer then says *discount.lowered*. Raises `Refused("discount.not_allowed" |
    "discount.line_in_bundle" | "discount.only_lower" | "price.…")`.
    """
    value = _decimal(price, number)
    lines.check_price(value, number)
    return _give_on_line(station, actor, doc_id, number, "price", value)


def change_value(station: Station, actor: Actor, doc_id: str, number: int, value: str) -> Document:
    """What the whole line shall cost; as `change_price`."""
    document = lines_editable(station, actor, doc_id)
    amount = parse_amount(value, document.currency, f"line:{number}")
    if amount < 0:
        raise refuse("price.below_zero", f"line:{number}")
    return _give_on_line(station, actor, doc_id, number, "value", to_major(amount, document.currency))


def change_by_percent(station: Station, actor: Actor, doc_id: str, number: int, percent: str) -> Document:
    """So many per cent off what the line costs after all other discounts; below zero: on it; 0 takes it back."""
    value = _decimal(percent, number)
    if not -1000 <= value <= WHOLE:
        raise refuse("discount.percent_out_of_range", f"line:{number}", percent=str(value)[:20])
    return _give_on_line(station, actor, doc_id, number, "percent", value)


def change_initial_price(station: Station, actor: Actor, doc_id: str, number: int, price: str) -> Document:
    """The price that discounts are reckoned from, typed; empty = the list's again (DOC-22, DISC-32)."""
    document = lines_editable(station, actor, doc_id)
    actor.require(rights.CHANGE_PRICE, doc_id)
    line = _open_line(document, number)
    if not price.strip():
        fresh = msgspec.structs.replace(line, initial_price=line.base_price, initial_by="", initial_allowed_by="")
        changed = lines.undiscounted(fresh, document.currency)
    else:
        changed = lines.with_initial_price(
            line, _decimal(price, number), document.currency, by=actor.operator,
            allowed_by=allowed_by(actor, rights.CHANGE_PRICE, doc_id),
        )  # fmt: skip
    priced = with_discounts(station, lines.replace(document, msgspec.structs.replace(changed, carried=False)))
    return station.save(noted(station, actor, priced, rights.CHANGE_PRICE, number))


def give_header_discount(station: Station, actor: Actor, doc_id: str, kind: str, value: str) -> Document:
    """A percent or an amount (major units) off the whole document; 0 or empty takes it back (DISC-06).

    Raises `Refused("discount.kind_unknown" | "discount.percent_out_of_range" | "price.below_zero" |
    "discount.only_lower")`.
    """
    document = lines_editable(station, actor, doc_id)
    actor.require(rights.HEADER_DISCOUNT, doc_id)
    if kind not in ("percent", "amount"):
        raise refuse("discount.kind_unknown", "header", kind=kind[:20])
    wanted = _decimal(value, 0, "header") if value.strip() else Decimal(0)
    if wanted < 0:
        raise refuse("price.below_zero", "header")
    if kind == "percent" and wanted > WHOLE:
        raise refuse("discount.percent_out_of_range", "header", percent=str(wanted)[:20])
    _require_lower_header(document, kind, wanted)
    header = None
    if wanted:
        chosen: Literal["percent", "amount"] = "percent" if kind == "percent" else "amount"
        header = HeaderDiscount(
            kind=chosen, value=wanted, by=actor.operator, allowed_by=allowed_by(actor, rights.HEADER_DISCOUNT, doc_id),
            limit=limit_of(station, actor, doc_id, rights.HEADER_DISCOUNT),
        )  # fmt: skip
    priced, lowered = _within_limit(station, _with_header(document, header), "header")
    priced = _authorised(station, actor, priced)
    return station.save(_saying(priced, lowered))


def limit_of(station: Station, actor: Actor, doc_id: str, right: str) -> OperatorLimit:
    """What he may give who gives, or who allowed it."""
    grant = actor.granted(right, doc_id)
    giver = station.books.definitions.get(Operator, grant.operator if grant else actor.operator)
    if giver is None:
        return OperatorLimit()
    return OperatorLimit(percent=giver.discount_percent, amount=giver.discount_amount)


def _give_on_line(
    station: Station, actor: Actor, doc_id: str, number: int, kind: Literal["percent", "price", "value"], value: Decimal
) -> Document:
    document = lines_editable(station, actor, doc_id)
    actor.require(rights.CHANGE_PRICE, doc_id)
    line = _open_line(document, number)
    discount = LineDiscount(
        kind=kind, value=value, by=actor.operator, allowed_by=allowed_by(actor, rights.CHANGE_PRICE, doc_id),
        limit=limit_of(station, actor, doc_id, rights.CHANGE_PRICE),
    )  # fmt: skip
    given = msgspec.structs.replace(line, discount=discount if value or kind != "percent" else None)
    priced, lowered = _within_limit(station, lines.replace(document, given), f"line:{number}")
    lines.storable(priced, lines.find(priced, number))
    _refuse_impossible(priced, number)
    if line.carried:
        _require_lower(line, lines.find(priced, number))
    return station.save(_saying(noted(station, actor, priced, rights.CHANGE_PRICE, number), lowered))


def _open_line(document: Document, number: int) -> Line:
    """The line, unless a bundle that a coupon unlocked holds it: its price and discount are locked (DISC-32)."""
    line = lines.find(document, number)
    unlocked = {coupon.discount for coupon in document.discounts.coupons}
    if unlocked & set(line.has):
        raise refuse("discount.line_locked_by_coupon", f"line:{number}", name=line.name)
    return line


def _within_limit(station: Station, document: Document, place: str) -> tuple[Document, Problem | None]:
    """The priced document. What the limit lowered is written down as it was granted, and said once."""
    priced = with_discounts(station, document)
    said = ("discount.lowered", place)
    lowered = next((one for one in priced.discounts.problems if (one.code, one.place) == said), None)
    if lowered is None:
        return _without_nothing(priced, place), None
    if place == "header":
        granted = with_discounts(station, _with_header(document, _granted_header(priced)))
    else:
        line = lines.find(priced, int(place.removeprefix("line:")))
        kept = msgspec.structs.replace(line, discount=_granted(line, priced.currency))
        granted = with_discounts(station, lines.replace(document, kept))
    return _without_nothing(granted, place), lowered


def _granted(line: Line, currency: str) -> LineDiscount | None:
    """The discount that comes to what the limit left of it."""
    given = _operators(line, LINE_RULE)
    if given is None or line.discount is None:
        return None
    if line.discount.kind == "percent":
        percent = (Decimal(-given.amount * 100) / given.base).quantize(CENT, ROUND_DOWN)
        percent = min(percent, line.discount.limit.percent or percent)
        return msgspec.structs.replace(line.discount, value=percent)
    after = to_major(given.after, currency)
    if line.discount.kind == "value":
        return msgspec.structs.replace(line.discount, value=after)
    return msgspec.structs.replace(line.discount, value=(after / line.quantity).quantize(CENT, ROUND_UP))


def _granted_header(priced: Document) -> HeaderDiscount | None:
    header = priced.discounts.header
    given = -sum(one.amount for line in priced.lines for one in line.adjustments if one.rule == HEADER_RULE)
    if header is None or not given:
        return None
    return msgspec.structs.replace(header, kind="amount", value=to_major(Minor(given), priced.currency))


def _without_nothing(priced: Document, place: str) -> Document:
    """A discount that came to nothing is none."""
    if place == "header" or not place:
        return priced
    line = lines.find(priced, int(place.removeprefix("line:")))
    if line.discount is None or _operators(line, LINE_RULE) is not None or priced.discounts.problems:
        return priced
    return lines.replace(priced, msgspec.structs.replace(line, discount=None))


def _operators(line: Line, rule: str) -> Adjustment | None:
    return next((one for one in line.adjustments if one.source == OPERATOR and one.rule == rule), None)


def _refuse_impossible(priced: Document, number: int) -> None:
    place = f"line:{number}"
    wrong = [one for one in priced.discounts.problems if one.place == place and one.code != "discount.lowered"]
    if wrong:
        raise Refused(*wrong)


def _require_lower(before: Line, after: Line) -> None:
    """On a continued document the operator's discount may only be lowered (PARK-12)."""
    was, now = _operators(before, LINE_RULE), _operators(after, LINE_RULE)
    most = -was.amount if was else 0
    if now is not None and -now.amount > most:
        raise refuse("discount.only_lower", f"line:{before.number}", most=str(most / WHOLE))


def _require_lower_header(document: Document, kind: str, wanted: Decimal) -> None:
    """A percent that came with a continued document may only be lowered (PARK-12)."""
    before = document.discounts.header
    if before is None or before.kind != "percent" or not any(line.carried for line in document.lines):
        return
    if kind != "percent" or wanted > before.value:
        raise refuse("discount.only_lower", "header", most=f"{before.value.normalize():f}%")


def _with_header(document: Document, header: HeaderDiscount | None) -> Document:
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, header=header))


def _authorised(station: Station, actor: Actor, document: Document) -> Document:
    grant = actor.granted(rights.HEADER_DISCOUNT, document.doc_id)
    if grant is None:
        return document
    entry = Authorisation(right=grant.right, operator=grant.operator, at=station.clock.now(), place="header")
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))


def _saying(document: Document, problem: Problem | None) -> Document:
    """The document that tells once what was lowered; the next reckoning forgets it."""
    if problem is None:
        return document
    said = msgspec.structs.replace(document.discounts, problems=(*document.discounts.problems, problem))
    return msgspec.structs.replace(document, discounts=said)


def _decimal(text: str, number: int, place: str = "") -> Decimal:
    value = typed_decimal(text)
    if value is None or not value.is_finite():
        raise refuse("amount.unreadable", place or f"line:{number}", text=text[:MOST_TYPED])
    return value
