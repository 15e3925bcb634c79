"""`kontuar price CASE.json`: worked pricing cases through the engine that the tills use."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from kontuar.domain.pricing.basket import Adjustment, Priced
from kontuar.domain.pricing.book import compile_rules
from kontuar.domain.pricing.engine import price
from kontuar.tools.pricing_case_fields import UnreadableCase
from kontuar.tools.pricing_case_words import Case, read_case


def priced_file(path: Path, *, explain: bool) -> str:
    """The results of a file of one case, a list, or {"cases": […]}, as JSON. Raises `UnreadableCase`."""
    content = _content(path)
    if isinstance(content, dict) and "cases" in content:
        unknown = sorted(set(content) - {"cases", "vocabulary"})
        if unknown:
            raise UnreadableCase(f"{path.name}: {', '.join(unknown)} is not part of the vocabulary")
        content = content["cases"]
        if not isinstance(content, list):
            raise UnreadableCase(f"{path.name}: cases is a list")
    if isinstance(content, list):
        cases = [read_case(value, f"case {at}") for at, value in enumerate(content, 1)]
        return json.dumps([result_of(case, explain=explain) for case in cases], indent=1, ensure_ascii=False)
    return json.dumps(result_of(read_case(content), explain=explain), indent=1, ensure_ascii=False)


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UnreadableCase(f"{path}: {error.strerror or 'cannot be read'}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableCase(f"{path.name}: this is not JSON: {error}") from None


def result_of(case: Case, *, explain: bool) -> dict[str, Any]:
    """One case priced; money as texts of two decimals, lines in the order given."""
    priced = price(case.basket, compile_rules(case.rules), case.settings)
    result: dict[str, Any] = {
        "id": case.id,
        "total": _money(priced.gross),
        "line_totals": [_money(line.gross) for line in priced.lines],
        "net_total": _money(priced.net),
        "vat_total": _money(priced.tax),
        "by_promotion": {rule.id: _money(priced.savings[rule.id]) for rule in case.rules if rule.id in priced.savings},
        "proven": priced.proven,
    }
    if explain:
        result["adjustments"] = _adjustments(priced)
    return result


def _adjustments(priced: Priced) -> list[list[dict[str, str]]]:
    """Line by line, in the order in which they changed its value."""
    return [[_told(adjustment) for adjustment in line.adjustments] for line in priced.lines]


def _told(adjustment: Adjustment) -> dict[str, str]:
    return {
        "promotion": adjustment.rule,
        "kind": adjustment.kind,
        "rate": "" if adjustment.rate is None else f"{adjustment.rate:f}",
        "quantity": f"{adjustment.quantity.normalize():f}",
        "base": _money(adjustment.base),
        "amount": _money(adjustment.amount),
        "after": _money(adjustment.after),
    }


def _money(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-2):.2f}"
