"""Every right there is; a role is a set of them (HUB-15). Codes never change."""

from collections.abc import Iterable, Mapping
from typing import Final

from kontuar.domain.parties.records import Operator, Role

SELL: Final = "receipt.issue"
APPROVE_RECEIPT: Final = "receipt.approve"
VOID_LINE: Final = "receipt.void_line"
VOID_RECEIPT: Final = "receipt.void"
CHANGE_PRICE: Final = "price.change"
LINE_DISCOUNT: Final = "discount.line"
HEADER_DISCOUNT: Final = "discount.header"
REFISCALISE: Final = "receipt.refiscalise"
CASH_IN: Final = "cash.in"
CASH_OUT: Final = "cash.out"
OPEN_DRAWER: Final = "drawer.open"
OPEN_SHIFT: Final = "shift.open"
CLOSE_SHIFT: Final = "shift.close"
SEE_CASH: Final = "cash.see"
RELEASE_GOODS: Final = "goods.release"
RECEIVE_GOODS: Final = "goods.receive"
CANCEL_GOODS: Final = "goods.cancel"
CANCEL_CASH: Final = "cash.cancel"
OWN_DOCUMENTS: Final = "documents.own"
ALL_DOCUMENTS: Final = "documents.all"
STATION_SETTINGS: Final = "station.settings"
ACCEPT_CLOCK: Final = "clock.accept"
ISSUE_INVOICE: Final = "invoice.issue"
APPROVE_INVOICE: Final = "invoice.approve"
VOID_INVOICE: Final = "invoice.void"
INVOICE_FROM_RECEIPT: Final = "receipt.invoice"
DEFERRED_FOR_UNDEFINED: Final = "payment.deferred_undefined"
CONFIRM_CARD: Final = "payment.confirm_card"
OTHER_FORMS: Final = "payment.other_forms"
EDIT_CONTRACTORS: Final = "contractors.edit"
EDIT_OTHERS: Final = "documents.edit_others"
TAKE_OVER: Final = "parking.take_over"
MANAGE_VIEWS: Final = "views.manage"
EXCHANGE: Final = "sync.exchange"
DEFINE: Final = "hub.define"
SEE_HUB: Final = "hub.see"
VERIFY: Final = "hub.verify"
CANCEL_AT_SOURCE: Final = "hub.cancel_at_source"
SEE_REPORTS: Final = "hub.reports"
SEE_AUDIT: Final = "hub.audit"
PRIVACY: Final = "hub.privacy"
SECOND_FACTORS: Final = "hub.second_factor"
ENROL: Final = "hub.enrol"

CASHIER: Final = frozenset(
    {
        SELL,
        APPROVE_RECEIPT,
        VOID_LINE,
        VOID_RECEIPT,
        CASH_IN,
        OPEN_SHIFT,
        CLOSE_SHIFT,
        OWN_DOCUMENTS,
        ISSUE_INVOICE,
        APPROVE_INVOICE,
        VOID_INVOICE,
        INVOICE_FROM_RECEIPT,
        EDIT_CONTRACTORS,
        OTHER_FORMS,
    }
)
SHIFT_MANAGER: Final = CASHIER | {
    CHANGE_PRICE, REFISCALISE, CASH_OUT, OPEN_DRAWER, SEE_CASH, RELEASE_GOODS, RECEIVE_GOODS, ALL_DOCUMENTS,
    EDIT_OTHERS, TAKE_OVER, CONFIRM_CARD, LINE_DISCOUNT, HEADER_DISCOUNT,
}  # fmt: skip
MANAGER: Final = SHIFT_MANAGER | {
    CANCEL_GOODS,
    CANCEL_CASH,
    STATION_SETTINGS,
    ACCEPT_CLOCK,
    SEE_HUB,
    DEFERRED_FOR_UNDEFINED,
    MANAGE_VIEWS,
    EXCHANGE,
    SEE_REPORTS,
}
ADMINISTRATOR: Final = MANAGER | {DEFINE, VERIFY, ENROL, CANCEL_AT_SOURCE, SEE_AUDIT, PRIVACY, SECOND_FACTORS}

ALL_RIGHTS: Final = ADMINISTRATOR

GIVEN_WITH: Final[Mapping[str, frozenset[str]]] = {
    LINE_DISCOUNT: frozenset({CHANGE_PRICE}),
    HEADER_DISCOUNT: frozenset({CHANGE_PRICE}),
    OTHER_FORMS: frozenset({APPROVE_RECEIPT, APPROVE_INVOICE}),
    CONFIRM_CARD: frozenset({REFISCALISE}),
    SECOND_FACTORS: frozenset({DEFINE}),
}
"""Rights that came after roles were stored → older rights; a role with one of them is given the new one (ADR 14).

A right that is asked for where none was before belongs here, or whoever did it yesterday is stuck after an update.
"""


def rights_of(operator: Operator, roles: Mapping[str, Role]) -> frozenset[str]:
    """The rights an operator has by its roles; *all documents* implies *own*. Unknown roles give nothing."""
    found = {right for code in operator.roles if code in roles for right in roles[code].rights}
    return frozenset(with_implied(found))


def with_implied(rights: Iterable[str]) -> set[str]:
    """The rights and those they imply."""
    result = set(rights)
    if ALL_DOCUMENTS in result:
        result.add(OWN_DOCUMENTS)
    return result
