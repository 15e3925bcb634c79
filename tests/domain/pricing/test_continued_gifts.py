"""Gifts of a continued document: owed until they are taken, and given once (DISC-05, PARK-12)."""

from decimal import Decimal
from typing import Any

import pytest

from discounts import article, reward
from kontuar.domain.pricing.rules import BundleDeal, Gift, Rule, SharedDeal, Slot, Tier
from priced_documents import Counter, given, values

MILK, MUG = ("MILK", "10.00", "1"), ("MUG", "8.00", "1")


def test_a_gift_that_was_not_taken_before_parking_is_still_owed() -> None:
    """DISC-05, PARK-12."""
    slot = Slot(goods=article("MILK"), quantity=Decimal(1))
    rule = Rule(id="GIVES", source="BUNDLE", deal=BundleDeal(slots=(slot,), gifts=(Gift(goods=article("MUG")),)))
    counter = Counter(rule)
    document = counter.continued(counter.document(MILK))
    assert [(one.rule, one.quantity) for one in document.discounts.unused_gifts] == [("GIVES", 1)]
    document = counter.with_lines(document, MUG, MUG)
    assert (values(document), document.discounts.unused_gifts) == ([1000, 0, 800], ())
    assert values(counter.continued(document, MUG)) == [1000, 0, 800, 800]


def test_a_gift_that_cost_nothing_is_not_owed_again_after_parking() -> None:
    """DISC-05, PARK-12."""
    slot = Slot(goods=article("MILK"), quantity=Decimal(1))
    rule = Rule(id="GIVES", source="BUNDLE", deal=BundleDeal(slots=(slot,), gifts=(Gift(goods=article("MUG")),)))
    counter = Counter(rule)
    document = counter.continued(counter.document(MILK, ("MUG", "0.00", "1")))
    assert (values(document), document.discounts.unused_gifts) == ([1000, 0], ())


def test_a_gift_of_the_documents_value_that_was_not_taken_is_still_owed() -> None:
    """DISC-04, PARK-12: nothing more comes off the lines, and the operator is reminded all the same."""
    tiers = (Tier(reward=reward("1.00", "amount", per="document"), threshold=Decimal(10)),)
    rule = Rule(id="WTR", source="WTR", deal=SharedDeal(tiers=tiers, gifts=(Gift(goods=article("MUG")),)))
    counter = Counter(rule)
    document = counter.continued(counter.document(MILK))
    assert (values(document), [gift.rule for gift in document.discounts.unused_gifts]) == ([900], ["WTR"])
    assert values(counter.with_lines(document, MUG)) == [900, 0]


@pytest.mark.parametrize("source", ["BUNDLE", "PRM"])
def test_a_unit_given_before_parking_was_one_gift_and_not_two(source: Any) -> None:
    """DISC-05, PARK-12: whatever kind of promotion brings them."""
    slot = Slot(goods=article("MILK"), quantity=Decimal(1))
    gifts = (Gift(goods=article("MUG")), Gift(goods=article("MUG", "CUP")))
    counter = Counter(Rule(id="GIVES", source=source, deal=BundleDeal(slots=(slot,), gifts=gifts)))
    document = counter.continued(counter.document(MILK, MUG))
    assert [gift.goods for gift in document.discounts.unused_gifts] == [article("MUG", "CUP")]


def test_a_gift_of_the_documents_value_is_given_once() -> None:
    """DISC-04."""
    tiers = (Tier(reward=reward("1.00", "amount", per="document"), threshold=Decimal(10)),)
    rule = Rule(id="WTR", source="WTR", deal=SharedDeal(tiers=tiers, gifts=(Gift(goods=article("MUG")),)))
    counter = Counter(rule)
    document = counter.document(MILK, MUG)
    assert given(document, "WTR") == 100 + 800 - 44
    document = counter.continued(document, MUG, MILK)
    assert (values(document)[2:], document.discounts.unused_gifts) == ([800, 1000], ())
