"""Why a line costs what it costs, from what its document keeps: the same at the till and at head office (DISC-26)."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from kontuar.domain.documents.discounting import OPERATOR
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.pricing.basket import Adjustment
from kontuar.kernel.money import Minor

DiscountNames = Callable[[Sequence[str]], Sequence[str]]
"""The names of discounts by their codes, in the order asked; of one that is not known its code."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a line's value (DISC-26), `name` as the definition had it; amounts in minor units.

    `rate` = the percent, amount or price that was defined or typed; `by` gave it and `allowed_by` authorised it.
    """

    source: str
    kind: str
    rule: str
    version: int
    name: str
    rate: Decimal | None
    amount: Minor
    after: Minor
    by: str = ""
    allowed_by: str = ""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line costs what it costs: its value at the initial price, then each change in order.

    `has`, `could`: names of the bundles it is in, and of those it could be in.
    """

    line: Line
    initial_value: Minor
    steps: tuple[Step, ...]
    has: tuple[str, ...] = ()
    could: tuple[str, ...] = ()


def explained_line(document: Document, line: Line, names: DiscountNames) -> Explanation:
    """Names are those that the document keeps; `names` is asked for carried discounts and for bundles."""
    return Explanation(
        line=line,
        initial_value=Minor(line.value - sum(one.amount for one in line.adjustments)),
        steps=tuple(_step(document, one, names) for one in line.adjustments),
        has=tuple(names(line.has)),
        could=tuple(names(line.could)),
    )


def _step(document: Document, change: Adjustment, names: DiscountNames) -> Step:
    return Step(
        source=change.source, kind=change.kind, rule=change.rule, version=change.version,
        name=_name(document, change, names), rate=change.rate, amount=change.amount, after=change.after,
        by=change.by, allowed_by=change.allowed_by,
    )  # fmt: skip


def _name(document: Document, change: Adjustment, names: DiscountNames) -> str:
    """Empty for what the operator gave: screens and prints have words of their own for it."""
    if change.source == OPERATOR:
        return ""
    given = document.discounts.applications
    if 0 <= change.application < len(given) and given[change.application].rule == change.rule:
        return given[change.application].name or change.rule
    brought = next((one.name for one in document.discounts.brought if one.rule == change.rule), "")
    return brought or names([change.rule])[0]
