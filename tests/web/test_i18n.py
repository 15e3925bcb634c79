"""Texts, plurals, money and refusals as people of three languages read them."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kontuar.kernel.errors import Problem
from kontuar.web.i18n import Texts, texts

NO_BREAK = "\u00a0"
NARROW = "\u202f"


def in_lines(text: str) -> str:
    """With plain spaces, so that a test can be read; where spaces matter they are tested as they are."""
    return text.replace(NO_BREAK, " ").replace(NARROW, " ")


@pytest.fixture
def polish_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Texts:
    """Polish with one counted text, in a folder of its own."""
    folder = tmp_path / "pl"
    folder.mkdir()
    (folder / "counts.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "%(num)s document"\nmsgid_plural "%(num)s documents"\n'
        'msgstr[0] "%(num)s dokument"\nmsgstr[1] "%(num)s dokumenty"\nmsgstr[2] "%(num)s dokumentów"\n'
    )
    monkeypatch.setattr("kontuar.web.i18n._FOLDER", tmp_path)
    return Texts("pl")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "1 dokument"), (2, "2 dokumenty"), (4, "4 dokumenty"), (5, "5 dokumentów"), (0, "0 dokumentów"),
        (12, "12 dokumentów"), (14, "14 dokumentów"), (22, "22 dokumenty"), (25, "25 dokumentów"),
        (101, "101 dokumentów"), (102, "102 dokumenty"), (112, "112 dokumentów"),
    ],
)  # fmt: skip
def test_polish_counts_with_three_forms(polish_counts: Texts, count: int, told: str) -> None:
    assert polish_counts.ngettext("%(num)s document", "%(num)s documents", count) % {"num": count} == told


def test_english_counts_without_a_catalogue() -> None:
    words = texts("en")
    told = [words.ngettext("%(num)s open till", "%(num)s open tills", count) for count in (0, 1, 2)]
    assert told == ["%(num)s open tills", "%(num)s open till", "%(num)s open tills"]


@pytest.mark.parametrize(
    ("language", "told"),
    [("pl", "1 234,50 zł"), ("en", "PLN 1,234.50"), ("fr", "1 234,50 PLN")],
)
def test_money_is_written_as_its_readers_write_it(language: str, told: str) -> None:
    assert in_lines(texts(language).money(123450, "PLN")) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("pl", f"12{NO_BREAK}345,60{NO_BREAK}zł"),
        ("en", f"PLN{NO_BREAK}12,345.60"),
        ("fr", f"12{NARROW}345,60{NO_BREAK}PLN"),
    ],
)
def test_an_amount_never_breaks_at_the_end_of_a_line(language: str, told: str) -> None:
    assert texts(language).money(1234560, "PLN") == told


def test_a_currency_without_minor_units_has_no_decimals() -> None:
    assert texts("pl").amount(1500, "HUF") == "15,00"
    assert texts("pl").amount(1500, "JPY") == f"1{NO_BREAK}500"


def test_negative_money_keeps_its_sign() -> None:
    assert in_lines(texts("pl").money(-250, "PLN")) == "-2,50 zł"
    assert in_lines(texts("en").money(-250, "PLN")) == "-PLN 2.50"
    assert texts("en").money(-250, "GBP") == "-£2.50"


def test_a_price_shows_more_decimals_only_where_it_has_them() -> None:
    words = texts("pl")
    assert [words.price(Decimal(price)) for price in ("2", "2.5", "2.345", "0.0199")] == [
        "2,00", "2,50", "2,345", "0,0199",
    ]  # fmt: skip


def test_a_quantity_shows_the_decimals_of_its_unit() -> None:
    words = texts("fr")
    assert [words.quantity(Decimal("2"), places) for places in (0, 2, 3)] == ["2", "2,00", "2,000"]
    assert words.quantity(Decimal("0.354"), 3) == "0,354"


@pytest.mark.parametrize(("language", "told"), [("pl", "09.11.2026"), ("en", "09/11/2026"), ("fr", "09/11/2026")])
def test_a_day_is_written_as_its_readers_write_it(language: str, told: str) -> None:
    assert texts(language).day(datetime.date(2026, 11, 9)) == told


def test_a_moment_is_told_by_the_clock_of_the_shop() -> None:
    evening = datetime.datetime(2026, 11, 9, 22, 30, tzinfo=datetime.UTC)
    assert in_lines(texts("pl").moment(evening)) == "9.11.2026, 23:30"
    assert "22:30" in texts("en").moment(evening, "Europe/London")


def test_an_unknown_language_speaks_english() -> None:
    assert texts("de").language == "en"
    assert texts("de").problem(Problem("document.empty")) == texts("en").problem(Problem("document.empty"))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("pl", "Do zapłaty brakuje jeszcze 12,50 zł."),
        ("en", "PLN 12.50 is still to be paid."),
        ("fr", "Il reste 12,50 PLN à payer."),
    ],
)
def test_amounts_in_a_refusal_are_money(language: str, told: str) -> None:
    """Screens say what, where, what to do (DOC-05)."""
    problem = Problem("payment.too_low", "payment", {"missing_minor": "1250", "currency": "PLN"})
    assert in_lines(texts(language).problem(problem)) == told


@pytest.mark.parametrize(
    ("language", "line"), [("pl", "Pozycja 3"), ("en", "Line 3"), ("fr", "Ligne 3\N{NO-BREAK SPACE}")]
)
def test_a_refusal_names_the_line_that_it_is_about(language: str, line: str) -> None:
    told = texts(language).problem(Problem("line.quantity_zero", "line:3"))
    assert told.startswith(f"{line}: ")
    assert len(told) > len(line) + 20


def test_another_place_is_not_told_twice() -> None:
    told = texts("en").problem(Problem("price.below_zero", "field:price"))
    assert told == "The price is below zero. Enter zero or more."


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("pl", "Nie masz uprawnienia: zmiana cen. Poproś osobę, która je ma."),
        ("en", "You may not do this: it needs the right to change prices. Ask someone who has it."),
        ("fr", "Il vous manque le droit suivant : modifier les prix. Demandez à une personne qui l’a."),
    ],
)
def test_a_fact_that_is_a_code_is_told_in_words(language: str, told: str) -> None:
    assert in_lines(texts(language).problem(Problem("right.missing", "", {"right": "price.change"}))) == told


def test_what_a_fiscal_device_means_is_told_in_words() -> None:
    facts = {"number": "383", "meaning": "the daily report has to be made first", "command": "trinit", "field": ""}
    told = texts("pl").problem(Problem("fiscal.report_due", "", facts))
    assert told == (
        "Drukarka fiskalna wstrzymuje sprzedaż: najpierw trzeba wykonać raport dobowy (383). "
        "Wykonaj raport dobowy i zafiskalizuj ponownie."
    )


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert texts("pl").problem(Problem("moon.too_far", "field:rocket")) == "moon.too_far field:rocket"


def test_a_code_without_its_facts_is_told_in_a_few_words() -> None:
    """History keeps the code of a device's failure, not its facts."""
    assert texts("pl").problem(Problem("fiscal.unreachable")) == "Drukarka fiskalna nie odpowiada"
    assert texts("fr").brief("number.gap") == "Trou dans la numérotation"


