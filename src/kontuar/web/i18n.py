"""Texts in three languages from gettext catalogues; money, dates and plurals by locale."""

import datetime
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.pofile import read_po

from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor, exponent_of, to_major
from kontuar.kernel.time import parse_instant

LANGUAGES: Final = ("pl", "en", "fr")
FALLBACK: Final = "en"
LOCALES: Final = {"pl": "pl_PL", "en": "en_GB", "fr": "fr_FR"}
_QUANTITIES: Final = frozenset({"there", "wanted"})
_INSTANTS: Final = frozenset({"last", "now"})
"""Facts that are written by locale."""
_LETTERS_THEN_FIGURE: Final = re.compile(r"([A-Za-z])(?=\d)")
_FRENCH_SPACE: Final = re.compile(r" (?=[:;!?»])|(?<=«) ")
_FOLDER = Path(__file__).parent / "locale"


class Texts:
    """The texts of one language. English source texts are the keys; refusal codes are keys in every language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = LOCALES[language]
        self._messages: dict[str, str] = {}
        self._plurals: dict[str, tuple[str, ...]] = {}
        for file in sorted((_FOLDER / language).glob("*.po")):
            self._read(file)

    def _read(self, file: Path) -> None:
        with file.open("rb") as stream:
            for message in read_po(stream, locale=self.locale):
                if isinstance(message.id, tuple):
                    self._plurals[message.id[0]] = tuple(self._set(str(form)) for form in message.string or ())
                elif message.id and message.string:
                    self._messages[str(message.id)] = self._set(str(message.string))

    def _set(self, text: str) -> str:
        """French typography, however the catalogue was typed: apostrophes, and spaces that do not break."""
        if self.language != "fr":
            return text
        return _FRENCH_SPACE.sub("\u00a0", text.replace("'", "’"))

    def gettext(self, message: str) -> str:
        """The text in this language, the source text where there is none."""
        return self._messages.get(message, message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The right plural form (Polish has three)."""
        forms = self._plurals.get(singular)
        if not forms:
            return singular if count == 1 else plural
        return forms[_plural_index(self.language, count)]

    def knows(self, message: str) -> bool:
        """Whether a translation exists."""
        return message in self._messages

    def problem(self, problem: Problem) -> str:
        """A refusal in words: what is wrong, where, what to do."""
        template = self._messages.get(problem.code)
        if template is None:
            return f"{problem.code} {problem.place}".strip()
        facts = _Missing({name: self._fact(name, value, problem) for name, value in problem.facts.items()})
        text = template.format_map(facts)
        if facts.missed:
            text = self._messages.get(f"brief:{problem.code}", text)
        if not problem.place.startswith("line:"):
            return text
        return self.gettext("%(label)s: %(text)s") % {"label": self.place(problem.place), "text": text}

    def brief(self, code: str) -> str:
        """A code in a few words, for lists and where its facts are not known; the code where there are none."""
        return self._messages.get(f"brief:{code}") or self.problem(Problem(code))

    def place(self, place: str) -> str:
        """`line:3` in words."""
        kind, _, number = place.partition(":")
        return f"{self.gettext('Line')} {number}" if kind == "line" else self.gettext(place)

    def _fact(self, name: str, value: str, problem: Problem) -> str:
        try:
            if name.endswith("_minor"):
                return self.money(Minor(int(value)), problem.facts.get("currency", "PLN"))
            if name in _QUANTITIES:
                return self.quantity(Decimal(value))
            if name in _INSTANTS:
                return self.moment(parse_instant(value))
        except (ValueError, ArithmeticError):
            return value  # a refusal from another node is told as it came
        return self._messages.get(f"{name}:{value}", value)

    def money(self, amount: Minor | int, currency: str) -> str:
        """1 234,50 zł."""
        text = str(numbers.format_currency(to_major(Minor(amount), currency), currency, locale=self.locale))
        # CLDR parts a currency's letters from the figures; Babel writes PLN12.50.
        return _LETTERS_THEN_FIGURE.sub("\\1\u00a0", text)

    def amount(self, amount: Minor | int, currency: str = "PLN") -> str:
        """1 234,50 without the currency."""
        places = exponent_of(currency)
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return str(numbers.format_decimal(to_major(Minor(amount), currency), pattern, locale=self.locale))

    def price(self, price: Decimal) -> str:
        """A unit price: two decimals, more only where it has them."""
        return str(numbers.format_decimal(price, "#,##0.00##", locale=self.locale))

    def quantity(self, quantity: Decimal, places: int = 0) -> str:
        """A quantity with at least `places` decimals."""
        pattern = "#,##0" + ("." + "0" * places + "#" * (4 - places) if places < 4 else ".0000")
        return str(numbers.format_decimal(quantity, pattern, locale=self.locale))

    def day(self, day: datetime.date) -> str:
        """A date as people of this language write it."""
        return str(dates.format_date(day, "dd.MM.yyyy" if self.language == "pl" else "short", locale=self.locale))

    def moment(self, instant: datetime.datetime, zone: str = "Europe/Warsaw") -> str:
        """Date and time at the shop's place."""
        return str(dates.format_datetime(instant.astimezone(ZoneInfo(zone)), "short", locale=self.locale))


class _Missing(dict[str, str]):
    """The facts of a problem; remembers whether the message wanted one that is not there."""

    missed = False

    def __missing__(self, key: str) -> str:
        self.missed = True
        return "?"


@cache
def texts(language: str) -> Texts:
    """The texts of a language; an unknown language gives English."""
    return Texts(language if language in LANGUAGES else FALLBACK)


def _plural_index(language: str, count: int) -> int:
    if language == "pl":
        if count == 1:
            return 0
        return 1 if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else 2
    return int(count > 1) if language == "fr" else int(count != 1)
