"""Coupons on a draft: which are offered, how one is put on, what it gives (COUP-01 … COUP-03, COUP-05)."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from coupon_till import DAY, EWA, cut, define, offered, on, pay, put, reserve, said_no, till_with_a_coupon
from discounts import article, group, off, reward
from kontuar.domain.catalogue.records import Article, ArticleGroup, Price
from kontuar.domain.parties.records import Contractor, ContractorGroup
from kontuar.domain.pricing.discount import Coupon
from kontuar.domain.pricing.rules import Buyers, Scope
from kontuar.kernel.canonical import decode
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.ports.coupons import VerifyCoupon
from kontuar.operations.station import coupons, payments, till
from kontuar.operations.station.station import Station
from shop import MILK, MILK_EAN, WATER, change, everything, fill, open_till


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return till_with_a_coupon(tmp_path)


# -- which are offered (COUP-01) ----------------------------------------------------------------------------
def test_the_button_is_there_only_where_a_coupon_is_active_today(tmp_path: Path) -> None:
    """COUP-01."""
    bare = open_till(tmp_path)
    assert not coupons.any_here(bare)
    ended = Coupon(code="OLD", name="Old", discount="TEN", last_day=DAY - datetime.timedelta(days=1))
    define(bare, "TEN", off("10", article(MILK)), ended)
    assert not coupons.any_here(bare)
    change(bare.books, Coupon(code="ALONE", name="Its discount is not sent here", discount="ELSEWHERE"))
    assert not coupons.any_here(bare)
    change(bare.books, Coupon(code="NOW", name="Now", discount="TEN", last_day=DAY))
    assert coupons.any_here(bare)


def test_active_coupons_are_offered_soonest_expiry_first_and_chosen_ones_before_all(station: Station) -> None:
    """COUP-01: those that cannot be used on this day are not shown."""
    days = {"SOON": 1, "LATER": 9}
    for code, after in days.items():
        last = DAY + datetime.timedelta(days=after)
        define(station, f"D-{code}", off("5"), Coupon(code=code, name=code, discount=f"D-{code}", last_day=last))
    define(
        station, "D-X", off("5"), Coupon(code="OFF", name="Off", discount="D-X", active=False),
        Coupon(code="NEXT", name="Next", discount="D-X", first_day=DAY + datetime.timedelta(days=1)),
    )  # fmt: skip
    draft = fill(station, MILK_EAN)
    assert offered(station, draft) == ["SOON", "LATER", "MILK10"]
    put(station, draft, "MILK10")
    assert offered(station, draft) == ["MILK10", "SOON", "LATER"]


def test_a_row_says_what_the_coupon_gives_and_whether_it_was_given(station: Station) -> None:
    """COUP-01."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    (row,) = coupons.available(station, EWA, draft.doc_id)
    assert (row.name, row.discount_name, row.value, row.chosen, row.used, row.state) == (
        "Milk cheaper", "Name of TEN", reward("10"), True, True, "verified"
    )  # fmt: skip


def test_coupons_are_found_by_label_discount_and_code(station: Station) -> None:
    """COUP-01."""
    define(station, "WAT", off("5", article(WATER)), Coupon(code="H2O", name="Żywa woda", discount="WAT"))
    draft = fill(station, MILK_EAN)
    found = {phrase: offered(station, draft, phrase) for phrase in ("woda", "zywa", "of ten", "lk1", "h2", "juice")}
    assert found == {"woda": ["H2O"], "zywa": ["H2O"], "of ten": ["MILK10"], "lk1": ["MILK10"], "h2": ["H2O"],
                     "juice": []}  # fmt: skip


def test_a_series_is_offered_by_its_beginning_and_one_of_its_codes_by_typing_it(station: Station) -> None:
    """COUP-01: nobody can choose one of five thousand leaflets from a list."""
    leaflet = Coupon(code="LEAF", name="Leaflet", discount="S", digits=4, first_number=1, last_number=50)
    define(station, "S", off("5", article(WATER)), leaflet)
    draft = fill(station, WATER)
    (series,) = coupons.available(station, EWA, draft.doc_id, "leaf")
    (single,) = coupons.available(station, EWA, draft.doc_id, "LEAF0007")
    assert ((series.code, series.is_series), (single.code, single.is_series)) == (("LEAF", True), ("LEAF0007", False))
    assert on(put(station, draft, "LEAF0007")) == [("LEAF0007", "verified", True)]
    for code in ("LEAF", "LEAF0051", "LEAF007"):
        said_no(lambda code=code: put(station, draft, code), "coupon.unknown")  # type: ignore[misc]


