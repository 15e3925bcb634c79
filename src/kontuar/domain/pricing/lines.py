"""Lines while they are being priced: each in pieces, so that a line of 6,000 units costs what one of 6 costs."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

from kontuar.domain.pricing.basket import Adjustment, Basket, BasketLine, Settings
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, plain, scaled_quantity, times
from kontuar.domain.pricing.rules import Base, Given
from kontuar.kernel.rounding import ratio_to_whole

KEY_SCALE = 10**12
PRICE_SCALE = 10_000


class Piece:
    """Units of one line that share everything: `value` now, `listed` on the list, `start` when the step began.

    `tags`: pools and consumption groups that used these units; `bundle`: the bundle they are in; `used_by`: order of
    the bundle rule that took them last; `closed`, `document_closed`: no more discounts on goods, on the document.
    """

    __slots__ = (
        "bundle", "closed", "document_closed", "gift", "line", "listed", "q", "start", "tags", "used_by", "value",
    )  # fmt: skip

    def __init__(self, line: "LineState", q: int, listed: Exact, value: Exact) -> None:
        self.line = line
        self.q = q
        self.listed = listed
        self.value = value
        self.start = value
        self.tags: tuple[str, ...] = ()
        self.bundle = ""
        self.gift = False
        self.closed = self.document_closed = False
        self.used_by = -1

    def copy(self, line: "LineState") -> "Piece":
        """The same piece, of the copied line."""
        other = Piece.__new__(Piece)
        for name in Piece.__slots__:
            setattr(other, name, getattr(self, name))
        other.line = line
        return other

    def basis(self, base: Base) -> Exact:
        """The value that a percent is taken of (DISC-21)."""
        if base == "running":
            return self.value
        return self.listed if base == "list" else self.start

    def room(self) -> Exact:
        """What may still come off before the floor."""
        line = self.line
        return self.value - (times(line.floor, self.q, line.q) if line.floor else 0)

    def price_key(self, base: Base) -> int:
        """Orders pieces by unit price; untouched pieces by the price as it was given, not by a rounded value."""
        value = self.basis(base)
        if value == self.listed:
            return self.line.price_key
        return int(value * KEY_SCALE // self.q)

    def split(self, q: int) -> "Piece":
        """Take `q` of the units out as a piece of their own; all of them = this very piece."""
        if q == self.q:
            return self
        part = Piece(self.line, q, times(self.listed, q, self.q), times(self.value, q, self.q))
        part.start = times(self.start, q, self.q)
        part.tags, part.bundle, part.used_by = self.tags, self.bundle, self.used_by
        part.gift, part.closed, part.document_closed = self.gift, self.closed, self.document_closed
        self.q -= q
        self.listed = plain(self.listed - part.listed)
        self.value = plain(self.value - part.value)
        self.start = plain(self.start - part.start)
        self.line.pieces.append(part)
        return part


class LineState:
    """One line: `q` in ten-thousandths of the base unit, money in minor units of the document's direction.

    `unit_price` in ten-thousandths of a major unit. `open`: discounts may touch it. `key`: article with its groups.
    `counts`: it counts towards thresholds; `counts_frozen`: though rules on single lines leave it alone. `floor`: what
    it may not fall below.
    """

    __slots__ = (
        "_exponent",
        "adjustments",
        "counts",
        "counts_frozen",
        "floor",
        "has",
        "input",
        "key",
        "listed",
        "open",
        "pieces",
        "price_key_known",
        "q",
        "quantity",
        "rank",
        "unit_price",
        "value",
        "vat",
    )  # fmt: skip

    def __init__(self, line: BasketLine, rank: int, settings: Settings) -> None:
        sold = scaled_quantity(line.quantity)
        price = scaled_price(line.unit_price)
        shift = 10 ** (8 - settings.exponent)
        self._exponent = settings.exponent
        self.input = line
        self.rank = rank
        self.key = (line.article, line.groups)
        self.quantity = line.quantity if line.base_quantity is None else line.base_quantity
        self.q = sold if line.base_quantity is None else scaled_quantity(line.base_quantity)
        worth = price * sold
        self.listed = (2 * worth + shift) // (2 * shift) if worth >= 0 else ratio_to_whole(worth, shift)
        self.value = self.listed
        self.unit_price = price
        self.price_key_known: int | None = None
        self.vat = _NO_VAT if line.percent is None else line.percent
        self.floor = 0
        self.adjustments: list[Adjustment] = []
        self.has: list[str] = []
        self.open = not line.no_discount and self.q > 0
        self.counts, self.counts_frozen = True, False
        if line.least_price and self.q > 0:
            self.floor = min(-(-scaled_price(line.least_price) * sold // shift), self.listed)
        if line.frozen or line.carried:
            self._carry(line.frozen, settings.frozen_in_thresholds)
        elif line.only_bundles:
            self.counts = self.counts_frozen = settings.frozen_in_thresholds
        self.pieces = [Piece(self, self.q, self.listed, self.value)]

    @property
    def price_key(self) -> int:
        """The unit price as it was given, to order by."""
        key = self.price_key_known
        if key is None:
            sold, shift = scaled_quantity(self.input.quantity), 10 ** (8 - self._exponent)
            key = self.unit_price * sold * KEY_SCALE // (self.q * shift) if self.q else 0
            self.price_key_known = key
        return key

    def copy(self) -> "LineState":
        """The same state to try something on."""
        other = LineState.__new__(LineState)
        for name in LineState.__slots__:
            setattr(other, name, getattr(self, name))
        other.adjustments, other.has = list(self.adjustments), list(self.has)
        other.pieces = [piece.copy(other) for piece in self.pieces]
        return other

    def _carry(self, frozen: tuple[Adjustment, ...], counts: bool) -> None:
        """Discounts that the order gave stay as they are; the engine's own stay away from the line."""
        self.adjustments.extend(frozen)
        self.value += sum(adjustment.amount for adjustment in frozen)
        self.open = False
        self.counts = self.counts_frozen = counts

    def factor(self, given: Given, direction: str) -> tuple[int, int]:
        """What turns an amount written in `given` into the document's direction, at the line's own rate."""
        if given in ("document", direction) or not self.vat:
            return 1, 1
        top, bottom = (1 + self.vat / 100).as_integer_ratio()
        return (top, bottom) if direction == "gross" else (bottom, top)

    def sale_units(self, piece: Piece) -> Fraction:
        """The piece in units of sale."""
        return Fraction(self.input.quantity) * piece.q / self.q


