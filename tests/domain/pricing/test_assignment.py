"""Which units go to which offers: the best there is, the same for everybody (DISC-25, DISC-27)."""

import random
from fractions import Fraction

import msgspec
import pytest

from assignment_oracle import best_by_trying
from assignment_pools import pool
from kontuar.domain.pricing.assignment.problem import (
    Amount,
    Bundle,
    Limits,
    Line,
    Offer,
    Percent,
    Problem,
    SetPrice,
    Slot,
    Solution,
    Threshold,
)
from kontuar.domain.pricing.assignment.solve import best_assignment

HALF_OFF_CHEAPEST = Percent(percent=50, pick="cheapest")
BY_WALK = Limits(steps=1_000_000, nodes=0, offers=100, cells=0)
BY_PROGRAM = Limits(offers=0, programs=1000, cells=0, variables=10_000)
BY_GREED = Limits(offers=0, nodes=0, cells=0, tables=0)


def lines(*units_and_values: tuple[int, int]) -> tuple[Line, ...]:
    return tuple(
        Line(number=number, units=units, value=value, order=f"{number:03}")
        for number, (units, value) in enumerate(units_and_values, 1)
    )


def slot(*numbers: int, units: int = 1) -> Slot:
    return Slot(lines=frozenset(numbers), units=units)


def percent_of(*numbers: int, percent: int, rule: str) -> Bundle:
    return Bundle(rule=rule, slots=(slot(*numbers),), reward=Percent(percent=percent))


def saved(problem: Problem, limits: Limits | None = None) -> dict[tuple[str, int], int]:
    solution = best_assignment(problem, limits or Limits())
    return {(row.rule, row.line): row.amount for row in solution.savings if row.amount}


@pytest.mark.parametrize("block", range(5))
def test_no_assignment_of_a_small_pool_saves_more_than_the_walk_finds(block: int) -> None:
    """DISC-25: against an exhaustive search; also no fewer applications save as much."""
    for seed in range(block * 400, block * 400 + 400):
        problem = pool(seed)
        best = best_by_trying(problem)
        found = best_assignment(problem, BY_WALK)
        if not found.work.cut_off:
            assert (found.exact, -sum(one.times for one in found.applications)) == best[:2], seed
        assert found.exact <= best[0] <= found.bound, seed


@pytest.mark.parametrize("block", range(3))
def test_the_program_gives_every_line_the_same_as_the_walk(block: int) -> None:
    """DISC-25: ties are settled alike, down to the units of each application."""
    walked = 0
    for seed in range(10_000 + block * 100, 10_100 + block * 100):
        problem = pool(seed)
        by_program, by_walk = best_assignment(problem, BY_PROGRAM), best_assignment(problem, BY_WALK)
        assert by_program.proven, seed
        assert by_program.exact == best_by_trying(problem)[0], seed
        if not by_walk.work.cut_off:
            walked += 1
            assert (by_walk.savings, by_walk.applications) == (by_program.savings, by_program.applications), seed
    assert walked > 66


def test_the_greedy_search_never_claims_more_than_there_is() -> None:
    """DISC-25: what is not proven says how much more there could be."""
    for seed in range(20_000, 20_500):
        problem = pool(seed)
        found, best = best_assignment(problem, BY_GREED), best_by_trying(problem)[0]
        assert found.exact <= best <= found.bound, seed
        assert not found.proven or found.exact == best, seed


def test_a_thousand_scan_orders_cost_the_same_for_every_article() -> None:
    """DISC-27: lines may come in any order and under any number; the article settles ties."""
    chance = random.Random(1)
    problem = Problem(
        lines=lines(*((1 + number % 2, (700, 700, 500, 500, 900)[number % 5]) for number in range(1, 9))),
        offers=(
            Bundle(rule="a", slots=(slot(1, 2, 3, 4, 5, units=3),), reward=Percent(percent=100, pick="cheapest")),
            Bundle(rule="b", slots=(slot(4, 5, 6, 7, 8, units=2),), reward=SetPrice(price=800)),
            percent_of(1, 3, 5, 7, percent=10, rule="c"),
        ),
    )  # fmt: skip
    expected = _by_article(problem, best_assignment(problem))
    for _ in range(1000):
        shuffled = _scanned_otherwise(problem, chance)
        assert _by_article(shuffled, best_assignment(shuffled)) == expected


