"""Everything that a person reads exists in Polish, English and French, and says what it can know.

Each failure lists every place, so that one run is enough to mend them.
"""

from __future__ import annotations

import re
from string import Formatter

import pytest

from kontuar.devices.card import results
from kontuar.devices.fiscal import device_errors
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.documents.types import TYPES
from kontuar.domain.parties.rights import ALL_RIGHTS
from tidy.catalogues import catalogue, codes, entries, every_language, fact_words, files
from tidy.raised_codes import Raised, raised_codes, texts_like_codes
from tidy.screen_texts import WEB, shown_texts, texts_in_scripts, untranslated_in_templates, words_of_scripts

TRANSLATIONS = ("pl", "fr")
FAMILIES = {
    "*.undefined": {
        f"{kind}.undefined" for kind in ("article", "warehouse", "payment_form", "delivery_method", "operator")
    },
    "http.*": {f"http.{status}" for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503, 504)},
}
GIVEN_ON_THE_WAY = {"currency", "field"}
"""Amounts fall back to a currency; what gathers the problems of many rows adds the field that each is about."""
KEPT_IN_TABLES = ("message.", "stream.")
"""Codes that storage writes beside a message; they are told as they lie there."""
QUESTIONS = {"stream.messages", "stream.forks"}
"""What nodes ask each other looks the same; nobody reads it."""
SYNC = {"sync.no_progress"}
DEVICES = results.refusal_codes() | device_errors.refusal_codes() | {device_errors.UNKNOWN[0]}
BY_CODE_ALONE = re.compile(r"fiscal\.|printer\.|card\.|device\.")
"""What a document's history keeps of a device's failure is its code."""

SAME_IN_ALL = re.compile(
    r"[^A-Za-z]*|GID|EAN|VAT|PIN|NIP|PESEL|URL|SKU|CSV|UTC|ID|E-mail|Email|OK|Kontuar"
    r"|%\(\w+\)s(?: [×·]|:) %\(\w+\)s|\{count\} kB|#?%\(\w+\)s"
)
"""Signs, names and abbreviations that no language translates."""
SAME_IN = {
    "pl": {"Agent", "Alarm", "Enter", "Menu", "Monitor", "Operator", "Operator: %(name)s", "Program", "Symbol"},
    "fr": {
        "Agent", "Article", "Articles", "Centre", "Centres", "Code", "Date", "Description", "Document", "Documents",
        "Incarnation", "Menu", "Message", "Messages", "Net", "Note", "Notes", "Parent", "Stock", "Supervision", "TOTAL",
        "Total", "Type", "Urgent", "Version", "Version %(version)s, %(when)s, %(who)s", "Versions",
    },
}  # fmt: skip
"""Words that the language spells as English does."""


def listed(places: list[str]) -> str:
    return "\n" + "\n".join(sorted(set(places)))


