"""The firm's structure as the hub defines it. Every record is one row of the definitions feed."""

from decimal import Decimal
from typing import Literal

import msgspec


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    """The one firm: its legal name and the currency and time zone it keeps books in."""

    code: str
    name: str
    tax_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "PL"
    currency: str = "PLN"
    time_zone: str = "Europe/Warsaw"


class Centre(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the structure that stores hang on; parameters are inherited downwards."""

    code: str
    name: str
    parent: str = ""


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A shop: `price_list` is the list its prices come from, `warehouse` where its sales take goods from."""

    code: str
    name: str
    centre: str
    price_list: str
    warehouse: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    active: bool = True


class Warehouse(msgspec.Struct, frozen=True, kw_only=True):
    """A place where goods are."""

    code: str
    name: str
    store: str
    kind: Literal["sales", "back", "pickup", "transit"] = "sales"


class StationDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A till: `series` ends its document numbers; `forms` = the payment forms it takes (all if empty)."""

    code: str
    name: str
    store: str
    series: str
    warehouse: str = ""
    register: str = ""
    forms: tuple[str, ...] = ()
    active: bool = True


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A setting for a scope: `global`, `centre:CODE`, `store:CODE` or `station:CODE`; the nearest scope wins."""

    name: str
    scope: str
    value: str


class Currency(msgspec.Struct, frozen=True, kw_only=True):
    """A currency that payments may be made in."""

    code: str
    name: str
    symbol: str


class ExchangeRate(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the firm's currency one unit of `currency` is worth from a day on."""

    currency: str
    valid_from: str
    rate: Decimal


class NumberingRule(msgspec.Struct, frozen=True, kw_only=True):
    """How numbers of a document type look and when they start again (DOC-01).

    `pattern` has the parts {symbol} {number} {month} {year} {warehouse} {series};
    `{number:5}` pads. `reset`: the period after which numbers start at 1.
    """

    document_type: str
    pattern: str
    reset: Literal["never", "year", "month"] = "month"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A dictionary entry: why a document is made."""

    code: str
    name: str
    document_types: tuple[str, ...]
    active: bool = True
