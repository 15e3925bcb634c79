"""PERF-07: pricing a basket best for the customer, and the assignment inside it alone, on promotions made up by count.

Everything happens in this process and one thread: pricing is a pure function, so its processor time is its time, and
what else the machine does is left out of it. The collector is off while the clock runs; what is measured is a call, not
what other work left behind.
"""

import datetime
import gc
import random
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from kontuar.domain.pricing.assignment.problem import Bundle, Limits, Line, Percent, Problem, SetPrice, Slot, Solution
from kontuar.domain.pricing.assignment.solve import best_assignment
from kontuar.domain.pricing.basket import Basket, BasketLine, Settings
from kontuar.domain.pricing.book import RuleBook, compile_rules
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Combination,
    Element,
    ItemDeal,
    Reward,
    Rule,
    Selector,
    Target,
    Tier,
)
from kontuar.domain.pricing.rules import Slot as RuleSlot
from kontuar.tools.bench.figures import Figure, latency, repeated
from kontuar.tools.bench.ground import Ground

MEASURED: Final = ("PERF-07",)
ARTICLES_PER_CATEGORY: Final = 50
ARTICLES_PER_RULE: Final = 10
RULES_PER_CATEGORY: Final = 10
BASKETS: Final = 100
SHOP: Final = 4
"""A shop has four times as many categories as it has categories with promotions: a quarter of its lines is promoted."""
DENSE: Final = "every line in two promotions on average"
USUAL: Final = "a quarter of the categories promoted, there an article in two promotions on average"
SMALL_BASKETS: Final = 10
RUNS: Final = 3
SEED: Final = 7
DAY: Final = datetime.date(2026, 7, 1)
BEST: Final = Settings(choose="best_for_customer")
POOL: Final = Combination(pool="bench")
GREEDY: Final = Limits(offers=0, nodes=0, cells=0, tables=0)

Sold = list[tuple[str, int, int]]
"""(article, price in minor units, units) of a basket."""
Promotion = tuple[str, frozenset[str], str, int, int]
"""(id, articles, kind, size, percent or price in minor units)."""


async def measure(ground: Ground) -> None:
    """Add all figures of PERF-07."""
    ground.tell("pricing: the engine and the assignment")
    ground.add(*figures())


def figures() -> tuple[Figure, ...]:
    """All figures of PERF-07, the slowest of them in seconds."""
    thousand, thousands = promotions(1_000), promotions(5_000)
    many = overlapping(40)
    targets: dict[str, float] = {"p50": 1, "p99": 5}
    first = Settings()
    apart = scattered(40)
    forty, others, few = book(many), book(apart), [basket(sold) for sold in small_baskets()]
    return (
        _whole("1,000 rules × 100 lines, best for the customer, usual", thousand, BEST, targets, SHOP),
        _whole("1,000 rules × 100 lines, best for the customer, dense", thousand, BEST, targets),
        _next_scan("1,000 rules × 100 lines, best for the customer, usual, the next scan", thousand, targets, SHOP),
        _next_scan("1,000 rules × 100 lines, best for the customer, dense, the next scan", thousand, targets),
        _whole("1,000 rules × 100 lines, first satisfied, usual", thousand, first, targets, SHOP),
        _whole("1,000 rules × 100 lines, first satisfied, dense", thousand, first, targets),
        _whole("5,000 rules × 100 lines, best for the customer, usual", thousands, BEST, {"p99": 20}, SHOP),
        _whole("5,000 rules × 100 lines, best for the customer, dense", thousands, BEST, {"p99": 20}),
        _priced("forty bundles over the same twenty articles, best for the customer", forty, BEST, few, {"p99": 100}),
        _priced("forty bundles over the same twenty articles, first satisfied", forty, first, few, {}),
        _priced(
            "forty bundles over ten each of twenty articles, best for the customer", others, BEST, few, {"p99": 100}
        ),
        _priced("one line of 6 pieces, three bundles, best for the customer", *line_of(6), {}),
        _priced("one line of 6,000 pieces, three bundles, best for the customer", *line_of(6_000), {}),
        _indexing(thousands),
        _alone("1,000 rules × 100 lines, assignment alone, usual", _problems(thousand, SHOP)),
        _alone("1,000 rules × 100 lines, assignment alone, dense", _problems(thousand)),
        _alone("5,000 rules × 100 lines, assignment alone, dense", _problems(thousands)),
        _alone("forty bundles over the same twenty articles", [problem(many, b) for b in small_baskets()]),
        _alone("forty bundles over ten each of twenty articles", [problem(apart, b) for b in small_baskets()]),
        _alone("one line of 6 pieces, three bundles", [one_line(6)] * 30),
        _alone("one line of 6,000 pieces, three bundles", [one_line(6_000)] * 30),
        _share_of_bound([problem(apart, b) for b in small_baskets()], "forty bundles over ten each of twenty articles"),
        _greedy_share([problem(many, b) for b in small_baskets()], "forty bundles over the same twenty articles"),
        _greedy_share(_problems(thousand), "1,000 rules × 100 lines, dense"),
    )


