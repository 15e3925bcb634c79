"""Batches and properties on lines and in the article list, quick sale, copying (DOC-21, DOC-29, DOC-31, QUICK-01 …)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from assortment import CANDLE, COLA, COLA_HALF_EAN, LAMP, varied_shop
from kontuar.domain.catalogue.records import Article, Price, QuickFavourite, QuickGroup
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.station import approval, article_list, clipboard, payments, quick_sale, sale_view, till
from kontuar.operations.station.station import Station
from shop import (
    MILK,
    NUTS,
    NUTS_EAN,
    WATER,
    actor_of,
    cashier,
    change,
    everything,
    fill,
    messages,
    open_till,
    sell,
    with_parameter,
)

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    station = open_till(tmp_path)
    change(station.books, *varied_shop())  # type: ignore[arg-type]
    return station


def kinds(document: Document) -> list[tuple[str, str, str]]:
    return [(line.article, line.batch, str(line.quantity)) for line in document.lines]


# -- batches ---------------------------------------------------------------------------------------------------


def test_a_batch_ean_adds_that_batch_at_the_articles_price(station: Station) -> None:
    """DOC-29."""
    line = fill(station, COLA_HALF_EAN).lines[0]
    assert (line.article, line.batch, line.properties, line.ean) == (COLA, "500", {"SIZE": "500 ml"}, COLA_HALF_EAN)
    assert (line.price, line.unit, line.name) == (Decimal("5.00"), "szt", "Cola")


def test_three_white_lamps_become_beige(station: Station) -> None:
    """DOC-29: the example of the reference; quantity, price and value stay."""
    draft = till.begin(station, EWA, "receipt")
    till.add_article(station, EWA, draft.doc_id, LAMP, "3", "biały")
    changed = till.choose_batch(station, EWA, draft.doc_id, 1, "beżowy").lines[0]
    assert (changed.batch, changed.properties) == ("beżowy", {"COLOUR": "beżowy"})
    assert (changed.quantity, changed.value) == (Decimal(3), 24000)
    cleared = till.choose_batch(station, EWA, draft.doc_id, 1, "").lines[0]
    assert (cleared.batch, cleared.properties) == ("", {})


def test_a_batch_that_is_not_the_articles_is_refused_and_nothing_is_written(station: Station) -> None:
    draft = fill(station, LAMP)
    before = everything(station)
    for work in (
        lambda: till.choose_batch(station, EWA, draft.doc_id, 1, "500"),
        lambda: till.add_article(station, EWA, draft.doc_id, LAMP, "1", "różowy"),
    ):
        with pytest.raises(Refused, match=r"batch\.not_found"):
            work()
    assert everything(station) == before


def test_equal_lines_are_merged_by_batch(station: Station) -> None:
    """DOC-29: another kind of the article is another line."""
    with_parameter(station.books, "sale.merge_same_article", "yes")  # type: ignore[arg-type]
    draft = fill(station, COLA_HALF_EAN, "2100000000017", COLA_HALF_EAN, COLA)
    assert kinds(draft) == [(COLA, "500", "2"), (COLA, "1L", "1"), (COLA, "", "1")]


def test_the_batch_travels_with_the_approved_document(station: Station) -> None:
    """DOC-29: messages carry it."""
    sold = sell(station, COLA_HALF_EAN)
    body = msgspec.json.decode(messages(station)[-1].body)
    assert (body["doc_id"], body["lines"][0]["batch"]) == (sold.doc_id, "500")
    assert body["lines"][0]["properties"] == {"SIZE": "500 ml"}


def test_an_article_with_four_batches_takes_five_rows(station: Station) -> None:
    """DOC-21."""
    found = article_list.articles(station, EWA, "cola", by_batch=True)
    assert [row.batch.name if row.batch else "" for row in found.rows] == [
        "", "Cola 1 l", "Cola 500 ml", "Cola 300 ml", "Cola 250 ml",
    ]  # fmt: skip
    once = article_list.articles(station, EWA, "cola").rows
    assert [(row.article.code, row.batches) for row in once] == [(COLA, 4)]


def test_figures_that_begin_no_code_find_the_codes_that_contain_them(station: Station) -> None:
    """QUICK-04."""
    assert [row.article.code for row in article_list.articles(station, EWA, "0003").rows] == [NUTS]
    assert article_list.articles(station, EWA, NUTS_EAN[:8]).rows[0].article.code == MILK
    assert article_list.articles(station, EWA, "zzz").rows == ()


def test_linked_articles_and_pictures_stand_beside_the_line(station: Station) -> None:
    """DOC-25: those that are sold; the picture of the batch, else the article's."""
    marked = sale_view.view(station, EWA, fill(station, LAMP, COLA_HALF_EAN).doc_id, 1).marked
    assert marked is not None
    assert [article.code for article in marked.linked] == [CANDLE]
    assert (marked.pictures, marked.has_batches, marked.description) == (("dot",), True, "Na baterie")


