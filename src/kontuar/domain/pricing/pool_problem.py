"""The rules of a pool as the assignment's problem, and its solution as applications."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from math import gcd
from typing import NamedTuple

import msgspec

from kontuar.domain.pricing.assignment.problem import (
    Amount,
    AmountPerUnit,
    Bundle,
    Line,
    Offer,
    Percent,
    Reward,
    Rounding,
    Saving,
    SetPrice,
    Slot,
    Threshold,
)
from kontuar.domain.pricing.assignment.reading import splits
from kontuar.domain.pricing.bundles import bundle_pieces
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, times
from kontuar.domain.pricing.items import choose_elements, wanted
from kontuar.domain.pricing.lines import LineState, Piece
from kontuar.domain.pricing.pool_alone import Alone
from kontuar.domain.pricing.ready import ReadyElement, ReadyRule, ReadyTier
from kontuar.domain.pricing.rules import Base, BundleDeal, GroupsDeal, ItemDeal
from kontuar.domain.pricing.run import Run

ELSEWHERE = ""
"""The offer that stands for what a unit saves outside the pool: the price of putting it into a bundle."""
MOST_SPLITS = 8
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


def grain_of(rules: Iterable[ReadyRule], free: Mapping[int, list[Piece]]) -> int:
    """The smallest quantity that rules and the pieces they may use are whole multiples of, in ten-thousandths."""
    quantities = [piece.q for pieces in free.values() for piece in pieces]
    return gcd(QUANTITY_SCALE, *quantities, *[ready.grain for ready in rules])


def is_split(ready: ReadyRule) -> bool:
    """Whether the rewarded units of a set may lie in several of its slots."""
    return isinstance(ready.deal, BundleDeal) and ready.deal.target.pick != "all" and len(ready.slots) > 1


def has_few_splits(ready: ReadyRule, grain: int) -> bool:
    """Whether the ways in which they may lie there can be gone through: of weighed goods there are thousands."""
    deal = ready.deal
    if not is_split(ready) or not isinstance(deal, BundleDeal):
        return True
    sizes = [(slot.q or 0) // grain for slot in ready.slots]
    rewarded = min(int(deal.target.count * QUANTITY_SCALE) // grain, sum(sizes))
    return len(list(islice(splits(sizes, rewarded), MOST_SPLITS + 1))) <= MOST_SPLITS


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


class Ground(NamedTuple):
    """What all problems of a pool share: the smallest quantity, what values are taken of, and what each line, by rank,
    would save outside the pool, in minor units."""

    grain: int
    base: Base
    elsewhere: Mapping[int, int]


class PoolProblem:
    """The problem being written: pieces by number, the earlier line's first, in whole grains of quantity."""

    def __init__(
        self, run: Run, rules: Sequence[ReadyRule], free: Mapping[int, list[Piece]], pieces: list[Piece], ground: Ground
    ) -> None:
        self.run = run
        self.free = free
        self.pieces = pieces
        self.numbers = {id(piece): number for number, piece in enumerate(pieces)}
        self.grain, self.base, self.elsewhere = ground
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
        return Line(number=number, units=piece.q // self.grain, value=value, floor=floor, order=f"{number:08}")

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
        if self.alone is None:
            return iter(())
        elsewhere = self.elsewhere
        return self.alone.savings(
            self.grain,
            (lambda piece: times(elsewhere.get(piece.line.rank, 0), piece.q, piece.line.q)) if elsewhere else None,
        )

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
                    self.alone.offer(number, piece, name, piece.basis(ready.base), tier.top, tier.bottom)
                else:
                    self.alone.offer(number, piece, name, wanted(self.run, ready, tier, piece).amount, 1, 1)
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
        allowed = self.run.sets_left(ready)
        return [Bundle(rule=name, slots=(slot,), reward=reward, times=allowed)] if numbers and allowed != 0 else []

    def _bundle_offer(self, ready: ReadyRule, name: str, deal: BundleDeal) -> list[Offer]:
        reward = _reward(self.run, ready, deal, self.grain)
        allowed = self.run.sets_left(ready)
        if reward is None or allowed == 0:
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
            if isinstance(reward, Percent):  # it rewards what is there, also where that is less than it would
                there = sum(piece.q for piece in pieces) // self.grain
                reward = msgspec.structs.replace(reward, units=max(1, min(reward.units, there)))
            return [
                Threshold(rule=name, lines=slots[0], reward=reward, least_units=least, least_value=first.value or 0)
            ]
        sizes = [(slot.q or 0) // self.grain for slot in ready.slots]
        places = tuple([Slot(lines=lines, units=size) for lines, size in zip(slots, sizes, strict=True)])
        return [
            Bundle(
                rule=name, slots=places, reward=reward, times=allowed,
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
