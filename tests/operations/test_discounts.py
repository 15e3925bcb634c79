"""Discounts at head office on a real PostgreSQL: where they go, their order, warnings, trials (DISC-12, -20, -40)."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from discounts import article, group
from hub_definitions_world import ADMIN, NOBODY, Taker, World, open_world
from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.firm.records import Centre, Store, Warehouse
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Element,
    Goods,
    ItemDeal,
    Reward,
    Scope,
    SharedDeal,
    Slot,
    Tier,
    Validity,
)
from kontuar.operations.hub.discount_trial import Trial, TrialLine, try_discount
from kontuar.operations.hub.discounts import move, orders, read_discount, set_state, stored_discount
from refusals import refused

pytestmark = pytest.mark.postgres
DAY = datetime.date(2026, 11, 21)


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    opened.load_guide()
    yield opened
    opened.database.close()


def promotion(code: str, percent: str = "10", goods: Goods = (), **more: object) -> Discount:
    reward = Reward(kind="percent", value=Decimal(percent))
    deal = ItemDeal(elements=(Element(goods=goods, tiers=(Tier(reward=reward),)),))
    found = Discount(code=code, name=f"Promocja {code}", source="PRM", state="confirmed", deal=deal)
    return msgspec.structs.replace(found, **more)


def bundle(code: str, goods: Goods, **more: object) -> Discount:
    reward = Reward(kind="percent", value=Decimal(100))
    deal = BundleDeal(slots=(Slot(goods=goods, quantity=Decimal(2)),), reward=reward)
    found = Discount(code=code, name=f"Pakiet {code}", source="BUNDLE", state="confirmed", deal=deal, step=0)
    return msgspec.structs.replace(found, **more)


def put(world: World, *records: Discount | Coupon | Store | Centre | Warehouse | ArticleGroup | Article) -> None:
    kinds = {Discount: "discount", Coupon: "coupon", Store: "store", Centre: "centre", Warehouse: "warehouse",
             ArticleGroup: "article_group", Article: "article"}  # fmt: skip
    world.definitions.put_rows(ADMIN, [(kinds[type(record)], record) for record in records])


def holds(taker: Taker, kind: str = "discount") -> set[str]:
    """What a store has after taking the news; the checksum of the view is compared inside."""
    taker.take()
    return {key for of_kind, key in taker.rows if of_kind == kind}


def stored(world: World, kind: str, key: str, record: type[Store]) -> Store:
    return msgspec.json.decode(world.definitions.row(ADMIN, kind, key).body, type=record)


def test_a_store_gets_the_discounts_of_its_centres_and_no_others(shop: World) -> None:
    """DISC-12: by centre; KNT and KNU everywhere; a draft promotion nowhere."""
    put(shop, Centre(code="POLUDNIE", name="Południe", parent="CENTRALA"))
    put(shop, msgspec.structs.replace(stored(shop, "store", "S2", Store), centre="POLUDNIE"))
    put(
        shop,
        promotion("TU", scope=Scope(centres=("POLNOC",))),
        promotion("TAM", scope=Scope(centres=("POLUDNIE",))),
        promotion("WSZEDZIE", scope=Scope(centres=("CENTRALA",))),
        promotion("SZKIC", state="draft"),
        promotion("UPUST", source="KNU", state="draft", scope=Scope(centres=("POLUDNIE",))),
    )
    guide = {"JOGURTY", "OD200", "2PLUS1", "HURT5"}
    assert holds(Taker(shop.feed, "S1")) == guide | {"NAB10", "TU", "WSZEDZIE", "UPUST"}
    assert holds(Taker(shop.feed, "S2")) == guide | {"TAM", "WSZEDZIE", "UPUST"}


def test_a_discount_that_leaves_a_stores_scope_is_removed_there_by_delta(shop: World) -> None:
    """DISC-12: narrowed, withdrawn, or the store moved to another centre; its coupons go with it."""
    put(shop, promotion("ZNIKA"), Coupon(code="K-ZNIKA", name="Kupon", discount="ZNIKA"))
    one, two = Taker(shop.feed, "S1"), Taker(shop.feed, "S2")
    assert "ZNIKA" in holds(one) & holds(two)
    put(shop, Centre(code="POLUDNIE", name="Południe", parent="CENTRALA"))
    put(shop, promotion("ZNIKA", scope=Scope(centres=("POLUDNIE",))))
    assert "ZNIKA" not in holds(one) | holds(two)
    assert "K-ZNIKA" not in holds(one, "coupon")
    put(shop, msgspec.structs.replace(stored(shop, "store", "S2", Store), centre="POLUDNIE"))
    assert "ZNIKA" not in holds(one)
    assert "ZNIKA" in holds(two)
    assert "K-ZNIKA" in holds(two, "coupon")
    answer = two.take()
    assert answer.action == "same"
    set_state(shop.definitions, ADMIN, "ZNIKA", "withdrawn")
    assert "ZNIKA" not in holds(two)
    set_state(shop.definitions, ADMIN, "ZNIKA", "confirmed")
    assert "ZNIKA" in holds(two)


def test_a_centre_moved_in_the_tree_takes_its_discounts_along(shop: World) -> None:
    """DISC-12: the scope is a centre or any above it."""
    put(shop, Centre(code="EU", name="Europa"), promotion("EURO", scope=Scope(centres=("EU",))))
    taker = Taker(shop.feed, "S1")
    assert "EURO" not in holds(taker)
    put(shop, Centre(code="POLNOC", name="Region północny", parent="EU"))
    assert "EURO" in holds(taker)


def test_bundles_go_confirmed_and_in_date_and_ahead_by_warehouse_and_goods(shop: World) -> None:
    """DISC-12."""
    # What a store deals with stays while its quick sale was chosen from it.
    chosen = [(kind, row.key) for kind in ("quick_favourite", "quick_group")
              for row in shop.definitions.all_rows(ADMIN, kind)]  # fmt: skip
    shop.definitions.remove_rows(ADMIN, chosen)
    put(shop, ArticleGroup(code="CHEMIA", name="Chemia"))
    put(shop, msgspec.structs.replace(stored(shop, "store", "S2", Store), article_group="CHEMIA"))
    yesterday, tomorrow = DAY - datetime.timedelta(days=1), DAY + datetime.timedelta(days=1)
    put(
        shop,
        bundle("BYL", group("NAB"), validity=Validity(last_day=yesterday)),
        bundle("BEDZIE", group("NAB"), validity=Validity(first_day=tomorrow)),
        bundle("SZKIC", group("NAB"), state="draft"),
        bundle("MAGAZYN", group("CHEMIA"), scope=Scope(warehouses=("S2-SALA",))),
        bundle("MYDLO", group("CHEMIA")),
    )
    mine = {key for key in holds(Taker(shop.feed, "S1")) if key.isupper() and not key[0].isdigit()}
    assert mine - {"NAB10", "JOGURTY", "OD200", "HURT5"} == {"BEDZIE", "MYDLO"}
    assert holds(Taker(shop.feed, "S2")) == {"HURT5", "OD200", "MAGAZYN", "MYDLO"}


def test_a_promotion_for_groups_of_buyers_goes_where_they_are_known(shop: World) -> None:
    """DISC-12: the store's contractor group and what is below or above it."""
    put(shop, msgspec.structs.replace(stored(shop, "store", "S2", Store), contractor_group="HANDEL"))
    named = {"NAD": "FIRMY", "TEN": "HANDEL"}
    put(shop, *(promotion(code, scope=Scope(buyers=Buyers(groups=(one,)))) for code, one in named.items()))
    put(shop, promotion("KONTRAHENT", scope=Scope(buyers=Buyers(contractors=("HURT",)))))
    put(shop, promotion("NIKT", scope=Scope(buyers=Buyers(contractors=("UNDEFINED",)))))
    assert holds(Taker(shop.feed, "S2")) & {"NAD", "TEN", "KONTRAHENT", "NIKT"} == {"NAD", "TEN", "KONTRAHENT"}
    assert holds(Taker(shop.feed, "S1")) >= {"NAD", "TEN", "KONTRAHENT", "NIKT"}


