"""The taker's side of `down`: what to ask with, and applying what comes in one transaction (REL-10).

No input or output: `step(event)` says what to do, a loop or a simulator does it.
"""

import datetime
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import Clock, parse_instant
from kontuar.operations.known_kinds import known_kinds
from kontuar.operations.ports.hub_documents import Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.sync import (
    DefinitionCursor,
    DigestState,
    DownCursors,
    DownSink,
    FeedCursor,
    HubReach,
    KeyRing,
    Queue,
)
from kontuar.sync import frames, wire
from kontuar.sync.figures import Figures
from kontuar.sync.keyring import open_certified
from kontuar.sync.keys import SignedCertificate
from kontuar.sync.snapshots import proof_text, rows_of


class Start(msgspec.Struct, frozen=True):
    """Begin, or go on after a pause."""


class Answered(msgspec.Struct, frozen=True):
    """The giver's answer, when it came by our clock, and how long the way there and back took (waiting left out).

    `asked`: what the question was asked with; None = it is the last one of this downlink.
    """

    body: bytes
    at: datetime.datetime | None = None
    round_trip_seconds: float = 0.0
    asked: DownCursors | None = None


class Fetched(msgspec.Struct, frozen=True):
    """A snapshot file is here and its hash is right."""

    path: Path


class Missed(msgspec.Struct, frozen=True):
    """No answer, a refusal, or a file that did not come whole."""

    reason: str


class Ask(msgspec.Struct, frozen=True):
    """Effect: post this; the answer may take `wait_seconds`."""

    body: bytes
    wait_seconds: float


class Fetch(msgspec.Struct, frozen=True):
    """Effect: get this file; `proof` says who asks for it (the header `authorization`)."""

    snapshot: wire.WireSnapshot
    proof: str


class Pause(msgspec.Struct, frozen=True):
    """Effect: wait, then start again."""

    seconds: float


class Applied(msgspec.Struct, frozen=True):
    """What an answer brought."""

    definitions: bool = False
    confirmations: bool = False
    stock: bool = False
    final: bool = False
    parked: bool = False

    def anything(self) -> bool:
        """Whether something is new."""
        return self.definitions or self.confirmations or self.stock or self.final or self.parked


