"""Numbers of documents: patterns, padding, periods (DOC-01)."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.documents.number_reading import NumberRead, read_number
from kontuar.domain.documents.numbering import default_rule, format_number, period_of, problems_with
from kontuar.domain.firm.records import NumberingRule

DAY = datetime.date(2026, 3, 7)


def rule(pattern: str, reset: str = "month") -> NumberingRule:
    return NumberingRule(document_type="receipt", pattern=pattern, reset=reset)


def written(pattern: str, ordinal: int = 1, series: str = "POS2") -> str:
    return format_number(rule(pattern), symbol="PAR", ordinal=ordinal, day=DAY, series=series, warehouse="S1M")


def test_without_a_definition_a_number_says_type_period_ordinal_and_station() -> None:
    """DOC-01."""
    default = default_rule("receipt")
    assert list(problems_with(default)) == []
    day = datetime.date(2026, 11, 21)
    text = format_number(default, symbol="PAR", ordinal=1, day=day, series="POS2", warehouse="S1M")
    assert text == "PAR/2026/11/00001/POS2"


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("{series}/{number}/{month}-{year}/{symbol}", "POS2/1/03-2026/PAR"),
        ("{symbol} {warehouse} {number:8} {month} {year} {series}", "PAR S1M 00000001 03 2026 POS2"),
        ("{symbol}-{year}.{month}.{number:3}.{series:6}", "PAR-2026.03.001.00POS2"),
        ("Nr {symbol}/{number:2}/{month}/{year}/{series}", "Nr PAR/01/03/2026/POS2"),
    ],
)
def test_the_parts_stand_in_any_order_and_are_padded(pattern: str, number: str) -> None:
    """DOC-01."""
    assert list(problems_with(rule(pattern))) == []
    assert written(pattern) == number


def test_a_number_longer_than_its_padding_is_written_whole() -> None:
    """DOC-01: never twice valid."""
    assert written("{symbol}/{year}/{month}/{number:5}/{series}", ordinal=123_456) == "PAR/2026/03/123456/POS2"


@pytest.mark.parametrize(
    ("pattern", "reset", "missing"),
    [
        ("{symbol}/{year}/{month}/{number}", "month", ["series"]),
        ("{symbol}/{year}/{number}/{series}", "month", ["month"]),
        ("{symbol}/{month}/{number}/{series}", "month", ["year"]),
        ("{symbol}/{number}/{series}", "year", ["year"]),
        ("{symbol}/{year}/{month}/{series}", "month", ["number"]),
        ("{year}/{month}/{number}/{series}", "month", ["symbol"]),
        ("{symbol}/{number}/{number}/{series}", "never", ["number"]),
        ("", "never", ["symbol", "number", "series"]),
    ],
)
def test_a_pattern_that_could_give_one_number_twice_is_refused(pattern: str, reset: str, missing: list[str]) -> None:
    """DOC-01: the series, and each part of the period that resets it."""
    found = [problem for problem in problems_with(rule(pattern, reset)) if problem.code == "numbering.part_missing"]
    assert [problem.facts["part"] for problem in found] == missing


def test_a_series_that_never_resets_needs_no_period() -> None:
    """DOC-01."""
    assert list(problems_with(rule("{symbol}/{number}/{series}", "never"))) == []


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("{symbol}/{number}{series}", "numbering.parts_touch"),
        ("{symbol}/{number}1{series}", "numbering.parts_touch"),
        ("{symbol}/{number}/{series}/{shop}", "numbering.pattern_unreadable"),
        ("{symbol}/{number:0}/{series}", "numbering.part_missing"),
        ("{symbol}/{number}/{series}" + "x" * 100, "numbering.pattern_unreadable"),
    ],
)
def test_a_pattern_whose_parts_cannot_be_told_apart_is_refused(pattern: str, code: str) -> None:
    """DOC-01: 1 + A1 and 11 + A1 must not be written alike."""
    assert code in [problem.code for problem in problems_with(rule(pattern, "never"))]


def test_numbers_begin_anew_with_their_period() -> None:
    """DOC-01."""
    assert period_of(rule("", "month"), DAY) == "2026-03"
    assert period_of(rule("", "year"), DAY) == "2026"
    assert period_of(rule("", "never"), DAY) == ""


@given(
    st.integers(1, 10**9),
    st.from_regex(r"[A-Z][A-Z0-9]{0,5}(-[2-9])?", fullmatch=True),
    st.sampled_from(["{symbol}/{year}/{month}/{number:5}/{series}", "{series}.{number} {symbol} {month}/{year}"]),
)
def test_head_office_reads_back_what_the_station_wrote(ordinal: int, series: str, pattern: str) -> None:
    """REL-05."""
    number = written(pattern, ordinal, series)
    read = read_number(number, [rule(pattern)], symbol="PAR", day=DAY, warehouse="S1M")
    assert read == NumberRead(series, "2026-03", ordinal)
