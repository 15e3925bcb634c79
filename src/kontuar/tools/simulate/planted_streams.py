"""Planted faults: what is durable, pushing and acknowledging, what comes down."""

import itertools
from collections.abc import Iterable
from typing import Any

import msgspec

from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.nodes import hub_sync
from kontuar.operations.agent import relay
from kontuar.operations.incoming import receive as take_push_in
from kontuar.operations.ports.streams import Position
from kontuar.operations.station import approval
from kontuar.storage.sqlite import engine
from kontuar.storage.sqlite.agent.feeds import AgentFeeds, AgentSink
from kontuar.storage.sqlite.agent.stock import AgentStock
from kontuar.storage.sqlite.definitions import SqliteDefinitions
from kontuar.storage.sqlite.stock_view import StockView
from kontuar.storage.sqlite.sync_state import StationSink
from kontuar.sync.downlink import Downlink, Missed, Pause
from kontuar.sync.uplink import Uplink
from kontuar.tools.simulate.planted import Change, Faults

fault = Faults()


# -- what is durable --------------------------------------------------------------------------------------------
@fault("SQLite does not wait for its disk", "REL-04")
def no_sync() -> Iterable[Change]:
    loose = tuple(pragma.replace("FULL", "OFF") for pragma in engine._PRAGMAS)
    return [(engine, "_PRAGMAS", loose)]


@fault("an agent acknowledges before it has stored", "REL-04")
def agent_acknowledges_first() -> Iterable[Change]:
    return [(relay, "receive", _acknowledging_first(take_push_in))]


@fault("the hub acknowledges before it has stored", "REL-04")
def hub_acknowledges_first() -> Iterable[Change]:
    return [(hub_sync, "receive", _acknowledging_first(take_push_in))]


def _acknowledging_first(receive: Any) -> Any:
    """Every eighth push is answered from memory, and stored with the next one only."""
    counter = itertools.count(1)
    waiting: dict[Any, Any] = {}

    def first(batch: Any, log: Any, **more: Any) -> Any:
        key = (id(log), batch.stream)
        late = waiting.pop(key, None)
        if late is not None:
            receive(late, log, **more)
        if next(counter) % 8 or not batch.messages:
            return receive(batch, log, **more)
        told = receive(msgspec.structs.replace(batch, messages=()), log, **more)
        if told.held.seq + 1 != batch.first:
            return receive(batch, log, **more)
        waiting[key] = batch
        last = batch.messages[-1]
        return msgspec.structs.replace(told, held=Position(last.seq, last.hash.hex()))

    return first


@fault("an approval is answered, its transaction was rolled back", "REL-02")
def approval_forgotten() -> Iterable[Change]:
    counter, real = itertools.count(1), approval.approve

    class Rolled(Exception):
        pass

    def approve(station: Any, actor: Any, doc_id: str) -> Any:
        if next(counter) % 40:
            return real(station, actor, doc_id)
        kept: list[Any] = []
        try:
            with station.books.transaction():
                kept.append(real(station, actor, doc_id))
                raise Rolled
        except Rolled:
            return kept[0]

    return [(approval, "approve", approve)]


# -- pushing and acknowledging ----------------------------------------------------------------------------------
@fault("a receiver that went back is not believed", "REL-02")
def no_rewind() -> Iterable[Change]:
    real = Uplink._acknowledge

    def acknowledge(self: Any, ack: Any) -> bool:
        outgoing = self._outbox.stream(ack.stream)
        if outgoing is not None and ack.held.seq < outgoing.held.seq:
            return False
        return bool(real(self, ack))

    return [(Uplink, "_acknowledge", acknowledge)]


@fault("an answer that says less than the one before it counts as a fork", "REL-09")
def every_answer_counts() -> Iterable[Change]:
    real = Uplink._acknowledge

    def acknowledge(self: Any, ack: Any) -> bool:
        outgoing = self._outbox.stream(ack.stream)
        if outgoing is not None and ack.held.seq < outgoing.held.seq:
            self._outbox.stop(ack.stream, "stream.forked")
            return True
        return bool(real(self, ack))

    return [(Uplink, "_acknowledge", acknowledge)]


@fault("the cursor goes to the highest position, whatever lies between", "REL-02")
def gaps_are_taken() -> Iterable[Change]:
    real = take_push_in

    def receive(batch: Any, log: Any, **more: Any) -> Any:
        if len(batch.messages) > 2:
            batch = msgspec.structs.replace(batch, messages=(batch.messages[0], *batch.messages[2:]))
            with log.transaction():
                state = log.state(batch.stream)
                news = [message for message in batch.messages if message.seq > state.held.seq]
                if news:
                    log.append(batch, news)
                state = log.state(batch.stream)
            told = real(msgspec.structs.replace(batch, messages=()), log, **more)
            return msgspec.structs.replace(told, held=state.held, forked=())
        return real(batch, log, **more)

    return [(relay, "receive", receive)]


