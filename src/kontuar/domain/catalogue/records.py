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
    """Goods, a service, a set or a voucher. `group` is the default group; `groups` further ones.

    `properties`: codes of what its batches differ by. `linked`, `substitutes`: articles offered with it, instead of it.
    `packaging`: the deposit packaging sold with each base unit. `pictures`: further ones beside `picture`.
    """

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
    properties: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    packaging: str = ""


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """What batches of an article differ by (colour, size); `choices` empty = any text (DOC-29)."""

    code: str
    name: str
    choices: tuple[str, ...] = ()


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of an article by its properties, with EANs of its own; stock and price are the article's (DOC-29)."""

    article: str
    code: str
    name: str
    properties: dict[str, str] = {}
    eans: tuple[str, ...] = ()
    picture: str = ""
    description: str = ""
    position: int = 0
    active: bool = True


class QuickGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A tile of the quick-sale panel: an article group in its place; `stores` empty = all (QUICK-05)."""

    group: str
    position: int
    picture: str = ""
    stores: tuple[str, ...] = ()


class QuickFavourite(msgspec.Struct, frozen=True, kw_only=True):
    """An article of the tile *Favourites* in its place; `stores` empty = all (QUICK-05)."""

    article: str
    position: int
    stores: tuple[str, ...] = ()


class ArticleGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group in the tree of articles; `parent` is empty at the root."""

    code: str
    name: str
    parent: str = ""
    picture: str = ""


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
