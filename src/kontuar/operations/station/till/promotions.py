"""Bundles on request: applied, removed, asked about before a change breaks one (DISC-23)."""

from typing import Literal

import msgspec

from kontuar.domain.documents import lines
from kontuar.domain.documents.discounting import (
    bundles_of,
    bundles_wanted,
    carried_adjustments,
    with_bundles_freed,
)
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.pricing.discount import Discount
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import with_discounts
from kontuar.operations.station.till.drafts import lines_editable, look_at


def apply_promotions(station: Station, actor: Actor, doc_id: str) -> Document:
    """Look for bundles over all lines; whatever was applied before is reckoned anew."""
    document = lines_editable(station, actor, doc_id)
    return station.save(with_discounts(station, with_bundles(_asked(document, "applied"))))


def remove_promotions(station: Station, actor: Actor, doc_id: str) -> Document:
    """Take all bundles off, those too that came with a continued document; none comes back until asked for."""
    document = lines_editable(station, actor, doc_id)
    bundles = {code for line in document.lines for code in bundles_of(line)}
    return station.save(with_discounts(station, _asked(with_bundles_freed(document, bundles), "removed")))


def bundles_on(station: Station, actor: Actor, doc_id: str, number: int) -> tuple[str, ...]:
    """Names of the bundles that the line is in: the operator is asked before a change of it breaks them."""
    line = lines.find(look_at(station, actor, doc_id), number)
    return bundle_names(station, line.has)


def bundle_names(station: Station, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Names of bundles by code; the code where the definition is gone."""
    found = station.books.definitions.every(Discount)
    return tuple(found[code].name if code in found else code for code in codes)


def with_bundles_at_approval(station: Station, document: Document) -> Document:
    """A continued document takes bundles when its payment opens, on lines that carry no discount (PARK-12)."""
    waits = any(_is_bare(line) for line in document.lines)
    if not waits or not bundles_wanted(station.parameters(), document):
        return document
    return with_discounts(station, with_bundles(document))


def with_bundles(document: Document) -> Document:
    """All lines open to bundles, carried ones that bear a discount excepted."""
    opened = (
        msgspec.structs.replace(line, in_bundles=True, carried=False, only_bundles=True)
        if _is_bare(line)
        else msgspec.structs.replace(line, in_bundles=True)
        for line in document.lines
    )
    return msgspec.structs.replace(document, lines=tuple(opened))


def _is_bare(line: Line) -> bool:
    """Came without any discount; the header's share of it is reckoned anew anyway, a place in a bundle is not."""
    brought = line.has or line.promised or carried_adjustments(line)
    return line.carried and not brought and line.discount is None


def _asked(document: Document, bundles: Literal["applied", "removed"]) -> Document:
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, bundles=bundles))
