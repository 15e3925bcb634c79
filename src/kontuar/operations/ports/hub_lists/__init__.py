"""What the hub's lists need: verification items, booked documents, nodes, reports, the audit log."""

from kontuar.operations.ports.hub_lists.audit import (
    AuditEntry,
    AuditFilter,
    AuditShelf,
)
from kontuar.operations.ports.hub_lists.documents import (
    DocumentCard,
    DocumentFilter,
    DocumentRow,
    DocumentShelf,
)
from kontuar.operations.ports.hub_lists.monitor import (
    Alarm,
    AlarmBook,
    AlarmFilter,
    Contact,
    MonitorShelf,
    NodeRow,
)
from kontuar.operations.ports.hub_lists.privacy import (
    PrivacyShelf,
)
from kontuar.operations.ports.hub_lists.reconciliation import (
    NumberRange,
    ParkedSum,
    Reconciliation,
    StockSum,
    StreamRow,
    TenderSum,
    TypeCount,
)
from kontuar.operations.ports.hub_lists.reports import (
    LossRow,
    ReportFilter,
    ReportShelf,
    SalesRow,
)
from kontuar.operations.ports.hub_lists.verification import (
    CancellationWish,
    ItemFilter,
    ItemNote,
    ReasonCount,
    VerificationItem,
    VerificationShelf,
    WishDesk,
)

__all__ = [
    "Alarm",
    "AlarmBook",
    "AlarmFilter",
    "AuditEntry",
    "AuditFilter",
    "AuditShelf",
    "CancellationWish",
    "Contact",
    "DocumentCard",
    "DocumentFilter",
    "DocumentRow",
    "DocumentShelf",
    "ItemFilter",
    "ItemNote",
    "LossRow",
    "MonitorShelf",
    "NodeRow",
    "NumberRange",
    "ParkedSum",
    "PrivacyShelf",
    "ReasonCount",
    "Reconciliation",
    "ReportFilter",
    "ReportShelf",
    "SalesRow",
    "StockSum",
    "StreamRow",
    "TenderSum",
    "TypeCount",
    "VerificationItem",
    "VerificationShelf",
    "WishDesk",
]
