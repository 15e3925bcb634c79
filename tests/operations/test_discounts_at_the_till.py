"""Discounts on a draft: promotions by themselves, bundles on request, what the operator gives (DISC-06 … DISC-26)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounts import article, off, reward
from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import BundleDeal, Deal, Gift, Hours, Scope, SharedDeal, Slot, Target, Tier, Validity
from kontuar.kernel.canonical import row_checksum
from kontuar.operations.actor import Grant
from kontuar.operations.station import approval, payment_plan, payments, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, MILK_EAN, NUTS, WATER, actor_of, change, fill, open_till, with_parameter

EWA = actor_of()
LIMITED = actor_of(rights.SELL, rights.APPROVE_RECEIPT, rights.CHANGE_PRICE, rights.LINE_DISCOUNT,
                   rights.HEADER_DISCOUNT, rights.VOID_LINE, operator="OLA")  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def defined(station: Station, code: str, deal: Deal, source: str = "PRM", **more: object) -> None:
    row = Discount(code=code, name=f"Name of {code}", source=source, deal=deal, state="confirmed", **more)  # type: ignore[arg-type]
    change(station.books, row)


def bundle(station: Station, percent: str = "20", **more: object) -> None:
    """Milk and water together are cheaper."""
    slots = tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in (MILK, WATER))
    defined(station, "PACK", BundleDeal(slots=slots, reward=reward(percent)), "BUNDLE", **more)


def limits(station: Station, percent: str | None = None, amount: str | None = None) -> None:
    """What OLA may give."""
    ola = station.books.definitions.get(Operator, "OLA")
    assert ola is not None
    change(station.books, msgspec.structs.replace(
        ola, discount_percent=percent and Decimal(percent), discount_amount=amount and Decimal(amount)))  # fmt: skip


def values(document: Document) -> list[int]:
    return [line.value for line in document.lines]


def steps(document: Document, number: int) -> list[tuple[str, str, int, int]]:
    line = next(line for line in document.lines if line.number == number)
    return [(one.source, one.rule, one.amount, one.after) for one in line.adjustments]


def test_a_promotion_is_on_the_line_at_once_with_its_explanation(station: Station) -> None:
    """DISC-02, DISC-26: initial price, the discount with its definition and version, the value after."""
    defined(station, "TEN", off("10", article(MILK)))
    draft = fill(station, MILK_EAN, WATER)
    assert values(draft) == [359, 249]
    only = draft.lines[0].adjustments[0]
    assert (only.source, only.kind, only.rule, only.rate, only.base, only.amount, only.after) == (
        "PRM", "percent", "TEN", 10, 399, -40, 359
    )  # fmt: skip
    assert only.version == station.books.definitions.version()[1]
    assert (draft.totals.initial_sum, draft.totals.discount, draft.totals.gross) == (648, 40, 608)
    assert [(one.rule, one.name, one.amount) for one in draft.discounts.applications] == [("TEN", "Name of TEN", 40)]


def test_the_explanation_goes_with_the_approved_document(station: Station) -> None:
    """DISC-26: what the till reckoned is what the message says, whatever definitions come later."""
    defined(station, "TEN", off("10", article(MILK)))
    draft = fill(station, MILK_EAN)
    payments.assign(station, EWA, draft.doc_id, "cash")
    sold = approval.approve(station, EWA, draft.doc_id)
    defined(station, "TEN", off("50", article(MILK)))
    stored = station.books.documents.find(sold.doc_id)
    assert stored is not None
    assert stored.document.lines == draft.lines
    assert stored.document.discounts.applications == draft.discounts.applications


def test_a_discount_that_this_program_cannot_read_is_left_out_whole_and_selling_goes_on(station: Station) -> None:
    """DISC-10: damaged, or of a newer program."""
    defined(station, "TEN", off("10", article(MILK)))
    epoch, version, checksum = station.books.definitions.cursor()
    rows = []
    for key, body in (("BROKEN", b'{"code":'), ("NEWER", b'{"code":"NEWER","name":"x","source":"PRM","moon":1}')):
        checksum += row_checksum("discount", key, body)
        rows.append(("discount", key, version + 1, body))
    station.books.definitions.apply_delta(rows, [], epoch, version + 1, checksum % 2**64)
    assert values(fill(station, MILK_EAN)) == [359]
    assert sorted((one.code, one.problem.code) for one in station.rules.left_out) == [
        ("BROKEN", "discount.unreadable"), ("NEWER", "discount.unreadable")
    ]  # fmt: skip


def test_a_threshold_is_reached_and_left_again_as_the_quantity_changes(station: Station) -> None:
    """DISC-03: from three pieces on."""
    tiers = (Tier(reward=reward("1.00", "amount"), threshold=Decimal(3)),)
    element = msgspec.structs.replace(off("0", article(MILK)).elements[0], tiers=tiers)
    defined(station, "THREE", msgspec.structs.replace(off("0"), elements=(element,)))
    draft = fill(station, MILK_EAN)
    assert values(till.change_quantity(station, EWA, draft.doc_id, 1, "3")) == [897]
    assert values(till.change_quantity(station, EWA, draft.doc_id, 1, "2")) == [798]


def test_a_discount_of_the_documents_value_is_spread_and_gone_with_the_line_that_reached_it(station: Station) -> None:
    """DISC-04, DISC-24."""
    tier = Tier(reward=reward("10.00", "amount", per="document"), threshold=Decimal(60))
    defined(station, "WORTH", SharedDeal(tiers=(tier,)), "WTR")
    draft = fill(station, MILK_EAN, NUTS)
    assert (values(draft), draft.totals.gross) == ([337, 5052], 5389)
    assert values(till.remove_line(station, EWA, draft.doc_id, 2)) == [399]


def test_hours_are_those_of_the_shop(station: Station) -> None:
    """DISC-10: the shop's clock says nine when UTC says eight."""
    hour = Validity(hours=(Hours(9 * 60, 10 * 60),))
    defined(station, "EARLY", off("10", article(MILK)), validity=hour)
    assert values(fill(station, MILK_EAN)) == [359]
    station.clock.turn(7200)  # type: ignore[attr-defined]
    assert values(fill(station, MILK_EAN)) == [399]


