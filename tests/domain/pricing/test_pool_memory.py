"""What a rule book remembers of one scan for the next never changes a price (DISC-25, DISC-27, PERF-07)."""

import random
from decimal import Decimal

import msgspec
import pytest

from kontuar.domain.pricing.basket import Basket, BasketLine, Settings
from kontuar.domain.pricing.book import MOST_ANSWERS, RuleBook, compile_rules
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Combination,
    Element,
    GroupsDeal,
    ItemDeal,
    Limits,
    Reward,
    Rule,
    Selector,
    Slot,
    Source,
    Target,
    Tier,
)

BEST = Settings(choose="best_for_customer")
SHELVES = ["AB", "CDE", "FG", "HIJK"]
ARTICLES = "".join(SHELVES)


def percent(value: int) -> Reward:
    return Reward(kind="percent", value=Decimal(value))


def goods_of(chance: random.Random, shelf: str) -> tuple[Selector, ...]:
    return (Selector(articles=tuple(sorted(chance.sample(shelf, chance.randint(1, len(shelf)))))),)


def any_rule(chance: random.Random, number: int) -> Rule:
    shelf, name = chance.choice(SHELVES), f"r{number:02}"
    pooled = Combination(pool="all")
    shape = chance.randrange(5)
    if shape == 0:
        reward = chance.choice([percent(15), Reward(kind="amount", value=Decimal("1.50"))])
        buyers = chance.choice([Buyers(), Buyers(contractors=("regular",))])
        element = Element(tiers=(Tier(reward=reward),), goods=goods_of(chance, shelf), buyers=buyers)
        return Rule(id=name, deal=ItemDeal(elements=(element,)), combination=chance.choice([pooled, Combination()]))
    if shape == 1:
        deal = GroupsDeal(goods=goods_of(chance, shelf), size=Decimal(3), amount=Decimal("0.70"))
        return Rule(id=name, deal=deal, combination=pooled)
    reward, target = chance.choice(
        [
            (percent(20), Target()),
            (percent(100), Target(pick="cheapest")),
            (Reward(kind="fixed_price", value=Decimal("12.00"), per="set"), Target()),
        ]
    )
    slots = tuple(
        Slot(goods=goods_of(chance, shelf), quantity=Decimal(chance.randint(1, 2)))
        for _ in range(chance.choice([1, 1, 2]))
    )
    bundle = BundleDeal(slots=slots, reward=reward, target=target)
    limits = Limits(times=chance.choice([None, None, 1]))
    if shape == 2:
        return Rule(id=name, deal=bundle, combination=pooled, limits=limits)
    return Rule(id=name, source="BUNDLE", deal=bundle, limits=limits)


def any_line(chance: random.Random, number: int) -> BasketLine:
    cost = Decimal(chance.choice([450, 450, 799, 1250])).scaleb(-2)
    return BasketLine(
        number=number, article=chance.choice(ARTICLES), quantity=Decimal(chance.choice(["1", "1", "2", "3", "0.5"])),
        unit_price=cost, percent=Decimal(23), least_price=chance.choice([Decimal(0), Decimal(0), cost - 1]),
    )  # fmt: skip


@pytest.mark.parametrize("block", range(3))
def test_scan_after_scan_a_document_costs_what_it_costs_at_once(block: int) -> None:
    """DISC-25: lines come, change and go, the buyer is named late; a book that saw it all and a new one agree."""
    given = 0
    for seed in range(block * 12, block * 12 + 12):
        chance = random.Random(seed)
        rules = [any_rule(chance, number) for number in range(chance.randint(4, 10))]
        book, lines = compile_rules(rules), list[BasketLine]()
        for scan in range(14):
            step = chance.randrange(6)
            if step == 0 and lines:
                lines.pop(chance.randrange(len(lines)))
            elif step == 1 and lines:
                at = chance.randrange(len(lines))
                lines[at] = msgspec.structs.replace(lines[at], quantity=Decimal(chance.randint(1, 4)))
            else:
                lines.append(any_line(chance, scan))
            buyer = "regular" if scan > 8 else ""
            basket = Basket(lines=tuple(lines), buyer=buyer)
            priced = price(basket, book, BEST)
            assert priced == price(basket, compile_rules(rules), BEST), (seed, scan)
            given += priced.list_value > priced.value
    assert given > 60


def line(number: int, article: str, quantity: int = 1, *, least: str = "0") -> BasketLine:
    return BasketLine(
        number=number, article=article, quantity=Decimal(quantity), unit_price=Decimal("4.55"), percent=Decimal(23),
        least_price=Decimal(least),
    )  # fmt: skip


