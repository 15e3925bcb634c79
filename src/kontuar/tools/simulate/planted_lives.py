"""Planted faults: what a till that was set up again from a backup must not do, and must get back."""

from collections.abc import Iterable
from typing import Any

import msgspec

from kontuar.nodes import hub_sync, return_desk, station, station_lives
from kontuar.operations import incoming
from kontuar.operations.agent import relay
from kontuar.operations.station import returned
from kontuar.storage.sqlite.station.stream import SqliteStream
from kontuar.storage.sqlite.sync_state import StationOutbox
from kontuar.tools.simulate.planted import Change, Faults

fault = Faults()


@fault("a till whose stream was found to be a fork goes on issuing in it", "REL-13")
def forked_goes_on() -> Iterable[Change]:
    return [
        (SqliteStream, "stopped", lambda _: ""),
        (station_lives, "why_over", lambda *_: ""),
    ]


@fault("the next life uses the series of the one before", "REL-05")
def series_used_again() -> Iterable[Change]:
    real = station_lives.begin

    def begin(*given: Any) -> Any:
        begun = real(*given)
        told = begun.keys.certificate
        same = msgspec.structs.replace(told, series=told.series.partition("-")[0])
        return msgspec.structs.replace(begun, keys=msgspec.structs.replace(begun.keys, certificate=same))

    return [(station, "begin", begin)]


@fault("what had been sent is not fetched back", "REL-18")
def nothing_comes_back() -> Iterable[Change]:
    async def once(_: Any) -> bool:
        return True

    return [(return_desk.ReturnDesk, "once", once)]


@fault("what contradicts the true log is thrown away", "REL-05")
def forks_thrown_away() -> Iterable[Change]:
    return [(returned, "offer_forks", lambda _: 0)]


@fault("what follows the chain of a closed life is not taken in", "REL-02")
def closed_is_deaf() -> Iterable[Change]:
    real = incoming.receive

    def receive(batch: Any, log: Any, **more: Any) -> Any:
        with log.transaction():
            closed = log.state(batch.stream).closed
        return real(msgspec.structs.replace(batch, messages=()) if closed else batch, log, **more)

    return [(hub_sync, "receive", receive), (relay, "receive", receive)]


@fault("a closed life is not pushed any more", "REL-02")
def closed_is_dumb() -> Iterable[Change]:
    real = StationOutbox.stream

    def stream(self: Any, wanted: Any) -> Any:
        row = self._database.row("SELECT forked FROM uplink WHERE incarnation = ?", (wanted.incarnation,))
        return None if row is not None and row[0] else real(self, wanted)

    return [(StationOutbox, "stream", stream)]
