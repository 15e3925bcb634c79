"""What a discount says, in three languages: nothing without words, nothing left out (DISC-40)."""

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

import kontuar.domain.pricing.in_words as in_words
from domain.pricing.test_discount_sheets import BEYOND, STATED
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.in_words import says
from kontuar.web.i18n import LANGUAGES, texts
from kontuar.web.phrases import told

ROOM = Path(in_words.__file__).parent
FILES = ("in_words.py", "in_words_scope.py", "phrases.py")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_has_words(language: str) -> None:
    codes = {
        node.value
        for file in FILES
        for node in ast.walk(ast.parse((ROOM / file).read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("says.")
    }
    assert len(codes) > 70
    assert not (missing := {code for code in codes if not texts(language).knows(code)}), missing


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("discount", [*STATED, *BEYOND], ids=lambda one: one.code)
def test_every_kind_of_discount_can_be_told(discount: Discount, language: str) -> None:
    sentences = told(says(discount), texts(language), {})
    assert all(sentence and "says." not in sentence and "{" not in sentence for sentence in sentences)


@pytest.mark.parametrize(("source", "holds"), [("KNU", True), ("PRM", False)])
def test_a_draft_that_holds_all_the_same_says_so(source: Any, holds: bool) -> None:
    """DISC-12: a discount of a buyer needs no confirmation."""
    draft = msgspec.structs.replace(STATED[1], source=source, state="draft")
    assert says(draft)[-1].code == ("says.draft_holds" if holds else "says.draft")


def test_a_promotion_with_everything_is_told_sentence_by_sentence() -> None:
    names = {("article", "A"): "Mleko", ("centre", "POLNOC"): "Region północny"}
    assert told(says(STATED[1]), texts("pl"), names) == [
        "Promocja na towary.",
        "Na: Mleko (A); dla: wszyscy; daje: od 2 szt.: 5% taniej, od 6 szt.: 12% taniej.",
        "Na: grupa G; dla: STALI; daje: 1% taniej.",
        "Wartość przed rabatami co najmniej 50,00: wszystkie towary.",
        "Tylko z kuponem, który ten rabat odblokowuje.",
        "Obowiązuje od 02.11.2026 do 31.12.2026.",
        "Tylko: poniedziałek, sobota.",
        "W godzinach: 8:00–12:30, 22:00–6:00.",
        "Powtarza się co 2 tyg., za każdym razem na 1 dni.",
        "W centrach: Region północny (POLNOC) i poniżej.",
        "Z magazynów: S1.",
        "Na dokumentach: paragon.",
        "Na dokumentach w walucie PLN.",
        "Priorytet 4, miejsce 30.",
        "Mnoży się: od tego, co zostało po wcześniejszych.",
        "Następne rabaty są pomijane.",
        "Działa sam: bez innych rabatów.",
        "Najwyżej jeden rabat z puli p na sztukę.",
        "Zużywa towary dla innych rabatów z: u.",
        "Najwyżej 10,00 oszczędności na dokumencie.",
        "Zwracany tylko w całości.",
        "Stan: potwierdzony.",
    ]
