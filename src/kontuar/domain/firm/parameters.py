"""Parameters: their names, types, defaults and inheritance (global → centres → store → station)."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.firm.records import Centre, Parameter
from kontuar.kernel.money import Minor, to_minor

SCOPES = ("global", "centre", "store", "station")


class ParameterRule(msgspec.Struct, frozen=True):
    """What values a parameter takes and what holds where nobody set it. `least`, `most`: of whole numbers."""

    kind: str
    default: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 999_999_999


PARAMETERS: Mapping[str, ParameterRule] = {
    "sale.vat_direction": ParameterRule("choice", "gross", ("gross", "net")),
    "sale.merge_same_article": ParameterRule("yes_no", "no"),
    "sale.block_below_zero": ParameterRule("yes_no", "no"),
    "sale.check_stock_by_line": ParameterRule("yes_no", "no"),
    "sale.choose_several": ParameterRule("yes_no", "no"),
    "sale.by_ean_only": ParameterRule("yes_no", "no"),
    "sale.warn_undefined": ParameterRule("yes_no", "no"),
    "sale.deferred_for_undefined": ParameterRule("yes_no", "yes"),
    "sale.direction_with_lines": ParameterRule("yes_no", "yes"),
    "sale.recalculate_silently": ParameterRule("yes_no", "yes"),
    "sale.invoice_days": ParameterRule("whole", "7"),
    "sale.invoice_needs_tax_number_on_receipt": ParameterRule("yes_no", "yes"),
    "sale.block_invoice_from_simplified": ParameterRule("yes_no", "yes"),
    "sale.simplified_limits": ParameterRule("dated_amounts", "2020-10-01 450.00"),
    "invoice.split_payment": ParameterRule("yes_no", "yes"),
    "invoice.split_payment_limits": ParameterRule("dated_amounts", "2019-11-01 15000.00"),
    "invoice.exemption_ground": ParameterRule("text", ""),
    "invoice.late_payment_words": ParameterRule("text", ""),
    "invoice.recovery_indemnity": ParameterRule("decimal", "40"),
    "contractor.credit_limit_with_document": ParameterRule("yes_no", "yes"),
    "discount.choose": ParameterRule("choice", "first_satisfied", ("first_satisfied", "best_for_customer")),
    "discount.bundles_automatic": ParameterRule("yes_no", "yes"),
    "discount.on_fixed_prices": ParameterRule("yes_no", "no"),
    "discount.header_on_bundles": ParameterRule("yes_no", "yes"),
    "discount.header_on_gifts": ParameterRule("yes_no", "no"),
    "discount.sum_buyer_groups": ParameterRule("yes_no", "no"),
    "discount.carried_in_thresholds": ParameterRule("yes_no", "yes"),
    "coupon.reservation_hours": ParameterRule("whole", "24", least=1, most=8760),
    "contractor.check_tax_number": ParameterRule("yes_no", "yes"),
    "contractor.check_pesel": ParameterRule("yes_no", "yes"),
    "contractor.forbid_space_in_code": ParameterRule("yes_no", "no"),
    "contractor.forbid_dot_in_code": ParameterRule("yes_no", "no"),
    "contractor.forbid_dash_in_code": ParameterRule("yes_no", "no"),
    "contractor.warn_similar": ParameterRule("yes_no", "yes"),
    "article.check_ean": ParameterRule("yes_no", "yes"),
    "article.unique_name": ParameterRule("yes_no", "no"),
    "article.ean_8_range": ParameterRule("range_7", ""),
    "article.ean_13_range": ParameterRule("range_12", ""),
    "article.ean_14_range": ParameterRule("range_13", ""),
    "cash.sums_of_open_shift": ParameterRule("yes_no", "yes"),
    "payment.close_automatically": ParameterRule("yes_no", "yes"),
    "scan.in_store_codes": ParameterRule("text", ""),
    "search.documents": ParameterRule("choice", "local", ("local", "local_and_hub")),
    "fiscal.least_name_length": ParameterRule("whole", "5"),
    "print.receipt_footer": ParameterRule("text", ""),
    "print.automatic": ParameterRule("yes_no", "yes"),
    "print.second_copy_seconds": ParameterRule("whole", "0", most=30),
    "backup.minutes": ParameterRule("whole", "0", most=1440),
    "books.keep_days": ParameterRule("whole", "0", most=36_500),
    "books.return_days": ParameterRule("whole", "730", most=36_500),
    "books.backup_days": ParameterRule("whole", "90", least=1, most=36_500),
    "hub.second_factor": ParameterRule("yes_no", "no"),
    "login.session_minutes": ParameterRule("whole", "720"),
    "login.offline_warning_hours": ParameterRule("whole", "72"),
    "login.offline_limit_hours": ParameterRule("whole", "336"),
    "clock.skew_warning_seconds": ParameterRule("whole", "120"),
    "locale.language": ParameterRule("choice", "pl", ("pl", "en", "fr")),
    "screen.left_handed": ParameterRule("yes_no", "no"),
    "screen.keypad": ParameterRule("yes_no", "yes"),
    "sale.quick_by_default": ParameterRule("yes_no", "no"),
}


class Parameters(msgspec.Struct, frozen=True):
    """The values that hold at one station; ask by name, typed."""

    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """The value as it was written; a name not in `PARAMETERS` is a bug."""
        return self.values.get(name, PARAMETERS[name].default)

    def whole(self, name: str) -> int:
        """The value as a whole number, within the bounds of its rule: what was stored before them keeps working."""
        rule = PARAMETERS[name]
        return max(rule.least, min(int(self.text(name)), rule.most))

    def yes(self, name: str) -> bool:
        """True for *yes*."""
        return self.text(name) == "yes"

    def amount_on(self, name: str, day: datetime.date, currency: str) -> Minor | None:
        """The amount of a dated parameter that holds on a day, in minor units; None before the first one."""
        begun = [row for row in dated_amounts(self.text(name)) or () if row[0] <= day]
        return to_minor(max(begun)[1], currency) if begun else None


def dated_amounts(text: str) -> tuple[tuple[datetime.date, Decimal], ...] | None:
    """`2020-10-01 450.00; 2027-01-01 500.00`: what holds from which day; None when the text is not such a list."""
    rows = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        day, _, amount = part.partition(" ")
        try:
            rows.append((datetime.date.fromisoformat(day), Decimal(amount.strip())))
        except (ValueError, ArithmeticError):
            return None
    return tuple(rows) if all(amount.is_finite() and amount >= 0 for _, amount in rows) else None


def number_range(text: str) -> tuple[int, int] | None:
    """`590000000000-590000000999`: the first and the last number; None when the text is no such range."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if not (dash and first.isdecimal() and first.isascii() and last.isdecimal() and last.isascii()):
        return None
    return (int(first), int(last)) if len(first) == len(last) and first <= last else None


