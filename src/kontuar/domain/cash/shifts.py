"""Opening and closing a cash shift: moves that bring the ledger to what was counted (PAY-09, PAY-10)."""

from collections.abc import Iterable, Mapping

import msgspec

from kontuar.domain.cash.records import CashMove, CountedCash, FormTotal, PaymentForm
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor


def float_move(register: str, form: str, currency: str, there: Minor, counted: Minor) -> tuple[CashMove, ...]:
    """The move that brings the register's cash from the ledger's figure to the float that was counted."""
    if counted < 0:
        raise refuse("shift.float_negative", "float")
    if counted == there:
        return ()
    return (_move(1, "float", register, form, currency, Minor(counted - there)),)


def with_counts(
    totals: Iterable[FormTotal], counted: Iterable[CountedCash], forms: Mapping[str, PaymentForm]
) -> tuple[FormTotal, ...]:
    """The rows of the report with what was counted and the difference; forms not counted stay as expected."""
    by_key = {(row.form, row.currency): row.counted for row in counted}
    result = []
    for row in totals:
        clears = row.form in forms and forms[row.form].clear_after_shift
        amount = by_key.get((row.form, row.currency))
        difference = None if amount is None else Minor(amount - row.expected)
        result.append(msgspec.structs.replace(row, counted=amount, difference=difference, clears=clears))
    return tuple(result)


def closing_moves(register: str, rows: Iterable[FormTotal]) -> tuple[CashMove, ...]:
    """Differences go into the ledger; forms that must not accumulate are emptied."""
    moves: list[CashMove] = []
    for row in rows:
        if row.difference:
            moves.append(_move(len(moves) + 1, "difference", register, row.form, row.currency, row.difference))
        rest = row.expected + (row.difference or 0)
        if row.clears and rest:
            moves.append(_move(len(moves) + 1, "cleared", register, row.form, row.currency, Minor(-rest)))
    return tuple(moves)


def _move(line: int, effect: str, register: str, form: str, currency: str, amount: Minor) -> CashMove:
    return CashMove(
        line=line, effect=effect, register=register, form=form, currency=currency, amount=amount, in_system=amount
    )
