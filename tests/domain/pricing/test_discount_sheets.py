"""Discounts as people write them, as rows bring them, and what is left out (DISC-02 … DISC-05, DISC-10, DISC-40)."""

import datetime
from decimal import Decimal

import msgspec
import pytest

from discounts import article, basket, group, line
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.pricing.discount import Coupon, Discount, covers, discount_in, rule_of, rules_from
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Combination,
    Contains,
    CouponPresented,
    Deal,
    Element,
    Gift,
    GroupsDeal,
    Hours,
    ItemDeal,
    Limits,
    Repeats,
    Reward,
    Rule,
    Scope,
    Selector,
    SharedDeal,
    Slot,
    Target,
    Tier,
    Validity,
    ValueAtLeast,
)
from kontuar.domain.pricing.sheet import BundleRow, DiscountSheet, PromotionRow
from kontuar.domain.pricing.sheet_reading import discount_of
from kontuar.domain.pricing.sheet_writing import sheet_of
from kontuar.kernel.canonical import encode
from refusals import refused


def percent(value: str, threshold: str = "0") -> Tier:
    return Tier(threshold=Decimal(threshold), reward=Reward(kind="percent", value=Decimal(value)))


def promotion(*elements: Element, code: str = "P1", **more: object) -> Discount:
    fields = {"name": "Promocja", "source": "PRM", "state": "confirmed", "deal": ItemDeal(elements=elements), **more}
    return msgspec.convert({"code": code, **fields}, Discount, from_attributes=True)


def deal_of(code: str, source: str, deal: Deal, **more: object) -> Discount:
    return Discount(code=code, name=code, source=source, deal=deal, **more)  # type: ignore[arg-type]


STATED = [
    deal_of("KNT", "KNT", ItemDeal(elements=(Element(tiers=(percent("7.5"),)),)),
            scope=Scope(buyers=Buyers(contractors=("HURT",)))),
    promotion(
        Element(goods=article("A"), tiers=(percent("5", "2"), percent("12", "6"))),
        Element(goods=group("G"), tiers=(percent("1"),), buyers=Buyers(groups=("STALI",))),
        validity=Validity(
            first_day=datetime.date(2026, 11, 2), last_day=datetime.date(2026, 12, 31), weekdays=(1, 6),
            hours=(Hours(8 * 60, 12 * 60 + 30), Hours(22 * 60, 6 * 60)), repeats=Repeats(every=2, unit="week"),
        ),
        scope=Scope(centres=("POLNOC",), warehouses=("S1",), document_kinds=("receipt",), currency="PLN"),
        combination=Combination(base="running", skip_following=True, exclusive=True, pool="p", uses_up="u"),
        conditions=(ValueAtLeast(value=Decimal(50)),), limits=Limits(saving=Decimal(10)), group="LOJALNI",
        by_coupon=True, whole_or_nothing=True, step=4, position=30,
    ),
    deal_of("WTR", "WTR", SharedDeal(
        tiers=(Tier(threshold=Decimal(200), reward=Reward(kind="amount", value=Decimal(20))),),
        gifts=(Gift(goods=article("KUBEK")),), at_most=Decimal(50),
    )),
    deal_of("FIX", "BUNDLE", BundleDeal(
        slots=(Slot(goods=article("A"), quantity=Decimal(1)), Slot(goods=group("G"), quantity=Decimal(2))),
        reward=Reward(kind="fixed_price", value=Decimal("9.99"), per="set"), target=Target(slots=(1,)),
        spread_over_set=True,
    ), step=0),
    deal_of("FLEX", "BUNDLE", BundleDeal(
        slots=(Slot(goods=(Selector(articles=("A", "B")), Selector(groups=("G",))), quantity=Decimal(3)),),
        reward=Reward(kind="percent", value=Decimal(50)),
        target=Target(goods=(Selector(articles=("B",)),), pick="cheapest"),
    ), step=0),
    deal_of("WORTH", "BUNDLE", BundleDeal(
        slots=(Slot(goods=group("G"), value=Decimal(100), takes="all"),),
        reward=Reward(kind="amount", value=Decimal(5), per="set"),
    ), step=0),
]  # fmt: skip
BEYOND = [
    promotion(Element(goods=(Selector(articles=("A",), price_from=Decimal(5)),), tiers=(percent("5"),)), code="PRICED"),
    promotion(Element(goods=article("A"), tiers=(percent("5"),), counted="element"), code="TOGETHER"),
    deal_of("GROUPS", "PRM", GroupsDeal(size=Decimal(3), amount=Decimal(1))),
    promotion(Element(tiers=(percent("5"),)), code="HOLDS", conditions=(Contains(goods=article("A")),)),
    deal_of("ORDERED", "BUNDLE", BundleDeal(
        slots=(Slot(goods=article("A"), quantity=Decimal(1)), Slot(goods=article("B"), quantity=Decimal(1))),
        reward=Reward(kind="percent", value=Decimal(10)), slots_in_order=True,
    ), step=0),
]  # fmt: skip