def is_valid_value(rule: ParameterRule, value: str) -> bool:
    """Whether a value may be given to a parameter of this rule."""
    checks: Mapping[str, Callable[[str], bool]] = {
        "yes_no": lambda text: text in ("yes", "no"),
        "whole": lambda text: _is_whole(text) and not is_out_of_bounds(rule, text),
        "choice": lambda text: text in rule.choices,
        "decimal": _is_decimal,
        "dated_amounts": lambda text: len(text) <= 500 and dated_amounts(text) is not None,
        "range_7": lambda text: _is_range(text, 7),
        "range_12": lambda text: _is_range(text, 12),
        "range_13": lambda text: _is_range(text, 13),
        "text": lambda text: len(text) <= 500,
    }
    return checks[rule.kind](value)


def is_out_of_bounds(rule: ParameterRule, value: str) -> bool:
    """Whether a value is a whole number, as the rule asks, but too small or too large for it."""
    return rule.kind == "whole" and _is_whole(value) and not rule.least <= int(value) <= rule.most


def effective(
    rows: Iterable[Parameter], centres: Mapping[str, Centre], *, centre: str, store: str, station: str
) -> Parameters:
    """Values for a station: the nearest scope that says something wins; centres inherit from their parents."""
    order = ["global", *reversed([f"centre:{code}" for code in centre_path(centre, centres)])]
    order += [f"store:{store}", f"station:{station}"]
    rank = {scope: position for position, scope in enumerate(order)}
    chosen: dict[str, tuple[int, str]] = {}
    for row in rows:
        position = rank.get(row.scope)
        if position is not None and position >= chosen.get(row.name, (-1, ""))[0]:
            chosen[row.name] = (position, row.value)
    return Parameters({name: value for name, (_, value) in chosen.items()})


def centre_path(centre: str, centres: Mapping[str, Centre]) -> list[str]:
    """The centre and its parents, nearest first; a loop ends where it closes."""
    path: list[str] = []
    while centre and centre not in path and centre in centres:
        path.append(centre)
        centre = centres[centre].parent
    return path


def _is_whole(text: str) -> bool:
    return text.isdecimal() and len(text) <= 9


def _is_range(text: str, digits: int) -> bool:
    """Numbers without their check digit; empty = no range."""
    return not text or (number_range(text) is not None and len(text.partition("-")[0].strip()) == digits)


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
