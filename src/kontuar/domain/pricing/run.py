"""One pricing under way: what the rules see of the basket, and the one place where a line's value changes."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from kontuar.domain.pricing.basket import Adjustment, Basket, HeaderDiscount, LineDiscount, Lost, Settings
from kontuar.domain.pricing.book import RuleBook
from kontuar.domain.pricing.carried import Brought, mark_carried, turned_back
from kontuar.domain.pricing.conditions import is_in_scope
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, minor, plain, rounded, times
from kontuar.domain.pricing.lines import LineState, Piece, open_lines, quantity_of
from kontuar.domain.pricing.ready import BUNDLE_PHASE, ReadyElement, ReadyRule
from kontuar.domain.pricing.rules import Base, Given, GroupsDeal
from kontuar.domain.pricing.spread import spread
from kontuar.domain.pricing.validity import holds_at
from kontuar.kernel.errors import Problem


class Want(NamedTuple):
    """So much a rule would take off a piece, exact; how it was reckoned, for the explanation.

    `whole`: the amount was already made whole and spread, no setting rounds it again.
    """

    piece: Piece
    amount: Exact
    kind: str
    rate: Decimal | None
    whole: bool = False


Concerned = tuple[int, tuple[ReadyElement, ...]]
"""A line's rank and the rows of a rule that name its goods, the most specific first."""


class Applied:
    """A rule that is being executed."""

    __slots__ = ("amount", "consumed", "for_buyer", "index", "ready", "times", "wanted")

    def __init__(self, ready: ReadyRule, index: int) -> None:
        self.ready = ready
        self.index = index
        self.times = 0
        self.amount = 0
        self.wanted = 0
        self.consumed: dict[int, int] = {}
        self.for_buyer = bool(ready.rule.scope.buyers.contractors) or ready.rule.source == "KNT"

    def copy(self) -> "Applied":
        """The record as it stands."""
        other = Applied(self.ready, self.index)
        other.times, other.amount, other.wanted = self.times, self.amount, self.wanted
        other.consumed, other.for_buyer = dict(self.consumed), self.for_buyer
        return other


