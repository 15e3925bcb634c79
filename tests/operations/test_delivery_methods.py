"""Delivery methods on sales, and discounts that hold for some of them only (DISC-10)."""

from pathlib import Path

import msgspec
import pytest

from coupon_till import pay, put
from discounted_shop import bundle, defined
from discounts import article, off
from invoices import STEEL, with_business
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import DeliveryMethod
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.domain.pricing.rules import Scope
from kontuar.kernel.canonical import decode, encode
from kontuar.operations.station import (
    approval,
    delivery,
    invoicing,
    own_documents,
    payment_plan,
    payments,
    sale_form,
    till,
)
from kontuar.operations.station.station import Station
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model
from kontuar.web.prints.scene import scene_of
from refusals import refused
from shop import MILK, MILK_EAN, TILE, TILE_EAN, WATER, actor_of, change, everything, fill, open_till

EWA = actor_of()
COURIER = DeliveryMethod(code="COURIER", name="Kurier", position=2)
METHODS = (
    COURIER, DeliveryMethod(code="PICKUP", name="Odbiór", position=1),
    DeliveryMethod(code="PALLET", name="Paleta", document_types=("invoice",)),
    DeliveryMethod(code="PIGEON", name="Gołąb", active=False),
)  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    opened = open_till(tmp_path)
    change(opened.books, *METHODS)
    return opened


def by_courier(code: str = "SENT", percent: str = "10", *goods: str) -> Discount:
    scope = Scope(delivery_methods=("COURIER",))
    return defined(code, "Cheaper when sent", off(percent, article(*(goods or (TILE,)))), scope=scope)


def choose(station: Station, draft: Document, code: str) -> Document:
    return delivery.set_delivery_method(station, EWA, draft.doc_id, code)


def values(document: Document) -> list[int]:
    return [line.value for line in document.lines]


def test_a_discount_for_one_method_comes_with_it_and_goes_with_it(station: Station) -> None:
    """DISC-10: 10 % of 7.40; nothing said and another method give nothing."""
    change(station.books, by_courier())
    draft = fill(station, TILE_EAN, MILK_EAN)
    assert (draft.delivery_method, values(draft)) == ("", [740, 399])
    sent = choose(station, draft, "COURIER")
    assert (sent.delivery_method, values(sent), sent.totals.gross) == ("COURIER", [666, 399], 1065)
    assert [one.rule for one in sent.lines[0].adjustments] == ["SENT"]
    assert values(choose(station, draft, "PICKUP")) == [740, 399]
    assert values(choose(station, draft, "COURIER")) == [666, 399]
    assert values(choose(station, draft, "")) == [740, 399]


def test_only_methods_for_the_type_that_are_in_use_here_are_offered_in_their_order(station: Station) -> None:
    """DISC-10: what is not offered is refused, and nothing is changed."""
    receipt, invoice = fill(station, TILE_EAN), fill(station, document_type="invoice")
    offered = [[one.code for one in delivery.methods_for(station, EWA, doc.doc_id)] for doc in (receipt, invoice)]
    assert offered == [["PICKUP", "COURIER"], ["PALLET", "PICKUP", "COURIER"]]
    for code in ("PALLET", "PIGEON", "nobody", "x" * 90):
        with refused("delivery_method.not_here") as problems:
            choose(station, receipt, code)
        assert problems[0].facts == {"method": code[:60]}
    assert till.look_at(station, EWA, receipt.doc_id) == receipt
    assert choose(station, invoice, "PALLET").delivery_method == "PALLET"


def test_it_is_one_of_the_headings_fields_kept_at_once_with_the_others(station: Station) -> None:
    """SALE-01, DISC-10: all or none."""
    change(station.books, by_courier())
    draft = fill(station, TILE_EAN)
    kept = sale_form.set_fields(station, EWA, draft.doc_id, {"delivery_method": "COURIER", "order_number": "7"})
    assert (kept.delivery_method, kept.order_number, kept.totals.gross) == ("COURIER", "7", 666)
    terms = sale_form.terms_of(station, EWA, kept)
    assert ([one.code for one in terms.deliveries], terms.delivery) == (["PICKUP", "COURIER"], "Kurier")
    with refused("delivery_method.not_here"):
        sale_form.set_fields(station, EWA, draft.doc_id, {"order_number": "8", "delivery_method": "PIGEON"})
    assert till.look_at(station, EWA, draft.doc_id) == kept


def test_a_method_withdrawn_since_is_told_before_payment_and_nothing_is_written(station: Station) -> None:
    """DISC-10, DOC-05: also where the document became of another type."""
    draft = choose(station, fill(station, TILE_EAN), "COURIER")
    change(station.books, msgspec.structs.replace(COURIER, active=False))
    with refused("delivery_method.not_here") as problems:
        approval.open_payment(station, EWA, draft.doc_id)
    assert (problems[0].place, problems[0].facts) == ("delivery_method", {"method": "COURIER"})
    before = everything(station)
    with refused("delivery_method.not_here"):
        approval.open_payment(station, EWA, draft.doc_id)
    assert everything(station) == before
    choose(station, draft, "PICKUP")
    payments.assign(station, EWA, draft.doc_id, "cash")
    change(station.books, msgspec.structs.replace(METHODS[1], document_types=("invoice",)))
    with refused("delivery_method.not_here"):
        approval.approve(station, EWA, draft.doc_id)