class Downlink:
    """Keeps the taker's definitions, confirmations and stock up to date. Runs on the database thread."""

    def __init__(
        self, sink: DownSink, store: str, sender: frames.Sender, certificate: SignedCertificate | None,
        keys: KeyRing, clock: Clock, *, wait_seconds: float = 2.0, longest_pause_seconds: float = 1.0,
        queue: Callable[[], Queue | None] = lambda: None, nodes: Figures = tuple,
        digests: Callable[[], DigestState | None] = lambda: None,
        kinds: Callable[[], Collection[str] | None] = known_kinds,
    ) -> None:  # fmt: skip
        """`queue`, `digests`, `kinds` and `nodes`: what is told of ourselves and of those who ask us, read before each
        question."""
        self._sink = sink
        self._store = store
        self._sender = sender
        self._certificate = certificate
        self._keys = keys
        self._clock = clock
        self._queue = queue
        self._nodes = nodes
        self._digests = digests
        self._kinds = kinds
        self._wait = wait_seconds
        self._longest_pause = longest_pause_seconds
        self._pause = 0.0
        self._anew = False
        self._asked = sink.cursors()
        self._coming: tuple[DefinitionCursor, DefinitionCursor] | None = None
        self.reach: HubReach | None = None
        """What the giver last said of the hub; None while the giver itself is away."""
        self.applied = Applied()
        """What the last step brought."""
        self.skew_seconds: float | None = None
        """How far our clock was ahead of the giver's at its last answer; None while it told no time."""
        self.closed = False
        """Whether the giver last said that a later life of this node was opened."""
        self.problem = ""

    def step(self, event: Start | Answered | Fetched | Missed) -> Ask | Fetch | Pause:
        """What to do after the event."""
        self.applied = Applied()
        if isinstance(event, Missed):
            return self._back_off(event.reason)
        try:
            if isinstance(event, Answered):
                found = self.take(event)
                if found is not None:
                    return found
            elif isinstance(event, Fetched):
                self.take_snapshot(rows_of(event.path))
                event.path.unlink()
        except Refused as refusal:
            return self._back_off(refusal.problems[0].code)
        return self._ask()

    def _back_off(self, reason: str) -> Pause:
        self.problem = reason
        self.reach = None
        self._pause = min(self._longest_pause, max(0.2, self._pause * 2))
        return Pause(self._pause)

    def _ask(self) -> Ask:
        cursors = self._asked = self._sink.cursors()
        d = DefinitionCursor() if self._anew else cursors.definitions
        # The first question after a loss is answered at once: it says that the giver is back.
        wait = self._wait if self.reach is not None else 0.0
        kinds = self._kinds()
        fields = wire.DownFields(
            store=self._store,
            definitions=wire.WireDefinitions(epoch=d.epoch, version=d.version, checksum=str(d.checksum)),
            confirmations=cursors.confirmations, stock=cursors.stock, final=cursors.final, wait_seconds=wait,
            hub_reachable=self.reach.reachable if self.reach else None, parked=cursors.parked,
            queue=self._queue(), nodes=self._nodes(), digests=self._digests(),
            kinds=None if kinds is None else tuple(sorted(kinds)), certificate=self._certificate,
        )  # fmt: skip
        frame = frames.seal(self._sender, "down", wire.to_fields(fields), b"", self._clock.now())
        return Ask(frames.join([frame]), wait)

    def take(self, answer: Answered) -> Fetch | None:
        """Apply an answer; the snapshot that it needs besides. Raises `Refused`, and then nothing was applied."""
        parts = frames.split(answer.body)
        if len(parts) != 1:
            raise refuse("frame.unreadable", reason="one frame is expected")
        frame, identity = open_certified(parts[0], self._keys, self._sender.protocol)
        if identity.kind not in ("agent", "hub"):
            raise refuse("frame.wrong_sender", node=identity.node)
        told = wire.fields_of(frame, "answer", wire.DownAnswerFields)
        news = wire.read_body(frame, wire.DownBody)
        self.skew_seconds = _ahead(answer, told.time)
        self.reach = HubReach(told.hub_reachable, told.hub_seen_at)
        self.closed = told.closed
        asked = answer.asked or self._asked
        self._apply(told, news, asked)
        self._pause = 0.0
        self.problem = ""
        coming = _cursor(told.definitions)
        if told.definitions.action != "snapshot":
            return None
        if told.definitions.snapshot is None:
            raise refuse("frame.unreadable", reason="no snapshot named")
        if not _follows(asked.definitions, coming, self._sink.cursors().definitions):
            self._anew = False
            return None
        self._coming = (asked.definitions, coming)
        snapshot = told.definitions.snapshot
        fields = wire.FetchFields(snapshot=snapshot.id, certificate=self._certificate)
        proof = frames.seal(self._sender, "fetch", wire.to_fields(fields), b"", self._clock.now())
        return Fetch(snapshot, proof_text(proof))

    def _apply(self, told: wire.DownAnswerFields, news: wire.DownBody, asked: DownCursors) -> None:
        """Everything of one answer in one transaction; an answer that brings nothing writes nothing."""
        held = self._sink.cursors()
        stock = _figures(told, news)
        applied = Applied(
            definitions=told.definitions.action == "delta"
            and _follows(asked.definitions, _cursor(told.definitions), held.definitions),
            confirmations=_follows(asked.confirmations, told.confirmations, held.confirmations),
            stock=_follows(asked.stock, FeedCursor(stock.epoch, stock.version), held.stock),
            final=bool(news.final),
            parked=_is_news(told.parked, asked.parked, held.parked),
        )
        if not applied.anything():
            return
        with self._sink.transaction():
            if applied.confirmations:
                self._sink.apply_confirmations(
                    Confirmations(
                        epoch=told.confirmations.epoch,
                        version=told.confirmations.version,
                        rows=news.confirmations,
                    )
                )
            if applied.stock:
                self._sink.apply_stock(stock)
            if applied.final:
                self._sink.apply_final(news.final)
            if applied.parked:
                self._sink.apply_parked(_parked(told, news))
            if applied.definitions:
                self._put(told, news)
        self.applied = applied

    def _put(self, told: wire.DownAnswerFields, news: wire.DownBody) -> None:
        try:
            self._sink.apply_delta(
                ((kind, key, version, bytes(row)) for kind, key, version, row in news.put),
                news.removed,
                _cursor(told.definitions),
            )
        except Refused:
            self._anew = True
            raise

    def take_snapshot(self, rows: Iterable[tuple[str, str, int, bytes]]) -> None:
        """Put the rows of the snapshot that an answer named in the place of all others, unless later ones came
        meanwhile."""
        assert self._coming is not None, "a snapshot comes after an answer that named it"
        asked, coming = self._coming
        if _follows(asked, coming, self._sink.cursors().definitions):
            self._sink.replace_definitions(rows, coming)
            self.applied = Applied(definitions=True)
        self._anew = False


def _ahead(answer: Answered, told: str) -> float | None:
    """How far our clock is ahead of the giver's: its time is half the way old when it comes."""
    if answer.at is None or not told:
        return None
    try:
        giver = parse_instant(told)
    except ValueError:
        raise refuse("frame.unreadable", reason="time") from None
    return (answer.at - giver).total_seconds() - answer.round_trip_seconds / 2


C = TypeVar("C", FeedCursor, DefinitionCursor)


def _follows(asked: C, told: C, held: C) -> bool:
    """Whether what came from `asked` to `told` may be put upon what is held now (REL-15).

    Answers come in any order, and more than once, when they travel in files. The answer to what is still held is the
    giver's last word. Any other is good only within the epoch that is held, when it leads further and leaves no gap:
    a question with another epoch is answered with all there is.
    """
    if told == held:
        return False
    if asked == held:
        return True
    later = told.epoch == held.epoch and told.version > held.version
    return later and (asked.epoch != told.epoch or asked.version <= held.version)


def _is_news(told: wire.AnswerParked | None, asked: FeedCursor | None, held: FeedCursor | None) -> bool:
    """An older agent tells nothing of parked documents."""
    if told is None or asked is None or held is None:
        return False
    return _follows(asked, FeedCursor(told.epoch, told.version), held)


def _parked(told: wire.DownAnswerFields, news: wire.DownBody) -> ParkedNews:
    assert told.parked is not None, "there is no news of what was not told"
    return ParkedNews(
        epoch=told.parked.epoch, version=told.parked.version, full=told.parked.full, put=news.parked_put,
        removed=news.parked_removed,
    )  # fmt: skip


def _figures(told: wire.DownAnswerFields, news: wire.DownBody) -> StockFigures:
    return StockFigures(
        epoch=told.stock.epoch,
        version=told.stock.version,
        full=told.stock.full,
        rows=news.stock,
        covered=news.covered,
    )


def _cursor(told: wire.AnswerDefinitions) -> DefinitionCursor:
    try:
        checksum = int(told.checksum)
    except ValueError:
        raise refuse("frame.unreadable", reason="checksum") from None
    return DefinitionCursor(told.epoch, told.version, checksum)
