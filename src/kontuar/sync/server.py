"""The receiver's and giver's side over HTTP, the same at the agent and at the hub (docs/protocol.md)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import Clock, instant_text
from kontuar.operations.ports.hub_definitions import DefinitionsAnswer
from kontuar.operations.ports.hub_documents import Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import Acknowledgement, Batch
from kontuar.operations.ports.sync import (
    Answerer,
    DefinitionCursor,
    Enroller,
    FeedCursor,
    Giver,
    Heard,
    HubReach,
    KeyRing,
    NodeIdentity,
    Receiver,
    StreamPosition,
)
from kontuar.sync import frames, wire
from kontuar.sync.bell import Bell
from kontuar.sync.figures import heard_of
from kontuar.sync.keyring import open_certified
from kontuar.sync.keys import SignedCertificate
from kontuar.sync.pushed import Adopt, Pushed, adopt_lives, no_adoption, read_push
from kontuar.sync.snapshots import read_proof

MOST_REQUEST_BYTES: Final = 32 * 1024 * 1024
MOST_FRAMES: Final = 256
LONGEST_WAIT_SECONDS: Final = 30.0
_BINARY: Final = "application/octet-stream"
_SNAPSHOT_PIECE: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class SyncSite:
    """What the routes need. `giver_runner` may be another thread than `runner`: building a snapshot takes seconds.

    `taken` and `heard` are called on the server's thread. `store`: the only one an agent serves; empty at the hub.
    `gather_seconds`: after a ring, others' news of the same moment go in the same answer. `is_closed`: whether a later
    life of an asker was opened (REL-13); called on the giver's runner. `adopt`: keeps certificates that a push brought.
    """

    sender: frames.Sender
    keys: KeyRing
    receiver: Receiver
    giver: Giver
    answerer: Answerer
    enroller: Enroller
    runner: Runner
    giver_runner: Runner
    clock: Clock
    bell: Bell
    store: str = ""
    certificate: SignedCertificate | None = None
    gather_seconds: float = 0.25
    taken: Callable[[], None] = lambda: None
    heard: Callable[[Heard], None] = lambda _: None
    is_closed: Callable[[NodeIdentity], bool] = lambda _: False
    adopt: Adopt = no_adoption
    frames_by_outcome: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        """For the metrics."""
        self.frames_by_outcome[outcome] = self.frames_by_outcome.get(outcome, 0) + 1

    def open(self, part: bytes) -> tuple[frames.Frame, NodeIdentity]:
        """A frame of a node that may talk to this one; raises `Refused("frame.wrong_sender")` and as the frames do."""
        try:
            frame, identity = open_certified(part, self.keys, self.sender.protocol)
        except Refused as refusal:
            self._tell_of(part, refusal.problems[0].code)
            raise
        if self.store not in ("", identity.store):
            raise refuse("frame.wrong_sender", node=identity.node, store=identity.store)
        return frame, identity

    def _tell_of(self, part: bytes, code: str) -> None:
        """Who speaks another protocol than this node is to be updated: the frame was signed, so it is known who."""
        if not code.startswith("protocol."):
            return
        header = frames.peek(part)
        identity = self.keys.identity(header.node, header.incarnation)
        if identity is not None and self.store in ("", identity.store):
            self.heard(Heard(identity=identity, sent_at=header.at, build=header.build, refused=code))

    def seal(self, kind: str, fields: msgspec.Struct, body: bytes = b"") -> bytes:
        """A frame signed by this node."""
        return frames.seal(self.sender, kind, wire.to_fields(fields), body, self.clock.now())


def sync_routes(site: SyncSite) -> list[HTTPRouteHandler]:
    """The five endpoints."""

    @post("/sync/v1/push", status_code=200, request_max_body_size=MOST_REQUEST_BYTES, include_in_schema=False)
    async def push(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _binary(await take_push(site, await request.body()))

    @post("/sync/v1/down", status_code=200, request_max_body_size=MOST_REQUEST_BYTES, include_in_schema=False)
    async def down(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _binary(await give_down(site, await request.body()))

    @get("/sync/v1/snapshots/{snapshot_id:str}", include_in_schema=False)
    async def snapshot(request: Request[Any, Any, Any]) -> Response[bytes]:
        headers = request.headers
        proof, wanted = headers.get("authorization", ""), headers.get("range", "")
        return await give_snapshot(site, request.path_params["snapshot_id"], proof, wanted)

    @post("/sync/v1/ask", status_code=200, request_max_body_size=MOST_REQUEST_BYTES, include_in_schema=False)
    async def ask(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _binary(await answer_question(site, await request.body()))

    @post("/sync/v1/enrol", status_code=200, include_in_schema=False)
    async def enrol(request: Request[Any, Any, Any]) -> Response[bytes]:
        return Response(await site.enroller(await request.body()), media_type="application/json")

    return [push, down, snapshot, ask, enrol]


# -- push ---------------------------------------------------------------------------------------------------
async def take_push(site: SyncSite, data: bytes) -> bytes:
    """Every frame that can be taken becomes one acknowledgement. One that cannot is kept aside and counted, and does
    not hold up the streams beside it (REL-09); when none can be taken the request is refused."""
    read, refused = await _readable(site, data, lambda parts: _read_each(site, parts))
    for each in read:
        site.heard(each.heard)
    await adopt_lives(site.adopt, read)
    taken, refused_later = await site.runner(_take_each, site.receiver, [each.batch for each in read])
    refused += refused_later
    for refusal in refused:
        site.count(refusal.problems[0].code)
    if refused:
        await site.runner(site.receiver.keep_unreadable, data, str(refused[0]))
    if refused and not taken:
        raise refused[0]
    batches, acks = [batch for batch, _ in taken], [ack for _, ack in taken]
    if any(batch.messages for batch in batches):
        site.taken()
        for store in sorted({batch.store for batch in batches}):
            site.bell.ring(store)
    now = instant_text(site.clock.now())
    for ack in acks:
        site.count("forked" if ack.forked else "taken")
    return frames.join(
        site.seal("ack", wire.ack_fields(ack, batch.claim, now, site.certificate, site.sender))
        for ack, batch in zip(acks, batches, strict=True)
    )


def _take_each(receiver: Receiver, batches: list[Batch]) -> tuple[list[tuple[Batch, Acknowledgement]], list[Refused]]:
    taken: list[tuple[Batch, Acknowledgement]] = []
    refused: list[Refused] = []
    for batch in batches:
        try:
            taken.append((batch, receiver.take(batch)))
        except Refused as refusal:
            refused.append(refusal)
    return taken, refused


def _read_each(site: SyncSite, parts: list[bytes]) -> tuple[list[Pushed], list[Refused]]:
    """What can be read, and why the rest cannot; raises when nothing can (the asker is told the first reason)."""
    read: list[Pushed] = []
    refused: list[Refused] = []
    for part in parts:
        try:
            frame, identity = site.open(part)
            read.append(read_push(frame, identity, site.keys))
        except Refused as refusal:
            refused.append(refusal)
    if refused and not read:
        raise refused[0]
    return read, refused


async def _readable(site: SyncSite, data: bytes, read: Callable[[list[bytes]], Any]) -> Any:
    """Read frames away from the server's thread (signatures cost); keep the bytes of what cannot be read."""
    try:
        return await asyncio.to_thread(_read_all, data, read)
    except Refused as refusal:
        code = refusal.problems[0].code
        site.count(code)
        if code.startswith("frame."):
            await site.runner(site.receiver.keep_unreadable, data, str(refusal))
        raise


