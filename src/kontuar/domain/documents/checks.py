"""Checks and effects that life-cycle tables are made of; each yields all it finds, each with its place."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from kontuar.domain.cash.records import CashMove
from kontuar.domain.cash.settlement import left_to_pay
from kontuar.domain.documents.case import Case
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.stock.records import CUSTOMER, INTERNAL, StockMove
from kontuar.kernel.lifecycle import Found
from kontuar.kernel.money import Minor

UNSTOCKED_KINDS = frozenset({"service"})


def place_of(line: Line) -> str:
    """How a message names a line."""
    return f"line:{line.number}"


def no_lines(case: Case) -> Iterable[Found]:
    """A document without lines says nothing."""
    if not case.document.lines:
        yield Found()


def no_shift(case: Case) -> Iterable[Found]:
    """Nothing that moves money is approved without an open cash shift."""
    if case.shift is None:
        yield Found()


def zero_quantity(case: Case) -> Iterable[Found]:
    """Lines must carry more than nothing."""
    for line in case.document.lines:
        if line.base_quantity <= 0:
            yield Found(place_of(line), {"name": line.name})


def negative_value(case: Case) -> Iterable[Found]:
    """No line is sold for less than nothing."""
    for line in case.document.lines:
        if line.value < 0 or line.price < 0:
            yield Found(place_of(line), {"name": line.name})


def short_name(case: Case) -> Iterable[Found]:
    """Names shorter than the fiscal device's minimum are told before approval (SALE-05)."""
    least = case.parameters.whole("fiscal.least_name_length")
    if not case.fiscal_device:
        return
    for line in case.document.lines:
        if len(line.name.strip()) < least:
            yield Found(place_of(line), {"name": line.name, "least": str(least)})


def stock_too_low(case: Case) -> Iterable[Found]:
    """By parameter, goods that are known not to be there are not sold (SALE-08)."""
    if case.parameters.yes("sale.block_below_zero"):
        yield from goods_missing(case)


def goods_missing(case: Case) -> Iterable[Found]:
    """Goods that are known not to be in the warehouse; silent where the stock is not known."""
    if case.balances is None:
        return
    for (warehouse, article), (wanted, line) in _wanted(case.document).items():
        there = case.balances.get((warehouse, article))
        if there is not None and there < wanted:
            facts = {"name": line.name, "there": str(there), "wanted": str(wanted), "warehouse": warehouse}
            yield Found(place_of(line), facts)


def underpaid(case: Case) -> Iterable[Found]:
    """Less money than the total (PAY-03); an invoice of a receipt was paid with the receipt."""
    if case.document.repeats:
        return
    missing = left_to_pay(case.document.totals.gross, case.document.payments)
    if missing > 0:
        yield Found("payment", {"missing_minor": str(missing), "currency": case.document.currency})


def overpaid(case: Case) -> Iterable[Found]:
    """More money than the total, and no change recorded."""
    if case.document.repeats:
        return
    missing = left_to_pay(case.document.totals.gross, case.document.payments)
    if missing < 0:
        yield Found("payment", {"excess_minor": str(-missing), "currency": case.document.currency})


def no_reason(case: Case) -> Iterable[Found]:
    """A reason from the dictionary is asked for."""
    if not case.document.reason:
        yield Found("reason")


def no_amount(case: Case) -> Iterable[Found]:
    """A cash document moves money in exactly one form."""
    document = case.document
    if document.amount <= 0 or len(document.payments) != 1:
        yield Found("amount")


def register_too_low(case: Case) -> Iterable[Found]:
    """More cash out than the ledger says is in."""
    for payment in case.document.payments:
        there = case.register_cash.get((payment.form, payment.currency), Minor(0))
        if payment.kind == "cash" and there < payment.amount:
            yield Found("amount", {"there_minor": str(there), "currency": payment.currency})


def goods_leave_to_customer(case: Case) -> Iterable[StockMove]:
    """Each stocked line goes from its warehouse to the customer; with a receipt's invoice it went with the receipt."""
    return () if case.document.repeats else _moves(case.document, "sale", lambda warehouse: (warehouse, CUSTOMER))


def goods_leave(case: Case) -> Iterable[StockMove]:
    """Each stocked line leaves its warehouse for internal use."""
    return _moves(case.document, "release", lambda warehouse: (warehouse, INTERNAL))


def goods_arrive(case: Case) -> Iterable[StockMove]:
    """Each stocked line comes into its warehouse."""
    return _moves(case.document, "receipt", lambda warehouse: (INTERNAL, warehouse))


def goods_go_back(case: Case) -> Iterable[StockMove]:
    """The moves of the document, taken back."""
    for move in case.document.stock_moves:
        yield StockMove(
            line=move.line, effect=f"{move.effect}_cancelled", article=move.article,
            from_place=move.from_place, to_place=move.to_place, quantity=-move.quantity,
        )  # fmt: skip


def money_arrives(case: Case) -> Iterable[CashMove]:
    """Every payment goes into the register (change, being negative, leaves it)."""
    return _cash(case.document, "payment", 1)


def money_leaves(case: Case) -> Iterable[CashMove]:
    """Every payment leaves the register."""
    return _cash(case.document, "payment", -1)


def money_goes_back(case: Case) -> Iterable[CashMove]:
    """The cash moves of the document, taken back."""
    for move in case.document.cash_moves:
        yield CashMove(
            line=move.line, effect=f"{move.effect}_cancelled", register=move.register, form=move.form,
            currency=move.currency, amount=Minor(-move.amount), in_system=Minor(-move.in_system),
        )  # fmt: skip


def _moves(document: Document, effect: str, places: Callable[[str], tuple[str, str]]) -> Iterable[StockMove]:
    for line in document.lines:
        if line.kind not in UNSTOCKED_KINDS:
            from_place, to_place = places(line.warehouse or document.warehouse)
            yield StockMove(
                line=line.number, effect=effect, article=line.article,
                from_place=from_place, to_place=to_place, quantity=line.base_quantity,
            )  # fmt: skip


def _cash(document: Document, effect: str, sign: int) -> Iterable[CashMove]:
    for payment in document.payments:
        if payment.on_credit:
            continue
        yield CashMove(
            line=payment.number, effect=effect, register=document.register, form=payment.form,
            currency=payment.currency, amount=Minor(sign * payment.amount),
            in_system=Minor(sign * payment.in_system),
        )  # fmt: skip


def _wanted(document: Document) -> dict[tuple[str, str], tuple[Decimal, Line]]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    lines: dict[tuple[str, str], Line] = {}
    for line in document.lines:
        if line.kind not in UNSTOCKED_KINDS:
            key = (line.warehouse or document.warehouse, line.article)
            sums[key] += line.base_quantity
            lines.setdefault(key, line)
    return {key: (wanted, lines[key]) for key, wanted in sums.items()}
