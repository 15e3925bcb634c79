"""*Best for the customer* never costs more than taking the first that fits, whatever bounds a bundle (DISC-25)."""

import random
from decimal import Decimal
from typing import Any

import pytest

from discounts import article, basket, line, off, prm, reward, values
from kontuar.domain.pricing.basket import Settings
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.pool_problem import MOST_SPLITS
from kontuar.domain.pricing.rules import BundleDeal, Element, Gift, ItemDeal, Limits, Rule, Slot, Target, Tier

FIRST, BEST = Settings(), Settings(choose="best_for_customer")
ONE = Decimal(1)


def slots(*codes: str, quantity: str = "1") -> tuple[Slot, ...]:
    return tuple(Slot(goods=article(code), quantity=Decimal(quantity)) for code in codes)


def bundle(deal: BundleDeal, name: str = "PACK", **more: Any) -> Rule:
    return Rule(id=name, source="BUNDLE", step=0, deal=deal, **more)


PAIR = BundleDeal(slots=slots("A", "B"), reward=reward("5"))
BOUNDED = {
    "so much at most": bundle(PAIR, limits=Limits(saving=Decimal(50))),
    "so many units at most": bundle(PAIR, limits=Limits(quantity=Decimal(2))),
    "by value": bundle(BundleDeal(slots=(Slot(goods=article("A", "B"), value=Decimal(150)),), reward=reward("5"))),
    "at a net price": bundle(
        BundleDeal(slots=slots("A", "B"), reward=reward("150", "fixed_price", per="set", given="net"))
    ),
    "with a gift": bundle(BundleDeal(slots=slots("A"), gifts=(Gift(goods=article("C")),))),
}


@pytest.mark.parametrize("pack", BOUNDED.values(), ids=BOUNDED)
def test_a_bundle_that_keeps_a_better_discount_away_is_left_out(pack: Rule) -> None:
    """DISC-25: half the price on both is better than what the bundle gives, and units of bundles take nothing else."""
    bought = basket(line(1, "A", "100.00"), line(2, "B", "100.00"), line(3, "C", "1.00"))
    half = prm("HALF", "50", article("A", "B"))
    assert values(price(bought, [pack, half], BEST)) == [5000, 5000, 100]
    assert price(bought, [pack], BEST).value < 20100


def test_a_gift_that_is_worth_more_is_taken_and_one_that_costs_nothing_is_reminded_of() -> None:
    """DISC-05, DISC-25."""
    pack, tenth = BOUNDED["with a gift"], prm("TENTH", "10", article("A"))
    bought = (line(1, "A", "100.00"), line(2, "C", "30.00"))
    assert values(price(basket(*bought), [pack, tenth], BEST)) == [10000, 0]
    assert [gift.rule for gift in price(basket(bought[0]), [pack], BEST).unused_gifts] == ["PACK"]
    assert values(price(basket(bought[0]), [pack, tenth], BEST)) == [9000]


def test_two_gifts_of_one_kind_are_given_once_each() -> None:
    """DISC-05, DISC-25: trying the second does not use up what the first brings."""
    gifts = (Gift(goods=article("C")),)
    rules = [bundle(BundleDeal(slots=slots(code), gifts=gifts), code) for code in "AB"]
    bought = (line(1, "A", "10.00"), line(2, "B", "10.00"))
    assert values(price(basket(*bought, line(3, "C", "1.00", "3")), rules, BEST)) == [1000, 1000, 100]
    assert [gift.rule for gift in price(basket(*bought, line(3, "C", "1.00")), rules, BEST).unused_gifts] == ["B"]


