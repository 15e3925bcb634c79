"""The article list and one article: prices, stock per warehouse of the store, groups (DOC-21, DOC-25)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article, ArticleGroup, Batch, PriceList
from kontuar.domain.firm.records import Warehouse
from kontuar.domain.parties.records import Contractor
from kontuar.domain.pricing.line_prices import list_price
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station

FIRST = ("", "")


class ArticleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list. `price` None = no price; `stock` = (warehouse, base units), empty when not known.

    `batch`: the row stands for this kind of the article (DOC-29); `batches`: how many kinds an article has.
    """

    article: Article
    price: Decimal | None
    stock: tuple[tuple[str, Decimal], ...]
    batch: Batch | None = None
    batches: int = 0


class ArticlePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page; `next` = (sort key, code) of its last row, None at the end."""

    rows: tuple[ArticleRow, ...]
    next: tuple[str, str] | None


class ContractorPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of contractors."""

    rows: tuple[Contractor, ...]
    next: tuple[str, str] | None


def articles(
    station: Station, actor: Actor, phrase: str = "", group: str = "", after: tuple[str, str] = FIRST,
    limit: int = 50, price_list: str = "", *, by_batch: bool = False,
) -> ArticlePage:  # fmt: skip
    """A page of active articles whose words begin with the phrase's words; when none do, a phrase with a digit finds
    codes that contain it (QUICK-04). `by_batch`: each batch has a row of its own below its article (DOC-21)."""
    del actor
    found = station.books.definitions.search(
        "article", phrase[:100], parent=group, inactive=False, after=after, limit=min(limit, 200) + 1
    )
    shown = found[: min(limit, 200)]
    keys = [row.key for row in shown] or _by_part_of_code(station, phrase, group, after, limit)
    rows = tuple(row for key in keys for row in _rows(station, key, price_list, by_batch=by_batch))
    more = len(found) > len(shown)
    return ArticlePage(rows=rows, next=(shown[-1].sort_key, shown[-1].key) if more else None)


def article(station: Station, actor: Actor, code: str) -> ArticleRow:
    """One article; raises `Refused("article.not_found")`."""
    del actor
    if station.books.definitions.get(Article, code) is None:
        raise refuse("article.not_found", "article", article=code[:60])
    return _rows(station, code, "", by_batch=False)[0]


def row_of(station: Station, code: str, price_list: str) -> ArticleRow:
    """The row of an article that is known to be there."""
    return _rows(station, code, price_list, by_batch=False)[0]


def batches(station: Station, actor: Actor, code: str) -> Sequence[Batch]:
    """The kinds of an article by its properties, in their order (DOC-29); raises `Refused("article.not_found")`."""
    article(station, actor, code)
    return station.books.definitions.batches_of(code)


def linked_articles(station: Station, found: Article) -> tuple[Article, ...]:
    """Active articles that are offered with another one (DOC-25)."""
    others = (station.books.definitions.get(Article, code) for code in found.linked)
    return tuple(other for other in others if other is not None and other.active)


def contractors(
    station: Station, actor: Actor, phrase: str = "", after: tuple[str, str] = FIRST, limit: int = 50
) -> ContractorPage:
    """A page of contractors by name, NIP, phone or card."""
    del actor
    definitions = station.books.definitions
    found = definitions.search(
        "contractor", phrase[:100], parent="", inactive=False, after=after, limit=min(limit, 200) + 1
    )
    shown = found[: min(limit, 200)]
    rows = tuple(record for row in shown if (record := definitions.get(Contractor, row.key)) is not None)
    more = len(found) > len(shown)
    return ContractorPage(rows=rows, next=(shown[-1].sort_key, shown[-1].key) if more else None)


def groups(station: Station, actor: Actor) -> Sequence[ArticleGroup]:
    """The tree of groups, parents before children."""
    del actor
    every = station.books.definitions.every(ArticleGroup)
    return sorted(every.values(), key=lambda group: _path(group, every))


def _rows(station: Station, code: str, price_list: str, *, by_batch: bool) -> list[ArticleRow]:
    """The article, and its batches below it: one with four of them takes five rows."""
    found = station.books.definitions.get(Article, code)
    assert found is not None, code
    kinds = station.books.definitions.batches_of(code)
    row = ArticleRow(
        article=found, price=_price(station, found, price_list), stock=_stock(station, found), batches=len(kinds)
    )
    return [row, *(msgspec.structs.replace(row, batch=kind) for kind in kinds if by_batch)]


def _by_part_of_code(station: Station, phrase: str, group: str, after: tuple[str, str], limit: int) -> list[str]:
    part = phrase.strip()
    if after != FIRST or " " in part or not any(map(str.isdigit, part)):
        return []
    definitions = station.books.definitions
    found = (definitions.get(Article, key) for key in definitions.codes_containing(part, limit))
    return [row.code for row in found if row is not None and row.active and group in ("", row.group)]


def _price(station: Station, found: Article, price_list: str) -> Decimal | None:
    definitions = station.books.definitions
    codes = dict.fromkeys([price_list or station.store().price_list, station.store().price_list])
    lists = tuple(row for code in codes if (row := definitions.get(PriceList, code)) is not None)
    day = station.business_day()
    try:
        percent = station.vat_rate(found.vat, day).percent
        return list_price(
            found, found.unit, Decimal(1), percent, lists=lists,
            find=lambda code, article, unit: definitions.price_on(code, article, unit, day.isoformat()),
            direction="gross",
        ).price  # fmt: skip
    except Refused:
        return None


def _stock(station: Station, found: Article) -> tuple[tuple[str, Decimal], ...]:
    if not station.books.stock.is_known() or found.kind == "service":
        return ()
    balances = station.books.stock.balances([found.code])
    warehouses = [
        row.code for row in station.books.definitions.every(Warehouse).values() if row.store == station.identity.store
    ]
    return tuple((code, balances.get((code, found.code), Decimal(0))) for code in sorted(warehouses))


def _path(group: ArticleGroup, every: Mapping[str, ArticleGroup]) -> tuple[str, ...]:
    path: list[str] = []
    current: ArticleGroup | None = group
    while current is not None and len(path) < 20:
        path.append(current.name)
        current = every.get(current.parent)
    return tuple(reversed(path))
