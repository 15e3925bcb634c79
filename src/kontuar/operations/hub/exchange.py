"""Who may carry files between head office and a node that shares no network with it (REL-15, HUB-09)."""

import datetime

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.ports.exchange import ExchangeReport
from kontuar.operations.ports.hub_lists import AuditEntry, AuditShelf


def begin_export(log: AuditShelf, actor: Actor, node: str, now: datetime.datetime) -> None:
    """A file for a node is made next. Needs the right `sync.exchange`."""
    actor.require(rights.EXCHANGE)
    with log.transaction():
        log.add(AuditEntry(operator=actor.operator, at=now, action="exchange.export", store="", subject=node[:80]))


def begin_import(actor: Actor) -> None:
    """Needs the right `sync.exchange`."""
    actor.require(rights.EXCHANGE)


def end_import(log: AuditShelf, actor: Actor, report: ExchangeReport, now: datetime.datetime) -> None:
    """A node's file was taken in."""
    facts = {"file": report.file, "made_at": report.made_at, "taken": str(report.taken)}
    with log.transaction():
        log.add(
            AuditEntry(
                operator=actor.operator, at=now, action="exchange.import", store="", subject=report.sender, facts=facts
            )
        )
