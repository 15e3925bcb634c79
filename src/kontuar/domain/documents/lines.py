"""Lines of a draft: made, changed, removed; pure, the totals always follow."""

from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article, Unit, VatRate
from kontuar.domain.documents import ceilings
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.pricing.line_prices import UnitPrice
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import PRICE_PLACES, exponent_of, line_value, to_major
from kontuar.kernel.quantity import LIMIT, check_precision, from_base, to_base
from kontuar.kernel.rounding import half_up

MAX_LINES = 2000
MAX_TOTAL = 10**14
"""Minor units; head office parks documents of ten times as much."""


class UnitOfArticle(msgspec.Struct, frozen=True):
    """A unit that an article is sold in. `factor`: how many of it make one base unit (1 for the base unit)."""

    unit: Unit
    base: Unit
    factor: Decimal
    round_up: bool


def unit_of(article: Article, code: str, units: dict[str, Unit]) -> UnitOfArticle:
    """The article's unit by code; raises `Refused("unit.unknown")`."""
    base = units.get(article.unit)
    if base is None:
        raise refuse("unit.unknown", "unit", unit=article.unit, name=article.name)
    if code == article.unit:
        return UnitOfArticle(base, base, Decimal(1), False)
    for auxiliary in article.units:
        if auxiliary.unit == code and code in units:
            return UnitOfArticle(units[code], base, auxiliary.factor, auxiliary.round_up)
    raise refuse("unit.unknown", "unit", unit=code, name=article.name)


def quantities(chosen: UnitOfArticle, quantity: Decimal, place: str) -> tuple[Decimal, Decimal]:
    """(quantity in the unit, base quantity) after the base unit's precision had its say (DOC-23)."""
    if quantity <= 0:
        raise refuse("line.quantity_zero", place, name="")
    if chosen.unit.code == chosen.base.code:
        exact = check_precision(quantity, chosen.base.precision, place)
        return exact, exact
    check_precision(quantity, 4, place)
    base = to_base(quantity, chosen.factor, chosen.base.precision, round_up=chosen.round_up)
    if base <= 0:
        raise refuse("line.quantity_zero", place, name="")
    return from_base(base, chosen.factor), base


def new_line(
    document: Document,
    article: Article,
    chosen: UnitOfArticle,
    quantity: Decimal,
    price: UnitPrice,
    vat: VatRate,
    *,
    ean: str = "",
    handler: str = "",
) -> Line:
    """A line at its list price; `number` is the document's next one."""
    place = f"line:{document.next_line}"
    in_unit, in_base = quantities(chosen, quantity, place)
    return Line(
        number=document.next_line, article=article.code, name=article.name, kind=article.kind,
        unit=chosen.unit.code, precision=chosen.unit.precision, quantity=in_unit, base_quantity=in_base,
        base_price=price.price, initial_price=price.price, price=price.price,
        value=line_value(price.price, in_unit, document.currency),
        vat=vat.code, percent=vat.percent, letter=vat.letter,
        warehouse=document.warehouse, ean=ean, price_row=price.row, handler=handler,
        split_payment=article.split_payment, reverse_charge=article.reverse_charge,
    )  # fmt: skip


def add(document: Document, line: Line) -> Document:
    """The document with the line at its end; raises `Refused("document.too_many_lines")`."""
    return storable(with_totals(grown(document, line)), line)


def grown(document: Document, line: Line) -> Document:
    """As `add`, for whoever prices the document next: its totals are still those before, and nobody asked whether what
    comes of it is `storable`."""
    if len(document.lines) >= MAX_LINES:
        raise refuse("document.too_many_lines", limit=MAX_LINES)
    return msgspec.structs.replace(document, lines=(*document.lines, line), next_line=document.next_line + 1)


def find(document: Document, number: int) -> Line:
    """The line by number; raises `Refused("line.unknown")`."""
    for line in document.lines:
        if line.number == number:
            return line
    raise refuse("line.unknown", f"line:{number}")


def replace(document: Document, line: Line) -> Document:
    """The document with the line of that number exchanged."""
    find(document, line.number)
    lines = tuple(line if known.number == line.number else known for known in document.lines)
    return storable(with_totals(msgspec.structs.replace(document, lines=lines)), line)


def remove(document: Document, number: int) -> Document:
    """The document without the line; its number is not used again."""
    find(document, number)
    lines = tuple(line for line in document.lines if line.number != number)
    return with_totals(msgspec.structs.replace(document, lines=lines))