def _read_all(data: bytes, read: Callable[[list[bytes]], Any]) -> Any:
    parts = frames.split(data)
    if not 1 <= len(parts) <= MOST_FRAMES:
        raise refuse("frame.unreadable", reason="number of frames")
    return read(parts)


# -- down ---------------------------------------------------------------------------------------------------
class News(msgspec.Struct, frozen=True, kw_only=True):
    """One moment's answer to `down`."""

    definitions: DefinitionsAnswer
    confirmations: Confirmations
    stock: StockFigures
    final: tuple[StreamPosition, ...]
    parked: ParkedNews | None
    closed: bool = False

    def is_new_to(self, asked: wire.DownFields) -> bool:
        """Whether the asker lacks any of it."""
        return (
            self.definitions.action != "same"
            or (self.confirmations.epoch, self.confirmations.version)
            != (asked.confirmations.epoch, asked.confirmations.version)
            or (self.stock.epoch, self.stock.version) != (asked.stock.epoch, asked.stock.version)
            or bool(self.final)
            or (self.parked is not None and FeedCursor(self.parked.epoch, self.parked.version) != asked.parked)
        )


async def give_down(site: SyncSite, data: bytes) -> bytes:
    """What is new for the asker; when nothing is, wait for it as long as he asked."""
    asked, heard_of_all = await _readable(site, data, lambda parts: read_down(site, parts))
    for each in heard_of_all:
        site.heard(each)
    identity = heard_of_all[0].identity
    end = site.clock.monotonic() + min(max(asked.wait_seconds, 0.0), LONGEST_WAIT_SECONDS)
    while True:
        heard = site.bell.heard(identity.store)
        news = await site.giver_runner(look, site.giver, identity, asked, site.is_closed)
        reach = site.giver.hub_reach()
        left = end - site.clock.monotonic()
        told_otherwise = asked.hub_reachable is not None and asked.hub_reachable != reach.reachable
        if news.is_new_to(asked) or told_otherwise or left <= 0 or site.bell.closed:
            return await asyncio.to_thread(down_answer, site, news, reach)
        if not await site.bell.wait(heard, left, identity.store):
            # Nobody rang: what was looked at is what there is, and the next question looks again.
            return await asyncio.to_thread(down_answer, site, news, site.giver.hub_reach())
        await asyncio.sleep(min(site.gather_seconds, left))


