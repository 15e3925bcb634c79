"""Which life a till goes on in, and the next one kept ready (REL-13; docs/protocol.md, *A till's lives*)."""

from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from kontuar import __version__
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.ids import Ids
from kontuar.nodes.chores import Chore
from kontuar.operations.ports.questions import SPARE, HubQuestions
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import Mark, StreamId
from kontuar.operations.station.lives import RESTORED, is_unused, why_over
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.stream import SqliteStream
from kontuar.storage.sqlite.sync_state import StationOutbox
from kontuar.storage.witness import Witness
from kontuar.sync.connection import Connection
from kontuar.sync.identity import NodeKeys
from kontuar.sync.lives import Lives
from kontuar.sync.transport import Transport

WITNESS_FILE: Final = "witness"
LOOK_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 15.0
"""Between two tries to have a key certified."""
LOOKS_FOR_A_FILE: Final = 15
LOOKS_AT_THE_AGENT: Final = 600
_log = structlog.get_logger("lives")


class Begun(msgspec.Struct, frozen=True):
    """The life a till goes on in. `restored`: the database is older than the till, and no other life is ready; `mark`:
    what the witness knew at the start."""

    keys: NodeKeys
    restored: bool = False
    mark: Mark | None = None


def begin(lives: Lives, keys: NodeKeys, database: SqliteDatabase, witness: Witness) -> Begun:
    """The running life, or the spare one when that is over and there is one."""
    mine = keys.certificate
    log = StationOutbox(database, StreamId(mine.node, mine.incarnation), mine.store)
    mark = witness.read()
    over = why_over(log, StreamId(mine.node, mine.incarnation), mine.ordinal, mark)
    if not over:
        return Begun(keys, mark=mark)
    _log.error("station.life_is_over", reason=over, incarnation=mine.incarnation, ordinal=mine.ordinal)
    spare = lives.spare()
    if spare is not None and not is_unused(log, spare.certificate.incarnation, spare.certificate.ordinal, mark):
        lives.drop_spare()
        spare = None
    if spare is None:
        return Begun(keys, restored=over == RESTORED, mark=mark)
    lives.take_spare(over)
    _log.warning("station.next_life", reason=over, series=spare.certificate.series)
    return Begun(spare, mark=mark)


class LifeDesk:
    """Keeps the next life ready, and goes on in it when the running one is over. Wiring and one chore."""

    def __init__(
        self, lives: Lives, keys: NodeKeys, stream: SqliteStream, run: Runner, connection: Connection,
        questions: HubQuestions, transport: Transport, ids: Ids, *, code: str, go_on: Callable[[], None],
        by_file: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """`code`: a one-time code from the settings, for a till that was closed; `go_on` starts the node anew;
        `by_file`: whether a file brought the certificate of a spare life, asked on the database thread."""
        self._by_file = by_file
        self._looks = 0
        self._lives = lives
        self._keys = keys
        self._stream = stream
        self._run = run
        self._connection = connection
        self._questions = questions
        self._transport = transport
        self._ids = ids
        self._code = code
        self._go_on = go_on
        self._gone_on = False

    def chore(self) -> Chore:
        """For as long as the station runs."""
        return Chore(name="next life", look=self.look, seconds=LOOK_SECONDS, again_seconds=AGAIN_SECONDS)

    async def look(self) -> float:
        """What is to be done now; how many seconds may pass until the next look. Raises `Refused`."""
        stopped = await self._run(self._stream.stopped)
        if stopped == "stream.closed":
            return await self._enrol_by_settings()
        if not self._lives.has_spare() and await self._may_be_answered():
            await self._lives.make_spare(self._keys, self._ask_for_spare, ids=self._ids, build=__version__)
        if stopped and self._lives.has_spare():
            self._next_life()
        return LOOK_SECONDS

    async def _may_be_answered(self) -> bool:
        """By the hub; where only the agent is reached, by what a file brought it; where nobody is, by our own file:
        both are looked for now and then."""
        level = self._connection.level()
        if level == Connectivity.ONLINE:
            return True
        self._looks += 1
        if level == Connectivity.OFFLINE:
            return self._looks % LOOKS_FOR_A_FILE == 1 and await self._run(self._by_file)
        return self._looks % LOOKS_AT_THE_AGENT == 1

    async def enrol(self, code: str) -> None:
        """A person types a one-time code: a new life begins. Raises `Refused`."""
        await self._lives.enrol_anew(self._keys, self._transport, code=code, ids=self._ids, build=__version__)
        self._next_life()

    async def _enrol_by_settings(self) -> float:
        if self._code and self._connection.level() == Connectivity.ONLINE:
            code, self._code = self._code, ""
            await self.enrol(code)
        return AGAIN_SECONDS

    async def _ask_for_spare(self, request: bytes) -> bytes:
        return await self._questions.ask(SPARE, request)

    def _next_life(self) -> None:
        if not self._gone_on:
            self._gone_on = True
            self._go_on()