@fault("a message that comes again is stored as a new one", "REL-02")
def no_deduplication() -> Iterable[Change]:
    real = take_push_in

    def receive(batch: Any, log: Any, **more: Any) -> Any:
        with log.transaction():
            state = log.state(batch.stream)
            again = [message for message in batch.messages if message.seq <= state.held.seq]
            if again and again == list(batch.messages):
                previous, seq, anew = bytes.fromhex(state.held.hash), state.held.seq, []
                for message in again:
                    seq += 1
                    previous = chain_hash(previous, message.payload)
                    anew.append(msgspec.structs.replace(message, seq=seq, hash=previous))
                log.append(batch, anew)
        return real(batch, log, **more)

    return [(hub_sync, "receive", receive)]


@fault("an agent writes the messages anew instead of passing their bytes on", "REL-14")
def rewritten_bytes() -> Iterable[Change]:
    real = take_push_in

    def receive(batch: Any, log: Any, **more: Any) -> Any:
        if batch.first == 1 and batch.messages:
            previous, anew = CHAIN_START, []
            for message in batch.messages:
                payload = message.payload + b" "
                previous = chain_hash(previous, payload)
                anew.append(msgspec.structs.replace(message, payload=payload, hash=previous))
            told = real(msgspec.structs.replace(batch, messages=tuple(anew)), log, **more)
            return msgspec.structs.replace(told, held=Position(batch.messages[-1].seq, batch.messages[-1].hash.hex()))
        return real(batch, log, **more)

    return [(relay, "receive", receive)]


# -- down -------------------------------------------------------------------------------------------------------
@fault("an agent loses a confirmation", "REL-18")
def confirmation_lost() -> Iterable[Change]:
    real, counter = AgentSink.apply_confirmations, itertools.count(1)

    def apply(self: Any, news: Any) -> None:
        lose = len(news.rows) > 0 and not next(counter) % 6
        real(self, msgspec.structs.replace(news, rows=news.rows[1:]) if lose else news)

    return [(AgentSink, "apply_confirmations", apply)]


@fault("a till's cursor moves before the rows are in, in a transaction of its own", "REL-18")
def cursor_before_rows() -> Iterable[Change]:
    real, counter = StationSink.apply_confirmations, itertools.count(1)

    def apply(self: Any, news: Any) -> None:
        real(self, msgspec.structs.replace(news, rows=()) if news.rows and not next(counter) % 5 else news)

    return [(StationSink, "apply_confirmations", apply)]


@fault("an agent tells a till only what is new since the last till asked", "REL-18")
def one_cursor_for_all() -> Iterable[Change]:
    real, newest = AgentFeeds.confirmations_since, {"version": 0}

    def since(self: Any, asker: Any, cursor: Any) -> Any:
        ahead = msgspec.structs.replace(cursor, version=max(cursor.version, newest["version"]))
        found = real(self, asker, ahead)
        newest["version"] = max(newest["version"], found.version)
        return found

    return [(AgentFeeds, "confirmations_since", since)]


@fault("definitions are switched without looking at their checksum, and one row is lost", "REL-10")
def no_checksum() -> Iterable[Change]:
    real, counter = SqliteDefinitions.apply_delta, itertools.count(1)
    switch = SqliteDefinitions._switch

    def apply(self: Any, put: Any, removed: Any, epoch: str, version: int, checksum: int) -> None:
        rows = list(put)
        real(self, rows[1:] if not next(counter) % 3 else rows, removed, epoch, version, checksum)

    def always(self: Any, epoch: str, version: int, found: int, told: int) -> None:  # noqa: ARG001
        switch(self, epoch, version, told, told)

    return [(SqliteDefinitions, "apply_delta", apply), (SqliteDefinitions, "_switch", always)]


@fault("own moves are counted although the agent's figures have them already", "REL-07")
def moves_counted_twice() -> Iterable[Change]:
    real = StockView.take_figures

    def take(self: Any, figures: Any) -> Any:
        return real(self, msgspec.structs.replace(figures, covered=figures.covered[1:]))

    return [(StockView, "take_figures", take)]


@fault("an agent loses one of the hub's figures", "REL-07")
def figure_lost() -> Iterable[Change]:
    real, counter = AgentStock.take, itertools.count(1)

    def take(self: Any, figures: Any) -> None:
        lose = len(figures.rows) > 0 and not figures.full and not next(counter) % 4
        real(self, msgspec.structs.replace(figures, rows=figures.rows[1:]) if lose else figures)

    return [(AgentStock, "take", take)]


@fault("whoever lost the other side five times never asks again", "REL-09")
def asks_no_more() -> Iterable[Change]:
    real = Downlink.step
    missed: dict[int, int] = {}

    def step(self: Any, event: Any) -> Any:
        effect = real(self, event)
        if isinstance(event, Missed):
            missed[id(self)] = missed.get(id(self), 0) + 1
            if missed[id(self)] > 5 and isinstance(effect, Pause):
                return Pause(1e9)
        return effect

    return [(Downlink, "step", step)]
