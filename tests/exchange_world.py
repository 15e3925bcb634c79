"""Nodes that share no network: a head office over SQLite, tills and agents, and the files that people carry."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.exchange_carriers import AgentCarrier
from kontuar.nodes.exchange_desk import StoreExchangeDesk
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import this_machine
from kontuar.operations.ports.exchange import Carried, ExchangeFile, ExchangeReport, Reply
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.operations.station.exchange import note_export
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite.definitions import SqliteDefinitions
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.exchange_shelf import SqliteExchangeShelf
from kontuar.storage.sqlite.sync_state import StationOutbox, StationSink
from kontuar.sync import frames
from kontuar.sync.exchange import FilesForHub
from kontuar.sync.exchange_file import Here, open_file
from kontuar.sync.exchange_office import FilesForNodes, KeptQuestions, Office
from kontuar.sync.identity import NodeKeys
from sync_chain import HUB_KEY, STORE, Store, Till, keys_for
from sync_hub import HubDouble

Result = TypeVar("Result")


class Secrets:
    """Different every time, the same in every run."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = itertools.count(1)

    def new_id(self) -> str:
        return f"{self._name}-{next(self._count)}"

    def secret(self, byte_count: int) -> bytes:
        return f"{self._name} {next(self._count)}".encode().ljust(byte_count, b".")[:byte_count]


class HeadOffice:
    """Head office's end; `known` are the nodes it enrolled."""

    def __init__(self, folder: Path) -> None:
        self.hub = HubDouble(folder)
        self.site = self.hub.site()
        self.known: dict[str, NodeIdentity] = {}
        here = Here(sender=self.site.sender, signer=HUB_KEY, keys=self.hub.keys)
        self.here = here
        self.files = FilesForNodes(
            Office(
                site=self.site,
                here=lambda: here,
                transaction=self.hub.books.database.transaction,
                questions=KeptQuestions(folder / "exchange"),
                known=self._known,
                booked=_at_once,
                ids=Secrets("hub"),
            )
        )

    def enrol(self, keys: NodeKeys) -> None:
        told = keys.certificate
        self.known[told.node] = NodeIdentity(
            node=told.node, kind=told.kind, store=told.store, incarnation=told.incarnation,
            public_key=bytes.fromhex(told.public_key),
        )  # fmt: skip

    def enrol_as_told(self, node: str) -> None:
        """A node whose certificate came with its file."""
        found = self.hub.keys.identity(node, "i1")
        assert found is not None
        self.known[node] = found

    async def _known(self, node: str) -> NodeIdentity:
        if node not in self.known:
            raise refuse("exchange.node.unknown", node=node)
        return self.known[node]

    def take(self, file: ExchangeFile | bytes) -> ExchangeReport:
        return done(self.files.take(file if isinstance(file, bytes) else file.content))

    def give(self, node: str) -> ExchangeFile:
        return done(self.files.give(node))

    def close(self) -> None:
        self.hub.lane.close()


async def _at_once(store: str) -> None:
    """The hub of these tests books nothing by itself."""
    assert store == STORE


def done(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def here_of(keys: NodeKeys) -> Here:
    return Here(sender=keys.sender("1"), signer=keys.signer, keys=keys.keys, certificate=keys.signed)


class Asking:
    """What goes along with a till's files: questions put in by hand; the rest as a station has it."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.shelf = SqliteExchangeShelf(database)
        self.questions: list[Carried] = []

    def asks(self) -> Sequence[Carried]:
        return self.questions

    def replied(self, replies: Sequence[Reply]) -> None:
        self.shelf.keep(replies)

    def doubted(self) -> bool:
        return self.shelf.doubted()

    def doubt(self, *, yes: bool) -> None:
        self.shelf.doubt(yes=yes)


class LoneTill(Till):
    """A till with nobody but head office above it, and files for the way."""

    @cached_property
    def carrier(self) -> Asking:
        return Asking(self.database)

    def files(self) -> FilesForHub:
        return FilesForHub(
            self.outbox, self.sink, here_of(self.keys), STORE, self.clock, Secrets(self.id.origin), self.carrier
        )

    def make(self) -> ExchangeFile:
        return self.files().make()

    def take(self, file: ExchangeFile | bytes) -> ExchangeReport:
        return self.files().take(file if isinstance(file, bytes) else file.content)[0]


class StoreAgent(Store):
    """An agent with files for head office."""

    def files(self) -> FilesForHub:
        return FilesForHub(
            self.books.outbox, self.books.sink, here_of(self.keys), STORE, self.clock, Secrets("agent"), self.carrier
        )

    @cached_property
    def carrier(self) -> AgentCarrier:
        return AgentCarrier(self.books.exchange, self.books.forks, self.clock)

    def make(self) -> ExchangeFile:
        return self.files().make()

    def take_file(self, file: ExchangeFile | bytes) -> ExchangeReport:
        return self.files().take(file if isinstance(file, bytes) else file.content)[0]

    def hub_seq(self) -> int:
        return int(self.books.database.value("SELECT coalesce(sum(hub_seq), 0) FROM stream") or 0)


def everything(database: Any) -> dict[str, list[Any]]:
    """Every row of every table: what must be the same when nothing was applied."""
    tables = [name for (name,) in database.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: sorted(database.rows(f"SELECT * FROM {name}"), key=repr) for name in tables}


def kinds_in(keys: NodeKeys, file: ExchangeFile) -> list[str]:
    """The kinds of the frames that a file for this node holds."""
    return [frames.peek(part).kind for part in open_file(here_of(keys), file.content).parts]


def code_of(refusal: Refused) -> str:
    return refusal.problems[0].code


def exchange_of(station: Station, lane: Lane[Any]) -> StoreExchangeDesk:
    """The files of a station of the small shop."""
    who = station.identity
    database = station.books.database  # type: ignore[attr-defined]
    outbox = StationOutbox(database, StreamId(who.station, who.incarnation), who.store)
    sink = StationSink(database, SqliteDefinitions(database), outbox)
    keys = keys_for(who.station, "station", who.incarnation, who.store)
    carrier = Asking(database)
    return StoreExchangeDesk(
        lane, outbox, sink, keys, this_machine(), lambda _: None, carrier=carrier, log=carrier.shelf,
        note=partial(note_export, station),
    )  # fmt: skip
