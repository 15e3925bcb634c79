"""Head office and till read one definition alike: the trial gives each line what the till gives it (DISC-40)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounts import article, group, off, reward
from explained_world import ShopAndOffice
from hub_definitions_world import ADMIN
from kontuar.domain.catalogue.records import Price, PriceList
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import Parameter
from kontuar.domain.parties.records import Contractor, ContractorGroup
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Deal,
    Element,
    Gift,
    GroupsDeal,
    Hours,
    ItemDeal,
    Scope,
    SharedDeal,
    Slot,
    Target,
    Tier,
    Validity,
    ValueAtLeast,
)
from kontuar.operations.hub.discount_trial import Trial, TrialLine, TrialOutcome, try_discount
from kontuar.operations.station import till
from kontuar.operations.station.till.discounting import with_discounts
from shop import MILK, MILK_EAN, NUTS, WATER, actor_of, fill

pytestmark = pytest.mark.postgres
EWA = actor_of()
BASKET = (MILK, WATER, MILK, NUTS, MILK)
REGULAR = Contractor(code="REGULAR", name="Stały Klient", group="REGULARS")


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[ShopAndOffice]:
    opened = ShopAndOffice(postgres_url, tmp_path)
    opened.define(ContractorGroup(code="REGULARS", name="Stali"), REGULAR)
    yield opened
    opened.close()


def _discount(deal: Deal, source: str = "PRM", **more: object) -> Discount:
    given: dict[str, object] = {"step": 0 if source == "BUNDLE" else 1, **more}
    return Discount(code="D", name="D", source=source, deal=deal, state="confirmed", **given)  # type: ignore[arg-type]


def _one_of(*codes: str) -> tuple[Slot, ...]:
    return tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in codes)


def _from(threshold: str, percent: str) -> Tier:
    return Tier(threshold=Decimal(threshold), reward=reward(percent))


KINDS: Mapping[str, Discount] = {
    "percent off an article": _discount(off("13", article(MILK))),
    "amount off each": _discount(off("0.30", article(MILK), "amount")),
    "fixed price": _discount(off("3.33", article(MILK), "fixed_price")),
    "percent off a group": _discount(off("7", group("FOOD"))),
    "from a quantity": _discount(ItemDeal(elements=(
        Element(goods=article(MILK), tiers=(_from("2", "5"), _from("3", "11")), counted="element"),))),
    "from a value": _discount(ItemDeal(elements=(Element(goods=group("FOOD"), tiers=(_from("50", "9"),), by="value",
                                                         counted="element"),))),
    "for groups of buyers": _discount(off("15", group("FOOD")), scope=Scope(buyers=Buyers(groups=("REGULARS",)))),
    "for one buyer": _discount(off("4", ()), "KNT", scope=Scope(buyers=Buyers(contractors=("REGULAR",)))),
    "at some hours": _discount(off("6", ()), validity=Validity(hours=(Hours(9 * 60, 9 * 60 + 1),))),
    "at other hours": _discount(off("6", ()), validity=Validity(hours=(Hours(11 * 60, 12 * 60),))),
    "percent of the document": _discount(SharedDeal(tiers=(_from("20", "3"),)), "WTR"),
    "amount of the document": _discount(
        SharedDeal(tiers=(Tier(reward=reward("5.01", "amount", per="document")),)), "WTR"),
    "on a condition": _discount(off("8", article(WATER)), conditions=(ValueAtLeast(value=Decimal(60)),)),
    "full groups": _discount(GroupsDeal(size=Decimal(2), amount=Decimal("0.50"), goods=article(MILK))),
    "two together": _discount(BundleDeal(slots=_one_of(MILK, WATER), reward=reward("20")), "BUNDLE"),
    "price of a set": _discount(
        BundleDeal(slots=_one_of(MILK, WATER), reward=reward("5.55", "fixed_price", per="set")), "BUNDLE"),
    "the cheapest free": _discount(BundleDeal(
        slots=(Slot(goods=group("FOOD"), quantity=Decimal(3)),), reward=reward("100"),
        target=Target(pick="cheapest")), "BUNDLE"),
    "with a gift": _discount(BundleDeal(slots=_one_of(NUTS), gifts=(Gift(goods=article(WATER)),)), "BUNDLE"),
}  # fmt: skip


def at_the_till(world: ShopAndOffice, draft: Document) -> list[int]:
    """What the lines cost with the definitions that the feed brought."""
    world.take_definitions()
    return [line.value for line in with_discounts(world.station, draft).lines]


def tried(world: ShopAndOffice, discount: Discount) -> TrialOutcome:
    trial = Trial(
        store="S1", day=world.station.business_day(), minute=world.station.minute_of_day(), contractor="REGULAR",
        lines=tuple(TrialLine(code) for code in BASKET),
    )  # fmt: skip
    return try_discount(world.office.definitions, ADMIN, discount, trial)


def at_head_office(world: ShopAndOffice, discount: Discount) -> list[int]:
    return [row.value for row in tried(world, discount).rows]


def regulars_basket(world: ShopAndOffice) -> Document:
    world.take_definitions()
    codes = {MILK: MILK_EAN}
    draft = fill(world.station, *(codes.get(code, code) for code in BASKET))
    return till.set_buyer(world.station, EWA, draft.doc_id, "REGULAR")


def test_eighteen_kinds_of_discounts_give_every_line_the_same_at_both(world: ShopAndOffice) -> None:
    """DISC-40, DISC-12: one engine, one definition, delivered by the feed."""
    draft = regulars_basket(world)
    plain = [line.value for line in draft.lines]
    given, unchanged = {}, set()
    for name, discount in KINDS.items():
        world.define(discount)
        given[name] = (at_head_office(world, discount), at_the_till(world, draft))
        if given[name][1] == plain:
            unchanged.add(name)
    assert {name: both for name, both in given.items() if both[0] != both[1]} == {}
    assert unchanged == {"at other hours"}


def test_a_net_list_is_tried_in_the_direction_in_which_tills_sell(world: ShopAndOffice) -> None:
    """DISC-40, DOC-22: a buyer's net list on a gross receipt, and the store's gross list for what it lacks."""
    listed = Price(price_list="NET", article=MILK, unit="szt", valid_from="2026-01-01", price=Decimal("3.00"))
    net = PriceList(code="NET", name="Hurt", direction="net", currency="PLN")
    world.define(net, listed, msgspec.structs.replace(REGULAR, price_list="NET"))
    draft = regulars_basket(world)
    assert (draft.direction, draft.lines[0].initial_price) == ("gross", Decimal("3.15"))
    discount = KINDS["percent off a group"]
    world.define(discount)
    assert at_the_till(world, draft) == at_head_office(world, discount)
    world.define(Parameter(name="sale.vat_direction", scope="store:S1", value="net"))
    discount = KINDS["amount of the document"]
    world.define(discount)
    draft = regulars_basket(world)
    assert (draft.direction, at_the_till(world, draft)) == ("net", at_head_office(world, discount))
    assert tried(world, discount).to_pay == with_discounts(world.station, draft).totals.gross


def test_a_promotion_for_the_stores_own_group_reaches_everybody_there(world: ShopAndOffice) -> None:
    """DISC-04: also the customer whom nobody knows."""
    shop = world.station.store()
    everybody = _discount(KINDS["percent of the document"].deal, "WTR", scope=Scope(buyers=Buyers(groups=("EVERY",))))
    world.define(ContractorGroup(code="EVERY", name="Wszyscy"), everybody)
    draft = fill(world.station, NUTS, NUTS, NUTS)
    plain = [line.value for line in draft.lines]
    assert at_the_till(world, draft) == plain
    world.define(msgspec.structs.replace(shop, contractor_group="EVERY"))
    assert sum(at_the_till(world, draft)) == sum(plain) - (sum(plain) * 3 + 50) // 100


def test_the_stores_conventions_hold_in_the_trial(world: ShopAndOffice) -> None:
    """DISC-21, DISC-40: parameters `discount.*` of the store; the other convention may be asked for to compare."""
    first = _discount(BundleDeal(slots=_one_of(MILK, WATER), reward=reward("5")), "BUNDLE", position=1)
    better = BundleDeal(slots=_one_of(MILK), reward=reward("50"))
    world.define(first, msgspec.structs.replace(first, code="BETTER", name="Better", deal=better, position=2))
    draft = regulars_basket(world)
    usual = at_head_office(world, first)
    assert at_the_till(world, draft) == usual
    world.define(Parameter(name="discount.choose", scope="store:S1", value="best_for_customer"))
    best = at_head_office(world, first)
    assert (at_the_till(world, draft), sum(best) < sum(usual)) == (best, True)
    trial = Trial(store="S1", day=world.station.business_day(), minute=world.station.minute_of_day(),
                  contractor="REGULAR", lines=tuple(TrialLine(code) for code in BASKET))  # fmt: skip
    definitions = world.office.definitions
    compared = try_discount(definitions, ADMIN, first, msgspec.structs.replace(trial, choose="first_satisfied"))
    assert ([row.value for row in compared.rows], compared.choose) == (usual, "first_satisfied")
    assert try_discount(definitions, ADMIN, first, trial).choose == "best_for_customer"