@pytest.mark.parametrize("discount", [*STATED, *BEYOND], ids=lambda one: one.code)
def test_a_sheet_gives_exactly_the_discount_it_was_made_of(discount: Discount) -> None:
    """DISC-40: what a form or a file shows loses nothing."""
    assert problems_with(discount) == []
    assert discount_of(sheet_of(discount)) == discount


def test_common_discounts_need_no_json_and_rare_ones_say_it_all_there() -> None:
    assert [sheet_of(discount).rest for discount in STATED] == [""] * len(STATED)
    assert all(sheet_of(discount).rest.startswith('{"conditions"') for discount in BEYOND)


def test_a_sheet_of_thresholds_reads_as_people_wrote_it() -> None:
    """DISC-03."""
    sheet = sheet_of(STATED[1])
    assert sheet.rows[:2] == (
        PromotionRow(article="A", threshold=Decimal(2), value=Decimal(5)),
        PromotionRow(article="A", threshold=Decimal(6), value=Decimal(12)),
    )
    assert sheet.rows[2].contractor_group == "STALI"
    assert (sheet.weekdays, sheet.hours) == (("mon", "sat"), ("08.00-12.30", "22.00-06.00"))
    assert (sheet.every, sheet.every_unit) == (2, "week")
    assert (sheet.value_from, sheet.most_saving) == (Decimal(50), Decimal(10))


def test_a_bundle_in_a_sheet_is_the_bundle_the_engine_runs() -> None:
    """DISC-05: two bought, the third at half price: bags at 60, 75, 50 → half off the one at 50."""
    sheet = DiscountSheet(
        code="TORBY", name="Trzecia za pół ceny", kind="flexible_bundle", parts=(BundleRow(article_group="TORBY"),),
        quantity_from=Decimal(3), gives="percent", value=Decimal(50), pick="cheapest",
    )  # fmt: skip
    bags = [
        line(at, code, cost, groups=("TORBY",)) for at, code, cost in [(1, "A", "60"), (2, "B", "75"), (3, "C", "50")]
    ]
    priced = price(basket(*bags), [rule_of(discount_of(sheet), version=7)])
    assert [one.value for one in priced.lines] == [6000, 7500, 2500]
    assert priced.lines[2].adjustments[0].version == 7


def test_what_a_sheet_cannot_mean_is_refused() -> None:
    with refused("discount.hours_unreadable"):
        discount_of(DiscountSheet(code="X", name="X", kind="PRM", hours=("8-9.75",)))
    with refused("discount.value_missing"):
        discount_of(DiscountSheet(code="X", name="X", kind="KNT"))
    with refused("discount.rest_unreadable"):
        discount_of(DiscountSheet(code="X", name="X", kind="PRM", rest='{"deal": {"type": "items"}}'))
    with refused("discount.rest_unreadable"):
        discount_of(DiscountSheet(code="X", name="X", kind="PRM", rest='{"deal":{"type":"items","elements":[]},"a":1}'))


def test_rows_of_one_article_are_one_threshold_discount_and_may_not_mix_kinds() -> None:
    """DISC-03, as the reference details it."""
    fixed = Tier(threshold=Decimal(3), reward=Reward(kind="fixed_price", value=Decimal(2)))
    twice = promotion(Element(goods=article("A"), tiers=(percent("5"),)), Element(goods=article("A"), tiers=(fixed,)))
    assert [problem.code for problem in problems_with(twice)] == ["discount.thresholds_mixed"]
    more = promotion(
        Element(goods=article("A"), tiers=(percent("5"),)), Element(goods=article("A"), tiers=(percent("20", "3"),))
    )
    priced = price(basket(line(1, "A", "10", "3")), [rule_of(more, 1)])
    assert priced.value == 2400


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"step": 0}, "discount.priority_reserved"),
        ({"conditions": (CouponPresented(coupons=("K",)),)}, "discount.coupon_condition"),
        ({"limits": Limits(counted_by_hub=True)}, "discount.counted_by_hub"),
        ({"position": -1}, "discount.place_impossible"),
        ({"deal": ItemDeal(elements=(
            Element(goods=article("A"), tiers=(percent("5"),)),
            Element(goods=article("A"), by="value", tiers=(percent("9", threshold="50"),)),
        ))}, "discount.goods_twice"),
        ({"deal": ItemDeal(elements=(
            Element(goods=article("A", "B"), tiers=(percent("5"),)),
            Element(goods=article("B"), tiers=(percent("9", threshold="50"),)),
        ))}, "discount.goods_twice"),
        ({"scope": Scope(document_kinds=("letter",))}, "definition.document_type_unknown"),
        ({"validity": Validity(first_day=datetime.date(2026, 2, 1), last_day=datetime.date(2026, 1, 1))},
         "discount.dates_impossible"),
        ({"deal": ItemDeal(elements=(Element(tiers=(percent("NaN"),)),))}, "discount.percent_impossible"),
        ({"deal": ItemDeal(elements=(Element(tiers=(percent("NaN", threshold="sNaN"),)),))},
         "discount.number_too_large"),
        ({"deal": ItemDeal(elements=(Element(tiers=(percent("1e-9"),)),))}, "discount.number_too_precise"),
        ({"deal": ItemDeal(elements=(Element(tiers=(
            Tier(reward=Reward(kind="purchase_surcharge", value=Decimal(5))),)),))}, "discount.purchase_surcharge"),
    ],
)  # fmt: skip
def test_bad_definitions_are_refused_with_the_reason(change: dict[str, object], code: str) -> None:
    """DISC-02, DISC-10, DISC-20, DISC-40."""
    bad = msgspec.structs.replace(promotion(Element(tiers=(percent("5"),))), **change)
    assert [problem.code for problem in problems_with(bad)] == [code]