# -- bundles ------------------------------------------------------------------------------------------------
def test_a_bundle_comes_by_itself_and_marks_its_lines(station: Station) -> None:
    """DISC-05, DISC-20, DISC-23: the mark says which could and which does apply."""
    bundle(station)
    draft = fill(station, MILK_EAN)
    assert [(line.could, line.has) for line in draft.lines] == [(("PACK",), ())]
    draft = till.scan(station, EWA, draft.doc_id, WATER)
    assert (values(draft), [(line.could, line.has) for line in draft.lines]) == (
        [319, 199], [((), ("PACK",)), ((), ("PACK",))]
    )  # fmt: skip
    assert till.bundles_on(station, EWA, draft.doc_id, 1) == ("Name of PACK",)
    broken = till.remove_line(station, EWA, draft.doc_id, 2)
    assert (values(broken), broken.lines[0].has) == ([399], ())


def test_in_manual_mode_bundles_wait_for_the_button_and_later_lines_for_the_next_press(station: Station) -> None:
    """DISC-23."""
    bundle(station)
    with_parameter(station.books, "discount.bundles_automatic", "no")
    draft = fill(station, MILK_EAN, WATER)
    assert values(draft) == [399, 249]
    assert values(till.apply_promotions(station, EWA, draft.doc_id)) == [319, 199]
    till.scan(station, EWA, draft.doc_id, MILK_EAN)
    assert values(till.scan(station, EWA, draft.doc_id, WATER)) == [319, 199, 399, 249]
    assert values(till.apply_promotions(station, EWA, draft.doc_id)) == [319, 199, 319, 199]
    assert values(till.remove_promotions(station, EWA, draft.doc_id)) == [399, 249, 399, 249]


def test_bundles_that_were_removed_stay_away_in_automatic_mode(station: Station) -> None:
    """DISC-23."""
    bundle(station)
    draft = fill(station, MILK_EAN, WATER)
    till.remove_promotions(station, EWA, draft.doc_id)
    assert values(till.scan(station, EWA, draft.doc_id, MILK_EAN)) == [399, 249, 399]
    assert values(till.apply_promotions(station, EWA, draft.doc_id)) == [319, 199, 399]


def test_the_operator_gives_nothing_on_a_bundles_line_but_on_the_document(station: Station) -> None:
    """DISC-20: lines in a bundle take header discounts only."""
    bundle(station)
    draft = fill(station, MILK_EAN, WATER)
    with refused("discount.line_in_bundle"):
        till.change_by_percent(station, EWA, draft.doc_id, 1, "5")
    assert values(till.look_at(station, EWA, draft.doc_id)) == [319, 199]
    given = till.give_header_discount(station, EWA, draft.doc_id, "percent", "10")
    assert (values(given), given.totals.gross) == ([287, 179], 466)
    with_parameter(station.books, "discount.header_on_bundles", "no")
    assert values(till.scan(station, EWA, draft.doc_id, MILK_EAN)) == [319, 199, 359]


