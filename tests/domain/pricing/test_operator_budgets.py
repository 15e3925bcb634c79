"""What operators give on one document: a budget for each giver, spent in the order of giving (DISC-06)."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example
from hypothesis import given as given_any
from hypothesis import settings as test_settings
from hypothesis import strategies as st

from discounts import article, prm
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.basket import HeaderDiscount, LineDiscount, OperatorLimit
from kontuar.domain.pricing.operator import HEADER_RULE, LINE_RULE
from priced_documents import Counter, given, problems, values

APPLE, BREAD, CAKE = ("APPLE", "10.00", "1"), ("BREAD", "20.00", "1"), ("CAKE", "30.00", "3")


def limit(percent: str | None = None, amount: str | None = None) -> OperatorLimit:
    return OperatorLimit(percent=percent and Decimal(percent), amount=amount and Decimal(amount))  # type: ignore[arg-type]


def on_line(kind: Any, value: str, most: OperatorLimit, by: str = "OLA", allowed_by: str = "") -> LineDiscount:
    return LineDiscount(kind=kind, value=Decimal(value), by=by, allowed_by=allowed_by, limit=most)


def on_header(kind: Any, value: str, most: OperatorLimit, by: str = "OLA") -> HeaderDiscount:
    return HeaderDiscount(kind=kind, value=Decimal(value), by=by, limit=most)


def test_what_was_granted_first_is_not_lowered_by_what_is_given_later() -> None:
    """DISC-06: the later line comes first by its article and is the one that is lowered, and says so."""
    counter, most = Counter(), limit(amount="6")
    first = counter.with_line(counter.document(APPLE, BREAD), 2, discount=on_line("value", "15", most))
    later = counter.with_line(first, 1, discount=on_line("value", "5", most))
    assert (values(later), problems(later)) == ([900, 1500], [("discount.lowered", "line:1", "1.00")])
    assert (values(counter.priced(later)), problems(counter.priced(later))) == ([900, 1500], [])


def test_everybody_has_a_budget_of_his_own_and_who_allows_gives_from_his() -> None:
    """DISC-06, SEC-01."""
    counter = Counter()
    document = counter.document(APPLE, BREAD, CAKE)
    document = counter.with_line(document, 1, discount=on_line("value", "8", limit(amount="2")))
    document = counter.with_line(document, 2, discount=on_line("value", "18", limit(amount="2"), by="EWA"))
    assert (values(document), problems(document)) == ([800, 1800, 9000], [])
    allowed = on_line("percent", "10", limit(amount="4"), by="OLA", allowed_by="EWA")
    document = counter.with_line(document, 3, discount=allowed)
    assert (values(document), problems(document)) == ([800, 1800, 8800], [("discount.lowered", "line:3", "2.00")])


def test_a_header_discount_keeps_its_turn_before_lines_that_are_discounted_later() -> None:
    """DISC-06: 10 % of 30.00 are put aside for the header; nothing is left for the line."""
    counter, most = Counter(), limit(percent="10")
    first = counter.with_header(counter.document(APPLE, BREAD), on_header("percent", "10", most))
    later = counter.with_line(first, 1, discount=on_line("percent", "10", most))
    assert (values(later), problems(later)) == ([900, 1800], [("discount.lowered", "line:1", "0.00")])
    assert later.lines[0].discount is None
    half = counter.with_header(counter.document(APPLE, BREAD), on_header("percent", "5", most))
    later = counter.with_line(half, 1, discount=on_line("percent", "10", most))
    assert (values(later), problems(later), given(later, HEADER_RULE)) == ([855, 1900], [], 145)


def test_a_header_discount_that_comes_after_lines_is_what_is_lowered() -> None:
    """DISC-06."""
    counter, most = Counter(), limit(amount="3")
    first = counter.with_line(counter.document(APPLE, BREAD), 2, discount=on_line("value", "18", most))
    later = counter.with_header(first, on_header("amount", "2.50", most))
    assert (given(later, LINE_RULE), given(later, HEADER_RULE)) == (200, 100)
    assert problems(later) == [("discount.lowered", "header", "1.00")]
    assert later.discounts.header is not None
    assert (later.discounts.header.kind, later.discounts.header.value) == ("amount", 1)


@pytest.mark.parametrize(
    ("asked", "most", "kept"),
    [
        (("percent", "25"), limit(percent="10"), ("percent", "10")),
        (("percent", "25"), limit(percent="20", amount="3.33"), ("value", "86.67")),
        (("price", "20"), limit(amount="3"), ("price", "29")),
        (("price", "20"), limit(amount="1"), ("value", "89")),
        (("value", "50"), limit(amount="1.01"), ("value", "88.99")),
    ],
)
def test_what_is_kept_is_exactly_what_was_granted(
    asked: tuple[str, str], most: OperatorLimit, kept: tuple[str, str]
) -> None:
    """DISC-06: in the words it was given in where they say it exactly, else as the value of the line."""
    counter = Counter()
    lowered = counter.with_line(counter.document(CAKE), 1, discount=on_line(*asked, most))
    told = int(Decimal(lowered.discounts.problems[0].facts["granted"]) * 100)
    discount, change = lowered.lines[0].discount, lowered.lines[0].adjustments[-1]
    assert discount is not None
    assert (discount.kind, discount.value) == (change.kind, change.rate) == (kept[0], Decimal(kept[1]))
    assert told == given(lowered, LINE_RULE) == given(counter.priced(lowered), LINE_RULE)
    assert problems(counter.priced(lowered)) == []


def test_a_budget_that_shrinks_with_the_document_lowers_the_last_and_says_so_once() -> None:
    """DISC-06: 10 % of 120.00 allowed 8.00 off the document; of the 20.00 that are left it allows 2.00."""
    counter, most = Counter(), limit(percent="10")
    document = counter.with_header(counter.document(BREAD, CAKE), on_header("amount", "8", most))
    left = counter.without(document, 2)
    assert (values(left), problems(left)) == ([1800], [("discount.lowered", "header", "2.00")])
    assert problems(counter.priced(left)) == []


def test_turns_are_kept_when_prices_are_reckoned_anew() -> None:
    """DISC-06: who gave first has it also after a promotion came on top."""
    counter, most = Counter(), limit(amount="6")
    document = counter.with_line(counter.document(APPLE, BREAD), 2, discount=on_line("value", "15", most))
    document = counter.with_line(document, 1, discount=on_line("value", "9", most))
    counter.rules = [prm("PROMO", "50", article("CAKE"))]
    grown = counter.with_lines(document, CAKE)
    assert (values(grown), problems(grown)) == ([900, 1500, 4500], [])
    assert [line.discount.turn for line in grown.lines if line.discount] == [2, 1]


# -- whatever is given ---------------------------------------------------------------------------------------------
GRANTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 3]), st.sampled_from(["percent", "price", "value"]),
        st.decimals(min_value="0", max_value="40", places=2), st.sampled_from(["OLA", "EWA"]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip
MOST = {"OLA": limit(percent="15", amount="9"), "EWA": limit(amount="4.44")}


def granted(counter: Counter, document: Document, grant: tuple[int, Any, Decimal, str]) -> Document:
    """One more discount, on a line or (0) on the document."""
    number, kind, value, by = grant
    if number:
        return counter.with_line(document, number, discount=on_line(kind, str(value), MOST[by], by=by))
    kind = "percent" if kind == "percent" else "amount"
    return counter.with_header(document, on_header(kind, str(value), MOST[by], by=by))


def line_grants(document: Document) -> dict[int, int]:
    return {
        line.number: -sum(one.amount for one in line.adjustments if one.rule == LINE_RULE) for line in document.lines
    }


@given_any(GRANTS)
@example(
    [(2, "percent", Decimal("0.68"), "OLA"), (0, "percent", Decimal("0.73"), "EWA"), (1, "price", Decimal(0), "EWA"),
     (2, "percent", Decimal(0), "OLA")]
)  # fmt: skip
@test_settings(max_examples=120, deadline=None)
def test_no_later_grant_lowers_an_earlier_one_and_what_is_told_is_what_is_kept(
    grants: list[tuple[int, Any, Decimal, str]],
) -> None:
    """DISC-06: for every giver within her limit. Who takes a discount of a line back raises the value of which a
    discount of the document in percent is counted, and that was given before the lines that came after it.
    """
    counter = Counter()
    document = counter.document(APPLE, BREAD, CAKE)
    percent = Decimal(0)
    for grant in grants:
        before = line_grants(document)
        document = granted(counter, document, grant)
        after = line_grants(document)
        if not grant[0]:
            percent = grant[2] if grant[1] == "percent" else Decimal(0)
        taken_back = max(0, before[grant[0]] - after[grant[0]]) if grant[0] else 0
        lowered = {number: before[number] - after[number] for number in after if number != grant[0]}
        assert min(lowered.values()) >= 0
        assert sum(lowered.values()) <= math.ceil(taken_back * percent / 100)
        for one in document.discounts.problems:
            told = int(Decimal(one.facts["granted"]) * 100)
            kept = given(document, HEADER_RULE) if one.place == "header" else after[int(one.place[5:])]
            assert (one.code, kept) == ("discount.lowered", told)
            touched = {grant[0], *(number for number, less in lowered.items() if less)}
            assert one.place in {"header", *(f"line:{number}" for number in touched)}
        again = counter.priced(document)
        assert (again.lines, again.discounts.header, again.discounts.problems) == (
            document.lines, document.discounts.header, ()
        )  # fmt: skip
    for by, most in MOST.items():
        changes = [one for line in document.lines for one in line.adjustments if one.by == by and one.amount < 0]
        assert most.amount is not None
        assert -sum(one.amount for one in changes) <= most.amount * 100
