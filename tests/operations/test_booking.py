"""Judging messages: pure, given what is known."""

import datetime
from decimal import Decimal

import msgspec
import pytest

from hub_documents_world import DAY, NOON, STORE, Till
from kontuar.domain.documents.booking import Arrived, Facts, Judge, LastNumber, Verdict, names_of, read
from kontuar.domain.documents.number_reading import NumberRead, read_number
from kontuar.domain.documents.numbering import default_rule, format_number
from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor

RULES = {name: (default_rule(name),) for name in ("receipt", "internal_release")}
FACTS = Facts(shifts={"shift1": "open"}, rules=RULES)


def judged(till: Till, facts: Facts = FACTS) -> list[Verdict]:
    judge = Judge(facts)
    return [judge.judge(read(arrived)) for arrived in arrivals(till)]


def arrivals(till: Till) -> list[Arrived]:
    return [
        Arrived(
            store=STORE, origin=till.station, incarnation=till.stream.incarnation, seq=message.seq, message_id="",
            kind="", payload=message.payload, hash=message.hash,
        )
        for message in till.messages
    ]  # fmt: skip


def codes(verdict: Verdict) -> list[str]:
    return [problem.code for problem in verdict.problems]


@pytest.mark.parametrize(
    "pattern",
    [
        "{symbol}/{year}/{month}/{number:5}/{series}",
        "{series}-{number}-{symbol}-{month}.{year}",
        "{warehouse}/{symbol}/{number:3}/{year}/{month}/{series}",
        "{symbol} {series:6}/{number}/{year}{sep}{month}".replace("{sep}", "-"),
    ],
)
@pytest.mark.parametrize("series", ["POS2", "POS2-2", "A/B-1"])
@pytest.mark.parametrize("ordinal", [1, 99, 123_456])
def test_what_a_rule_writes_is_read_back(pattern: str, series: str, ordinal: int) -> None:
    """REL-05, DOC-01: whatever the order of the parts and the look of the series."""
    rule = NumberingRule(document_type="receipt", pattern=pattern)
    number = format_number(rule, symbol="PAR", ordinal=ordinal, day=DAY, series=series, warehouse="MAG-1")
    found = read_number(number, [rule], symbol="PAR", day=DAY, warehouse="MAG-1")
    assert found == NumberRead(series, "2026-11", ordinal)


def test_a_number_of_an_earlier_pattern_is_still_read() -> None:
    """Tills that were offline while the pattern changed are not punished."""
    new = NumberingRule(document_type="receipt", pattern="{series}/{symbol}/{number}/{year}", reset="year")
    assert read_number("PAR/2026/11/00007/POS1", [new, default_rule("receipt")], symbol="PAR", day=DAY, warehouse="")
    assert read_number("nothing", [new], symbol="PAR", day=DAY, warehouse="") is None
    assert read_number("POS1/PAR/7/2025", [new], symbol="PAR", day=DAY, warehouse="") is None


def test_a_good_day_has_no_problems() -> None:
    till = Till()
    till.open_shift("new")
    till.fiscalise(till.sell((1, 2)))
    till.cancel(till.release(3))
    assert [codes(verdict) for verdict in judged(till)] == [[]] * 5


def test_everything_wrong_is_told_at_once() -> None:
    """DOC-05: sums, payments, names, shift, number."""
    till = Till()
    good = till.sell((1, 1))
    wrong = msgspec.structs.replace(
        good, shift_id="nowhere", number="?", payments=good.payments[:1],
        totals=msgspec.structs.replace(good.totals, net=Minor(1)),
    )  # fmt: skip
    other = Till()
    other.say("receipt.approved/1", wrong, wrong.doc_id)
    facts = msgspec.structs.replace(FACTS, undefined=frozenset({("article", "A00001")}))
    assert codes(judged(other, facts)[0]) == [
        "document.sums_differ",
        "document.payments_differ",
        "document.cash_differs",
        "number.unreadable",
        "article.undefined",
        "shift.never_opened",
    ]


def test_what_depends_on_a_parked_document_waits_for_it_by_name() -> None:
    """REL-09."""
    till = Till()
    document = till.sell((1, 1), shift_id="nowhere")
    till.fiscalise(document)
    first, second = judged(till)
    assert first.waits_for == "nowhere"
    assert (codes(second), second.waits_for) == (["depends_on.parked"], document.doc_id)


