"""What was decoded last, kept with the bytes it came from: the same bytes again need no decoding."""

from typing import Generic, TypeVar

import msgspec

from kontuar.kernel.canonical import decode, encode

R = TypeVar("R", bound=msgspec.Struct)


class LastRead(Generic[R]):
    """One record of a kind. The database is asked for the bytes each time, so there is nothing to drop when they
    change, and nothing stays of a transaction that was rolled back."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind
        self._body = b""
        self._record: R | None = None

    def read(self, body: bytes) -> R:
        """The record that the bytes say."""
        if self._record is None or body != self._body:
            self._record, self._body = decode(body, self._kind), body
        return self._record

    def written(self, record: R) -> bytes:
        """The bytes of a record that is about to be kept, and will be asked for next."""
        self._record, self._body = record, encode(record)
        return self._body
