"""What is kept of a contractor, told and taken out (HUB-09, docs/adr/0009-anonymising-a-contractor.md)."""

import datetime
from typing import Any, Final

import msgspec

from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.ports.hub_lists import AuditEntry, AuditShelf, PrivacyShelf

KIND: Final = "contractor"
MOST_DOCUMENTS: Final = 100_000
MAX_REASON: Final = 500
NO_NAME: Final = "—"


class ContractorData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything kept of a contractor: what is defined now, what was defined before, which documents name him."""

    code: str
    definition: dict[str, Any]
    history: tuple[dict[str, Any], ...]
    documents: tuple[dict[str, Any], ...]
    more_documents: bool


class Anonymised(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: the new version of the definitions, past bodies rewritten, documents that stay as they are."""

    version: int
    history_rows: int
    documents: int


def export(
    definitions: Definitions, shelf: PrivacyShelf, log: AuditShelf, actor: Actor, code: str, now: datetime.datetime
) -> ContractorData:
    """All personal data of a contractor. Raises `Refused("definition.not_found" | "privacy.nobody")`.

    Needs the right `hub.privacy`; that it was told is written down.
    """
    actor.require(rights.PRIVACY)
    row = definitions.row(_reader(actor), KIND, _named(code))
    with shelf.transaction():
        documents = tuple(shelf.documents_of(code, MOST_DOCUMENTS + 1))
        data = ContractorData(
            code=code, definition=msgspec.json.decode(row.body), history=tuple(shelf.history_of(code)),
            documents=documents[:MOST_DOCUMENTS], more_documents=len(documents) > MOST_DOCUMENTS,
        )  # fmt: skip
        log.add(_entry(actor, now, "privacy.export", code, {}))
    return data


def anonymise(
    definitions: Definitions, shelf: PrivacyShelf, log: AuditShelf, actor: Actor, code: str, reason: str,
    now: datetime.datetime,
) -> Anonymised:  # fmt: skip
    """Take the personal data out of a contractor's definition and its history; stores are sent the change.

    Documents stay as they were approved: the law asks for them, and their bytes are chained. Doing it again is
    harmless and finishes what a crash interrupted. Raises `Refused("privacy.reason_missing" | "privacy.nobody" |
    "definition.not_found")`. Needs the right `hub.privacy`.
    """
    actor.require(rights.PRIVACY)
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise refuse("privacy.reason_missing", "field:reason")
    row = definitions.row(_reader(actor), KIND, _named(code))
    known = msgspec.json.decode(row.body, type=Contractor)
    writer = msgspec.structs.replace(actor, rights=actor.rights | {rights.DEFINE})
    written = definitions.put_one(writer, KIND, code, emptied(known))
    with shelf.transaction():
        rewritten = shelf.rewrite_history(code, _emptied_body)
        documents = len(shelf.documents_of(code, MOST_DOCUMENTS))
        facts = {"reason": reason, "history": str(rewritten), "documents": str(documents)}
        log.add(_entry(actor, now, "privacy.anonymise", code, facts))
    return Anonymised(version=written.version, history_rows=rewritten, documents=documents)


def emptied(contractor: Contractor) -> Contractor:
    """The contractor without anything personal: the code stays, because documents name it."""
    return Contractor(
        code=contractor.code, name=NO_NAME, kind="retail", country=contractor.country, active=False,
        status=contractor.status, anonymised=True,
    )  # fmt: skip


def _emptied_body(body: bytes) -> bytes:
    return encode(emptied(msgspec.json.decode(body, type=Contractor)))


def _named(code: str) -> str:
    if code == UNDEFINED:
        raise refuse("privacy.nobody")
    return code


def _reader(actor: Actor) -> Actor:
    return msgspec.structs.replace(actor, rights=actor.rights | {rights.SEE_HUB})


def _entry(actor: Actor, now: datetime.datetime, action: str, code: str, facts: dict[str, str]) -> AuditEntry:
    return AuditEntry(operator=actor.operator, at=now, action=action, store="", subject=code, facts=facts)