def _problems(offered: Sequence[Promotion], times_categories: int = 1) -> list[Problem]:
    return [problem(offered, sold) for sold in baskets(len(offered), times_categories)]


def promotions(count: int) -> list[Promotion]:
    """Ten for each category, each on ten of its fifty articles, so that an article is in two of them: plain percents,
    the cheapest of some cheaper, percents on some together, sets at a price."""
    chance = random.Random(SEED)  # noqa: S311 (made-up promotions, the same every time)
    made: list[Promotion] = []
    for number in range(count):
        category, kind = divmod(number, RULES_PER_CATEGORY)
        articles = frozenset(chance.sample(_articles(category), ARTICLES_PER_RULE))
        made.append((f"{number:05}", articles, *_kind(chance, kind)))
    return made


def _kind(chance: random.Random, kind: int) -> tuple[str, int, int]:
    if kind < 4:
        return "percent", 1, chance.randint(5, 20)
    if kind < 7:
        return "cheapest", chance.randint(2, 4), chance.choice((50, 100))
    if kind < 9:
        return "set_percent", chance.randint(2, 5), chance.randint(10, 30)
    return "set_price", chance.randint(2, 3), chance.randint(1500, 4000)


def _articles(category: int) -> list[str]:
    return [f"a{category:04}-{number:02}" for number in range(ARTICLES_PER_CATEGORY)]