def test_a_continued_document_keeps_what_it_came_with_while_its_method_stays(station: Station) -> None:
    """DISC-10, PARK-12: another method takes it away, the same one gives it back, whatever the definitions say now."""
    change(station.books, by_courier(), bundle("PACK", "Pack", MILK, WATER, scope=Scope(delivery_methods=("COURIER",))))
    draft = choose(station, fill(station, TILE_EAN, MILK_EAN, WATER), "COURIER")
    assert values(draft) == [666, 319, 199]
    doc_id = station.save(as_carried(till.look_at(station, EWA, draft.doc_id))).doc_id
    change(station.books, by_courier("SENT", "50"))
    before = till.reprice(station, till.look_at(station, EWA, doc_id))
    assert (before.delivery_method, values(before)) == ("COURIER", [666, 319, 199])
    waiting = choose(station, before, "PICKUP")
    assert (values(waiting), [line.has for line in waiting.lines]) == ([740, 399, 249], [(), (), ()])
    payment_plan.set_planned_form(station, EWA, doc_id, "card")
    assert values(till.look_at(station, EWA, doc_id)) == [740, 399, 249]
    payment_plan.set_planned_form(station, EWA, doc_id, "")
    again = choose(station, before, "COURIER")
    assert (again.lines, again.totals) == (before.lines, before.totals)


def test_a_discount_for_a_method_and_a_form_wants_both(station: Station) -> None:
    """DISC-10."""
    both = msgspec.structs.replace(by_courier(), scope=Scope(delivery_methods=("COURIER",), payment_forms=("card",)))
    change(station.books, both)
    draft = choose(station, fill(station, TILE_EAN), "COURIER")
    assert values(draft) == [740]
    assert values(payment_plan.set_planned_form(station, EWA, draft.doc_id, "card")) == [666]
    assert values(choose(station, draft, "PICKUP")) == [740]


def test_a_coupon_for_one_method_is_used_up_only_with_it(station: Station) -> None:
    """DISC-10, COUP-02."""
    coded = msgspec.structs.replace(by_courier(), by_coupon=True)
    change(station.books, coded, Coupon(code="SENT10", name="Sent", discount="SENT", uses=0, offline=True))
    draft = put(station, fill(station, TILE_EAN), "SENT10")
    assert (values(draft), draft.discounts.coupons[0].used) == ([740], False)
    sent = choose(station, draft, "COURIER")
    assert (values(sent), sent.discounts.coupons[0].used) == ([666], True)
    assert pay(station, sent).discounts.coupons[0].used


def test_approved_printed_and_seen_with_the_name_of_its_method(station: Station) -> None:
    """DISC-10, DOC-32: the message carries the code; a document of before has none."""
    draft = choose(station, fill(station, TILE_EAN), "COURIER")
    payments.assign(station, EWA, draft.doc_id, "cash")
    sold = approval.approve(station, EWA, draft.doc_id)
    assert own_documents.preview(station, EWA, sold.doc_id).document.delivery_method == "COURIER"
    model = document_model(sold, scene_of(station), texts("pl"))
    assert ("Sposób dostawy", "Kurier") in [(row.label, row.value) for row in model.details]
    old = msgspec.json.decode(encode(sold))
    del old["delivery_method"]
    assert decode(encode(old), Document) == msgspec.structs.replace(sold, delivery_method="")


def test_an_invoice_of_a_receipt_says_what_the_receipt_said(station: Station) -> None:
    """SALE-06, DISC-10: also after the method is gone, and it stays as it is."""
    with_business(station)
    change(station.books, by_courier())
    draft = choose(station, fill(station, STEEL, TILE_EAN), "COURIER")
    assert values(draft)[1] == 666
    till.set_tax_number(station, EWA, draft.doc_id, "7740001454")
    payments.assign(station, EWA, draft.doc_id, "cash")
    receipt = approval.approve(station, EWA, draft.doc_id)
    change(station.books, msgspec.structs.replace(COURIER, active=False))
    invoice = invoicing.from_receipt(station, EWA, receipt.doc_id)
    assert (invoice.delivery_method, invoice.totals) == ("COURIER", receipt.totals)
    assert delivery.methods_for(station, EWA, invoice.doc_id) == ()
    with refused("invoice.of_receipt_stays"):
        choose(station, invoice, "PICKUP")
    assert approval.approve(station, EWA, invoice.doc_id).delivery_method == "COURIER"
