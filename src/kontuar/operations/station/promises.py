"""What a continued document came with, as far as it holds for how it is paid and delivered now (DISC-10, PARK-12)."""

from collections.abc import Collection

from kontuar.domain.documents.discounting import promised_for
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.rules import Scope
from kontuar.operations.station.station import Station


def with_promises_kept(station: Station, document: Document) -> Document:
    """Carried lines with so much of their discounts as the planned payment form and the delivery method allow; the rest
    waits to be given when they are chosen again. A discount that is not defined any more holds."""
    scopes = {ready.rule.id: ready.rule.scope for ready in station.rules.book(document.currency).rules}
    return promised_for(document, lambda rule: rule not in scopes or _holds(scopes[rule], document))


def _holds(scope: Scope, document: Document) -> bool:
    payment, delivery = document.discounts.payment_form, document.delivery_method
    return _allows(scope.payment_forms, payment) and _allows(scope.delivery_methods, delivery)


def _allows(named: Collection[str], chosen: str) -> bool:
    return not named or chosen in named
