"""Every kind of definition there is: one row here is all that the feed, the import, the API and the lists need."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue import records as catalogue
from kontuar.domain.firm import records as firm
from kontuar.domain.parties import records as parties
from kontuar.domain.pricing import discount as pricing
from kontuar.domain.pricing.references import references_of
from kontuar.domain.pricing.sheet import DiscountSheet
from kontuar.domain.pricing.sheet_reading import discount_of
from kontuar.domain.pricing.sheet_writing import sheet_of

Reference = tuple[str, str, str]
"""(field that refers, kind referred to, key referred to)."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Flat fields in which people write a record whose own ones nest; `read` may raise `Refused`."""

    record: type[msgspec.Struct]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`key`: identity fields, joined by `|`. `refers`: other rows that must exist. `scope`: stores it is sent to.

    `scope_from`: the (field, kind) whose scope this row shares (a price goes where its list goes).
    `sheet`: how forms and files show it, where that is not the record itself.
    `reaches`: the stores depend on centres and other rows too; `pricing.reach` decides (DISC-12).
    """

    name: str
    record: type[msgspec.Struct]
    key: tuple[str, ...] = ("code",)
    refers: Callable[[Any], Iterable[Reference]] = lambda _: ()
    scope: Callable[[Any], tuple[str, ...]] = lambda _: ()
    scope_from: tuple[str, str] | None = None
    reaches: bool = False
    sheet: Sheet | None = None

    def key_of(self, record: msgspec.Struct) -> str:
        """The key of a record of this kind."""
        return "|".join(str(getattr(record, field)) for field in self.key)

    @property
    def written(self) -> type[msgspec.Struct]:
        """What people write: the fields of forms and files."""
        return self.sheet.record if self.sheet else self.record

    def as_written(self, record: Any) -> Any:
        """A record as people write it."""
        return self.sheet.write(record) if self.sheet else record

    def from_written(self, written: Any) -> Any:
        """What people wrote as a record; raises `Refused` where it means nothing."""
        return self.sheet.read(written) if self.sheet else written


def _one(field: str, kind: str) -> Callable[[Any], Iterable[Reference]]:
    return lambda record: [(field, kind, getattr(record, field))] if getattr(record, field) else []


def _article_refers(article: catalogue.Article) -> Iterable[Reference]:
    yield ("unit", "unit", article.unit)
    yield ("group", "article_group", article.group)
    yield from (("groups", "article_group", group) for group in article.groups)
    yield from (("units", "unit", auxiliary.unit) for auxiliary in article.units)
    yield from (("picture", "picture", picture) for picture in (article.picture, *article.pictures) if picture)
    yield from (("properties", "property", code) for code in article.properties)
    yield from (("linked", "article", code) for code in article.linked)
    yield from (("substitutes", "article", code) for code in article.substitutes)
    yield from (("attributes", "attribute", code) for code in article.attributes)
    if article.packaging:
        yield ("packaging", "article", article.packaging)


def _batch_refers(batch: catalogue.Batch) -> Iterable[Reference]:
    yield ("article", "article", batch.article)
    yield from (("properties", "property", code) for code in batch.properties)
    if batch.picture:
        yield ("picture", "picture", batch.picture)


def _contractor_refers(contractor: parties.Contractor) -> Iterable[Reference]:
    if contractor.price_list:
        yield ("price_list", "price_list", contractor.price_list)
    if contractor.payment_form:
        yield ("payment_form", "payment_form", contractor.payment_form)
    groups = (contractor.group, *contractor.groups)
    yield from (("groups", "contractor_group", group) for group in groups if group)
    yield from (("recipients", "contractor", code) for code in contractor.recipients)
    yield from (("attributes", "attribute", code) for code in contractor.attributes)


def _several(*fields: tuple[str, str]) -> Callable[[Any], Iterable[Reference]]:
    return lambda record: [(field, kind, getattr(record, field)) for field, kind in fields if getattr(record, field)]


def _store_refers(store: firm.Store) -> Iterable[Reference]:
    yield ("centre", "centre", store.centre)
    yield ("price_list", "price_list", store.price_list)
    if store.article_group:
        yield ("article_group", "article_group", store.article_group)
    if store.contractor_group:
        yield ("contractor_group", "contractor_group", store.contractor_group)


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


def _parameter_scope(parameter: firm.Parameter | firm.View) -> tuple[str, ...]:
    level, _, code = parameter.scope.partition(":")
    return (code,) if level == "store" else ()


_ALL = (
    Kind(name="currency", record=firm.Currency),
    Kind(name="firm", record=firm.Firm, refers=_one("currency", "currency")),
    Kind(name="centre", record=firm.Centre, refers=_one("parent", "centre")),
    Kind(name="unit", record=catalogue.Unit),
    Kind(name="vat_rate", record=catalogue.VatRate, key=("code", "valid_from")),
    Kind(name="price_list", record=catalogue.PriceList, refers=_list_refers, scope=lambda row: row.stores),
    Kind(name="picture", record=catalogue.Picture),
    Kind(name="article_group", record=catalogue.ArticleGroup,
         refers=_several(("parent", "article_group"), ("picture", "picture"))),
    Kind(name="contractor_group", record=parties.ContractorGroup, refers=_one("parent", "contractor_group")),
    Kind(name="store", record=firm.Store, refers=_store_refers),
    Kind(name="warehouse", record=firm.Warehouse, refers=_one("store", "store")),
    Kind(name="payment_form", record=PaymentForm),
    Kind(name="delivery_method", record=firm.DeliveryMethod, scope=lambda row: row.stores,
         refers=lambda row: [("stores", "store", code) for code in row.stores]),
    Kind(
        name="station", record=firm.StationDefinition, refers=_station_refers, scope=lambda row: (row.store,)
    ),
    Kind(name="exchange_rate", record=firm.ExchangeRate, key=("currency", "valid_from"),
         refers=_one("currency", "currency")),
    Kind(name="numbering", record=firm.NumberingRule, key=("document_type",)),
    Kind(name="reason", record=firm.Reason),
    Kind(name="parameter", record=firm.Parameter, key=("name", "scope"), scope=_parameter_scope),
    Kind(name="attribute", record=firm.Attribute,
         refers=lambda row: [("required_at", "station", code) for code in row.required_at]),
    Kind(name="document_settings", record=firm.DocumentSettings, key=("document_type",)),
    Kind(name="view", record=firm.View, key=("name", "scope"), scope=_parameter_scope),
    Kind(name="property", record=catalogue.Property),
    Kind(name="article", record=catalogue.Article, refers=_article_refers),
    Kind(name="batch", record=catalogue.Batch, key=("article", "code"), refers=_batch_refers),
    Kind(name="quick_group", record=catalogue.QuickGroup, key=("group",), scope=lambda row: row.stores,
         refers=_several(("group", "article_group"), ("picture", "picture"))),
    Kind(name="quick_favourite", record=catalogue.QuickFavourite, key=("article",), scope=lambda row: row.stores,
         refers=_one("article", "article")),
    Kind(name="price", record=catalogue.Price, key=("price_list", "article", "unit", "valid_from"),
         refers=_price_refers, scope_from=("price_list", "price_list")),
    Kind(name="contractor", record=parties.Contractor, refers=_contractor_refers),
    Kind(name="discount_group", record=pricing.DiscountGroup),
    Kind(name="discount", record=pricing.Discount, refers=references_of, reaches=True,
         sheet=Sheet(record=DiscountSheet, write=sheet_of, read=discount_of)),
    Kind(name="coupon", record=pricing.Coupon, refers=_one("discount", "discount"),
         scope_from=("discount", "discount")),
    Kind(name="role", record=parties.Role),
    Kind(name="operator", record=parties.Operator, refers=_operator_refers, scope=lambda row: row.stores),
)  # fmt: skip

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}
"""In an order in which a kind comes after those it refers to (the order to import files in)."""

KIND_OF: Final[Mapping[type[msgspec.Struct], Kind]] = {kind.record: kind for kind in _ALL}
