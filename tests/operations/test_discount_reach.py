"""Which discounts a write at head office looks at, on a real PostgreSQL: never all of them for one (DISC-12)."""

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from discounts import article, group, off
from hub_definitions_world import ADMIN, Taker, World, open_world
from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.firm.records import Store
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import BundleDeal, Goods, Slot, Validity
from kontuar.kernel.canonical import decode
from kontuar.operations.hub.defining.reach import may_move
from kontuar.operations.hub.defining.rules import candidate

pytestmark = pytest.mark.postgres
TODAY = datetime.date(2026, 11, 21)


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    opened.load_guide()
    yield opened
    opened.database.close()


def promotion(code: str, goods: Goods = ()) -> Discount:
    return Discount(code=code, name=f'Promocja {code} "source":"BUNDLE"', source="PRM", deal=off("10", goods),
                    state="confirmed")  # fmt: skip


def bundle(code: str, goods: Goods, **more: Any) -> Discount:
    ready = off("5").elements[0].tiers[0].reward
    deal = BundleDeal(slots=(Slot(goods=goods, quantity=Decimal(2)),), reward=ready)
    found = Discount(code=code, name=code, source="BUNDLE", deal=deal, state="confirmed", step=0)
    return msgspec.structs.replace(found, **more)


def put(world: World, kind: str, *records: Any) -> None:
    world.definitions.put_rows(ADMIN, [(kind, record) for record in records])


def some(world: World, kind: str, record: type[Any]) -> Any:
    return decode(world.store.rows(kind)[0].body, record)


def narrowed(world: World) -> tuple[Store, Article]:
    """A new store that deals with one group only, and an article of that group."""
    put(world, "article_group", ArticleGroup(code="OWOCE", name="Owoce"))
    store = msgspec.structs.replace(some(world, "store", Store), code="S9", name="Warzywniak", article_group="OWOCE")
    put(world, "store", store)
    apple = msgspec.structs.replace(some(world, "article", Article), code="JABLKO", eans=(), group="OWOCE", groups=())
    put(world, "article", apple)
    return store, apple


def looked_at(world: World, *records: tuple[str, Any], narrowed: bool = False) -> Sequence[str]:
    written = [candidate(kind, record) for kind, record in records]
    touched = {kind for kind, _ in records}
    with world.database.transaction():
        return [row.key for row in may_move(touched, written, (), world.store, narrowed=narrowed)]


def test_writing_a_discount_looks_at_the_bundles_that_are_sent_and_at_no_other_one(shop: World) -> None:
    """DISC-12: tens of thousands of discounts are loaded in time that grows with their number."""
    before = set(looked_at(shop, ("discount", promotion("NOWA"))))
    put(shop, "discount", *(promotion(f"P{number}") for number in range(20)))
    put(shop, "discount", bundle("TRWA", article("SER")), bundle("SZKIC", article("SER"), state="draft"))
    assert set(looked_at(shop, ("discount", promotion("NOWA")))) == before | {"TRWA"}
    assert len(looked_at(shop, ("store", some(shop, "store", Store)))) >= 22


def test_a_bundle_that_has_ended_leaves_the_stores_with_the_next_discount_that_is_written(shop: World) -> None:
    """DISC-12: the passing of days."""
    put(shop, "discount", bundle("DZIS", article("SER"), validity=Validity(last_day=TODAY)))
    taker = Taker(shop.feed, "S1")
    taker.take()
    assert ("discount", "DZIS") in taker.rows
    shop.clock.forward(24 * 3600)
    put(shop, "discount", promotion("JUTRO"))
    taker.take()
    assert ("discount", "DZIS") not in taker.rows
    assert "DZIS" not in looked_at(shop, ("discount", promotion("NOWA")))


def test_an_article_that_changes_its_group_takes_the_discounts_that_name_it_along(shop: World) -> None:
    """DISC-12: where a store deals with one group only; others are not looked at."""
    _, apple = narrowed(shop)
    put(shop, "discount", promotion("JABLKA", article("JABLKO")), promotion("SERY", article("SER")))
    taker = Taker(shop.feed, "S9")
    taker.take()
    assert {key for kind, key in taker.rows if kind == "discount"} >= {"JABLKA"}
    moved = msgspec.structs.replace(apple, group="NAB")
    assert "JABLKA" in looked_at(shop, ("article", moved), narrowed=True)
    assert "SERY" not in looked_at(shop, ("article", moved), narrowed=True)
    put(shop, "article", moved)
    taker.take()
    assert ("discount", "JABLKA") not in taker.rows


def test_a_discount_for_a_group_goes_where_the_group_is_dealt_with_as_before(shop: World) -> None:
    """DISC-12: groups of all articles are read at once."""
    narrowed(shop)
    put(shop, "discount", promotion("OWOCOWA", group("OWOCE")), promotion("BRAK", article("SER")))
    taker = Taker(shop.feed, "S9")
    taker.take()
    kept = {key for kind, key in taker.rows if kind == "discount"}
    assert ("OWOCOWA" in kept, "BRAK" in kept) == (True, False)
