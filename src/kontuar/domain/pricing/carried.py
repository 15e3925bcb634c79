"""What a continued document brought: it counts towards limits per document, and stays as long as it is whole.

A carried line keeps what it was given (PARK-12, DISC-30), except where the condition is known to be gone: the discount
was for a buyer who is not the document's any more, or a unit of its bundle left the line it was on. Then the line, and
every line that a bundle binds to it, is reckoned anew as if it were just sold.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from kontuar.domain.pricing.basket import Adjustment, Application, Basket, BasketLine, Settings
from kontuar.domain.pricing.book import RuleBook
from kontuar.domain.pricing.conditions import buyer_key, is_for_buyer
from kontuar.domain.pricing.exact import Exact, scaled_quantity, times
from kontuar.domain.pricing.goods import ReadyGoods
from kontuar.domain.pricing.lines import LineState
from kontuar.domain.pricing.rules import Given

BUNDLE = "BUNDLE"
GIFT = "gift"


class Brought:
    """What the carried lines of one basket bear, by rule; limits per document count it (DISC-10).

    All amounts of adjustments are in the document's `direction`.
    """

    __slots__ = ("_at_no_price", "_by_rule", "_direction", "_times")

    def __init__(self, lines: Sequence[LineState], applications: Iterable[Application], direction: str) -> None:
        self._direction = direction
        self._by_rule: dict[str, list[tuple[LineState, Adjustment]]] = {}
        self._times: dict[str, int] = {}
        for line in lines:
            for one in line.input.frozen:
                self._by_rule.setdefault(one.rule, []).append((line, one))
        self._at_no_price: dict[str, list[tuple[LineState, Decimal]]] = {}
        at_no_price = {line.input.number: line for line in lines if not line.listed}
        for application in applications:
            self._times[application.rule] = self._times.get(application.rule, 0) + application.times
            for number, quantity in application.consumed if at_no_price else ():
                if number in at_no_price:
                    self._at_no_price.setdefault(application.rule, []).append((at_no_price[number], quantity))

    def rules(self) -> frozenset[str]:
        """The rules that something was given by."""
        return frozenset(self._by_rule)

    def sets(self, rule: str) -> int:
        """How often a bundle was applied; once where a document of an older program does not say."""
        return self._times.get(rule, 1 if rule in self._by_rule else 0)

    def quantity(self, rule: str) -> int:
        """Base units (ten-thousandths) that it made cheaper, gifts apart."""
        return sum(scaled_quantity(one.quantity) for _, one in self._by_rule.get(rule, ()) if one.kind != GIFT)

    def gifts_left(self, rule: str, due: Iterable[tuple[ReadyGoods, int]]) -> list[int]:
        """Of the units (ten-thousandths) of each of its gifts what was not given yet; a unit was one gift, not several.

        From what costs nothing nothing came off.
        """
        given = [(line, one.quantity) for line, one in self._by_rule.get(rule, ()) if one.kind == GIFT]
        units = [(line, scaled_quantity(q)) for line, q in (*given, *self._at_no_price.get(rule, ()))]
        left: list[int] = []
        for goods, wanted in due:
            for at, (line, q) in enumerate(units):
                taken = min(q, wanted) if goods.fits(line) else 0
                units[at] = line, q - taken
                wanted -= taken
            left.append(wanted)
        return left

    def left_of(self, rule: str, amount: Exact, given: Given = "document") -> Exact:
        """What is left of an amount per document, written in the direction `given`; never below zero.

        Each line's part was rounded when it was turned into the document's direction, so turned back a minor unit a
        line may seem to be left that is not.
        """
        found = self._by_rule.get(rule, ())
        left = amount - sum(turned_back(line, -one.amount, given, self._direction) for line, one in found)
        unsure = 0 if given in ("document", self._direction) else len(found)
        return left if left > unsure else 0


def turned_back(line: LineState, amount: int, given: Given, direction: str) -> Exact:
    """An amount in the document's direction, written in the direction `given`, exact."""
    top, bottom = line.factor(given, direction)
    return times(amount, bottom, top)


