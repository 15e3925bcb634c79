"""What holds and what does not after a replay (issue 2, item 7)."""

import datetime
from collections import defaultdict
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kontuar.kernel.money import Minor
from kontuar.tools.replay.cutoffs import plan
from kontuar.tools.replay.definitions import chain_of
from kontuar.tools.replay.figures import DayTotals, Expected, expected_of
from kontuar.tools.replay.lines import to_sell
from kontuar.tools.replay.reconcile import ChainCheck, Difference, Found, lines_told, reconcile, verdict
from tools.replay_samples import basket, line, selection

ONE = datetime.date(2017, 3, 1)
TWO = datetime.date(2017, 3, 2)


@pytest.fixture(scope="module")
def expected() -> Expected:
    """Store 1: two receipts on 1 March, one on 2 March; store 2: one on 1 March; one till each."""
    coupon = line("B", "1", 578, 400, coupon=Minor(55), match=Minor(45))
    worth_more = line("C", "1", 100, coupon=Minor(155))
    sold = selection(
        basket("1", [line("A", "1", 150), coupon, worth_more]),
        basket("2", [line("A", "2", 300)]),
        basket("3", [line("A", "1", 150)], day=2),
        basket("4", [line("A", "1", 160)], store="2"),
    )
    chain = chain_of(sold, 1, 1)
    return expected_of(plan(to_sell(sold, chain.prices), chain, Decimal(0), 1), chain)


@pytest.fixture
def found(expected: Expected) -> Found:
    """Nodes that hold exactly what is expected."""
    ordinals: dict[str, int] = defaultdict(int)
    stations: dict[tuple[str, datetime.date], DayTotals] = {}
    for (station, day), totals in sorted(expected.by_station.items()):
        numbers = []
        for _ in range(totals.documents):
            ordinals[station] += 1
            numbers.append(f"PAR/2017/03/{ordinals[station]:05}/{station.replace('-', '')}")
        stations[station, day] = msgspec.structs.replace(totals, numbers=tuple(numbers))
    stores = {(expected.stations[station], day): totals for (station, day), totals in stations.items()}
    return Found(
        stations=stations, agents=stores, hub=stores, hub_stock=expected.stock,
        agent_stock={"S1": _of(expected, "W1"), "S2": _of(expected, "W2")},
        chains=tuple(ChainCheck(origin=station, messages=9) for station in expected.stations), parked=0,
        unsent={"station S1-T1": 0},
    )  # fmt: skip


def _of(expected: Expected, warehouse: str) -> dict[tuple[str, str], Decimal]:
    return {key: quantity for key, quantity in expected.stock.items() if key[0] == warehouse}


def differences(expected: Expected, found: Found, **changed: Any) -> list[str]:
    return [str(one) for one in reconcile(expected, msgspec.structs.replace(found, **changed))]


def at_hub(found: Found, store: str, day: datetime.date, **changed: Any) -> dict[str, Any]:
    totals = msgspec.structs.replace(found.hub[store, day], **changed)
    return {"hub": {**found.hub, (store, day): totals}}


def test_expected_figures_are_sums_of_the_baskets(expected: Expected) -> None:
    assert expected.by_store["S1", ONE] == DayTotals(
        documents=2, lines=4, gross=Minor(850), payments={"cash": 695, "coupon": 155}
    )
    assert expected.by_store["S1", TWO].gross == 150
    assert expected.by_station["S2-T1", ONE].documents == 1


def test_nodes_that_hold_the_same_hold_all(expected: Expected, found: Found) -> None:
    assert reconcile(expected, found) == []
    assert verdict([]) == "all holds"


def test_lines_that_tills_priced_otherwise_are_counted_once_each() -> None:
    """Its value and what was taken off it are told apart, and it is one line."""
    told = [
        Difference("station S1-T1, basket 1", "line of A", "150", "140"),
        Difference("station S1-T1, basket 1", "line of A, taken off", "card 0", "card 10"),
        Difference("station S1-T1, basket 2", "line of A", "150", "140"),
        Difference("station S1-T1, basket 2", "receipt PAR/2017/03/00001/S1T1", "150", "140"),
    ]
    assert lines_told(told) == 2