# -- quick sale --------------------------------------------------------------------------------------------------


def test_favourites_come_first_then_the_groups_in_head_offices_order(station: Station) -> None:
    """QUICK-01, QUICK-05: groups of other stores are not shown."""
    panel = quick_sale.panel(station, EWA)
    assert [tile.code for tile in panel.groups] == ["*", "HOME", "DRINK", "TEA"]
    assert (panel.chosen, [row.article.code for row in panel.articles]) == ("*", [MILK, WATER])
    assert panel.groups[3].picture == "dot"


def test_articles_come_in_pages_and_one_with_batches_appears_once(station: Station) -> None:
    """QUICK-01, QUICK-02."""
    pages = [quick_sale.panel(station, EWA, "TEA", page) for page in (0, 1, 2)]
    assert [(len(page.articles), page.more_articles) for page in pages] == [(12, True), (12, True), (6, False)]
    assert pages[1].articles[0].article.code == "TEA13"
    drinks = quick_sale.panel(station, EWA, "DRINK").articles
    assert [(row.article.code, row.batches, row.price) for row in drinks] == [(COLA, 4, Decimal("5.00"))]


def test_groups_come_in_pages_too(station: Station) -> None:
    """QUICK-01."""
    change(station.books, QuickGroup(group="FOOD", position=5), QuickGroup(group="DIY", position=6))  # type: ignore[arg-type]
    first, second = quick_sale.panel(station, EWA), quick_sale.panel(station, EWA, group_page=1)
    assert ([tile.code for tile in first.groups], first.more_groups) == (["*", "HOME", "DRINK", "TEA", "FOOD"], True)
    assert ([tile.code for tile in second.groups], second.more_groups) == (["DIY"], False)


def test_without_favourites_their_tile_is_not_there_and_without_groups_all_are(tmp_path: Path) -> None:
    """QUICK-01: a panel is never empty while there is something to sell."""
    station = open_till(tmp_path)
    assert [tile.code for tile in quick_sale.groups(station, EWA)] == ["DIY", "FOOD"]
    change(station.books, QuickFavourite(article=MILK, position=1, stores=("S9",)))  # type: ignore[arg-type]
    assert [tile.code for tile in quick_sale.groups(station, EWA)] == ["DIY", "FOOD"]


def test_so_many_per_cent_off_is_a_discount_of_the_operator(station: Station) -> None:
    """QUICK-04: 3.99 less 10 per cent is 3.59."""
    draft = fill(station, MILK)
    line = till.change_by_percent(station, EWA, draft.doc_id, 1, "10").lines[0]
    assert (line.price, line.value, line.typed) == (Decimal("3.59"), 359, "")
    assert [(row.kind, row.rate, row.amount, row.by) for row in line.adjustments] == [("percent", 10, -40, "EWA")]
    with pytest.raises(Refused, match=r"right\.missing"):
        till.change_by_percent(station, cashier(), draft.doc_id, 1, "10")


# -- copying -----------------------------------------------------------------------------------------------------


