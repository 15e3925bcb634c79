"""The client of card terminals against a double that speaks ZVT over TCP (PAY-05)."""

import threading
import time
from collections.abc import Iterator

import pytest

from kontuar.devices.card.double import Turn, ZvtDouble
from kontuar.devices.card.zvt import ZvtTerminal
from kontuar.devices.failures import DeviceFailure
from kontuar.kernel.money import Minor


@pytest.fixture
def double() -> Iterator[ZvtDouble]:
    double = ZvtDouble()
    yield double
    double.stop()


@pytest.fixture
def terminal(double: ZvtDouble) -> ZvtTerminal:
    return ZvtTerminal("127.0.0.1", double.port, connect_seconds=1.0, answer_seconds=0.4, person_seconds=0.4)


def test_an_approved_payment_takes_the_exact_amount_and_tells_the_card(
    terminal: ZvtTerminal, double: ZvtDouble
) -> None:
    result = terminal.pay(Minor(12345), "PLN", "op1")
    assert (result.outcome, result.reason, result.amount, result.currency) == ("approved", "", 12345, "PLN")
    assert (result.masked_card, result.card_name) == ("4761********0010", "VISA DEBIT")
    assert (result.authorisation_code, result.terminal_id, result.receipt_number) == ("700001", "52500041", 1)
    assert result.slip == ("KWOTA 123.45", "NR 0001")
    assert double.taken() == 12345
    assert double.transactions[0].currency == 985


