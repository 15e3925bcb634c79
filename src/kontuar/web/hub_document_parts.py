"""What the documents side of the hub's screens and API is given."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar.datastructures import State
from litestar.di import Provide

from kontuar.kernel.time import Clock
from kontuar.operations.ports.hub_documents import BookingDesk, FeedsOfStore, SealCheck
from kontuar.operations.ports.hub_lists import DocumentShelf, MonitorShelf, VerificationShelf
from kontuar.operations.ports.runner import Runner

STATE_KEY = "hub_documents"
ROWS_PER_PAGE = 50


class HubDocumentParts(msgspec.Struct, frozen=True, kw_only=True):
    """`run`: the database thread of `desk`, `feeds`, `verification`, `documents`, `monitor`.

    `bulk`: another thread with `bulk_documents`, for what reads whole streams. `unreadable_frames`: their count.
    """

    run: Runner
    bulk: Runner
    clock: Clock
    desk: BookingDesk
    feeds: FeedsOfStore
    verification: VerificationShelf
    documents: DocumentShelf
    monitor: MonitorShelf
    bulk_documents: DocumentShelf
    seal: SealCheck
    unreadable_frames: Callable[[], int]


async def provide_document_parts(state: State) -> HubDocumentParts:
    """The parts, as the application was given them."""
    parts: HubDocumentParts = state[STATE_KEY]
    return parts


PARTS: Final[dict[str, Any]] = {"documents": Provide(provide_document_parts)}
"""For screens: `documents` is this, `parts` the definitions side."""
