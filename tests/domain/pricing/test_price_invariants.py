"""What holds for every basket and every set of rules (design: arithmetic 5)."""

import random
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from discounts import article, basket, cheapest_of, document_amount, line, prm, reward, values
from kontuar.domain.pricing.basket import Basket, BasketLine, Priced, Settings
from kontuar.domain.pricing.book import compile_rules
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import BundleDeal, Combination, Limits, Rule, Slot, Target

PRICES = st.decimals(min_value="0.01", max_value="99.99", places=2)
PERCENTS = st.sampled_from(["5", "12.5", "33", "50", "100"])
ARTICLES = ("A", "B", "C", "D")


@st.composite
def any_basket(draw: st.DrawFn) -> Basket:
    cost = {code: draw(PRICES) for code in ARTICLES}
    codes = draw(st.lists(st.sampled_from(ARTICLES), min_size=1, max_size=6))
    lines = [
        BasketLine(
            number=at, article=code, unit_price=cost[code], quantity=Decimal(draw(st.integers(1, 5))),
            percent={"A": Decimal(23), "B": Decimal(8), "C": Decimal(5), "D": None}[code], no_discount=code == "D",
            least_price=Decimal("0.50") if code == "B" and cost[code] > 1 else Decimal(0),
        )
        for at, code in enumerate(codes, 1)
    ]  # fmt: skip
    return basket(*lines)


@st.composite
def any_rule(draw: st.DrawFn, name: str) -> Rule:
    goods = article(*draw(st.lists(st.sampled_from(ARTICLES), min_size=1, max_size=3, unique=True)))
    percent = draw(PERCENTS)
    base = draw(st.sampled_from(["list", "running", "step_start"]))
    step = draw(st.integers(1, 3))
    shape = draw(st.sampled_from(["percent", "amount", "price", "document", "cheapest", "set", "capped"]))
    if shape == "document":
        return document_amount(name, str(draw(PRICES)))
    if shape == "cheapest":
        return cheapest_of(name, str(draw(st.integers(1, 4))), percent, goods)
    if shape == "set":
        slots = (Slot(goods=goods, quantity=Decimal(2)), Slot(goods=article("A", "B"), quantity=Decimal(1)))
        deal = BundleDeal(slots=slots, reward=reward(str(draw(PRICES)), "fixed_price", per="set"), target=Target())
        return Rule(id=name, source="BUNDLE", deal=deal)
    if shape == "capped":
        limits = Limits(saving=draw(PRICES), saving_given="gross")
        return prm(name, percent, goods, step=step, limits=limits, combination={"base": base})
    kind = {"amount": "amount", "price": "fixed_price"}.get(shape, "percent")
    value = percent if kind == "percent" else str(draw(PRICES))
    return prm(name, value, goods, kind, step=step, combination={"base": base})  # type: ignore[arg-type]


@st.composite
def any_rules(draw: st.DrawFn) -> list[Rule]:
    return [draw(any_rule(f"r{at}")) for at in range(draw(st.integers(1, 5)))]


ANY_SETTINGS = st.builds(
    Settings,
    direction=st.sampled_from(["net", "gross"]),
    round_at=st.sampled_from(["line_discount", "unit_price", "pool"]),
    vat_at=st.sampled_from(["rate_sum", "line"]),
    spread_weights=st.sampled_from(["running", "running_gross"]),
    choose=st.sampled_from(["first_satisfied", "best_for_customer"]),
)
CASES = settings(max_examples=60, deadline=None)


@given(any_basket(), any_rules(), ANY_SETTINGS)
@CASES
def test_sums_match_to_the_penny_and_no_line_leaves_its_bounds(
    document: Basket, rules: list[Rule], chosen: Settings
) -> None:
    """DISC-24, DISC-26, DISC-22: lines sum to the document, adjustments to the discount, floors are kept."""
    priced = price(document, rules, chosen)
    assert priced.value == sum(values(priced))
    assert priced.net + priced.tax == priced.gross
    assert priced.list_value - priced.value == sum(priced.savings.values())
    for source, one in zip(document.lines, priced.lines, strict=True):
        assert one.list_value + sum(adjustment.amount for adjustment in one.adjustments) == one.value
        assert all(adjustment.amount < 0 for adjustment in one.adjustments)
        least = int(source.least_price * source.quantity * 100)
        assert min(least, one.list_value) <= one.value <= one.list_value
        assert not (source.no_discount and one.adjustments)
    assert priced.gap == 0 or not priced.proven


@given(any_basket(), any_rules(), ANY_SETTINGS, st.randoms(use_true_random=False))
@CASES
def test_the_order_of_scanning_changes_nothing(
    document: Basket, rules: list[Rule], chosen: Settings, chance: random.Random
) -> None:
    """DISC-27, DISC-25."""
    lines = list(document.lines)
    chance.shuffle(lines)
    scanned = basket(*(msgspec.structs.replace(one, number=at) for at, one in enumerate(lines, 1)))
    here, there = price(document, rules, chosen), price(scanned, rules, chosen)
    assert (here.value, here.gross, here.tax, here.savings) == (there.value, there.gross, there.tax, there.savings)
    assert _per_line(document, here) == _per_line(scanned, there)


