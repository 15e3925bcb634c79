"""Bundles: sets of units taken together and what they are given for it; gifts (DISC-05, DISC-20)."""

from collections.abc import Iterable
from typing import NamedTuple

from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, rounded, times
from kontuar.domain.pricing.filling import one_set
from kontuar.domain.pricing.lines import LineState, Piece
from kontuar.domain.pricing.ready import ReadyRule, ReadyTier
from kontuar.domain.pricing.rules import BundleDeal, SharedDeal
from kontuar.domain.pricing.run import GiftDue, Run, Want
from kontuar.domain.pricing.shared import spread_given


class Part(NamedTuple):
    """Units of a piece in one set."""

    slot: int
    piece: Piece
    q: int

    def worth(self, value: Exact, repeat: int) -> Exact:
        """The part of a piece's value that these units make, over `repeat` equal sets."""
        return times(value, self.q * repeat, self.piece.q)


def bundle_pieces(ready: ReadyRule, free: Iterable[Piece]) -> list[Piece]:
    """What the bundle may use: free units with a price (articles at zero price take no bundle)."""
    return [
        piece
        for piece in free
        if piece.value > 0
        and ready.members.fits(piece.line)
        and any(slot.goods.fits(piece.line) for slot in ready.slots)
    ]


def apply_bundle(run: Run, ready: ReadyRule) -> None:
    """As many sets as the units allow, the dearest first; equal sets are made in one go."""
    deal = ready.deal
    assert isinstance(deal, BundleDeal)
    pieces = bundle_pieces(ready, run.free_pieces(ready))
    made = 0
    wants: list[Want] = []
    while True:
        found = one_set(ready, pieces)
        if found is None:
            break
        parts = [Part(*entry) for entry in found]
        repeat = _repeats(run, ready, parts, made)
        gains = _gains(run, ready, deal, parts, repeat) if repeat else []
        if not repeat or not (deal.gifts or any(gain > 0 for _, gain in gains)):
            break
        made += repeat
        wants += use_up(run, ready, parts, gains, repeat)
        pieces = [piece for piece in pieces if not _is_used(ready, piece)]
    finish_bundle(run, ready, deal, wants, made)


def finish_bundle(run: Run, ready: ReadyRule, deal: BundleDeal, wants: list[Want], made: int) -> None:
    """Take what the sets give, once per line, and open the gifts."""
    if not made:
        return
    run.apply(ready).times = made
    if wants:
        run.take(ready, wants)
    for which, gift in enumerate(deal.gifts):
        run.gifts.append(GiftDue(ready, which, int(gift.quantity * QUANTITY_SCALE) * made))


def _is_used(ready: ReadyRule, piece: Piece) -> bool:
    return piece.used_by == ready.order


