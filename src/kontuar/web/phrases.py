"""Phrases of the domain in a language: facts by locale, names of rows, lists, phrases in phrases (DISC-40)."""

import datetime
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.pricing.phrases import Fact, Name, Phrase
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.web.i18n import Texts

Names = Mapping[tuple[str, str], str]
"""(kind, code) → the row's name."""
_PRICES: Final = frozenset({"amount", "price", "value"})
_GAP: Final = re.compile(r" +(?=[.,]|$)")
"""What an empty fact leaves before a stop."""
MOST_LISTED: Final = 12
"""Longer lists of names are cut, with how many more there are."""


def told(phrases: Iterable[Phrase], words: Texts, names: Names) -> list[str]:
    """Each phrase as a sentence."""
    return [say(phrase, words, names) for phrase in phrases]


def say(phrase: Phrase, words: Texts, names: Names) -> str:
    """One phrase; a code without words is told as it stands."""
    facts = {name: _fact(name, fact, words, names) for name, fact in phrase.facts.items()}
    return _GAP.sub("", words.gettext(phrase.code).format_map(facts))


def names_in(phrases: Iterable[Phrase], definitions: Definitions, actor: Actor) -> Names:
    """The names of all rows that the phrases speak of."""
    wanted: dict[str, set[str]] = {}
    for phrase in phrases:
        for name in _names(phrase):
            if name.kind in KINDS:
                wanted.setdefault(name.kind, set()).add(name.code)
    found: dict[tuple[str, str], str] = {}
    for kind, codes in wanted.items():
        for code, row in definitions.some(actor, kind, sorted(codes)).items():
            found[kind, code] = str(getattr(msgspec.json.decode(row.body, type=KINDS[kind].record), "name", ""))
    return found


def _names(fact: Fact) -> Iterable[Name]:
    if isinstance(fact, Name):
        yield fact
    elif isinstance(fact, Phrase):
        for part in fact.facts.values():
            yield from _names(part)
    elif isinstance(fact, tuple):
        for one in fact:
            yield from _names(one)


def _fact(name: str, fact: Fact, words: Texts, names: Names) -> str:
    if isinstance(fact, Decimal):
        return words.price(fact) if name in _PRICES else words.quantity(fact)
    if isinstance(fact, datetime.date):
        return words.day(fact)
    if isinstance(fact, Name):
        return _name(fact, words, names)
    if isinstance(fact, Phrase):
        return say(fact, words, names)
    if isinstance(fact, tuple):
        listed = [_fact(name, one, words, names) for one in fact[:MOST_LISTED]]
        more = len(fact) - MOST_LISTED
        return ", ".join([*listed, f"… (+{more})"] if more > 0 else listed)
    return fact


def _name(name: Name, words: Texts, names: Names) -> str:
    if name.kind == "document_type":
        told_type = words.gettext(f"type:{name.code}")
        return name.code if told_type == f"type:{name.code}" else told_type
    known = names.get((name.kind, name.code), "")
    return f"{known} ({name.code})" if known else name.code