def with_quantity(line: Line, chosen: UnitOfArticle, quantity: Decimal, currency: str) -> Line:
    """Another quantity of the same article, perhaps in another unit: then `in_unit` says at what price.

    What the operator gave stays, but for a typed value of the line: it was meant for so many base units as there were.
    """
    in_unit, in_base = quantities(chosen, quantity, f"line:{line.number}")
    discount = line.discount
    if discount is not None and discount.kind == "value" and in_base != line.base_quantity:
        discount = None
    changed = msgspec.structs.replace(
        line, unit=chosen.unit.code, precision=chosen.unit.precision, quantity=in_unit, base_quantity=in_base,
        discount=discount, carried=False, only_bundles=False, promised=None,
    )  # fmt: skip
    return undiscounted(changed, currency)


def in_unit(line: Line, was: Line, base: UnitPrice, currency: str) -> Line:
    """A line that was sold in another unit, at the list's price of the new one; typed prices go along.

    10.00 typed for a carton of 12 pieces becomes 0.8333 for a piece.
    """
    times = (was.quantity / was.base_quantity) / (line.quantity / line.base_quantity)
    discount = line.discount
    if discount is not None and discount.kind == "price":
        discount = msgspec.structs.replace(discount, value=half_up(discount.value * times, PRICE_PLACES))
    typed = half_up(line.initial_price * times, PRICE_PLACES) if line.initial_by else base.price
    fresh = msgspec.structs.replace(
        line, base_price=base.price, price_row=base.row, initial_price=typed, discount=discount
    )
    return undiscounted(fresh, currency)


def undiscounted(line: Line, currency: str) -> Line:
    """The line at its initial price, before any discount is reckoned."""
    value = line_value(line.initial_price, line.quantity, currency)
    return msgspec.structs.replace(line, price=line.initial_price, value=value, adjustments=(), has=(), could=())


def at_list_price(line: Line, base: UnitPrice, currency: str) -> Line:
    """The line at the list's price: a typed initial price is forgotten, what the operator gave is not."""
    fresh = msgspec.structs.replace(
        line, base_price=base.price, initial_price=base.price, price_row=base.row, initial_by="", initial_allowed_by=""
    )
    return undiscounted(fresh, currency)


def with_initial_price(line: Line, price: Decimal, currency: str, *, by: str, allowed_by: str = "") -> Line:
    """A typed initial price, from which discounts are reckoned (DOC-22).

    Raises `Refused("price.below_zero" | "price.too_large" | "price.too_precise")`.
    """
    check_price(price, line.number)
    fresh = msgspec.structs.replace(line, initial_price=price, initial_by=by, initial_allowed_by=allowed_by)
    return undiscounted(fresh, currency)


def turned(line: Line, base: UnitPrice, percent: Decimal | None, was: Direction, currency: str) -> Line:
    """A line on which somebody decided, in the other direction: worth the same to who pays (SALE-07).

    `base`: the list's price in the new direction; `percent` the VAT that the decided prices held or were without.
    A price of 10.00 gross at 23% becomes 8.1301 net. Discounts are then to be reckoned anew.
    """
    share = percent or Decimal(0)
    factor = 100 / (100 + share) if was == "gross" else (100 + share) / 100
    discount = line.discount
    if discount is not None and discount.kind != "percent":
        places = PRICE_PLACES if discount.kind == "price" else exponent_of(currency)
        discount = msgspec.structs.replace(discount, value=half_up(discount.value * factor, places))
    typed = half_up(line.initial_price * factor, PRICE_PLACES) if line.initial_by else base.price
    fresh = msgspec.structs.replace(
        line, base_price=base.price, initial_price=typed, price_row=base.row, discount=discount, carried=False,
        only_bundles=False, promised=None, given_most=ceilings.turned(line.given_most, factor),
    )  # fmt: skip
    return undiscounted(fresh, currency)


def storable(document: Document, line: Line) -> Document:
    """The document; refused where a figure, by the line just written, outgrows what ledgers and head office hold.

    Raises `Refused("quantity.too_large" | "amount.too_large")`.
    """
    place = f"line:{line.number}"
    totals = document.totals
    if max(line.quantity, line.base_quantity, totals.quantity) >= LIMIT:
        raise refuse("quantity.too_large", place, quantity=line.quantity)
    if max(totals.gross, totals.base_sum, totals.initial_sum) >= MAX_TOTAL:
        raise refuse("amount.too_large", place, text=to_major(line.value, document.currency))
    return document


def check_price(price: Decimal, number: int) -> None:
    """Raises `Refused("price.below_zero" | "price.too_large" | "price.too_precise")`."""
    place = f"line:{number}"
    if not price.is_finite() or price < 0:
        raise refuse("price.below_zero", place)
    if price >= Decimal(10) ** 8:
        raise refuse("price.too_large", place)
    if half_up(price, PRICE_PLACES) != price:
        raise refuse("price.too_precise", place, places=PRICE_PLACES)