def _repeats(run: Run, ready: ReadyRule, parts: list[Part], made: int) -> int:
    """How many equal sets the units, the limits and the ledger allow."""
    deal = ready.deal
    assert isinstance(deal, BundleDeal)
    used: dict[int, int] = {}
    for part in parts:
        used[id(part.piece)] = used.get(id(part.piece), 0) + part.q
    by_units = min(part.piece.q // used[id(part.piece)] for part in parts)
    by_value = any(slot.q is None or slot.slot.takes == "all" for slot in ready.slots)
    bounds = [1 if by_value else by_units]
    limits = ready.rule.limits
    left = run.sets_left(ready)
    if left is not None:
        bounds.append(left - made)
    if limits.counted_by_hub:
        bounds.append(run.allowed(ready) // QUANTITY_SCALE - made)
    if limits.quantity is not None:
        of_set = sum(part.q for part in _rewarded(ready, deal, parts)) or 1
        bounds.append(int(limits.quantity * QUANTITY_SCALE) // of_set - made - run.brought.sets(ready.rule.id))
    return max(0, min(bounds))


def _rewarded(ready: ReadyRule, deal: BundleDeal, parts: list[Part]) -> list[Part]:
    """The units of a set that the reward goes to."""
    target = deal.target
    found = [
        part for part in parts if (not target.slots or part.slot in target.slots) and ready.goods.fits(part.piece.line)
    ]
    if target.pick == "all":
        return found
    sign = 1 if target.pick == "cheapest" else -1
    found.sort(key=lambda part: (sign * part.piece.price_key(ready.base), part.piece.line.rank))
    left = int(target.count * QUANTITY_SCALE)
    picked: list[Part] = []
    for part in found:
        if left > 0:
            picked.append(Part(part.slot, part.piece, min(part.q, left)))
            left -= picked[-1].q
    return picked


Gain = tuple[Part, Exact]


def _gains(run: Run, ready: ReadyRule, deal: BundleDeal, parts: list[Part], repeat: int) -> list[Gain]:
    """What each rewarded part saves over `repeat` sets."""
    tier = ready.reward
    if tier is None:
        return []
    rewarded = _rewarded(ready, deal, parts)
    if deal.reward is not None and deal.reward.per == "set" and tier.kind != "percent":
        gains = _together(run, ready, tier, rewarded, repeat)
    else:
        gains = [(part, _single(run, ready, tier, part, repeat)) for part in rewarded]
    if deal.spread_over_set:
        total = rounded(sum(gain for _, gain in gains))
        return _spread_over(run, ready, tier, parts, repeat, total, turned=False)
    return gains


def _single(run: Run, ready: ReadyRule, tier: ReadyTier, part: Part, repeat: int) -> Exact:
    if tier.kind == "percent":
        return times(part.worth(part.piece.basis(ready.base), repeat), tier.top, tier.bottom)
    value = part.worth(part.piece.value, repeat)
    factor = part.piece.line.factor(tier.given, run.settings.direction)
    money = times(times(tier.money, *factor), part.q * repeat, QUANTITY_SCALE)
    return min(money, value) if tier.kind == "amount" else max(0, value - money)


def _together(run: Run, ready: ReadyRule, tier: ReadyTier, parts: list[Part], repeat: int) -> list[Gain]:
    """An amount, or the difference to the price, of whole sets: one amount, spread over their lines."""
    amount = tier.money * repeat
    if tier.kind == "fixed_price":
        worth: Exact = 0
        for part in parts:
            top, bottom = part.piece.line.factor(tier.given, run.settings.direction)
            worth += times(part.worth(part.piece.value, repeat), bottom, top)
        amount = worth - amount
    return _spread_over(run, ready, tier, parts, repeat, max(0, rounded(amount)), turned=True)


def _spread_over(
    run: Run, ready: ReadyRule, tier: ReadyTier, parts: list[Part], repeat: int, amount: int, *, turned: bool
) -> list[Gain]:
    by_line: dict[int, list[Part]] = {}
    for part in parts:
        by_line.setdefault(part.piece.line.rank, []).append(part)
    groups = [by_line[rank] for rank in sorted(by_line)]
    lines = [group[0].piece.line for group in groups]
    values = [sum(part.worth(part.piece.value, repeat) for part in group) for group in groups]
    rooms = [_room(group, repeat) for group in groups]
    weights = values if run.settings.spread_weights == "running" else [
        times(value, *line.factor("net", "gross" if run.settings.direction == "net" else "net"))
        for value, line in zip(values, lines, strict=True)
    ]  # fmt: skip
    given = tier.given if turned else "document"
    shares = spread_given(run, ready, amount, given, lines, weights, rooms)
    gains: list[Gain] = []
    for group, share, value in zip(groups, shares, values, strict=True):
        for part in group:
            top, bottom = value.as_integer_ratio()
            gains.append((part, times(part.worth(part.piece.value, repeat) * share, bottom, top) if top else 0))
    return gains


def _room(parts: list[Part], repeat: int) -> int:
    line: LineState = parts[0].piece.line
    room = rounded(sum(part.worth(max(part.piece.room(), 0), repeat) for part in parts))
    return max(0, min(room, line.value - line.floor))


def is_shared(ready: ReadyRule) -> bool:
    """Whether the reward is one amount for a set, made whole and spread."""
    deal = ready.deal
    assert isinstance(deal, BundleDeal)
    per_set = deal.reward is not None and deal.reward.per == "set" and deal.reward.kind != "percent"
    return per_set or deal.spread_over_set


def most_saved(run: Run, ready: ReadyRule) -> int:
    """So much the sets of a bundle cannot save more than together, in minor units, whichever units they are made of."""
    deal, tier = ready.deal, ready.reward
    assert isinstance(deal, BundleDeal)
    pieces = bundle_pieces(ready, run.free_pieces(ready))
    left = sum(piece.q for piece in pieces)
    if deal.target.pick != "all" and ready.units_needed:
        left = left // ready.units_needed * int(deal.target.count * QUANTITY_SCALE)
    most: Exact = 0
    for piece in sorted(pieces, key=lambda piece: -piece.price_key(ready.base)) if tier is not None else ():
        q = min(piece.q, left) if ready.goods.fits(piece.line) else 0
        left -= q
        if tier is not None and tier.kind == "percent":
            most += times(times(piece.basis(ready.base), tier.top, tier.bottom), q, piece.q)
        else:
            most += times(max(piece.room(), 0), q, piece.q)
    return int(-(-most // 1))


def use_up(run: Run, ready: ReadyRule, parts: Iterable[Part], gains: list[Gain], repeat: int) -> list[Want]:
    """Split the used units off their pieces, mark them, and say what is wanted of the rewarded ones."""
    tier = ready.reward
    whole = is_shared(ready)
    used: dict[int, int] = {}
    pieces: dict[int, Piece] = {}
    for part in parts:
        used[id(part.piece)] = used.get(id(part.piece), 0) + part.q * repeat
        pieces[id(part.piece)] = part.piece
    rewarded: dict[int, tuple[int, Exact]] = {}
    for part, gain in gains:
        q, amount = rewarded.get(id(part.piece), (0, 0))
        rewarded[id(part.piece)] = (q + part.q * repeat, amount + gain)
    wants: list[Want] = []
    for key, q in used.items():
        piece = pieces[key].split(q)
        mark_used(run, ready, piece)
        given, amount = rewarded.get(key, (0, 0))
        if given and amount > 0 and tier is not None:
            wants.append(Want(piece.split(given), amount, tier.kind, tier.rate, whole))
    return wants


def mark_used(run: Run, ready: ReadyRule, piece: Piece) -> None:
    """The units are in a bundle now: no other discounts on goods, and gone for the pools it belongs to."""
    line = piece.line
    piece.used_by = ready.order
    if ready.tags:
        piece.tags = (*piece.tags, *ready.tags)
    if ready.phase == 0:
        piece.bundle = ready.rule.id
    if ready.rule.combination.skip_following:
        piece.closed = True
    if ready.rule.id not in line.has:
        line.has.append(ready.rule.id)
    consumed = run.apply(ready).consumed
    consumed[line.rank] = consumed.get(line.rank, 0) + piece.q


def gifts_owed(run: Run) -> list[GiftDue]:
    """Gifts of carried bundles that were not taken before the document was parked, while the bundle is in force."""
    owed: list[GiftDue] = []
    for rule in dict.fromkeys(one.rule for one in run.basket.brought):
        ready = run.book.ready(rule)
        if ready is None or not isinstance(ready.deal, BundleDeal) or not run.covers(ready):
            continue
        sets = run.brought.sets(rule)
        units = [int(gift.quantity * QUANTITY_SCALE) * sets for gift in ready.deal.gifts]
        left = run.brought.gifts_left(rule, zip(ready.gifts, units, strict=True))
        owed += [GiftDue(ready, which, q) for which, q in enumerate(left) if q > 0]
    return owed


def give_gifts(run: Run) -> None:
    """Give what is due: first the lines added as this rule's gift, then the cheapest free units that fit, and last what
    costs nothing on the list: it is taken without anything coming off."""
    for due in run.gifts:
        deal = due.ready.deal
        assert isinstance(deal, BundleDeal | SharedDeal)
        gift = deal.gifts[due.which]
        goods = due.ready.gifts[due.which]
        top, bottom = (gift.percent / 100).as_integer_ratio()
        own = due.ready.rule.id
        fitting = [
            piece
            for piece in run.free_pieces(due.ready)
            if (piece.value > 0 or not piece.listed)
            and goods.fits(piece.line)
            and piece.line.input.gift_of in ("", own)
        ]
        fitting.sort(
            key=lambda piece: (
                piece.line.input.gift_of != own, not piece.listed, piece.price_key("running"), piece.line.rank,
            )
        )  # fmt: skip
        wants: list[Want] = []
        for piece in fitting:
            if due.left > 0:
                given = piece.split(min(piece.q, due.left))
                due.left -= given.q
                mark_used(run, due.ready, given)
                given.gift, given.bundle = True, own
                if given.value > 0:
                    wants.append(Want(given, times(given.value, top, bottom), "gift", gift.percent))
        if wants:
            run.take(due.ready, wants)
