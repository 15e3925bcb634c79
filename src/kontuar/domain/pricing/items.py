"""KNT, KNU and PRM: percent, amount or fixed price on single lines, by thresholds (DISC-01 … DISC-03, DISC-08)."""

from collections.abc import Sequence

from kontuar.domain.pricing.conditions import buyer_key
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, plain, rounded, rounded_times, times
from kontuar.domain.pricing.lines import LineState, Piece
from kontuar.domain.pricing.ready import ReadyElement, ReadyRule, ReadyTier
from kontuar.domain.pricing.run import Run, Want

Chosen = tuple[LineState, ReadyElement, list[Piece]]
Tiered = tuple[LineState, ReadyTier | None, list[Piece]]


def apply_items(run: Run, ready: ReadyRule) -> None:
    """Give every line the reward of its row, as far as thresholds are reached."""
    concerned = run.touched[ready.order]
    chosen = [choice for rank, rows in concerned for choice in _choose(run, ready, run.lines[rank], rows)]
    if not chosen:
        return
    reached = _reached(run, ready, chosen)
    # Rows summed over the buyer's groups meet on one piece: they add up, all reckoned from the same value (DISC-08).
    summed = run.settings.sum_buyer_groups
    at_once = (ready.simple or not ready.bounded) and not summed and run.settings.round_at == "line_discount"
    wants: list[Want] = []
    closing: list[tuple[ReadyTier, list[Piece]]] = []
    tiered = [(line, _tier(element, line, reached), pieces) for line, element, pieces in chosen]
    for line, tier, pieces in _without_rival_prices(tiered) if summed else tiered:
        if tier is None or not pieces:
            continue
        if at_once and len(line.pieces) == 1:
            _give_at_once(run, ready, tier, pieces[0])
        else:
            pieces = _within_quantity(run, ready, wants, pieces)
            wants += [want for want in (wanted(run, ready, tier, piece) for piece in pieces) if want.amount > 0]
        closing.append((tier, pieces))
    if wants:
        run.take(ready, wants)
    if run.has_applied(ready):
        applied = run.apply(ready)
        applied.times = 1
        applied.for_buyer |= any(element.buyer_rank == 2 for _, element, _ in chosen)
    for tier, pieces in closing:
        close_pieces(run, ready, tier.kind, pieces)


def _without_rival_prices(tiered: list[Tiered]) -> list[Tiered]:
    """Fixed prices of several groups do not add up: where a line has one, only the lowest counts."""
    lowest: dict[int, ReadyTier] = {}
    for line, tier, _ in tiered:
        if tier is not None and tier.kind == "fixed_price":
            known = lowest.get(line.rank)
            lowest[line.rank] = tier if known is None or tier.money < known.money else known
    return [row for row in tiered if row[0].rank not in lowest or row[1] is lowest[row[0].rank]]


def _give_at_once(run: Run, ready: ReadyRule, tier: ReadyTier, piece: Piece) -> None:
    """The usual case, a line in one piece and nothing that bounds the rule: what `Run.take` would do, only faster."""
    line = piece.line
    base = piece.basis(ready.base)
    if tier.kind == "percent":
        amount = rounded_times(base, tier.top, tier.bottom)
    else:
        amount = rounded(wanted(run, ready, tier, piece).amount)
    room = line.value - line.floor
    if amount <= 0:
        return
    applied = run.apply(ready)
    applied.wanted += amount
    amount = min(amount, room)
    if amount > 0:
        piece.value = plain(piece.value - amount)
        if ready.tags:
            piece.tags = (*piece.tags, *ready.tags)
        run.write_for(applied, line, rounded(base), amount, tier.kind, tier.rate, piece.q)


def _choose(run: Run, ready: ReadyRule, line: LineState, rows: tuple[ReadyElement, ...]) -> list[Chosen]:
    """The rows that count on a line: the most specific, or one for each of the buyer's groups where they are summed."""
    tags = ready.tags
    if not line.open and not line.counts_frozen:
        return []
    takes = line.open and not line.input.only_bundles
    pieces = [
        piece
        for piece in line.pieces
        if takes and not piece.closed and not piece.bundle and not (tags and any(tag in piece.tags for tag in tags))
    ]
    if not pieces and not line.counts_frozen:
        return []
    if len(rows) == 1 and not rows[0].asks:
        return [(line, rows[0], pieces)]
    return [(line, element, pieces) for element in choose_elements(run, line, rows)]


