"""What head office decided about documents of this station, carried out here (HUB-05).

A decision comes with the confirmations and is kept as a fact until it is carried out, so that a crash in between
loses nothing. Carrying it out twice changes nothing: a document that is cancelled already is left alone.
"""

from typing import Final

import structlog

from kontuar.domain.documents.document import CANCELLED
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station import own_documents
from kontuar.operations.station.station import Station

CANCEL_ASKED: Final = "cancel_asked"
"""The state of a confirmation that asks for a cancellation; its reason is `number of the wish|operator|note`."""
FACT: Final = "decision:"
_LATER: Final = frozenset({"connectivity.too_low"})
"""Refusals that pass by themselves: the decision stays and is tried again."""

_log = structlog.get_logger(__name__)


def carry_out(station: Station) -> int:
    """Carry out every decision that waits; how many were answered. Runs on the database thread."""
    waiting = station.books.facts(FACT)
    return sum(_one(station, name, name.removeprefix(FACT), said) for name, said in waiting.items())


def _one(station: Station, name: str, doc_id: str, said: str) -> int:
    wish, _, rest = said.partition("|")
    operator, _, note = rest.partition("|")
    try:
        _cancel(station, doc_id, operator, note)
    except Refused as refusal:
        code = refusal.problems[0].code
        if code in _LATER:
            return 0
        _log.warning("station.decision_refused", doc_id=doc_id, code=code)
        station.event("decision.refused", operator, decision=wish, doc_id=doc_id, code=code)
    station.books.forget_fact(name)
    return 1


def _cancel(station: Station, doc_id: str, operator: str, note: str) -> None:
    stored = station.books.documents.find(doc_id)
    if stored is None:
        raise refuse("document.not_found", doc_id=doc_id[:64])
    if stored.row.state == CANCELLED:
        return
    # Head office checked that its operator may decide this; here he needs no role of the station.
    actor = Actor(operator=operator, name=operator, rights=rights.ALL_RIGHTS)
    own_documents.cancel(station, actor, doc_id, note)
