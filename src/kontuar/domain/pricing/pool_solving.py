"""Solves the pools of a step part by part, and carries out what was found.

Rules that want none of the same units are different problems: a *part* is what hangs together. What a part answered is
remembered with all that it was asked, because from one scan to the next most parts of a basket stay as they are.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter

import msgspec

from kontuar.domain.pricing.assignment.problem import Limits, Problem, Rounding, Saving
from kontuar.domain.pricing.assignment.solve import best_assignment
from kontuar.domain.pricing.book import PoolAnswer
from kontuar.domain.pricing.bundles import finish_bundle, mark_used
from kontuar.domain.pricing.exact import rounded, times
from kontuar.domain.pricing.items import close_pieces
from kontuar.domain.pricing.lines import Piece
from kontuar.domain.pricing.pool_problem import ELSEWHERE, Ground, PoolProblem, grain_of
from kontuar.domain.pricing.ready import ReadyRule
from kontuar.domain.pricing.rules import Base, BundleDeal, GroupsDeal, ItemDeal
from kontuar.domain.pricing.run import Run, Want
from kontuar.domain.pricing.shared import group_by_line
from kontuar.domain.pricing.spread import spread

ROUNDINGS: dict[str, Rounding] = {"line_discount": "line", "unit_price": "unit", "pool": "pool"}
RANK, ORDER, LINE = attrgetter("line.rank"), attrgetter("order"), attrgetter("line")


class Part:
    """Rules that share units, directly or through others, and the pieces they may use, the earlier line's first.

    `question`: all that its answer depends on; empty where an answer is found sooner than remembered. `answer` names
    pieces by their place in `pieces`.
    """

    __slots__ = ("answer", "found", "grain", "pieces", "question", "rules")

    answer: PoolAnswer

    def __init__(self, grain: int) -> None:
        self.grain = grain
        self.rules: list[ReadyRule] = []
        self.found: dict[int, Piece] = {}
        self.pieces: list[Piece] = []
        self.question: tuple[object, ...] = ()


def solved(run: Run, rules: list[ReadyRule], elsewhere: Mapping[int, int]) -> list[Part]:
    """The pool's parts with their answers; nothing is carried out yet."""
    free = {ready.order: run.free_pieces(ready) for ready in rules}
    grain = grain_of(rules, free)
    bases = {ready.base for ready in rules}
    base: Base = bases.pop() if len(bases) == 1 else "running"
    return _answered(run, _parts(rules, free, grain), free, Ground(grain, base, elsewhere))


def carry_out(run: Run, rules: list[ReadyRule], parts: list[Part]) -> None:
    """Take what the parts' answers give, rule after rule."""
    part_of = {ready.order: part for part in parts for ready in part.rules}
    for part in parts:
        run.proven = run.proven and part.answer.proven
        run.gap += part.answer.gap
    for ready in rules:
        name, concerned = str(ready.order), part_of.get(ready.order)
        savings = None if concerned is None else concerned.answer.savings.get(name)
        if concerned is None or savings is None:
            continue
        if isinstance(ready.deal, ItemDeal):
            _carry_out_items(run, ready, concerned, name, savings)
        else:
            _carry_out(run, ready, concerned, savings, concerned.answer.times.get(name, 0))


def _parts(rules: Sequence[ReadyRule], free: Mapping[int, list[Piece]], grain: int) -> list[Part]:
    """What hangs together; rules and pieces in their order."""
    home: dict[int, Part] = {}
    for ready in rules:
        mine: Part | None = None
        for piece in free[ready.order]:
            key = id(piece)
            known = home.get(key)
            if mine is None:
                mine = known or Part(grain)
                mine.rules.append(ready)
            elif known is not None and known is not mine:
                mine.rules += known.rules
                mine.found |= known.found
                for other in known.found:
                    home[other] = mine
            if known is None:
                mine.found[key] = piece
                home[key] = mine
    parts = list({id(part): part for part in home.values()}.values())
    for part in parts:
        part.rules.sort(key=ORDER)
        part.pieces = sorted(part.found.values(), key=RANK)
    return parts


def _answered(run: Run, parts: list[Part], free: Mapping[int, list[Piece]], ground: Ground) -> list[Part]:
    """The parts with the answers that are remembered; all others are one problem."""
    new: list[Part] = []
    for part in parts:
        if not all(isinstance(ready.deal, ItemDeal) for ready in part.rules):
            part.question = _question(run, part, free, ground)
            known = run.book.answers.get(part.question)
            if known is not None:
                part.answer = known
                continue
        new.append(part)
    if new:
        _solve(run, new, free, ground)
    return parts