class Run:
    """The state of one pricing. `started`: line values when the present step began, by rank; `acting`,
    `acting_allowed`: the operator whose discount is being given, and who authorised it; `touched`: by the rule's
    order, the lines that it concerns; `brought`: what carried lines bear; `lowered`, `header`: as in `Priced`.
    """

    def __init__(self, basket: Basket, book: RuleBook, settings: Settings) -> None:
        self.basket = basket
        self.book = book
        self.settings = settings
        self.lines = open_lines(basket, settings)
        carried = [line for line in self.lines if line.input.carried or line.input.frozen]
        self.brought = Brought(carried, basket.brought, settings.direction)
        if carried:
            mark_carried(carried, basket.brought)
        self.applied: list[Applied] = []
        self._records: dict[int, Applied] = {}
        self.started: dict[int, int] | None = None
        self.lost: list[Lost] = []
        self.problems: list[Problem] = []
        self.gifts: list[GiftDue] = []
        self.lowered: dict[int, LineDiscount | None] = {}
        self.header: HeaderDiscount | None = basket.header
        self.acting = self.acting_allowed = ""
        self.touched: dict[int, list[Concerned]] = {}
        self.proven = True
        self.gap = 0
        self.context = book.context(basket, settings)

    def copy(self, changing: Collection[int] | None = None) -> "Run":
        """The same state to try something on. `changing`: ranks of all lines that may change by it; None = any."""
        other = Run.__new__(Run)
        other.__dict__.update(self.__dict__)
        other.lines = [line.copy() if changing is None or line.rank in changing else line for line in self.lines]
        other.applied = [applied.copy() for applied in self.applied]
        other._records = {applied.ready.order: applied for applied in other.applied}
        other.lost, other.problems = list(self.lost), list(self.problems)
        other.gifts = [GiftDue(due.ready, due.which, due.left) for due in self.gifts]
        return other

    def covers(self, ready: ReadyRule) -> bool:
        """Whether the rule's scope covers the document."""
        covered = self.context.covered
        answer = covered.get(ready.order)
        if answer is None:
            answer = covered[ready.order] = is_in_scope(ready.rule, self.basket, self.settings)
        return answer

    def begin_step(self, step: tuple[int, int]) -> None:
        """Remember the values that rules of one step do not see each other change."""
        self.started = {line.rank: self.value_at(line, step) for line in self.lines}
        for line in self.lines:
            for piece in line.pieces:
                piece.start = piece.value

    def value_at(self, line: LineState, place: tuple[int | str, ...]) -> int:
        """What a line is worth when the turn comes to a step, or to a rule's place in the order: a carried one before
        the discounts that it was given there and later, so that it counts as it did when it was sold."""
        if not line.input.frozen:
            return line.value
        return line.listed + sum(one.amount for one in line.input.frozen if self.book.place(one) < place)

    def is_open(self, ready: ReadyRule) -> bool:
        """Hours, ledgers and conditions: what may change from minute to minute or line to line."""
        if not ready.guarded:
            return True
        rule = ready.rule
        if rule.validity.hours and not holds_at(rule.validity.hours, self.basket.minute):
            return False
        if rule.limits.counted_by_hub and self.allowed(ready) <= 0:
            return False
        return all(condition.holds(self.basket, self.lines, self.started) for condition in ready.conditions)

    def allowed(self, ready: ReadyRule) -> int:
        """Base units (ten-thousandths) that a ledger outside still allows; nothing known = nothing allowed."""
        return int(self.basket.allowed.get(ready.rule.id, Decimal(0)) * QUANTITY_SCALE)

    def apply(self, ready: ReadyRule) -> Applied:
        """The record of this rule's execution, opened when it first does something."""
        record = self._records.get(ready.order)
        if record is None:
            record = self._records[ready.order] = Applied(ready, len(self.applied))
            self.applied.append(record)
        return record

    def has_applied(self, ready: ReadyRule) -> bool:
        """Whether the rule did anything yet."""
        return ready.order in self._records

    def free_pieces(self, ready: ReadyRule) -> list[Piece]:
        """Pieces that the rule may use: discountable, in no bundle, not used up in one of its pools."""
        tags, lines = ready.tags, self.lines
        found: list[Piece] = []
        for rank, _ in self.touched.get(ready.order, ()):
            line = lines[rank]
            if line.open and (ready.phase == BUNDLE_PHASE or not line.input.only_bundles):
                for piece in line.pieces:
                    if piece.closed or piece.bundle:
                        continue
                    if not tags or not piece.tags or not any(tag in piece.tags for tag in tags):
                        found.append(piece)
        return found

    def sets_left(self, ready: ReadyRule) -> int | None:
        """How often the rule may still be applied on this document; None = as often as the units allow."""
        most, deal = ready.rule.limits.times, ready.deal
        if most is None:
            return None
        made = self.brought.sets(ready.rule.id)
        if isinstance(deal, GroupsDeal):
            made = -(-self.brought.quantity(ready.rule.id) // int(deal.size * QUANTITY_SCALE))
        return max(0, most - made)

    def has_units(self, ready: ReadyRule) -> bool:
        """Whether the basket holds as many units as one application of a bundle needs."""
        lines, concerned = self.lines, self.touched[ready.order]
        units = lines[concerned[0][0]].q if len(concerned) == 1 else sum([lines[rank].q for rank, _ in concerned])
        return units >= ready.units_needed

    def take(self, ready: ReadyRule, wants: Sequence[Want], amounts: dict[int, int] | None = None) -> int:
        """Take what a rule wants off its lines, rounded once per line, never below a floor; the saving.

        `amounts`: whole amounts by rank where they were already rounded and spread.
        """
        if amounts is None and len(wants) == 1 and self._rounds_each(ready, wants):
            return self._take_one(ready, wants[0])
        by_line: dict[int, list[Want]] = {}
        for want in wants:
            by_line.setdefault(want.piece.line.rank, []).append(want)
        if amounts is None and len(by_line) == len(wants) and self._rounds_each(ready, wants):
            return sum([self._take_one(ready, by_line[rank][0]) for rank in sorted(by_line)])
        if amounts is None:
            amounts = self._rounded_amounts(by_line, ready.base)
        rooms = {rank: room_of([want.piece for want in of_line]) for rank, of_line in by_line.items()}
        wanted = sum(amounts.values())
        fitting = {rank: min(amount, rooms[rank]) for rank, amount in amounts.items()}
        fitting = self._within_limit(ready, fitting)
        saved = sum(fitting.values())
        if wanted:
            self.apply(ready).wanted += wanted
        for rank in sorted(fitting):
            if fitting[rank] > 0:
                self.record(ready, fitting[rank], by_line[rank])
        return saved

    def _rounds_each(self, ready: ReadyRule, wants: Sequence[Want]) -> bool:
        """Whether every want is rounded by itself and nothing bounds them together."""
        if ready.rule.limits.saving is not None:
            return False
        return self.settings.round_at == "line_discount" or all(want.whole for want in wants)

    def _take_one(self, ready: ReadyRule, want: Want) -> int:
        """All that a rule wants of a line, off one piece of it."""
        piece = want.piece
        line = piece.line
        amount = rounded(want.amount)
        if not amount:
            return 0
        applied = self.apply(ready)
        applied.wanted += amount
        room = line.value - line.floor
        if len(line.pieces) > 1:
            room = min(room, rounded(max(piece.room(), 0)))
        amount = min(amount, max(room, 0))
        if amount > 0:
            base = rounded(piece.basis(ready.base))
            piece.value = plain(piece.value - amount)
            if ready.tags and not ready.slots:
                piece.tags = (*piece.tags, *ready.tags)
            self.write_for(applied, line, base, amount, want.kind, want.rate, piece.q)
        return amount

    def _rounded_amounts(self, by_line: dict[int, list[Want]], base: Base) -> dict[int, int]:
        """One rounding per line, or per unit price, or one for all lines together and then spread."""
        whole = all(want.whole for of_line in by_line.values() for want in of_line)
        by_line = dict(sorted(by_line.items()))  # ties go to the earlier line, in whatever order units were laid out
        if self.settings.round_at == "unit_price" and not whole:
            return {rank: sum(_by_unit_price(want) for want in of_line) for rank, of_line in by_line.items()}
        exact = {rank: sum(want.amount for want in of_line) for rank, of_line in by_line.items()}
        if whole or self.settings.round_at == "line_discount" or len(exact) == 1:
            return {rank: rounded(amount) for rank, amount in exact.items()}
        pieces = [[want.piece for want in by_line[rank]] for rank in by_line]
        total = rounded(sum(exact.values()))
        rooms = [room_of(of_line) for of_line in pieces]
        return dict(zip(by_line, spread(total, [self.weight(of_line, base) for of_line in pieces], rooms), strict=True))

    def weight(self, pieces: Sequence[Piece], base: Base = "running") -> Exact:
        """What an amount is spread by: the value before this rule (or step), with VAT where the setting says so."""
        if base == "step_start":
            value = sum([piece.start for piece in pieces])
        elif len(pieces) == 1:
            value = pieces[0].value
        else:
            value = sum([piece.value for piece in pieces if piece.value > 0])
        if self.settings.spread_weights == "running_gross":
            return times(value, *pieces[0].line.factor("net", "gross" if self.settings.direction == "net" else "net"))
        return value

    def _within_limit(self, ready: ReadyRule, amounts: dict[int, int]) -> dict[int, int]:
        """The amounts cut down to what one document may save by the rule (in the direction it was written in), with
        what its carried lines were given before."""
        limit = ready.rule.limits.saving
        if limit is None:
            return amounts
        given, direction = ready.rule.limits.saving_given, self.settings.direction
        ranks = sorted(amounts)
        factors = {rank: self.lines[rank].factor(given, direction) for rank in ranks}
        saved = [times(amounts[rank], factors[rank][1], factors[rank][0]) for rank in ranks]
        most = rounded(minor(limit, self.book.exponent)) - self._saved_before(ready, given)
        if sum(saved) <= most:
            return amounts
        shares = spread(max(int(most // 1), 0), saved, [-(-value // 1) for value in saved])
        return {
            rank: min(amounts[rank], self._cut(self.lines[rank], share, factors[rank]))
            for rank, share in zip(ranks, shares, strict=True)
        }

    def _saved_before(self, ready: ReadyRule, given: Given) -> Exact:
        """What the rule saved so far, written in the direction `given`."""
        return sum(
            turned_back(line, -one.amount, given, self.settings.direction)
            for line in self.lines
            for one in line.adjustments
            if one.rule == ready.rule.id
        )

    def _cut(self, line: LineState, share: int, factor: tuple[int, int]) -> int:
        """A share of the limit in the document's direction; a unit less where rounding of VAT would break the limit."""
        amount = rounded(times(share, *factor))
        if factor[0] < factor[1] and _with_vat(line.value, factor) - _with_vat(line.value - amount, factor) > share:
            amount -= 1
        return max(amount, 0)

    def record(self, ready: ReadyRule, amount: int, wants: Sequence[Want]) -> None:
        """Write the adjustment of one line and lower its pieces' values."""
        line = wants[0].piece.line
        base = rounded(sum([want.piece.basis(ready.base) for want in wants]))
        q = sum([want.piece.q for want in wants])
        share_out(amount, [(want.piece, want.amount) for want in wants])
        if ready.tags and not ready.slots:
            for want in wants:
                want.piece.tags = (*want.piece.tags, *ready.tags)
        self.write(ready, line, base, amount, wants[0].kind, wants[0].rate, q)

    def record_share(
        self, ready: ReadyRule, amount: int, pieces: Sequence[Piece], kind: str, rate: Decimal | None
    ) -> None:
        """Write a whole share of one line, which lowers its pieces in proportion to their values."""
        line = pieces[0].line
        if len(pieces) == 1:
            piece = pieces[0]
            base, q = rounded(piece.basis(ready.base)), piece.q
            piece.value = plain(piece.value - amount)
        else:
            base = rounded(sum([piece.basis(ready.base) for piece in pieces]))
            q = sum([piece.q for piece in pieces])
            share_out(amount, [(piece, piece.value) for piece in pieces])
        self.write(ready, line, base, amount, kind, rate, q)

    def write(
        self, ready: ReadyRule, line: LineState, base: int, amount: int, kind: str, rate: Decimal | None, q: int
    ) -> None:
        """The adjustment itself; the pieces follow elsewhere."""
        self.write_for(self.apply(ready), line, base, amount, kind, rate, q)

    def write_for(
        self, applied: Applied, line: LineState, base: int, amount: int, kind: str, rate: Decimal | None, q: int
    ) -> None:
        """The same, for a rule that has its record."""
        rule = applied.ready.rule
        line.value -= amount
        applied.amount += amount
        line.adjustments.append(
            Adjustment(
                source=rule.source, kind=kind, rule=rule.id, version=rule.version,
                base=base, amount=-amount, after=line.value, rate=rate,  # type: ignore[arg-type]
                quantity=line.quantity if q == line.q else quantity_of(q), application=applied.index, by=self.acting,
                allowed_by=self.acting_allowed,
            )
        )  # fmt: skip


class GiftDue:
    """Units that a rule gives; `left` ten-thousandths were not taken yet."""

    __slots__ = ("left", "ready", "which")

    def __init__(self, ready: ReadyRule, which: int, left: int) -> None:
        self.ready = ready
        self.which = which
        self.left = left


def room_of(pieces: Sequence[Piece]) -> int:
    """Whole minor units that may come off these pieces of one line; the line as a whole bounds it too."""
    line = pieces[0].line
    room = line.value - line.floor
    if len(line.pieces) > len(pieces):
        room = min(room, rounded(sum([max(piece.room(), 0) for piece in pieces])))
    return max(room, 0)


def share_out(amount: int, wants: Sequence[tuple[Piece, Exact]]) -> None:
    """Lower the values of pieces of one line by `amount` together, in proportion to what each was to give."""
    if len(wants) == 1:
        piece = wants[0][0]
        piece.value = plain(piece.value - amount)
        return
    total = sum(want for _, want in wants)
    top, bottom = (total, 1) if isinstance(total, int) else (total.numerator, total.denominator)
    for piece, want in wants:
        piece.value = plain(piece.value - times(want * amount, bottom, top))


def _by_unit_price(want: Want) -> int:
    """The discount that the rounded unit price makes."""
    piece = want.piece
    units = piece.line.sale_units(piece)
    price = rounded((piece.value - want.amount) / units)
    return max(0, rounded(piece.value - price * units))


def _with_vat(net: int, factor: tuple[int, int]) -> int:
    """Gross of a net value; `factor` turns gross into net."""
    return rounded(times(net, factor[1], factor[0]))
