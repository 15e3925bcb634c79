"""A whole chain defined from baskets: firm, stores, tills, articles, dated prices, buyers, people, opening stock."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import (
    Article,
    ArticleCode,
    ArticleGroup,
    Price,
    PriceList,
    Unit,
    VatRate,
)
from kontuar.domain.firm.records import Centre, Currency, Firm, Parameter, StationDefinition, Store, Warehouse
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, ContractorGroup, Operator, Role
from kontuar.domain.stock.records import Balance
from kontuar.operations.pins import SALT_BYTES, pin_verifier
from kontuar.tools.replay.baskets import NoBaskets, Selection, SourceArticle
from kontuar.tools.replay.coupon_terms import coupon_definitions
from kontuar.tools.replay.lines import COUPON_FORM, buyer_code
from kontuar.tools.replay.price_rows import price_rows, store_list
from kontuar.tools.replay.promotions import LOYALTY, card_promotions, store_centre

CENTRE = "CHAIN"
SPARE = 10
"""Base units of each article that must be left when everything is sold."""
FIRST_DAY = "2000-01-01"
UNIT_NAMES = {"pcs": "piece", "gal": "gallon"}
PARAMETERS = {
    "locale.language": "en", "print.automatic": "no", "payment.close_automatically": "no",
    "discount.on_fixed_prices": "yes",
}  # fmt: skip
"""Coupons are taken off card prices, so a fixed price must not be the last word."""
LETTERS = "ABCDEFG"
ADMINISTRATOR = "ADMIN"


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """A station and who works at it; PINs belong to this run only."""

    store: str
    station: str
    cashier: str
    cashier_pin: str
    manager: str
    manager_pin: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub is given: definitions by kind, stock at the opening, and who logs in where.

    `stores`: code in the source → the store's code. `prices`: shelf prices, which are also in `definitions["price"]`,
    and card prices, which are promotions among the discounts.
    `administrator_pin` belongs to the operator ADMIN, who may do everything at the hub.
    """

    definitions: Mapping[str, tuple[msgspec.Struct, ...]]
    opening: tuple[Balance, ...]
    stores: Mapping[str, str]
    tills: tuple[Till, ...]
    prices: tuple[Price, ...]
    currency: str
    time_zone: str
    administrator_pin: str


def chain_of(selection: Selection, stations_per_store: int, seed: int) -> Chain:
    """Definitions for everything in the selection; the same input gives the same chain, PINs included."""
    stores = {store: store_code(store) for store in selection.stores}
    tills = _tills(selection.stores, stations_per_store, seed)
    administrator_pin = _pin(_chance("administrator", seed))
    prices = price_rows(selection)
    shelves = {store_list(store) for store in selection.stores}
    sold = (line for basket in selection.baskets for line in basket.lines)
    coupon_discounts, coupons = coupon_definitions(sold, selection.currency)
    definitions: dict[str, tuple[msgspec.Struct, ...]] = {
        **_firm(selection),
        **_structure(selection, tills),
        **_catalogue(selection),
        "price": tuple(row for row in prices if row.price_list in shelves),
        "contractor_group": (ContractorGroup(code=LOYALTY, name="Loyalty card holders"),),
        "contractor": tuple(_contractors(selection)),
        "discount": (*card_promotions(selection.stores, prices), *coupon_discounts),
        "coupon": coupons,
        **_people(tills, administrator_pin, seed),
    }
    return Chain(
        definitions=definitions, opening=tuple(_opening(selection)), stores=stores, tills=tills,
        prices=prices, currency=selection.currency, time_zone=selection.time_zone,
        administrator_pin=administrator_pin,
    )  # fmt: skip


def store_code(store: str) -> str:
    """The store's code from what the source calls it."""
    return f"S{store}"


def warehouse_code(store: str) -> str:
    """The code of the store's warehouse."""
    return f"W{store}"


def _tills(stores: Iterable[str], per_store: int, seed: int) -> tuple[Till, ...]:
    chance = _chance("pins", seed)
    found = []
    for store in stores:
        manager_pin = _pin(chance)
        for number in range(1, per_store + 1):
            station = f"{store_code(store)}-T{number}"
            till = Till(
                store=store, station=station, cashier=f"C-{station}", cashier_pin=_pin(chance),
                manager=f"M-{store_code(store)}", manager_pin=manager_pin,
            )  # fmt: skip
            found.append(till)
    return tuple(found)


def _chance(purpose: str, seed: int) -> random.Random:
    return random.Random(f"{purpose}:{seed}")  # noqa: S311 - PINs of a made-up chain, wanted repeatable


def _pin(chance: random.Random) -> str:
    return f"{chance.randrange(100_000, 1_000_000)}"


def _firm(selection: Selection) -> dict[str, tuple[msgspec.Struct, ...]]:
    currency = selection.currency
    firm = Firm(
        code="REPLAY", name=f"Replay of {selection.source}"[:250], currency=currency,
        country="US" if currency == "USD" else "PL", time_zone=selection.time_zone,
    )  # fmt: skip
    form = PaymentForm(code="cash", name="Cash", kind="cash", opens_drawer=True, gives_change=True)
    coupon = PaymentForm(code=COUPON_FORM, name="Manufacturer's coupon as money", kind="coupon", position=1)
    return {
        "currency": (Currency(code=currency, name=currency, symbol="$" if currency == "USD" else currency),),
        "firm": (firm,),
        "centre": (Centre(code=CENTRE, name="Chain"), *_centres(selection.stores)),
        "payment_form": (form, coupon),
        "parameter": tuple(Parameter(name=n, scope="global", value=v) for n, v in PARAMETERS.items()),
    }