@pytest.mark.parametrize(("contractor", "expected"), [("ANNA", ["CLUB10", "MILK10"]), ("UNDEFINED", ["MILK10"])])
def test_only_coupons_that_the_buyer_may_use_are_offered(
    station: Station, contractor: str, expected: list[str]
) -> None:
    """COUP-01: by the scope of the discount, and by the rows of it."""
    change(station.books, ContractorGroup(code="CLUB", name="Club"),
           Contractor(code="ANNA", name="Anna", group="CLUB"))  # fmt: skip
    club = Buyers(groups=("CLUB",))
    define(station, "CLUB", off("10"), Coupon(code="CLUB10", name="Club", discount="CLUB"), scope=Scope(buyers=club))
    define(station, "ALFA", off("10", buyers=Buyers(contractors=("ALFA",))),
           Coupon(code="ALFA10", name="Alfa", discount="ALFA"))  # fmt: skip
    draft = fill(station, MILK_EAN)
    till.set_buyer(station, EWA, draft.doc_id, contractor)
    assert offered(station, draft) == expected


def test_a_code_that_an_article_has_is_never_taken_for_a_coupon(station: Station) -> None:
    """COUP-01: scanning a code on the form finds the article first."""
    change(station.books, Coupon(code=MILK_EAN, name="Odd", discount="TEN"))
    assert [coupons.is_coupon(station, code) for code in (MILK_EAN, "MILK10", "NOTHING", "")] == [
        False, True, False, False
    ]  # fmt: skip


# -- putting on and taking off (COUP-02, COUP-03) -------------------------------------------------------------
def test_head_office_is_asked_about_the_code_on_the_documents_day_and_the_discount_is_given_at_once(
    station: Station,
) -> None:
    """COUP-03."""
    draft = fill(station, MILK_EAN)
    asked = decode(coupons.to_verify(station, EWA, draft.doc_id, " MILK10 ").question, VerifyCoupon)
    assert asked == VerifyCoupon(doc_id=draft.doc_id, code="MILK10", day=DAY)
    document = put(station, draft, "MILK10")
    assert on(document) == [("MILK10", "verified", True)]
    assert document.lines[0].value == 359


def test_conditions_that_are_not_met_give_nothing_and_a_line_added_later_takes_the_discount(station: Station) -> None:
    """COUP-02: the code is not used up meanwhile."""
    draft = fill(station, WATER)
    assert on(put(station, draft, "MILK10")) == [("MILK10", "verified", False)]
    grown = till.scan(station, EWA, draft.doc_id, MILK_EAN)
    assert (on(grown), [line.value for line in grown.lines]) == ([("MILK10", "verified", True)], [249, 359])
    left = till.remove_line(station, EWA, draft.doc_id, 2)
    assert on(left) == [("MILK10", "verified", False)]


def test_another_contractor_is_checked_when_the_document_is_recalculated(station: Station) -> None:
    """COUP-02: *no* to recalculating leaves the coupon as it was."""
    change(station.books, ContractorGroup(code="CLUB", name="Club"),
           Contractor(code="ANNA", name="Anna", group="CLUB"))  # fmt: skip
    club = Buyers(groups=("CLUB",))
    define(station, "CLUB", off("10"), Coupon(code="CLUB10", name="Club", discount="CLUB"), scope=Scope(buyers=club))
    draft = fill(station, MILK_EAN)
    assert on(put(station, draft, "CLUB10")) == [("CLUB10", "verified", False)]
    kept = till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    assert on(kept) == [("CLUB10", "verified", False)]
    till.set_buyer(station, EWA, draft.doc_id, "UNDEFINED")
    assert on(till.set_buyer(station, EWA, draft.doc_id, "ANNA")) == [("CLUB10", "verified", True)]


def test_two_codes_of_one_discount_never_stand_on_a_document(station: Station) -> None:
    """COUP-02."""
    change(station.books, Coupon(code="MILK10B", name="Milk again", discount="TEN"))
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    before = everything(station)
    problem = said_no(lambda: put(station, draft, "MILK10B"), "coupon.same_discount")
    assert problem.facts["other"] == "MILK10"
    said_no(lambda: put(station, draft, "MILK10"), "coupon.on_document")
    assert everything(station) == before


