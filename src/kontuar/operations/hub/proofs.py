"""Head office proves its books: nightly and whenever asked; what was found is kept and alarms (HUB-10, REL-14)."""

import datetime
from collections.abc import Callable, Sequence

import msgspec

from kontuar.domain.documents.proof.records import Fault, StreamProof
from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.proofs import HubProofShelf, KeptProof, KeptProofs
from kontuar.operations.proving import is_due, nothing, prove


class StreamVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's proof as programs ask for it. `problem`: the first fault's code, empty = everything holds."""

    store: str
    origin: str
    incarnation: str
    messages: int
    documents: int
    first: int
    head: str
    problem: str
    seq: int
    number: str
    faults: tuple[Fault, ...]
    notes: dict[str, int]


class BooksVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """All streams that were asked for; `faults`: balances, and rows that no message wrote."""

    holds: bool
    streams: tuple[StreamVerdict, ...]
    faults: tuple[Fault, ...]


def verify_chains(
    shelf: HubProofShelf, kept: KeptProofs, actor: Actor, store: str, seal: SealCheck, now: datetime.datetime
) -> BooksVerdict:
    """Prove the books of a store (of all when empty) now. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    streams: list[StreamVerdict] = []
    faults: list[Fault] = []
    for each in [store] if store else stores(shelf):
        found, of_store = check_store(shelf, kept, each, seal, now)
        streams += map(_verdict, found)
        faults += of_store
    holds = not faults and not any(stream.problem for stream in streams)
    return BooksVerdict(holds=holds, streams=tuple(streams), faults=tuple(faults))


def stores(shelf: HubProofShelf) -> Sequence[str]:
    """Stores that anything is held of."""
    with shelf.reading():
        return shelf.stores()


def check_store(
    shelf: HubProofShelf, kept: KeptProofs, store: str, seal: SealCheck, now: datetime.datetime,
    rest: Callable[[], None] = nothing,
) -> tuple[tuple[StreamProof, ...], tuple[Fault, ...]]:  # fmt: skip
    """Prove one store's books as of one moment, and keep what was found in the place of the last time."""
    proof = prove(shelf.of_store(store), seal, rest)
    kept.keep(store, proof.streams, proof.faults, now)
    return proof.streams, proof.faults


def latest(kept: KeptProofs, actor: Actor, store: str = "") -> Sequence[KeptProof]:
    """What was found last, faulty streams first. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    return kept.page(store)


def require_asking(actor: Actor) -> None:
    """Whoever has it proved now gives the machine work for minutes: needs the right `hub.verify`."""
    actor.require(rights.VERIFY)


def due(kept: KeptProofs, now: datetime.datetime) -> bool:
    """Whether it is time for the nightly proof."""
    return is_due(kept.oldest(), now)


def _verdict(proof: StreamProof) -> StreamVerdict:
    worst = proof.faults[0] if proof.faults else None
    return StreamVerdict(
        store=proof.store, origin=proof.origin, incarnation=proof.incarnation, messages=proof.messages,
        documents=proof.documents, first=proof.first, head=proof.hash, problem=worst.code if worst else "",
        seq=worst.seq if worst else 0, number=worst.name if worst else "", faults=proof.faults,
        notes=dict(proof.notes),
    )  # fmt: skip
