"""Small random pools for the assignment: every shape of offer, prices that tie, floors that bind."""

import random

from kontuar.domain.pricing.assignment.problem import (
    Amount,
    AmountPerUnit,
    Bundle,
    Line,
    Offer,
    Percent,
    Problem,
    Reward,
    SetPrice,
    Slot,
    Threshold,
)


def pool(seed: int) -> Problem:
    """Up to four lines of a few units, up to four offers."""
    chance = random.Random(seed)
    count = chance.randint(1, 4)
    prices = chance.choice([[100, 100, 200, 300], [99, 150, 257, 1000], [10, 10, 10, 20]])
    floors = {price: chance.choice([0, 0, 0, price // 2, price]) for price in prices}
    lines = tuple(
        Line(
            number=number, units=chance.randint(1, 3 if count < 3 else 2), value=(price := chance.choice(prices)),
            floor=floors[price], order=chance.choice("ABC"),
        )
        for number in range(1, count + 1)
    )  # fmt: skip
    offers = tuple(_offer(chance, f"rule {number}", count) for number in range(chance.randint(1, 4)))
    return Problem(lines=lines, offers=offers, rounding=chance.choice(["unit", "line", "pool"]))


def _offer(chance: random.Random, rule: str, count: int) -> Offer:
    times = chance.choice([None, None, None, 1, 2])
    shape = chance.randrange(12)
    if shape < 2:
        return Bundle(rule=rule, slots=(_slot(chance, count, 1),), reward=_plain(chance), times=times)
    if shape < 5:
        slot = _slot(chance, count, chance.randint(2, 3))
        return Bundle(rule=rule, slots=(slot,), reward=_for_a_set(chance, chance.randint(1, slot.units)), times=times)
    if shape < 8:
        slots = _slot(chance, count, chance.randint(1, 2)), _slot(chance, count, 1)
        one = frozenset({chance.randint(0, 1)})
        rewards: list[Reward] = [
            Percent(percent=50, slots=one),
            AmountPerUnit(amount=40, slots=one),
            _for_a_set(chance, 1),
        ]
        return Bundle(rule=rule, slots=slots, reward=chance.choice(rewards), times=times)
    if shape < 10:
        bought = _slot(chance, count, chance.randint(1, 2))
        given = Slot(lines=bought.lines if chance.random() < 0.4 else _some(chance, count), units=chance.randint(1, 2))
        reward = Percent(percent=_percent(chance), slots=frozenset({1}))
        return Bundle(rule=rule, slots=(bought, given), reward=reward, times=times, paid_slots_dearest=True)
    return Threshold(
        rule=rule, lines=_some(chance, count), reward=_for_a_threshold(chance), least_units=chance.randint(1, 3),
        least_value=chance.choice([0, 0, 250]),
    )  # fmt: skip


def _plain(chance: random.Random) -> Reward:
    return chance.choice(
        [Percent(percent=_percent(chance)), Amount(amount=70), AmountPerUnit(amount=30), SetPrice(price=80)]
    )


def _for_a_set(chance: random.Random, units: int) -> Reward:
    percent = _percent(chance)
    return chance.choice(
        [
            Percent(percent=percent), Percent(percent=percent, pick="cheapest", units=units),
            Percent(percent=percent, pick="dearest", units=units), Amount(amount=chance.choice([60, 150, 400])),
            SetPrice(price=chance.choice([150, 300])),
        ]
    )  # fmt: skip


def _for_a_threshold(chance: random.Random) -> Percent | AmountPerUnit | Amount:
    percent, units = _percent(chance), chance.randint(1, 2)
    return chance.choice(
        [
            Percent(percent=percent), Percent(percent=percent, pick="cheapest", units=units),
            Percent(percent=percent, pick="dearest", units=units), Amount(amount=chance.choice([60, 150])),
            AmountPerUnit(amount=30),
        ]
    )  # fmt: skip


def _percent(chance: random.Random) -> int:
    return chance.choice([10, 20, 50, 100])


def _slot(chance: random.Random, count: int, units: int) -> Slot:
    return Slot(lines=_some(chance, count), units=units)


def _some(chance: random.Random, count: int) -> frozenset[int]:
    return frozenset(chance.sample(range(1, count + 1), chance.randint(1, count)))
