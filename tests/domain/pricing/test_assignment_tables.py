"""Many bundles over the same units: the best is proven by a table, and it is the best that all others find."""

import random
from fractions import Fraction

import pytest

from assignment_oracle import best_by_trying
from assignment_pools import pool
from kontuar.domain.pricing.assignment.assembling import made_of
from kontuar.domain.pricing.assignment.greedy import greedy
from kontuar.domain.pricing.assignment.improving import improved
from kontuar.domain.pricing.assignment.parting import components
from kontuar.domain.pricing.assignment.problem import Amount, Bundle, Limits, Line, Percent, Problem, SetPrice, Slot
from kontuar.domain.pricing.assignment.reading import read
from kontuar.domain.pricing.assignment.solve import best_assignment
from kontuar.domain.pricing.assignment.tabling import table
from kontuar.domain.pricing.assignment.thinning import thinned
from kontuar.domain.pricing.assignment.walking import can_walk, walk

BY_TABLE = Limits(offers=0, nodes=0)
BY_PROGRAM = Limits(offers=0, cells=0, programs=1000, variables=10_000)
BY_GREED = Limits(offers=0, nodes=0, cells=0, tables=0)
CELLS, STEPS = 20_000_000, 1_000_000


def overlapping(chance: random.Random, *, lines: int, bundles: int, units: int = 2) -> Problem:
    """Bundles over the same lines, or most of them, in sizes of two to four."""
    numbers = range(1, lines + 1)
    offers = []
    for rank in range(bundles):
        members = frozenset(numbers if chance.random() < 0.6 else chance.sample(numbers, max(2, lines - 1)))
        reward = chance.choice(
            [
                Percent(percent=chance.choice([20, 25, 30])),
                Percent(percent=chance.choice([50, 100]), pick="cheapest"),
                Percent(percent=50, pick="dearest"),
                SetPrice(price=chance.choice([300, 450])),
                Amount(amount=90),
            ]
        )
        slot = Slot(lines=members, units=chance.randint(2, 4))
        times = chance.choice([None, None, None, 1])
        offers.append(Bundle(rule=str(rank), slots=(slot,), reward=reward, times=times))
    prices = [chance.choice([199, 200, 250, 399, 640]) for _ in numbers]
    return Problem(
        lines=tuple(
            Line(number=number, units=chance.randint(1, units), value=price, order=f"{number:03}")
            for number, price in zip(numbers, prices, strict=True)
        ),
        offers=tuple(offers),
    )


def test_where_the_greedy_answer_took_every_unit_no_table_is_left_to_make() -> None:
    """DISC-25: goods by weight are thousands of units; sets of 0.25 at a third off, of 1.00 for nothing."""
    weighed = Line(number=0, units=6000, value=Fraction(33, 2000), floor=Fraction(1, 120))
    third = Percent(percent=Fraction(333333, 10000), pick="cheapest", units=2000)
    free = Percent(percent=100, pick="dearest", units=1000)
    offers = tuple(
        Bundle(rule=str(size), slots=(Slot(lines=frozenset([0]), units=size),), reward=reward)
        for size, reward in ((250, third), (1000, free))
    )
    answer = best_assignment(Problem(lines=(weighed,), offers=offers))
    assert answer.exact == 6000 * (weighed.value - weighed.floor)


def test_the_table_finds_what_the_walk_finds() -> None:
    """DISC-25: for every shape of offer the same units, down to the last tie."""
    compared = 0
    for seed in range(40_000, 40_800):
        model = read(pool(seed), Limits())
        for component in components(model):
            if not can_walk(model, component, 100):
                continue
            answer = table(model, component, CELLS, STEPS).answer
            walked = walk(model, component, STEPS).answer
            if answer is None:
                continue
            assert walked is not None, seed
            assert made_of(model, component, answer) == made_of(model, component, walked), seed
            compared += 1
    assert compared > 400


@pytest.mark.parametrize("block", range(2))
def test_no_assignment_of_overlapping_bundles_saves_more_than_the_table_finds(block: int) -> None:
    """DISC-25: against an exhaustive search; also no fewer applications save as much."""
    proven = 0
    for seed in range(block * 60, block * 60 + 60):
        chance = random.Random(seed)
        problem = overlapping(chance, lines=4, bundles=chance.randint(5, 9))
        found = best_assignment(problem, BY_TABLE)
        best = best_by_trying(problem)
        assert found.exact <= best[0] <= found.bound, seed
        if found.proven:
            proven += 1
            assert (found.exact, -sum(one.times for one in found.applications)) == best[:2], seed
    assert proven > 50


