"""The cashier's work on a draft (DOC-20, DOC-22, DOC-23, DOC-27, DOC-34)."""

import datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from kontuar.domain.catalogue.records import Article, ArticleCode, Price
from kontuar.domain.documents.messages import DraftDiscarded, LineVoided, read_body
from kontuar.domain.parties import rights
from kontuar.operations.actor import Grant
from kontuar.operations.station import approval, payments, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    CARTON_EAN,
    MILK,
    MILK_EAN,
    NUTS_EAN,
    REPAIR,
    TILE,
    WATER,
    actor_of,
    cashier,
    change,
    everything,
    fill,
    messages,
    new_station,
    open_till,
    with_parameter,
)  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


EWA = actor_of()


def granted(right: str, doc_id: str = ""):
    """Ola with one action allowed by Ewa."""
    return msgspec.structs.replace(
        cashier(), grant=Grant(grant_id="g1", right=right, operator="EWA", doc_id=doc_id)
    )  # fmt: skip


def test_a_new_draft_has_an_identity_and_no_number(station: Station) -> None:
    """DOC-01, REL-20."""
    draft = till.begin(station, cashier(), "receipt")
    assert (draft.number, draft.state, draft.created_by, draft.buyer.code) == ("", "unapproved", "OLA", "UNDEFINED")
    assert till.look_at(station, cashier(), draft.doc_id) == draft
    assert till.resume(station, cashier(), "receipt") == draft


def test_a_scan_adds_a_line_at_the_price_of_the_scanned_unit(station: Station) -> None:
    """DOC-20."""
    draft = fill(station, MILK_EAN, CARTON_EAN, WATER)
    assert [(row.article, row.unit, row.quantity, row.base_quantity, row.value, row.ean) for row in draft.lines] == [
        (MILK, "szt", 1, 1, 399, MILK_EAN), (MILK, "kart", 1, 10, 3790, CARTON_EAN), (WATER, "szt", 1, 1, 249, ""),
    ]  # fmt: skip
    assert draft.lines[0].price_row == "RETAIL|MILK|szt|2026-01-01"
    assert draft.totals.gross == 4438


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("", "article.code_empty"), ("  ", "article.code_empty"), ("2000000000060", "article.code_unknown"),
     ("MILK|", "article.code_unknown"), ("x" * 5000, "article.code_unknown")],
)  # fmt: skip
def test_a_scan_that_names_nothing_changes_nothing(station: Station, code: str, refusal: str) -> None:
    """DOC-20."""
    draft = fill(station, MILK)
    before = everything(station)
    with refused(refusal):
        till.scan(station, EWA, draft.doc_id, code)
    assert everything(station) == before


def test_a_code_of_two_articles_is_not_guessed(station: Station) -> None:
    """DOC-20: then the article list opens."""
    twin = Article(code="MILK3", name="Mleko 3%", vat="5", unit="szt", group="FOOD",
                   eans=(ArticleCode(ean=MILK_EAN, unit="szt"),))  # fmt: skip
    change(station.books, twin)
    with refused("article.code_ambiguous"):
        fill(station, MILK_EAN)


def test_an_inactive_article_is_not_sold(station: Station) -> None:
    milk = station.books.definitions.get(Article, MILK)
    change(station.books, msgspec.structs.replace(milk, active=False))
    with refused("article.inactive"):
        fill(station, MILK_EAN)


def test_an_article_without_a_price_is_not_sold(station: Station) -> None:
    change(station.books, Article(code="GIFT", name="Prezent", vat="23", unit="szt", group="DIY"))
    with refused("price.missing"):
        fill(station, "GIFT")


def test_an_article_whose_vat_rate_has_not_begun_is_not_sold(station: Station) -> None:
    change(station.books, Article(code="NEW", name="Nowość", vat="3", unit="szt", group="DIY"))
    with refused("vat.unknown"):
        fill(station, "NEW")


@pytest.mark.parametrize(
    ("quantity", "refusal"),
    [("1,5", "quantity.too_precise"), ("0", "line.quantity_zero"), ("-1", "line.quantity_zero"),
     ("abc", "quantity.unreadable"), ("2000000000015", "quantity.too_large")],
)  # fmt: skip
def test_a_quantity_that_the_unit_cannot_have_is_refused(station: Station, quantity: str, refusal: str) -> None:
    """DOC-23: an EAN scanned into the quantity is no quantity."""
    draft = till.begin(station, EWA, "receipt")
    before = everything(station)
    with refused(refusal):
        till.scan(station, EWA, draft.doc_id, MILK, quantity)
    assert everything(station) == before


