"""What the agent's parking needs of its database."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from kontuar.domain.documents.parking import Gone, Parked, ParkedRow
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.sync import FeedCursor


class ParkingBooks(Protocol):
    """Parked documents, their versions, what left, and the versions of the list. Changes need the transaction."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def find(self, doc_id: str) -> Parked | None:
        """One parked document without its bytes."""
        ...

    def body(self, doc_id: str) -> bytes:
        """The bytes of a document that is there."""
        ...

    def every(self) -> Sequence[Parked]:
        """All of them, by identity."""
        ...

    def put(self, parked: Parked, body: bytes | None = None) -> None:
        """Keep it so, with new bytes where given, and tell the stations."""
        ...

    def add_version(self, parked: Parked, digest: bytes) -> None:
        """Remember that these bytes were saved as its version."""
        ...

    def versions(self, doc_id: str) -> Mapping[int, bytes]:
        """Version → hash of the bytes as they came."""
        ...

    def version_saved(self, doc_id: str, base: int, digest: bytes) -> tuple[int, int] | None:
        """(version, token) that these bytes became on this base; None when they never came."""
        ...

    def gone(self, doc_id: str) -> Gone | None:
        """What stays of a document that left."""
        ...

    def sold(self, doc_id: str) -> Gone | None:
        """The approval of this identity among the messages that the agent holds, as one of version 0."""
        ...

    def remove(self, doc_id: str, gone: Gone, at: str) -> None:
        """It is not (or never was) in the buffer any more, and old copies of it are not taken."""
        ...

    def forget_gone_before(self, at: str) -> None:
        """Old tombstones; a station whose list is older gets all of it."""
        ...

    def ean_is_taken(self, ean: str) -> bool:
        """Whether a parked document has it."""
        ...

    def next_ordinal(self, prefix: str) -> int:
        """The next temporary number with this prefix."""
        ...

    def raise_ordinal(self, prefix: str, ordinal: int) -> None:
        """This one was given before the database was lost."""
        ...

    def last_token(self) -> int:
        """The highest token ever given or heard of."""
        ...

    def set_last_token(self, token: int) -> None:
        """Keep it."""
        ...

    def news_since(self, cursor: FeedCursor) -> ParkedNews:
        """What the list shows otherwise than at the cursor; all of it for a cursor of another epoch."""
        ...

    def cursor(self) -> FeedCursor:
        """The list's own epoch and version."""
        ...

    def begin_epoch(self, epoch: str) -> None:
        """The database was restored: stations take the list anew and offer what they hold."""
        ...

    def rows(self) -> Sequence[ParkedRow]:
        """All that is parked, as the list shows it."""
        ...
