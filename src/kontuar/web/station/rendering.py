"""Templates of the station in the asker's language; compiled once, the language is known by a context variable."""

import datetime
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import numbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kontuar.domain.documents.document import Line
from kontuar.domain.pricing.vat import Direction, other_price
from kontuar.kernel.errors import Problem
from kontuar.kernel.rounding import half_up
from kontuar.kernel.time import parse_instant
from kontuar.operations.station.views import Look
from kontuar.web.asset_files import asset
from kontuar.web.i18n import Texts, texts
from kontuar.web.station.view_words import columns_of

_TEMPLATES: Final = Path(__file__).resolve().parents[1] / "templates"
_WORDS: ContextVar[Texts] = ContextVar("kontuar_station_words")


def render(language: str, template: str, context: dict[str, Any]) -> str:
    """A template as text."""
    token = _WORDS.set(texts(language))
    try:
        return environment().get_template(template).render(lang=language, **context)
    finally:
        _WORDS.reset(token)


@cache
def environment() -> Environment:
    """One environment for all languages: macros are imported without context, so words come from the variable."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    install: Any = made
    install.install_gettext_callables(
        lambda text: _WORDS.get().gettext(text),
        lambda one, many, count: _WORDS.get().ngettext(one, many, count),
        newstyle=True,
    )
    made.filters.update(_FILTERS)
    made.globals.update(
        unit_price=unit_price, change_percent=change_percent, columns_of=_columns_of, buttons_of=_buttons_of,
        asset=asset,
    )  # fmt: skip
    return made


def warm() -> None:
    """Compile the templates before the first customer stands at the till."""
    for name in environment().list_templates(filter_func=lambda name: name.startswith(("kit/", "station/"))):
        if name.endswith(".jinja"):
            environment().get_template(name)


def unit_price(line: Line, direction: Direction, wanted: Direction) -> Decimal:
    """The price of a line, net or gross, whatever the document's direction (DOC-22)."""
    return line.price if direction == wanted else other_price(line.price, line.percent, direction)


def change_percent(line: Line) -> Decimal:
    """How much the line's value was changed, in per cent of what it was; one decimal, never negative."""
    change = sum(adjustment.amount for adjustment in line.adjustments)
    before = line.value - change
    return abs(half_up(Decimal(change) * 100 / before, 1)) if before else Decimal(0)


def _columns_of(look: Look) -> list[dict[str, Any]]:
    """The columns that a view shows, in the asker's language."""
    return columns_of(look.view, _WORDS.get(), look.attributes)


def _buttons_of(look: Look) -> list[str]:
    """Keys of the buttons that a view shows, in its order."""
    return [piece.key for piece in look.view.buttons if piece.shown]


def _money(amount: int, currency: str = "PLN") -> str:
    return _WORDS.get().money(amount, currency)


def _amount(amount: int, currency: str = "PLN") -> str:
    return _WORDS.get().amount(amount, currency)


def _price(price: Decimal) -> str:
    return _WORDS.get().price(price)


def _quantity(quantity: Decimal, places: int = 0) -> str:
    return _WORDS.get().quantity(quantity, places)


def _day(day: datetime.date | str) -> str:
    return _WORDS.get().day(datetime.date.fromisoformat(day) if isinstance(day, str) else day)


def _moment(instant: datetime.datetime | str, zone: str = "Europe/Warsaw") -> str:
    return _WORDS.get().moment(parse_instant(instant) if isinstance(instant, str) else instant, zone)


def _symbol(currency: str) -> str:
    return str(numbers.get_currency_symbol(currency, locale=_WORDS.get().locale))


def _problem(problem: Problem) -> str:
    return _WORDS.get().problem(problem)


def _word(text: str) -> str:
    """A text that comes from code (a right, a parameter, a type of document), in the asker's language."""
    return _WORDS.get().gettext(text)


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "money": _money,
    "amount": _amount,
    "price": _price,
    "quantity": _quantity,
    "day": _day,
    "moment": _moment,
    "symbol": _symbol,
    "problem": _problem,
    "word": _word,
}