# -- the operator -------------------------------------------------------------------------------------------
def test_what_the_operator_gives_comes_after_promotions_and_follows_the_quantity(station: Station) -> None:
    """DISC-06, DISC-21: 3.99 − 10 % − 5 % of what is left."""
    defined(station, "TEN", off("10", article(MILK)))
    draft = fill(station, MILK_EAN)
    given = till.change_by_percent(station, EWA, draft.doc_id, 1, "5")
    assert steps(given, 1) == [("PRM", "TEN", -40, 359), ("OPERATOR", "operator:line", -18, 341)]
    doubled = till.change_quantity(station, EWA, draft.doc_id, 1, "2")
    assert steps(doubled, 1) == [("PRM", "TEN", -80, 718), ("OPERATOR", "operator:line", -36, 682)]
    assert values(till.change_by_percent(station, EWA, draft.doc_id, 1, "0")) == [718]
    assert till.look_at(station, EWA, draft.doc_id).lines[0].discount is None


def test_a_price_above_the_initial_one_is_a_surcharge_and_shown_so(station: Station) -> None:
    """DISC-06."""
    draft = till.change_price(station, EWA, fill(station, MILK_EAN).doc_id, 1, "5.00")
    assert (draft.totals.surcharge, draft.totals.discount, draft.lines[0].adjustments[0].amount) == (101, 0, 101)


def test_more_than_the_limit_is_lowered_to_it_and_said_so_once(station: Station) -> None:
    """DISC-06: the limit of who gives; what is kept is what was granted."""
    limits(station, percent="10")
    draft = fill(station, MILK_EAN, actor=LIMITED)
    given = till.change_by_percent(station, LIMITED, draft.doc_id, 1, "25")
    assert (values(given), [(one.code, one.place, one.facts["limit"]) for one in given.discounts.problems]) == (
        [359], [("discount.lowered", "line:1", "10%")]
    )  # fmt: skip
    assert given.lines[0].adjustments[0].rate == 10
    after = till.scan(station, LIMITED, draft.doc_id, WATER)
    assert (values(after), after.discounts.problems) == ([359, 249], ())


def test_the_limit_counts_on_the_document_as_a_whole(station: Station) -> None:
    """DISC-06: 1.00 on one line leaves 0.50 for the header."""
    limits(station, amount="1.50")
    draft = fill(station, MILK_EAN, WATER, actor=LIMITED)
    till.change_price(station, LIMITED, draft.doc_id, 1, "2.99")
    given = till.give_header_discount(station, LIMITED, draft.doc_id, "amount", "2.00")
    assert (given.totals.gross, given.discounts.header and given.discounts.header.value) == (498, Decimal("0.50"))
    assert [one.facts for one in given.discounts.problems] == [{"limit": "1.50", "granted": "0.50"}]


def test_who_allows_it_gives_by_his_own_limit(station: Station) -> None:
    """DISC-06, SEC-01: EWA has none."""
    limits(station, percent="10")
    draft = fill(station, MILK_EAN, actor=LIMITED)
    grant = Grant(grant_id="g1", right=rights.LINE_DISCOUNT, operator="EWA", doc_id=draft.doc_id)
    allowed = msgspec.structs.replace(LIMITED, grant=grant)
    given = till.change_by_percent(station, allowed, draft.doc_id, 1, "50")
    only = given.lines[0].adjustments[0]
    assert (values(given), only.by, only.allowed_by, given.discounts.problems) == ([199], "OLA", "EWA", ())
    assert [(row.right, row.operator) for row in given.authorisations] == [(rights.LINE_DISCOUNT, "EWA")]


@pytest.mark.parametrize(
    ("kind", "value", "refusal"),
    [("percent", "101", "discount.percent_out_of_range"), ("amount", "-1", "price.below_zero"),
     ("amount", "much", "amount.unreadable"), ("moon", "1", "discount.kind_unknown")],
)  # fmt: skip
def test_a_header_discount_beyond_reason_is_refused_and_changes_nothing(
    station: Station, kind: str, value: str, refusal: str
) -> None:
    draft = fill(station, MILK_EAN)
    with refused(refusal):
        till.give_header_discount(station, EWA, draft.doc_id, kind, value)
    with refused("right.missing"):
        till.give_header_discount(station, actor_of(rights.SELL), draft.doc_id, "percent", "1")
    assert till.look_at(station, EWA, draft.doc_id) == draft


def test_a_typed_initial_price_is_what_promotions_are_reckoned_from(station: Station) -> None:
    """DOC-22, DISC-32; the base price tells what the list says."""
    defined(station, "TEN", off("10", article(MILK)))
    draft = fill(station, MILK_EAN)
    typed = till.change_initial_price(station, EWA, draft.doc_id, 1, "5.00")
    line = typed.lines[0]
    assert (line.base_price, line.initial_price, line.value, line.initial_by) == (Decimal("3.99"), 5, 450, "EWA")
    assert (typed.totals.base_sum, typed.totals.initial_sum) == (399, 500)
    assert values(till.reprice(station, typed)) == [450]
    assert values(till.change_initial_price(station, EWA, draft.doc_id, 1, "")) == [359]