def test_lines_are_copied_with_article_kind_quantity_and_initial_price_but_without_discounts(station: Station) -> None:
    """DOC-31."""
    source = fill(station, MILK, COLA_HALF_EAN, NUTS)
    till.change_price(station, EWA, source.doc_id, 1, "1.00")
    till.change_quantity(station, EWA, source.doc_id, 3, "0.250")
    taken = clipboard.copy(station, EWA, source.doc_id)
    assert [line.initial_price for line in taken.lines] == [Decimal("3.99"), Decimal("5.00"), Decimal("59.90")]
    pasted = clipboard.paste(station, EWA, till.begin(station, EWA, "receipt").doc_id)
    assert kinds(pasted) == [(MILK, "", "1"), (COLA, "500", "1"), (NUTS, "", "0.250")]
    assert (pasted.lines[0].price, pasted.lines[0].adjustments) == (Decimal("3.99"), ())
    assert pasted.totals.gross == 399 + 500 + 1498


def test_chosen_lines_are_copied_also_from_an_approved_document_and_pasted_after_others(station: Station) -> None:
    """DOC-31."""
    sold = sell(station, MILK, WATER, MILK)
    clipboard.copy(station, EWA, sold.doc_id, (2,))
    target = fill(station, MILK)
    assert kinds(clipboard.paste(station, EWA, target.doc_id)) == [(MILK, "", "1"), (WATER, "", "1")]


def test_another_price_than_todays_needs_the_right_to_change_prices(station: Station) -> None:
    """DOC-31: with the right the copied price holds, without it nothing is pasted."""
    ola = cashier()
    clipboard.copy(station, EWA, fill(station, MILK).doc_id)
    clipboard.copy(station, ola, fill(station, MILK, actor=ola).doc_id)
    change(station.books, Price(price_list="RETAIL", article=MILK, unit="szt", valid_from="2026-01-01",  # type: ignore[arg-type]
                                price=Decimal("4.99")))  # fmt: skip
    target = till.begin(station, ola, "receipt")
    before = everything(station)
    with pytest.raises(Refused) as refusal:
        clipboard.paste(station, ola, target.doc_id)
    assert refusal.value.problems[0].facts == {"right": rights.CHANGE_PRICE}
    assert everything(station) == before
    line = clipboard.paste(station, EWA, target.doc_id).lines[0]
    assert (line.price, line.initial_price, line.base_price) == (Decimal("3.99"), Decimal("3.99"), Decimal("4.99"))
    assert (line.typed, line.initial_by, line.adjustments) == ("initial", "EWA", ())


def test_what_cannot_be_pasted_is_told_at_once_and_nothing_is_pasted(station: Station) -> None:
    """DOC-05, DOC-31."""
    clipboard.copy(station, EWA, fill(station, MILK, WATER, NUTS).doc_id)
    rows = [station.books.definitions.get(Article, code) for code in (MILK, NUTS)]
    change(station.books, *(msgspec.structs.replace(row, active=False) for row in rows))  # type: ignore[arg-type, type-var]
    target = till.begin(station, EWA, "receipt")
    before = everything(station)
    with pytest.raises(Refused) as refusal:
        clipboard.paste(station, EWA, target.doc_id)
    assert [problem.place for problem in refusal.value.problems] == ["article:Mleko 2% 1 l", "article:Pistacje luzem"]
    assert everything(station) == before


def test_nothing_to_copy_or_to_paste_says_so(station: Station) -> None:
    """DOC-31; each operator has a clipboard of his own."""
    empty = till.begin(station, EWA, "receipt")
    with pytest.raises(Refused, match=r"copy\.nothing"):
        clipboard.copy(station, EWA, empty.doc_id)
    with pytest.raises(Refused, match=r"copy\.empty"):
        clipboard.paste(station, EWA, empty.doc_id)
    clipboard.copy(station, cashier(), fill(station, MILK, actor=cashier()).doc_id)
    with pytest.raises(Refused, match=r"copy\.empty"):
        clipboard.paste(station, EWA, empty.doc_id)


def test_a_document_that_is_being_paid_takes_no_pasted_lines(station: Station) -> None:
    """PAY-02."""
    draft = fill(station, MILK)
    clipboard.copy(station, EWA, draft.doc_id)
    payments.assign(station, EWA, draft.doc_id, "cash", "1")
    with pytest.raises(Refused, match=r"payment\.clear_first"):
        clipboard.paste(station, EWA, draft.doc_id)
    payments.clear(station, EWA, draft.doc_id)
    payments.assign(station, EWA, draft.doc_id, "cash")
    assert approval.approve(station, EWA, draft.doc_id).number
