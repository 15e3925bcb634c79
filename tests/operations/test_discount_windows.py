"""What the till's windows of discounts show, gifts that are due, forms of payment planned (DISC-05 … DISC-31)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounted_shop import PACK, TILES, by_card, defined, discounted_shop
from discounts import article, document_amount, group, off, reward
from kontuar.domain.catalogue.records import Article, ArticleGroup, Price
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.firm.records import Parameter
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Contractor, ContractorGroup
from kontuar.domain.pricing.rules import BundleDeal, Buyers, Scope, Slot
from kontuar.operations.station import (
    approval,
    discount_view,
    gifts,
    payment_plan,
    payments,
    sale_form,
    sale_view,
    till,
)
from kontuar.operations.station.station import Station
from refusals import refused
from shop import BAG, MILK_EAN, NUTS_EAN, REPAIR, TILE_EAN, actor_of, change, fill, know_stock, open_till

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    opened = open_till(tmp_path)
    change(opened.books, *discounted_shop())
    return opened


def worked_example(station: Station) -> str:
    """DISC-31: six articles at 50.00, each with one of the discounts, for a buyer of the group VIP."""
    articles = [Article(code=code, name=f"Article {code}", vat="23", unit="szt", group=f"G{code}") for code in "ABCDEF"]
    slot = {code: (Slot(goods=article(code), quantity=Decimal(1)),) for code in "AB"}
    vip, anna = Buyers(groups=("VIP",)), Buyers(contractors=("ANNA",))
    fifteen = reward("15", "amount", per="set")
    change(
        station.books, *articles, *(ArticleGroup(code=f"G{code}", name=f"Group {code}") for code in "ABCDEF"),
        *(Price(price_list="RETAIL", article=code, unit="szt", valid_from="2026-01-01", price=Decimal(50))
          for code in "ABCDEF"),
        ContractorGroup(code="VIP", name="VIP"), Contractor(code="ANNA", name="Anna Nowak", group="VIP"),
        defined("OWN", "Bundle for the buyer", BundleDeal(slots=slot["A"], reward=fifteen), "BUNDLE",
                scope=Scope(buyers=anna), position=1),
        defined("ALL", "Bundle", BundleDeal(slots=slot["B"], reward=fifteen), "BUNDLE", position=2),
        defined("ART", "Buyer on article", off("10", article("C"), "amount", buyers=anna), "KNU"),
        defined("GRP1", "Group on group 10", off("10", group("GD"), "amount", buyers=vip), "KNU"),
        defined("GRP2", "Group on group 5", off("5", group("GE"), "amount", buyers=vip), "KNU"),
        defined("WORTH", "Transaction's value", document_amount("WORTH", "20").deal, "WTR", step=9),
    )  # fmt: skip
    draft = till.set_buyer(station, EWA, fill(station).doc_id, "ANNA")
    for code in "ABCDEF":
        till.add_article(station, EWA, draft.doc_id, code)
    return draft.doc_id


def test_the_discount_summary_of_the_worked_example(station: Station) -> None:
    """DISC-31: 300.00 without, goods 55 (the buyer's 25, other 30), header 20, after 225.00."""
    shown = discount_view.summary(station, EWA, worked_example(station)).summary
    assert (shown.without, shown.goods, shown.header, shown.after) == (30000, 5500, 2000, 22500)
    own, (other,) = shown.buyers_own, shown.goods_groups
    assert (own.amount, sorted(own.discounts)) == (2500, [("Bundle for the buyer", 1500), ("Buyer on article", 1000)])
    assert (other.group, other.amount, sorted(other.discounts)) == (
        "", 3000, [("Bundle", 1500), ("Group on group 10", 1000), ("Group on group 5", 500)]
    )  # fmt: skip
    assert shown.base is None


def test_the_summary_has_its_base_price_part_where_an_initial_price_was_typed(station: Station) -> None:
    """DISC-31: six at 50.00 on the list, one of them begins at 60.00."""
    doc_id = worked_example(station)
    till.change_initial_price(station, EWA, doc_id, 6, "60")
    shown = discount_view.summary(station, EWA, doc_id).summary
    assert (shown.base, shown.base_difference, shown.without) == (30000, 1000, 31000)


def test_the_summary_of_an_approved_document_is_what_was_given_then(station: Station) -> None:
    """DISC-31: whatever the definitions say since; only who may see the document sees it."""
    doc_id = worked_example(station)
    till.change_by_percent(station, EWA, doc_id, 6, "10")
    till.give_header_discount(station, EWA, doc_id, "amount", "2.00")
    before = discount_view.summary(station, EWA, doc_id)
    assert (before.summary.by_operator_on_lines, before.summary.by_operator_on_header) == (459, 200)
    payments.assign(station, EWA, doc_id, "cash", "300")
    sold = approval.approve(station, EWA, doc_id)
    for code in ("OWN", "ALL", "ART", "GRP1", "GRP2", "WORTH"):
        change(station.books, defined(code, "Another name", off("90")))
    after = discount_view.summary(station, EWA, sold.doc_id)
    assert (after.summary, after.names) == (before.summary, before.names)
    assert after.summary.after == sold.totals.gross
    with refused("right.missing"):
        discount_view.summary(station, actor_of(rights.SELL, operator="OLA"), sold.doc_id)


def test_the_summary_of_a_continued_document_counts_everything_once_and_where_it_belongs(station: Station) -> None:
    """DISC-31, PARK-12: the figures of the worked example before and after it was parked, repriced, and approved."""
    doc_id = worked_example(station)
    before = discount_view.summary(station, EWA, doc_id).summary
    station.save(as_carried(till.look_at(station, EWA, doc_id)))
    assert discount_view.summary(station, EWA, doc_id).summary == before
    station.save(till.reprice(station, till.look_at(station, EWA, doc_id)))
    assert discount_view.summary(station, EWA, doc_id).summary == before
    till.add_article(station, EWA, doc_id, "F")
    station.save(as_carried(till.look_at(station, EWA, doc_id)))
    grown = till.add_article(station, EWA, doc_id, "F")
    shown = discount_view.summary(station, EWA, doc_id).summary
    assert (shown.buyers_own, shown.goods_groups) == (before.buyers_own, before.goods_groups)
    assert (shown.header, shown.without, shown.after) == (2000, 40000, grown.totals.gross)


def test_the_summary_is_refused_where_nothing_was_given(station: Station) -> None:
    """DISC-31."""
    with refused("discount.none_applied"):
        discount_view.summary(station, EWA, fill(station, MILK_EAN).doc_id)


def test_a_line_is_explained_before_and_after_approval(station: Station) -> None:
    """DISC-26: 59.90, a tenth off, then 5 per cent of the rest by the operator."""
    draft = fill(station, NUTS_EAN)
    till.change_by_percent(station, EWA, draft.doc_id, 1, "5")
    _, (row,) = discount_view.explained(station, EWA, draft.doc_id)
    assert (row.initial_value, row.line.value) == (5990, 5121)
    assert [(one.source, one.name, one.rate, one.amount, one.after) for one in row.steps] == [
        ("PRM", "Nuts 10% off", 10, -599, 5391), ("OPERATOR", "", 5, -270, 5121)
    ]  # fmt: skip
    payments.assign(station, EWA, draft.doc_id, "cash")
    sold = approval.approve(station, EWA, draft.doc_id)
    _, (again,) = discount_view.explained(station, EWA, sold.doc_id, 1)
    assert again.steps == row.steps
    with refused("right.missing"):
        discount_view.explained(station, actor_of(rights.SELL, operator="OLA"), sold.doc_id)


def test_the_window_tells_all_discounts_of_the_line_and_the_operators_part(station: Station) -> None:
    """DISC-06: 14.51 % in all, 4.51 % of it the operator's; his field holds what he typed."""
    draft = fill(station, NUTS_EAN)
    till.change_by_percent(station, EWA, draft.doc_id, 1, "5")
    shown = discount_view.line_window(station, EWA, draft.doc_id, 1)
    assert (shown.all_percent, shown.own_percent, shown.percent) == (Decimal("14.51"), Decimal("4.51"), 5)
    assert (shown.price, shown.value) == (Decimal("51.21"), 5121)
    till.give_header_discount(station, EWA, draft.doc_id, "amount", "1.21")
    after = discount_view.line_window(station, EWA, draft.doc_id, 1)
    assert (after.price, after.value) == (Decimal("51.21"), 5121)
    header = discount_view.header_window(station, EWA, draft.doc_id)
    assert (header.amount, header.without) == (121, 5121)


def test_the_form_names_bundles_and_says_why_a_line_is_locked(station: Station) -> None:
    """DISC-20, DISC-23."""
    draft = fill(station, MILK_EAN, "WATER", NUTS_EAN)
    in_bundle = sale_view.view(station, EWA, draft.doc_id, 1).discounts
    assert (in_bundle.named(draft.lines[0].has), in_bundle.in_bundles, in_bundle.manual) == (PACK, True, False)
    assert in_bundle.named(draft.lines[0].could) == "Milk with a repair"
    assert in_bundle.locked is not None
    assert (in_bundle.locked.code, in_bundle.price_locked) == ("discount.line_in_bundle", None)
    assert sale_view.view(station, EWA, draft.doc_id, 3).discounts.locked is None


# -- gifts --------------------------------------------------------------------------------------------------
def test_a_gift_that_nobody_took_is_told_and_added_free(station: Station) -> None:
    """DISC-05."""
    draft = fill(station, TILE_EAN)
    assert gifts.before_payment(station, EWA, draft.doc_id) == []
    till.change_quantity(station, EWA, draft.doc_id, 1, "3")
    (due,) = gifts.before_payment(station, EWA, draft.doc_id)
    assert (due.name, due.quantity, [row.article.code for row in due.articles], due.more) == (TILES, 1, [BAG], False)
    with refused("gift.not_among"):
        gifts.add(station, EWA, draft.doc_id, "TILES", REPAIR)
    with refused("gift.not_due"):
        gifts.add(station, EWA, draft.doc_id, "PACK", BAG)
    grown = gifts.add(station, EWA, draft.doc_id, "TILES", BAG)
    assert [(line.article, line.value, line.gift_of) for line in grown.lines] == [("TILE", 2220, ""), (BAG, 0, "TILES")]
    assert gifts.before_payment(station, EWA, draft.doc_id) == []


def test_what_takes_no_discounts_is_no_gift(station: Station) -> None:
    """DISC-05, DISC-22: it would have to be paid for."""
    found = station.books.definitions.get(Article, BAG)
    change(station.books, msgspec.structs.replace(found, no_discount=True))
    draft = fill(station, TILE_EAN)
    till.change_quantity(station, EWA, draft.doc_id, 1, "3")
    assert [due.articles for due in gifts.before_payment(station, EWA, draft.doc_id)] == [()]
    with refused("gift.not_among"):
        gifts.add(station, EWA, draft.doc_id, "TILES", BAG)


def test_a_gift_that_is_not_there_is_refused_as_it_is_added(station: Station) -> None:
    """DISC-05, SALE-08."""
    asked = ("sale.check_stock_by_line", "sale.block_below_zero")
    change(station.books, *(Parameter(name=name, scope="store:S1", value="yes") for name in asked))
    know_stock(station, TILE="9", BAG="0")
    draft = fill(station, TILE_EAN)
    till.change_quantity(station, EWA, draft.doc_id, 1, "3")
    with refused("stock.too_low"):
        gifts.add(station, EWA, draft.doc_id, "TILES", BAG)
    know_stock(station, TILE="9", BAG="1")
    assert len(gifts.add(station, EWA, draft.doc_id, "TILES", BAG).lines) == 2


# -- how it is paid -----------------------------------------------------------------------------------------
def test_a_discount_for_one_form_waits_for_it_to_be_planned_and_then_takes_no_other(station: Station) -> None:
    """DISC-10: chosen among the document's fields; cash is refused in words, card is not."""
    draft = fill(station, TILE_EAN)
    assert payment_plan.planned_forms(station, EWA, draft.doc_id) == ()
    change(station.books, by_card())
    forms = [form.code for form in payment_plan.planned_forms(station, EWA, draft.doc_id)]
    assert forms == ["cash", "card", "transfer", "coupon"]
    planned = sale_form.set_fields(station, EWA, draft.doc_id, {"payment_form": "card"})
    assert (planned.discounts.payment_form, planned.totals.gross) == ("card", 666)
    with refused("payment.discount_needs_form") as problems:
        payments.assign(station, EWA, draft.doc_id, "cash")
    assert problems[0].facts == {"name": "Tiles by card", "form": "Gotówka", "forms": "Karta"}
    assert payments.start_card(station, EWA, draft.doc_id, "card").amount == 666


def test_a_form_that_is_not_there_cannot_be_planned(station: Station) -> None:
    """DISC-10."""
    draft = fill(station, TILE_EAN)
    with refused("payment.form_not_found"):
        payment_plan.set_planned_form(station, EWA, draft.doc_id, "shells")
    assert payment_plan.set_planned_form(station, EWA, draft.doc_id, "").discounts.payment_form == ""
