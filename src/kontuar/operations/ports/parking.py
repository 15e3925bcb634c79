"""The store's buffer of parked documents: owned by the agent, known in part by its stations (PARK-01 … PARK-16).

The agent keeps (document, version, fencing token, bytes). Opening takes an exclusive lease; saving names the version it
began with and the token, both compared in the saving transaction. What happens when: docs/protocol.md, Parking.
"""

from typing import Final, Literal

import msgspec

from kontuar.domain.documents.parking import ParkedRow as ParkedRow

LEASE_SECONDS: Final = 60
"""How long a lease lives without being renewed, counted by the holder from the moment he *sent* the request."""
LEASE_MARGIN_SECONDS: Final = 15
"""What the granter adds before he gives the lease to somebody else."""
MOST_OFFERED: Final = 50
"""Copies in one `parking.offer`; who holds more asks again."""


class ParkedNews(msgspec.Struct, frozen=True, kw_only=True):
    """What changed in the buffer since a cursor; `full` = these are all there are."""

    epoch: str
    version: int
    full: bool = False
    put: tuple[ParkedRow, ...] = ()
    removed: tuple[str, ...] = ()


class OpenParked(msgspec.Struct, frozen=True, kw_only=True):
    """Question `parking.open`. `take_over`: also when another station holds it (PARK-06); `by` = the operator."""

    doc_id: str
    by: str
    take_over: bool = False


class LookParked(msgspec.Struct, frozen=True, kw_only=True):
    """Question `parking.look`: what a document holds, without a lease and whoever has it; nothing changes."""

    doc_id: str


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer: the bytes of the version that `row` names, as last saved."""

    row: ParkedRow
    document: msgspec.Raw


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `parking.renew` and `parking.approving`: the lease lives on."""

    doc_id: str
    token: int
    lease_seconds: int


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer: the document's bytes as parked, its version, and the lease."""

    doc_id: str
    version: int
    token: int
    lease_seconds: int
    document: msgspec.Raw
    row: ParkedRow


class SaveParked(msgspec.Struct, frozen=True, kw_only=True):
    """Question `parking.save`. `version` = the one it began with (0 = never parked), `token` = of the lease (0 = none).

    `row` is what the list shows; the agent sets its version, EAN, temporary number and holder. The same document bytes
    on the same base again are answered as the first time (the answer was lost). `as_copy`: work that lost its lease
    becomes a second document, because the operator wants it to. In an offer `version` and `token` are those that the
    copy has, not what it began with.
    """

    doc_id: str
    version: int
    token: int
    by: str
    document: msgspec.Raw
    row: ParkedRow
    keep_lease: bool = False
    as_copy: bool = False


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer: the version it is now. A stale base made a second document, `conflict_copy` (its doc_id).

    `version`, `row` are those of the document the bytes went to. `token`: what a copy of it is offered with later.
    `lease_seconds`: how long the lease lives on when it was to be kept (0 = given back).
    """

    doc_id: str
    version: int
    row: ParkedRow
    conflict_copy: str = ""
    token: int = 0
    lease_seconds: int = 0


class HoldParked(msgspec.Struct, frozen=True, kw_only=True):
    """Questions `parking.renew`, `parking.release`, `parking.delete`, `parking.approving`: on a lease that one has.

    `approving` is asked right before the local commit: from then on the others see *being approved at …* until the
    message is here, or until the asker saves, releases or opens it again. Renew and approving are answered with
    `Leased`, release and delete with `{}`; both may be repeated.
    """

    doc_id: str
    token: int
    by: str


class ApprovedDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A parked document that this station approved, for an agent whose predecessor took the message.

    `version` as in the document's `parked`; `approved_id`, `number`: the approved document.
    """

    doc_id: str
    version: int
    approved_id: str
    number: str


class OfferParked(msgspec.Struct, frozen=True, kw_only=True):
    """Question `parking.offer`: copies that this station holds, to an agent that was lost or replaced.

    At most `MOST_OFFERED` copies. `highest_token`: the highest this station ever saw. `approved`: what it approved
    from the parking within the last weeks, so that an older copy of it is not taken for a living document.
    """

    copies: tuple[SaveParked, ...]
    highest_token: int
    approved: tuple[ApprovedDraft, ...] = ()


class OfferFate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one copy: *taken* (unknown here, or newer), *known*, *older*, *copied* (differs), *gone*.

    `copied`: `conflict_copy` is the second document. *gone*: approved (with its number) or deleted meanwhile.
    """

    doc_id: str
    fate: Literal["taken", "known", "older", "copied", "gone"]
    conflict_copy: str = ""
    number: str = ""


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer, in the order of the copies."""

    fates: tuple[OfferFate, ...]
