"""What agents and the hub signed to hold, against what lies there now: no side rewrites the past (HUB-10, REL-14)."""

from collections.abc import Iterator, Mapping, Sequence

from kontuar.domain.documents.proof.chain import REVOKED
from kontuar.domain.documents.proof.records import Fault
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.proofs import HeldStream
from kontuar.operations.ports.streams import Head, StreamId
from kontuar.operations.ports.sync import HUB_NODE


def heads_of(stream: HeldStream, seal: SealCheck) -> tuple[dict[int, list[Head]], list[Fault]]:
    """(position → what was signed to be there, statements that nobody signed); one whose signer's key is not known
    here says nothing."""
    found: dict[int, list[Head]] = {}
    faults: list[Fault] = []
    for signed in stream.signed:
        head = signed.read()
        problem = "" if head is None else seal(StreamId(head.signer, head.signer_incarnation), signed.seal())
        if head is None or head.stream != stream.id or problem == "signature.bad":
            faults.append(Fault(code="chain.signed_head_false", name=signed.statement[:200]))
        elif problem in ("", REVOKED):
            found.setdefault(head.seq, []).append(head)
    return found, faults


def pruned_of(
    stream: HeldStream, seal: SealCheck, signed: Mapping[int, Sequence[Head]], faults: list[Fault]
) -> Head | None:  # fmt: skip
    """How far the node let go of the stream: it signed that itself, and the hub signed to hold as much."""
    if stream.pruned is None:
        return None
    head = stream.pruned.read()
    problem = "" if head is None else seal(StreamId(head.signer, head.signer_incarnation), stream.pruned.seal())
    if head is None or head.stream != stream.id or problem == "signature.bad":
        faults.append(Fault(code="chain.pruned_unproved", name=stream.pruned.statement[:200]))
        return None
    kept = [one for heads in signed.values() for one in heads if one.signer == HUB_NODE]
    if not stream.notes.get("stopped") and not any(one.seq >= head.seq for one in kept):
        faults.append(Fault(code="chain.pruned_unproved", seq=head.seq, detail="the hub signed nothing of it"))
    faults += against(signed, head.seq, bytes.fromhex(head.hash))
    return head


def let_go(lower: HeldStream) -> Head | None:
    return None if lower.pruned is None else lower.pruned.read()


def against(signed: Mapping[int, Sequence[Head]], seq: int, digest: bytes, where: str = "") -> list[Fault]:
    """What somebody signed to hold at a position, and what lies there now: one of the two was written anew."""
    return [
        Fault(code="chain.rewritten", seq=seq, detail=f"{where}{head.signer} signed {head.hash[:12]} on {head.at}")
        for head in signed.get(seq, ()) if head.hash != digest.hex()
    ]  # fmt: skip


def cut_off(signed: Mapping[int, Sequence[Head]], last: int, where: str = "") -> Iterator[Fault]:
    for seq in sorted(seq for seq in signed if seq > last):
        head = signed[seq][0]
        detail = f"{where}{head.signer} signed to hold {seq} on {head.at}, it ends at {last}"
        yield Fault(code="chain.rewritten", seq=last + 1, detail=detail)