def _scanned_otherwise(problem: Problem, chance: random.Random) -> Problem:
    numbers = [line.number for line in problem.lines]
    renamed = dict(zip(numbers, chance.sample(numbers, len(numbers)), strict=True))

    def moved(offer: Offer) -> Offer:
        assert isinstance(offer, Bundle)
        slots = tuple(Slot(lines=frozenset(renamed[n] for n in of.lines), units=of.units) for of in offer.slots)
        return msgspec.structs.replace(offer, slots=slots)

    scanned = [msgspec.structs.replace(line, number=renamed[line.number]) for line in problem.lines]
    scanned.sort(key=lambda line: line.number)
    return Problem(lines=tuple(scanned), offers=tuple(moved(offer) for offer in problem.offers))


def _by_article(problem: Problem, solution: Solution) -> dict[tuple[str, str], tuple[int, int, int]]:
    article = {line.number: line.order for line in problem.lines}
    return {(row.rule, article[row.line]): (row.units, row.rewarded, row.amount) for row in solution.savings}


def test_splitting_a_line_changes_nothing() -> None:
    """DISC-27: seven pieces on one line, or on three."""
    offer = Bundle(rule="a", slots=(slot(1, 2, 3, units=3),), reward=Percent(percent=100, pick="cheapest"))
    together = Problem(lines=lines((7, 999)), offers=(offer,))
    apart = Problem(lines=lines((2, 999), (4, 999), (1, 999)), offers=(offer,))
    assert best_assignment(together).total == best_assignment(apart).total == 1998
    assert saved(apart) == {("a", 1): 1998}


def test_a_line_of_six_thousand_pieces_takes_few_steps() -> None:
    """DISC-25: 2,000 sets of three are one application, two thousand times."""
    problem = Problem(
        lines=lines((6000, 500)),
        offers=(
            Bundle(rule="three for two", slots=(slot(1, units=3),), reward=Percent(percent=100, pick="cheapest")),
            Bundle(rule="five for 17.00", slots=(slot(1, units=5),), reward=SetPrice(price=1700)),
        ),
    )
    found = best_assignment(problem)
    assert (found.total, found.proven) == (1_000_000, True)
    assert [(one.rule, one.times) for one in found.applications] == [("three for two", 2000)]
    assert found.work.steps < 5_000
    assert best_assignment(problem, BY_PROGRAM).savings == found.savings


def test_long_runs_give_what_the_program_gives() -> None:
    """DISC-25: what repeats is multiplied; sizes and prices that leave every remainder."""
    rewards = Percent(percent=100, pick="cheapest"), Percent(percent=20), SetPrice(price=1400)
    for seed in range(12):
        chance = random.Random(seed)
        offers = tuple(
            Bundle(rule=str(rank), slots=(slot(1, 2, units=chance.randint(2, 5)),), reward=chance.choice(rewards))
            for rank in range(3)
        )
        problem = Problem(lines=lines((chance.randint(80, 400), 500), (chance.randint(80, 400), 450)), offers=offers)
        by_walk, by_program = best_assignment(problem, BY_WALK), best_assignment(problem, BY_PROGRAM)
        assert not by_walk.work.cut_off
        assert by_program.proven
        assert by_walk.savings == by_program.savings, seed


