"""The tree of article groups, and the ground that pictures of each branch stand on."""

from typing import Final

from kontuar.domain.catalogue.records import ArticleGroup
from kontuar.tools.demo_firm.pictures.brush import Colour

FAVOURITES: Final = "10"

_BRANCHES: Final[tuple[tuple[str, str, Colour, tuple[str, ...]], ...]] = (
    (FAVOURITES, "Ulubione", (240, 236, 228), ()),
    ("11", "Pieczywo", (245, 232, 211), ("Chleb", "Bułki i drożdżówki")),
    ("12", "Nabiał i jaja", (219, 232, 243), ("Mleko i śmietana", "Jogurty i desery", "Sery, masło i jaja")),
    ("13", "Owoce i warzywa", (226, 238, 214), ("Owoce", "Warzywa")),
    ("14", "Mięso i ryby", (245, 222, 218), ("Mięso i wędliny", "Ryby")),
    (
        "15", "Spiżarnia", (242, 230, 204),
        ("Mąka, kasze i makarony", "Przetwory i sosy", "Oleje i przyprawy"),
    ),
    ("16", "Słodycze i przekąski", (243, 224, 233), ("Czekolada i ciastka", "Przekąski i bakalie")),
    ("17", "Napoje", (214, 236, 236), ("Woda i napoje", "Soki", "Kawa i herbata")),
    ("18", "Mrożonki", (216, 228, 246), ("Mrożonki i lody",)),
    ("19", "Dom i higiena", (228, 228, 245), ("Pranie i sprzątanie", "Papier i folie", "Higiena i uroda")),
    ("20", "Wyposażenie", (233, 231, 224), ("Kuchnia i stół", "Remont i majsterkowanie")),
    ("21", "Rodzina i hobby", (247, 236, 205), ("Dziecko", "Zwierzęta", "Papier i prasa")),
    ("22", "Usługi", (224, 234, 230), ("Usługi sklepu",)),
)  # fmt: skip

GROUNDS: Final[dict[str, Colour]] = {code: ground for code, _, ground, _ in _BRANCHES}


def article_groups() -> list[ArticleGroup]:
    """Parents before their children; a child's code is its parent's and one digit."""
    found = []
    for code, name, _, children in _BRANCHES:
        found.append(ArticleGroup(code=code, name=name))
        found.extend(
            ArticleGroup(code=f"{code}{place}", name=child, parent=code) for place, child in enumerate(children, 1)
        )
    return found
