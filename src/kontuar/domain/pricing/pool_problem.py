"""The rules of a pool as the assignment's problem, and its solution as applications."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import gcd
from operator import attrgetter

from kontuar.domain.pricing.assignment.problem import (
    Amount,
    AmountPerUnit,
    Bundle,
    Limits,
    Line,
    Offer,
    Percent,
    Problem,
    Reward,
    Rounding,
    Saving,
    SetPrice,
    Slot,
    Solution,
    Threshold,
)
from kontuar.domain.pricing.assignment.solve import best_assignment
from kontuar.domain.pricing.bundles import bundle_pieces, finish_bundle, mark_used
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, rounded, times
from kontuar.domain.pricing.items import choose_elements, close_pieces, wanted
from kontuar.domain.pricing.lines import LineState, Piece
from kontuar.domain.pricing.pool_alone import Alone
from kontuar.domain.pricing.ready import ReadyElement, ReadyRule, ReadyTier
from kontuar.domain.pricing.rules import Base, BundleDeal, GroupsDeal, ItemDeal
from kontuar.domain.pricing.run import Run, Want
from kontuar.domain.pricing.shared import group_by_line
from kontuar.domain.pricing.spread import spread

ELSEWHERE = ""
"""The offer that stands for what a unit saves outside the pool: the price of putting it into a bundle."""
ROUNDINGS: dict[str, Rounding] = {"line_discount": "line", "unit_price": "unit", "pool": "pool"}


def saves_by_units(run: Run, ready: ReadyRule) -> bool:
    """Whether what a rule saves is the sum of what units (or whole sets of units) save, with no bound over all."""
    if ready.bounded or ready.gifts:
        return False
    deal = ready.deal
    if isinstance(deal, ItemDeal):
        return ready.unconditional
    if isinstance(deal, GroupsDeal):
        return True
    return isinstance(deal, BundleDeal) and _reward(run, ready, deal, 1) is not None


def _reward(run: Run, ready: ReadyRule, deal: BundleDeal, grain: int) -> Reward | None:
    """The bundle's reward in the assignment's words; None where it has none for it. Made once."""
    key = run.settings.direction, grain
    if key not in ready.in_units:
        ready.in_units[key] = _made_reward(run, ready, deal, grain)
    return ready.in_units[key]


def _made_reward(run: Run, ready: ReadyRule, deal: BundleDeal, grain: int) -> Reward | None:
    tier = ready.reward
    slots = frozenset(deal.target.slots) or None
    if tier is None or not _is_plain(run, ready, deal, tier):
        return None
    if tier.kind == "percent":
        units = int(deal.target.count * QUANTITY_SCALE) // grain
        percent = times(100, tier.top, tier.bottom)
        if deal.target.pick != "all":
            return (
                None
                if slots or not _covers_all(ready)
                else Percent(percent=percent, pick=deal.target.pick, units=units)
            )
        return Percent(percent=percent, slots=slots)
    if deal.target.pick != "all" or not _covers_all(ready):
        return None
    if _is_per_set(deal):
        if slots:
            return None
        return Amount(amount=tier.money) if tier.kind == "amount" else SetPrice(price=tier.money)
    money = times(tier.money, grain, QUANTITY_SCALE)
    return AmountPerUnit(amount=money, slots=slots) if tier.kind == "amount" else None


def _is_per_set(deal: BundleDeal) -> bool:
    """Whether the reward counts for a set as a whole."""
    return deal.reward is not None and deal.reward.per == "set"


def _covers_all(ready: ReadyRule) -> bool:
    return ready.goods.all


def _is_plain(run: Run, ready: ReadyRule, deal: BundleDeal, tier: ReadyTier) -> bool:
    """Slots by quantity, or one slot that takes all; amounts in the document's own direction."""
    if tier.kind != "percent" and tier.given not in ("document", run.settings.direction):
        return False
    if any(slot.slot.takes == "all" for slot in ready.slots):
        return len(ready.slots) == 1 and not deal.target.slots and _covers_all(ready) and not (
            _is_per_set(deal) and tier.kind == "fixed_price"
        )  # fmt: skip
    return all(slot.q is not None for slot in ready.slots)


