"""Head office's end of an exchange by file (docs/protocol.md, REL-15).

What is kept of a node's last file is its question and what it was acknowledged: where it was said to stand. Without
it the next file for that node holds all there is.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.exchange import ExchangeFile, ExchangeReport
from kontuar.operations.ports.streams import Acknowledgement, Batch, StreamId
from kontuar.operations.ports.sync import HUB_NODE, FeedCursor, Heard, NodeIdentity
from kontuar.sync import frames, wire
from kontuar.sync.exchange_file import Here, Opened, open_file, write_file
from kontuar.sync.exchange_parts import SNAPSHOT, Parts, file_name, sorted_parts
from kontuar.sync.exchange_questions import Asked, questions_in, reply_frames
from kontuar.sync.files import write_whole
from kontuar.sync.pushed import Pushed, adopt_lives, read_push
from kontuar.sync.sealing import SECRET_BYTES
from kontuar.sync.server import News, SyncSite, down_answer, look, read_down

MOST_BYTES: Final = 48 * 1024 * 1024
"""Of answers in one file; what does not fit comes with the next one."""
_log = structlog.get_logger("exchange")


class KeptQuestions:
    """A folder with the last question of each node, and the acknowledgements and replies to what came with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, node: NodeIdentity, question: bytes, told: list[bytes]) -> None:
        """Not in the place of a younger one. A disk that is full costs a larger answer, and nothing else."""
        kept = self.read(node)
        if kept is not None and frames.peek(kept[0]).at > frames.peek(question).at:
            return
        try:
            write_whole(self._file(node), frames.join([question, *told]))
        except OSError as error:
            _log.warning("exchange.question_not_kept", node=node.node, reason=str(error)[:200])

    def read(self, node: NodeIdentity) -> tuple[bytes, list[bytes]] | None:
        """(question, acknowledgements and replies); None when there is none that can be read."""
        try:
            question, *told = frames.split(self._file(node).read_bytes())
            frames.peek(question)
        except (OSError, ValueError, Refused):
            return None
        return question, told

    def _file(self, node: NodeIdentity) -> Path:
        name = hashlib.sha256(f"{node.node}|{node.incarnation}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.frames"


@dataclass(slots=True, kw_only=True)
class Office:
    """What the exchange needs of head office.

    `transaction`: of the receiver's database, on the site's thread; `known`: the present key of a node, or
    `Refused`; `booked`: waits, for a while, until what a store sent is booked.
    """

    site: SyncSite
    here: Callable[[], Here]
    transaction: Callable[[], AbstractContextManager[None]]
    questions: KeptQuestions
    known: Callable[[str], Awaitable[NodeIdentity]]
    booked: Callable[[str], Awaitable[None]]
    ids: Ids


class _Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A node's file, read and checked."""

    opened: Opened
    question: bytes | None
    pushed: tuple[Pushed, ...]
    heard: tuple[Heard, ...]
    asked: tuple[Asked, ...]

    @property
    def batches(self) -> tuple[Batch, ...]:
        """What was pushed."""
        return tuple(each.batch for each in self.pushed)


class FilesForNodes:
    """Implements `operations.ports.exchange.OfficeExchange`."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._site = office.site

    # -- from a node --------------------------------------------------------------------------------------
    async def take(self, data: bytes) -> ExchangeReport:
        """All pushes of a file in one transaction; raises `Refused`, and then nothing was taken in."""
        site = self._site
        arrived = await asyncio.to_thread(self._read, data)
        sender = arrived.opened.sender
        await adopt_lives(site.adopt, arrived.pushed)
        before = await self._held(sender)
        acks = await site.runner(self._take_all, arrived.batches)
        taken = await self._held(sender) - before
        for heard in arrived.heard:
            # How old the file is says nothing of the node's clock.
            site.heard(msgspec.structs.replace(heard, sent_at=""))
        if taken:
            site.taken()
            site.bell.ring(sender.store)
        replies = await reply_frames(site, arrived.asked)
        if arrived.question is not None:
            await asyncio.to_thread(self._keep, sender, arrived, acks, replies)
        return ExchangeReport(
            file=arrived.opened.file, sender=sender.node, made_at=arrived.opened.made_at,
            messages=sum(len(batch.messages) for batch in arrived.batches), taken=taken,
            parked=sum(len(ack.parked) for ack in acks),
        )  # fmt: skip

    def _read(self, data: bytes) -> _Arrived:
        opened = open_file(self._office.here(), data)
        if opened.sender.kind not in ("station", "agent"):
            raise refuse("exchange.wrong_way", sender=opened.sender.node)
        parts = sorted_parts(opened.parts)
        self._check_speaker(opened, parts)
        heard = list(read_down(self._site, [parts.down[0]])[1]) if parts.down else []
        pushed: list[Pushed] = []
        for part in parts.push:
            pushed.append(read_push(*self._site.open(part), self._site.keys))
        heard += [each.heard for each in pushed]
        question = parts.down[0] if parts.down else None
        asked = questions_in(self._site, parts.ask)
        return _Arrived(opened=opened, question=question, pushed=tuple(pushed), heard=tuple(heard), asked=asked)

    def _check_speaker(self, opened: Opened, parts: Parts) -> None:
        """Frames in a file are those of whoever signed it."""
        for part in (*parts.down, *parts.push, *parts.ask):
            header = frames.peek(part)
            if (header.node, header.incarnation) != (opened.sender.node, opened.sender.incarnation):
                raise refuse("frame.wrong_sender", node=header.node[:80])

    def _take_all(self, batches: tuple[Batch, ...]) -> list[Acknowledgement]:
        with self._office.transaction():
            return [self._site.receiver.take(batch) for batch in batches]

    async def _held(self, sender: NodeIdentity) -> int:
        return sum(
            told.position.seq for told in await self._site.giver_runner(self._site.giver.final_positions, sender)
        )

    def _keep(self, sender: NodeIdentity, arrived: _Arrived, acks: list[Acknowledgement], replies: list[bytes]) -> None:
        now = instant_text(self._site.clock.now())
        certificate = self._site.certificate
        last = {
            batch.stream: wire.ack_fields(ack, batch.claim, now, certificate, self._site.sender)
            for batch, ack in zip(arrived.batches, acks, strict=True)
        }
        assert arrived.question is not None, "only what answers a question is kept"
        sealed = [self._site.seal("ack", fields) for fields in last.values()]
        self._office.questions.keep(sender, arrived.question, [*sealed, *replies])

    # -- for a node ---------------------------------------------------------------------------------------
    async def give(self, node: str) -> ExchangeFile:
        """What is new for a node since its last file; all there is where none is known."""
        office, site = self._office, self._site
        receiver = await office.known(node)
        await office.booked(receiver.store)
        kept = await asyncio.to_thread(office.questions.read, receiver)
        asked = _nothing(receiver.store)
        parts: list[bytes] = []
        if kept is not None:
            question, said = kept
            asked = read_down(site, [question])[0]
            positions = await site.giver_runner(site.giver.final_positions, receiver)
            held = {told.stream: told.position.seq for told in positions}
            parts = [question, *(each for each in said if _is_true(each, held))]
        parts += await site.giver_runner(self._answers, receiver, asked, sum(map(len, parts)))
        now = site.clock.now()
        secret, name = office.ids.secret(SECRET_BYTES), office.ids.new_id()
        content = await asyncio.to_thread(
            lambda: write_file(office.here(), receiver, parts, file=name, secret=secret, now=now)
        )
        return ExchangeFile(name=file_name(HUB_NODE, receiver.node, now), content=content)

    def _answers(self, receiver: NodeIdentity, asked: wire.DownFields, size: int) -> list[bytes]:
        """Answers one after the other, each to the question that the one before it leads to. `size`: what the file
        holds already."""
        site = self._site
        parts: list[bytes] = []
        while size < MOST_BYTES:
            news = look(site.giver, receiver, asked)
            if not news.is_new_to(asked):
                break
            found = frames.split(down_answer(site, news, site.giver.hub_reach()))
            snapshot = news.definitions.snapshot
            if snapshot is not None:
                content = Path(snapshot.path).read_bytes()
                fields = wire.FetchFields(snapshot=snapshot.id)
                found.append(
                    frames.seal(site.sender, SNAPSHOT, wire.to_fields(fields), content, site.clock.now(), plain=True)
                )
            parts += found
            size += sum(len(part) for part in found)
            asked = _after(asked, news)
        return parts


def _is_true(said: bytes, held: Mapping[StreamId, int]) -> bool:
    """Whether what was acknowledged is still held: head office may have been restored since. Replies stay true."""
    header = frames.peek(said)
    if header.kind == "reply":
        return True
    told = wire.fields_of(frames.Frame(header, b""), "ack", wire.AckFields)
    return told.held.seq <= held.get(told.stream, 0)


def _nothing(store: str) -> wire.DownFields:
    """The question of somebody who has nothing yet."""
    return wire.DownFields(
        store=store, definitions=wire.WireDefinitions(), confirmations=FeedCursor(), stock=FeedCursor()
    )


def _after(asked: wire.DownFields, news: News) -> wire.DownFields:
    """What would be asked next by somebody who took the news in."""
    d, stock = news.definitions, news.stock
    told = tuple((each.stream.origin, each.stream.incarnation, each.position.seq) for each in news.final)
    return msgspec.structs.replace(
        asked, definitions=wire.WireDefinitions(epoch=d.epoch, version=d.version, checksum=str(d.checksum)),
        confirmations=FeedCursor(news.confirmations.epoch, news.confirmations.version),
        stock=FeedCursor(stock.epoch, stock.version), final=(*asked.final, *told),
    )  # fmt: skip
