"""A push frame that was read: whose stream it is, who was heard of by it, and which certificates it brings."""

from collections.abc import Awaitable, Callable, Iterator, Sequence

import msgspec

from kontuar.kernel.errors import refuse
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.incoming import opens_a_life
from kontuar.operations.ports.streams import Batch
from kontuar.operations.ports.sync import Heard, KeyRing, NodeIdentity
from kontuar.sync import frames, wire
from kontuar.sync.keys import SignedCertificate, is_signed

Adopt = Callable[[NodeIdentity, Sequence[CertificateRow]], Awaitable[None]]
"""Keep certificates for good that a node told, if they are the hub's and not known: before its messages are taken."""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """`sender`: whose frame it was; `lives`: certificates that it brought and the definitions do not hold, or do
    not hold as revoked."""

    sender: NodeIdentity
    batch: Batch
    heard: Heard
    lives: tuple[CertificateRow, ...] = ()


async def no_adoption(teller: NodeIdentity, lives: Sequence[CertificateRow]) -> None:
    """Where certificates live as long as the process does."""


async def adopt_lives(adopt: Adopt, pushed: Sequence[Pushed]) -> None:
    """What the frames of one sender brought, at once."""
    lives = {row.certificate: row for each in pushed for row in each.lives}
    if lives:
        await adopt(pushed[0].sender, list(lives.values()))


def read_push(frame: frames.Frame, identity: NodeIdentity, keys: KeyRing) -> Pushed:
    """A station speaks for itself; an agent relays for its store. What a message's own signature is worth is found
    when it is booked: a message that is readable but wrong is parked, never refused (rule 3)."""
    batch = wire.read_push(frame)
    is_own = identity.kind == "station" and batch.stream.origin == identity.node
    if batch.store != identity.store or not (is_own or identity.kind == "agent"):
        raise refuse("frame.wrong_sender", node=identity.node, origin=batch.stream.origin[:80])
    fields = wire.fields_of(frame, "push", wire.PushFields)
    lives = tuple(_not_settled(fields, keys))
    speaker = keys.speaker(batch.stream.origin, batch.stream.incarnation)
    if speaker is not None and speaker.store != batch.store:
        raise refuse("frame.wrong_sender", node=identity.node, origin=batch.stream.origin[:80])
    heard = _heard_by_push(frame, fields, identity, batch, speaker)
    later = is_own and speaker is not None and identity.ordinal > speaker.ordinal
    batch = msgspec.structs.replace(of_its_life(batch, speaker), by_later_life=later)
    return Pushed(sender=identity, batch=batch, heard=heard, lives=lives)


def _not_settled(fields: wire.PushFields, keys: KeyRing) -> Iterator[CertificateRow]:
    """Certificates of the frame, all learned, that whoever keeps them does not know."""
    own = fields.certificate
    told = () if own is None else (CertificateRow(certificate=own.certificate, signature=own.signature),)
    for row in (*told, *fields.lives):
        keys.learn(row.certificate, row.signature)
        try:
            named = SignedCertificate(certificate=row.certificate, signature=row.signature).read()
        except msgspec.DecodeError:
            continue
        forgotten = not keys.is_settled(named.node, named.incarnation)
        if forgotten or (row.revoked_at and keys.identity(named.node, named.incarnation) is not None):
            yield row


def of_its_life(batch: Batch, speaker: NodeIdentity | None) -> Batch:
    """With what is known of the life whose stream it is. Only its own key opens a life: others are closed by that."""
    if speaker is None:
        return batch
    first = batch.messages[:1]
    forged = any(opens_a_life(m) and not is_signed(speaker.public_key, m.signature, m.hash) for m in first)
    return msgspec.structs.replace(batch, ordinal=speaker.ordinal, forged=forged)


def _heard_by_push(
    frame: frames.Frame, fields: wire.PushFields, identity: NodeIdentity, batch: Batch, speaker: NodeIdentity | None
) -> Heard:
    """Clock and program of a frame are those of its sender; of whose stream he relays they say nothing."""
    if speaker is not None and speaker.node != identity.node:
        return Heard(identity=speaker, claimed_seq=batch.claim.seq)
    own_seq = batch.claim.seq if batch.stream.origin == identity.node else 0
    return Heard(
        identity=identity, sent_at=frame.header.at, build=batch.build, claimed_seq=own_seq, schemas=fields.schemas,
        refused="",
    )  # fmt: skip