def mark_carried(lines: Iterable[LineState], applications: Iterable[Application]) -> None:
    """Split the units of carried bundles and gifts off their lines and mark them: they count as units of bundles do.

    Where a document of an older program does not say how many, the whole line is in the bundle.
    """
    by_number = {line.input.number: line for line in lines if line.input.in_carried_bundle}
    for application in applications:
        for number, quantity in application.consumed:
            line = by_number.get(number)
            free = [] if line is None else [piece for piece in line.pieces if not piece.bundle]
            if line is None or not free:
                continue
            piece = free[0].split(min(free[0].q, scaled_quantity(quantity)))
            piece.bundle = application.rule
            piece.gift = any(one.rule == application.rule and one.kind == GIFT for one in line.input.frozen)
    for line in by_number.values():
        if not any(piece.bundle for piece in line.pieces):
            line.pieces[0].bundle = BUNDLE


def with_whole_promises(basket: Basket, book: RuleBook, settings: Settings) -> tuple[Basket, frozenset[int]]:
    """The basket with the lines whose promise is gone set free, and the numbers of these lines."""
    carried = {line.number for line in basket.lines if line.carried or line.frozen}
    if not carried and not basket.brought:
        return basket, frozenset()
    freed = _gone(carried, basket, book, settings)
    _free_bound(freed, carried, basket.brought)
    lines = tuple([_free(line) if line.number in freed else line for line in basket.lines])
    brought = _still_brought(
        basket.brought, {line.number: line.frozen for line in lines if line.number in carried - freed}
    )
    return msgspec.structs.replace(basket, lines=lines, brought=brought), frozenset(freed)


def _gone(carried: set[int], basket: Basket, book: RuleBook, settings: Settings) -> set[int]:
    """The carried lines with a discount that was for another buyer."""
    brought: dict[str, list[Application]] = {}
    for one in basket.brought:
        brought.setdefault(one.rule, []).append(one)
    return {
        line.number
        for line in basket.lines
        if line.number in carried
        and any(_is_gone(rule, line, brought, basket, book, settings) for rule in _on(line, basket))
    }


def _still_brought(
    applications: Iterable[Application], frozen: Mapping[int, Sequence[Adjustment]]
) -> tuple[Application, ...]:
    """Of what was brought, that which lines still carry; `frozen`: adjustments by the carried line's number."""
    rules = {one.rule for adjustments in frozen.values() for one in adjustments}
    return tuple(
        one for one in applications if one.rule in rules or any(number in frozen for number, _ in one.consumed)
    )


def _on(line: BasketLine, basket: Basket) -> set[str]:
    """The rules whose discount or bundle the line came with."""
    consumed = {one.rule for one in basket.brought if any(number == line.number for number, _ in one.consumed)}
    return {one.rule for one in line.frozen} | consumed


def _is_gone(
    rule: str, line: BasketLine, brought: Mapping[str, Sequence[Application]], basket: Basket, book: RuleBook,
    settings: Settings,
) -> bool:  # fmt: skip
    """Whether the discount was for a buyer who is not the document's any more.

    Of a rule that is not defined here any more only the buyer whom it was given to is known; of a document from an
    older program only the rule.
    """
    buyers = {one.buyer for one in brought.get(rule, ()) if one.buyer}
    if basket.buyer in buyers:
        return False
    known = book.by_id.get(rule)
    if known is None:
        return bool(buyers)
    if not is_for_buyer(known, basket, settings):
        return True
    rows = next((rows for ready, rows in book.candidates((line.article, line.groups)) if ready.rule.id == rule), ())
    named = [row for row in rows if row.buyer_rank]
    if buyers:
        return bool(named)  # which row gave it is not known; reckoned anew, the line takes the one for this buyer
    return len(named) == len(rows) > 0 and all(buyer_key(row.element.buyers, basket, settings) is None for row in named)


def _free_bound(freed: set[int], carried: set[int], applications: Iterable[Application]) -> None:
    """Half a bundle is none (DISC-23): where one of its lines is free, or gone, the others are free too."""
    bundles = [{number for number, _ in one.consumed} for one in applications if one.source == BUNDLE]
    grown = True
    while grown:
        grown = False
        for members in bundles:
            kept = members & carried - freed
            if kept and kept != members:
                freed |= kept
                grown = True


def _free(line: BasketLine) -> BasketLine:
    return msgspec.structs.replace(line, carried=False, frozen=(), in_carried_bundle=False)
