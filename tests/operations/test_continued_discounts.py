"""Discounts of a continued document at the till: once per document, one budget a giver, the buyer's own with him."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounts import article, off, reward
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import BundleDeal, Buyers, Deal, Limits, Scope, SharedDeal, Slot, Target, Tier
from kontuar.operations.station import approval, payments, till
from kontuar.operations.station.station import Station
from shop import MILK, MILK_EAN, NUTS, WATER, actor_of, change, fill, open_till

EWA = actor_of()
OLA = actor_of(
    rights.SELL, rights.APPROVE_RECEIPT, rights.LINE_DISCOUNT, rights.HEADER_DISCOUNT, rights.VOID_LINE, operator="OLA"
)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def defined(station: Station, code: str, deal: Deal, source: str = "PRM", **more: object) -> None:
    row = Discount(code=code, name=f"Name of {code}", source=source, deal=deal, state="confirmed", **more)  # type: ignore[arg-type]
    change(station.books, row)


def budget(station: Station, amount: str, *operators: str) -> None:
    """What these operators may give on one document."""
    for code in operators:
        known = station.books.definitions.get(Operator, code)
        assert known is not None
        change(station.books, msgspec.structs.replace(known, discount_amount=Decimal(amount)))


def values(document: Document) -> list[int]:
    return [line.value for line in document.lines]


def continued(station: Station, document: Document, *codes: str) -> Document:
    """As it comes back from parking, with more scanned to it."""
    document = station.save(as_carried(document))
    for code in codes:
        document = till.scan(station, EWA, document.doc_id, code)
    return document


def test_an_amount_off_the_document_is_on_the_receipt_once_though_it_was_parked_twice(station: Station) -> None:
    """DISC-04, PARK-12: what was paid and what is booked agree (DISC-26)."""
    tier = Tier(reward=reward("1.00", "amount", per="document"), threshold=Decimal(2))
    defined(station, "WORTH", SharedDeal(tiers=(tier,)), "WTR")
    draft = continued(station, continued(station, fill(station, WATER), WATER), MILK_EAN)
    assert (values(draft), draft.totals.gross) == ([149, 249, 399], 797)
    payments.assign(station, EWA, draft.doc_id, "cash")
    sold = approval.approve(station, EWA, draft.doc_id)
    stored = station.books.documents.find(sold.doc_id)
    assert stored is not None
    assert [(one.rule, one.name, one.amount) for one in stored.document.discounts.brought] == [
        ("WORTH", "Name of WORTH", 100)
    ]


def test_a_bundle_allowed_once_a_document_is_not_made_again_when_payment_opens(station: Station) -> None:
    """DISC-05, DISC-10, PARK-12."""
    slots = tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in (MILK, WATER))
    deal = BundleDeal(slots=slots, reward=reward("50"), target=Target(goods=article(WATER)))
    defined(station, "PACK", deal, "BUNDLE", limits=Limits(times=1))
    draft = continued(station, fill(station, MILK_EAN, WATER), MILK_EAN, WATER)
    assert values(approval.open_payment(station, EWA, draft.doc_id)) == [399, 124, 399, 249]
    assert values(till.remove_line(station, EWA, draft.doc_id, 1)) == [124, 399, 249]


def test_the_buyers_own_discount_goes_with_him_from_a_continued_document(station: Station) -> None:
    """PARK-12, DISC-01: what was promised to anybody stays."""
    defined(station, "OWN", off("20", article(MILK)), "KNU", scope=Scope(buyers=Buyers(contractors=("ALFA",))))
    defined(station, "PROMO", off("10", article(WATER)))
    draft = fill(station, MILK_EAN, WATER)
    draft = continued(station, till.set_buyer(station, EWA, draft.doc_id, "ALFA"))
    assert values(draft) == [319, 224]
    defined(station, "PROMO", off("50", article(WATER)))
    assert values(till.scan(station, EWA, draft.doc_id, NUTS))[:2] == [319, 224]
    walked_in = till.set_buyer(station, EWA, draft.doc_id, "UNDEFINED")
    assert values(walked_in)[:2] == [399, 224]
    assert values(till.set_buyer(station, EWA, draft.doc_id, "ALFA"))[:2] == [319, 224]


def test_a_discount_given_later_leaves_earlier_ones_of_the_same_giver_alone(station: Station) -> None:
    """DISC-06: milk comes before water by its code, and yet water was first."""
    budget(station, "1.50", "OLA")
    draft = fill(station, MILK_EAN, WATER, actor=OLA)
    till.change_price(station, OLA, draft.doc_id, 2, "1.49")
    later = till.change_price(station, OLA, draft.doc_id, 1, "2.99")
    assert values(later) == [349, 149]
    assert [(one.code, one.place, one.facts["granted"]) for one in later.discounts.problems] == [
        ("discount.lowered", "line:1", "0.50")
    ]
    assert values(till.scan(station, OLA, draft.doc_id, NUTS))[:2] == [349, 149]


def test_each_operator_gives_from_her_own_budget(station: Station) -> None:
    """DISC-06: the limit is per operator."""
    budget(station, "1.00", "OLA", "EWA")
    draft = fill(station, MILK_EAN, WATER, actor=OLA)
    till.change_price(station, OLA, draft.doc_id, 1, "2.99")
    given = till.change_price(station, EWA, draft.doc_id, 2, "1.49")
    assert (values(given), given.discounts.problems) == ([299, 149], ())


def test_a_lowered_discount_is_written_down_to_the_penny(station: Station) -> None:
    """DISC-06: three waters for 7.47, 1.00 may be given, 2.1566… each."""
    budget(station, "1.00", "OLA")
    draft = fill(station, WATER, actor=OLA)
    till.change_quantity(station, OLA, draft.doc_id, 1, "3")
    given = till.change_price(station, OLA, draft.doc_id, 1, "1.00")
    only = given.lines[0]
    assert only.discount is not None
    assert (only.value, only.discount.kind, only.discount.value) == (647, "value", Decimal("6.47"))
    assert [one.facts["granted"] for one in given.discounts.problems] == ["1.00"]
    assert values(till.scan(station, OLA, draft.doc_id, NUTS))[0] == 647
