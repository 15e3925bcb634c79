"""Definitions that did not fit what a file built on them: all are asked for with the next file (REL-10, REL-15).

Over HTTP the question follows at once; between two files weeks may pass and the program may be started anew, so the
doubt is kept. Selling goes on meanwhile with what is held.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from kontuar.operations.ports.exchange import Carrier
from kontuar.operations.ports.hub_documents import Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.sync import DefinitionCursor, DownCursors, DownSink, StreamPosition

DIFFERS: Final = "definitions.checksum_differs"


class DoubtedSink:
    """A sink that says it holds no definitions while those it has are doubted; a snapshot ends the doubt."""

    def __init__(self, sink: DownSink, carrier: Carrier) -> None:
        self._sink = sink
        self._carrier = carrier

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._sink.transaction()

    def cursors(self) -> DownCursors:
        """What to ask with."""
        found = self._sink.cursors()
        return msgspec.structs.replace(found, definitions=DefinitionCursor()) if self._carrier.doubted() else found

    def apply_confirmations(self, news: Confirmations) -> None:
        """Keep what the hub decided."""
        self._sink.apply_confirmations(news)

    def apply_stock(self, figures: StockFigures) -> None:
        """Take absolute figures."""
        self._sink.apply_stock(figures)

    def apply_parked(self, news: ParkedNews) -> None:
        """The list of parked documents."""
        self._sink.apply_parked(news)

    def apply_final(self, positions: Sequence[StreamPosition]) -> None:
        """Streams are final up to here."""
        self._sink.apply_final(positions)

    def apply_delta(
        self,
        put: Iterable[tuple[str, str, int, bytes]],
        removed: Iterable[tuple[str, str]],
        cursor: DefinitionCursor,
    ) -> None:
        """Raises `Refused("definitions.checksum_differs")`."""
        self._sink.apply_delta(put, removed, cursor)

    def replace_definitions(self, rows: Iterable[tuple[str, str, int, bytes]], cursor: DefinitionCursor) -> None:
        """Exchange everything for a snapshot, unless an old file brings an earlier one of what is held."""
        held = self._sink.cursors().definitions
        if cursor.epoch == held.epoch and cursor.version < held.version:
            return
        self._sink.replace_definitions(rows, cursor)
        if self._carrier.doubted():
            self._carrier.doubt(yes=False)