def placeholders(text: str) -> set[str]:
    """Facts that a message names: `{name}`."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def percent_names(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text)) | set(re.findall(r"\{(\w+)\}", text))


def told() -> list[Raised]:
    """Every code with the place that tells it."""
    found = [raised for raised in raised_codes() if "*" not in raised.code]
    for family in FAMILIES.values():
        found += [Raised(code, None, "a family of codes") for code in family]
    found += [Raised(code, None, "devices") for code in DEVICES]
    kept = (code for code in texts_like_codes() - QUESTIONS if code.startswith(KEPT_IN_TABLES))
    found += [Raised(code, frozenset(), "the log") for code in kept]
    return found + [Raised(code, frozenset(), "sync") for code in SYNC]


@pytest.mark.parametrize("language", every_language())
def test_every_refusal_is_told_in_every_language(language: str) -> None:
    known = codes(language)
    missing = [f"{raised.code} ({raised.where})" for raised in told() if raised.code not in known]
    assert not missing, listed(missing)


def test_every_family_of_codes_is_listed_here() -> None:
    families = {raised.code for raised in raised_codes() if "*" in raised.code}
    assert families == set(FAMILIES)


@pytest.mark.parametrize("language", every_language())
def test_no_message_is_kept_for_a_refusal_that_nobody_raises(language: str) -> None:
    raised = {found.code for found in told()} | texts_like_codes()
    assert not (stale := [code for code in codes(language) if code not in raised]), listed(stale)


def test_the_three_languages_name_the_same_facts() -> None:
    english = codes("en")
    differing = [
        f"{language} {code}: {placeholders(text)} but en {placeholders(english.get(code, ''))}"
        for language in TRANSLATIONS
        for code, text in codes(language).items()
        if placeholders(text) != placeholders(english.get(code, ""))
    ]
    assert not differing, listed(differing)


def test_a_message_names_only_facts_that_it_is_given() -> None:
    """A missing fact is allowed where the code alone is told, and a few words stand for it."""
    english, brief = codes("en"), fact_words("en")
    unknown = [
        f"{raised.code}: {sorted(lost)} is not given at {raised.where}"
        for raised in told()
        if raised.facts is not None and f"brief:{raised.code}" not in brief
        if (lost := placeholders(english.get(raised.code, "")) - raised.facts - GIVEN_ON_THE_WAY)
    ]
    assert not unknown, listed(unknown)


def test_what_history_keeps_by_code_alone_has_a_few_words_for_it() -> None:
    english, brief = codes("en"), fact_words("en")
    missing = [
        code for code in english
        if BY_CODE_ALONE.match(code) and placeholders(english[code]) and f"brief:{code}" not in brief
    ]  # fmt: skip
    assert not missing, listed(missing)


@pytest.mark.parametrize("language", every_language())
def test_a_few_words_stand_for_a_code_that_has_a_message(language: str) -> None:
    known = codes(language)
    brief = [key.removeprefix("brief:") for key in fact_words(language) if key.startswith("brief:")]
    assert not (stale := [code for code in brief if code not in known]), listed(stale)


@pytest.mark.parametrize("language", every_language())
def test_facts_that_are_codes_have_words(language: str) -> None:
    """Rights, kinds of definitions, types of documents, what a fiscal device's number means."""
    needed = {f"right:{right}" for right in ALL_RIGHTS} | {f"type:{name}" for name in TYPES}
    needed |= {f"{fact}:{kind}" for fact in ("kind", "by_kind") for kind in KINDS}
    needed |= {f"needs:{level}" for level in ("store", "online")}
    needed |= {f"meaning:{device_errors.meaning_of(number)[1]}" for number in range(10_000)}
    assert not (missing := needed - fact_words(language).keys()), listed(list(missing))


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_text_on_a_screen_is_translated(language: str) -> None:
    known = entries(language)
    missing = [
        f"{shown.text!r} ({shown.where})"
        for shown in shown_texts()
        if shown.text not in known and not SAME_IN_ALL.fullmatch(shown.text)
    ]
    assert not missing, f"{len(set(missing))} texts" + listed(missing)


def test_every_count_has_the_plural_forms_of_its_language() -> None:
    """Polish has three: 1 dokument, 2 dokumenty, 5 dokumentów."""
    forms = {"pl": 3, "fr": 2}
    wrong = [
        f"{language} {shown.text!r} ({shown.where})"
        for language, count in forms.items()
        for shown in shown_texts()
        if shown.plural and len([form for form in entries(language).get(shown.text, ()) if form]) != count
    ]
    assert not wrong, listed(wrong)


def test_no_translation_is_left_in_english() -> None:
    left = [
        f"{path.parent.name}/{path.name}: {message.id}"
        for language in TRANSLATIONS
        for path in files(language)
        for message in catalogue(path)
        if message.id and message.string == message.id
        if str(message.id) not in SAME_IN[language] and not SAME_IN_ALL.fullmatch(str(message.id))
    ]
    assert not left, listed(left)


def test_a_translation_names_what_its_text_names() -> None:
    differing = [
        f"{language}: {text!r} → {form!r}"
        for language in TRANSLATIONS
        for text, forms in entries(language).items()
        if text not in codes(language)
        for form in forms
        if percent_names(form) - percent_names(text) or (len(forms) == 1 and percent_names(form) != percent_names(text))
    ]
    assert not differing, listed(differing)


def test_one_text_is_said_in_one_way() -> None:
    """The same source text in two files has the same translation, or the screens differ by chance."""
    said: dict[tuple[str, str], dict[str, str]] = {}
    for language in every_language():
        for path in files(language):
            for message in catalogue(path):
                if message.id:
                    said.setdefault((language, str(message.id)), {})[path.name] = str(message.string)
    differing = [f"{key}: {ways}" for key, ways in said.items() if len(set(ways.values())) > 1]
    assert not differing, listed(differing)


def test_catalogues_are_finished_and_in_utf8() -> None:
    wrong = []
    for language in every_language():
        for path in files(language):
            path.read_bytes().decode("utf-8")
            for message in catalogue(path):
                forms = [message.string] if isinstance(message.string, str) else [*(message.string or ("",))]
                if message.id and (message.fuzzy or "" in forms):
                    wrong.append(f"{language}/{path.name}: {message.id}")
    assert files("pl")
    assert not wrong, listed(wrong)


def test_scripts_ask_only_for_words_that_the_page_gives() -> None:
    asked, given = words_of_scripts()
    assert asked <= given, asked - given


def test_no_text_stands_untranslated_in_a_template_or_a_script() -> None:
    bare = [*untranslated_in_templates(WEB / "templates"), *texts_in_scripts()]
    assert not bare, listed(bare)
