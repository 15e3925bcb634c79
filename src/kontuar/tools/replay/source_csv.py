"""Anyone's own baskets from a CSV file; the columns are documented in docs/replay.md."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from kontuar.domain.documents.lines import MAX_LINES
from kontuar.kernel.codes import is_ean
from kontuar.kernel.money import PRICE_PLACES, Minor, exponent_of, line_value
from kontuar.kernel.quantity import MAX_PLACES
from kontuar.kernel.rounding import half_up
from kontuar.tools.replay.baskets import Basket, BasketLine, Exclusion, NoBaskets, Selection, SourceArticle

REQUIRED = ("basket", "store", "at", "ean", "name", "quantity", "unit", "vat")
AMOUNTS = ("price", "value")
OPTIONAL = ("household",)
EXEMPT = "exempt"
MAX_CODE = 30
MAX_NAME = 250
GROUP = "Articles"


class BadRow(Exception):
    """Something is wrong with a row; the message says what."""


class BadLine(msgspec.Struct, frozen=True):
    """A row that cannot be sold: its line in the file (the header is line 1), its basket and why."""

    line: int
    basket: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class _Head(msgspec.Struct, frozen=True):
    """What all rows of a basket have in common."""

    store: str
    at: datetime
    household: str


class _Reader:
    """Collects rows; the first row that speaks of a basket or an article decides, later ones must agree."""

    def __init__(self, currency: str, time_zone: str) -> None:
        self.currency = currency
        self.zone = ZoneInfo(time_zone)
        self.heads: dict[str, _Head] = {}
        self.lines: dict[str, list[BasketLine]] = {}
        self.articles: dict[str, SourceArticle] = {}
        self.units: dict[str, int] = {}
        self.vat: dict[str, Decimal | None] = {}
        self.bad: list[BadLine] = []
        self.rows_read = 0

    def read(self, number: int, names: list[str], cells: list[str]) -> None:
        self.rows_read += 1
        row = dict(zip(names, cells, strict=False))
        try:
            if len(cells) != len(names):
                raise BadRow(f"{len(cells)} cells under {len(names)} headings")
            code = _code(row, "basket")
            head = _Head(_code(row, "store"), self._instant(row["at"]), row.get("household", ""))
            _agrees(self.heads, code, head, "another row of this basket has another store, time or household")
            if len(self.lines.get(code, [])) == MAX_LINES:
                raise BadRow(f"the basket has more than {MAX_LINES} lines")
            article, percent = self._article(row)
            _agrees(self.articles, article.code, article, "the EAN has another name, unit or VAT on another row")
            line = self._line(number, article.code, row)
        except BadRow as problem:
            self.bad.append(BadLine(number, row.get("basket", "")[:MAX_CODE], str(problem)))
            return
        self.heads[code] = head
        self.articles[article.code] = article
        self.vat[article.vat] = percent
        places = max(0, -int(line.quantity.normalize().as_tuple().exponent))
        self.units[article.unit] = max(self.units.get(article.unit, 0), places)
        self.lines.setdefault(code, []).append(line)

    def _instant(self, text: str) -> datetime:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise BadRow(f"at {text!r} is no ISO 8601 time") from None
        local = instant if instant.tzinfo else instant.replace(tzinfo=self.zone)
        return local.astimezone(UTC)

    def _article(self, row: Mapping[str, str]) -> tuple[SourceArticle, Decimal | None]:
        ean, name = row["ean"], row["name"]
        if not is_ean(ean):
            raise BadRow(f"EAN {ean!r} has a wrong length or check digit")
        if not name or len(name) > MAX_NAME:
            raise BadRow(f"the name is empty or longer than {MAX_NAME}")
        percent = None if row["vat"].lower() == EXEMPT else _number(row["vat"], "vat", 2)
        if percent is not None and percent > 100:
            raise BadRow(f"vat {row['vat']!r} is above 100")
        vat = EXEMPT if percent is None else f"{percent.normalize():f}"
        unit = _code(row, "unit")
        return SourceArticle(code=ean, name=name, ean=ean, unit=unit, vat=vat, groups=(GROUP,)), percent

    def _line(self, number: int, article: str, row: Mapping[str, str]) -> BasketLine:
        quantity = _number(row["quantity"], "quantity", MAX_PLACES)
        if quantity == 0:
            raise BadRow("quantity 0")
        price = _number(row["price"], "price", PRICE_PLACES) if row.get("price") else None
        if row.get("value"):
            amount = _number(row["value"], "value", exponent_of(self.currency))
            value = Minor(int(amount.scaleb(exponent_of(self.currency))))
        elif price is not None:
            value = line_value(price, quantity, self.currency)
        else:
            raise BadRow("neither price nor value")
        shelf = value if price is None else line_value(price, quantity, self.currency)
        return BasketLine(row=number, article=article, quantity=quantity, shelf=shelf, value=value, price=price)

    def baskets(self) -> list[Basket]:
        """All baskets by time, then by code."""
        found = [self._basket(code) for code in self.heads]
        return sorted(found, key=lambda basket: (basket.at, basket.code))

    def _basket(self, code: str) -> Basket:
        head = self.heads[code]
        return Basket(
            code=code, store=head.store, at=head.at, day=head.at.astimezone(self.zone).date(),
            household=head.household, lines=tuple(self.lines[code]),
        )  # fmt: skip


def read(path: Path, currency: str, time_zone: str, limit: int) -> tuple[Selection, tuple[BadLine, ...]]:
    """The first `limit` baskets by time, and the rows that cannot be sold (they are also the exclusions).

    Times without an offset are the store's own. Raises `NoBaskets` when the file as a whole cannot be read.
    """
    reader = _Reader(currency, time_zone)
    for number, names, cells in _rows(path):
        reader.read(number, names, cells)
    baskets = reader.baskets()[:limit]
    sold = {line.article for basket in baskets for line in basket.lines}
    articles = {code: reader.articles[code] for code in sorted(sold)}
    by_baskets = Counter(basket.store for basket in baskets)
    selection = Selection(
        source=path.name, currency=currency, time_zone=time_zone,
        stores=tuple(sorted(by_baskets, key=lambda store: (-by_baskets[store], store))),
        baskets=tuple(baskets), articles=articles,
        units={unit: reader.units[unit] for unit in sorted({row.unit for row in articles.values()})},
        vat={vat: reader.vat[vat] for vat in sorted({row.vat for row in articles.values()})},
        exclusions=tuple(
            Exclusion(basket=bad.basket, row=bad.line, article="", reason=bad.reason) for bad in reader.bad
        ),
        rows_read=reader.rows_read,
    )  # fmt: skip
    return selection, tuple(reader.bad)


def _rows(path: Path) -> Iterator[tuple[int, list[str], list[str]]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise NoBaskets(f"{path}: {error}") from None
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip().lower() for name in next(table, [])]
    _check_header(path, names)
    for cells in table:
        if any(cell.strip() for cell in cells):
            yield table.line_num, names, [cell.strip() for cell in cells]


def _check_header(path: Path, names: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise NoBaskets(f"{path}: columns are missing: {', '.join(missing)}")
    if not set(AMOUNTS) & set(names):
        raise NoBaskets(f"{path}: a column price or value (or both) is needed")
    unknown = [name for name in names if name not in (*REQUIRED, *AMOUNTS, *OPTIONAL)]
    if unknown or len(set(names)) < len(names):
        raise NoBaskets(f"{path}: unknown or repeated columns: {', '.join(unknown or names)}")


def _agrees(known: Mapping[str, object], key: str, new: object, reason: str) -> None:
    if known.get(key, new) != new:
        raise BadRow(reason)


def _code(row: Mapping[str, str], column: str) -> str:
    text = row[column]
    if not text or len(text) > MAX_CODE or "|" in text:
        raise BadRow(f"{column} {text[:40]!r} is empty, longer than {MAX_CODE} or has a |")
    return text


def _number(text: str, column: str, places: int) -> Decimal:
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise BadRow(f"{column} {text[:40]!r} is no number") from None
    if not value.is_finite() or value < 0 or value >= 10**8:
        raise BadRow(f"{column} {text[:40]!r} is below zero or too large")
    if value != half_up(value, places):
        raise BadRow(f"{column} {text[:40]!r} has more than {places} decimals")
    return value