def articles_with_promotions(rules: int) -> list[str]:
    """The articles of all categories that so many promotions are made for."""
    return [article for category in range(rules // RULES_PER_CATEGORY) for article in _articles(category)]


def overlapping(count: int) -> list[Promotion]:
    """So many bundles over the same twenty articles."""
    articles = frozenset(_articles(0)[:20])
    bundles = [promotion for promotion in promotions(count * 10) if promotion[2] != "percent"]
    return [(name, articles, kind, size, value) for name, _, kind, size, value in bundles[:count]]


def scattered(count: int) -> list[Promotion]:
    """So many bundles, each over ten of the same twenty articles: no table holds them all."""
    chance = random.Random(SEED)  # noqa: S311 (made-up promotions, the same every time)
    return [
        (name, frozenset(chance.sample(sorted(articles), ARTICLES_PER_RULE)), kind, size, value)
        for name, articles, kind, size, value in overlapping(count)
    ]


def baskets(rules: int, times_categories: int = 1, lines: int = 100) -> list[Sold]:
    """Baskets of different articles, one to three pieces of each, from `times_categories` times as many categories as
    have promotions."""
    chance = random.Random(SEED)  # noqa: S311 (made-up promotions, the same every time)
    articles = [
        (article, chance.randint(199, 4999))
        for category in range(times_categories * rules // RULES_PER_CATEGORY) for article in _articles(category)
    ]  # fmt: skip
    return [
        [(*article, chance.choice((1, 1, 1, 2, 3))) for article in chance.sample(articles, lines)]
        for _ in range(BASKETS)
    ]


def small_baskets() -> list[Sold]:
    """The twenty articles, one to three pieces of each."""
    chance = random.Random(SEED)  # noqa: S311 (made-up promotions, the same every time)
    return [
        [(article, chance.randint(199, 4999), chance.choice((1, 1, 1, 2, 3))) for article in _articles(0)[:20]]
        for _ in range(SMALL_BASKETS)
    ]


def one_line(pieces: int) -> Problem:
    """A line of like pieces that three bundles want."""
    lines = frozenset({1})
    sets = (Slot(lines=lines, units=3),), (Slot(lines=lines, units=5),), (Slot(lines=lines, units=2),)
    rewards: tuple[Percent | SetPrice, ...] = (
        Percent(percent=100, pick="cheapest"), SetPrice(price=1700), Percent(percent=15),
    )  # fmt: skip
    return Problem(
        lines=(Line(number=1, units=pieces, value=500),),
        offers=tuple(
            Bundle(rule=str(rank), slots=slots, reward=reward)
            for rank, (slots, reward) in enumerate(zip(sets, rewards, strict=True))
        ),
    )


def line_of(pieces: int) -> tuple[RuleBook, Settings, list[Basket]]:
    """The same line and bundles, through the whole engine."""
    article = _articles(0)[0]
    offered = [("3", 3, "cheapest", 100), ("5", 5, "set_price", 1700), ("2", 2, "set_percent", 15)]
    rules = book([(name, frozenset({article}), kind, size, value) for name, size, kind, value in offered])
    return rules, BEST, [basket([(article, 500, pieces)])] * 30


def problem(offered: Sequence[Promotion], sold: Sold) -> Problem:
    """The pool of a basket, as the engine asks for it: only promotions that its articles know."""
    number_of = {article: number for number, (article, _, _) in enumerate(sold, 1)}
    lines = tuple(
        Line(number=number, units=units, value=cost, order=article)
        for number, (article, cost, units) in enumerate(sold, 1)
    )
    bundles = []
    for name, articles, kind, size, value in offered:
        concerned = frozenset(number_of[article] for article in articles & number_of.keys())
        if concerned:
            reward = _reward(kind, value)
            bundles.append(Bundle(rule=name, slots=(Slot(lines=concerned, units=size),), reward=reward))
    return Problem(lines=lines, offers=tuple(bundles))


def _reward(kind: str, value: int) -> Percent | SetPrice:
    if kind == "set_price":
        return SetPrice(price=value)
    return Percent(percent=value, pick="cheapest" if kind == "cheapest" else "all")


def book(offered: Sequence[Promotion]) -> RuleBook:
    """The same promotions as rules."""
    return compile_rules([rule_of(promotion) for promotion in offered])


def basket(sold: Sold) -> Basket:
    """The same basket as a document's lines."""
    return Basket(
        lines=tuple(
            BasketLine(
                number=number, article=article, quantity=Decimal(units), unit_price=Decimal(cost).scaleb(-2),
                percent=Decimal(23),
            )
            for number, (article, cost, units) in enumerate(sold, 1)
        ),
        day=DAY,
    )  # fmt: skip


def rule_of(promotion: Promotion) -> Rule:
    """A promotion as the engine's rule."""
    name, articles, kind, size, value = promotion
    goods = (Selector(articles=tuple(sorted(articles))),)
    if kind == "percent":
        tier = Tier(reward=Reward(kind="percent", value=Decimal(value)))
        return Rule(id=name, deal=ItemDeal(elements=(Element(tiers=(tier,), goods=goods),)), combination=POOL)
    reward = (
        Reward(kind="fixed_price", value=Decimal(value).scaleb(-2), per="set") if kind == "set_price"
        else Reward(kind="percent", value=Decimal(value))
    )  # fmt: skip
    target = Target(pick="cheapest" if kind == "cheapest" else "all")
    slots = (RuleSlot(goods=goods, quantity=Decimal(size)),)
    return Rule(id=name, deal=BundleDeal(slots=slots, reward=reward, target=target), combination=POOL)


def _whole(
    name: str, offered: list[Promotion], settings: Settings, targets: dict[str, float], times_categories: int = 1
) -> Figure:
    asked = [basket(sold) for sold in baskets(len(offered), times_categories)]
    return _priced(name, book(offered), settings, asked, targets, USUAL if times_categories > 1 else DENSE)


def _next_scan(name: str, offered: list[Promotion], targets: dict[str, float], times_categories: int = 1) -> Figure:
    """The same baskets when all but the last line was priced before, as at a till."""
    ready, asked = book(offered), [basket(sold) for sold in baskets(len(offered), times_categories)]

    def scanned(one: Basket) -> None:
        ready.answers.clear()
        price(msgspec.structs.replace(one, lines=one.lines[:-1]), ready, BEST)

    return _priced(name, ready, BEST, asked, targets, USUAL if times_categories > 1 else DENSE, scanned)


def _priced(
    name: str, ready: RuleBook, settings: Settings, asked: Sequence[Basket], targets: dict[str, float], what: str = "",
    before: Callable[[Basket], object] | None = None,
) -> Figure:  # fmt: skip
    """Baskets that the book knows the articles of, but none of its answers."""
    unproven = sum(not price(one, ready, settings).proven for one in asked)
    begin = before or (lambda _: ready.answers.clear())
    runs = [_timed(lambda one: price(one, ready, settings), asked, begin) for _ in range(RUNS)]
    told = f"not proven: {unproven} of {len(asked)}"
    return latency("PERF-07", name, runs, targets=targets, note=f"{what}; {told}" if what else told)


def _indexing(offered: list[Promotion]) -> Figure:
    rules = [rule_of(promotion) for promotion in offered]
    runs = [_timed(compile_rules, [rules])[0] * 1000 for _ in range(RUNS)]
    return repeated("PERF-07", "5,000 rules made ready", "ms", runs, target=100)


def _alone(name: str, problems: list[Problem]) -> Figure:
    answers = [best_assignment(one) for one in problems]
    runs = [_timed(lambda one: best_assignment(one, tell=False), problems) for _ in range(RUNS)]
    return latency("PERF-07", name, runs, note=_counted(answers))


def _share_of_bound(problems: list[Problem], name: str) -> Figure:
    """What is saved of what no assignment can exceed, where the best one is not known."""
    answers = [best_assignment(one) for one in problems]
    share = float(sum(one.exact for one in answers) / sum(one.bound for one in answers))
    return repeated("PERF-07", f"savings of the bound, {name}", "share", [share], better="higher")


def _greedy_share(problems: list[Problem], name: str) -> Figure:
    best = sum(best_assignment(one).exact for one in problems)
    greedy = sum(best_assignment(one, GREEDY).exact for one in problems)
    return repeated(
        "PERF-07", f"greedy savings of the best, {name}", "share", [float(greedy / best)], better="higher"
    )  # fmt: skip


def _counted(answers: list[Solution]) -> str:
    unproven = sum(not answer.proven for answer in answers)
    steps, cells = max(answer.work.steps for answer in answers), max(answer.work.cells for answer in answers)
    programs = sum(answer.work.programs > 0 for answer in answers)
    return f"not proven: {unproven} of {len(answers)}; by program: {programs}; at most {steps} steps, {cells} cells"


def _timed(
    work: Callable[[Any], object], asked: Sequence[Any], before: Callable[[Any], object] | None = None
) -> list[float]:
    gc.collect()
    gc.disable()
    try:
        seconds = []
        for one in asked:
            if before is not None:
                before(one)
            began = time.thread_time()
            work(one)
            seconds.append(time.thread_time() - began)
        return seconds
    finally:
        gc.enable()
