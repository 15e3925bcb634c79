"""The arithmetic of `kontuar bench` and the shape of what it writes; no test here measures anything."""

import os

import msgspec
import pytest

from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.firm.records import Parameter
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.references import goods_of
from kontuar.tools.bench import bare, command, pricing, station_alone
from kontuar.tools.bench import promoted as promoted_station
from kontuar.tools.bench.figures import Figure, Missing, Report, as_json, latency, percentile, repeated, spread
from kontuar.tools.bench.machine import processor_seconds, resident_megabytes
from kontuar.tools.bench.promoted import promoted
from kontuar.tools.bench.run import as_markdown
from kontuar.tools.bench.shop import shop


def test_a_percentile_is_a_value_that_was_measured() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert percentile(hundred, 0.50) == 50.0
    assert percentile(hundred, 0.95) == 95.0
    assert percentile(hundred, 0.99) == 99.0
    assert percentile(hundred, 1.0) == 100.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([7.0], 0.99) == 7.0


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="a percentile of nothing"):
        percentile([], 0.5)


def test_a_spread_names_extremes_and_percentiles() -> None:
    found = spread([5.0, 1.0, 4.0, 2.0, 3.0])
    assert (found.count, found.lowest, found.p50, found.p95, found.p99, found.highest) == (5, 1.0, 3.0, 5.0, 5.0, 5.0)


def test_latencies_are_told_in_milliseconds_over_all_runs_with_the_median_of_each() -> None:
    figure = latency("PERF-01", "scan", [[0.001, 0.002, 0.003], [0.004, 0.006, 0.005]], beside=[[0.001, 0.001, 0.002]])
    assert figure.values == {"p50": 3.0, "p95": 6.0, "p99": 6.0}
    assert figure.runs == (2.0, 5.0)
    assert figure.count == 6
    assert figure.ratios() == {"p50": 3.0, "p95": 3.0, "p99": 3.0}


def test_a_rate_holds_when_it_is_at_least_its_target_and_a_time_when_it_is_at_most() -> None:
    rate = repeated("PERF-02", "approve", "/s", [290.0, 310.0, 305.0], target=300.0, better="higher", beside=[610.0])
    assert rate.values == {"median": 305.0}
    assert rate.ratios() == {"median": 0.5}
    assert rate.holds() is True
    time = repeated("PERF-03", "start", "s", [1.4, 1.6, 1.7], target=1.5)
    assert time.holds() is False
    assert repeated("PERF-03", "listening", "s", [1.0]).holds() is None


def test_every_target_must_hold() -> None:
    figure = latency("PERF-01", "scan", [[0.001] * 98 + [0.009] * 2], targets={"p50": 3.0, "p99": 8.0})
    assert figure.values == {"p50": 1.0, "p95": 1.0, "p99": 9.0}
    assert figure.holds() is False


def test_the_report_carries_ratios_verdicts_and_four_digits() -> None:
    figure = Figure(requirement="PERF-02", name="approve", unit="/s", values={"median": 312.3456}, better="higher",
                    targets={"median": 300.0}, limits={"median": 624.6912})  # fmt: skip
    report = Report(
        at="2026-11-21T20:00:00.000000Z", seconds=1.0, machine={"cores": 2}, versions={"sqlite": "3.51"},
        sizes={"articles": 100}, figures=(figure,), missing=(Missing(requirement="PERF-05", reason="no hub"),),
    )  # fmt: skip
    written = msgspec.json.decode(as_json(report))
    assert sorted(written) == ["at", "figures", "machine", "missing", "seconds", "sizes", "versions"]
    assert written["figures"][0]["values"] == {"median": 312.3}
    assert written["figures"][0]["ratios"] == {"median": 0.5}
    assert written["figures"][0]["holds"] is True
    assert written["missing"] == [{"reason": "no hub", "requirement": "PERF-05"}]


