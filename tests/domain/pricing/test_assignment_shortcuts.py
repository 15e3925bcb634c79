"""Quicker ways to the same answer: small components, and the solution without its single applications (DISC-25)."""

from assignment_pools import pool
from kontuar.domain.pricing.assignment.assembling import made_of
from kontuar.domain.pricing.assignment.parting import components
from kontuar.domain.pricing.assignment.plain import plain_answer
from kontuar.domain.pricing.assignment.problem import Limits
from kontuar.domain.pricing.assignment.reading import read
from kontuar.domain.pricing.assignment.short import short_answer
from kontuar.domain.pricing.assignment.solve import best_assignment
from kontuar.domain.pricing.assignment.walking import walk

STEPS = 1_000_000


def test_the_short_ways_find_what_the_long_walk_finds() -> None:
    """DISC-25: the same units, down to the last tie."""
    plain = short = 0
    for seed in range(30_000, 34_500):
        model = read(pool(seed), Limits())
        for component in components(model):
            quick = [plain_answer(model, component), short_answer(model, component, STEPS)]
            if quick == [None, None]:
                continue
            walked = walk(model, component, STEPS).answer
            assert walked is not None
            for answer in quick:
                assert answer is None or made_of(model, component, answer) == made_of(model, component, walked), seed
            plain += quick[0] is not None
            short += quick[1] is not None
    assert plain > 100
    assert short > 200


def test_the_short_walk_keeps_to_the_bound_on_steps() -> None:
    """DISC-25: where the counted work ends, it ends for every way."""
    for seed in range(30_000, 30_200):
        model = read(pool(seed), Limits())
        assert all(short_answer(model, component, 0) is None for component in components(model))


def test_what_is_saved_does_not_depend_on_telling_how() -> None:
    for seed in range(31_000, 31_100):
        told, untold = best_assignment(pool(seed)), best_assignment(pool(seed), tell=False)
        assert (untold.savings, untold.times, untold.exact) == (told.savings, told.times, told.exact)
        assert untold.applications == ()
        times: dict[str, int] = {}
        for one in told.applications:
            times[one.rule] = times.get(one.rule, 0) + one.times
        assert told.times == times
