"""`kontuar price`: cases published by other systems, and every construct of their vocabulary."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kontuar.tools.cli import app
from kontuar.tools.pricing_case_fields import UnreadableCase
from kontuar.tools.pricing_case_words import read_case
from kontuar.tools.pricing_cases import result_of

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "published_cases.json").read_text())}


def run(case: dict[str, Any]) -> dict[str, Any]:
    return result_of(read_case(case), explain=True)


def changed(name: str, **settings: str) -> dict[str, Any]:
    case = copy.deepcopy(CASES[name])
    case["settings"].update(settings)
    return case


def plain(lines: list[tuple[str, int, str]], *promotions: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = [{"sku": sku, "qty": qty, "unit_price": price} for sku, qty, price in lines]
    return {"id": "own", "price_mode": "plain", "lines": made, "promotions": list(promotions), **more}


def promo(name: str, effect: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "effect": effect, **more}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_published_case_costs_what_was_published(name: str) -> None:
    case = CASES[name]
    result = run(case)
    expected = {key: value for key, value in case["expected"].items() if key != "discount_total"}
    assert {key: result[key] for key in expected} == expected
    assert result["proven"] is True


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_adjustments_of_a_case_explain_its_savings(name: str) -> None:
    """DISC-26."""
    result = run(CASES[name])
    told: dict[str, int] = {}
    for line in result["adjustments"]:
        for one in line:
            told[one["promotion"]] = told.get(one["promotion"], 0) - round(float(one["amount"]) * 100)
    assert told == {rule: round(float(amount) * 100) for rule, amount in result["by_promotion"].items()}


def test_rounding_the_discount_and_not_the_price_gives_the_other_right_figures() -> None:
    """DISC-24: 10.50 − 15% is 8.93 or 8.92."""
    vendure = run(changed("VEN-01", round_at="line_discount"))
    assert (vendure["net_total"], vendure["total"]) == ("41.66", "49.99")
    sylius = run(changed("SYL-04", round_at="line_discount"))
    assert sylius["line_totals"] == ["17.00", "17.21", "8.92", "8.45"]
    assert sylius["total"] == "51.58"


def test_offers_of_one_step_that_see_each_other_give_less() -> None:
    case = copy.deepcopy(CASES["SPR-01"])
    for promotion in case["promotions"]:
        if promotion["step"] == 2:
            promotion["base"] = "running"
    assert run(case)["total"] == "84.83"


def test_a_pool_over_two_steps_gives_a_unit_once() -> None:
    """The convention *compound inside a priority, never across*, as far as it decides this case."""
    case = copy.deepcopy(CASES["D365-02"])
    case["promotions"][3]["conflict"] = "compete:p99"
    assert run(case)["total"] == "65.00"


def test_in_order_the_first_offer_of_a_pool_takes_the_unit() -> None:
    case = changed("D365-02", choose="sequential")
    assert run(case)["by_promotion"] == {"a10": "10.00", "c15": "13.50"}


def test_an_amount_per_unit_stops_at_the_floor() -> None:
    case = plain([("A", 3, "10.00")], promo("p", {"type": "amount_per_unit", "value": "4.00"}))
    case["lines"][0]["min_unit_price"] = "7.50"
    assert run(case)["total"] == "22.50"


def test_what_a_floor_keeps_from_one_line_goes_to_the_others() -> None:
    case = plain([("A", 1, "50.00"), ("B", 1, "50.00")], promo("p", {"type": "amount_spread", "value": "30.00"}))
    case["lines"][0]["min_unit_price"] = "45.00"
    assert run(case)["line_totals"] == ["45.00", "25.00"]


def test_what_fits_nowhere_is_lost() -> None:
    case = plain([("A", 1, "5.00"), ("B", 1, "3.00")], promo("p", {"type": "amount_spread", "value": "30.00"}))
    assert run(case)["by_promotion"] == {"p": "8.00"}


def test_a_percent_of_all_together_is_bounded_by_its_cap() -> None:
    effect = {"type": "percent_spread", "value": 20, "cap": "7.00"}
    assert run(plain([("A", 1, "30.00"), ("B", 1, "70.00")], promo("p", effect)))["line_totals"] == ["27.90", "65.10"]


def test_a_tie_goes_to_the_earlier_line_however_the_units_were_laid_out() -> None:
    """DISC-24: the shares of 5.55 are 1.23⅓, 1.23⅓ and 3.08⅓; the line of five units is laid out first."""
    lines = [("C", 2, "50.00"), ("A", 2, "19.99"), ("B", 5, "3.33")]
    effect = {"type": "amount_in_full_groups", "size": 1, "value": "2.00"}
    assert run(plain(lines, promo("p", effect, cap_gross="5.55")))["line_totals"] == ["98.76", "38.75", "13.57"]


def test_one_amount_for_all_lines_is_rounded_once() -> None:
    lines = [("A", 1, "0.33"), ("B", 1, "0.33"), ("C", 1, "0.33")]
    at_line = plain(lines, promo("p", {"type": "percent", "value": 50}))
    assert run(at_line)["by_promotion"] == {"p": "0.51"}
    at_pool = {**at_line, "settings": {"round_at": "pool"}}
    assert run(at_pool)["by_promotion"] == {"p": "0.50"}


def test_weights_with_vat_spread_an_amount_by_what_the_buyer_pays() -> None:
    case = plain([("A", 1, "100.00"), ("B", 1, "100.00")], promo("p", {"type": "amount_spread", "value": "21.00"}))
    case["price_mode"] = "net"
    case["lines"][0]["vat"] = 10
    case["lines"][1]["vat"] = 0
    assert run(case)["line_totals"] == ["98.45", "89.50"]
    case["settings"] = {"spread_weights": "running_gross"}
    assert run(case)["line_totals"] == ["97.90", "90.00"]


def test_gross_prices_contain_their_vat() -> None:
    case = plain([("A", 1, "123.00")], promo("p", {"type": "percent", "value": 100}))
    case["price_mode"] = "gross"
    case["lines"][0]["vat"] = 23
    result = run(case)
    assert (result["net_total"], result["vat_total"], result["total"]) == ("0.00", "0.00", "0.00")
    assert run({**case, "promotions": []})["net_total"] == "100.00"


def test_an_exclusive_offer_stands_alone_and_the_lowest_step_wins() -> None:
    lines = [("A", 1, "100.00")]
    five = promo("five", {"type": "percent", "value": 5}, step=1)
    ten = promo("ten", {"type": "percent", "value": 10}, step=3, conflict="exclusive")
    twenty = promo("twenty", {"type": "percent", "value": 20}, step=4, conflict="exclusive")
    assert run(plain(lines, five, twenty, ten))["by_promotion"] == {"ten": "10.00"}
    closed = {**ten, "when": [{"kind": "coupon", "code": "X"}]}
    assert run(plain(lines, five, twenty, closed))["by_promotion"] == {"twenty": "20.00"}
    elsewhere = {**twenty, "on": {"skus": ["Z"]}}
    assert run(plain(lines, five, elsewhere, closed))["by_promotion"] == {"five": "5.00"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"kind": "basket_value_min", "value": "40.00", "of": "list"}, True),
        ({"kind": "basket_value_min", "value": "40.01", "of": "list"}, False),
        ({"kind": "line_qty_min", "value": 3}, True),
        ({"kind": "line_qty_min", "value": 4}, False),
        ({"kind": "contains", "on": {"skus": ["B"]}}, True),
        ({"kind": "contains", "selector": {"skus": ["B"], "unit_price_between": ["11.00", "20.00"]}}, False),
        ({"kind": "coupon", "code": "SAVE"}, True),
        ({"kind": "coupon", "code": "OTHER"}, False),
        ({"kind": "customer_group", "group": "vip"}, True),
        ({"kind": "customer_group", "group": "staff"}, False),
    ],
)
def test_conditions_open_or_close_an_offer(condition: dict[str, Any], holds: bool) -> None:
    case = plain(
        [("A", 3, "10.00"), ("B", 1, "10.00")], promo("p", {"type": "percent", "value": 10}, when=[condition]),
        customer={"groups": ["vip"]}, coupons=["SAVE"],
    )  # fmt: skip
    assert run(case)["by_promotion"] == ({"p": "4.00"} if holds else {})


def test_the_keys_of_a_selector_all_hold_and_its_prices_are_included() -> None:
    effect = {"type": "percent", "value": 50}
    on = {"groups": ["g"], "unit_price_between": ["10.00", "20.00"]}
    case = plain(
        [("A", 1, "10.00"), ("B", 1, "20.00"), ("C", 1, "20.01"), ("D", 1, "15.00")], promo("p", effect, on=on)
    )
    for line in case["lines"][:3]:
        line["group"] = "g"
    assert run(case)["line_totals"] == ["5.00", "10.00", "20.01", "15.00"]


BUY_TWO = {"type": "buy_get", "buy": {"qty": 2}, "get": {"qty": 1, "pick": "cheapest"}, "percent": 50, "times": 2}


def test_buying_reserves_the_dearest_and_gives_the_cheapest() -> None:
    lines = [("A", 1, "10.00"), ("B", 3, "30.00"), ("C", 2, "20.00")]
    assert run(plain(lines, promo("p", BUY_TWO)))["line_totals"] == ["5.00", "90.00", "30.00"]


def test_the_dearest_may_be_given_and_too_few_units_give_nothing() -> None:
    dearest = {**BUY_TWO, "get": {"qty": 1, "pick": "dearest"}, "times": 1}
    assert run(plain([("A", 2, "10.00"), ("B", 1, "8.00"), ("C", 1, "4.00")], promo("p", dearest)))["by_promotion"] == {
        "p": "4.00"
    }
    assert run(plain([("A", 2, "10.00")], promo("p", BUY_TWO)))["by_promotion"] == {}


@pytest.mark.parametrize(
    ("reward", "totals"),
    [
        ({"percent": 10}, ["9.00", "18.00", "27.00"]),
        ({"cheapest_percent": 100}, ["0.00", "20.00", "30.00"]),
        ({"set_price": "45.00"}, ["7.50", "15.00", "22.50"]),
        ({"set_price": "61.00"}, ["10.00", "20.00", "30.00"]),
        ({"free": {"skus": ["B"]}}, ["10.00", "0.00", "30.00"]),
    ],
)
@pytest.mark.parametrize("choose", ["sequential", "best_for_customer"])
def test_every_reward_of_a_bundle(reward: dict[str, Any], totals: list[str], choose: str) -> None:
    """DISC-05."""
    take = [{"on": {"skus": [sku]}, "qty": 1} for sku in "ABC"]
    effect = {"type": "bundle", "take": take, "reward": reward}
    case = plain(
        [("A", 1, "10.00"), ("B", 1, "20.00"), ("C", 1, "30.00")], promo("p", effect, conflict="compete:x"),
        settings={"choose": choose},
    )  # fmt: skip
    assert run(case)["line_totals"] == totals


def test_a_bundle_finds_its_units_where_parts_overlap() -> None:
    take = [{"on": {"skus": ["A", "B"]}, "qty": 1}, {"on": {"skus": ["A"]}, "qty": 1}]
    effect = {"type": "bundle", "take": take, "reward": {"percent": 50}}
    assert run(plain([("A", 1, "20.00"), ("B", 1, "10.00")], promo("p", effect)))["total"] == "15.00"


def test_competing_offers_share_out_the_units_so_that_the_buyer_pays_least() -> None:
    """DISC-25: the three for two on the dear ones, the percent on what is left."""
    three = {"type": "bundle", "take": [{"qty": 3}], "reward": {"cheapest_percent": 100}}
    case = plain(
        [("A", 3, "10.00"), ("B", 1, "2.00")],
        promo("three", three, conflict="compete:x"),
        promo("ten", {"type": "percent", "value": 10}, conflict="compete:x"),
        settings={"choose": "best_for_customer"},
    )
    result = run(case)
    assert result["by_promotion"] == {"three": "10.00", "ten": "0.20"}
    assert result["proven"] is True


def test_a_shared_amount_competes_with_a_percent() -> None:
    case = plain(
        [("A", 1, "60.00"), ("B", 1, "40.00")],
        promo("all", {"type": "amount_spread", "value": "15.00"}, conflict="compete:x"),
        promo("ten", {"type": "percent", "value": 10}, conflict="compete:x"),
        settings={"choose": "best_for_customer"},
    )
    result = run(case)
    assert (result["by_promotion"], result["proven"]) == ({"all": "15.00"}, True)


UNREADABLE = [
    ({"price_mode": "barter"}, "barter"),
    ({"lines": [{"sku": "A", "qty": 1, "unit_price": "1.00", "colour": "red"}]}, "colour"),
    ({"lines": [{"sku": "A", "qty": "1.5", "unit_price": "1.00"}]}, "whole units"),
    ({"lines": [{"sku": "A", "qty": 1, "unit_price": "-1.00"}]}, "negative"),
    ({"settings": {"rounding": "bankers"}}, "bankers"),
    ({"settings": {"spread": "last_line"}}, "last_line"),
    ({"promotions": [{"id": "p", "effect": {"type": "raffle"}}]}, "raffle"),
    ({"promotions": [{"id": "p", "effect": {"type": "percent", "value": 5, "on": {}}}]}, "not part"),
    ({"promotions": [{"id": "p", "effect": {"type": "percent", "value": 5}, "conflict": "compete:"}]}, "compete"),
    ({"promotions": [{"id": "p", "effect": {"type": "percent", "value": 5}, "when": [{"kind": "moon"}]}]}, "moon"),
    ({"promotions": [{"id": "p", "effect": {"type": "bundle", "take": [], "reward": {"percent": 5}}}]}, "nothing"),
]


@pytest.mark.parametrize(("wrong", "word"), UNREADABLE)
def test_what_the_vocabulary_does_not_know_is_refused_in_words(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(UnreadableCase, match=word):
        read_case({**plain([("A", 1, "1.00")]), **wrong})


def test_the_command_prints_json_and_ends_with_two_for_a_bad_file(tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    case = plain([("A", 2, "1.25")], promo("p", {"type": "percent", "value": 10}))
    good.write_text(json.dumps({"cases": [case]}))
    answer = CliRunner().invoke(app, ["price", str(good)])
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == [
        {
            "id": "own", "total": "2.25", "line_totals": ["2.25"], "net_total": "2.25", "vat_total": "0.00",
            "by_promotion": {"p": "0.25"}, "proven": True,
        }
    ]  # fmt: skip
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    refused = CliRunner().invoke(app, ["price", str(bad)])
    assert refused.exit_code == 2
    assert "not JSON" in refused.stderr
    assert CliRunner().invoke(app, ["price", str(tmp_path / "none.json")]).exit_code == 2
