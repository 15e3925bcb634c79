"""The command itself: a short proof of every stream, or every fault by the document's name."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Annotated, Any

import msgspec
import typer

from kontuar.domain.documents.proof.records import BooksProof, Fault, StreamProof
from kontuar.operations.ports.proofs import HeldStream, ProofShelf
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.operations.proving import RANK, Comparison, prove
from kontuar.tools.verify.opening import OpenBooks, Unreadable, opened

_HASH_LETTERS = 12


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """How far another node holds a stream."""

    origin: str
    incarnation: str
    place: str
    last: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: the books themselves, and how far the compared ones hold each stream."""

    proof: BooksProof
    copies: tuple[Copy, ...] = ()
    holds: bool


def verify(
    books: Annotated[str, typer.Argument(help="data folder of a station, agent or hub; or URL of a hub's database")],
    against: Annotated[list[str] | None, typer.Option(help="another node's books; may be repeated")] = None,
    json: Annotated[bool, typer.Option("--json", help="the whole result as JSON")] = False,
) -> None:
    """Prove that a node's books are what its streams say, and that other nodes hold the same.

    A running node is only read. Exit status: 0 all holds, 1 it does not, 2 it cannot be read.
    """
    try:
        report = look(books, against or [])
    except Unreadable as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(2) from None
    if json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        for line in told(report):
            typer.echo(line)
    raise typer.Exit(0 if report.holds else 1)


def look(target: str, others: Iterable[str]) -> Report:
    """Prove, then compare with each of the others. Raises `Unreadable`."""
    with ExitStack() as stack:
        mine = stack.enter_context(opened(target))
        proof = _unchecked(prove(mine.shelf, _anybody)) if mine.seal is None else prove(mine.shelf, mine.seal)
        copies: list[Copy] = []
        for other in others:
            theirs = stack.enter_context(opened(other))
            proof, held = _compared(proof, mine, theirs)
            copies += held
    return Report(proof=proof, copies=tuple(copies), holds=proof.holds())


def told(report: Report) -> Iterator[str]:
    """One line a stream, then the verdict, or what does not hold."""
    faults = 0
    for stream in report.proof.streams:
        yield _line(stream, [copy for copy in report.copies if _same(copy, stream)])
        for fault in stream.faults:
            faults += 1
            yield f"  {_fault_line(fault)}"
    for fault in report.proof.faults:
        faults += 1
        yield _fault_line(fault)
    yield "all holds" if not faults else f"does not hold: {faults} fault{'s' if faults > 1 else ''}"


def _anybody(stream: StreamId, message: SealedMessage) -> str:
    """Where no key is known."""
    del stream, message
    return ""


def _compared(proof: BooksProof, mine: OpenBooks, theirs: OpenBooks) -> tuple[BooksProof, list[Copy]]:
    if RANK[mine.shelf.kind] == RANK[theirs.shelf.kind]:
        raise Unreadable(f"{theirs.target}: also a {theirs.shelf.kind}; a station, agent and hub hold the same streams")
    below = RANK[mine.shelf.kind] < RANK[theirs.shelf.kind]
    lower, higher = (mine.shelf, theirs.shelf) if below else (theirs.shelf, mine.shelf)
    copies: list[Copy] = []
    found: dict[tuple[str, str], tuple[Fault, ...]] = {}
    with lower.reading(), higher.reading():
        there = {(each.id.origin, each.id.incarnation): each for each in higher.streams()}
        for here in lower.streams():
            key = (here.id.origin, here.id.incarnation)
            last, faults = Comparison(lower, higher, mine.seal or theirs.seal or _anybody).faults(here, there.get(key))
            found[key] = faults
            reached = last if below else _head(lower, here)
            place = theirs.shelf.kind if below else f"{lower.kind} {lower.node}".strip()
            copies.append(Copy(origin=key[0], incarnation=key[1], place=place, last=reached))
    return _with_faults(proof, found), copies


def _head(shelf: ProofShelf, stream: HeldStream) -> int:
    after = 0
    while page := shelf.sealed(stream, after, 5_000):
        after = page[-1][0]
    return after


def _with_faults(proof: BooksProof, found: dict[tuple[str, str], tuple[Fault, ...]]) -> BooksProof:
    streams = tuple(
        msgspec.structs.replace(one, faults=(*one.faults, *found.pop((one.origin, one.incarnation), ())))
        for one in proof.streams
    )
    elsewhere = tuple(
        msgspec.structs.replace(fault, name=fault.name or f"{origin} {life}")
        for (origin, life), faults in found.items()
        for fault in faults
    )
    return msgspec.structs.replace(proof, streams=streams, faults=(*proof.faults, *elsewhere))


def _unchecked(proof: BooksProof) -> BooksProof:
    return msgspec.structs.replace(
        proof,
        streams=tuple(
            msgspec.structs.replace(one, notes={**one.notes, "signatures_unchecked": one.messages})
            for one in proof.streams
        ),
    )


def _line(stream: StreamProof, copies: list[Copy]) -> str:
    parts = [
        f"{stream.documents:,} documents in {stream.messages:,} messages",
        *([f"1–{stream.pruned_to:,} pruned on {stream.pruned_at[:10]}"] if stream.pruned_to else []),
        f"{stream.first:,}–{stream.last:,}",
        f"hash {stream.hash[:_HASH_LETTERS]}…",
        *(_reached(copy.place, copy.last, stream.last) for copy in copies),
        *(_said(place, last, stream.last) for place, last in stream.held.items() if not copies),
        *(f"{name.replace('_', ' ')}: {number:,}" for name, number in stream.notes.items() if number),
        *(f"behind a hole: {first:,}–{last:,}" for first, last in stream.behind_holes),
    ]
    return f"{stream.origin} ({stream.incarnation[:8]}): {', '.join(parts)}"


def _reached(place: str, last: int, head: int) -> str:
    return f"all at the {place}" if last >= head else f"to {last:,} at the {place}"


def _said(place: str, last: int, head: int) -> str:
    return f"the {place} acknowledged {'all' if last >= head else f'{last:,}'}"


def _same(copy: Copy, stream: StreamProof) -> bool:
    return (copy.origin, copy.incarnation) == (stream.origin, stream.incarnation)


def _fault_line(fault: Fault) -> str:
    pieces: list[Any] = [fault.code, fault.name, f"message {fault.seq}" if fault.seq else "", fault.detail]
    return ": ".join(str(piece) for piece in pieces if piece)