def pair(*articles: str, reward: Reward, source: Source = "BUNDLE") -> Rule:
    slots = tuple(Slot(goods=(Selector(articles=tuple(slot)),), quantity=Decimal(1)) for slot in articles)
    pool = Combination(pool="all") if source == "PRM" else Combination()
    return Rule(id="pair", source=source, deal=BundleDeal(slots=slots, reward=reward), combination=pool)


def item(articles: str, reward: Reward, *, least: int = 0, contractor: str = "", pool: str = "") -> Rule:
    element = Element(
        tiers=(Tier(threshold=Decimal(least), reward=reward),), goods=(Selector(articles=tuple(articles)),),
        counted="element",
        buyers=Buyers(contractors=(contractor,)) if contractor else Buyers(),
    )  # fmt: skip
    return Rule(id="item", deal=ItemDeal(elements=(element,)), combination=Combination(pool=pool))


AB = Basket(lines=(line(1, "A"), line(2, "B")))
OFF = Reward(kind="amount", value=Decimal("1.00"), given="gross")
TWINS = {
    "a floor": (
        [pair("A", "B", reward=percent(30))], AB, Basket(lines=(line(1, "A", least="4.40"), line(2, "B"))), BEST,
    ),
    "another article": ([pair("A", "B", reward=percent(30))], AB, Basket(lines=(line(1, "A"), line(2, "A"))), BEST),
    "what a line saves elsewhere": (
        [pair("A", "B", reward=percent(10)), item("AD", percent(50), least=3)],
        AB, Basket(lines=(line(1, "A"), line(2, "B"), line(3, "D", 2))), BEST,
    ),
    "the buyer": (
        [pair("A", "B", reward=percent(10), source="PRM"), item("A", percent(50), contractor="regular", pool="all")],
        AB, msgspec.structs.replace(AB, buyer="regular"), BEST,
    ),
    "the rounding": (
        [pair("A", "B", reward=percent(10))], AB, AB, msgspec.structs.replace(BEST, round_at="pool"),
    ),
    "the direction": (
        [pair("A", "B", reward=OFF)], AB, AB, msgspec.structs.replace(BEST, direction="net"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("difference", TWINS)
def test_documents_that_differ_in_one_thing_do_not_share_an_answer(difference: str) -> None:
    """DISC-25: each gets the price that a new book gives it, and the prices differ."""
    rules, first, second, settings = TWINS[difference]
    book = compile_rules(rules)
    before, after = price(first, book, BEST), price(second, book, settings)
    assert after == price(second, compile_rules(rules), settings)
    assert [one.value for one in before.lines] != [one.value for one in after.lines]


def shop(shelves: int) -> tuple[RuleBook, Basket]:
    """Shelves of two articles, on each a pair at a percent; a piece of every article."""
    rules = [
        Rule(
            id=f"r{shelf:04}", source="BUNDLE",
            deal=BundleDeal(
                slots=(Slot(goods=(Selector(articles=(f"{shelf}a", f"{shelf}b")),), quantity=Decimal(2)),),
                reward=percent(10),
            ),
        )
        for shelf in range(shelves)
    ]  # fmt: skip
    lines = tuple(
        BasketLine(
            number=number, article=f"{number // 2}{'ab'[number % 2]}", quantity=Decimal(1), unit_price=Decimal("5.00")
        )
        for number in range(2 * shelves)
    )
    return compile_rules(rules), Basket(lines=lines)


def test_the_next_scan_asks_only_what_it_changed() -> None:
    """PERF-07: of twenty parts of a pool the one that the new line belongs to is solved again."""
    book, basket = shop(20)
    price(basket, book, BEST)
    assert len(book.answers) == 20
    first, *others = basket.lines
    more = msgspec.structs.replace(basket, lines=(msgspec.structs.replace(first, quantity=Decimal(2)), *others))
    priced = price(more, book, BEST)
    assert len(book.answers) == 21
    assert priced.list_value - priced.value == 20 * 100


def test_what_is_remembered_stays_within_bounds() -> None:
    """PERF-09: a till that stands for weeks does not grow with its documents."""
    book, basket = shop(30)
    for cents in range(MOST_ANSWERS // 30 + 5):
        lines = tuple(
            msgspec.structs.replace(line, unit_price=Decimal(500 + cents).scaleb(-2)) for line in basket.lines
        )
        price(msgspec.structs.replace(basket, lines=lines), book, BEST)
        assert len(book.answers) <= MOST_ANSWERS
