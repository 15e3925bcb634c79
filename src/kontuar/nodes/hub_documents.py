"""The documents side of the hub: its screens, API, figures, and who may have signed what."""

import asyncio
from functools import partial
from typing import Final

from kontuar.devices.printing.pdf import Form, pdf
from kontuar.nodes.chores import Chores
from kontuar.nodes.hub import HubCore, HubExtension
from kontuar.nodes.hub_chores import HubChores
from kontuar.nodes.hub_proofs import NightlyProof
from kontuar.nodes.lanes import Lane
from kontuar.operations.print_model import PrintModel
from kontuar.storage.postgres.alarms import PostgresAlarmBook
from kontuar.storage.postgres.audit import PostgresAuditShelf
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.privacy import PostgresPrivacyShelf
from kontuar.storage.postgres.proving import PostgresKeptProofs, PostgresProofShelf
from kontuar.storage.postgres.reports import PostgresReportShelf
from kontuar.storage.postgres.stock import PostgresFeedsOfStore
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.storage.postgres.verification import PostgresVerificationShelf
from kontuar.storage.postgres.wishes import PostgresWishDesk
from kontuar.sync.keyring import fault_of_seal
from kontuar.web.api import hub_coupons, hub_documents, hub_monitor, hub_reports, hub_verification
from kontuar.web.hub import (
    account,
    audit,
    coupons,
    dashboard,
    documents,
    monitor,
    privacy,
    proofs,
    reports,
    second_factors,
    verification,
    verification_forms,
)
from kontuar.web.hub_document_parts import STATE_KEY, HubDocumentParts

PAGES: Final = (
    dashboard.show_dashboard,
    *documents.HANDLERS,
    verification.show_items,
    verification.show_item,
    *verification_forms.HANDLERS,
    *monitor.HANDLERS,
    *proofs.HANDLERS,
    *reports.HANDLERS,
    *audit.HANDLERS,
    *privacy.HANDLERS,
    *coupons.HANDLERS,
    *account.HANDLERS,
    *second_factors.HANDLERS,
)


def extend_documents(core: HubCore) -> HubExtension:
    """Everything a person or another program asks about documents; booking itself runs beside the intake."""
    reporting = Lane("reports", HubDatabase(core.main.database.conninfo, name="kontuar hub reports"))
    proving = Lane("proofs", HubDatabase(core.main.database.conninfo, name="kontuar hub proofs"))
    seal = partial(fault_of_seal, core.keys)
    nightly = NightlyProof(
        proving, PostgresProofShelf(proving.database), PostgresKeptProofs(proving.database), seal, core.clock
    )
    parts = _parts(core, reporting, proving, nightly)
    counts: dict[str, int] = {}
    tasks = Chores()

    async def ready() -> None:
        reporting.open()
        proving.open()
        tasks.start([*HubChores(parts, counts).chores(), nightly.chore()])

    async def stop() -> None:
        await tasks.stop()
        await asyncio.to_thread(reporting.close)
        await asyncio.to_thread(proving.close)

    return HubExtension(
        pages=PAGES,
        handlers=[
            hub_documents.router, hub_verification.router, hub_monitor.router, hub_monitor.metrics_router,
            hub_reports.router, hub_coupons.router,
        ],
        areas=documents.AREAS,
        state={STATE_KEY: parts, "waiting_counts": counts},
        on_ready=[ready],
        on_stop=[stop],
    )  # fmt: skip


def _parts(
    core: HubCore, reporting: Lane[HubDatabase], proving: Lane[HubDatabase], nightly: NightlyProof
) -> HubDocumentParts:
    main, bulk = core.main.database, core.bulk.database
    seal = partial(fault_of_seal, core.keys)
    return HubDocumentParts(
        run=core.main,
        clock=core.clock,
        desk=PostgresBookingDesk(main, seal),
        couponing=core.coupons,
        coupons=PostgresCouponLedger(core.coupons.database),
        coupon_audit=PostgresAuditShelf(core.coupons.database),
        feeds=PostgresFeedsOfStore(main),
        verification=PostgresVerificationShelf(main),
        wishes=PostgresWishDesk(main),
        documents=PostgresDocumentShelf(main),
        monitor=PostgresMonitorShelf(main),
        alarms=PostgresAlarmBook(main),
        audit=PostgresAuditShelf(main),
        privacy=PostgresPrivacyShelf(main),
        bulk=core.bulk,
        bulk_documents=PostgresDocumentShelf(bulk),
        bulk_audit=PostgresAuditShelf(bulk),
        proving=proving,
        proofs=PostgresProofShelf(proving.database),
        kept_proofs=PostgresKeptProofs(proving.database),
        latest_proofs=PostgresKeptProofs(main),
        prove_soon=nightly.ask,
        reporting=reporting,
        reports=PostgresReportShelf(reporting.database),
        seal=seal,
        unreadable_frames=PostgresStreamLog(main, core.clock).unreadable_count,
        pdf=_pdf,
    )


def _pdf(model: PrintModel, form: str) -> bytes:
    paper: Form = "roll" if form == "roll" else "page"
    return pdf(model, paper)