def test_a_weighed_quantity_has_the_precision_of_its_unit(station: Station) -> None:
    """DOC-23."""
    draft = till.begin(station, EWA, "receipt")
    draft = till.scan(station, EWA, draft.doc_id, NUTS_EAN, "0,345")
    assert (draft.lines[0].quantity, draft.lines[0].value) == (Decimal("0.345"), 2067)
    with refused("quantity.too_precise"):
        till.scan(station, EWA, draft.doc_id, NUTS_EAN, Decimal("0.3455"))


def test_eleven_square_metres_of_tiles_are_sold_as_thirty_pieces(station: Station) -> None:
    """DOC-23."""
    draft = fill(station, TILE)
    draft = till.change_quantity(station, EWA, draft.doc_id, 1, "11,0", "m2")
    line = draft.lines[0]
    assert (line.unit, str(line.quantity), line.base_quantity) == ("m2", "11.1", 30)
    assert (line.price, line.value) == (Decimal("20.0000"), 22200)


def test_another_unit_has_its_own_price(station: Station) -> None:
    """DOC-23."""
    draft = fill(station, MILK)
    draft = till.change_quantity(station, EWA, draft.doc_id, 1, "2", "kart")
    assert (draft.lines[0].price_row, draft.lines[0].value) == ("RETAIL|MILK|kart|2026-01-01", 7580)
    with refused("unit.unknown"):
        till.change_quantity(station, EWA, draft.doc_id, 1, "2", "kg")


def test_less_goods_need_the_right_to_take_goods_off_whatever_the_unit(station: Station) -> None:
    """DOC-22: ten pieces as one carton, then one piece, is nine pieces taken off."""
    seller = actor_of(rights.SELL, operator="OLA")
    draft = fill(station, CARTON_EAN, actor=seller)
    for quantity, unit in (("9", "szt"), ("0,5", "kart")):
        with refused("right.missing"):
            till.change_quantity(station, seller, draft.doc_id, 1, quantity, unit)
    draft = till.change_quantity(station, seller, draft.doc_id, 1, "11", "szt")
    assert draft.lines[0].base_quantity == 11


def test_a_typed_price_is_kept_with_who_typed_it(station: Station) -> None:
    """DOC-22."""
    draft = fill(station, MILK, WATER)
    draft = till.change_price(station, EWA, draft.doc_id, 1, "3,00")
    line = draft.lines[0]
    assert (line.price, line.value, line.initial_price, line.typed) == (3, 300, Decimal("3.9900"), "price")
    assert [(row.base, row.amount, row.by, row.allowed_by) for row in line.adjustments] == [(399, -99, "EWA", "")]
    assert draft.totals.discount == 99
    draft = till.change_quantity(station, EWA, draft.doc_id, 1, "2")
    assert [(row.base, row.amount, row.by) for row in draft.lines[0].adjustments] == [(798, -198, "EWA")]


def test_a_typed_value_is_exact_and_gives_way_to_another_quantity(station: Station) -> None:
    """DOC-22."""
    draft = fill(station, MILK)
    till.change_quantity(station, EWA, draft.doc_id, 1, "3")
    draft = till.change_value(station, EWA, draft.doc_id, 1, "10,00")
    assert (draft.lines[0].value, draft.lines[0].price, draft.totals.gross) == (1000, Decimal("3.3333"), 1000)
    draft = till.change_quantity(station, EWA, draft.doc_id, 1, "4")
    assert (draft.lines[0].value, draft.lines[0].typed, draft.lines[0].adjustments) == (1596, "", ())


@pytest.mark.parametrize(
    ("price", "refusal"),
    [("-0,01", "price.below_zero"), ("1,23456", "price.too_precise"), ("100000000", "price.too_large"),
     ("free", "amount.unreadable")],
)  # fmt: skip
def test_a_price_below_zero_or_beyond_reason_is_refused(station: Station, price: str, refusal: str) -> None:
    draft = fill(station, MILK)
    with refused(refusal):
        till.change_price(station, EWA, draft.doc_id, 1, price)
    with refused("price.below_zero"):
        till.change_value(station, EWA, draft.doc_id, 1, "-1")
    assert till.look_at(station, EWA, draft.doc_id) == draft


