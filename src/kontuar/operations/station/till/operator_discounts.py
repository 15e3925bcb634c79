"""What the operator gives on a line or on the document, within his limit, and prices he types (DISC-06, DOC-22)."""

from decimal import Decimal
from typing import Literal

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.ceilings import require_lower_on_header, require_lower_on_line
from kontuar.domain.documents.discounting import freed
from kontuar.domain.documents.document import Authorisation, Document, Line
from kontuar.domain.parties import rights
from kontuar.domain.pricing.basket import HeaderDiscount, LineDiscount
from kontuar.domain.pricing.operator import LINE_RULE
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.money import parse_amount, to_major
from kontuar.kernel.typed import MOST_TYPED, typed_decimal
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import saying, with_discounts
from kontuar.operations.station.till.drafts import lines_editable
from kontuar.operations.station.till.limits import limit_of, within_limit
from kontuar.operations.station.till.lines import allowed_by, noted

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
    """The price that discounts are reckoned from, typed; empty = the list's again (DOC-22, DISC-32).

    Below the list's it counts against the giver's limit: it is set no lower than that allows, and
    `discounts.problems` of the answer then says *discount.initial_price_raised*. The same price once more does not free
    a carried line of what it came with.
    """
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
    changed, raised = within_limit(station, document, changed)
    if line.carried and changed.initial_price == line.initial_price:
        return station.save(saying(document, raised))
    priced = with_discounts(station, lines.replace(document, freed(changed)))
    return station.save(saying(noted(station, actor, priced, rights.CHANGE_PRICE, number), raised))


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
    header = None
    if wanted:
        chosen: Literal["percent", "amount"] = "percent" if kind == "percent" else "amount"
        header = HeaderDiscount(
            kind=chosen, value=wanted, by=actor.operator, allowed_by=allowed_by(actor, rights.HEADER_DISCOUNT, doc_id),
            limit=limit_of(station, actor, document, rights.HEADER_DISCOUNT),
        )  # fmt: skip
    priced = with_discounts(station, _with_header(document, header))
    require_lower_on_header(document, priced)
    return station.save(_authorised(station, actor, priced))


def _give_on_line(
    station: Station, actor: Actor, doc_id: str, number: int, kind: Literal["percent", "price", "value"], value: Decimal
) -> Document:
    document = lines_editable(station, actor, doc_id)
    actor.require(rights.LINE_DISCOUNT, doc_id)
    line = _open_line(document, number)
    discount = LineDiscount(
        kind=kind, value=value, by=actor.operator, allowed_by=allowed_by(actor, rights.LINE_DISCOUNT, doc_id),
        limit=limit_of(station, actor, document, rights.LINE_DISCOUNT, number),
    )  # fmt: skip
    given = msgspec.structs.replace(line, discount=discount if value or kind != "percent" else None)
    priced = _without_nothing(with_discounts(station, lines.replace(document, given)), number)
    lines.storable(priced, lines.find(priced, number))
    _refuse_impossible(priced, number)
    require_lower_on_line(line, lines.find(priced, number), document.currency)
    return station.save(noted(station, actor, priced, rights.LINE_DISCOUNT, number))


def _open_line(document: Document, number: int) -> Line:
    """The line, unless a bundle that a coupon unlocked holds it: its price and discount are locked (DISC-32)."""
    line = lines.find(document, number)
    unlocked = {coupon.discount for coupon in document.discounts.coupons}
    if unlocked & set(line.has):
        raise refuse("discount.line_locked_by_coupon", f"line:{number}", name=line.name)
    return line


def _without_nothing(priced: Document, number: int) -> Document:
    """A discount that came to nothing is none."""
    line = lines.find(priced, number)
    given = any(one.rule == LINE_RULE for one in line.adjustments)
    if line.discount is None or given or _said(priced, f"line:{number}"):
        return priced
    return lines.replace(priced, msgspec.structs.replace(line, discount=None))


def _said(document: Document, place: str) -> list[Problem]:
    return [one for one in document.discounts.problems if one.place == place]


def _refuse_impossible(priced: Document, number: int) -> None:
    place = f"line:{number}"
    wrong = [one for one in _said(priced, place) if one.code != "discount.lowered"]
    if wrong:
        raise Refused(*wrong)


def _with_header(document: Document, header: HeaderDiscount | None) -> Document:
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, header=header))


def _authorised(station: Station, actor: Actor, document: Document) -> Document:
    grant = actor.granted(rights.HEADER_DISCOUNT, document.doc_id)
    if grant is None:
        return document
    entry = Authorisation(right=grant.right, operator=grant.operator, at=station.clock.now(), place="header")
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))


def _decimal(text: str, number: int, place: str = "") -> Decimal:
    value = typed_decimal(text)
    if value is None or not value.is_finite():
        raise refuse("amount.unreadable", place or f"line:{number}", text=text[:MOST_TYPED])
    return value