def test_a_station_leaves_out_whole_what_it_cannot_honour_and_sells_on() -> None:
    """DISC-10: damaged, of a newer program, impossible – reported, never half applied, never in the way."""
    good = promotion(Element(goods=article("A"), tiers=(percent("10"),)), code="GOOD")
    newer = msgspec.json.decode(encode(good))
    newer["deal"]["elements"][0]["moon_phase"] = "full"
    impossible = msgspec.structs.replace(good, code="BAD", step=0)
    no_number = promotion(Element(goods=article("A"), tiers=(percent("10", threshold="sNaN"),)), code="NAN")
    rows = [
        ("GOOD", 4, encode(good)),
        ("HALF", 5, encode(good)[:60]),
        ("NOISE", 6, b"\xff\xfe{"),
        ("NEWER", 7, msgspec.json.encode(newer)),
        ("OTHER", 8, encode({"code": "OTHER", "name": "x", "source": "MOON", "deal": {"type": "items"}})),
        ("BAD", 9, encode(impossible)),
        ("NAN", 12, encode(no_number)),
        ("DRAFT", 10, encode(msgspec.structs.replace(good, code="DRAFT", state="draft"))),
        ("GONE", 11, encode(msgspec.structs.replace(good, code="GONE", state="withdrawn"))),
    ]
    rules, left_out = rules_from(rows)
    assert [(rule.id, rule.version) for rule in rules] == [("GOOD", 4)]
    assert [(one.code, one.version, one.problem.code) for one in left_out] == [
        ("HALF", 5, "discount.unreadable"), ("NOISE", 6, "discount.unreadable"),
        ("NEWER", 7, "discount.newer_program"), ("OTHER", 8, "discount.unreadable"),
        ("BAD", 9, "discount.priority_reserved"), ("NAN", 12, "discount.number_too_large"),
    ]  # fmt: skip
    assert left_out[2].problem.facts["part"] == "deal.elements:0.moon_phase"
    assert price(basket(line(1, "A", "10")), rules).value == 900


def test_what_an_older_program_wrote_is_read_with_todays_defaults() -> None:
    older = msgspec.json.decode(encode(promotion(Element(tiers=(percent("10"),)), code="OLD")))
    for field in ("limits", "whole_or_nothing", "combination"):
        del older[field]
    found = discount_in("OLD", 3, msgspec.json.encode(older))
    assert isinstance(found, Discount)
    assert found.limits == Limits()


def test_a_discount_by_coupon_waits_for_its_code_among_the_unlocked() -> None:
    """DISC-07."""
    rule = rule_of(promotion(Element(tiers=(percent("10"),)), code="K", by_coupon=True), 1)
    assert price(basket(line(1, "A", "10")), [rule]).value == 1000
    assert price(basket(line(1, "A", "10"), coupons=("K",)), [rule]).value == 900


def test_a_rule_of_a_discount_says_everything_the_engine_has_a_field_for() -> None:
    own = {"id": "code", "version": ""}
    assert {own.get(name, name) for name in Rule.__struct_fields__} - {""} <= set(Discount.__struct_fields__)


def test_a_series_covers_its_numbers_and_no_others() -> None:
    """COUP-01."""
    series = Coupon(code="LATO", name="Lato", discount="D", digits=4, first_number=1, last_number=500)
    scanned = ("LATO0001", "LATO0500", "LATO0501", "LATO0000", "LATO1", "LATO", "0001")
    assert [covers(series, code) for code in scanned] == [
        True, True, False, False, False, False, False,
    ]  # fmt: skip
    assert covers(Coupon(code="X1", name="X", discount="D"), "X1")
    assert not covers(Coupon(code="X1", name="X", discount="D"), "X10")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"uses": -1}, "coupon.bad_uses"), ({"digits": 13}, "coupon.bad_digits"),
        ({"digits": 2, "first_number": 5, "last_number": 4}, "coupon.bad_series"),
        ({"digits": 2, "last_number": 100}, "coupon.bad_series"),
        ({"last_number": 4}, "coupon.series_without_digits"),
        ({"first_day": datetime.date(2026, 2, 1), "last_day": datetime.date(2026, 1, 1)}, "discount.dates_impossible"),
    ],
)  # fmt: skip
def test_bad_coupons_are_refused(change: dict[str, object], code: str) -> None:
    """COUP-01."""
    coupon = msgspec.structs.replace(Coupon(code="K", name="K", discount="D"), **change)
    assert [problem.code for problem in problems_with(coupon)] == [code]
