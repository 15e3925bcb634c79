"""One amount or percent on goods together: discounts of the document's value (DISC-04) and other shared amounts."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from kontuar.domain.pricing.basket import Lost
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, minor, rounded, rounded_times, times
from kontuar.domain.pricing.items import close_pieces
from kontuar.domain.pricing.lines import LineState, Piece
from kontuar.domain.pricing.ready import ITEM_PHASE, ReadyRule, ReadyTier
from kontuar.domain.pricing.rules import Given, GroupsDeal, SharedDeal
from kontuar.domain.pricing.run import GiftDue, Run, Want, room_of
from kontuar.domain.pricing.spread import spread
from kontuar.kernel.money import Minor


def apply_shared(run: Run, ready: ReadyRule) -> None:
    """The highest tier reached, as one amount over all lines it names; its gifts become due."""
    deal = ready.deal
    assert isinstance(deal, SharedDeal)
    pieces = shared_pieces(run, ready)
    tier = _reached_tier(run, ready, deal)
    if (tier is None and ready.tiers) or not (pieces or _counts_carried(run, ready)):
        return
    if tier is not None and pieces:
        take_together(
            run, ready, pieces, shared_amount(run, ready, tier, deal, pieces), tier.kind, tier.rate, tier.given
        )
    units = [int(gift.quantity * QUANTITY_SCALE) for gift in deal.gifts]
    due = run.brought.gifts_left(ready.rule.id, zip(ready.gifts, units, strict=True))
    run.gifts += [GiftDue(ready, which, q) for which, q in enumerate(due) if q > 0]
    if any(q > 0 for q in due) or run.has_applied(ready):
        run.apply(ready).times = 1
    if ready.rule.combination.skip_following:
        for piece in pieces:
            if ready.phase == ITEM_PHASE:
                piece.closed = True
            else:
                piece.document_closed = True


def _counts_carried(run: Run, ready: ReadyRule) -> bool:
    """Whether carried lines are what the rule is about: nothing more comes off them, but its gifts are still owed."""
    return any(line.counts_frozen and line.counts and ready.goods.fits(line) for line in run.lines)


def shared_pieces(run: Run, ready: ReadyRule) -> list[Piece]:
    """The pieces that carry the amount; document discounts reach bundles too (DISC-20), and know their own *skip
    following* only (DISC-21)."""
    if ready.phase == ITEM_PHASE:
        return [piece for piece in run.free_pieces(ready) if ready.goods.fits(piece.line)]
    lines = [line for line in run.lines if line.open and not line.input.only_bundles]
    return [piece for line in lines if ready.goods.fits(line) for piece in line.pieces if not piece.document_closed]


def _reached_tier(run: Run, ready: ReadyRule, deal: SharedDeal) -> ReadyTier | None:
    """The highest threshold that the value of the goods reaches, those included that take no discounts themselves."""
    lines = [line for line in run.lines if line.counts and ready.goods.fits(line)]
    value = sum(line.listed if deal.of == "list" else run.value_at(line, ready.sort_key) for line in lines)
    return next((tier for tier in reversed(ready.tiers) if value >= tier.threshold), None)


def shared_amount(run: Run, ready: ReadyRule, tier: ReadyTier, deal: SharedDeal, pieces: Iterable[Piece]) -> int:
    """The one amount: a rounded percent of the goods' value, bounded, or the amount as it stands; of both an amount per
    document only what carried lines were not given already."""
    if tier.kind != "percent":
        return rounded(run.brought.left_of(ready.rule.id, tier.money, tier.given))
    amount = rounded_times(sum(piece.basis(ready.base) for piece in pieces), tier.top, tier.bottom)
    if deal.at_most is None:
        return amount
    return min(amount, rounded(run.brought.left_of(ready.rule.id, minor(deal.at_most, run.book.exponent))))


def take_together(
    run: Run, ready: ReadyRule, pieces: Sequence[Piece], amount: int, kind: str, rate: Decimal | None,
    given: Given = "document",
) -> int:  # fmt: skip
    """Spread `amount` (written in the direction `given`) over the pieces' lines; the saving.

    What fits on no line is lost and reported.
    """
    by_line = group_by_line(pieces)
    rooms = [room_of(of_line) for of_line in by_line]
    weights = [run.weight(of_line, ready.base) for of_line in by_line]
    lines = [of_line[0].line for of_line in by_line]
    shares = spread_given(run, ready, amount, given, lines, weights, rooms)
    if ready.simple:
        saved = sum(shares)
        if saved:
            run.apply(ready).wanted += saved
        for of_line, share in zip(by_line, shares, strict=True):
            if share > 0:
                run.record_share(ready, share, of_line, kind, rate)
        return saved
    wants = [Want(piece, piece.value, kind, rate) for piece in pieces if piece.value > 0]
    return run.take(ready, wants, {line.rank: share for line, share in zip(lines, shares, strict=True) if share > 0})


def spread_given(
    run: Run, ready: ReadyRule, amount: int, given: Given,
    lines: list[LineState], weights: list[Exact], rooms: list[int],
) -> list[int]:  # fmt: skip
    """Shares of an amount written in the direction `given`, each turned into the document's at the line's own rate."""
    if given in ("document", run.settings.direction):
        shares = spread(amount, weights, rooms)
        fitted = sum(shares)
    else:
        factors = [line.factor(given, run.settings.direction) for line in lines]
        turned = [(-(-times(room, bottom, top) // 1)) for room, (top, bottom) in zip(rooms, factors, strict=True)]
        written = spread(
            amount, [times(w, bottom, top) for w, (top, bottom) in zip(weights, factors, strict=True)], turned
        )
        fitted = sum(written)
        shares = [
            min(room, rounded(times(share, *factor)))
            for share, room, factor in zip(written, rooms, factors, strict=True)
        ]
    if fitted < amount:
        run.lost.append(Lost(rule=ready.rule.id, amount=Minor(amount - fitted)))
    return shares


def group_by_line(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces of each line together, lines in the order of ties."""
    grouped: dict[int, list[Piece]] = {}
    for piece in pieces:
        rank = piece.line.rank
        if rank in grouped:
            grouped[rank].append(piece)
        else:
            grouped[rank] = [piece]
    return [grouped[rank] for rank in sorted(grouped)]


def apply_full_groups(run: Run, ready: ReadyRule) -> None:
    """Units laid out line by line, the larger lines first, in groups; units of complete groups get an amount off."""
    deal = ready.deal
    assert isinstance(deal, GroupsDeal)
    pieces = [piece for piece in run.free_pieces(ready) if ready.goods.fits(piece.line)]
    laid_out = sorted(group_by_line(pieces), key=lambda of_line: -sum(piece.q for piece in of_line))
    size = int(deal.size * QUANTITY_SCALE)
    complete = sum(piece.q for piece in pieces) // size
    allowed = run.sets_left(ready)
    if allowed is not None:
        complete = min(complete, allowed)
    left = complete * size
    money = minor(deal.amount, run.book.exponent)
    wants: list[Want] = []
    for piece in (piece for of_line in laid_out for piece in of_line):
        if left > 0:
            used = piece.split(min(piece.q, left))
            left -= used.q
            wants.append(Want(used, min(times(money, used.q, QUANTITY_SCALE), used.value), "amount", deal.amount))
    if wants:
        run.take(ready, wants)
        run.apply(ready).times = complete
        close_pieces(run, ready, "amount", [want.piece for want in wants])
