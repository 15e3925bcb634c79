"""Every node's own database, read once with plain SQL after the end; none of the code under test."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import apsw
import psycopg

from kontuar.tools.simulate.chain import StationMachine
from kontuar.tools.simulate.ground import Machines
from kontuar.tools.simulate.seen import Seen

APPROVED: Final = ".approved/"
OPENED: Final = "shift.opened/"


@dataclass(slots=True)
class Stream:
    """Messages of one (origin, incarnation) as one node holds them: seq → (hash, payload, message id)."""

    messages: dict[int, tuple[bytes, bytes, str]] = field(default_factory=dict)
    begins: tuple[int, bytes] = (0, bytes(32))
    """Up to where it was let go of, with the hash there (REL-17)."""


Streams = dict[tuple[str, str], Stream]


class Approved(NamedTuple):
    """An approved document as the hub was told of it. `draft`: what it was made of, where that is something else."""

    doc_id: str
    origin: str
    digest: bytes
    body: dict[str, Any]
    draft: str


class Books:
    """Everything read once, after the end."""

    def __init__(self, machines: Machines, seen: Seen) -> None:
        self.machines = machines
        self.seen = seen
        self.stations: dict[str, apsw.Connection] = {
            name: _opened(machine) for name, machine in machines.stations.items()
        }
        self.second: list[tuple[str, apsw.Connection]] = [
            (machine.name, _opened(machine)) for machine in machines.second() if not machine.stands_by
        ]
        """(station, books) of machines whose place another one has; they came back, and run."""
        self.agents: dict[str, apsw.Connection] = {
            name: apsw.Connection(str(machine.folder / "agent.db")) for name, machine in machines.agents.items()
        }
        self.hub = psycopg.connect(machines.hub.url, autocommit=True)
        self.at_station = {name: _of_station(name, books) for name, books in self.stations.items()}
        self.at_agent = {name: self._of_agent(name) for name in self.agents}
        self.at_hub = self._of_hub()
        self.forked = _grouped(
            self.hub.execute(
                "SELECT origin, incarnation, seq, hash, payload, message_id FROM forked_message"
            ).fetchall(),
            by_hash=True,
        )
        """What contradicted a stream, kept aside for a person: sales that did happen."""
        self._place_of: dict[str, tuple[tuple[str, str], int]] = {}
        self.at_second = [(name, _of_station(name, books)) for name, books in self.second]
        self.undecided = {
            bytes(row[0])
            for row in self.hub.execute("SELECT message_hash FROM verification_item WHERE state = 'parked'")
        }

    def approved(self) -> Iterator[Approved]:
        """Every approval in a stream of the hub; those that contradict a stream are not among them."""
        for (origin, _), stream in self.at_hub.items():
            for digest, payload, message_id in stream.messages.values():
                if APPROVED.encode() in payload:
                    message = json.loads(payload)
                    if APPROVED in message["kind"]:
                        yield Approved(
                            message_id, origin, digest, message["body"], _draft_of(message_id, message["body"])
                        )

    def was_pruned(self, place: str, doc_id: str) -> bool:
        """Whether a node let go of a message that head office has."""
        if not self._place_of:
            for stream_id, stream in self.at_hub.items():
                for seq, (_, _, message_id) in stream.messages.items():
                    self._place_of[message_id] = (stream_id, seq)
        streams = self.at_station.get(place) or self.at_agent.get(place, {})
        stream_id, seq = self._place_of.get(doc_id, (("", ""), 0))
        return stream_id in streams and 0 < seq <= streams[stream_id].begins[0]

    def pruned_messages(self, station: str) -> dict[str, tuple[str, bytes]]:
        """Messages that a station let go of → their life, and their hash at head office."""
        marks = {stream_id: stream.begins[0] for stream_id, stream in self.at_station[station].items()}
        return {
            message_id: (stream_id[1], digest)
            for stream_id, last in marks.items()
            for seq, (digest, _, message_id) in self.at_hub.get(stream_id, Stream()).messages.items()
            if seq <= last
        }

    def close(self) -> None:
        """Let go of all databases."""
        for connection in [*self.stations.values(), *self.agents.values(), *(books for _, books in self.second)]:
            connection.close()
        self.hub.close()

    def _of_agent(self, name: str) -> Streams:
        rows = self.agents[name].execute("SELECT origin, incarnation, seq, hash, payload, message_id FROM message")
        return _with_marks(_grouped(rows), self.agents[name])

    def _of_hub(self) -> Streams:
        rows = self.hub.execute("SELECT origin, incarnation, seq, hash, payload, message_id FROM message").fetchall()
        return _grouped(rows)


def _draft_of(doc_id: str, body: dict[str, Any]) -> str:
    links = body.get("links", ())
    return next((link["doc_id"] for link in links if link["kind"] == "approved_from"), doc_id)


def _opened(machine: StationMachine) -> apsw.Connection:
    return apsw.Connection(str(machine.folder / "station.db"))


def _of_station(name: str, books: apsw.Connection) -> Streams:
    rows = books.execute("SELECT incarnation, seq, hash, payload, message_id FROM message")
    return _with_marks(_grouped((name, *row) for row in rows), books)


def _with_marks(streams: Streams, books: apsw.Connection) -> Streams:
    for origin, incarnation, seq, digest in books.execute("SELECT origin, incarnation, seq, hash FROM pruned_to"):
        streams[origin, incarnation].begins = (seq, bytes(digest))
    return streams


def _grouped(rows: Any, *, by_hash: bool = False) -> Streams:
    found: Streams = defaultdict(Stream)
    for number, (origin, incarnation, seq, digest, payload, message_id) in enumerate(rows):
        place = number if by_hash else seq
        found[origin, incarnation].messages[place] = (bytes(digest), bytes(payload), message_id)
    return found