def test_figures_that_no_ledger_can_hold_are_refused_at_the_line_that_brings_them(station: Station) -> None:
    """REL-01: a draft that could never be approved is not let grow."""
    draft = fill(station, MILK)
    till.change_price(station, EWA, draft.doc_id, 1, "99999999")
    with refused("amount.too_large") as problems:
        till.change_quantity(station, EWA, draft.doc_id, 1, "999999999")
    assert problems[0].place == "line:1"
    draft = fill(station, CARTON_EAN)
    with refused("quantity.too_large"):
        till.change_quantity(station, EWA, draft.doc_id, 1, "999999999")


def test_a_price_needs_the_right_or_somebody_who_has_it(station: Station) -> None:
    """DOC-22: the document keeps who allowed what, where."""
    draft = fill(station, MILK, actor=cashier())
    with refused("right.missing") as problems:
        till.change_price(station, cashier(), draft.doc_id, 1, "1,00")
    assert problems[0].facts == {"right": "discount.line"}
    draft = till.change_price(station, granted(rights.LINE_DISCOUNT, draft.doc_id), draft.doc_id, 1, "1,00")
    (allowed,) = draft.authorisations
    assert (allowed.right, allowed.operator, allowed.place) == ("discount.line", "EWA", "line:1")
    assert (draft.lines[0].adjustments[0].by, draft.lines[0].adjustments[0].allowed_by) == ("OLA", "EWA")


def test_an_authorisation_for_one_document_is_worth_nothing_on_another(station: Station) -> None:
    """SEC-01."""
    draft = fill(station, MILK, actor=cashier())
    with refused("right.missing"):
        till.change_price(station, granted(rights.LINE_DISCOUNT, "another"), draft.doc_id, 1, "1,00")


def test_a_removed_line_is_told_to_head_office(station: Station) -> None:
    draft = fill(station, MILK, WATER, MILK)
    draft = till.remove_line(station, EWA, draft.doc_id, 2)
    assert [row.number for row in draft.lines] == [1, 3]
    told = messages(station)[-1]
    assert (told.kind, told.by) == ("line.voided/1", "EWA")
    assert read_body(told) == LineVoided(doc_id=draft.doc_id, article=WATER, quantity=Decimal(1), value=249)
    assert till.scan(station, EWA, draft.doc_id, WATER).lines[-1].number == 4
    with refused("line.unknown"):
        till.remove_line(station, EWA, draft.doc_id, 2)


def test_without_the_right_no_line_is_removed_and_nothing_is_told(station: Station) -> None:
    draft = fill(station, MILK)
    before = everything(station)
    with refused("right.missing"):
        till.remove_line(station, actor_of(rights.SELL), draft.doc_id, 1)
    assert everything(station) == before


def test_the_contractor_brings_his_prices_and_typed_ones_stay(station: Station) -> None:
    """DOC-27."""
    draft = fill(station, MILK, MILK, WATER)
    till.change_price(station, EWA, draft.doc_id, 2, "2,00")
    draft = till.set_buyer(station, EWA, draft.doc_id, "ANNA")
    assert [row.value for row in draft.lines] == [349, 200, 249]
    assert (draft.buyer.name, draft.buyer.loyalty_card, draft.price_list) == ("Anna Nowak", "9900001", "CLUB")
    draft = till.set_buyer(station, EWA, draft.doc_id, "UNDEFINED")
    assert [row.value for row in draft.lines] == [399, 200, 249]
    with refused("contractor.not_found"):
        till.set_buyer(station, EWA, draft.doc_id, "NOBODY")


def test_a_price_holds_from_its_day_by_the_business_day(tmp_path: Path) -> None:
    """The open shift has the day: what begins at midnight does not change a shift that goes on."""
    station = open_till(tmp_path)
    station.clock.turn(10 * 24 * 3600)
    assert station.today() == datetime.date(2026, 12, 1)
    assert fill(station, WATER).lines[0].value == 249
    later = new_station(tmp_path, "S1T2", "POS2", clock=station.clock)
    assert fill(later, WATER).lines[0].value == 299


def test_equal_articles_share_a_line_only_where_the_parameter_says_so(station: Station) -> None:
    assert len(fill(station, MILK, MILK).lines) == 2
    with_parameter(station.books, "sale.merge_same_article", "yes")
    draft = fill(station, MILK, MILK, CARTON_EAN)
    assert [(row.unit, row.quantity, row.value) for row in draft.lines] == [("szt", 2, 798), ("kart", 1, 3790)]
    till.change_price(station, EWA, draft.doc_id, 1, "1,00")
    assert len(till.scan(station, EWA, draft.doc_id, MILK).lines) == 3


