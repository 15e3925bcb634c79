"""Parking: who may edit a parked document, what a save or an offered copy becomes, how it is numbered (PARK-05 … 15).

Pure rules; the agent keeps the facts. The tables below are the whole of it:

- opening: whose it is now x *take over* → give, take over, or no;
- saving: the next version, or a conflict copy, or no because the lease was taken over;
- offering a copy to an agent that was lost: taken, known, older, or a conflict copy.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import content_hash, encode
from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.ids import uuid8
from kontuar.kernel.time import instant_text

EAN_DIGITS: Final = 20
HIGHEST_TOKEN: Final = 2**62
_FIRST: Final = 10**18
"""A parking number begins with 1 to 9: 20 digits that begin with 00 are the code of a shipping unit."""

Opening = Literal["give", "take_over"]
Saving = Literal["next", "copy"]
Offering = Literal["taken", "known", "older", "copied"]


class ParkedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A parked document on the list (PARK-10). Amounts in minor units, times ISO 8601 UTC.

    `ean`: 20 digits (PARK-09). `holder`: the station that edits it now. `approving`: the station whose approval is not
    here yet. `conflict_of`: the document it was parked as a differing version of (PARK-15). `approved_as`: the number
    of the document that an earlier version was approved as, while this one was continued elsewhere. `contested`: told
    to who opens it: a station that had it open may have approved it under its identity, or be about to.
    """

    doc_id: str
    version: int
    type: str
    ean: str
    temporary_number: str = ""
    original_number: str = ""
    buyer_name: str = ""
    handler: str = ""
    created_at: str = ""
    created_by: str = ""
    modified_at: str = ""
    modified_by: str = ""
    station: str = ""
    net: int = 0
    gross: int = 0
    currency: str = ""
    holder: str = ""
    approving: str = ""
    conflict_of: str = ""
    approved_as: str = ""
    contested: bool = False


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """The lease of a document. `lapsed`: not renewed in time; until it is given anew, its holder may still save."""

    station: str = ""
    token: int = 0
    by: str = ""
    lapsed: bool = False


FREE: Final = Hold()


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """A document in the buffer, without its bytes.

    `base`, `token`: the version its last save began with, under which token. `taken_over`: tokens of leases that
    somebody took over while they lived. `copied_on`: of a conflict copy, the base on which its bytes were to be saved
    (-1 = on none): the same save again is answered with this copy, whatever became of the other document.
    `contested`: a lease that its station never gave back went to another one, taken over or run out: it may have
    approved the document while it was cut off.
    """

    row: ParkedRow
    base: int
    token: int
    hold: Hold = FREE
    taken_over: tuple[int, ...] = ()
    copied_on: int = -1
    contested: bool = False


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of a document that left the buffer with this version, so that an old copy does not bring it back."""

    reason: Literal["approved", "deleted"]
    version: int
    number: str = ""
    station: str = ""
    copied_on: int = -1


# -- numbers ------------------------------------------------------------------------------------------------
def ean_of(doc_id: str, attempt: int = 0) -> str:
    """The 20-digit EAN of a document (PARK-09), the same at every node and after every loss: 19 digits from the
    SHA-256 of its identity, and the check digit of GS1 (weights 3 and 1 from the right).

    `attempt` > 0 gives another one, for the case (once in 10^13 pairs of parked documents) that two are alike.
    """
    text = f"parking/1|{doc_id}" if attempt == 0 else f"parking/1|{doc_id}|{attempt}"
    drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    digits = str(_FIRST + drawn % (9 * _FIRST))
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """The GS1 check digit that follows these digits."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def is_parking_ean(text: str) -> bool:
    """Whether a scanned text is the EAN of a parked document."""
    return (
        len(text) == EAN_DIGITS and text.isascii() and text.isdecimal() and text[0] != "0"
        and check_digit(text[:-1]) == text[-1]
    )  # fmt: skip


def temporary_number(prefix: str, ordinal: int) -> str:
    """The number a parked document has before approval: TMP-00001."""
    return f"{prefix}{ordinal:05}"


def ordinal_of(prefix: str, number: str) -> int:
    """Which ordinal a temporary number has; 0 when it is none with this prefix."""
    rest = number.removeprefix(prefix) if prefix and number.startswith(prefix) else ""
    return int(rest) if rest.isascii() and rest.isdecimal() and len(rest) <= 15 else 0


def next_token(last: int, milliseconds_now: int) -> int:
    """A fencing token: higher than every one before, also when the agent's database was restored from a backup that
    does not know the last ones (they are times)."""
    return max(last + 1, milliseconds_now)


def are_numbers(*given: int) -> bool:
    """Whether versions and tokens that a station names are such as an agent can have given."""
    return all(0 <= number < HIGHEST_TOKEN for number in given)


def copy_id(doc_id: str, document: bytes) -> str:
    """The identity of the conflict copy of these bytes: the same for a repeated question (UUID version 8)."""
    digest = hashlib.sha256(b"conflict/1|" + doc_id.encode() + b"|" + content_hash(document)).digest()
    return uuid8(digest)


def with_identity(document: bytes, doc_id: str) -> bytes:
    """A draft's bytes under another identity, fields of newer programs included; it was not parked before."""
    content = msgspec.json.decode(document, type=dict)
    return encode({**content, "doc_id": doc_id, "parked": None})


