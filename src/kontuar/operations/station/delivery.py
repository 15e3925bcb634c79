"""How the goods reach the buyer: chosen on the heading, priced anew, because discounts may depend on it (DISC-10)."""

from collections.abc import Sequence

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import DeliveryMethod
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.promises import with_promises_kept
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import with_discounts
from kontuar.operations.station.till.drafts import lines_editable, look_at


def delivery_methods(station: Station, document_type: str) -> tuple[DeliveryMethod, ...]:
    """The active methods that documents of a type may have here, in their order."""
    found = station.books.definitions.every(DeliveryMethod).values()
    here = [row for row in found if row.active and document_type in row.document_types]
    return tuple(sorted(here, key=lambda row: (row.position, row.name, row.code)))


def methods_for(station: Station, actor: Actor, doc_id: str) -> Sequence[DeliveryMethod]:
    """The methods to choose from on a draft; none on an invoice that repeats a receipt, and on other papers."""
    document = look_at(station, actor, doc_id)
    return () if document.repeats else delivery_methods(station, document.type)


def set_delivery_method(station: Station, actor: Actor, doc_id: str, code: str) -> Document:
    """Choose the method, priced anew; empty = nothing is said of it. Raises `Refused("delivery_method.not_here")`.

    Of what a continued document came with, only that holds which is for this method or for any; the rest waits for its
    method to be chosen again.
    """
    document = lines_editable(station, actor, doc_id)
    if code and code not in {method.code for method in delivery_methods(station, document.type)}:
        raise refuse("delivery_method.not_here", "delivery_method", method=code[:60])
    chosen = with_promises_kept(station, msgspec.structs.replace(document, delivery_method=code))
    return station.save(with_discounts(station, chosen))