def test_a_draft_survives_the_process(tmp_path: Path) -> None:
    """DOC-34, REL-20."""
    station = open_till(tmp_path)
    draft = fill(station, MILK, WATER)
    station.books.database.close()
    again = new_station(tmp_path)
    assert till.resume(again, EWA, "receipt") == draft


def test_a_draft_with_lines_is_not_thrown_away_unseen(station: Station) -> None:
    draft = fill(station, MILK, WATER)
    till.discard(station, EWA, draft.doc_id)
    told = messages(station)[-1]
    assert told.kind == "draft.discarded/1"
    assert read_body(told) == DraftDiscarded(doc_id=draft.doc_id, document_type="receipt", lines=2, gross=648)
    with refused("draft.not_found"):
        till.look_at(station, EWA, draft.doc_id)


def test_an_empty_draft_goes_without_a_word_and_without_a_right(station: Station) -> None:
    seller = actor_of(rights.SELL)
    draft = till.begin(station, seller, "receipt")
    count = len(messages(station))
    till.discard(station, seller, draft.doc_id)
    assert len(messages(station)) == count
    full = fill(station, MILK, actor=seller)
    with refused("right.missing"):
        till.discard(station, seller, full.doc_id)


def test_nobody_touches_a_kind_of_document_that_he_may_not_issue(station: Station) -> None:
    """SEC-01."""
    draft = till.begin(station, EWA, "cash_out")
    for attempt in (till.look_at, till.discard, payments.clear, payments.undo, payments.leave):
        with refused("right.missing"):
            attempt(station, cashier(), draft.doc_id)
    with refused("right.missing"):
        till.begin(station, cashier(), "internal_release")
    with refused("right.missing"):
        till.resume(station, cashier(), "cash_out")


def test_texts_of_a_document_are_bounded_and_named(station: Station) -> None:
    """SALE-01."""
    draft = till.begin(station, EWA, "receipt")
    assert till.set_text(station, EWA, draft.doc_id, "order_number", " 12/7 ").order_number == "12/7"
    with refused("text.too_long"):
        till.set_text(station, EWA, draft.doc_id, "description", "x" * 201)
    with refused("field.unknown"):
        till.set_text(station, EWA, draft.doc_id, "number", "PAR/1")


def test_handler_and_reason_are_those_that_exist(station: Station) -> None:
    """DOC-26."""
    draft = till.begin(station, EWA, "receipt")
    assert till.set_handler(station, EWA, draft.doc_id, "OLA").handler == "OLA"
    with refused("operator.not_found"):
        till.set_handler(station, EWA, draft.doc_id, "JAN")
    with refused("reason.not_found"):
        till.set_reason(station, EWA, draft.doc_id, "LOSS")


def test_a_service_is_no_goods_and_cash_has_no_lines(station: Station) -> None:
    assert fill(station, REPAIR).totals.gross == 2000
    for document_type, code in (("internal_release", REPAIR), ("cash_in", MILK)):
        with refused("document.takes_no_such_line"):
            fill(station, code, document_type=document_type)


def test_lines_stand_still_while_money_is_assigned(station: Station) -> None:
    """PAY-02: back to the editable document only without payments."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash", "1")
    for edit in (
        lambda: till.scan(station, EWA, draft.doc_id, WATER),
        lambda: till.change_quantity(station, EWA, draft.doc_id, 1, "2"),
        lambda: till.remove_line(station, EWA, draft.doc_id, 1),
        lambda: till.set_buyer(station, EWA, draft.doc_id, "ANNA"),
    ):
        with refused("payment.clear_first"):
            edit()


def test_a_draft_left_overnight_is_paid_at_the_prices_of_the_morning(station: Station) -> None:
    """Prices of the definitions that hold when payment opens; a price typed by a person stays."""
    draft = fill(station, MILK, WATER)
    till.change_price(station, EWA, draft.doc_id, 2, "1,00")
    dearer = Price(price_list="RETAIL", article=MILK, unit="szt", valid_from="2026-11-21", price=Decimal("4.29"))
    change(station.books, dearer)
    opened = approval.open_payment(station, EWA, draft.doc_id)
    assert [row.value for row in opened.lines] == [429, 100]
    assert opened.definitions == station.books.definitions.version()
