"""Sales of a forked log that their station offers again are kept aside, for a person to decide on (REL-05, REL-13)."""

import datetime
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.booking import Verdict
from kontuar.domain.documents.messages import MessageOffered
from kontuar.domain.documents.offers import faults_of_offer, offer_in
from kontuar.kernel.errors import Problem
from kontuar.operations.ports.hub_documents import BookingDesk
from kontuar.operations.ports.streams import SealedMessage, StreamId

OFFER_WRONG: Final = "message.offer_wrong"
_SIGNED: Final = ("", "certificate.revoked")
"""A life that was revoked since has signed it all the same; what it is worth is for the person to say."""


def take_offers(desk: BookingDesk, verdicts: Sequence[Verdict], now: datetime.datetime) -> Sequence[Verdict]:
    """Keep aside what is offered among what is about to be booked; the verdicts, with a reason where it is wrong."""
    return [
        _taken(desk, verdict, now)
        if isinstance(verdict.reading.body, MessageOffered) and not verdict.problems
        else verdict
        for verdict in verdicts
    ]


def keep_all_the_same(desk: BookingDesk, verdict: Verdict, now: datetime.datetime) -> bool:
    """A person accepted an offer, whatever is wrong around it; False where what is offered is itself wrong."""
    if not isinstance(verdict.reading.body, MessageOffered):
        return True
    return not _taken(desk, msgspec.structs.replace(verdict, problems=()), now).problems


def _taken(desk: BookingDesk, verdict: Verdict, now: datetime.datetime) -> Verdict:
    arrived, body = verdict.reading.arrived, verdict.reading.body
    stream = StreamId(arrived.origin, body.incarnation)
    offer = offer_in(body)
    if offer is not None and not any(faults_of_offer(offer, arrived.store, *_names(stream))):
        message = SealedMessage(offer.seq, offer.payload, offer.hash, offer.signature)
        if desk.fault_of_seal(stream, message) in _SIGNED:
            desk.keep_fork(arrived.store, stream, message, now)
            return verdict
    facts = {"station": arrived.origin, "seq": str(body.seq)}
    return msgspec.structs.replace(verdict, problems=(Problem(OFFER_WRONG, "", facts),))


def _names(stream: StreamId) -> tuple[str, str]:
    return stream.origin, stream.incarnation