def test_a_parked_document_judged_again_keeps_its_number_trouble_but_not_its_own_id() -> None:
    """A gap stays a gap until a person accepts it; the document is not its own double."""
    till = Till()
    document = till.sell((1, 1))
    arrived = msgspec.structs.replace(arrivals(till)[0], earlier=(Problem("article.undefined"), Problem("number.gap")))
    last = LastNumber("POS1", "life1", 5)
    facts = msgspec.structs.replace(
        FACTS, documents={document.doc_id: "parked"}, series={("receipt", "POS1", "2026-11"): last}
    )
    assert codes(Judge(facts).judge(read(arrived))) == ["number.gap"]
    booked = msgspec.structs.replace(facts, documents={document.doc_id: "booked"})
    assert "document.id_conflict" in codes(Judge(booked).judge(read(arrived)))


def test_the_series_moves_on_past_parked_documents_and_never_back() -> None:
    """REL-05."""
    till = Till()
    till.sell((1, 1), shift_id="nowhere")
    till.sell((1, 1), number="PAR/2026/11/00001/POS1")
    till.sell((1, 1))
    judge = Judge(FACTS)
    verdicts = [judge.judge(read(arrived)) for arrived in arrivals(till)]
    assert [codes(verdict) for verdict in verdicts] == [["shift.never_opened"], ["number.repeated"], []]
    assert judge.series == {("receipt", "POS1", "2026-11"): LastNumber("POS1", "life1", 2)}


def test_an_operator_may_finish_what_he_did_before_he_was_revoked() -> None:
    """Ownership of operators: accepted and listed only from the moment of revocation."""
    till = Till()
    till.sell((1, 1))
    later = msgspec.structs.replace(FACTS, revoked={"anna": NOON + datetime.timedelta(seconds=1)})
    before = msgspec.structs.replace(FACTS, revoked={"anna": NOON})
    assert judged(till, later)[0].remarks == ()
    assert judged(till, before)[0].reason == "operator.revoked_before"


@pytest.mark.parametrize("payload", [b"", b"{}", b"null", b"\xff", b"[" * 5000, b'{"kind":1}', b'"x"'])
def test_reading_never_raises(payload: bytes) -> None:
    """REL-09: whatever the bytes."""
    arrived = Arrived(store="S", origin="O", incarnation="I", seq=1, message_id="", kind="", payload=payload, hash=b"")
    problem = read(arrived).problem
    assert problem is not None
    assert problem.code == "message.unreadable"


def test_an_effect_twice_on_one_document_is_told() -> None:
    """REL-08."""
    till = Till()
    good = till.sell((1, 1))
    twice = msgspec.structs.replace(good, stock_moves=good.stock_moves * 2)
    other = Till()
    other.say("receipt.approved/1", twice, twice.doc_id)
    assert codes(judged(other)[0]) == ["document.effect_repeated"]
    assert good.stock_moves[0].quantity == Decimal(1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("percent", Decimal("NaN")), ("percent", Decimal("sNaN")), ("percent", Decimal("Infinity")),
     ("percent", Decimal(-100)), ("percent", Decimal("1e999999")), ("precision", 10**9), ("precision", -1),
     ("quantity", Decimal("sNaN")), ("price", Decimal("1e999999")), ("value", 10**30)],
)  # fmt: skip
def test_a_figure_that_nobody_can_reckon_with_parks_its_document_and_no_other(field: str, value: object) -> None:
    """REL-09: judging never raises, whatever a node signed."""
    till = Till()
    good = till.sell((1, 1))
    line = msgspec.structs.replace(good.lines[0], **{field: value})
    other = Till()
    wrong = msgspec.structs.replace(good, lines=(line,))
    other.say("receipt.approved/1", wrong, wrong.doc_id)
    other.sell((1, 1), number="PAR/2026/11/00002/POS1")
    bad, well = judged(other)
    assert codes(bad) == ["document.figures_out_of_range"]
    assert codes(well) == []


def test_a_text_with_a_character_that_no_database_keeps_is_never_looked_up() -> None:
    """REL-09: looking it up would fail with every try and hold up the whole stream."""
    till = Till()
    good = till.sell((1, 1))
    other = Till()
    other.say("receipt.approved/1", msgspec.structs.replace(good, shift_id="shift\0"), good.doc_id)
    reading = read(arrivals(other)[0])
    assert (reading.body, list(names_of(reading))) == (None, [])
    assert codes(Judge(FACTS).judge(reading)) == ["message.unreadable"]
