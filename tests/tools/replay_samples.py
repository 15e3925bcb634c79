"""Small baskets for the tests of the replay: a data set on disk, and baskets made by hand."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet

from kontuar.kernel.money import Minor
from kontuar.tools.replay.baskets import Basket, BasketLine, Selection, SourceArticle

DAY = datetime.date(2017, 3, 1)
NOON = datetime.datetime(2017, 3, 1, 17, tzinfo=datetime.UTC)

SOLD = (
    # as in the table: who and where, basket, product and quantity, then dollars: sales, discount, coupon, match
    (1, 10, 100, 1, 2, 5.00, 1.00, 0.0, 0.0, "2017-03-01 17:00:00"),
    (1, 10, 100, 2, 1, 3.55, 1.78, 0.55, 0.45, "2017-03-01 17:00:00"),
    (2, 10, 101, 1, 1, 2.50, 0.50, 0.0, 0.0, "2017-03-01 18:00:00"),
    (2, 10, 101, 3, 8725, 20.06, 0.01, 0.0, 0.0, "2017-03-01 18:00:00"),
    (2, 10, 101, 4, 1, 15.00, 0.0, 0.0, 0.0, "2017-03-01 18:00:00"),
    (3, 20, 102, 1, 1, 3.00, 0.0, 0.0, 0.0, "2017-03-02 04:30:00"),
    (3, 20, 102, 9, 0, 0.0, 0.0, 2.0, 0.0, "2017-03-02 04:30:00"),
    (3, 20, 102, 9, 1, 4.90, 0.0, 0.0, 0.0, "2017-03-02 04:30:00"),
    (3, 20, 102, 5, 1, 2.27, 0.0, 0.0, 0.0, "2017-03-02 04:30:00"),
    (3, 20, 102, 2, 0, 0.0, 0.0, 0.0, 0.0, "2017-03-02 04:30:00"),
    (4, 10, 103, 2, 0, 0.0, 0.0, 0.0, 0.0, "2017-03-02 05:30:00"),
    (5, 10, 104, 2, 1, 1.38, 0.0, 1.67, 0.0, "2017-03-03 05:30:00"),
    (5, 10, 104, 1, 1, 0.20, 2.80, 0.0, 0.0, "2017-03-03 05:30:00"),
    (6, 30, 105, 1, 1, 3.00, 0.0, 0.0, 0.0, "2017-02-01 17:00:00"),
)
PRODUCTS = (
    (1, "GROCERY", "BREAD", "WHITE BREAD", "20 OZ", "Private"),
    (2, "GROCERY", "HISPANIC", "SALSA", "16 OZ", "National"),
    (3, "MISCELLANEOUS", "COUPON/MISC ITEMS", "GASOLINE-REG UNLEADED", None, "Private"),
    (4, "FUEL", "FUEL", "GASOLINE-REG UNLEADED", None, "Private"),
    (5, "COUPON", "COUPONS/STORE & MFG", "COUPONS/STORE & MFG", None, "Private"),
)


def write_data_set(folder: Path) -> Path:
    """The two tables as the package has them: amounts in floats, time without a zone."""
    names = ("household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc",
             "coupon_disc", "coupon_match_disc", "transaction_timestamp")  # fmt: skip
    columns = dict(zip(names, map(list, zip(*SOLD, strict=True)), strict=True))
    stamps = [datetime.datetime.fromisoformat(str(text)) for text in columns["transaction_timestamp"]]
    table = arrow.table({**columns, "transaction_timestamp": arrow.array(stamps, arrow.timestamp("ns"))})
    parquet.write_table(table, folder / "transactions.parquet")
    heads = ("product_id", "department", "product_category", "product_type", "package_size", "brand")
    products = dict(zip(heads, map(list, zip(*PRODUCTS, strict=True)), strict=True))
    parquet.write_table(arrow.table(products), folder / "products.parquet")
    return folder


def line(article: str, quantity: str, shelf: int, value: int | None = None, **more: object) -> BasketLine:
    """A line in cents; `value` = shelf unless said."""
    amount = shelf if value is None else value
    return BasketLine(
        row=1, article=article, quantity=Decimal(quantity), shelf=Minor(shelf), value=Minor(amount), **more
    )  # type: ignore[arg-type]


def basket(code: str, lines: Sequence[BasketLine], *, store: str = "1", day: int = 1, household: str = "7") -> Basket:
    """A basket in March 2017."""
    at = NOON.replace(day=day)
    return Basket(code=code, store=store, at=at, day=at.date(), lines=tuple(lines), household=household)


def selection(*baskets: Basket) -> Selection:
    """The baskets with an article in pieces for each code in them."""
    codes = sorted({row.article for found in baskets for row in found.lines})
    articles = {
        code: SourceArticle(
            code=code, name=f"Article {code}", ean=f"ean-{code}", unit="pcs", vat="0", groups=("GROCERY", "BREAD")
        )
        for code in codes
    }
    return Selection(
        source="by hand", currency="USD", time_zone="America/New_York",
        stores=tuple(sorted({found.store for found in baskets})), baskets=baskets, articles=articles,
        units={"pcs": 3}, vat={"0": Decimal(0)}, exclusions=(), rows_read=0,
    )  # fmt: skip
