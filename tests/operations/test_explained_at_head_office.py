"""A sale explained at head office, and reckoned again with the definitions of its day (DISC-26, DISC-31)."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounts import article, group, off, reward
from explained_world import ShopAndOffice
from hub_definitions_world import ADMIN, NOBODY
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.firm.records import Parameter
from kontuar.domain.pricing.discount import Discount, DiscountGroup
from kontuar.domain.pricing.rules import BundleDeal, Deal, Hours, Slot, Validity
from kontuar.operations.hub.explaining import Again, explain_again, explained
from kontuar.operations.station import approval, payments, till
from refusals import refused
from shop import MILK, MILK_EAN, WATER, actor_of, fill, move_cash

pytestmark = pytest.mark.postgres
EWA = actor_of()


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[ShopAndOffice]:
    opened = ShopAndOffice(postgres_url, tmp_path)
    yield opened
    opened.close()


def discount(code: str, deal: Deal, source: str = "PRM", **more: object) -> Discount:
    given: dict[str, object] = {"state": "confirmed", **more}
    return Discount(code=code, name=f"Name of {code}", source=source, deal=deal, **given)  # type: ignore[arg-type]


def ten(percent: str = "10", **more: object) -> Discount:
    return discount("TEN", off(percent, article(MILK)), **more)


def approved(world: ShopAndOffice, draft: Document) -> Document:
    payments.assign(world.station, EWA, draft.doc_id, "cash")
    sold = approval.approve(world.station, EWA, draft.doc_id)
    world.book(sold)
    return sold


def sold_under_a_promotion(world: ShopAndOffice) -> Document:
    world.define(ten(), DiscountGroup(code="SPRING", name="Spring"))
    world.take_definitions()
    return approved(world, fill(world.station, MILK_EAN, MILK_EAN, WATER))


def following(document: Document) -> str:
    """The number after a document's."""
    return document.number.replace("00001", "00002")


def again(world: ShopAndOffice, document: Document) -> Again:
    return explain_again(world.shelf, world.office.definitions, ADMIN, "S1", document.doc_id)


def test_a_sale_is_reproduced_exactly_after_its_promotion_changed_twice(world: ShopAndOffice) -> None:
    """DISC-26, HUB-03: the version that the document names decides, not what holds now."""
    sold = sold_under_a_promotion(world)
    first = again(world, sold)
    world.define(ten("50"))
    world.define(ten("25", state="withdrawn"))
    later = again(world, sold)
    assert first == later
    assert (later.version, later.exact, later.lines, later.sums, later.why) == (sold.definitions[1], True, (), (), ())


def test_the_explanation_names_every_step_and_its_people(world: ShopAndOffice) -> None:
    """DISC-26, DISC-31: initial price, promotion, what the operator gave; the summary adds up."""
    world.define(ten(group="SPRING"), DiscountGroup(code="SPRING", name="Spring"))
    world.take_definitions()
    draft = fill(world.station, MILK_EAN, WATER)
    till.give_header_discount(world.station, EWA, draft.doc_id, "percent", "5")
    sold = approved(world, till.look_at(world.station, EWA, draft.doc_id))
    shown = explained(world.shelf, world.office.definitions, ADMIN, "S1", sold.doc_id)
    milk = shown.rows[0]
    assert [(step.name, step.source, step.rate, step.amount, step.after, step.by) for step in milk.steps] == [
        ("Name of TEN", "PRM", 10, -40, 359, ""), ("", "OPERATOR", 5, -18, 341, "EWA"),
    ]  # fmt: skip
    assert (milk.initial_value, milk.steps[0].version) == (399, sold.definitions[1])
    assert shown.summary is not None
    assert (shown.summary.without, shown.summary.goods, shown.summary.after) == (648, 40, sold.totals.gross)
    assert shown.summary.by_operator_on_header == 648 - 40 - sold.totals.gross
    assert (shown.names["SPRING"], shown.people) == ("Spring", {"EWA": "Ewa Kierownik"})
    assert again(world, sold).exact


