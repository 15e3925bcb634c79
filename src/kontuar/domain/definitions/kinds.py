"""Every kind of definition there is: one row here is all that the feed, the import, the API and the lists need."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue import records as catalogue
from kontuar.domain.firm import records as firm
from kontuar.domain.parties import records as parties

Reference = tuple[str, str, str]
"""(field that refers, kind referred to, key referred to)."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`key`: identity fields, joined by `|`. `refers`: other rows that must exist. `scope`: stores it is sent to.

    `scope_from`: the (field, kind) whose scope this row shares (a price goes where its list goes).
    """

    name: str
    record: type[msgspec.Struct]
    key: tuple[str, ...] = ("code",)
    refers: Callable[[Any], Iterable[Reference]] = lambda _: ()
    scope: Callable[[Any], tuple[str, ...]] = lambda _: ()
    scope_from: tuple[str, str] | None = None

    def key_of(self, record: msgspec.Struct) -> str:
        """The key of a record of this kind."""
        return "|".join(str(getattr(record, field)) for field in self.key)


def _one(field: str, kind: str) -> Callable[[Any], Iterable[Reference]]:
    return lambda record: [(field, kind, getattr(record, field))] if getattr(record, field) else []


def _article_refers(article: catalogue.Article) -> Iterable[Reference]:
    yield ("unit", "unit", article.unit)
    yield ("group", "article_group", article.group)
    yield from (("groups", "article_group", group) for group in article.groups)
    yield from (("units", "unit", auxiliary.unit) for auxiliary in article.units)
    if article.picture:
        yield ("picture", "picture", article.picture)


def _store_refers(store: firm.Store) -> Iterable[Reference]:
    yield ("centre", "centre", store.centre)
    yield ("price_list", "price_list", store.price_list)


def _price_refers(price: catalogue.Price) -> Iterable[Reference]:
    yield ("price_list", "price_list", price.price_list)
    yield ("article", "article", price.article)
    yield ("unit", "unit", price.unit)


def _list_refers(price_list: catalogue.PriceList) -> Iterable[Reference]:
    yield ("currency", "currency", price_list.currency)


def _operator_refers(operator: parties.Operator) -> Iterable[Reference]:
    yield from (("roles", "role", role) for role in operator.roles)
    yield from (("stores", "store", store) for store in operator.stores)


def _station_refers(station: firm.StationDefinition) -> Iterable[Reference]:
    yield ("store", "store", station.store)
    if station.warehouse:
        yield ("warehouse", "warehouse", station.warehouse)
    yield from (("forms", "payment_form", form) for form in station.forms)


def _parameter_scope(parameter: firm.Parameter) -> tuple[str, ...]:
    level, _, code = parameter.scope.partition(":")
    return (code,) if level == "store" else ()


_ALL = (
    Kind(name="currency", record=firm.Currency),
    Kind(name="firm", record=firm.Firm, refers=_one("currency", "currency")),
    Kind(name="centre", record=firm.Centre, refers=_one("parent", "centre")),
    Kind(name="unit", record=catalogue.Unit),
    Kind(name="vat_rate", record=catalogue.VatRate, key=("code", "valid_from")),
    Kind(name="price_list", record=catalogue.PriceList, refers=_list_refers, scope=lambda row: row.stores),
    Kind(name="store", record=firm.Store, refers=_store_refers),
    Kind(name="warehouse", record=firm.Warehouse, refers=_one("store", "store")),
    Kind(name="payment_form", record=PaymentForm),
    Kind(
        name="station", record=firm.StationDefinition, refers=_station_refers, scope=lambda row: (row.store,)
    ),
    Kind(name="exchange_rate", record=firm.ExchangeRate, key=("currency", "valid_from"),
         refers=_one("currency", "currency")),
    Kind(name="numbering", record=firm.NumberingRule, key=("document_type",)),
    Kind(name="reason", record=firm.Reason),
    Kind(name="parameter", record=firm.Parameter, key=("name", "scope"), scope=_parameter_scope),
    Kind(name="picture", record=catalogue.Picture),
    Kind(name="article_group", record=catalogue.ArticleGroup, refers=_one("parent", "article_group")),
    Kind(name="article", record=catalogue.Article, refers=_article_refers),
    Kind(name="price", record=catalogue.Price, key=("price_list", "article", "unit", "valid_from"),
         refers=_price_refers, scope_from=("price_list", "price_list")),
    Kind(name="contractor", record=parties.Contractor, refers=_one("price_list", "price_list")),
    Kind(name="role", record=parties.Role),
    Kind(name="operator", record=parties.Operator, refers=_operator_refers, scope=lambda row: row.stores),
)  # fmt: skip

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}
"""In an order in which a kind comes after those it refers to (the order to import files in)."""

KIND_OF: Final[Mapping[type[msgspec.Struct], Kind]] = {kind.record: kind for kind in _ALL}
