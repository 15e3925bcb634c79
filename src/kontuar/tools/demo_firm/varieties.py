"""What the demo firm defines beside its articles: batches, attributes, the quick-sale panel, groups of contractors."""

from collections.abc import Iterator
from typing import Final

from kontuar.domain.catalogue.records import Batch, Property, QuickFavourite, QuickGroup
from kontuar.domain.firm.records import Attribute, DocumentSettings, View
from kontuar.domain.parties.records import Address, Consent, ContractorGroup
from kontuar.kernel.codes import with_ean_check_digit
from kontuar.tools.demo_firm.structure import STORES

COLA, LAMP, DIET_COLA = "17107", "20214", "17108"
SIZE, COLOUR = "POJEMNOSC", "BARWA"

PROPERTIES: Final = (
    Property(code=SIZE, name="Pojemność", choices=("1,5 l", "1 l", "0,5 l", "0,33 l")),
    Property(code=COLOUR, name="Barwa światła", choices=("biała ciepła", "bursztynowa", "czerwona", "zielona")),
)
_VARIED: Final = {COLA: (SIZE, "Cola"), DIET_COLA: (SIZE, "Cola bez cukru"), LAMP: (COLOUR, "Żarówka LED 8 W")}

ATTRIBUTES: Final = (
    Attribute(code="UWAGI", name="Uwagi", level="document", position=1),
    Attribute(
        code="ZAPAKOWAC", name="Zapakować na prezent", level="line", type="yes_no", document_types=("receipt",),
        position=1,
    ),
    Attribute(code="ALERGENY", name="Alergeny", level="article", position=1),
    Attribute(
        code="BRANZA", name="Branża", level="contractor", type="list", position=1,
        choices=("gastronomia", "hotelarstwo", "handel", "usługi"),
    ),
)  # fmt: skip

CONTRACTOR_GROUPS: Final = (
    ContractorGroup(code="FIRMY", name="Firmy"),
    ContractorGroup(code="GASTRO", name="Gastronomia i noclegi", parent="FIRMY"),
    ContractorGroup(code="OSOBY", name="Osoby prywatne"),
)

DOCUMENT_SETTINGS: Final = (DocumentSettings(document_type="receipt", parking="yes", direction="gross"),)
VIEWS: Final = (View(name="documents-trade", scope="station:GDN2", columns=("number", "state", "gross", "-buyer")),)

_QUICK_GROUPS: Final = ("111", "112", "121", "131", "132", "171", "172", "161")
_FIRST_FAVOURITES: Final = ("11201", "11209", "12101", "17107", "17101", "13104", "16106", "17301")
_ONLY_IN_THE_SECOND: Final = ("16202", "17201")


def properties_of(article: str) -> tuple[str, ...]:
    """What batches of the article differ by; most articles have none."""
    return (_VARIED[article][0],) if article in _VARIED else ()


def batches() -> Iterator[Batch]:
    """A batch per value of the property; the prefix 23 is for use inside a firm."""
    choices = {one.code: one.choices for one in PROPERTIES}
    for article, (code, name) in _VARIED.items():
        for place, value in enumerate(choices[code], 1):
            yield Batch(
                article=article,
                code=f"{place:02}",
                name=f"{name} {value}",
                properties={code: value},
                eans=(with_ean_check_digit(f"23{article}{place:05}"),),
                position=place,
            )


def quick_groups() -> Iterator[QuickGroup]:
    """The tiles of the panel, in both shops."""
    return (QuickGroup(group=group, position=place) for place, group in enumerate(_QUICK_GROUPS, 1))


def quick_favourites() -> Iterator[QuickFavourite]:
    """The tile of favourites; two more in the second shop only."""
    yield from (QuickFavourite(article=code, position=place) for place, code in enumerate(_FIRST_FAVOURITES, 1))
    for place, code in enumerate(_ONLY_IN_THE_SECOND, len(_FIRST_FAVOURITES) + 1):
        yield QuickFavourite(article=code, position=place, stores=(STORES[1].code,))


def addresses_of(place: int, city: str) -> tuple[Address, ...]:
    """Every third business takes goods at another door."""
    if place % 3:
        return ()
    return (Address(name="Dostawy", street=f"ul. Zaplecze {place}", postal_code="30-499", city=city),)


def consents_of(place: int) -> tuple[Consent, ...]:
    """Holders of cards were asked for a consent; not all gave it."""
    return (Consent(code="MARKETING", given=place % 3 != 0, since="2026-02-01"),)


def branch_of(name: str) -> str:
    """A business's branch by its first word."""
    word = name.split()[0]
    return {"Hotel": "hotelarstwo", "Pensjonat": "hotelarstwo"}.get(
        word, "gastronomia" if word in ("Bar", "Kawiarnia", "Smażalnia", "Piekarnia") else "usługi"
    )
