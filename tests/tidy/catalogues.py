"""Reads the catalogues of translations as files, so that their form can be checked too."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from kontuar.web.i18n import LANGUAGES, LOCALES

LOCALE = Path(__file__).resolve().parents[2] / "src" / "kontuar" / "web" / "locale"
CODE_OF_MESSAGE = re.compile(r"[a-z][a-z_0-9]*(\.[a-z_0-9]+)+")
FACT_WORD = re.compile(r"([a-z_]+):(.+)")


def files(language: str) -> list[Path]:
    """The catalogues of a language, in the order in which they are read."""
    return sorted((LOCALE / language).glob("*.po"))


@cache
def catalogue(path: Path) -> Catalog:
    """One file, strictly read."""
    with path.open("rb") as stream:
        return read_po(stream, locale=LOCALES[path.parent.name], abort_invalid=True)


@cache
def entries(language: str) -> dict[str, tuple[str, ...]]:
    """Source text or code → its forms in the language, of all files together."""
    found: dict[str, tuple[str, ...]] = {}
    for path in files(language):
        for message in catalogue(path):
            if message.id:
                key = message.id[0] if isinstance(message.id, tuple) else message.id
                forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
                found[str(key)] = tuple(str(form) for form in forms)
    return found


@cache
def codes(language: str) -> dict[str, str]:
    """Refusal code → its message."""
    return {key: forms[0] for key, forms in entries(language).items() if CODE_OF_MESSAGE.fullmatch(key)}


@cache
def fact_words(language: str) -> dict[str, str]:
    """`right:price.change` → what it is called; also `brief:` and a code."""
    return {key: forms[0] for key, forms in entries(language).items() if FACT_WORD.fullmatch(key)}


def every_language() -> tuple[str, ...]:
    """pl, en, fr."""
    return LANGUAGES