# -- the list -----------------------------------------------------------------------------------------------
def row_of(document: Document, *, station: str, modified_at: str, modified_by: str) -> ParkedRow:
    """What the list shows of a draft that is being parked; the agent sets version, temporary number and holder."""
    return ParkedRow(
        doc_id=document.doc_id, version=0, type=document.type, ean=ean_of(document.doc_id),
        original_number=document.foreign_number, buyer_name=document.buyer.name, handler=document.handler,
        created_at=instant_text(document.created_at), created_by=document.created_by, modified_at=modified_at,
        modified_by=modified_by, station=station, net=document.totals.net,
        gross=document.amount or document.totals.gross, currency=document.currency,
    )  # fmt: skip


# -- leases -------------------------------------------------------------------------------------------------
_OPENING: Final[Mapping[tuple[str, bool], str]] = {
    ("nobody", False): "give",
    ("nobody", True): "give",
    ("own", False): "give",
    ("own", True): "give",
    ("other", False): "held",
    ("other", True): "take_over",
    ("approving", False): "approving",
    ("approving", True): "take_over",
}
"""(whose it is now, take over) → what happens (PARK-05, PARK-06)."""


def opening(parked: Parked, *, live: bool, asker: str, take_over: bool) -> Opening:
    """Whether a station may open it; `live`: the lease it has is not over.

    Raises `Refused("parking.held_elsewhere" | "parking.being_approved")`.
    """
    hold, approving = parked.hold, parked.row.approving
    whose = "nobody"
    if approving not in ("", asker):
        whose = "approving"
    elif live and hold.token:
        whose = "own" if hold.station == asker else "other"
    outcome = _OPENING[whose, take_over]
    if outcome == "held":
        raise refuse("parking.held_elsewhere", station=hold.station, operator=hold.by)
    if outcome == "approving":
        raise refuse("parking.being_approved", station=approving)
    return "take_over" if outcome == "take_over" else "give"


def holding(parked: Parked, token: int, asker: str) -> None:
    """Renewing, giving back, deleting, approving need the document's last lease, which nobody was given since; one
    that ran out and that nobody wanted is still good. Raises `Refused("parking.lease_lost")`."""
    if not token or parked.hold.station != asker or parked.hold.token != token:
        raise lost(parked, token)


def lost(parked: Parked, token: int) -> Refused:
    """The refusal of a token that is not the last one, with who has the document now or changed it under a later one;
    nobody where it is as it was: it was given back unchanged, or this agent took it from an offer."""
    changed = parked.row.station if parked.token > token else ""
    return refuse("parking.lease_lost", station=parked.hold.station or changed)


def is_contested(parked: Parked, asker: str) -> bool:
    """Whether a station that never gave its lease back may know of nobody else, when the document goes to this one.

    The lease that ran out included: it was still good when its holder, cut off, approved (REL-02).
    """
    kept_elsewhere = bool(parked.hold.token) and parked.hold.station != asker
    return parked.contested or bool(parked.taken_over) or kept_elsewhere


def saving(parked: Parked, *, live: bool, asker: str, base: int, token: int, modified_at: str, as_copy: bool) -> Saving:
    """What a save becomes (PARK-06, PARK-15): the next version; a conflict copy when the base is stale or somebody
    else edits it; *no* when its lease was taken over: `Refused("parking.lease_lost")`, the work stays where it is.

    A station that did not hear the answer to its own last save, and goes on from the same base, makes the next version.
    """
    if as_copy:
        return "copy"
    if token and token in parked.taken_over:
        raise lost(parked, token)
    if is_fenced_off(parked.hold, live=live, asker=asker, token=token):
        return "copy"
    if base == parked.row.version:
        return "next"
    own_last = (parked.row.station, parked.base) == (asker, base) and token in (0, parked.token)
    return "next" if own_last and modified_at > parked.row.modified_at else "copy"


def is_fenced_off(hold: Hold, *, live: bool, asker: str, token: int) -> bool:
    """Whether a living lease keeps this token out. A station that forgot its own lease (token 0) is let in."""
    return live and token != hold.token and not (token == 0 and hold.station == asker)


def offering(parked: Parked, known: Mapping[int, bytes], *, version: int, token: int, digest: bytes) -> Offering:
    """What an offered copy is to what is in the buffer. `known`: version → hash of what this agent saw of it.

    Versions and tokens grow together as long as one agent gives them. A copy with a higher version but a lower token
    than ours is from before the agent was lost, and ours was changed since: two documents (PARK-15).
    """
    if known.get(version) == digest:
        return "known"
    if version not in known:
        if version > parked.row.version and token >= parked.token:
            return "taken"
        if version < parked.row.version and token <= parked.token:
            return "older"
    return "copied"


def ends_with(parked: Parked, *, version: int, station: str) -> bool:
    """Whether an approval ends the draft: of its last version, or of a station's own last save on the version that it
    names, whose answer it did not hear. Otherwise it was continued elsewhere, or here since: both stay, and a person
    decides."""
    return version >= parked.row.version or (parked.row.station, parked.base) == (station, version)


def outlives(gone: Gone, version: int) -> bool:
    """Whether a copy is later than what was approved or deleted: somebody continued it without knowing."""
    return version > gone.version
