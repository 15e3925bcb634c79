"""The chain that a replay defines, and its plan (issue 2, item 7)."""

import itertools
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.catalogue.records import Article
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.records import Contractor, Operator
from kontuar.domain.pricing.discount import Discount
from kontuar.kernel.money import Minor
from kontuar.operations.pins import pin_fits
from kontuar.tools.replay.baskets import NoBaskets, Selection
from kontuar.tools.replay.cutoffs import CutOff, cut_offs, is_cut, plan
from kontuar.tools.replay.definitions import ADMINISTRATOR, SPARE, Chain, chain_of
from kontuar.tools.replay.figures import expected_of
from kontuar.tools.replay.lines import to_sell
from tools.replay_samples import basket, line, selection


@pytest.fixture(scope="module")
def sold() -> Selection:
    many = [basket(f"{n:03}", [line("A", "1", 150)], store=str(1 + n % 2), day=1 + n // 50) for n in range(200)]
    coupons = {"coupon": Minor(50), "match": Minor(50)}
    extra = basket("201", [line("B", "1.5", 300, 250, **coupons)], day=9)
    found = selection(*many, extra)
    eans = {"A": "2000000000015", "B": "2000000000022"}
    articles = {code: msgspec.structs.replace(row, ean=eans[code]) for code, row in found.articles.items()}
    return msgspec.structs.replace(found, articles=articles)


@pytest.fixture(scope="module")
def chain(sold: Selection) -> Chain:
    return chain_of(sold, 2, 5)


def test_every_definition_passes_the_hubs_own_checks(chain: Chain) -> None:
    problems = [(kind, problems_with(row)) for kind, rows in chain.definitions.items() for row in rows]
    assert [found for found in problems if found[1]] == []


def test_every_reference_leads_to_a_row_and_no_key_comes_twice(chain: Chain) -> None:
    keys = {kind: [KINDS[kind].key_of(row) for row in rows] for kind, rows in chain.definitions.items()}
    assert all(len(set(found)) == len(found) for found in keys.values())
    referred = {
        (target, key)
        for kind, rows in chain.definitions.items()
        for row in rows
        for _, target, key in KINDS[kind].refers(row)
    }
    assert [(kind, key) for kind, key in sorted(referred) if key not in keys[kind]] == []


def test_a_household_is_one_contractor_with_a_card_whatever_store_it_buys_in(chain: Chain) -> None:
    buyers = [row for row in chain.definitions["contractor"] if isinstance(row, Contractor)]
    assert [(row.code, row.group, row.price_list) for row in buyers] == [("UNDEFINED", "", ""), ("H7", "LOYALTY", "")]


def test_card_prices_and_coupons_are_discounts_and_only_shelf_prices_are_a_list(chain: Chain) -> None:
    discounts = [row for row in chain.definitions["discount"] if isinstance(row, Discount)]
    assert [(row.code, row.state, row.by_coupon, row.scope.centres) for row in discounts] == [
        ("CARD-1-170309-ON", "confirmed", False, ("CENTRE-S1",)),
        ("MC-B-50X1", "confirmed", True, ()),
        ("DC-B-50X1", "confirmed", True, ()),
    ]
    assert [getattr(row, "discount", "") for row in chain.definitions["coupon"]] == ["MC-B-50X1", "DC-B-50X1"]
    assert {getattr(row, "price_list", "") for row in chain.definitions["price"]} == {"SHELF@S1", "SHELF@S2"}
    parameters = {getattr(row, "name", ""): getattr(row, "value", "") for row in chain.definitions["parameter"]}
    assert parameters["discount.on_fixed_prices"] == "yes"


def test_the_same_seed_gives_the_same_chain_and_another_one_other_pins(sold: Selection, chain: Chain) -> None:
    assert chain_of(sold, 2, 5) == chain
    assert chain_of(sold, 2, 6).administrator_pin != chain.administrator_pin


def test_everybody_can_log_in_with_his_pin(chain: Chain) -> None:
    operators = {row.code: row for row in chain.definitions["operator"] if isinstance(row, Operator)}
    till = chain.tills[0]
    assert pin_fits(operators[till.cashier].pin_verifier, till.cashier_pin)
    assert pin_fits(operators[till.manager].pin_verifier, till.manager_pin)
    assert pin_fits(operators[ADMINISTRATOR].pin_verifier, chain.administrator_pin)
    assert operators[till.cashier].stores == ("S1",)


def test_stations_number_in_series_of_their_own(chain: Chain) -> None:
    series = [getattr(row, "series", "") for row in chain.definitions["station"]]
    assert series == ["S1T1", "S1T2", "S2T1", "S2T2"]


def test_articles_are_found_by_their_ean_in_their_unit(chain: Chain) -> None:
    article = chain.definitions["article"][0]
    assert isinstance(article, Article)
    assert [(code.ean, code.unit) for code in article.eans] == [("2000000000015", "pcs")]
    assert article.group == "G1-1"


def test_opening_stock_is_what_will_be_sold_and_a_spare(chain: Chain) -> None:
    opening = {(row.warehouse, row.article): row.quantity for row in chain.opening}
    assert opening == {("W1", "A"): 100 + SPARE, ("W2", "A"): 100 + SPARE, ("W1", "B"): 2 + SPARE}


def test_stock_left_over_is_opening_minus_sold(sold: Selection, chain: Chain) -> None:
    planned = plan(to_sell(sold, chain.prices), chain, Decimal("0.3"), 5)
    left = expected_of(planned, chain).stock
    assert left == {("W1", "A"): SPARE, ("W2", "A"): SPARE, ("W1", "B"): Decimal("10.5")}


def test_more_vat_rates_than_a_fiscal_device_has_are_refused(sold: Selection) -> None:
    rates = {str(percent): Decimal(percent) for percent in range(8)}
    with pytest.raises(NoBaskets, match="8 VAT rates"):
        chain_of(msgspec.structs.replace(sold, vat=rates), 1, 5)


def test_every_basket_is_sold_once_in_order_and_tills_take_turns(sold: Selection, chain: Chain) -> None:
    planned = plan(to_sell(sold, chain.prices), chain, Decimal("0.3"), 5)
    assert {station: len(queue) for station, queue in planned.queues.items()} in (
        {"S1-T1": 51, "S1-T2": 50, "S2-T1": 50, "S2-T2": 50},
        {"S1-T1": 50, "S1-T2": 51, "S2-T1": 50, "S2-T2": 50},
    )
    codes = [made.code for queue in planned.queues.values() for made in queue]
    assert sorted(codes) == sorted(found.code for found in sold.baskets)
    assert all(list(queue) == sorted(queue, key=lambda made: made.code) for queue in planned.queues.values())


def test_the_plan_is_the_seeds(sold: Selection, chain: Chain) -> None:
    baskets = to_sell(sold, chain.prices)
    assert plan(baskets, chain, Decimal("0.3"), 5) == plan(baskets, chain, Decimal("0.3"), 5)
    assert plan(baskets, chain, Decimal("0.3"), 5) != plan(baskets, chain, Decimal("0.3"), 6)


@given(st.integers(0, 400), st.decimals(0, 1, places=2), st.integers(0, 9))
def test_cut_offs_hold_the_share_and_do_not_touch(length: int, share: Decimal, seed: int) -> None:
    cuts = cut_offs(length, share, Random(seed))
    inside = sum(is_cut(cuts, position) for position in range(length))
    assert abs(inside - length * share) <= Decimal("0.5")
    assert all(0 <= cut.first <= cut.last < length for cut in cuts)
    assert all(before.last + 1 < after.first for before, after in itertools.pairwise(cuts))


def test_a_share_of_everything_is_one_cut(chain: Chain) -> None:
    assert cut_offs(10, Decimal(1), Random(1)) == (CutOff(0, 9),)
    assert cut_offs(10, Decimal(0), Random(1)) == ()