def test_where_the_work_is_cut_off_is_counted_and_therefore_always_the_same() -> None:
    """DISC-25: never by the clock; every node stops at the same place and says what is left open."""
    offers = tuple(
        Bundle(rule=str(rank), slots=(slot(*range(1, 13), units=2 + rank % 3),), reward=HALF_OFF_CHEAPEST)
        for rank in range(9)
    )
    problem = Problem(lines=lines(*((3, 1000 + 37 * n) for n in range(12))), offers=offers)
    answers = [best_assignment(problem, Limits(steps=50, nodes=0, cells=0, tables=0)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].work.cut_off == 1
    assert not answers[0].proven
    best = best_assignment(problem)
    assert best.proven
    assert answers[0].exact <= best.exact <= answers[0].bound


def test_three_percents_compete_and_the_highest_wins() -> None:
    """Worked case of competing percents: 10, 20 and 35 on 100.00."""
    offers = tuple(percent_of(1, percent=percent, rule=f"{percent}") for percent in (10, 20, 35))
    assert saved(Problem(lines=lines((1, 10000)), offers=offers)) == {("35", 1): 3500}


def test_a_machine_with_three_coffees_makes_the_coffee_free() -> None:
    """Worked case of a fixed bundle whose reward is one of its sides."""
    offer = Bundle(rule="coffee", slots=(slot(1), slot(2, units=3)), reward=Percent(percent=100, slots=frozenset({1})))
    assert saved(Problem(lines=lines((1, 50000), (3, 1000)), offers=(offer,))) == {("coffee", 2): 3000}
    assert saved(Problem(lines=lines((1, 50000), (2, 1000)), offers=(offer,))) == {}


def test_two_bought_third_at_half_price_takes_half_off_the_bag_at_fifty() -> None:
    """DISC-05: bags at 60, 75 and 50."""
    bags = lines((1, 6000), (1, 7500), (1, 5000))
    offer = Bundle(rule="bags", slots=(slot(1, 2, 3, units=3),), reward=Percent(percent=50, pick="cheapest"))
    assert saved(Problem(lines=bags, offers=(offer,))) == {("bags", 3): 2500}


def test_buying_two_of_one_sort_gives_one_of_another() -> None:
    """The dearer units pay where a unit could stand on either side."""
    offer = Bundle(
        rule="get", slots=(slot(1, 2, units=2), slot(1, 2, 3)), reward=Percent(percent=100, slots=frozenset({1})),
        paid_slots_dearest=True,
    )  # fmt: skip
    assert saved(Problem(lines=lines((2, 100), (1, 300)), offers=(offer,))) == {("get", 1): 100}
    assert saved(Problem(lines=lines((1, 100), (1, 300), (1, 900)), offers=(offer,))) == {("get", 3): 900}
    assert saved(Problem(lines=lines((1, 100), (0, 300), (2, 900)), offers=(offer,))) == {}


def test_a_threshold_by_value_opens_for_the_goods_that_reach_it() -> None:
    """DISC-05: a flexible bundle by value; its units are gone for others."""
    threshold = Threshold(rule="t", lines=frozenset({1, 2}), reward=Percent(percent=10), least_value=10000)
    other = percent_of(2, percent=90, rule="o")
    assert saved(Problem(lines=lines((2, 4000), (1, 2000)), offers=(threshold,))) == {("t", 1): 800, ("t", 2): 200}
    assert saved(Problem(lines=lines((2, 4000), (1, 2000)), offers=(threshold, other))) == {("o", 2): 1800}
    assert saved(Problem(lines=lines((2, 4000), (1, 1000)), offers=(threshold,))) == {}


def test_an_amount_is_never_more_than_its_units_have_room_for() -> None:
    """Floors and small units bound what a bundle's amount can take."""
    offer = Bundle(rule="a", slots=(slot(1, 2, units=2),), reward=Amount(amount=500))
    with_floor = (Line(number=1, units=1, value=300, floor=200), Line(number=2, units=1, value=200))
    assert saved(Problem(lines=with_floor, offers=(offer,))) == {("a", 1): 100, ("a", 2): 200}


def test_a_set_price_is_spread_by_value_to_the_last_cent() -> None:
    """DISC-24: the parts add up to the whole, ties to the earlier line."""
    offer = Bundle(rule="s", slots=(slot(1), slot(2), slot(3)), reward=SetPrice(price=14000))
    found = saved(Problem(lines=lines((1, 5000), (1, 5000), (1, 5000)), offers=(offer,)))
    assert found == {("s", 1): 334, ("s", 2): 333, ("s", 3): 333}


def test_where_it_is_rounded_is_a_named_convention() -> None:
    """DISC-24: 15% of 10.50 is 1.57 when the price is rounded, 1.58 when the discount is."""
    offer = percent_of(1, percent=15, rule="p")
    for rounding, amount in (("unit", 157), ("line", 158), ("pool", 158)):
        problem = Problem(lines=lines((1, 1050)), offers=(offer,), rounding=rounding)  # type: ignore[arg-type]
        assert saved(problem) == {("p", 1): amount}


def test_the_best_is_worth_more_than_the_first() -> None:
    """DISC-25: taking the dearest set first would leave the pair that saves most without its partner."""
    offers = (
        Bundle(rule="x", slots=(slot(1), slot(2)), reward=Amount(amount=500)),
        Bundle(rule="y", slots=(slot(2), slot(3)), reward=Amount(amount=600)),
        Bundle(rule="z", slots=(slot(3), slot(4)), reward=Amount(amount=500)),
    )
    problem = Problem(lines=lines((1, 1000), (1, 1000), (1, 1000), (1, 1000)), offers=offers)
    assert best_assignment(problem).exact == Fraction(1000)
    assert best_assignment(problem, BY_GREED).exact == Fraction(600)
