"""The documents side of the hub: its screens, API, figures, and who may have signed what."""

from functools import partial
from typing import Final

from kontuar.nodes.hub import HubCore, HubExtension
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.stock import PostgresFeedsOfStore
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.storage.postgres.verification import PostgresVerificationShelf
from kontuar.sync.keyring import fault_of_seal
from kontuar.web.api import hub_documents as api
from kontuar.web.hub import documents, monitor, verification
from kontuar.web.hub_document_parts import STATE_KEY, HubDocumentParts

PAGES: Final = (
    documents.show_documents,
    documents.show_document,
    verification.show_items,
    verification.show_item,
    verification.retry_item,
    verification.accept_item,
    monitor.show_monitor,
)


def extend_documents(core: HubCore) -> HubExtension:
    """Everything a person or another program asks about documents; booking itself runs beside the intake."""
    main, bulk = core.main.database, core.bulk.database

    seal = partial(fault_of_seal, core.keys)
    parts = HubDocumentParts(
        run=core.main,
        bulk=core.bulk,
        clock=core.clock,
        desk=PostgresBookingDesk(main, seal),
        feeds=PostgresFeedsOfStore(main),
        verification=PostgresVerificationShelf(main),
        documents=PostgresDocumentShelf(main),
        monitor=PostgresMonitorShelf(main),
        bulk_documents=PostgresDocumentShelf(bulk),
        seal=seal,
        unreadable_frames=PostgresStreamLog(main, core.clock).unreadable_count,
    )
    return HubExtension(
        pages=PAGES,
        handlers=[api.router, api.metrics_router],
        areas=[documents.AREA],
        state={STATE_KEY: parts},
    )
