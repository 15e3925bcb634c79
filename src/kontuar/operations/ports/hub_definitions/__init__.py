"""What the hub's operations on definitions, nodes and logins need from its database and its key."""

from kontuar.operations.ports.hub_definitions.feed import (
    DefinitionsAnswer,
    DefinitionSource,
    DeltaRow,
    FeedView,
    SnapshotInfo,
    SnapshotShelf,
)
from kontuar.operations.ports.hub_definitions.logins import (
    Failures,
    LoginRegister,
    StoredLogin,
)
from kontuar.operations.ports.hub_definitions.nodes import (
    CertificateRecord,
    DisputedCertificate,
    HubKey,
    IssuedCode,
    NodeRegister,
)
from kontuar.operations.ports.hub_definitions.rows import (
    Author,
    ChangedRow,
    Claim,
    DefinitionStore,
    KnownRow,
    PastRow,
    PreparedRow,
    RightsGiven,
    RowKey,
    RunningVersion,
    Scope,
    StoredRow,
    VersionRow,
)

__all__ = [
    "Author",
    "CertificateRecord",
    "ChangedRow",
    "Claim",
    "DefinitionSource",
    "DefinitionStore",
    "DefinitionsAnswer",
    "DeltaRow",
    "DisputedCertificate",
    "Failures",
    "FeedView",
    "HubKey",
    "IssuedCode",
    "KnownRow",
    "LoginRegister",
    "NodeRegister",
    "PastRow",
    "PreparedRow",
    "RightsGiven",
    "RowKey",
    "RunningVersion",
    "Scope",
    "SnapshotInfo",
    "SnapshotShelf",
    "StoredLogin",
    "StoredRow",
    "VersionRow",
]
