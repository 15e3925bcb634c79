"""Parameters: their names, types, defaults and inheritance (global → centres → store → station)."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.firm.records import Centre, Parameter

SCOPES = ("global", "centre", "store", "station")


class ParameterRule(msgspec.Struct, frozen=True):
    """What values a parameter takes and what holds where nobody set it."""

    kind: str
    default: str
    choices: tuple[str, ...] = ()


PARAMETERS: Mapping[str, ParameterRule] = {
    "sale.vat_direction": ParameterRule("choice", "gross", ("gross", "net")),
    "sale.merge_same_article": ParameterRule("yes_no", "no"),
    "sale.block_below_zero": ParameterRule("yes_no", "no"),
    "payment.close_automatically": ParameterRule("yes_no", "yes"),
    "scan.in_store_codes": ParameterRule("text", ""),
    "search.documents": ParameterRule("choice", "local", ("local", "local_and_hub")),
    "fiscal.least_name_length": ParameterRule("whole", "5"),
    "print.receipt_footer": ParameterRule("text", ""),
    "print.automatic": ParameterRule("yes_no", "yes"),
    "login.session_minutes": ParameterRule("whole", "720"),
    "login.offline_warning_hours": ParameterRule("whole", "72"),
    "login.offline_limit_hours": ParameterRule("whole", "336"),
    "clock.skew_warning_seconds": ParameterRule("whole", "120"),
    "locale.language": ParameterRule("choice", "pl", ("pl", "en", "fr")),
    "screen.left_handed": ParameterRule("yes_no", "no"),
}


class Parameters(msgspec.Struct, frozen=True):
    """The values that hold at one station; ask by name, typed."""

    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """The value as it was written; a name not in `PARAMETERS` is a bug."""
        return self.values.get(name, PARAMETERS[name].default)

    def whole(self, name: str) -> int:
        """The value as a whole number."""
        return int(self.text(name))

    def yes(self, name: str) -> bool:
        """True for *yes*."""
        return self.text(name) == "yes"


def is_valid_value(rule: ParameterRule, value: str) -> bool:
    """Whether a value may be given to a parameter of this rule."""
    checks: Mapping[str, Callable[[str], bool]] = {
        "yes_no": lambda text: text in ("yes", "no"),
        "whole": lambda text: text.isdecimal() and len(text) <= 9,
        "choice": lambda text: text in rule.choices,
        "decimal": _is_decimal,
        "text": lambda text: len(text) <= 500,
    }
    return checks[rule.kind](value)


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


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