def read_down(site: SyncSite, parts: list[bytes]) -> tuple[wire.DownFields, list[Heard]]:
    """What is asked, and who was heard of by it: the asker first."""
    frame, identity = site.open(parts[0])
    asked = wire.fields_of(frame, "down", wire.DownFields)
    if len(parts) != 1 or asked.store != identity.store:
        raise refuse("frame.wrong_sender", node=identity.node)
    if not asked.definitions.checksum.isdecimal() or len(asked.definitions.checksum) > 20:
        raise refuse("frame.unreadable", reason="checksum")
    return asked, heard_of(identity, frame.header.at, frame.header.build, asked, site.keys)


def look(
    giver: Giver, identity: NodeIdentity, asked: wire.DownFields,
    is_closed: Callable[[NodeIdentity], bool] = lambda _: False,
) -> News:  # fmt: skip
    """What is new for an asker at this moment. On the giver's database thread."""
    d = asked.definitions
    known = {(origin, incarnation): seq for origin, incarnation, seq in asked.final}
    with giver.one_moment():
        return News(
            definitions=giver.definitions_since(
                identity, DefinitionCursor(d.epoch, d.version, int(d.checksum)), asked.kinds
            ),
            confirmations=giver.confirmations_since(identity, asked.confirmations),
            stock=giver.stock_since(identity, asked.stock),
            final=tuple(
                told
                for told in giver.final_positions(identity)
                if told.position.seq > known.get((told.stream.origin, told.stream.incarnation), 0)
            ),
            parked=None if asked.parked is None else giver.parked_since(identity, asked.parked),
            closed=is_closed(identity),
        )