def _question(run: Run, part: Part, free: Mapping[int, list[Piece]], ground: Ground) -> tuple[object, ...]:
    number = {id(piece): at for at, piece in enumerate(part.pieces)}
    return (
        run.context, ground.grain, ground.base,
        tuple([
            (ready.order, run.sets_left(ready), *[number[id(piece)] for piece in free[ready.order]])
            for ready in part.rules
        ]),
        tuple([_told(piece, ground.elsewhere) for piece in part.pieces]),
    )  # fmt: skip


def _told(piece: Piece, elsewhere: Mapping[int, int]) -> tuple[object, ...]:
    """All that a problem asks of a piece."""
    line = piece.line
    return (
        line.key, piece.q, piece.value, piece.listed, piece.start, line.q, line.floor, line.vat, line.unit_price,
        len(line.pieces), elsewhere.get(line.rank, 0),
    )  # fmt: skip


def _solve(run: Run, parts: list[Part], free: Mapping[int, list[Piece]], ground: Ground) -> None:
    """Answer the parts as one problem; one by one where not all is proven, because each keeps its own gap."""
    if len(parts) == 1:
        rules, pieces = parts[0].rules, parts[0].pieces
    else:
        rules = sorted([ready for part in parts for ready in part.rules], key=ORDER)
        pieces = sorted([piece for part in parts for piece in part.pieces], key=RANK)
    answer = _solved(run, PoolProblem(run, rules, free, pieces, ground))
    if not answer.proven and len(parts) > 1:
        for part in parts:
            _solve(run, [part], free, ground)
        return
    number = {id(piece): at for at, piece in enumerate(pieces)} if len(parts) > 1 else {}
    for part in parts:
        if part.question:
            places = {number[id(piece)]: at for at, piece in enumerate(part.pieces)} if number else {}
            run.book.remember(part.question, _own(answer, part, places) if places else answer)
        part.answer, part.pieces = answer, pieces


def _own(answer: PoolAnswer, part: Part, places: Mapping[int, int]) -> PoolAnswer:
    """What concerns one part, its pieces by their places in it."""
    names = {str(ready.order) for ready in part.rules}
    savings = {
        name: [msgspec.structs.replace(saving, line=places[saving.line]) for saving in answer.savings[name]]
        for name in names & answer.savings.keys()
    }
    named = {
        (name, places[saving.line]): answer.named[name, saving.line]
        for name in savings for saving in answer.savings[name] if (name, saving.line) in answer.named
    }  # fmt: skip
    times = {name: answer.times[name] for name in names & answer.times.keys()}
    return PoolAnswer(savings, times, named, answer.proven, answer.gap)


def _solved(run: Run, pool: PoolProblem) -> PoolAnswer:
    by_rule: dict[str, list[Saving]] = {}
    for saving in pool.savings_alone():
        by_rule.setdefault(saving.rule, []).append(saving)
    times: Mapping[str, int] = {}
    proven, gap = True, 0
    if any(offer.rule != ELSEWHERE for offer in pool.offers):
        solution = best_assignment(
            Problem(lines=pool.lines, offers=tuple(pool.offers), rounding=ROUNDINGS[run.settings.round_at]),
            Limits(steps=run.settings.work_limit),
            tell=False,
        )
        for saving in solution.savings:
            by_rule.setdefault(saving.rule, []).append(saving)
        times, proven = solution.times, solution.proven
        gap = 0 if proven else rounded(Fraction(solution.bound) - solution.exact)
    for savings in by_rule.values():
        if len(savings) > 1:
            savings.sort(key=LINE)
    return PoolAnswer(by_rule, times, pool.named, proven, gap)


def _carry_out_items(run: Run, ready: ReadyRule, part: Part, name: str, savings: Sequence[Saving]) -> None:
    """Take what an item promotion saves on the units that it got."""
    wants: list[Want] = []
    for saving in savings:
        piece = part.pieces[saving.line].split(saving.units * part.grain)
        if saving.amount > 0:
            kind, rate = part.answer.named[name, saving.line]
            wants.append(Want(piece, saving.amount, kind, rate, True))
    if wants:
        run.take(ready, wants)
        run.apply(ready).times = 1
    for want in wants:
        close_pieces(run, ready, want.kind, [want.piece])


def _carry_out(run: Run, ready: ReadyRule, part: Part, savings: Sequence[Saving], made: int) -> None:
    """Split the units that the rule got off their pieces, and take what it saves there."""
    wants: list[Want] = []
    used: list[Piece] = []
    for saving in savings:
        piece = part.pieces[saving.line].split(saving.units * part.grain)
        if ready.slots:
            mark_used(run, ready, piece)
        rewarded = piece
        if 0 < saving.rewarded < saving.units:
            rewarded = piece.split(saving.rewarded * part.grain)
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
        close_pieces(run, ready, "amount", [want.piece for want in wants])


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