def test_a_missing_fact_leaves_a_mark_and_no_error() -> None:
    assert texts("en").problem(Problem("unit.unknown", "unit", {"unit": "kg"})) == (
        "? is not sold by the unit kg. Choose another unit."
    )


def test_braces_in_a_fact_are_only_text() -> None:
    told = texts("en").problem(Problem("article.code_unknown", "article", {"code_text": "{0}{x}"}))
    assert "{0}{x}" in told


def test_quantities_and_times_in_a_refusal_are_written_by_locale() -> None:
    words = texts("pl")
    facts = {"name": "Masło", "there": "2.5000", "wanted": "3.0000", "warehouse": "MAG"}
    assert "Jest 2,5, potrzeba 3." in words.problem(Problem("stock.too_low", "", facts))
    facts = {"last": "2026-11-09T12:00:00.000000Z", "now": "2026-11-09T11:00:00.000000Z"}
    assert "wskazuje 9.11.2026, 12:00, a ostatni dokument jest z 9.11.2026, 13:00" in in_lines(
        words.problem(Problem("clock.behind", "clock", facts))
    )


def test_a_fact_that_cannot_be_read_is_told_as_it_came() -> None:
    told = texts("en").problem(Problem("payment.too_low", "", {"missing_minor": "much"}))
    assert told == "much is still to be paid."


def test_french_is_set_as_it_is_printed() -> None:
    told = texts("fr").problem(Problem("article.code_unknown", "article", {"code_text": "590"}))
    assert told == "Aucun article n’a le code 590. Relisez-le ou cherchez par nom."
    told = texts("fr").problem(Problem("text.too_long", "field:description", {"limit": "500"}))
    assert told == f"Le texte est trop long{NO_BREAK}: 500 caractères au plus. Raccourcissez-le."
    told = texts("fr").problem(Problem("definition.bad_date", "", {"value": "d'hier"}))
    assert told.startswith(f"«{NO_BREAK}d'hier{NO_BREAK}» n’est pas une date.")