@pytest.mark.parametrize(
    ("parts", "sold", "saved"),
    [
        # Rewarded units may lie in three parts in 21 ways, in 25 parts in 25; of weighed goods in tens of thousands.
        (tuple(Slot(goods=article("A", "B", "C"), quantity=Decimal(5)) for _ in range(3)), ("7", "10", "7"), 4500),
        (slots(*(f"X{at}" for at in range(25))), ("1",) * 25, 100),
        (tuple(Slot(goods=article("A", "B"), quantity=Decimal(units)) for units in ("0.25", "0.5", "3")),
         ("0.333", "6.0001"), 450),
    ],
)  # fmt: skip
def test_a_bundle_with_too_many_ways_to_reward_a_set_is_given_and_its_gap_told(
    parts: tuple[Slot, ...], sold: tuple[str, ...], saved: int
) -> None:
    """DISC-25: bounded by counted work, and then not below what the first that fits would give."""
    count = sum(part.quantity or ONE for part in parts) / 3 if len(parts) < 25 else ONE
    pack = bundle(BundleDeal(slots=parts, reward=reward("100" if count != Decimal("1.25") else "40"),
                             target=Target(pick="cheapest", count=count)))  # fmt: skip
    codes = "ABC" if len(parts) < 25 else [f"X{at}" for at in range(25)]
    dear = zip((10, 9, 8) if len(parts) < 25 else range(1, 26), codes, sold, strict=False)
    bought = basket(*(line(at, code, f"{cost}.00", units) for at, (cost, code, units) in enumerate(dear, 1)))
    priced = price(bought, [pack], BEST)
    assert (priced.savings, priced.proven) == ({"PACK": saved}, False)
    assert priced.savings == price(bought, [pack], FIRST).savings
    assert priced.gap > 0
    assert MOST_SPLITS < 21


def test_a_threshold_rewards_what_is_there_where_that_is_less_than_it_would() -> None:
    """DISC-25: two units at half price once one is bought, and only one is."""
    part = (Slot(goods=article("A"), quantity=ONE, takes="all"),)
    target = Target(pick="cheapest", count=Decimal(2))
    pack = bundle(BundleDeal(slots=part, reward=reward("50"), target=target), limits=Limits(times=1))
    assert values(price(basket(line(1, "A", "10.00")), [pack], BEST)) == [500]
    assert values(price(basket(line(1, "A", "10.00", "3")), [pack], BEST)) == [2000]


def any_rule(chance: random.Random, number: int) -> Rule:
    """A promotion, or a bundle bounded in some way."""
    percent = chance.choice(["5", "12.5", "30", "100"])
    goods = article(*chance.sample("ABC", chance.choice([1, 2, 3])))
    if chance.random() < 0.4:
        threshold = Decimal(chance.choice(["0", "0", "2"]))
        row = Element(goods=goods, tiers=(Tier(reward=reward(percent), threshold=threshold),), counted="element")
        return Rule(id=f"p{number}", deal=ItemDeal(elements=(row,)), step=chance.choice([1, 2]))
    quantity = Decimal(chance.choice(["1", "2", "3"]))
    part = Slot(goods=goods, quantity=quantity) if chance.random() < 0.7 else Slot(goods=goods, value=Decimal(20))
    more = slots(chance.choice("ABC")) if chance.random() < 0.5 else ()
    target = Target(pick=chance.choice(["all", "cheapest", "dearest"]))
    limits = Limits(
        times=chance.choice([None, 1]), saving=chance.choice([None, None, Decimal(3)]),
        quantity=chance.choice([None, None, Decimal(2)]),
    )  # fmt: skip
    gifts = (Gift(goods=article("C")),) if chance.random() < 0.2 else ()
    deal = BundleDeal(slots=(part, *more), reward=reward(percent), target=target, gifts=gifts)
    return bundle(deal, f"b{number}", limits=limits, position=number)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_random_rules_costs_no_more_than_the_first_that_fit(seed: int) -> None:
    """DISC-25."""
    chance = random.Random(seed)
    for _ in range(40):
        rules = [any_rule(chance, number) for number in range(chance.choice([1, 2, 3, 4]))]
        bought = basket(*(
            line(at, code, f"{chance.randrange(1, 40)}.00", chance.choice(["1", "2", "5"]))
            for at, code in enumerate(chance.sample("ABC", chance.choice([2, 3])), 1)
        ))  # fmt: skip
        assert price(bought, rules, BEST).value <= price(bought, rules, FIRST).value, (rules, bought)


def test_what_off_alone_is_worth_is_no_bundles_business() -> None:
    """DISC-25: a bundle that gives more than the promotion on its goods is taken as before."""
    pack = bundle(BundleDeal(slots=slots("A", "B"), reward=reward("60")), limits=Limits(saving=Decimal(500)))
    rules = [pack, Rule(id="HALF", deal=off("50"))]
    assert values(price(basket(line(1, "A", "100.00"), line(2, "B", "100.00")), rules, BEST)) == [4000, 4000]
