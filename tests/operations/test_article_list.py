"""The article list: search, groups, prices, stock; contractors (DOC-20, DOC-21, DOC-27)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontuar.domain.catalogue.records import Article, ArticleGroup, Price
from kontuar.domain.parties.records import Contractor
from kontuar.operations.station import article_list, shifts
from kontuar.operations.station.station import Station
from refusals import refused
from shop import BAG, MILK, NUTS, REPAIR, TILE, WATER, actor_of, change, know_stock, new_station, sell

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return new_station(tmp_path)


def codes(station: Station, phrase: str = "", **more: str) -> list[str]:
    return [row.article.code for row in article_list.articles(station, EWA, phrase, **more).rows]


def test_the_whole_list_is_alphabetical(station: Station) -> None:
    """DOC-20: Enter on an empty field."""
    assert codes(station) == [MILK, NUTS, TILE, BAG, REPAIR, WATER]


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("mleko", [MILK]), ("MLE 2", [MILK]), ("2% ml", [MILK]), ("plytka", [TILE]), ("Płyt", [TILE]),
        ("usluga skr", [REPAIR]), ("NUTS", [NUTS]), ("2000000000015", [MILK]), ("20000000000", [MILK, NUTS, TILE]),
        ("leko", []), ("woda mleko", []), ("   ", [MILK, NUTS, TILE, BAG, REPAIR, WATER]),
    ],
)  # fmt: skip
def test_every_word_begins_a_word_of_name_code_or_ean(station: Station, phrase: str, found: list[str]) -> None:
    """DOC-20, DOC-21."""
    assert codes(station, phrase) == found


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=12))
def test_whatever_is_typed_is_an_answer(station: Station, phrase: str) -> None:
    """SEC-04: quotes, operators and zero bytes are no commands."""
    article_list.articles(station, EWA, phrase)
    article_list.contractors(station, EWA, phrase)


@pytest.mark.parametrize("phrase", ['"', '" OR "', "mleko OR woda", "NEAR(a b)", "words:mleko", "mleko*", "\x00", "-"])
def test_no_phrase_is_a_command(station: Station, phrase: str) -> None:
    """SEC-04."""
    assert WATER not in codes(station, phrase) or phrase in ('"', "\x00", '" OR "', "-")


def test_a_group_narrows_the_list(station: Station) -> None:
    """DOC-21."""
    assert codes(station, group="DIY") == [TILE, BAG, REPAIR]
    assert codes(station, "plytka", group="FOOD") == []


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 50])
def test_pages_are_complete_and_without_doubles(station: Station, limit: int) -> None:
    """DOC-10: also among equal names."""
    for number in range(5):
        change(station.books, Article(code=f"T{number}", name="Zwrot", vat="23", unit="szt", group="DIY"))
    seen: list[str] = []
    after: tuple[str, str] | None = article_list.FIRST
    while after is not None:
        page = article_list.articles(station, EWA, after=after, limit=limit)
        seen += [row.article.code for row in page.rows]
        after = page.next
    assert seen == [MILK, NUTS, TILE, BAG, REPAIR, WATER, "T0", "T1", "T2", "T3", "T4"]


def test_inactive_articles_are_left_out(station: Station) -> None:
    """DOC-21."""
    water = station.books.definitions.get(Article, WATER)
    change(station.books, msgspec.structs.replace(water, active=False))
    assert WATER not in codes(station)
    change(station.books, water)
    assert WATER in codes(station)


def test_a_changed_name_is_found_by_its_new_words_only(station: Station) -> None:
    """REL-10."""
    water = station.books.definitions.get(Article, WATER)
    change(station.books, msgspec.structs.replace(water, name="Napój bąbelkowy"))
    assert codes(station, "napoj") == [WATER]
    assert codes(station, "gazowana") == []


def test_a_row_shows_price_and_the_stock_of_the_stores_warehouses(station: Station) -> None:
    """DOC-21."""
    assert article_list.article(station, EWA, MILK).stock == ()
    know_stock(station, MILK="12")
    row = article_list.article(station, EWA, MILK)
    assert (row.price, row.stock) == (Decimal("3.9900"), (("S1M", Decimal(12)), ("S1Z", Decimal(0))))
    assert article_list.article(station, EWA, REPAIR).stock == ()
    shifts.open_shift(station, EWA, "0")
    sell(station, MILK)
    assert article_list.article(station, EWA, MILK).stock[0] == ("S1M", Decimal(11))


def test_the_contractors_price_list_decides_the_prices_shown(station: Station) -> None:
    """DOC-27."""
    shown = {row.article.code: row.price for row in article_list.articles(station, EWA, price_list="CLUB").rows}
    assert (shown[MILK], shown[WATER]) == (Decimal("3.4900"), Decimal("2.4900"))


def test_an_article_without_a_price_is_shown_without_one(station: Station) -> None:
    """DOC-21."""
    change(station.books, Article(code="GIFT", name="Prezent", vat="23", unit="szt", group="DIY"))
    assert article_list.article(station, EWA, "GIFT").price is None
    change(station.books, Price(price_list="RETAIL", article="GIFT", unit="szt", valid_from="2027-01-01", price=1))
    assert article_list.article(station, EWA, "GIFT").price is None
    with refused("article.not_found"):
        article_list.article(station, EWA, "NOTHING")


def test_the_tree_of_groups_lists_parents_before_children_and_survives_a_circle(station: Station) -> None:
    """DOC-21."""
    change(
        station.books, ArticleGroup(code="DAIRY", name="Nabiał", parent="FOOD"),
        ArticleGroup(code="A", name="A", parent="B"), ArticleGroup(code="B", name="B", parent="A"),
    )  # fmt: skip
    order = [group.code for group in article_list.groups(station, EWA)]
    assert order.index("FOOD") < order.index("DAIRY")
    assert set(order) == {"FOOD", "DIY", "DAIRY", "A", "B"}


@pytest.mark.parametrize(
    ("phrase", "found"),
    [("nowak", ["ANNA"]), ("5260250995", ["ALFA"]), ("9900001", ["ANNA"]), ("alfa sp", ["ALFA"]), ("zzz", [])],
)
def test_contractors_are_found_by_name_tax_number_and_card(station: Station, phrase: str, found: list[str]) -> None:
    """DOC-27."""
    assert [row.code for row in article_list.contractors(station, EWA, phrase).rows] == found


def test_contractors_come_in_pages(station: Station) -> None:
    first = article_list.contractors(station, EWA, limit=2)
    rest = article_list.contractors(station, EWA, after=first.next, limit=2)
    assert [row.code for row in (*first.rows, *rest.rows)] == ["ALFA", "ANNA", "UNDEFINED"]
    assert rest.next is None
    anna = station.books.definitions.get(Contractor, "ANNA")
    change(station.books, msgspec.structs.replace(anna, active=False))
    assert "ANNA" not in [row.code for row in article_list.contractors(station, EWA).rows]