_NO_VAT = Decimal(0)
_ARTICLE = attrgetter("article")


def open_lines(basket: Basket, settings: Settings) -> list[LineState]:
    """The lines in the order in which ties are settled."""
    lines: Sequence[BasketLine] = basket.lines
    if settings.ties == "article":
        lines = sorted(lines, key=_ARTICLE)
        if any(line.article == following.article for line, following in pairwise(lines)):
            lines = sorted(lines, key=_claim)
    return [LineState(line, rank, settings) for rank, line in enumerate(lines)]


def _claim(line: BasketLine) -> tuple[str, Decimal, Decimal, Decimal, str, str, int]:
    """Article, price, quantity, what was typed: all that tells lines apart; the number only between equal ones."""
    typed = "" if line.discount is None else f"{line.discount.kind} {line.discount.value}"
    return (line.article, -line.unit_price, -line.quantity, line.least_price, line.gift_of, typed, line.number)


@lru_cache(maxsize=32_768)
def scaled_price(price: Decimal) -> int:
    """Whole ten-thousandths of a major unit; a finer price is a bug."""
    result = price * PRICE_SCALE
    whole = int(result)
    assert whole == result, f"unit price {price} is finer than a ten-thousandth"
    return whole


def quantity_of(q: int) -> Decimal:
    """Ten-thousandths as a decimal."""
    return Decimal(q) / QUANTITY_SCALE
