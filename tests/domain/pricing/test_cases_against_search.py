"""Small pools through the whole engine, against a search that tries every way to use up to five units (DISC-25)."""

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from kontuar.tools.pricing_case_words import read_case
from kontuar.tools.pricing_cases import result_of

Unit = tuple[int, str, int]
"""Number, article, price in whole units of money: every saving is exact."""
Option = tuple[int, frozenset[Unit], Fraction]


def chosen_goods(chance: random.Random) -> dict[str, Any]:
    return {} if chance.random() < 0.3 else {"skus": chance.sample("ABC", chance.choice([1, 2]))}


def any_promotion(chance: random.Random, number: int) -> dict[str, Any]:
    kind = chance.choice(["percent", "amount_per_unit", "bundle", "bundle"])
    made: dict[str, Any] = {"id": f"p{number}", "conflict": "compete:x", "on": chosen_goods(chance)}
    if kind == "bundle":
        take = [{"on": chosen_goods(chance), "qty": chance.choice([1, 1, 2])} for _ in range(chance.choice([1, 1, 2]))]
        reward = chance.choice(
            [{"percent": 30}, {"cheapest_percent": 100}, {"cheapest_percent": 50}, {"set_price": "9.00"}]
        )
        return {**made, "on": {}, "effect": {"type": kind, "take": take, "reward": reward}}
    return {**made, "effect": {"type": kind, "value": 20 if kind == "percent" else "3.00"}}


def fits(goods: dict[str, Any], unit: Unit) -> bool:
    return not goods or unit[1] in goods["skus"]


def options(number: int, promotion: dict[str, Any], units: list[Unit]) -> Iterator[Option]:
    effect = promotion["effect"]
    if effect["type"] != "bundle":
        for unit in units:
            if fits(promotion["on"], unit):
                saving = Fraction(unit[2], 5) if effect["type"] == "percent" else Fraction(min(3, unit[2]))
                yield number, frozenset([unit]), saving
        return
    places = [part["on"] for part in effect["take"] for _ in range(part["qty"])]
    for combination in itertools.combinations(units, len(places)):
        if any(all(map(fits, places, order)) for order in itertools.permutations(combination)):
            yield number, frozenset(combination), rewarded(effect["reward"], [unit[2] for unit in combination])


def rewarded(reward: dict[str, Any], prices: list[int]) -> Fraction:
    if "percent" in reward:
        return Fraction(sum(prices) * reward["percent"], 100)
    if "set_price" in reward:
        return Fraction(max(0, sum(prices) - 9))
    return Fraction(min(prices) * reward["cheapest_percent"], 100)


def highest_saving(found: list[Option], used: frozenset[Unit] = frozenset()) -> Fraction:
    best = Fraction(0)
    for at, (_, units, saving) in enumerate(found):
        if not units & used:
            best = max(best, saving + highest_saving(found[at + 1 :], used | units))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_no_way_to_use_the_units_saves_more(seed: int) -> None:
    """DISC-25."""
    chance = random.Random(seed)
    for _ in range(40):
        lines = [
            {"sku": sku, "qty": chance.choice([1, 1, 2]), "unit_price": f"{chance.randrange(1, 12)}.00"}
            for sku in chance.sample("ABC", chance.choice([2, 3]))
        ]
        units = [
            (at * 10 + copy, str(line["sku"]), int(float(str(line["unit_price"]))))
            for at, line in enumerate(lines)
            for copy in range(int(str(line["qty"])))
        ][:5]
        promotions = [any_promotion(chance, number) for number in range(chance.choice([1, 2, 3]))]
        case = {"id": "x", "lines": lines, "promotions": promotions, "settings": {"choose": "best_for_customer"}}
        if sum(int(str(line["qty"])) for line in lines) > 5:
            continue
        result = result_of(read_case(case), explain=False)
        found = [one for number, promotion in enumerate(promotions) for one in options(number, promotion, units)]
        saved = sum((Fraction(amount) for amount in result["by_promotion"].values()), Fraction(0))
        assert saved == highest_saving(found), case
        assert result["proven"] is True