def test_a_discount_names_only_what_exists(shop: World) -> None:
    with refused(*["definition.reference_unknown"] * 3) as problems:
        put(shop, promotion("ZLA", goods=article("NIEMA"), group="NIEMA", scope=Scope(centres=("NIEMA",))))
    assert sorted(problem.facts["kind"] for problem in problems) == ["article", "centre", "discount_group"]
    with refused("definition.referred_to"):
        shop.definitions.remove_rows(ADMIN, [("discount", "TANIE")])


def test_bundles_and_promotions_change_places_in_their_own_orders(shop: World) -> None:
    """DISC-20: the two orders are set apart; promotions within their priority."""
    put(shop, bundle("A", group("NAB"), position=20), bundle("B", group("NAB"), position=30))
    move(shop.definitions, ADMIN, "B", "up")
    bundles, promotions = orders(shop.definitions, ADMIN)
    assert [(one.code, one.position) for one in bundles] == [("2PLUS1", 10), ("B", 20), ("A", 30)]
    assert [one.code for one in promotions] == ["NAB10", "JOGURTY", "TANIE"]
    move(shop.definitions, ADMIN, "NAB10", "down")
    move(shop.definitions, ADMIN, "NAB10", "down")
    assert [one.code for one in orders(shop.definitions, ADMIN)[1]] == ["JOGURTY", "NAB10", "TANIE"]
    assert move(shop.definitions, ADMIN, "TANIE", "up").changed == 1
    assert move(shop.definitions, ADMIN, "TANIE", "up").changed == 0
    with refused("discount.no_order"):
        move(shop.definitions, ADMIN, "HURT5", "up")