def test_a_cent_is_a_difference(expected: Expected, found: Found) -> None:
    wrong = at_hub(found, "S1", ONE, gross=849)
    assert differences(expected, found, **wrong) == ["hub, store S1 2017-03-01: gross: expected 850, found 849"]


def test_payments_are_compared_by_form(expected: Expected, found: Found) -> None:
    wrong = at_hub(found, "S1", ONE, payments={"cash": 850})
    assert differences(expected, found, **wrong) == [
        "hub, store S1 2017-03-01: paid by cash: expected 695, found 850",
        "hub, store S1 2017-03-01: paid by coupon: expected 155, found 0",
    ]


def test_a_receipt_that_did_not_arrive_is_named(expected: Expected, found: Found) -> None:
    first = found.hub["S1", ONE].numbers[0]
    wrong = at_hub(found, "S1", ONE, documents=1, numbers=found.hub["S1", ONE].numbers[1:])
    assert differences(expected, found, **wrong) == [
        "hub, store S1 2017-03-01: documents: expected 2, found 1",
        f"hub, store S1 2017-03-01: number of a station: expected {first}, found nothing",
        "numbers PAR/2017/03/…/S1T1: missing number: expected 1, found nothing",
    ]


def test_a_receipt_that_came_twice_is_named(expected: Expected, found: Found) -> None:
    numbers = found.hub["S2", ONE].numbers
    wrong = at_hub(found, "S2", ONE, documents=2, numbers=(*numbers, *numbers))
    assert differences(expected, found, **wrong) == [
        "hub, store S2 2017-03-01: documents: expected 1, found 2",
        "hub, store S2 2017-03-01: number that no station has: expected nothing, found PAR/2017/03/00001/S2T1",
        "numbers PAR/2017/03/…/S2T1: number 1: expected once, found 2 times",
    ]


def test_a_day_that_only_the_agent_has_is_a_difference(expected: Expected, found: Found) -> None:
    day = datetime.date(2017, 3, 9)
    extra = {**found.agents, ("S1", day): DayTotals(documents=1, lines=1, gross=Minor(5), numbers=("X",))}
    assert differences(expected, found, agents=extra) == [
        "agent S1 2017-03-09: documents: expected 0, found 1",
        "agent S1 2017-03-09: lines: expected 0, found 1",
        "agent S1 2017-03-09: gross: expected 0, found 5",
        "agent, store S1 2017-03-09: number that no station has: expected nothing, found X",
    ]


def test_a_number_that_cannot_be_read_is_a_difference(expected: Expected, found: Found) -> None:
    odd = {key: msgspec.structs.replace(totals, numbers=("17",)) for key, totals in found.stations.items()}
    lines = differences(expected, found, stations=odd, **at_hub(found, "S2", ONE, numbers=("17",)))
    assert "hub, store S2 2017-03-01: number: expected like PAR/2026/11/00001/S1T1, found 17" in lines


def test_stock_is_compared_at_the_hub_and_at_each_agent(expected: Expected, found: Found) -> None:
    wrong = {**found.hub_stock, ("W1", "A"): Decimal("9.5")}
    assert differences(expected, found, hub_stock=wrong) == ["hub, warehouse W1: stock of A: expected 10, found 9.5"]
    assert differences(expected, found, agent_stock={"S1": found.agent_stock["S1"]}) == [
        "agent S2, warehouse W2: stock of A: expected 10, found 0"
    ]


def test_a_chain_that_does_not_verify_or_is_not_there_is_named(expected: Expected, found: Found) -> None:
    chains = (ChainCheck(origin="S1-T1", messages=9, problem="hash of message 4"),)
    assert differences(expected, found, chains=chains) == [
        "chain of S1-T1: verification: expected verifies, found hash of message 4",
        "chain of S2-T1: verification: expected a verified stream, found none",
    ]


def test_what_is_left_behind_is_a_difference(expected: Expected, found: Found) -> None:
    assert differences(expected, found, parked=2, unsent={"station S1-T1": 3}) == [
        "hub: documents that could not be booked: expected 0, found 2",
        "station S1-T1: messages not passed on: expected 0, found 3",
    ]


def test_the_verdict_counts_differences(expected: Expected, found: Found) -> None:
    one = reconcile(expected, msgspec.structs.replace(found, parked=1))
    assert verdict(one) == "does not hold: 1 difference"
    assert verdict([*one, *one]) == "does not hold: 2 differences"
