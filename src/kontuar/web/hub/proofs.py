"""The proof of the hub's books on a screen: every stream, when it was looked at last, what was found (HUB-10)."""

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.response import Redirect

from kontuar.domain.documents.proof.records import Fault
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.hub import proofs
from kontuar.operations.ports.proofs import KeptProof
from kontuar.web.http import language_of
from kontuar.web.hub.documents import columns_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.i18n import Texts, texts

COLUMNS: Final = (
    ("node", "Node", "main", False),
    ("state", "State", "", False),
    ("store", "Store", "", False),
    ("checked", "Proved", "", False),
    ("documents", "Documents", "num", False),
    ("messages", "Messages", "num", False),
    ("hash", "Hash of the last message", "", False),
    ("incarnation", "Incarnation", "", True),
)
FAULT_COLUMNS: Final = (
    ("document", "Document", "main", False),
    ("what", "What does not hold", "", False),
    ("message", "Message", "num", False),
    ("detail", "Details", "", False),
)
_HASH_LETTERS: Final = 16
_MOST_FAULTS: Final = 500


@get("/monitor/proofs", include_in_schema=False, dependencies=PARTS)
async def show_proofs(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str = ""
) -> Response[str]:
    kept = await documents.run(proofs.latest, documents.latest_proofs, actor, store[:100])
    words = texts(language_of(request))
    faults = [(each, fault) for each in kept for fault in each.proof.faults]
    return page(
        request,
        "hub/proofs.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[_listed(each, words) for each in kept if each.proof.origin or each.proof.faults],
        fault_columns=columns_of(FAULT_COLUMNS, words),
        faults=[_fault(number, each, fault, words) for number, (each, fault) in enumerate(faults[:_MOST_FAULTS])],
        messages=sum(each.proof.messages for each in kept),
        holds=not faults,
        asked=request.query_params.get("asked") == "1",
        may_ask=rights.VERIFY in actor.rights,
    )


@post("/monitor/proofs", include_in_schema=False, dependencies=PARTS)
async def prove_now(documents: HubDocumentParts, actor: Actor) -> Redirect:
    """In the background: it may take minutes."""
    proofs.require_asking(actor)
    documents.prove_soon()
    return Redirect("/monitor/proofs?asked=1", status_code=303)


def _listed(kept: KeptProof, words: Texts) -> dict[str, Any]:
    proof = kept.proof
    count = len(proof.faults)
    return {
        "key": f"{proof.store}|{proof.origin}|{proof.incarnation}",
        "holds": not count,
        "state": _state(count, words),
        "cells": [
            proof.origin or words.gettext("Balances and bookings of the store"), "", proof.store,
            words.moment(kept.checked_at), str(proof.documents), f"{proof.first}–{proof.last}",
            proof.hash[:_HASH_LETTERS], proof.incarnation,
        ],
    }  # fmt: skip


def _state(count: int, words: Texts) -> str:
    if not count:
        return words.gettext("Everything holds")
    return words.ngettext("%(num)s fault", "%(num)s faults", count) % {"num": count}


def _fault(number: int, kept: KeptProof, fault: Fault, words: Texts) -> dict[str, Any]:
    node = kept.proof.origin or kept.proof.store
    told = words.problem(Problem(fault.code, "", {"number": fault.name or node, "station": node}))
    name = fault.name or node
    return {"key": str(number), "cells": [name, told, str(fault.seq or "–"), fault.detail]}


HANDLERS: Final = (show_proofs, prove_now)