def _per_line(document: Basket, priced: Priced) -> list[tuple[str, Decimal, int]]:
    pairs = zip(document.lines, priced.lines, strict=True)
    return sorted((source.article, source.quantity, one.value) for source, one in pairs)


@given(any_basket(), any_rules(), ANY_SETTINGS)
@CASES
def test_the_order_of_the_rules_in_their_list_changes_nothing(
    document: Basket, rules: list[Rule], chosen: Settings
) -> None:
    """DISC-27: steps, positions and ids decide."""
    assert price(document, rules, chosen) == price(document, rules[::-1], chosen)


@given(any_basket(), any_rules(), ANY_SETTINGS)
@CASES
def test_pricing_the_same_again_gives_the_same(document: Basket, rules: list[Rule], chosen: Settings) -> None:
    """DISC-26: the stored version of a definition reproduces its amounts; what a book remembers changes nothing."""
    book = compile_rules(rules)
    first = price(document, book, chosen)
    assert price(document, book, chosen) == first
    stored = msgspec.json.decode(msgspec.json.encode(rules), type=list[Rule])
    assert price(document, stored, chosen) == first


@given(any_basket(), any_rules(), st.sampled_from(["net", "gross"]))
@CASES
def test_its_own_output_priced_again_stays(document: Basket, rules: list[Rule], direction: str) -> None:
    """DISC-30: discounts that a line carries are frozen, and nothing is added to them."""
    chosen = Settings(direction=direction)  # type: ignore[arg-type]
    once = price(document, rules, chosen)
    carried = [
        msgspec.structs.replace(source, frozen=one.adjustments) if one.adjustments else source
        for source, one in zip(document.lines, once.lines, strict=True)
    ]
    frozen = [at for at, one in enumerate(once.lines) if one.adjustments]
    again = price(basket(*carried), rules, chosen)
    assert [values(again)[at] for at in frozen] == [values(once)[at] for at in frozen]


@given(PRICES, st.integers(2, 9), PERCENTS, st.integers(2, 4))
@CASES
def test_splitting_a_line_changes_only_the_stated_rounding(cost: Decimal, units: int, percent: str, size: int) -> None:
    rules = [cheapest_of("bundle", str(size), percent, article("A"))]
    whole = price(basket(line(1, "A", str(cost), str(units))), rules)
    split = price(basket(*(line(at, "A", str(cost)) for at in range(1, units + 1))), rules)
    rewarded = units // size
    assert abs(whole.value - split.value) * 2 <= rewarded + 1
    assert [one.times for one in whole.applications] == [one.times for one in split.applications]


def test_a_thousand_scan_orders_cost_the_same() -> None:
    """DISC-27."""
    lines = [line(at, f"art{at % 5}", f"{7 + at % 5}.99", str(1 + at % 3)) for at in range(1, 13)]
    rules = [
        cheapest_of("three", "3", "100", article("art0", "art1", "art2")),
        cheapest_of("two", "2", "50", article("art2", "art3"), position=1),
        prm("all", "7", combination={"base": "running"}),
        document_amount("amount", "3.33"),
    ]
    book = compile_rules(rules)
    chance = random.Random(27)
    for choose in ("first_satisfied", "best_for_customer"):
        costs = set()
        for _ in range(500):
            chance.shuffle(lines)
            costs.add(price(basket(*lines), book, Settings(choose=choose, direction="net")).gross)  # type: ignore[arg-type]
        assert len(costs) == 1


def test_six_thousand_units_are_counted_and_not_walked() -> None:
    rules = [cheapest_of("three", "3", "100", article("A"))]
    priced = price(basket(line(1, "A", "9.99", "6000")), rules)
    assert (priced.value, priced.applications[0].times) == (4000 * 999, 2000)
    assert len(priced.lines[0].adjustments) == 1


def test_the_best_assignment_never_costs_more_than_the_first_satisfied() -> None:
    """DISC-25: the first bundle would take the dear unit that the second one needs."""
    first = cheapest_of("first", "2", "10", article("A", "B"))
    second = cheapest_of("second", "2", "100", article("A", "C"), position=1)
    document = basket(line(1, "A", "50.00"), line(2, "B", "40.00"), line(3, "C", "45.00"))
    assert price(document, [first, second]).value == 13500 - 400
    best = price(document, [first, second], Settings(choose="best_for_customer"))
    assert (best.value, best.proven, best.savings) == (13500 - 4500, True, {"second": 4500})


def test_units_stay_out_of_a_bundle_that_other_discounts_beat() -> None:
    """DISC-25: in a bundle a line takes no other discount, so the bundle must be worth it."""
    bundle = cheapest_of("bundle", "2", "10", article("A"))
    document = basket(line(1, "A", "50.00", "2"))
    rules = [bundle, prm("promotion", "20")]
    assert price(document, rules).savings == {"bundle": 500}
    assert price(document, rules, Settings(choose="best_for_customer")).savings == {"promotion": 2000}
    assert Combination() == bundle.combination
