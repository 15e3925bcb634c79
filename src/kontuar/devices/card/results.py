"""What a terminal's status information says, in our words. Pure functions."""

from collections.abc import Mapping

from kontuar.devices.card.apdu import (
    AMOUNT,
    AUTHORISATION_CODE,
    CARD_NAME,
    CARD_NUMBER,
    RECEIPT_NUMBER,
    RESULT,
    TERMINAL_ID,
    Unreadable,
    fields_of,
    number_of,
)
from kontuar.devices.failures import failure
from kontuar.kernel.money import Minor
from kontuar.operations.ports.devices import CardResult

CURRENCIES = {
    "PLN": 985, "EUR": 978, "CZK": 203, "GBP": 826, "USD": 840, "CHF": 756, "HUF": 348, "SEK": 752,
    "NOK": 578, "DKK": 208, "RON": 946, "UAH": 980, "MAD": 504, "TND": 788,
}  # fmt: skip
"""Numeric codes of ISO 4217."""

APPROVED = 0x00
STOPPED_BY_PERSON = 0x6C

_REASONS = {
    0x64: "card.declined.unreadable",
    0x65: "card.declined.unreadable",
    0x67: "card.declined.not_permitted",
    0x68: "card.declined.not_permitted",
    0x6B: "card.declined.terminal",
    STOPPED_BY_PERSON: "card.declined.stopped",
    0x6E: "card.declined.blocked_card",
    0x6F: "card.declined.currency",
    0x71: "card.declined.credit",
    0x72: "card.declined.unreadable",
    0x73: "card.declined.unreadable",
    0x78: "card.declined.expired",
    0x79: "card.declined.not_yet_valid",
    0x7A: "card.declined.unknown_card",
    0x7D: "card.declined.network",
    0x83: "card.declined.not_permitted",
    0x9B: "card.declined.network",
    0xA0: "card.declined.terminal",
    0xA1: "card.declined.network",
    0xA3: "card.declined.network",
}


def refusal_codes() -> frozenset[str]:
    """Every reason that a result can carry (each needs a translation)."""
    own = {
        "card.declined.bank",
        "card.declined.terminal",
        "card.declined.reversed",
        "card.uncertain",
        "card.unknown_operation",
    }
    return frozenset(_REASONS.values()) | own


def reason_of(code: int) -> str:
    """Result codes 01-63 (hex) come from the bank's host, higher ones from the terminal."""
    return _REASONS.get(code, "card.declined.bank" if code < 0x64 else "card.declined.terminal")


def currency_number(currency: str) -> int:
    """The numeric code of the currency; raises `card.currency` when we have none."""
    if currency not in CURRENCIES:
        raise failure("card.currency", currency=currency)
    return CURRENCIES[currency]


def masked(card_number: bytes) -> str:
    """Digits with `*` for those that the terminal hides (half-byte E); padding (F) is dropped."""
    return card_number.hex().upper().replace("E", "*").rstrip("F")


def result_from(data: bytes, asked: CardResult) -> CardResult:
    """The asked operation with what the status information says; raises `Unreadable`.

    An approval of another amount than the asked one is `uncertain`: a person must look at it.
    """
    fields = fields_of(data)
    code = fields[RESULT][0] if RESULT in fields else None
    if code is None:
        raise Unreadable("no result code")
    amount = Minor(number_of(fields[AMOUNT])) if AMOUNT in fields else asked.amount
    approved = code == APPROVED
    return CardResult(
        operation_id=asked.operation_id,
        outcome="declined" if not approved else "approved" if amount == asked.amount else "uncertain",
        amount=amount,
        currency=asked.currency,
        reason=reason_of(code) if not approved else "" if amount == asked.amount else "card.uncertain",
        authorisation_code=_text(fields, AUTHORISATION_CODE),
        masked_card=masked(fields.get(CARD_NUMBER, b"")),
        card_name=_text(fields, CARD_NAME),
        terminal_id=fields.get(TERMINAL_ID, b"").hex(),
        receipt_number=number_of(fields[RECEIPT_NUMBER]) if RECEIPT_NUMBER in fields else 0,
        slip=asked.slip,
    )


def _text(fields: Mapping[int, bytes], tag: int) -> str:
    return fields.get(tag, b"").decode("cp437", "replace").rstrip("\x00 ")
