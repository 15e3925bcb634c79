"""What the documents side of the hub's screens and API is given."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar.datastructures import State
from litestar.di import Provide

from kontuar.kernel.time import Clock
from kontuar.operations.ports.coupons import CouponLedger
from kontuar.operations.ports.hub_documents import BookingDesk, FeedsOfStore, SealCheck
from kontuar.operations.ports.hub_lists import (
    AlarmBook,
    AuditShelf,
    DocumentShelf,
    MonitorShelf,
    PrivacyShelf,
    ReportShelf,
    VerificationShelf,
    WishDesk,
)
from kontuar.operations.ports.proofs import HubProofShelf, KeptProofs
from kontuar.operations.ports.runner import Runner
from kontuar.operations.print_model import PrintModel

STATE_KEY = "hub_documents"
ROWS_PER_PAGE = 50


class HubDocumentParts(msgspec.Struct, frozen=True, kw_only=True):
    """`run`: the database thread of everything that stands below it, up to `privacy`.

    `couponing`: the thread that tills' questions about coupons have, with `coupons` and `coupon_audit`.
    `bulk`: another thread with `bulk_documents` and `bulk_audit`, for what reads whole streams or writes files;
    `reporting`: a third with `reports`; `proving`: a fourth with `proofs` and `kept_proofs`, for hours if need be
    (`latest_proofs` reads what it kept on `run`; `prove_soon`: do not wait for the night).
    `unreadable_frames`: their count; `pdf`: a print as a file.
    """

    run: Runner
    clock: Clock
    desk: BookingDesk
    couponing: Runner
    coupons: CouponLedger
    coupon_audit: AuditShelf
    feeds: FeedsOfStore
    verification: VerificationShelf
    wishes: WishDesk
    documents: DocumentShelf
    monitor: MonitorShelf
    alarms: AlarmBook
    audit: AuditShelf
    privacy: PrivacyShelf
    bulk: Runner
    bulk_documents: DocumentShelf
    bulk_audit: AuditShelf
    proving: Runner
    proofs: HubProofShelf
    kept_proofs: KeptProofs
    latest_proofs: KeptProofs
    prove_soon: Callable[[], None]
    reporting: Runner
    reports: ReportShelf
    seal: SealCheck
    unreadable_frames: Callable[[], int]
    pdf: Callable[[PrintModel, str], bytes]


async def provide_document_parts(state: State) -> HubDocumentParts:
    """The parts, as the application was given them."""
    parts: HubDocumentParts = state[STATE_KEY]
    return parts


PARTS: Final[dict[str, Any]] = {"documents": Provide(provide_document_parts)}
"""For screens: `documents` is this, `parts` the definitions side."""
