"""What a till keeps of the discounts between one version of the definitions and the next (DISC-10, PERF-01)."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import Element, ItemDeal, Reward, Tier
from kontuar.operations.station.station import Station
from shop import change, open_till


def off(code: str, percent: str) -> Discount:
    """So many per cent off everything, for everybody."""
    tier = Tier(reward=Reward(kind="percent", value=Decimal(percent)))
    return Discount(
        code=code, name=code, source="PRM", state="confirmed", deal=ItemDeal(elements=(Element(tiers=(tier,)),))
    )


def till_with(folder: Path, *discounts: Discount) -> Station:
    station = open_till(folder)
    change(station.books, *discounts)
    return station


def rules_of(station: Station) -> Sequence[tuple[str, int]]:
    return [(ready.rule.id, ready.rule.version) for ready in station.rules.book("PLN").rules]


def test_a_version_that_changes_no_discount_leaves_the_rules_as_they_are(tmp_path: Path) -> None:
    """PERF-01: a new price or buyer must not cost the next scan the reading of thousands of discounts."""
    station = till_with(tmp_path, off("A", "5"), off("B", "7"))
    before = station.rules.book("PLN")
    article = next(iter(station.books.definitions.every(Article).values()))
    change(station.books, msgspec.structs.replace(article, name="Another name", no_discount=True))
    assert station.rules.book("PLN") is before
    assert station.rules.traits(article.code).no_discount is True


def test_a_changed_discount_is_read_anew_and_the_others_are_kept(tmp_path: Path) -> None:
    """DISC-10."""
    station = till_with(tmp_path, off("A", "5"), off("B", "7"))
    kept = {ready.rule.id: ready.rule for ready in station.rules.book("PLN").rules}
    change(station.books, off("B", "9"), msgspec.structs.replace(off("C", "1"), state="draft"))
    now = {ready.rule.id: ready.rule for ready in station.rules.book("PLN").rules}
    assert sorted(now) == ["A", "B"]
    assert now["A"] is kept["A"]
    assert now["B"].version > kept["B"].version
    assert isinstance(now["B"].deal, ItemDeal)
    assert now["B"].deal.elements[0].tiers[0].reward.value == 9


def test_a_discount_that_is_withdrawn_is_gone_and_one_confirmed_again_is_back(tmp_path: Path) -> None:
    """DISC-20."""
    station = till_with(tmp_path, off("A", "5"))
    change(station.books, msgspec.structs.replace(off("A", "5"), state="withdrawn"))
    assert rules_of(station) == []
    change(station.books, off("A", "5"))
    assert [code for code, _ in rules_of(station)] == ["A"]


def test_one_book_for_each_number_of_decimals_of_a_currency(tmp_path: Path) -> None:
    station = till_with(tmp_path, off("A", "5"))
    assert station.rules.book("PLN") is station.rules.book("EUR")
    assert station.rules.book("JPY").exponent == 0
