"""The demo firm: two shops, four tills, some 350 articles, people with PINs. Invented from end to end."""

from collections.abc import Callable, Iterator
from functools import cache

import msgspec

from kontuar.domain.catalogue.records import Article, Picture, Price
from kontuar.domain.definitions.kinds import KIND_OF, KINDS
from kontuar.tools.demo_firm import structure, varieties
from kontuar.tools.demo_firm.assortment import (
    CatalogueRow,
    OpeningStock,
    article_of,
    catalogue_rows,
    opening_stock,
    picture_of,
    prices_of,
)
from kontuar.tools.demo_firm.discounts import discounts
from kontuar.tools.demo_firm.groups import article_groups
from kontuar.tools.demo_firm.people import ROLES, DemoOperator, contractors, demo_operators


class DemoFirm(msgspec.Struct, frozen=True, kw_only=True):
    """`rows`: definitions of every kind but operators, in the order of `KINDS`; `definitions` adds those."""

    rows: tuple[msgspec.Struct, ...]
    opening_stock: tuple[OpeningStock, ...]
    operators: tuple[DemoOperator, ...]

    def definitions(self, hash_pin: Callable[[str], str]) -> tuple[msgspec.Struct, ...]:
        """Everything the hub is to define, each kind after those it refers to.

        `hash_pin` makes the argon2 string of a PIN; it is called once per operator.
        """
        ready = (msgspec.structs.replace(one.operator, pin_verifier=hash_pin(one.pin)) for one in self.operators)
        return _in_order_of_kinds([*self.rows, *ready])


@cache
def demo_firm() -> DemoFirm:
    """Always the same firm; drawing the pictures takes about two seconds, once per process."""
    rows = catalogue_rows()
    return DemoFirm(
        rows=_in_order_of_kinds(
            [
                structure.FIRM,
                *structure.CURRENCIES,
                *structure.CENTRES,
                *structure.UNITS,
                *structure.VAT_RATES,
                *structure.PRICE_LISTS,
                *structure.STORES,
                *structure.WAREHOUSES,
                *structure.PAYMENT_FORMS,
                *structure.DELIVERY_METHODS,
                *structure.STATIONS,
                *structure.EXCHANGE_RATES,
                *structure.numbering_rules(),
                *structure.REASONS,
                *structure.PARAMETERS,
                *varieties.ATTRIBUTES,
                *varieties.DOCUMENT_SETTINGS,
                *varieties.VIEWS,
                *varieties.PROPERTIES,
                *article_groups(),
                *_catalogue(rows),
                *varieties.batches(),
                *varieties.quick_groups(),
                *varieties.quick_favourites(),
                *varieties.CONTRACTOR_GROUPS,
                *contractors(),
                *discounts(),
                *ROLES,
            ]
        ),
        opening_stock=tuple(opening_stock(rows)),
        operators=demo_operators(),
    )


def _catalogue(rows: list[CatalogueRow]) -> Iterator[Picture | Article | Price]:
    drawn: set[str] = set()
    for place, row in enumerate(rows, 1):
        picture = picture_of(row)
        if picture.code not in drawn:
            drawn.add(picture.code)
            yield picture
        yield article_of(row, place, picture.code)
        yield from prices_of(row, place)


def _in_order_of_kinds(rows: list[msgspec.Struct]) -> tuple[msgspec.Struct, ...]:
    """Sorted by kind only: parents stay before their children."""
    rank = {name: place for place, name in enumerate(KINDS)}
    return tuple(sorted(rows, key=lambda row: rank[KIND_OF[type(row)].name]))