def down_answer(site: SyncSite, news: News, reach: HubReach) -> bytes:
    """The news as the one frame of an answer."""
    d, file, parked = news.definitions, news.definitions.snapshot, news.parked
    fields = wire.DownAnswerFields(
        definitions=wire.AnswerDefinitions(
            action=d.action, epoch=d.epoch, version=d.version, checksum=str(d.checksum),
            snapshot=None if file is None else wire.WireSnapshot(
                id=file.id, hash=file.hash, size=file.size, rows=file.rows, version=file.version
            ),
        ),
        confirmations=FeedCursor(news.confirmations.epoch, news.confirmations.version),
        stock=wire.AnswerStock(epoch=news.stock.epoch, version=news.stock.version, full=news.stock.full),
        hub_reachable=reach.reachable, hub_seen_at=reach.seen_at, time=instant_text(site.clock.now()),
        parked=None if parked is None else wire.AnswerParked(
            epoch=parked.epoch, version=parked.version, full=parked.full
        ),
        closed=news.closed, certificate=site.certificate,
    )  # fmt: skip
    body = wire.DownBody(
        put=tuple((kind, key, version, msgspec.Raw(row)) for kind, key, version, row in d.put),
        removed=d.removed, confirmations=news.confirmations.rows, stock=news.stock.rows,
        covered=news.stock.covered, final=news.final, parked_put=() if parked is None else parked.put,
        parked_removed=() if parked is None else parked.removed,
    )  # fmt: skip
    return frames.join([site.seal("answer", fields, encode(body))])


# -- snapshots, questions -----------------------------------------------------------------------------------
async def give_snapshot(site: SyncSite, snapshot_id: str, proof: str, range_header: str) -> Response[bytes]:
    """A piece of a snapshot file from the asked position on; who asks for no range gets the first piece as well."""
    frame, identity = site.open(read_proof(proof))
    if wire.fields_of(frame, "fetch", wire.FetchFields).snapshot != snapshot_id:
        raise refuse("frame.wrong_sender", node=identity.node)
    file = await site.giver_runner(site.giver.snapshot_by_id, snapshot_id)
    start = _range_start(range_header)
    if start > file.size:
        raise refuse("snapshot.range_wrong", start=start, size=file.size)
    piece = await asyncio.to_thread(_piece, Path(file.path), start)
    last = start + len(piece) - 1
    headers = {"content-range": f"bytes {start}-{last}/{file.size}", "accept-ranges": "bytes"}
    return Response(piece, status_code=206, media_type=_BINARY, headers=headers)


def _piece(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(_SNAPSHOT_PIECE)


def _range_start(header: str) -> int:
    unit, _, span = header.partition("=")
    first = span.partition("-")[0].strip()
    return int(first) if unit.strip() == "bytes" and first.isdecimal() and len(first) < 16 else 0


async def answer_question(site: SyncSite, data: bytes) -> bytes:
    """An online question; problems go back inside a frame, so that who asked knows who said no."""
    asker, asked, question = await _readable(site, data, lambda parts: read_question(site, parts[0]))
    problems, body = await site.answerer(asker, asked.question, question)
    fields = wire.AskAnswerFields(problems=problems, certificate=site.certificate)
    return frames.join([site.seal("answer", fields, body)])


def read_question(site: SyncSite, part: bytes) -> tuple[NodeIdentity, wire.AskFields, bytes]:
    """(who asks, what the header says, the question's body); an agent asks for the stations of its store too."""
    frame, identity = site.open(part)
    asked = wire.fields_of(frame, "ask", wire.AskFields)
    if asked.on_behalf is None:
        return identity, asked, frame.body
    found = site.keys.identity(*asked.on_behalf)
    if identity.kind != "agent" or found is None or found.store != identity.store:
        raise refuse("frame.wrong_sender", node=identity.node)
    return found, asked, frame.body


def _binary(content: bytes) -> Response[bytes]:
    return Response(content, media_type=_BINARY)