@pytest.mark.parametrize(
    ("coupon", "code"),
    [
        (Coupon(code="C", name="C", discount="TEN", active=False), "coupon.inactive"),
        (Coupon(code="C", name="C", discount="TEN", first_day=datetime.date(2026, 11, 22)), "coupon.not_begun"),
        (Coupon(code="C", name="C", discount="TEN", last_day=datetime.date(2026, 11, 20)), "coupon.ended"),
        (Coupon(code="C", name="C", discount="UNSENT"), "coupon.not_here"),
        (Coupon(code="D", name="D", discount="TEN"), "coupon.unknown"),
    ],
)
def test_a_coupon_that_may_not_be_used_is_refused_and_nothing_changes(
    station: Station, coupon: Coupon, code: str
) -> None:
    """COUP-02, COUP-03."""
    change(station.books, coupon)
    draft = fill(station, MILK_EAN)
    before = everything(station)
    said_no(lambda: coupons.to_verify(station, EWA, draft.doc_id, "C"), code)
    said_no(lambda: coupons.put(station, EWA, draft.doc_id, "C", b"{}"), code)
    assert everything(station) == before


def test_goods_documents_take_no_coupons(station: Station) -> None:
    """COUP-01: they stand on documents with prices."""
    draft = till.begin(station, EWA, "internal_release")
    assert offered(station, draft) == []
    said_no(lambda: put(station, draft, "MILK10"), "coupon.takes_none")


def test_taking_a_coupon_off_takes_its_discount_with_it(station: Station) -> None:
    """COUP-02."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    left = coupons.take_off(station, EWA, draft.doc_id, "MILK10")
    assert (on(left), left.lines[0].value) == ([], 399)
    said_no(lambda: coupons.take_off(station, EWA, draft.doc_id, "MILK10"), "coupon.not_on_document")


# -- offline (COUP-03) ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("level", [Connectivity.OFFLINE, Connectivity.STORE])
def test_without_head_office_only_coupons_that_are_allowed_offline_are_taken(
    station: Station, level: Connectivity
) -> None:
    """COUP-03: the agent alone cannot know what other stores used."""
    change(station.books, Coupon(code="FREE", name="Free", discount="TEN", offline=True))
    station.connectivity = lambda: level
    draft = fill(station, MILK_EAN)
    said_no(lambda: put(station, draft, "MILK10"), "coupon.offline_not_allowed")
    assert on(put(station, draft, "FREE")) == [("FREE", "offline", True)]
    assert on(pay(station, draft)) == [("FREE", "offline", True)]


def test_a_coupon_verified_online_is_refused_at_payment_when_the_line_is_cut_by_then(station: Station) -> None:
    """COUP-03: verified again when payment opens; it stays on the document for the operator to take off."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    cut(station)
    assert reserve(station, draft) is None
    said_no(lambda: payments.window(station, EWA, draft.doc_id), "coupon.offline_not_allowed")
    assert on(till.look_at(station, EWA, draft.doc_id)) == [("MILK10", "verified", True)]
    coupons.take_off(station, EWA, draft.doc_id, "MILK10")
    assert on(pay(station, draft)) == []


def test_what_was_reserved_before_the_line_was_cut_is_still_reserved(station: Station) -> None:
    """COUP-03: a sale at its payment goes on."""
    draft = fill(station, MILK_EAN)
    put(station, draft, "MILK10")
    reserve(station, draft)
    cut(station)
    assert on(pay(station, draft)) == [("MILK10", "reserved", True)]


def test_of_a_lipstick_and_a_bracelet_only_the_bracelet_takes_the_coupon_for_jewellery(station: Station) -> None:
    """COUP-05: 5% on jewellery by a one-time code."""
    change(
        station.books, ArticleGroup(code="MAKEUP", name="Make-up"), ArticleGroup(code="JEWELLERY", name="Jewellery"),
        ArticleGroup(code="BRACELETS", name="Bracelets", parent="JEWELLERY"),
        Article(code="LIP", name="Lipstick", vat="23", unit="szt", group="MAKEUP"),
        Article(code="THONG", name="Bracelet, green thong", vat="23", unit="szt", group="BRACELETS"),
        *[Price(price_list="RETAIL", article=code, unit="szt", valid_from="2026-01-01", price=Decimal(price))
          for code, price in (("LIP", "39.90"), ("THONG", "59.00"))],
    )  # fmt: skip
    define(station, "GEM5", off("5", group("JEWELLERY")), Coupon(code="GEMS", name="Jewellery 5%", discount="GEM5"))
    draft = fill(station, "LIP", "THONG")
    document = put(station, draft, "GEMS")
    assert [(line.article, line.value) for line in document.lines] == [("LIP", 3990), ("THONG", 5605)]
    assert (document.totals.discount, document.totals.gross) == (295, 9595)
    assert on(pay(station, draft)) == [("GEMS", "reserved", True)]
