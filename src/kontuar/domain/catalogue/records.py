"""What is sold: articles with units, codes and groups; VAT rates with validity."""

from decimal import Decimal
from typing import Literal

import msgspec


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of measure; `precision` = decimals a quantity of it may have (0 to 4)."""

    code: str
    name: str
    precision: int = 0


class AuxiliaryUnit(msgspec.Struct, frozen=True, kw_only=True):
    """Another unit of an article: one base unit = `factor` of this unit (DOC-23)."""

    unit: str
    factor: Decimal
    round_up: bool = False


class ArticleCode(msgspec.Struct, frozen=True, kw_only=True):
    """An EAN of an article in one of its units; several per unit are allowed."""

    ean: str
    unit: str


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """Goods, a service, a set or a voucher. `group` is the default group; `groups` further ones."""

    code: str
    name: str
    vat: str
    unit: str
    group: str
    kind: Literal["goods", "service", "set", "voucher"] = "goods"
    units: tuple[AuxiliaryUnit, ...] = ()
    eans: tuple[ArticleCode, ...] = ()
    groups: tuple[str, ...] = ()
    picture: str = ""
    description: str = ""
    active: bool = True
    no_discount: bool = False
    split_payment: bool = False
    reverse_charge: bool = False


class ArticleGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group in the tree of articles; `parent` is empty at the root."""

    code: str
    name: str
    parent: str = ""


class VatRate(msgspec.Struct, frozen=True, kw_only=True):
    """A VAT rate from a day on. `percent` None = exempt. `letter` = its place in the fiscal device."""

    code: str
    valid_from: str
    percent: Decimal | None
    letter: str
    name: str = ""


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """A list of prices, net or gross, in one currency; `stores` empty = sent to every store."""

    code: str
    name: str
    currency: str
    direction: Literal["net", "gross"] = "gross"
    stores: tuple[str, ...] = ()


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one unit of an article on a list from a day on (arrival time never decides a price)."""

    price_list: str
    article: str
    unit: str
    valid_from: str
    price: Decimal


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture by the hash of its bytes; `data` is the file in base64."""

    code: str
    media_type: str
    data: str