def test_the_same_operation_takes_the_money_once(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    assert terminal.pay(Minor(500), "PLN", "op1") == terminal.pay(Minor(500), "PLN", "op1")
    assert double.taken() == 500


@pytest.mark.parametrize(
    ("code", "reason"),
    [(0x05, "card.declined.bank"), (0x78, "card.declined.expired"), (0x6F, "card.declined.currency")],
)
def test_a_declined_payment_takes_nothing_and_says_why(
    terminal: ZvtTerminal, double: ZvtDouble, code: int, reason: str
) -> None:
    double.order(Turn(behaviour="decline", code=code))
    result = terminal.pay(Minor(500), "PLN", "op1")
    assert (result.outcome, result.reason) == ("declined", reason)
    assert double.taken() == 0


def test_a_declined_operation_may_be_tried_again(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    double.order(Turn(behaviour="decline"))
    terminal.pay(Minor(500), "PLN", "op1")
    assert terminal.pay(Minor(500), "PLN", "op1").outcome == "approved"


def test_the_customer_may_stop_the_payment(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    double.order(Turn(behaviour="stop"))
    result = terminal.pay(Minor(500), "PLN", "op1")
    assert (result.outcome, result.reason) == ("declined", "card.declined.stopped")


def test_the_cashier_may_stop_a_running_payment(double: ZvtDouble) -> None:
    double.delay_seconds = 5.0
    terminal = ZvtTerminal("127.0.0.1", double.port, answer_seconds=1.0, person_seconds=8.0)
    outcomes: list[str] = []
    paying = threading.Thread(target=lambda: outcomes.append(terminal.pay(Minor(500), "PLN", "op1").reason))
    paying.start()
    while b"\x06\x01" not in double.blocks:
        time.sleep(0.01)
    time.sleep(0.05)
    terminal.cancel("op1")
    paying.join(timeout=3)
    assert outcomes == ["card.declined.stopped"]
    assert double.taken() == 0


def test_a_break_before_approval_is_found_out_as_not_taken(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    terminal.pay(Minor(100), "PLN", "op0")
    double.order(Turn(behaviour="break_before"))
    assert terminal.pay(Minor(500), "PLN", "op1").outcome == "declined"
    assert double.taken() == 100


def test_a_break_after_approval_is_found_out_as_taken(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    terminal.pay(Minor(500), "PLN", "op0")
    double.order(Turn(behaviour="break_after"))
    result = terminal.pay(Minor(500), "PLN", "op1")
    assert (result.outcome, result.receipt_number, result.operation_id) == ("approved", 2, "op1")
    assert (result.authorisation_code, result.slip) == ("700002", ("KWOTA 5.00", "NR 0002"))


def test_the_first_payment_of_a_process_is_told_from_one_taken_before_it_started(double: ZvtDouble) -> None:
    """The last receipt of another process has the same amount: only its number tells."""
    ZvtTerminal("127.0.0.1", double.port).pay(Minor(500), "PLN", "yesterday")
    double.order(Turn(behaviour="break_before"))
    fresh = ZvtTerminal("127.0.0.1", double.port, answer_seconds=0.4, person_seconds=0.4)
    assert fresh.pay(Minor(500), "PLN", "op1").outcome == "declined"


def test_a_silent_terminal_is_asked_after_the_time_is_up(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    double.order(Turn(behaviour="silent"))
    assert terminal.pay(Minor(500), "PLN", "op1").outcome == "declined"
    assert double.taken() == 0


def test_when_nobody_can_tell_the_outcome_is_uncertain_and_asked_again_later(
    terminal: ZvtTerminal, double: ZvtDouble
) -> None:
    """PAY-05: the till asks whether the payment succeeded all the same."""
    double.order(Turn(behaviour="break_after"))
    terminal.pay(Minor(100), "PLN", "op0")
    double.order(Turn(behaviour="gone"))
    result = terminal.pay(Minor(500), "PLN", "op1")
    assert (result.outcome, result.reason) == ("uncertain", "card.uncertain")
    double.refuse_connections = False
    assert terminal.status("op1").outcome == "approved"
    assert double.taken() == 600


def test_an_uncertain_payment_is_settled_before_the_next_one_of_the_same_amount(
    terminal: ZvtTerminal, double: ZvtDouble
) -> None:
    double.order(Turn(behaviour="gone"))
    assert terminal.pay(Minor(500), "PLN", "op1").outcome == "uncertain"
    double.refuse_connections = False
    assert terminal.pay(Minor(500), "PLN", "op2").receipt_number == 2
    assert (terminal.status("op1").outcome, terminal.status("op1").receipt_number) == ("approved", 1)


def test_an_approval_of_another_amount_is_for_a_person_to_look_at(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    double.order(Turn(behaviour="wrong_amount"))
    result = terminal.pay(Minor(500), "PLN", "op1")
    assert (result.outcome, result.amount) == ("uncertain", 499)


def test_a_terminal_that_is_away_took_nothing(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    double.refuse_connections = True
    with pytest.raises(DeviceFailure) as caught:
        terminal.pay(Minor(500), "PLN", "op1")
    assert caught.value.problems[0].code == "card.unreachable"
    assert terminal.status("op1").reason == "card.unknown_operation"


def test_an_approved_payment_is_reversed_once(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    terminal.pay(Minor(500), "PLN", "op1")
    assert terminal.cancel("op1").outcome == "approved"
    assert double.taken() == 0
    assert terminal.status("op1").reason == "card.declined.reversed"
    with pytest.raises(DeviceFailure) as caught:
        terminal.cancel("op1")
    assert caught.value.problems[0].code == "card.nothing_to_cancel"


def test_a_refund_gives_the_amount_back(terminal: ZvtTerminal, double: ZvtDouble) -> None:
    terminal.pay(Minor(500), "PLN", "op1")
    assert terminal.refund(Minor(200), "PLN", "op2").outcome == "approved"
    assert double.taken() == 300


@pytest.mark.parametrize(("amount", "currency", "code"), [(0, "PLN", "card.amount"), (5, "QQQ", "card.currency")])
def test_what_a_terminal_cannot_take_is_refused_before_it_is_asked(
    terminal: ZvtTerminal, double: ZvtDouble, amount: int, currency: str, code: str
) -> None:
    with pytest.raises(DeviceFailure) as caught:
        terminal.pay(Minor(amount), currency, "op1")
    assert caught.value.problems[0].code == code
    assert double.blocks == []
