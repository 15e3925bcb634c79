"""Discounts of documents that were parked: never more than they came with, whatever is done to them (PARK-12)."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounted_shop import bundle, by_card, defined
from discounts import article, off
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.documents.document import Ceiling, Document
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.rules import Scope, Target
from kontuar.operations.station import approval, payment_plan, payments, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, MILK_EAN, NUTS, TILE, TILE_EAN, WATER, actor_of, change, fill, open_till

EWA = actor_of()
Give = Callable[[Station, str], Document]


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def values(document: Document) -> list[int]:
    return [line.value for line in document.lines]


def parked(station: Station, doc_id: str) -> str:
    """The draft as it comes back from parking."""
    return station.save(as_carried(till.look_at(station, EWA, doc_id))).doc_id


def ten_percent(station: Station) -> str:
    """A milk of 3.99 with ten per cent off, and a water, continued."""
    draft = fill(station, MILK_EAN, WATER)
    till.change_by_percent(station, EWA, draft.doc_id, 1, "10")
    return parked(station, draft.doc_id)


def take_back(station: Station, doc_id: str) -> Document:
    return till.change_by_percent(station, EWA, doc_id, 1, "0")


def two_of_them(station: Station, doc_id: str) -> Document:
    return till.change_quantity(station, EWA, doc_id, 1, "2")


def a_carton(station: Station, doc_id: str) -> Document:
    return till.change_quantity(station, EWA, doc_id, 1, "1", "kart")


def dearer_at_first(station: Station, doc_id: str) -> Document:
    return till.change_initial_price(station, EWA, doc_id, 1, "5.00")


def other_direction(station: Station, doc_id: str) -> Document:
    till.change_type(station, EWA, doc_id, "invoice")
    till.set_buyer(station, EWA, doc_id, "ALFA")
    return till.set_direction(station, EWA, doc_id, "net")


def parked_again(station: Station, doc_id: str) -> Document:
    parked(station, doc_id)
    return till.look_at(station, EWA, doc_id)


WAYS = [take_back, two_of_them, a_carton, dearer_at_first, other_direction, parked_again]


# -- a line ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_percent_of_a_line_stays_the_most_whatever_is_done_to_the_line(station: Station, way: Give) -> None:
    """PARK-12: from zero to what was given, also after it was taken back or the line was freed."""
    doc_id = ten_percent(station)
    before = way(station, doc_id)
    for more in ("10.5", "25", "100"):
        with refused("discount.only_lower") as problems:
            till.change_by_percent(station, EWA, doc_id, 1, more)
        assert problems[0].facts == {"most": "10%"}
    with refused("discount.only_lower"):
        till.change_value(station, EWA, doc_id, 1, "0.10")
    assert till.look_at(station, EWA, doc_id) == before
    assert till.change_by_percent(station, EWA, doc_id, 1, "4").lines[0].discount.value == 4  # type: ignore[union-attr]
    assert till.change_by_percent(station, EWA, doc_id, 1, "10").lines[0].discount.value == 10  # type: ignore[union-attr]


def test_a_price_that_was_given_bounds_the_money_of_every_piece(station: Station) -> None:
    """PARK-12: 0.99 off a milk is 1.98 off two and 9.90 off a carton of ten; no more by any way of giving it."""
    draft = fill(station, MILK_EAN)
    till.change_price(station, EWA, draft.doc_id, 1, "3.00")
    doc_id = parked(station, draft.doc_id)
    take_back(station, doc_id)
    with refused("discount.only_lower") as problems:
        till.change_price(station, EWA, doc_id, 1, "2.99")
    assert problems[0].facts == {"most": "0.99"}
    assert values(till.change_price(station, EWA, doc_id, 1, "3.00")) == [300]
    take_back(station, doc_id)
    two_of_them(station, doc_id)
    with refused("discount.only_lower"):
        till.change_value(station, EWA, doc_id, 1, "5.99")
    assert values(till.change_value(station, EWA, doc_id, 1, "6.00")) == [600]
    take_back(station, doc_id)
    a_carton(station, doc_id)
    with refused("discount.only_lower"):
        till.change_by_percent(station, EWA, doc_id, 1, "27")
    assert values(till.change_value(station, EWA, doc_id, 1, "28.00")) == [2800]


def test_a_line_that_came_without_a_discount_takes_none_and_a_new_one_does(station: Station) -> None:
    """PARK-12: nothing is the most there, retyped or not; what is scanned now is a line as any other."""
    doc_id = ten_percent(station)
    till.change_quantity(station, EWA, doc_id, 2, "3")
    with refused("discount.only_lower") as problems:
        till.change_by_percent(station, EWA, doc_id, 2, "1")
    assert problems[0].facts == {"most": "0.00"}
    till.scan(station, EWA, doc_id, TILE_EAN)
    assert till.change_by_percent(station, EWA, doc_id, 3, "50").lines[2].value == 370


def test_a_dearer_initial_price_is_no_leave_to_give_more_after_parking_again(station: Station) -> None:
    """PARK-12: 3.00 instead of 3.99, begun at 100.00, parked: back at 3.99 still only 0.99 may come off."""
    draft = fill(station, MILK_EAN)
    till.change_price(station, EWA, draft.doc_id, 1, "3.00")
    doc_id = parked(station, draft.doc_id)
    till.change_initial_price(station, EWA, doc_id, 1, "100")
    parked(station, doc_id)
    till.change_initial_price(station, EWA, doc_id, 1, "")
    with refused("discount.only_lower"):
        till.change_price(station, EWA, doc_id, 1, "2.00")


def test_what_is_lowered_and_parked_is_the_new_most(station: Station) -> None:
    """PARK-12: up to the last saved value."""
    doc_id = ten_percent(station)
    till.change_by_percent(station, EWA, doc_id, 1, "5")
    parked(station, doc_id)
    with refused("discount.only_lower") as problems:
        till.change_by_percent(station, EWA, doc_id, 1, "6")
    assert problems[0].facts == {"most": "5%"}


def test_the_same_quantity_or_initial_price_typed_again_frees_nothing(station: Station) -> None:
    """PARK-12: discounts are not refreshed; a better promotion of today does not come that way."""
    change(station.books, defined("TEN", "Ten", off("10", article(MILK))))
    doc_id = parked(station, fill(station, MILK_EAN).doc_id)
    change(station.books, defined("TEN", "Ten", off("50", article(MILK))))
    till.change_quantity(station, EWA, doc_id, 1, "1")
    till.change_initial_price(station, EWA, doc_id, 1, "3.99")
    assert values(till.change_initial_price(station, EWA, doc_id, 1, "")) == [359]
    assert values(till.change_quantity(station, EWA, doc_id, 1, "2")) == [399]


def test_a_document_parked_by_an_older_program_is_guarded_by_what_is_on_it(station: Station) -> None:
    """PARK-12: it brings no ceilings."""
    doc_id = ten_percent(station)
    document = till.look_at(station, EWA, doc_id)
    lines = tuple(msgspec.structs.replace(line, given_most=None) for line in document.lines)
    discounts = msgspec.structs.replace(document.discounts, header_most=None)
    station.save(msgspec.structs.replace(document, lines=lines, discounts=discounts))
    with refused("discount.only_lower"):
        till.change_by_percent(station, EWA, doc_id, 1, "11")
    with refused("discount.only_lower"):
        till.give_header_discount(station, EWA, doc_id, "amount", "0.50")
    assert values(till.change_by_percent(station, EWA, doc_id, 1, "9"))[0] == 363


# -- the header -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "value", "most", "fine"),
    [("percent", "10", "10%", ("amount", "0.64")), ("amount", "1.00", "1.00", ("percent", "15"))],
)
def test_a_header_discount_taken_back_does_not_come_back_larger(
    station: Station, kind: str, value: str, most: str, fine: tuple[str, str]
) -> None:
    """PARK-12: of both kinds; 10% of 6.48 is 0.65, 15% of it 0.97."""
    draft = fill(station, MILK_EAN, WATER)
    till.give_header_discount(station, EWA, draft.doc_id, kind, value)
    doc_id = parked(station, draft.doc_id)
    for _ in range(2):
        for more in (("percent", "16"), ("amount", "1.01")):
            with refused("discount.only_lower") as problems:
                till.give_header_discount(station, EWA, doc_id, *more)
            assert (problems[0].place, problems[0].facts) == ("header", {"most": most})
        till.give_header_discount(station, EWA, doc_id, "percent", "0")
    till.give_header_discount(station, EWA, doc_id, *fine)
    assert till.give_header_discount(station, EWA, doc_id, kind, value).discounts.header is not None


def test_a_document_that_came_without_a_header_discount_takes_none(station: Station) -> None:
    """PARK-12: from zero to nothing; taking back what is not there is fine."""
    doc_id = parked(station, fill(station, MILK_EAN).doc_id)
    with refused("discount.only_lower"):
        till.give_header_discount(station, EWA, doc_id, "percent", "1")
    assert values(till.give_header_discount(station, EWA, doc_id, "percent", "0")) == [399]


def test_a_percent_that_the_limit_made_an_amount_bounds_that_amount(station: Station) -> None:
    """PARK-12, DISC-06: half of 6.48 asked for, 1.00 granted: no percent goes beyond it on the continued document."""
    ewa = station.books.definitions.get(Operator, "EWA")
    assert ewa is not None
    change(station.books, msgspec.structs.replace(ewa, discount_amount=Decimal("1.00")))
    draft = fill(station, MILK_EAN, WATER)
    given = till.give_header_discount(station, EWA, draft.doc_id, "percent", "50")
    assert given.totals.gross == 548
    doc_id = parked(station, draft.doc_id)
    change(station.books, ewa)
    for kind, value in (("percent", "16"), ("amount", "1.01")):
        with refused("discount.only_lower"):
            till.give_header_discount(station, EWA, doc_id, kind, value)
    assert till.give_header_discount(station, EWA, doc_id, "percent", "15").totals.gross == 551


def test_an_amount_stays_the_same_most_in_the_other_direction(station: Station) -> None:
    """PARK-12, SALE-07: 1.23 gross off is 1.00 net, also where it was taken back before the direction turned."""
    draft = till.set_buyer(station, EWA, fill(station, WATER, document_type="invoice").doc_id, "ALFA")
    till.give_header_discount(station, EWA, draft.doc_id, "amount", "1.23")
    doc_id = parked(station, draft.doc_id)
    till.give_header_discount(station, EWA, doc_id, "amount", "0")
    turned = till.set_direction(station, EWA, doc_id, "net")
    most = turned.discounts.header_most
    assert most is not None
    assert (most.percent, abs(most.amount - 1) < Decimal("0.003")) == (None, True)
    with refused("discount.only_lower"):
        till.give_header_discount(station, EWA, doc_id, "amount", "1.02")
    till.give_header_discount(station, EWA, doc_id, "amount", "0.99")


def test_ceilings_are_of_the_document_and_of_nothing_that_was_never_parked(station: Station) -> None:
    """PARK-12."""
    draft = fill(station, MILK_EAN)
    assert (draft.lines[0].given_most, draft.discounts.header_most) == (None, None)
    doc_id = ten_percent(station)
    document = till.look_at(station, EWA, doc_id)
    assert [line.given_most for line in document.lines] == [Ceiling(percent=Decimal(10)), Ceiling()]
    assert document.discounts.header_most == Ceiling()


# -- what it came with, and the form of payment ------------------------------------------------------------------
def test_a_form_planned_and_planned_back_is_a_round_trip_on_a_continued_document(station: Station) -> None:
    """DISC-10, PARK-12: the discount for cards waits while cards are not planned, and is what it was afterwards."""
    change(station.books, by_card())
    draft = fill(station, TILE_EAN, MILK_EAN)
    payment_plan.set_planned_form(station, EWA, draft.doc_id, "card")
    doc_id = parked(station, draft.doc_id)
    before = till.reprice(station, till.look_at(station, EWA, doc_id))
    change(station.books, defined("CARD10", "Tiles by card", off("50", article(TILE)),
                                  scope=Scope(payment_forms=("card",))))  # fmt: skip
    for other in ("", "cash"):
        assert values(payment_plan.set_planned_form(station, EWA, doc_id, other)) == [740, 399]
        back = payment_plan.set_planned_form(station, EWA, doc_id, "card")
        assert (back.lines, back.totals) == (before.lines, before.totals)
    payment_plan.set_planned_form(station, EWA, doc_id, "")
    payments.assign(station, EWA, doc_id, "cash")
    assert values(approval.approve(station, EWA, doc_id)) == [740, 399]


def test_a_carried_bundle_for_one_form_waits_whole(station: Station) -> None:
    """DISC-10, DISC-23: none of its lines is in it while another form is planned, and nothing else takes them."""
    change(station.books, bundle("PACK", "Pack", MILK, WATER, scope=Scope(payment_forms=("card",))))
    draft = fill(station, MILK_EAN, WATER, NUTS)
    payment_plan.set_planned_form(station, EWA, draft.doc_id, "card")
    doc_id = parked(station, draft.doc_id)
    assert values(till.look_at(station, EWA, doc_id))[:2] == [319, 199]
    change(station.books, defined("MORE", "More", off("50", article(MILK))))
    waiting = payment_plan.set_planned_form(station, EWA, doc_id, "")
    assert ([line.has for line in waiting.lines], values(waiting)[:2]) == ([(), (), ()], [399, 249])
    assert values(approval.open_payment(station, EWA, doc_id))[:2] == [399, 249]
    again = payment_plan.set_planned_form(station, EWA, doc_id, "card")
    assert ([line.has for line in again.lines], values(again)[:2]) == ([("PACK",), ("PACK",), ()], [319, 199])


def test_a_line_without_a_change_of_its_own_stays_in_its_carried_bundle_overnight(station: Station) -> None:
    """PARK-12: new definitions come; the milk that made the water cheaper still made it, and makes no second one."""
    pack = bundle("PACK", "Pack", MILK, WATER, percent="50")
    change(station.books, msgspec.structs.replace(
        pack, deal=msgspec.structs.replace(pack.deal, target=Target(goods=article(WATER)))))  # fmt: skip
    doc_id = parked(station, fill(station, MILK_EAN, WATER).doc_id)
    change(station.books, defined("OTHER", "Other", off("10", article(TILE))))
    priced = till.reprice(station, till.look_at(station, EWA, doc_id))
    assert ([line.has for line in priced.lines], values(priced)) == ([("PACK",), ("PACK",)], [399, 124])
    assert till.scan(station, EWA, doc_id, WATER).lines[2].value == 249
