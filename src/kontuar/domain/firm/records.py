"""The firm's structure as the hub defines it. Every record is one row of the definitions feed."""

from decimal import Decimal
from typing import Literal

import msgspec


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    """The one firm: its legal name and the currency and time zone it keeps books in.

    `vat_number`: within the EU, with the country's letters; `registry_number`: KRS, REGON or SIREN/SIRET; `register`:
    which register keeps it (a print names them). `legal_form` and `capital` stand on French invoices.
    """

    code: str
    name: str
    tax_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "PL"
    currency: str = "PLN"
    time_zone: str = "Europe/Warsaw"
    bank_account: str = ""
    bank_name: str = ""
    vat_number: str = ""
    registry_number: str = ""
    register: str = ""
    legal_form: str = ""
    capital: str = ""


class Centre(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the structure that stores hang on; parameters are inherited downwards."""

    code: str
    name: str
    parent: str = ""


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A shop: `price_list` is the list its prices come from, `warehouse` where its sales take goods from.

    `article_group`, `contractor_group`: only discounts on goods and for buyers of these groups and below are sent to
    it (DISC-12); empty = all.
    """

    code: str
    name: str
    centre: str
    price_list: str
    warehouse: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    active: bool = True
    article_group: str = ""
    contractor_group: str = ""


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
    `{number:5}` pads. `reset`: the period after which numbers start at 1. `parked_prefix`: parked documents get a
    temporary number beginning with it; empty = none (PARK-09).
    """

    document_type: str
    pattern: str
    reset: Literal["never", "year", "month"] = "month"
    parked_prefix: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A dictionary entry: why a document is made."""

    code: str
    name: str
    document_types: tuple[str, ...]
    active: bool = True


class DeliveryMethod(msgspec.Struct, frozen=True, kw_only=True):
    """How the goods of a sale reach the buyer; discounts may hold for some methods only (DISC-10).

    `document_types`: the sales it may be chosen on. `stores` empty = all.
    """

    code: str
    name: str
    document_types: tuple[str, ...] = ("receipt", "invoice")
    stores: tuple[str, ...] = ()
    position: int = 0
    active: bool = True


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """A typed attribute of documents, lines, articles or contractors (DOC-30).

    `document_types` empty = all. `choices` for the type *list*. `required_at`: stations that may not approve without
    it; `required` = required everywhere.
    """

    code: str
    name: str
    level: Literal["document", "line", "article", "contractor"]
    type: Literal["text", "number", "date", "list", "yes_no"] = "text"
    document_types: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    required: bool = False
    required_at: tuple[str, ...] = ()
    position: int = 0
    active: bool = True


class DocumentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the firm decides for a document type. `parking`: may be parked; empty = as the type's table says (PARK-02).

    `direction`: the VAT direction new documents have; empty = the parameter's.
    """

    document_type: str
    parking: Literal["", "yes", "no"] = ""
    direction: Literal["", "net", "gross"] = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """How a list or form looks: what is shown, in which order; a till's own choice stands above it (DOC-10).

    `scope`: `global`, `store:CODE` or `station:CODE`.
    """

    name: str
    scope: str
    columns: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