def _centres(stores: Iterable[str]) -> Iterable[Centre]:
    """One for each store, so that a promotion can be for one store alone."""
    return (Centre(code=store_centre(store), name=f"Store {store}", parent=CENTRE) for store in stores)


def _structure(selection: Selection, tills: Iterable[Till]) -> dict[str, tuple[msgspec.Struct, ...]]:
    """Price lists, stores, warehouses, stations. Numbers end in the series S1T1: first store, first till."""
    lists = (
        PriceList(code=store_list(store), name=f"Shelf prices, {store}", currency=selection.currency,
                  stores=(store_code(store),))
        for store in selection.stores
    )  # fmt: skip
    place = {store: position for position, store in enumerate(selection.stores, 1)}
    return {
        "price_list": tuple(lists),
        "store": tuple(
            Store(code=store_code(store), name=f"Store {store}", centre=store_centre(store),
                  price_list=store_list(store), warehouse=warehouse_code(store))
            for store in selection.stores
        ),
        "warehouse": tuple(
            Warehouse(code=warehouse_code(store), name=f"Store {store}", store=store_code(store))
            for store in selection.stores
        ),
        "station": tuple(
            StationDefinition(code=till.station, name=till.station, store=store_code(till.store),
                              series=f"S{place[till.store]}T{till.station.rpartition('T')[2]}",
                              warehouse=warehouse_code(till.store))
            for till in tills
        ),
    }  # fmt: skip


def _catalogue(selection: Selection) -> dict[str, tuple[msgspec.Struct, ...]]:
    groups = _Groups()
    articles = tuple(_article(article, groups) for article in selection.articles.values())
    letters = dict(zip(sorted(selection.vat), LETTERS, strict=False))
    if len(letters) < len(selection.vat):
        raise NoBaskets(f"{len(selection.vat)} VAT rates; a fiscal device knows {len(LETTERS)}")
    return {
        "unit": tuple(
            Unit(code=code, name=UNIT_NAMES.get(code, code), precision=places)
            for code, places in selection.units.items()
        ),
        "vat_rate": tuple(
            VatRate(code=code, valid_from=FIRST_DAY, percent=percent, letter=letters[code])
            for code, percent in selection.vat.items()
        ),
        "article_group": groups.rows(),
        "article": articles,
    }


class _Groups:
    """Codes for paths of group names: G3 is the third department met, G3-2 its second category."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], ArticleGroup] = {}
        self._children: dict[tuple[str, ...], int] = defaultdict(int)

    def code(self, path: tuple[str, ...]) -> str:
        if path not in self._rows:
            parent = self.code(path[:-1]) if len(path) > 1 else ""
            self._children[path[:-1]] += 1
            number = self._children[path[:-1]]
            code = f"{parent}-{number}" if parent else f"G{number}"
            self._rows[path] = ArticleGroup(code=code, name=path[-1], parent=parent)
        return self._rows[path].code

    def rows(self) -> tuple[ArticleGroup, ...]:
        return tuple(self._rows.values())


def _article(article: SourceArticle, groups: _Groups) -> Article:
    return Article(
        code=article.code, name=article.name[:250], vat=article.vat, unit=article.unit,
        group=groups.code(article.groups), eans=(ArticleCode(ean=article.ean, unit=article.unit),),
    )  # fmt: skip


def _contractors(selection: Selection) -> Iterable[Contractor]:
    yield Contractor(code=UNDEFINED, name="Walk-in customer")
    for household in sorted({basket.household for basket in selection.baskets if basket.household}):
        yield Contractor(
            code=buyer_code(household), name=f"Household {household}", country="US", loyalty_card=household,
            group=LOYALTY,
        )  # fmt: skip


def _people(tills: Iterable[Till], administrator_pin: str, seed: int) -> dict[str, tuple[msgspec.Struct, ...]]:
    people: dict[str, tuple[str, str, tuple[str, ...]]] = {ADMINISTRATOR: (administrator_pin, "administrator", ())}
    for till in tills:
        stores = (store_code(till.store),)
        people[till.cashier] = (till.cashier_pin, "cashier", stores)
        people[till.manager] = (till.manager_pin, "shift_manager", stores)
    salts = _chance("salts", seed)
    operators = tuple(
        Operator(
            code=code, name=code, pin_verifier=pin_verifier(pin, salts.randbytes(SALT_BYTES)), roles=(role,),
            stores=stores, language="en",
        )
        for code, (pin, role, stores) in people.items()
    )  # fmt: skip
    roles = (
        Role(code="cashier", name="Cashier", rights=tuple(sorted(rights.CASHIER))),
        Role(code="shift_manager", name="Shift manager", rights=tuple(sorted(rights.SHIFT_MANAGER))),
        Role(code="administrator", name="Administrator", rights=tuple(sorted(rights.ADMINISTRATOR))),
    )
    return {"role": roles, "operator": operators}


def sold_quantities(selection: Selection) -> dict[tuple[str, str], Decimal]:
    """(warehouse, article) → how much of it the baskets take."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for basket in selection.baskets:
        for line in basket.lines:
            sums[warehouse_code(basket.store), line.article] += line.quantity
    return dict(sums)


def _opening(selection: Selection) -> Iterable[Balance]:
    """What is sold, rounded up to a whole number, and a spare."""
    for (warehouse, article), sold in sorted(sold_quantities(selection).items()):
        quantity = sold.to_integral_value(ROUND_CEILING) + SPARE
        yield Balance(warehouse=warehouse, article=article, quantity=quantity)
