"""Every pair of state and action of every document type (DOC-02), and what each check finds (DOC-05)."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kontuar.domain.documents import checks, life
from kontuar.domain.documents.case import Case
from kontuar.domain.documents.document import APPROVED, CANCELLED, UNAPPROVED, Buyer, Document
from kontuar.domain.documents.types import TYPES, type_of
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.parties.rights import ALL_RIGHTS
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.lifecycle import advance
from kontuar.tools.lifecycles import as_markdown
from papers import case, changed, document, line, payment
from refusals import refused

STATES = (UNAPPROVED, APPROVED, CANCELLED, life.DISCARDED)
ACTIONS = (
    life.OPEN_PAYMENT, life.APPROVE, life.DISCARD, life.FISCALISE, life.MARK_FISCALISED, life.PRINT, life.CANCEL,
)  # fmt: skip
SALE = {
    (UNAPPROVED, life.OPEN_PAYMENT): UNAPPROVED, (UNAPPROVED, life.APPROVE): APPROVED,
    (UNAPPROVED, life.DISCARD): life.DISCARDED, (APPROVED, life.FISCALISE): APPROVED,
    (APPROVED, life.MARK_FISCALISED): APPROVED, (APPROVED, life.PRINT): APPROVED,
}  # fmt: skip
CANCELLABLE = {
    (UNAPPROVED, life.APPROVE): APPROVED, (UNAPPROVED, life.DISCARD): life.DISCARDED,
    (APPROVED, life.PRINT): APPROVED, (APPROVED, life.CANCEL): CANCELLED,
}  # fmt: skip
EXPECTED = {
    "receipt": SALE, "invoice": SALE, "cash_in": CANCELLABLE, "cash_out": CANCELLABLE, "internal_release": CANCELLABLE,
    "internal_receipt": CANCELLABLE,
}  # fmt: skip
PAIRS = [(name, state, action) for name in TYPES for state in STATES for action in ACTIONS]


def flawless(name: str) -> Document:
    """A document of the type that nothing speaks against."""
    if TYPES[name].family == "cash":
        return document(type=name, reason="CHANGE", amount=500, payments=(payment(500, number=1),))
    if TYPES[name].family == "goods":
        return document(line(price="0"), type=name, reason="LOSS")
    if name == "invoice":
        buyer = Buyer(code="ANNA", name="Anna Nowak")
        return document(line(price="5.00"), type=name, buyer=buyer, payments=(payment(500, number=1),))
    return document(line(price="5.00"), type=name, payments=(payment(500, number=1),))


def step(name: str, state: str, action: str, about: Case, **other: Any):
    known = {"rights": ALL_RIGHTS, "connectivity": Connectivity.ONLINE}
    return advance(type_of(name).life, state, action, about, **{**known, **other})


def test_this_file_knows_every_type_and_every_action() -> None:
    assert set(EXPECTED) == set(TYPES)
    assert {action for kind in TYPES.values() for _, action in kind.life.steps} <= set(ACTIONS)


@pytest.mark.parametrize(("name", "state", "action"), PAIRS)
def test_each_pair_leads_where_the_table_says_or_is_refused(name: str, state: str, action: str) -> None:
    """DOC-02."""
    about = case(flawless(name), register_cash={("cash", "PLN"): 1000})
    target = EXPECTED[name].get((state, action))
    if target is None:
        with refused("step.not_allowed"):
            step(name, state, action, about)
    else:
        assert step(name, state, action, about)[0] == target


@pytest.mark.parametrize(
    ("name", "state", "action"),
    [
        (name, state, action)
        for name, kind in TYPES.items()
        for (state, action), row in kind.life.steps.items()
        if row.right is not None
    ],
)
def test_a_step_with_a_right_is_refused_without_it(name: str, state: str, action: str) -> None:
    """SEC-01: default deny."""
    right = TYPES[name].life.steps[state, action].right
    about = case(flawless(name), register_cash={("cash", "PLN"): 1000})
    with refused("right.missing") as problems:
        step(name, state, action, about, rights=ALL_RIGHTS - {right})
    assert problems[0].facts == {"right": right}


@pytest.mark.parametrize("name", ["internal_release", "internal_receipt"])
@pytest.mark.parametrize(("state", "action"), [(UNAPPROVED, life.APPROVE), (APPROVED, life.CANCEL)])
def test_internal_goods_move_only_while_the_agent_is_in_reach(name: str, state: str, action: str) -> None:
    """DOC-02: least connectivity."""
    about = case(flawless(name))
    with refused("connectivity.too_low"):
        step(name, state, action, about, connectivity=Connectivity.OFFLINE)
    assert step(name, state, action, about, connectivity=Connectivity.STORE)[0] in (APPROVED, CANCELLED)


@pytest.mark.parametrize("name", ["receipt", "cash_in", "cash_out"])
def test_sales_and_cash_need_no_connection(name: str) -> None:
    """REL-01."""
    about = case(flawless(name), register_cash={("cash", "PLN"): 1000})
    assert step(name, UNAPPROVED, life.APPROVE, about, connectivity=Connectivity.OFFLINE)[0] == APPROVED


def test_a_receipt_tells_all_that_is_wrong_at_once_and_where() -> None:
    """DOC-05, SALE-05, SALE-08."""
    paper = document(
        line(1, "2.00", name="Tor "), line(2, "3.00", "4"), line(3, base_quantity=Decimal(0)), line(4, value=-1)
    )
    about = case(
        paper, shift=None, fiscal_device=True, balances={("S1M", "A2"): Decimal(3)},
        parameters=Parameters({"sale.block_below_zero": "yes"}),
    )  # fmt: skip
    codes = ("shift.not_open", "line.quantity_zero", "line.value_negative", "line.name_too_short", "stock.too_low")
    with refused(*codes, "payment.too_low") as problems:
        step("receipt", UNAPPROVED, life.APPROVE, about)
    assert [problem.place for problem in problems] == ["", "line:3", "line:4", "line:1", "line:2", "payment"]
    assert problems[3].facts == {"name": "Tor ", "least": "5"}
    assert problems[4].facts == {"name": "Article 2", "there": "3", "wanted": "4", "warehouse": "S1M"}


def test_the_payment_window_does_not_ask_for_the_money_yet() -> None:
    """PAY-01."""
    assert step("receipt", UNAPPROVED, life.OPEN_PAYMENT, case(document(line())))[0] == UNAPPROVED
    with refused("document.empty"):
        step("receipt", UNAPPROVED, life.OPEN_PAYMENT, case(document()))


def test_a_receipt_wants_exactly_its_total() -> None:
    """PAY-03."""
    paper = flawless("receipt")
    with refused("payment.too_low") as problems:
        step("receipt", UNAPPROVED, life.APPROVE, case(changed(paper, payments=(payment(499),))))
    assert problems[0].facts == {"missing_minor": "1", "currency": "PLN"}
    with refused("payment.above_total") as problems:
        step("receipt", UNAPPROVED, life.APPROVE, case(changed(paper, payments=(payment(502),))))
    assert problems[0].facts == {"excess_minor": "2", "currency": "PLN"}


def test_names_are_long_enough_where_no_device_prints_them() -> None:
    """SALE-05."""
    paper = document(line(name="Tor"))
    assert list(checks.short_name(case(paper))) == []
    assert len(list(checks.short_name(case(paper, fiscal_device=True)))) == 1
    shorter = Parameters({"fiscal.least_name_length": "3"})
    assert list(checks.short_name(case(paper, fiscal_device=True, parameters=shorter))) == []


def test_selling_below_zero_is_blocked_only_by_parameter_and_only_when_the_stock_is_known() -> None:
    """SALE-08: lines of one article count together."""
    block = Parameters({"sale.block_below_zero": "yes"})
    paper = document(line(1, quantity="2", article="A"), line(2, quantity="2", article="A"))
    there = {("S1M", "A"): Decimal(3)}
    assert list(checks.stock_too_low(case(paper, balances=there))) == []
    assert list(checks.stock_too_low(case(paper, parameters=block, balances=None))) == []
    assert list(checks.stock_too_low(case(paper, parameters=block, balances={}))) == []
    assert [found.place for found in checks.stock_too_low(case(paper, parameters=block, balances=there))] == ["line:1"]
    enough = {("S1M", "A"): Decimal(4)}
    assert list(checks.stock_too_low(case(paper, parameters=block, balances=enough))) == []


def test_services_move_no_goods() -> None:
    """SALE-08."""
    paper = document(line(1, quantity="2"), line(2, kind="service"))
    moves = list(checks.goods_leave_to_customer(case(paper)))
    assert [(move.line, move.article, move.from_place, move.to_place, move.quantity) for move in moves] == [
        (1, "A1", "S1M", "@customer", 2)
    ]


@pytest.mark.parametrize("name", [name for name in TYPES if EXPECTED[name] is CANCELLABLE])
def test_what_a_cancellation_writes_takes_back_what_the_approval_wrote(name: str) -> None:
    """REL-07, REL-08: the sums come to nothing and no (line, effect) repeats."""
    about = case(flawless(name), register_cash={("cash", "PLN"): 1000})
    _, written = step(name, UNAPPROVED, life.APPROVE, about)
    goods = tuple(entry for entry in written if hasattr(entry, "quantity"))
    money = tuple(entry for entry in written if hasattr(entry, "register"))
    approved = changed(about.document, state=APPROVED, stock_moves=goods, cash_moves=money)
    _, back = step(name, APPROVED, life.CANCEL, changed(about, document=approved))
    assert written
    assert sum(getattr(entry, "quantity", 0) + getattr(entry, "amount", 0) for entry in (*written, *back)) == 0
    keys = [(type(entry), entry.line, entry.effect) for entry in (*written, *back)]
    assert len(set(keys)) == len(keys)


def test_more_cash_than_the_register_holds_does_not_leave_it() -> None:
    """PAY-09."""
    with refused("cash.register_too_low") as problems:
        step("cash_out", UNAPPROVED, life.APPROVE, case(flawless("cash_out"), register_cash={("cash", "PLN"): 499}))
    assert problems[0].facts == {"there_minor": "499", "currency": "PLN"}


def test_a_cash_document_wants_amount_reason_and_shift() -> None:
    """PAY-09, DOC-05."""
    with refused("shift.not_open", "cash.amount_missing", "reason.missing"):
        step("cash_in", UNAPPROVED, life.APPROVE, case(document(type="cash_in"), shift=None))


def test_an_unknown_type_is_refused() -> None:
    with refused("document.type_unknown"):
        type_of("receipt; DROP TABLE document")


def test_the_printed_life_cycles_are_those_of_the_program() -> None:
    """DOC-02: `kontuar lifecycles > docs/lifecycles.md`."""
    printed = Path(__file__).resolve().parents[2] / "docs" / "lifecycles.md"
    assert printed.read_text("utf-8") == as_markdown()
