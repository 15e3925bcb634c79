"""Messages of a forked log that their station offers again: what can be said of one without its key (REL-05)."""

from collections.abc import Iterator
from typing import Final

import msgspec

from kontuar.domain.documents.booking_checks import says_where_it_lies
from kontuar.domain.documents.messages import Message, MessageOffered
from kontuar.kernel.canonical import CHAIN_START, chain_hash

_SIGNATURE_BYTES: Final = 64
_MOST: Final = 2**62
_message = msgspec.json.Decoder(Message)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What was offered, as bytes again."""

    seq: int
    previous: bytes
    hash: bytes
    signature: bytes
    payload: bytes


def offer_in(body: MessageOffered) -> Offer | None:
    """The message as it was signed; None when these are no hashes and no signature."""
    try:
        previous, digest = bytes.fromhex(body.previous), bytes.fromhex(body.hash)
        signature = bytes.fromhex(body.signature)
    except ValueError:
        return None
    if len(previous) != len(CHAIN_START) or len(signature) != _SIGNATURE_BYTES or not 1 <= body.seq < _MOST:
        return None
    return Offer(seq=body.seq, previous=previous, hash=digest, signature=signature, payload=body.payload.encode())


def faults_of_offer(offer: Offer, store: str, origin: str, incarnation: str) -> Iterator[str]:
    """What is wrong with it: it does not follow from what it names, or says that it is another stream's."""
    if chain_hash(offer.previous, offer.payload) != offer.hash:
        yield "chain"
    try:
        said = _message.decode(offer.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return  # a fork that cannot be read is kept like any other, if its station signed it
    if not says_where_it_lies(said, store, origin, incarnation, offer.seq):
        yield "place"