def test_the_table_gives_every_line_what_the_program_gives() -> None:
    """DISC-25: ties are settled alike by either, so that a till and the hub agree whoever counts."""
    compared = 0
    for seed in range(20):
        problem = overlapping(random.Random(seed), lines=6, bundles=7)
        by_table, by_program = best_assignment(problem, BY_TABLE), best_assignment(problem, BY_PROGRAM)
        if by_table.proven and by_program.proven:
            assert (by_table.savings, by_table.applications) == (by_program.savings, by_program.applications), seed
            compared += 1
    assert compared > 8


def test_leaving_out_what_others_better_never_changes_the_answer() -> None:
    """DISC-25: four with the cheapest free are never worth it where two with the cheapest free are to be had."""
    thinner = 0
    for seed in range(600):
        model = read(overlapping(random.Random(seed), lines=4, bundles=6), Limits())
        for component in components(model):
            slim = thinned(model, component)
            if slim == component or not can_walk(model, component, 100):
                continue
            thinner += 1
            whole, less = table(model, component, CELLS, STEPS).answer, table(model, slim, CELLS, STEPS).answer
            assert whole is not None
            assert less is not None
            assert made_of(model, component, whole) == made_of(model, component, less), seed
    assert thinner > 50


def test_forty_bundles_over_the_same_articles_are_proven_without_a_program() -> None:
    """PERF-07: a till must not stand still for a second after each scan."""
    chance = random.Random(5)
    members = frozenset(range(1, 21))
    offers = tuple(
        Bundle(
            rule=f"{rank:02}", slots=(Slot(lines=members, units=size),),
            reward=SetPrice(price=700 * size) if rank % 5 == 4
            else Percent(percent=10 + rank % 17) if rank % 2
            else Percent(percent=50 + 50 * (rank % 4 // 2), pick="cheapest"),
        )
        for rank, size in enumerate(2 + rank % 4 for rank in range(40))
    )  # fmt: skip
    lines = tuple(
        Line(number=number, units=chance.choice([1, 1, 2, 3]), value=chance.randint(199, 4999), order=f"{number:02}")
        for number in members
    )
    found = best_assignment(Problem(lines=lines, offers=offers))
    assert found.proven
    assert found.work.programs == 0
    assert 0 < found.work.cells < 5_000_000


def test_the_table_keeps_to_its_bounds() -> None:
    """DISC-25: where the counted work ends, it ends on every node."""
    model = read(overlapping(random.Random(4), lines=6, bundles=8), Limits())
    (component,) = components(model)
    needed = table(model, component, CELLS, STEPS).cells
    assert needed > 1_000
    assert table(model, component, needed, STEPS).answer is not None
    assert table(model, component, needed - 1, STEPS).answer is None
    assert table(model, component, CELLS, 3).answer is None


def test_tables_in_turn_make_the_greedy_answer_better_and_never_worse() -> None:
    """DISC-25: where no search may count all bundles at once; still never more than there is."""
    better = 0
    for seed in range(60):
        problem = overlapping(random.Random(seed), lines=4, bundles=8)
        model, best = read(problem, Limits()), best_by_trying(problem)[0]
        found = 0
        for component in components(model):
            start = greedy(model, component)
            answer = improved(model, component, start, Limits()).answer
            before, after = (
                sum(one.saved * one.times for one in made_of(model, component, of)) for of in (start, answer)
            )
            assert after >= before, seed
            better += after > before
            found += after
        assert found <= best * model.scale, seed
    assert better > 15


def test_forty_bundles_over_different_articles_end_at_a_counted_place() -> None:
    """DISC-25, DISC-27, PERF-07: no till waits for a proof; all nodes end with the same answer for every scan order."""
    chance = random.Random(9)
    numbers = list(range(1, 21))
    lines = [
        Line(number=number, units=chance.randint(1, 3), value=chance.randint(199, 4999), order=f"{number:02}")
        for number in numbers
    ]
    offers = tuple(
        Bundle(
            rule=f"{rank:02}", slots=(Slot(lines=frozenset(chance.sample(numbers, 10)), units=2 + rank % 3),),
            reward=Percent(percent=chance.choice([50, 100]), pick="cheapest") if rank % 2
            else Percent(percent=chance.randint(10, 30)),
        )
        for rank in range(40)
    )  # fmt: skip
    found = best_assignment(Problem(lines=tuple(lines), offers=offers))
    assert not found.proven
    assert found.bound > found.exact > best_assignment(Problem(lines=tuple(lines), offers=offers), BY_GREED).exact
    assert (found.work.programs, found.work.cut_off) == (0, 1)
    assert found.work.cells < 4_000_000
    for _ in range(2):
        chance.shuffle(lines)
        assert best_assignment(Problem(lines=tuple(lines), offers=offers)).savings == found.savings
