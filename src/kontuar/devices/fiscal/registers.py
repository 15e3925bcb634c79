"""What a POSNET device says of itself, read from its answers. Pure functions."""

import re
from collections.abc import Mapping

import msgspec

from kontuar.devices.fiscal.vat_letters import LETTERS
from kontuar.operations.ports.devices import PaperState

Answer = Mapping[str, str]

_PAPER: dict[int, PaperState] = {0: "ok", 1: "cover_open", 3: "cover_open", 5: "out", 10: "cover_open"}
_FORMATTING = re.compile(r"&.")


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """The device's counters (`scnt`)."""

    receipts: int
    """Receipts finished properly since the device began its life."""
    cancelled: int
    last_receipt: int
    last_print: int
    daily_reports: int
    device_number: str


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt that is open, or the last one (`strns`)."""

    open: bool
    footer_open: bool
    """The fiscal part is registered, the print is not ended."""
    totals: Mapping[str, int]
    """Gross grosz by VAT letter; kept until the next receipt begins."""


def counters_from(answer: Answer) -> Counters:
    """Read a `scnt` answer."""
    return Counters(
        receipts=_number(answer, "bn"),
        cancelled=_number(answer, "bc"),
        last_receipt=_number(answer, "bt"),
        last_print=_number(answer, "hn"),
        daily_reports=_number(answer, "rd"),
        device_number=answer.get("nu", ""),
    )


def transaction_from(answer: Answer) -> Transaction:
    """Read a `strns` answer."""
    return Transaction(
        open=_number(answer, "to") == 1,
        footer_open=is_true(answer.get("fe", "0")),
        totals={letter: _number(answer, f"v{letter.lower()}") for letter in LETTERS},
    )


def paper_from(answer: Answer, near_end: bool = False) -> PaperState:
    """Read a `sprn` answer; `near_end` comes from `sdev`."""
    state = _PAPER.get(_number(answer, "pr"), "fault")
    return "near_end" if state == "ok" and near_end else state


def header_from(answer: Answer) -> tuple[str, ...]:
    """Lines of a `hdrget` answer without their formatting marks."""
    lines = _FORMATTING.sub("", answer.get("tx", "")).split("\n")
    return tuple(line.strip() for line in lines if line.strip())


def is_true(text: str) -> bool:
    """The protocol's ways to write *yes*."""
    return text[:1] in ("1", "t", "T", "y", "Y")


def _number(answer: Answer, field: str) -> int:
    text = answer.get(field, "")
    return int(text) if text.lstrip("-").isdigit() else 0
