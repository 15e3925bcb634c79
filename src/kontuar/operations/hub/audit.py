"""The audit log as people read it (HUB-09). It is written by the operations and by the database itself."""

from collections.abc import Sequence

import msgspec

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_lists import AuditEntry, AuditFilter, AuditShelf


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, newest first, and the actions one can filter by."""

    rows: tuple[AuditEntry, ...]
    actions: tuple[str, ...] = ()


def entries(shelf: AuditShelf, actor: Actor, wanted: AuditFilter) -> Sequence[AuditEntry]:
    """A page, newest first. Needs the right `hub.audit`."""
    actor.require(rights.SEE_AUDIT)
    with shelf.transaction():
        return shelf.page(wanted)


def first_page(shelf: AuditShelf, actor: Actor, wanted: AuditFilter) -> AuditPage:
    """What the screen shows. Needs the right `hub.audit`."""
    actor.require(rights.SEE_AUDIT)
    with shelf.transaction():
        return AuditPage(rows=tuple(shelf.page(wanted)), actions=tuple(shelf.actions()))