def test_more_than_six_bundles_over_one_article_are_warned_of_and_not_refused(shop: World) -> None:
    """DISC-40: on saving (as it is read) and on confirming."""
    put(shop, *(bundle(f"B{number}", article("SER"), position=number) for number in range(5)))
    seventh = bundle("B5", group("WSZ"), state="draft")
    (warning,) = read_discount(shop.definitions, ADMIN, seventh).warnings
    assert (warning.code, dict(warning.facts)) == ("discount.many_bundles", {"count": "7", "goods": "SER"})
    put(shop, seventh)
    _, warnings = set_state(shop.definitions, ADMIN, "B5", "confirmed")
    assert warnings == (warning,)
    elsewhere = bundle("B6", article("MLEKO"), validity=Validity(first_day=DAY, last_day=DAY))
    assert read_discount(shop.definitions, ADMIN, elsewhere).warnings == ()


def test_a_discount_somebody_else_changed_is_not_confirmed_blindly(shop: World) -> None:
    _, version = stored_discount(shop.definitions, ADMIN, "TANIE")
    put(shop, promotion("TANIE", percent="90", state="draft"))
    with refused("definition.conflict"):
        set_state(shop.definitions, ADMIN, "TANIE", "confirmed", version)


def test_a_basket_is_tried_with_the_stores_prices_without_and_with_the_discount(shop: World) -> None:
    """DISC-40: nothing is stored, the discount need not be either."""
    before = shop.version()
    tried = bundle("DWA", article("MLEKO"), deal=BundleDeal(
        slots=(Slot(goods=article("MLEKO"), quantity=Decimal(2)),),
        reward=Reward(kind="fixed_price", value=Decimal(5), per="set"),
    ), state="draft")  # fmt: skip
    trial = Trial(store="S2", day=DAY, lines=(TrialLine("MLEKO", Decimal(3)),))
    last = msgspec.structs.replace(tried, position=20)
    outcome = try_discount(shop.definitions, ADMIN, last, trial)
    assert (outcome.rows[0].unit_price, outcome.list_value, outcome.currency) == (Decimal("4.19"), 1257, "PLN")
    # 2PLUS1 stands before it in the order of bundles and takes all three: one of them is free.
    assert (outcome.without, outcome.value, outcome.applied) == (838, 838, False)
    outcome = try_discount(shop.definitions, ADMIN, tried, trial)
    # Now it comes first: 5.00 for two; the third takes 10% of 4.19.
    assert (outcome.without, outcome.value, outcome.applied) == (838, 500 + 377, True)
    assert [step.discount for step in outcome.rows[0].steps] == ["DWA", "NAB10"]
    assert (outcome.summary.without, outcome.summary.goods, outcome.summary.after) == (1257, 1257 - 877, 877)
    assert shop.version() == before


