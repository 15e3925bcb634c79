"""Articles with batches, quick groups, favourites and linked ones, beside the small shop's (DOC-29, QUICK-05)."""

import base64
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import (
    Article,
    ArticleGroup,
    Batch,
    Picture,
    Price,
    Property,
    QuickFavourite,
    QuickGroup,
)
from shop import MILK, WATER

COLA, LAMP, CANDLE = "COLA", "LAMP", "CANDLE"
BOTTLES = (
    ("1L", "1 l", "2100000000017"),
    ("500", "500 ml", "2100000000024"),
    ("300", "300 ml", ""),
    ("250", "250 ml", ""),
)
COLA_HALF_EAN = "2100000000024"
COLOURS = ("biały", "beżowy", "czarny", "szary")
_DOT = base64.b64encode(
    b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'><circle cx='20' cy='20' r='16' fill='#b83'/></svg>"
).decode()


def varied_shop() -> list[msgspec.Struct]:
    """Cola in four bottles, a lamp in four colours that a candle is offered with, thirty teas for pages."""
    teas = [Article(code=f"TEA{number:02}", name=f"Herbata {number:02}", vat="23", unit="szt", group="TEA")
            for number in range(1, 31)]  # fmt: skip
    return [
        Picture(code="dot", media_type="image/svg+xml", data=_DOT),
        Property(code="SIZE", name="Pojemność", choices=tuple(size for _, size, _ in BOTTLES)),
        Property(code="COLOUR", name="Kolor", choices=COLOURS),
        ArticleGroup(code="DRINK", name="Napoje"),
        ArticleGroup(code="HOME", name="Dom"),
        ArticleGroup(code="TEA", name="Herbaty", picture="dot"),
        Article(code=COLA, name="Cola", vat="23", unit="szt", group="DRINK", properties=("SIZE",), picture="dot"),
        Article(code=CANDLE, name="Świeca", vat="23", unit="szt", group="HOME"),
        Article(code=LAMP, name="Lampka nocna", vat="23", unit="szt", group="HOME", properties=("COLOUR",),
                linked=(CANDLE, "GONE"), pictures=("dot",), description="Na baterie"),
        *[Batch(article=COLA, code=code, name=f"Cola {size}", properties={"SIZE": size}, position=place,
                eans=(ean,) if ean else ()) for place, (code, size, ean) in enumerate(BOTTLES)],
        *[Batch(article=LAMP, code=colour, name=colour, properties={"COLOUR": colour}, position=place)
          for place, colour in enumerate(COLOURS)],
        *teas,
        *[Price(price_list="RETAIL", article=code, unit="szt", valid_from="2026-01-01", price=Decimal(price))
          for code, price in ((COLA, "5.00"), (LAMP, "80.00"), (CANDLE, "9.90"),
                              *((tea.code, "12.00") for tea in teas))],
        QuickGroup(group="DRINK", position=1),
        QuickGroup(group="TEA", position=2),
        QuickGroup(group="HOME", position=0, stores=("S1",)),
        QuickGroup(group="DIY", position=9, stores=("S9",)),
        QuickFavourite(article=WATER, position=2),
        QuickFavourite(article=MILK, position=1),
    ]  # fmt: skip