def test_a_tampered_value_is_named(world: ShopAndOffice) -> None:
    """DISC-26: a till that gave more than the definition says, with sums that agree with each other."""
    world.define(ten())
    world.take_definitions()
    sold = sold_with_another_amount(world, -140)
    found = again(world, sold)
    assert not found.exact
    assert [(line.number, line.value, line.value_again) for line in found.lines] == [(1, 259, 359)]
    assert [(line.steps[0].amount, line.steps_again[0].amount) for line in found.lines] == [(-140, -40)]
    assert ("gross", 259, 359) in [(one.name, one.said, one.again) for one in found.sums]


def sold_with_another_amount(world: ShopAndOffice, amount: int) -> Document:
    draft = fill(world.station, MILK_EAN)
    payments.assign(world.station, EWA, draft.doc_id, "cash")
    sold = approval.approve(world.station, EWA, draft.doc_id)
    replace, value = msgspec.structs.replace, 399 + amount
    step = replace(sold.lines[0].adjustments[0], amount=amount, after=value)
    line = replace(sold.lines[0], value=value, adjustments=(step,), price=Decimal(value) / 100)
    given = replace(sold.payments[0], amount=value, in_system=value)
    moves = tuple(replace(move, amount=value, in_system=value) for move in sold.cash_moves)
    tampered = with_totals(replace(sold, lines=(line,), payments=(given,), cash_moves=moves))
    world.book(tampered)
    return tampered


def test_a_discount_that_was_never_sent_to_the_store_is_named(world: ShopAndOffice) -> None:
    """DISC-12: the till had something that its head office did not send it."""
    sold = sold_under_a_promotion(world)
    claimed = msgspec.structs.replace(sold.lines[0].adjustments[0], rule="GHOST")
    line = msgspec.structs.replace(sold.lines[0], adjustments=(claimed,))
    ghost = msgspec.structs.replace(sold, doc_id=sold.doc_id[:-1] + "f", number=following(sold),
                                    lines=(line, *sold.lines[1:]))  # fmt: skip
    world.book(ghost)
    found = again(world, ghost)
    assert not found.exact
    assert [(why.code, why.facts) for why in found.why] == [("again.not_defined", {"discounts": "GHOST"})]


def test_bundles_conventions_and_hours_are_those_of_that_day(world: ShopAndOffice) -> None:
    """DISC-23, DISC-10: parameters have a history too; the minute is the document's."""
    pack = discount("PACK", BundleDeal(
        slots=tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in (MILK, WATER)), reward=reward("20"),
    ), "BUNDLE")  # fmt: skip
    happy = discount("HAPPY", off("5", group("FOOD")), validity=Validity(hours=(Hours(8 * 60, 10 * 60),)))
    manual = Parameter(name="discount.bundles_automatic", scope="store:S1", value="no")
    world.define(pack, happy, manual)
    world.take_definitions()
    draft = fill(world.station, MILK_EAN, WATER, MILK_EAN)
    till.apply_promotions(world.station, EWA, draft.doc_id)
    bundled = approved(world, till.look_at(world.station, EWA, draft.doc_id))
    plain = approved(world, fill(world.station, MILK_EAN, WATER))
    assert [len(one.discounts.applications) for one in (bundled, plain)] == [2, 1]
    world.define(msgspec.structs.replace(manual, value="yes"), Parameter(
        name="discount.choose", scope="global", value="best_for_customer"))  # fmt: skip
    world.define(msgspec.structs.replace(happy, state="withdrawn"))
    assert (again(world, bundled).exact, again(world, plain).exact) == (True, True)


def test_what_cannot_be_reckoned_again_is_said(world: ShopAndOffice) -> None:
    """DISC-26: cash documents have no prices; a version of another head office is not ours."""
    sold = sold_under_a_promotion(world)
    cash = move_cash(world.station, "cash_in", "10")
    world.book(cash)
    with refused("again.not_priced"):
        again(world, cash)
    strange = msgspec.structs.replace(sold, doc_id=sold.doc_id[:-1] + "e", number=following(sold),
                                      definitions=("elsewhere", 3))  # fmt: skip
    world.book(strange)
    with refused("again.definitions_unknown"):
        again(world, strange)
    with refused("right.missing"):
        explain_again(world.shelf, world.office.definitions, NOBODY, "S1", sold.doc_id)
    assert explained(world.shelf, world.office.definitions, ADMIN, "S1", cash.doc_id).rows == ()
