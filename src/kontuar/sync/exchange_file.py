"""The envelope of an exchange file: frames, packed, sealed to one node, signed by another (docs/protocol.md).

file = "KTX" | format "1" | one frame of kind `exchange` | SHA-256 of all that stands before it
"""

import datetime
import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.ports.sync import HUB_NODE, KeyRing, NodeIdentity
from kontuar.sync import frames, wire
from kontuar.sync.keyring import KnownLives, no_lives, open_certified
from kontuar.sync.keys import SignedCertificate, Signer
from kontuar.sync.sealing import sealed, unsealed

MAGIC: Final = b"KTX"
FORMAT: Final = b"1"
HASH_BYTES: Final = 32
MOST_PARTS: Final = 20_000
MOST_MIB: Final = 63
"""Of frames in one file, unpacked."""
MOST_CONTENT_BYTES: Final = MOST_MIB * 1024 * 1024


class ExchangeFields(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange frame says beside its sender: whom it is for. `hub`: fingerprint of the firm's key."""

    file: str
    hub: str
    receiver: str
    receiver_incarnation: str = ""
    certificate: SignedCertificate | None = None


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """The node that writes or reads a file. The hub's incarnation says nothing of its key."""

    sender: frames.Sender
    signer: Signer
    keys: KeyRing
    certificate: SignedCertificate | None = None
    lives: KnownLives = no_lives

    def hub_fingerprint(self) -> str:
        """Which firm: the beginning of the hash of its hub's key."""
        hub = self.keys.speaker(HUB_NODE, "")
        assert hub is not None, "every key ring knows its hub"
        return hashlib.sha256(hub.public_key).hexdigest()[:16]

    def is_receiver(self, fields: ExchangeFields) -> bool:
        """Whether a file is for this node and its present key."""
        me = self.sender
        return fields.receiver == me.node and (me.node == HUB_NODE or fields.receiver_incarnation == me.incarnation)


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read and checked; `parts` are its frames, not opened yet."""

    file: str
    sender: NodeIdentity
    made_at: str
    build: str
    parts: tuple[bytes, ...]


def write_file(
    here: Here, receiver: NodeIdentity, parts: Sequence[bytes], *, file: str, secret: bytes, now: datetime.datetime
) -> bytes:  # fmt: skip
    """The bytes of a file. Raises `Refused("exchange.too_large")`."""
    joined = frames.join(parts)
    if len(joined) > MOST_CONTENT_BYTES or len(parts) > MOST_PARTS:
        raise refuse("exchange.too_large", mebibytes=MOST_MIB)
    packed = frames.pack(joined)
    encoding = b"P" if packed is joined else b"Z"
    fields = ExchangeFields(
        file=file, hub=here.hub_fingerprint(), receiver=receiver.node, receiver_incarnation=receiver.incarnation,
        certificate=here.certificate,
    )  # fmt: skip
    body = sealed(receiver.public_key, encoding + packed, secret)
    frame = frames.seal(here.sender, "exchange", wire.to_fields(fields), body, now, plain=True)
    told = MAGIC + FORMAT + frame
    return told + hashlib.sha256(told).digest()


def open_file(here: Here, data: bytes) -> Opened:
    """Read and check a file; never anything but `Refused`, whatever the bytes: `exchange.not_a_file`, `too_new`,
    `too_large`, `damaged`, `other_firm`, `other_receiver`, `unknown_sender`, or as the protocol's versions do."""
    frame = _checked(data)
    try:
        header = frames.peek(frame)
        fields = wire.fields_of(frames.Frame(header, b""), "exchange", ExchangeFields)
    except Refused as refusal:
        raise refuse("exchange.damaged", reason=refusal) from None
    if fields.hub != here.hub_fingerprint():
        raise refuse("exchange.other_firm", sender=header.node[:80])
    if not here.is_receiver(fields):
        raise refuse("exchange.other_receiver", receiver=fields.receiver[:80], here=here.sender.node)
    opened, identity = _opened(frame, here.keys)
    content = unsealed(here.signer.agreement_key(), opened.body)
    try:
        parts = frames.split(frames.unpack(content[1:], "zstd" if content[:1] == b"Z" else "plain"))
    except Refused as refusal:
        raise refuse("exchange.damaged", reason=refusal) from None
    if len(parts) > MOST_PARTS:
        raise refuse("exchange.too_large", mebibytes=MOST_MIB)
    return Opened(file=fields.file, sender=identity, made_at=header.at, build=header.build, parts=tuple(parts))


def _checked(data: bytes) -> bytes:
    """The frame of a file that is whole."""
    if data[:3] != MAGIC:
        raise refuse("exchange.not_a_file")
    if data[3:4] != FORMAT:
        raise refuse("exchange.too_new", format=data[3:4].decode("latin-1"), ours=FORMAT.decode())
    if len(data) > frames.MAX_BODY_BYTES + 2 * frames.MAX_HEADER_BYTES:
        raise refuse("exchange.too_large", mebibytes=MOST_MIB)
    if hashlib.sha256(data[:-HASH_BYTES]).digest() != data[-HASH_BYTES:]:
        raise refuse("exchange.damaged", reason="hash")
    return data[4:-HASH_BYTES]


def _opened(frame: bytes, keys: KeyRing) -> tuple[frames.Frame, NodeIdentity]:
    try:
        return open_certified(frame, keys)
    except Refused as refusal:
        problem = refusal.problems[0]
        if problem.code == "frame.unknown_node":
            raise refuse("exchange.unknown_sender", sender=problem.facts["node"]) from None
        if problem.code.startswith("frame."):
            raise refuse("exchange.damaged", reason=refusal) from None
        raise
