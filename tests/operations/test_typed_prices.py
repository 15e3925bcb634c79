"""Prices that operators type: within their limits, in every unit; what goes along and what is said (DISC-06)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounted_shop import bundle, defined
from discounts import off
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.rules import Buyers, Scope
from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Grant
from kontuar.operations.station import clipboard, discount_view, sale_view, till
from kontuar.operations.station.station import Station
from shop import MILK, MILK_EAN, NUTS, WATER, actor_of, change, fill, open_till, with_parameter

EWA = actor_of()
OLA = actor_of(rights.SELL, rights.CHANGE_PRICE, rights.LINE_DISCOUNT, rights.HEADER_DISCOUNT, rights.VOID_LINE,
               operator="OLA")  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def limits(station: Station, percent: str | None = None, amount: str | None = None) -> None:
    """What OLA may give."""
    ola = station.books.definitions.get(Operator, "OLA")
    assert ola is not None
    change(station.books, msgspec.structs.replace(
        ola, discount_percent=percent and Decimal(percent), discount_amount=amount and Decimal(amount)))  # fmt: skip


def said(document: Document) -> list[tuple[str, str]]:
    return [(one.code, one.place) for one in document.discounts.problems]


RAISED = ("discount.initial_price_raised", "line:1")


# -- limits -----------------------------------------------------------------------------------------------------
def test_an_initial_price_goes_no_lower_than_the_limit_in_per_cent(station: Station) -> None:
    """DISC-06, DOC-22: ten per cent of 3.99 leaves 3.60, rounded up; said with the limit, once."""
    limits(station, percent="10")
    draft = fill(station, MILK_EAN, actor=OLA)
    typed = till.change_initial_price(station, OLA, draft.doc_id, 1, "0.01")
    assert (typed.lines[0].initial_price, typed.lines[0].value) == (Decimal("3.60"), 360)
    assert typed.discounts.problems == (
        Problem("discount.initial_price_raised", "line:1", {"limit": "10%", "price": "3.60", "name": "Mleko 2% 1 l"}),
    )
    assert said(till.scan(station, OLA, draft.doc_id, WATER)) == []
    assert till.change_initial_price(station, OLA, draft.doc_id, 1, "3.75").lines[0].value == 375


def test_an_amount_that_may_be_given_covers_typed_prices_of_all_lines(station: Station) -> None:
    """DISC-06: 1.50 on the document: 1.00 off the milk leaves 0.50 for the water, and nothing for a discount."""
    limits(station, amount="1.50")
    draft = fill(station, MILK_EAN, WATER, actor=OLA)
    till.change_initial_price(station, OLA, draft.doc_id, 1, "2.99")
    typed = till.change_initial_price(station, OLA, draft.doc_id, 2, "1.00")
    assert [line.initial_price for line in typed.lines] == [Decimal("2.99"), Decimal("1.99")]
    given = till.give_header_discount(station, OLA, draft.doc_id, "amount", "1.00")
    assert (given.totals.gross, said(given)) == (498, [("discount.lowered", "header")])
    assert discount_view.header_window(station, OLA, draft.doc_id).limit.amount == 0


def test_a_discount_that_was_given_leaves_less_for_a_typed_price(station: Station) -> None:
    """DISC-06: a header discount of 1.00 leaves 0.50 of 1.50."""
    limits(station, amount="1.50")
    draft = fill(station, MILK_EAN, WATER, actor=OLA)
    till.give_header_discount(station, OLA, draft.doc_id, "amount", "1.00")
    typed = till.change_initial_price(station, OLA, draft.doc_id, 1, "1.00")
    assert (typed.lines[0].initial_price, said(typed)) == (Decimal("3.49"), [RAISED])


def test_per_cent_of_a_typed_price_and_of_a_discount_count_together(station: Station) -> None:
    """DISC-06: four of ten per cent are in the price, so six are left for the line."""
    limits(station, percent="10")
    draft = fill(station, NUTS, actor=OLA)
    till.change_initial_price(station, OLA, draft.doc_id, 1, "57.504")
    assert discount_view.line_window(station, OLA, draft.doc_id, 1).limit.percent == 6
    given = till.change_by_percent(station, OLA, draft.doc_id, 1, "10")
    assert (given.lines[0].value, said(given)) == (5405, [("discount.lowered", "line:1")])


def test_more_pieces_at_a_typed_price_stay_within_the_amount(station: Station) -> None:
    """DISC-06: 1.00 off one piece may not become 10.00 off ten; the price rises to what the limit leaves."""
    limits(station, amount="1.00")
    draft = fill(station, MILK_EAN, actor=OLA)
    till.change_initial_price(station, OLA, draft.doc_id, 1, "2.99")
    ten = till.change_quantity(station, OLA, draft.doc_id, 1, "10")
    assert (ten.lines[0].initial_price, ten.lines[0].value, said(ten)) == (Decimal("3.89"), 3890, [RAISED])


def test_who_allows_a_typed_price_allows_it_by_his_own_limit(station: Station) -> None:
    """DISC-06, SEC-01: EWA has none."""
    limits(station, percent="10")
    draft = fill(station, MILK_EAN, actor=OLA)
    grant = Grant(grant_id="g1", right=rights.CHANGE_PRICE, operator="EWA", doc_id=draft.doc_id)
    allowed = msgspec.structs.replace(OLA, rights=frozenset({rights.SELL}), grant=grant)
    typed = till.change_initial_price(station, allowed, draft.doc_id, 1, "1.00")
    assert (typed.lines[0].value, typed.lines[0].initial_allowed_by, said(typed)) == (100, "EWA", [])


def test_a_dearer_initial_price_is_nobodys_gift(station: Station) -> None:
    """DISC-06: the limit does not bound it, and it uses nothing up."""
    limits(station, percent="10", amount="0.10")
    draft = fill(station, MILK_EAN, actor=OLA)
    typed = till.change_initial_price(station, OLA, draft.doc_id, 1, "9.99")
    assert (typed.lines[0].value, said(typed)) == (999, [])
    assert discount_view.line_window(station, OLA, draft.doc_id, 1).limit.amount == Decimal("0.10")


def test_a_pasted_price_is_within_the_limit_of_who_pastes(station: Station) -> None:
    """DISC-06, DOC-31: copied where EWA gave it, pasted by OLA with ten per cent."""
    limits(station, percent="10")
    source = fill(station, MILK_EAN)
    till.change_initial_price(station, EWA, source.doc_id, 1, "1.00")
    clipboard.copy(station, OLA, source.doc_id)
    target = till.begin(station, OLA, "receipt")
    pasted = clipboard.paste(station, OLA, target.doc_id)
    assert (pasted.lines[0].initial_price, said(pasted)) == (Decimal("3.60"), [RAISED])


# -- another unit -----------------------------------------------------------------------------------------------
def test_a_percent_stays_when_the_unit_changes(station: Station) -> None:
    """DOC-23, DISC-06: ten per cent off a milk are ten per cent off a carton of 37.90."""
    draft = fill(station, MILK_EAN)
    till.change_by_percent(station, EWA, draft.doc_id, 1, "10")
    carton = till.change_quantity(station, EWA, draft.doc_id, 1, "1", "kart")
    assert (carton.lines[0].value, said(carton)) == (3411, [])


def test_a_price_of_a_piece_becomes_ten_times_as_much_for_a_carton_of_ten_and_back(station: Station) -> None:
    """DOC-23: 3.00 a milk, 30.00 a carton."""
    draft = fill(station, MILK_EAN)
    till.change_price(station, EWA, draft.doc_id, 1, "3.00")
    carton = till.change_quantity(station, EWA, draft.doc_id, 1, "1", "kart")
    line = carton.lines[0]
    assert (line.price, line.initial_price, line.value, line.discount and line.discount.value) == (
        30, Decimal("37.90"), 3000, 30
    )  # fmt: skip
    back = till.change_quantity(station, EWA, draft.doc_id, 1, "2", "szt")
    assert (back.lines[0].price, back.lines[0].value) == (3, 600)


def test_a_typed_initial_price_goes_along_to_another_unit(station: Station) -> None:
    """DOC-22, DOC-23: 5.00 a milk is 50.00 a carton, and still typed by who typed it."""
    draft = fill(station, MILK_EAN)
    till.change_initial_price(station, EWA, draft.doc_id, 1, "5.00")
    line = till.change_quantity(station, EWA, draft.doc_id, 1, "1", "kart").lines[0]
    assert (line.initial_price, line.base_price, line.initial_by, line.value) == (50, Decimal("37.90"), "EWA", 5000)


def test_a_typed_value_stays_for_the_same_goods_in_another_unit(station: Station) -> None:
    """DOC-23: ten milks for 35.00 are a carton for 35.00."""
    draft = fill(station, MILK_EAN)
    till.change_quantity(station, EWA, draft.doc_id, 1, "10")
    till.change_value(station, EWA, draft.doc_id, 1, "35.00")
    carton = till.change_quantity(station, EWA, draft.doc_id, 1, "1", "kart")
    assert (carton.lines[0].value, said(carton)) == (3500, [])


def test_a_typed_value_that_another_quantity_takes_off_is_said(station: Station) -> None:
    """DOC-23, DISC-06: it was meant for so many; the message says what it was."""
    draft = fill(station, MILK_EAN)
    till.change_value(station, EWA, draft.doc_id, 1, "3.00")
    two = till.change_quantity(station, EWA, draft.doc_id, 1, "2")
    assert two.lines[0].value == 798
    assert two.discounts.problems == (
        Problem("discount.value_dropped", "line:1", {"name": "Mleko 2% 1 l", "value": "3.00"}),
    )


# -- what could not be given is told once -------------------------------------------------------------------------
def test_a_bundle_that_completes_itself_tells_whose_discount_it_took(station: Station) -> None:
    """DISC-20: the scan that does it says so, the next one does not; while it stands the document says it."""
    change(station.books, bundle("PACK", "Pack", MILK, WATER))
    draft = fill(station, MILK_EAN)
    till.change_by_percent(station, EWA, draft.doc_id, 1, "5")
    in_bundle = ("discount.line_in_bundle", "line:1")
    seen = sale_view.after(station, EWA, till.scan, draft.doc_id, 0, WATER)
    assert [(one.code, one.place) for one in seen.news] == [in_bundle]
    again = sale_view.after(station, EWA, till.scan, draft.doc_id, 0, NUTS)
    assert (again.news, said(again.document)) == ((), [in_bundle])
    named = sale_view.after(station, EWA, till.set_text, draft.doc_id, 0, "description", "for later")
    assert named.news == ()
    apart = sale_view.after(station, EWA, till.remove_line, draft.doc_id, 0, 2)
    assert (apart.news, said(apart.document), apart.document.lines[0].value) == ((), [], 379)


def test_the_same_lowering_is_told_each_time_it_happens(station: Station) -> None:
    """DISC-06."""
    limits(station, percent="10")
    draft = fill(station, MILK_EAN, actor=OLA)
    for percent in ("25", "30"):
        seen = sale_view.after(station, OLA, till.change_by_percent, draft.doc_id, 1, 1, percent)
        assert [one.code for one in seen.news] == ["discount.lowered"]
    assert sale_view.after(station, OLA, till.set_text, draft.doc_id, 0, "description", "x").news == ()


# -- the contractor, and no to the question ------------------------------------------------------------------------
def test_no_to_the_contractors_discounts_holds_for_every_later_pricing(station: Station) -> None:
    """DOC-27: prices and discounts stay those of the customer before, also of what is scanned then; *yes* ends it."""
    with_parameter(station.books, "sale.recalculate_silently", "no")
    anna_only = Scope(buyers=Buyers(contractors=("ANNA",)))
    change(station.books, defined("ANNAS", "Anna's", off("50"), "KNT", scope=anna_only))
    draft = fill(station, NUTS)
    assert till.needs_question(station, EWA, draft.doc_id, "ANNA")
    kept = till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    assert (kept.buyer.code, kept.totals.gross) == ("ANNA", 5990)
    assert till.scan(station, EWA, draft.doc_id, MILK_EAN).totals.gross == 5990 + 399
    assert till.change_quantity(station, EWA, draft.doc_id, 1, "2").totals.gross == 11980 + 399
    alfa = till.set_buyer(station, EWA, draft.doc_id, "ALFA", recalculate=False)
    assert (alfa.totals.gross, alfa.discounts.priced_for) == (11980 + 399, "UNDEFINED")
    anna = till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=True)
    assert (anna.totals.gross, anna.discounts.priced_for) == (5990 + 174, "")
    away = till.set_buyer(station, EWA, draft.doc_id, "ALFA", recalculate=False)
    assert (away.totals.gross, away.discounts.priced_for) == (5990 + 174, "ANNA")
    back = till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    assert (back.totals.gross, back.discounts.priced_for) == (5990 + 174, "")