class _Pool:
    """The problem being written: pieces by number, in whole grains of quantity."""

    def __init__(self, run: Run, rules: list[ReadyRule], elsewhere: dict[int, int]) -> None:
        self.run = run
        found: dict[int, Piece] = {}
        self.free: dict[int, list[Piece]] = {}
        for ready in rules:
            self.free[ready.order] = free = run.free_pieces(ready)
            for piece in free:
                found[id(piece)] = piece
        ranked = sorted(found.values(), key=lambda piece: piece.line.rank)
        self.pieces = ranked
        self.numbers = {id(piece): number for number, piece in enumerate(ranked)}
        self.grain = gcd(QUANTITY_SCALE, *[piece.q for piece in ranked], *[ready.grain for ready in rules])
        bases = {ready.base for ready in rules}
        self.base: Base = bases.pop() if len(bases) == 1 else "running"
        self.elsewhere = elsewhere
        self.named: dict[tuple[str, int], tuple[str, Decimal]] = {}
        self.rules = {str(ready.order): ready for ready in rules}
        several = {
            name: self._several(ready, name)
            for name, ready in self.rules.items()
            if not isinstance(ready.deal, ItemDeal)
        }
        self.wanted = {number for offers in several.values() for offer in offers for number in _lines_of(offer)}
        self.alone = Alone(self.base) if run.settings.round_at == "line_discount" else None
        self.offers: list[Offer] = []
        for name, ready in self.rules.items():
            if name in several:
                self.offers += several[name]
            else:
                self._item_offers(ready, name)
        named = {number for offer in self.offers for number in _lines_of(offer)}
        self.offers += self._elsewhere(named)
        self.lines = tuple(self._line(number) for number in sorted(named))

    def _line(self, number: int) -> Line:
        piece = self.pieces[number]
        value = times(piece.basis(self.base), self.grain, piece.q)
        floor = value - times(max(piece.room(), 0), self.grain, piece.q)
        return Line(number=number, units=piece.q // self.grain, value=value, floor=floor, order=f"{piece.line.rank:08}")

    def _elsewhere(self, named: set[int]) -> list[Offer]:
        offers: list[Offer] = []
        for number in sorted(named):
            line = self.pieces[number].line
            saving = self.elsewhere.get(line.rank, 0)
            if saving > 0:
                amount = Fraction(saving * self.grain, line.q)
                offers.append(_single(ELSEWHERE, {number}, AmountPerUnit(amount=amount)))
        return offers

    def savings_alone(self) -> Iterator[Saving]:
        """What pieces that only item promotions want save."""
        elsewhere = self.elsewhere
        return iter(()) if self.alone is None else self.alone.savings(
            self.grain, lambda piece: times(elsewhere.get(piece.line.rank, 0), piece.q, piece.line.q)
        )  # fmt: skip

    def _several(self, ready: ReadyRule, name: str) -> list[Offer]:
        """The offer of a rule that may want several units at once."""
        deal = ready.deal
        if isinstance(deal, GroupsDeal):
            return self._groups_offer(ready, name, deal)
        return self._bundle_offer(ready, name, deal) if isinstance(deal, BundleDeal) else []

    def _item_offers(self, ready: ReadyRule, name: str) -> None:
        """Equal percents together; amounts and prices per unit piece by piece; what no bundle wants apart."""
        percents: dict[tuple[int, int], set[int]] = {}
        rows_of = dict(self.run.touched[ready.order])
        for piece in self.free[ready.order]:
            rows = rows_of[piece.line.rank]
            element = rows[0] if len(rows) == 1 and not rows[0].asks else self._element(piece.line, rows)
            if element is None:
                continue
            tier, number = element.tiers[0], self.numbers[id(piece)]
            self.named[name, number] = (tier.kind, tier.rate)
            if self.alone is not None and number not in self.wanted:
                if tier.kind == "percent":
                    amount = times(piece.basis(ready.base), tier.top, tier.bottom)
                else:
                    amount = wanted(self.run, ready, tier, piece).amount
                self.alone.offer(number, piece, name, amount)
            elif tier.kind == "percent" and piece.basis(ready.base) == piece.basis(self.base):
                percents.setdefault((tier.top, tier.bottom), set()).add(number)
            else:
                amount = times(wanted(self.run, ready, tier, piece).amount, self.grain, piece.q)
                if amount > 0:
                    self.offers.append(_single(name, {number}, AmountPerUnit(amount=amount)))
        for (top, bottom), numbers in percents.items():
            self.offers.append(_single(name, numbers, Percent(percent=times(100, top, bottom))))

    def _element(self, line: LineState, rows: tuple[ReadyElement, ...]) -> ReadyElement | None:
        found = choose_elements(self.run, line, rows)
        return found[0] if found else None

    def _groups_offer(self, ready: ReadyRule, name: str, deal: GroupsDeal) -> list[Offer]:
        numbers = {self.numbers[id(piece)] for piece in self.free[ready.order] if ready.goods.fits(piece.line)}
        money = times(_minor_of(self.run, deal), self.grain, QUANTITY_SCALE)
        slot = Slot(lines=frozenset(numbers), units=int(deal.size * QUANTITY_SCALE) // self.grain)
        reward = AmountPerUnit(amount=money)
        return [Bundle(rule=name, slots=(slot,), reward=reward, times=ready.rule.limits.times)] if numbers else []

    def _bundle_offer(self, ready: ReadyRule, name: str, deal: BundleDeal) -> list[Offer]:
        reward = _reward(self.run, ready, deal, self.grain)
        if reward is None:
            return []
        pieces = bundle_pieces(ready, self.free[ready.order])
        numbers = self.numbers
        if len(ready.slots) == 1:
            slots = [frozenset([numbers[id(piece)] for piece in pieces])]
        else:
            slots = [
                frozenset([numbers[id(piece)] for piece in pieces if slot.goods.fits(piece.line)])
                for slot in ready.slots
            ]
        if not all(slots):
            return []
        first = ready.slots[0]
        if isinstance(reward, Percent) and deal.target.pick == "all" and not _covers_all(ready):
            fitting = frozenset(self.numbers[id(piece)] for piece in pieces if ready.goods.fits(piece.line))
            reward = Percent(percent=reward.percent, slots=reward.slots, lines=fitting)
        if first.slot.takes == "all":
            assert not isinstance(reward, SetPrice)
            least = (first.q or 0) // self.grain or 1
            return [
                Threshold(rule=name, lines=slots[0], reward=reward, least_units=least, least_value=first.value or 0)
            ]
        sizes = [(slot.q or 0) // self.grain for slot in ready.slots]
        places = tuple([Slot(lines=lines, units=size) for lines, size in zip(slots, sizes, strict=True)])
        return [
            Bundle(
                rule=name, slots=places, reward=reward, times=ready.rule.limits.times,
                paid_slots_dearest=_pays_dearest(ready, deal),
            )
        ]  # fmt: skip


def _pays_dearest(ready: ReadyRule, deal: BundleDeal) -> bool:
    """*Buy some, get some cheaper*: one slot pays in full, the other is filled with the cheapest."""
    if len(ready.slots) != 2 or len(deal.target.slots) != 1:
        return False
    return ready.slots[deal.target.slots[0]].slot.pick == "cheapest"


def _minor_of(run: Run, deal: GroupsDeal) -> Exact:
    top, bottom = deal.amount.as_integer_ratio()
    return times(top, 10**run.book.exponent, bottom)


def _single(name: str, numbers: set[int], reward: Reward) -> Bundle:
    return Bundle(rule=name, slots=(Slot(lines=frozenset(numbers), units=1),), reward=reward)


def _lines_of(offer: Offer) -> frozenset[int]:
    if isinstance(offer, Threshold):
        return offer.lines
    return frozenset(number for slot in offer.slots for number in slot.lines)


def solve_units(run: Run, rules: list[ReadyRule], elsewhere: dict[int, int]) -> None:
    """Solve the pool and carry its solution out."""
    pool = _Pool(run, rules, elsewhere)
    by_rule: dict[str, list[Saving]] = {}
    for saving in pool.savings_alone():
        by_rule.setdefault(saving.rule, []).append(saving)
    made: Mapping[str, int] = {}
    if any(offer.rule != ELSEWHERE for offer in pool.offers):
        solution = _solved(run, pool)
        made = solution.times
        for saving in solution.savings:
            by_rule.setdefault(saving.rule, []).append(saving)
    for name, ready in pool.rules.items():
        savings = by_rule.get(name)
        if savings is None:
            continue
        if len(savings) > 1:
            savings.sort(key=attrgetter("line"))
        if isinstance(ready.deal, ItemDeal):
            _carry_out_items(run, ready, pool, name, savings)
        else:
            _carry_out(run, ready, pool, savings, made.get(name, 0))


def _solved(run: Run, pool: _Pool) -> Solution:
    rounding = ROUNDINGS[run.settings.round_at]
    solution = best_assignment(
        Problem(lines=pool.lines, offers=tuple(pool.offers), rounding=rounding),
        Limits(steps=run.settings.work_limit),
        tell=False,
    )
    if not solution.proven:
        run.proven = False
        run.gap += rounded(Fraction(solution.bound) - solution.exact)
    return solution


def _carry_out_items(run: Run, ready: ReadyRule, pool: _Pool, name: str, savings: list[Saving]) -> None:
    """Take what an item promotion saves on the units that it got."""
    wants: list[Want] = []
    for saving in savings:
        piece = pool.pieces[saving.line].split(saving.units * pool.grain)
        if saving.amount > 0:
            kind, rate = pool.named[name, saving.line]
            wants.append(Want(piece, saving.amount, kind, rate, True))
    if wants:
        run.take(ready, wants)
        run.apply(ready).times = 1
    for want in wants:
        close_pieces(run, ready, want.kind, [want.piece])


def _carry_out(run: Run, ready: ReadyRule, pool: _Pool, savings: list[Saving], made: int) -> None:
    """Split the units that the rule got off their pieces, and take what it saves there."""
    wants: list[Want] = []
    used: list[Piece] = []
    for saving in savings:
        piece = pool.pieces[saving.line].split(saving.units * pool.grain)
        if ready.slots:
            mark_used(run, ready, piece)
        rewarded = piece
        if 0 < saving.rewarded < saving.units:
            rewarded = piece.split(saving.rewarded * pool.grain)
            used.append(piece)
        used.append(rewarded)
        if saving.amount > 0:
            kind, rate = _reward_of(ready)
            wants.append(Want(rewarded, saving.amount, kind, rate, True))
    if isinstance(ready.deal, BundleDeal):
        if ready.deal.spread_over_set:
            wants = _over_all(ready, used, sum(rounded(want.amount) for want in wants))
        finish_bundle(run, ready, ready.deal, wants, made)
    elif wants:
        run.take(ready, wants)
        run.apply(ready).times = 1


def _reward_of(ready: ReadyRule) -> tuple[str, Decimal]:
    if isinstance(ready.deal, GroupsDeal):
        return "amount", ready.deal.amount
    assert ready.reward is not None
    return ready.reward.kind, ready.reward.rate


def _over_all(ready: ReadyRule, used: list[Piece], amount: int) -> list[Want]:
    """A set's discount spread in proportion over all its units."""
    by_line = group_by_line(used)
    values = [sum(piece.value for piece in of_line) for of_line in by_line]
    rooms = [rounded(sum(max(piece.room(), 0) for piece in of_line)) for of_line in by_line]
    tier = ready.reward
    assert tier is not None
    wants: list[Want] = []
    for of_line, value, share in zip(by_line, values, spread(amount, values, rooms), strict=True):
        for piece in of_line:
            top, bottom = value.as_integer_ratio()
            wants.append(Want(piece, times(piece.value * share, bottom, top), tier.kind, tier.rate, True))
    return wants