def choose_elements(run: Run, line: LineState, rows: tuple[ReadyElement, ...]) -> list[ReadyElement]:
    """Of the rows that name the line's goods, those that count for the buyer."""
    found: dict[str, ReadyElement] = {}
    for element in rows:
        key = buyer_key(element.element.buyers, run.basket, run.settings)
        if key is None or key in found or not element.goods.fits(line):
            continue
        found[key] = element
        if not (run.settings.sum_buyer_groups and key.startswith("group:")):
            break
    return list(found.values())


def _reached(run: Run, ready: ReadyRule, chosen: list[Chosen]) -> dict[tuple[int, str], Exact]:
    """How much of each row (and article) lies in the basket, among the units that the rule may touch, or might have
    touched on carried lines: units in bundles do not count."""
    sums: dict[tuple[int, str], Exact] = {}
    for line, element, pieces in chosen:
        if not element.unconditional:
            key = _count_key(element, line)
            counted = pieces or [piece for piece in line.pieces if not piece.bundle]
            sums[key] = sums.get(key, 0) + _measured(run, ready, element, counted)
    return sums


def _count_key(element: ReadyElement, line: LineState) -> tuple[int, str]:
    return id(element), line.input.article if element.element.counted == "article" else ""


def _measured(run: Run, ready: ReadyRule, element: ReadyElement, pieces: list[Piece]) -> Exact:
    units = sum(piece.q for piece in pieces)
    if element.element.by == "quantity" or not units:
        return units
    line = pieces[0].line
    if element.element.of == "running" and line.input.frozen:
        return times(run.value_at(line, ready.sort_key), units, line.q)
    return sum(piece.basis(element.element.of) for piece in pieces)


def _tier(element: ReadyElement, line: LineState, reached: dict[tuple[int, str], Exact]) -> ReadyTier | None:
    """The highest threshold that is reached."""
    if element.unconditional:
        return element.tiers[0]
    amount = reached[_count_key(element, line)]
    return next((tier for tier in reversed(element.tiers) if amount >= tier.threshold), None)


def _within_quantity(run: Run, ready: ReadyRule, wants: list[Want], pieces: list[Piece]) -> list[Piece]:
    """The pieces cut down to the units that one document, or the ledger, still allows."""
    limits = ready.rule.limits
    if limits.quantity is None and not limits.counted_by_hub:
        return pieces
    brought = run.brought.quantity(ready.rule.id)
    left = [] if limits.quantity is None else [int(limits.quantity * QUANTITY_SCALE) - brought]
    left += [run.allowed(ready)] if limits.counted_by_hub else []
    room = min(left) - sum(want.piece.q for want in wants)
    kept: list[Piece] = []
    for piece in pieces:
        if room > 0:
            kept.append(piece.split(min(piece.q, room)))
            room -= kept[-1].q
    return kept


def wanted(run: Run, ready: ReadyRule, tier: ReadyTier, piece: Piece) -> Want:
    """What a reward takes off a piece, exact, in the document's direction, at the line's own rate (design: 3)."""
    if tier.kind == "percent":
        return Want(piece, times(piece.basis(ready.base), tier.top, tier.bottom), "percent", tier.rate)
    factor = piece.line.factor(tier.given, run.settings.direction)
    money = times(times(tier.money, *factor), piece.q, QUANTITY_SCALE)
    if tier.kind == "amount":
        return Want(piece, min(money, piece.value), "amount", tier.rate)
    price = rounded(money) if len(piece.line.pieces) == 1 else money
    return Want(piece, max(0, piece.value - price), "fixed_price", tier.rate)


def close_pieces(run: Run, ready: ReadyRule, kind: str, pieces: Sequence[Piece]) -> None:
    """*Skip following*, and fixed prices that are final (DISC-21), end the chain for the units they touched."""
    final_price = kind == "fixed_price" and not run.settings.discounts_on_fixed_prices
    if ready.rule.combination.skip_following or final_price:
        for piece in pieces:
            piece.closed = True
