"""What a scanned or typed code names (DOC-20)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from kontuar.domain.catalogue.scanned import read_scan, schemes_from
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.station import CodeMatch
from kontuar.operations.station.station import Station

SCANS: Final = "latest_scans"
SCANS_KEPT: Final = 40


def scanned(station: Station, code: str, quantity: str | Decimal) -> tuple[CodeMatch, str | Decimal]:
    """What a code names and how much of it: an EAN or code as it stands, else what a label carries inside."""
    matches = station.books.definitions.by_code(code)
    if matches:
        return _only(matches, code), quantity
    inside = read_scan(code, schemes_from(station.parameters().text("scan.in_store_codes")))
    # A label that carries a price is not read yet: unknown is better than one piece at the price of a kilogram.
    if inside.kind in ("article", "in_store", "gs1") and inside.code != code and inside.price is None:
        return one_match(station, inside.code), inside.weight_kg or inside.quantity or quantity
    return one_match(station, code), quantity


def one_match(station: Station, code: str) -> CodeMatch:
    if not code:
        raise refuse("article.code_empty", "article")
    matches = station.books.definitions.by_code(code)
    if not matches:
        raise refuse("article.code_unknown", "article", code_text=code[:60])
    return _only(matches, code)


def _only(matches: Sequence[CodeMatch], code: str) -> CodeMatch:
    if len({match.article for match in matches}) > 1:
        raise refuse("article.code_ambiguous", "article", code_text=code[:60])
    return matches[0]


def latest_scans(station: Station) -> list[str]:
    """The latest scans of this station: they outlive a crash with the draft, and never grow."""
    return station.books.fact(SCANS).split()
