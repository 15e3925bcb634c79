"""The pricing engine: one pure function from a basket and rules to lines with ordered adjustments (DISC-20 … DISC-27).

Frozen lines → bundles (their units then take only discounts of the whole document) → KNT, KNU, PRM step by step on
the other units → WTR → the operator's discounts → VAT. In a step pools come first, then the rules in order.
"""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from operator import attrgetter

from kontuar.domain.pricing.basket import Basket, Priced, Settings
from kontuar.domain.pricing.book import RuleBook, compile_rules
from kontuar.domain.pricing.bundles import apply_bundle, gifts_owed, give_gifts
from kontuar.domain.pricing.carried import with_whole_promises
from kontuar.domain.pricing.items import apply_items
from kontuar.domain.pricing.lines import LineState
from kontuar.domain.pricing.operator import apply_operator
from kontuar.domain.pricing.outcome import outcome_of
from kontuar.domain.pricing.pools import Pool
from kontuar.domain.pricing.ready import BUNDLE_PHASE, BUNDLES, ITEM_PHASE, ReadyRule
from kontuar.domain.pricing.rules import BundleDeal, ItemDeal, Rule, SharedDeal
from kontuar.domain.pricing.run import Run
from kontuar.domain.pricing.shared import apply_full_groups, apply_shared


def price(basket: Basket, rules: RuleBook | Iterable[Rule], settings: Settings | None = None) -> Priced:
    """Price a basket. `rules` made ready once by `compile_rules` are fast; plain rules are made ready here.

    The same basket, rules and settings give the same result on every node, whatever the order of lines when
    `settings.ties` is *article* (DISC-27).
    """
    chosen = settings or Settings()
    book = rules if isinstance(rules, RuleBook) else compile_rules(rules, chosen.exponent)
    whole, freed = with_whole_promises(basket, book, chosen)
    run = _alone(whole, book, chosen) or _together(whole, book, chosen)
    apply_operator(run)
    return outcome_of(run, _could(run), freed)


def _together(basket: Basket, book: RuleBook, settings: Settings) -> Run:
    run = _begun(basket, book, settings)
    _run_rules(run, [ready for ready in _able_rules(run) if not ready.rule.combination.exclusive])
    return run


def _alone(basket: Basket, book: RuleBook, settings: Settings) -> Run | None:
    """The first exclusive rule that can be applied, alone; None when there is none.

    What carried lines bear counts: beside an exclusive discount nothing else is given, and none joins others.
    """
    if not book.has_exclusive:
        return None
    begun = _begun(basket, book, settings)
    brought = begun.brought.rules()
    for ready in _concerned_rules(begun):
        if ready.rule.combination.exclusive and brought <= {ready.rule.id}:
            run = _begun(basket, book, settings)
            _run_rules(run, [ready])
            if run.applied:
                return run
    return begun if any(book.is_exclusive(rule) for rule in brought) else None


def _begun(basket: Basket, book: RuleBook, settings: Settings) -> Run:
    """A run that knows the rules which concern the basket's goods and whose scope covers the document, and the gifts
    that carried bundles still owe."""
    run = Run(basket, book, settings)
    touched = run.touched
    closed: set[int] = set()
    for line in run.lines:
        if line.open or line.counts_frozen:
            for ready, rows in book.candidates(line.key):
                if not _admits(line, ready):
                    continue
                concerned = touched.get(ready.order)
                if concerned is not None:
                    concerned.append((line.rank, rows))
                elif ready.order not in closed:
                    if run.covers(ready):
                        touched[ready.order] = [(line.rank, rows)]
                    else:
                        closed.add(ready.order)
    run.gifts += gifts_owed(run)
    return run


def _admits(line: LineState, ready: ReadyRule) -> bool:
    """Whether the line lets rules of that phase near it at all, if only to be counted."""
    return line.input.in_bundles if ready.phase == BUNDLE_PHASE else line.counts_frozen or not line.input.only_bundles


def _concerned_rules(run: Run) -> list[ReadyRule]:
    return [run.book.rules[order] for order in sorted(run.touched)]


def _able_rules(run: Run) -> list[ReadyRule]:
    """Without bundles that ask for more units than the basket has of their goods."""
    return [ready for ready in _concerned_rules(run) if not ready.units_needed or run.has_units(ready)]


def _run_rules(run: Run, rules: list[ReadyRule]) -> None:
    """The steps in order; gifts are given when all bundles, and when all document rules, are through. Those that a
    continued document brought come first."""
    give_gifts(run)
    phase = -1
    for (next_phase, _), step in groupby(rules, key=attrgetter("step")):
        if phase == BUNDLE_PHASE and next_phase != BUNDLE_PHASE:
            give_gifts(run)
        phase = next_phase
        if phase != BUNDLE_PHASE or run.settings.bundles:
            _run_step(run, list(step))
    give_gifts(run)


def _run_step(run: Run, rules: list[ReadyRule]) -> None:
    run.started = None
    if any(ready.watches_step for ready in rules):
        run.begin_step(rules[0].step)
    if run.settings.choose == "best_for_customer":
        rules = _without_pools(run, rules)
    for ready in rules:
        if run.is_open(ready):
            apply_rule(run, ready)


def _could(run: Run) -> dict[int, list[str]]:
    """Line's rank → the bundles that concern it and are open (DISC-23: the grey mark)."""
    found: dict[int, list[str]] = {}
    for ready in _concerned_rules(run):
        if ready.phase != BUNDLE_PHASE:
            break
        if run.is_open(ready):
            for rank, _ in run.touched[ready.order]:
                if run.lines[rank].open:
                    found.setdefault(rank, []).append(ready.rule.id)
    return found


def _without_pools(run: Run, rules: list[ReadyRule]) -> list[ReadyRule]:
    """Solve the step's pools, the bundles being one; what is left for the usual order."""
    pools: dict[str, list[ReadyRule]] = {}
    for ready in rules:
        pools.setdefault(ready.pool, []).append(ready)
    left = pools.pop("", [])
    for name, pooled in pools.items():
        able = [ready for ready in pooled if run.is_open(ready)]
        if able:
            after = _rules_on_goods(run) if name == BUNDLES else []
            elsewhere = _elsewhere(run, after) if name == BUNDLES else {}
            Pool(run, able, apply_rule, elsewhere, partial(_run_rules, rules=after)).carry_out(run)
    return left


def _rules_on_goods(run: Run) -> list[ReadyRule]:
    return [ready for ready in _able_rules(run) if ready.phase == ITEM_PHASE and not ready.rule.combination.exclusive]


def _elsewhere(run: Run, rules: list[ReadyRule]) -> dict[int, int]:
    """What KNT, KNU and PRM would save on each line if no bundle took it: the price of putting units into bundles."""
    changing = {rank for ready in rules for rank, _ in run.touched[ready.order]}
    if run.gifts or any(ready.watches_step for ready in rules):
        changing.update(range(len(run.lines)))
    tried = run.copy(changing)
    _run_rules(tried, rules)
    return {rank: run.lines[rank].value - tried.lines[rank].value for rank in changing if run.lines[rank].open}


def apply_rule(run: Run, ready: ReadyRule) -> None:
    """One rule on its own."""
    deal = ready.deal
    if isinstance(deal, ItemDeal):
        apply_items(run, ready)
    elif isinstance(deal, BundleDeal):
        apply_bundle(run, ready)
    elif isinstance(deal, SharedDeal):
        apply_shared(run, ready)
    else:
        apply_full_groups(run, ready)
