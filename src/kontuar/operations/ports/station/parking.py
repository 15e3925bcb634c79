"""What a station knows of the store's buffer of parked documents, and what it holds of it itself (PARK-01)."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from kontuar.operations.ports.parking import ParkedNews, ParkedRow
from kontuar.operations.ports.sync import FeedCursor

ParkedState = Literal["copy", "waiting", "editing", "refused", "releasing", "deleting", "approved"]


class ParkedHere(msgspec.Struct, frozen=True, kw_only=True):
    """A parked document as this station holds it; one that was never parked has none.

    `state`: *copy* = as the buffer has it; *waiting* = parked here, not in the buffer yet (PARK-03); *editing* = open
    here as a draft; *refused* = work whose lease was lost, kept here; *releasing*, *deleting* = the agent is still to
    be told; *approved* = ended here as the document `became`.
    `version`, `token`: what it was opened or saved as (0 = never). `lease`: the fencing token under which it is open
    (0 = without). `origin`: the document of the
    buffer that it is, or comes from; empty = it never was there. `opened_by`: who opened it. `own`: the buffer does
    not have these bytes. `sent`: the agent was
    asked to save it, whether or not it answered; `tries`: how often it did not. `reason`: why the work was refused.
    `body`: the bytes as parked or as opened.
    """

    doc_id: str
    type: str
    state: ParkedState
    version: int
    row: ParkedRow
    body: bytes
    token: int = 0
    lease: int = 0
    origin: str = ""
    became: str = ""
    opened_by: str = ""
    own: bool = False
    sent: bool = False
    tries: int = 0
    at: str = ""
    reason: str = ""


class Parking(Protocol):
    """The list as the agent told it, and what is held here. Changing calls are durable by themselves."""

    def rows(self) -> Sequence[ParkedRow]:
        """The buffer as last told, last changed first."""
        ...

    def row(self, doc_id: str) -> ParkedRow | None:
        """One of them."""
        ...

    def held(self, *states: ParkedState) -> Sequence[ParkedHere]:
        """What this station holds in these states (all when none are named), oldest first."""
        ...

    def find(self, doc_id: str) -> ParkedHere | None:
        """What this station holds of one document."""
        ...

    def keep(self, held: ParkedHere) -> None:
        """Hold it so from now on."""
        ...

    def forget(self, doc_id: str) -> None:
        """Hold nothing of it any more."""
        ...

    def list_row(self, row: ParkedRow) -> None:
        """The agent answered that the buffer has this; the feed says it again later."""
        ...

    def unlist(self, doc_id: str) -> None:
        """The agent answered that the buffer has it no more."""
        ...

    def offer_due(self) -> str:
        """The epoch of an agent that was lost or replaced and has not been offered what is held; empty = none."""
        ...

    def offered(self) -> None:
        """It has been."""
        ...

    def cursor(self) -> FeedCursor:
        """How far the list was taken."""
        ...

    def take_news(self, news: ParkedNews) -> None:
        """What changed in the buffer; runs inside the caller's transaction."""
        ...