def test_the_table_for_the_docs_says_what_falls_short() -> None:
    report = Report(
        at="2026-11-21T20:00:00.000000Z", seconds=61.0, versions={}, sizes={"articles": 100},
        machine={"cores": 2, "processor": "Xeon", "memory_mb": 4096, "load": [0.1]},
        figures=(latency("PERF-01", "scan", [[0.004]], targets={"p50": 3.0}, beside=[[0.001]]),),
        missing=(Missing(requirement="PERF-05", reason="no hub"),),
    )  # fmt: skip
    assert as_markdown(report).splitlines() == [
        "2026-11-21T20:00 UTC, 2 × Xeon, 4096 MB, load [0.1], 100 articles, 61 s in all",
        "",
        "| | what | unit | measured | target | engine alone | ratio | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| PERF-01 | scan | ms | p50 4, p95 4, p99 4 | p50 3 | p50 1, p95 1, p99 1 | p50 4, p95 4, p99 4 | **short** |",
        "",
        "PERF-05 not measured: no hub",
    ]


def test_the_same_shop_is_made_every_time_with_one_ean_and_one_price_per_article() -> None:
    first, again = shop(150), shop(150)
    assert first == again
    assert len(set(first.eans)) == 150
    assert [price.article for price in first.prices] == [article.code for article in first.articles]
    assert all(0 < price.price < 101 for price in first.prices)


def test_a_shop_with_promotions_is_one_whose_discounts_the_hub_would_take() -> None:
    """PERF-01, PERF-07: a thousand, on articles that are sold, most of them bundles."""
    made = promoted(shop(1_000), "best_for_customer")
    assert len(made.discounts) == 1_000
    assert [problem for row in made.discounts for problem in problems_with(row)] == []
    named = {code for row in made.discounts for goods in goods_of(row) for one in goods for code in one.articles}
    assert named <= {article.code for article in made.articles}
    assert sum(row.source == "BUNDLE" for row in made.discounts) == 600
    chosen = [row.value for row in made.definitions if isinstance(row, Parameter) and row.name == "discount.choose"]
    assert chosen == ["best_for_customer"]


def test_forty_bundles_overlap_wholly_and_a_line_of_pieces_is_one_line() -> None:
    """PERF-07: what is measured is what its name says."""
    assert {frozenset(articles) for _, articles, *_ in pricing.overlapping(40)} == {
        frozenset(f"a0000-{number:02}" for number in range(20))
    }
    book, chosen, asked = pricing.line_of(6_000)
    assert len(asked[0].lines) == 1
    priced = price(asked[0], book, chosen)
    assert (priced.list_value, priced.proven) == (3_000_000, True)
    assert priced.value == 2_000_000, "three at the price of two save a third, and nothing saves more"


def test_every_requirement_that_is_measured_can_be_asked_for_by_name() -> None:
    """PERF-07 too: `--only` knows what the run knows."""
    known = {*command.MEASURED, *command.LONG}
    pieces = (pricing, promoted_station, station_alone)
    assert {name for piece in pieces for name in piece.MEASURED} <= known


def test_a_message_becomes_the_rows_of_the_bare_tables() -> None:
    """What the engine alone is given is the same document."""
    payload = (
        b'{"origin":"S1T1","seq":7,"body":{"doc_id":"d1","number":"PAR/1","payments":[{"number":1,"form":"cash",'
        b'"amount":250}],"lines":[{"number":1,"article":"A1","base_quantity":"2","value":250}]}}'
    )
    assert bare.rows_of(payload) == {
        "bare_message": [("S1T1", 7, payload)],
        "bare_document": [("d1", "PAR/1")],
        "bare_line": [("d1", 1, "A1", "2", 250)],
        "bare_payment": [("d1", 1, "cash", 250)],
    }


def test_memory_and_processor_time_are_those_of_the_process_that_is_asked_about() -> None:
    held, used = resident_megabytes(os.getpid()), processor_seconds(os.getpid())
    block = b"x" * 64 * 1024 * 1024
    assert 60 < resident_megabytes(os.getpid()) - held < 80
    assert used <= processor_seconds(os.getpid()) <= os.times().user + os.times().system + 0.02
    assert len(block) == 64 * 1024 * 1024