def test_a_trial_for_a_buyer_knows_his_groups(shop: World) -> None:
    tried = promotion("FIRMA", "20", scope=Scope(buyers=Buyers(groups=("FIRMY",))), goods=article("SER"))
    trial = Trial(store="S1", day=DAY, lines=(TrialLine("SER", Decimal(1)),))
    assert not try_discount(shop.definitions, ADMIN, tried, trial).applied
    assert try_discount(shop.definitions, ADMIN, tried, msgspec.structs.replace(trial, contractor="HURT")).applied


def test_a_trial_for_nobody_is_for_the_walk_in_customer_of_the_store(shop: World) -> None:
    """DISC-04: who is in no group is in the store's own; a promotion that names it reaches everybody there."""
    deal = SharedDeal(tiers=(Tier(reward=Reward(kind="percent", value=Decimal(20))),))
    tried = promotion("WSZYSCY", source="WTR", deal=deal, scope=Scope(buyers=Buyers(groups=("FIRMY",))))
    trial = Trial(store="S1", day=DAY, lines=(TrialLine("SER"),))
    assert not try_discount(shop.definitions, ADMIN, tried, trial).applied
    put(shop, msgspec.structs.replace(stored(shop, "store", "S1", Store), contractor_group="FIRMY"))
    assert try_discount(shop.definitions, ADMIN, tried, trial).applied


def test_a_trial_says_what_it_cannot_do(shop: World) -> None:
    tried = promotion("X")
    trial = Trial(store="S1", day=DAY, lines=(TrialLine("SER"),))
    for change, code in (
        ({"lines": ()}, "trial.lines"), ({"lines": (TrialLine("JOGURT"),)}, "trial.no_price"),
        ({"lines": (TrialLine("NIEMA"),)}, "definition.not_found"), ({"store": "S9"}, "definition.not_found"),
        ({"lines": (TrialLine("SER", Decimal("NaN")),)}, "trial.quantity"),
        ({"lines": (TrialLine("SER", Decimal("0.00001")),)}, "trial.quantity"),
        ({"lines": (TrialLine("SER", Decimal("1e30")),)}, "trial.quantity"),
        ({"lines": (TrialLine("SER\0"),)}, "definition.not_found"),
        ({"contractor": "X"}, "definition.not_found"), ({"payment_form": "\0"}, "definition.not_found"),
        ({"document_type": "letter"}, "definition.document_type_unknown"),
    ):  # fmt: skip
        with refused(code):
            try_discount(shop.definitions, ADMIN, tried, msgspec.structs.replace(trial, **change))
    with refused("discount.priority_reserved"):
        try_discount(shop.definitions, ADMIN, promotion("X", step=0), trial)
    with refused("right.missing"):
        try_discount(shop.definitions, NOBODY, tried, trial)


def test_an_export_of_discounts_is_a_file_that_changes_nothing(shop: World) -> None:
    """HUB-02: CSV and workbook, the JSON cell only where columns do not do."""
    text = shop.files.export_csv(ADMIN, "discount")
    assert shop.files.import_csv(ADMIN, "discount", text).changed == 0
    assert text.decode("utf-8-sig").count('""deal""') == 1
    book = shop.files.export_xlsx(ADMIN, "discount")
    report = shop.files.import_file(ADMIN, "discount", book, "xlsx")
    assert (report.problems, report.changed, report.accepted) == ((), 0, 6)