def test_a_firm_may_choose_what_is_best_for_the_customer(station: Station) -> None:
    """DISC-20, DISC-25: the first bundle that holds, or the best one."""
    bundle(station, percent="5", position=1)
    slots = (Slot(goods=article(MILK), quantity=Decimal(1)),)
    defined(station, "BETTER", BundleDeal(slots=slots, reward=reward("50")), "BUNDLE", position=2)
    assert values(fill(station, MILK_EAN, WATER)) == [379, 237]
    with_parameter(station.books, "discount.choose", "best_for_customer")
    assert values(fill(station, MILK_EAN, WATER)) == [199, 249]


# -- continued documents --------------------------------------------------------------------------------------
def continued(station: Station, *codes: str) -> str:
    """A draft as it comes back from parking."""
    draft = fill(station, *codes)
    return station.save(as_carried(draft)).doc_id


def half_price_water(station: Station) -> None:
    """Milk brings a water at half price."""
    slots = tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in (MILK, WATER))
    deal = BundleDeal(slots=slots, reward=reward("50"), target=Target(goods=article(WATER)))
    defined(station, "PACK", deal, "BUNDLE")


def test_a_unit_that_made_a_carried_bundle_makes_no_second_one(station: Station) -> None:
    """PARK-12, DISC-05: one milk makes one water cheaper, also after parking."""
    half_price_water(station)
    doc_id = continued(station, MILK_EAN, WATER)
    till.scan(station, EWA, doc_id, WATER)
    assert values(approval.open_payment(station, EWA, doc_id)) == [399, 124, 249]


def test_half_a_carried_bundle_is_none(station: Station) -> None:
    """DISC-23: with one element gone or changed the others are reckoned anew."""
    half_price_water(station)
    doc_id = continued(station, MILK_EAN, WATER)
    assert values(till.remove_line(station, EWA, doc_id, 1)) == [249]
    doc_id = continued(station, MILK_EAN, WATER, WATER)
    assert values(till.change_quantity(station, EWA, doc_id, 1, "2")) == [798, 124, 249]
    assert values(approval.open_payment(station, EWA, doc_id)) == [798, 124, 124]


def test_carried_bundles_can_be_removed(station: Station) -> None:
    """PARK-12: bundles follow the mode."""
    half_price_water(station)
    doc_id = continued(station, MILK_EAN, WATER)
    assert values(till.remove_promotions(station, EWA, doc_id)) == [399, 249]


def test_a_header_discount_does_not_keep_bundles_from_a_continued_document(station: Station) -> None:
    """PARK-12: its share is reckoned anew, so the line came without a discount of its own."""
    draft = fill(station, MILK_EAN, WATER)
    till.give_header_discount(station, EWA, draft.doc_id, "percent", "1")
    station.save(as_carried(till.look_at(station, EWA, draft.doc_id)))
    half_price_water(station)
    assert values(approval.open_payment(station, EWA, draft.doc_id)) == [395, 123]


def test_in_manual_mode_a_gift_that_is_added_is_free(station: Station) -> None:
    """DISC-05, DISC-23."""
    slot = Slot(goods=article(MILK), quantity=Decimal(1))
    defined(station, "GIVES", BundleDeal(slots=(slot,), gifts=(Gift(goods=article(WATER)),)), "BUNDLE")
    with_parameter(station.books, "discount.bundles_automatic", "no")
    draft = till.apply_promotions(station, EWA, fill(station, MILK_EAN).doc_id)
    assert [one.rule for one in draft.discounts.unused_gifts] == ["GIVES"]
    given = till.lines.with_gift(station, EWA, draft, station.books.definitions.get(Article, WATER), "1", "GIVES")
    assert (values(given), given.discounts.unused_gifts) == ([399, 0], ())


def test_a_carried_discount_for_a_form_of_payment_is_paid_by_that_form(station: Station) -> None:
    """DISC-10, PARK-12."""
    defined(station, "CARD", off("10", article(MILK)), scope=Scope(payment_forms=("card",)))
    draft = payment_plan.set_planned_form(station, EWA, fill(station, MILK_EAN).doc_id, "card")
    assert values(draft) == [359]
    station.save(as_carried(draft))
    with refused("payment.discount_needs_form"):
        payments.assign(station, EWA, draft.doc_id, "cash")


def test_an_amount_off_the_document_is_worth_the_same_in_the_other_direction(station: Station) -> None:
    """SALE-07, DISC-06: 2.49 less 1.00 stays 1.49 to pay, and back again."""
    draft = till.set_buyer(station, EWA, fill(station, WATER, document_type="invoice").doc_id, "ALFA")
    till.give_header_discount(station, EWA, draft.doc_id, "amount", "1.00")
    assert till.set_direction(station, EWA, draft.doc_id, "net").totals.gross == 149
    assert till.set_direction(station, EWA, draft.doc_id, "gross").totals.gross == 149
