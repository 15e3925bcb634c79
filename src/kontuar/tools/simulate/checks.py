"""The checkers: plain SQL over every node's own database, against what people saw. None of the code under test.

Each gives the violations it finds, by requirement id; nothing found = it holds.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import apsw
import psycopg

from kontuar.tools.simulate.ground import Machines
from kontuar.tools.simulate.seen import Seen

_APPROVED: Final = ".approved/"
_CHAIN_START: Final = bytes(32)


@dataclass(slots=True)
class Stream:
    """Messages of one (origin, incarnation) as one node holds them: seq → (hash, payload, message id)."""

    messages: dict[int, tuple[bytes, bytes, str]] = field(default_factory=dict)


Streams = dict[tuple[str, str], Stream]


class Books:
    """Everything read once, after the end."""

    def __init__(self, machines: Machines, seen: Seen) -> None:
        self.machines = machines
        self.seen = seen
        self.stations: dict[str, apsw.Connection] = {
            name: apsw.Connection(str(machine.folder / "station.db")) for name, machine in machines.stations.items()
        }
        self.agents: dict[str, apsw.Connection] = {
            name: apsw.Connection(str(machine.folder / "agent.db")) for name, machine in machines.agents.items()
        }
        self.hub = psycopg.connect(machines.hub.url, autocommit=True)
        self.at_station = {name: self._of_station(name) for name in self.stations}
        self.at_agent = {name: self._of_agent(name) for name in self.agents}
        self.at_hub = self._of_hub()
        self.forked = _grouped(
            self.hub.execute(
                "SELECT origin, incarnation, seq, hash, payload, message_id FROM forked_message"
            ).fetchall(),
            by_hash=True,
        )
        """What contradicted a stream, kept aside for a person: sales that did happen."""
        self.undecided = {
            bytes(row[0])
            for row in self.hub.execute("SELECT message_hash FROM verification_item WHERE state = 'parked'")
        }

    def close(self) -> None:
        """Let go of all databases."""
        for connection in [*self.stations.values(), *self.agents.values()]:
            connection.close()
        self.hub.close()

    def _of_station(self, name: str) -> Streams:
        rows = self.stations[name].execute("SELECT incarnation, seq, hash, payload, message_id FROM message")
        return _grouped((name, *row) for row in rows)

    def _of_agent(self, name: str) -> Streams:
        rows = self.agents[name].execute("SELECT origin, incarnation, seq, hash, payload, message_id FROM message")
        return _grouped(rows)

    def _of_hub(self) -> Streams:
        rows = self.hub.execute("SELECT origin, incarnation, seq, hash, payload, message_id FROM message").fetchall()
        return _grouped(rows)


def _bytes(value: Any) -> bytes:
    return bytes(value)


def _grouped(rows: Any, *, by_hash: bool = False) -> Streams:
    found: Streams = defaultdict(Stream)
    for number, (origin, incarnation, seq, digest, payload, message_id) in enumerate(rows):
        place = number if by_hash else seq
        found[origin, incarnation].messages[place] = (bytes(digest), bytes(payload), message_id)
    return found


def _newest_lives(connection: apsw.Connection) -> set[str]:
    """The life of each station whose certificate opened its stream last: no later one closed it."""
    opened: dict[str, tuple[int, str]] = {}
    for origin, incarnation, ordinal in connection.execute("SELECT origin, incarnation, ordinal FROM stream"):
        opened[origin] = max(opened.get(origin, (0, "")), (ordinal, incarnation))
    return {incarnation for _, incarnation in opened.values()}


def _chains(books: Books) -> Iterator[str]:
    """REL-14: every stream at every node is gapless and hashes from its beginning."""
    holders = [("hub", books.at_hub), *books.at_agent.items(), *books.at_station.items()]
    for holder, streams in holders:
        for (origin, incarnation), stream in streams.items():
            previous = _CHAIN_START
            for expected, seq in enumerate(sorted(stream.messages), 1):
                digest, payload, _ = stream.messages[seq]
                if seq != expected:
                    yield f"{holder}: stream {origin} {incarnation} has {seq} where {expected} should be"
                    break
                if hashlib.sha256(b"doc/1" + previous + payload).digest() != digest:
                    yield f"{holder}: message {seq} of {origin} does not follow its predecessor"
                    break
                previous = digest


def _arrived(books: Books) -> Iterator[str]:
    """REL-02, REL-04: what a station holds, its agent and the hub hold, the same bytes."""
    for name, streams in books.at_station.items():
        if name in books.seen.lost_disks:
            continue
        agent = books.at_agent[books.machines.agent_of[name]]
        for stream_id, stream in streams.items():
            for place, there in (("agent", agent), ("hub", books.at_hub)):
                held = there.get(stream_id, Stream()).messages
                for seq, (digest, payload, _) in stream.messages.items():
                    other = held.get(seq)
                    if other is None:
                        yield f"{place} lacks message {seq} of {name}"
                    elif other[:2] != (digest, payload):
                        yield f"{place} has other bytes for message {seq} of {name}"
                for seq in held.keys() - stream.messages.keys():
                    yield f"{place} holds message {seq} of {name}, which {name} does not"


def _issued(books: Books) -> Iterator[str]:
    """REL-02: whose receipt was issued is at the hub exactly once, with that number."""
    where: Counter[str] = Counter()
    for streams in (books.at_hub, books.forked):
        for stream in streams.values():
            for _, payload, message_id in stream.messages.values():
                if _APPROVED in str(json.loads(payload)["kind"]):
                    where[message_id] += 1
    rows = books.hub.execute("SELECT doc_id::text, number, gross FROM document").fetchall()
    booked = {doc_id: (number, gross) for doc_id, number, gross in rows}
    parked = {row[0] for row in books.hub.execute("SELECT doc_id FROM confirmation WHERE state = 'parked'")}
    parked |= {row[0] for row in books.hub.execute("SELECT doc_id FROM verification_item WHERE state = 'parked'")}
    for doc_id, issued in books.seen.issued.items():
        if where[doc_id] == 0 and (issued.station in books.seen.lost_disks or doc_id in books.seen.destroyed):
            continue
        sold_again = issued.station in books.seen.restored and where[doc_id] > 1
        if sold_again and doc_id in parked:
            continue  # an old draft of a till that was set back, sold a second time: a person decides
        if where[doc_id] != 1:
            yield f"{issued.number} was issued and is {where[doc_id]} times at the hub"
        elif doc_id in booked and booked[doc_id][0] != issued.number:
            yield f"{issued.number} was issued, the hub booked {booked[doc_id]}"
        elif doc_id not in booked and doc_id not in parked:
            yield f"{issued.number} came to the hub and is neither booked nor parked"


def _nothing_invented(books: Books) -> Iterator[str]:
    """REL-03: the hub holds no document that no station attempted."""
    for doc_id, number in books.hub.execute("SELECT doc_id::text, number FROM document").fetchall():
        if doc_id not in books.seen.attempted:
            yield f"{number} was never attempted"


def _numbers(books: Books) -> Iterator[str]:
    """REL-05: numbers of a series are gapless and come once; times in a series never go back."""
    rows = books.hub.execute(
        "SELECT store, type, series, period, ordinal, approved_at, number FROM document"
        " ORDER BY store, type, series, period, ordinal"
    ).fetchall()
    parked = {row[0] for row in books.hub.execute("SELECT doc_id FROM confirmation WHERE state = 'parked'")}
    before: dict[tuple[str, ...], tuple[int, Any]] = {}
    for store, kind, series, period, ordinal, at, number in rows:
        key = (store, kind, series, period)
        last, last_at = before.get(key, (0, None))
        if ordinal == last:
            yield f"{number} is there twice"
        elif ordinal != last + 1 and not parked:
            yield f"before {number} numbers are missing (the last was {last})"
        if last_at is not None and at < last_at:
            yield f"{number} is older than the number before it"
        before[key] = (ordinal, at)


def _money(books: Books) -> Iterator[str]:
    """REL-06: what messages move is what lies in each drawer; what booked documents move is the hub's ledger."""
    told: Counter[tuple[str, str, str]] = Counter()
    of_documents: Counter[tuple[str, str, str]] = Counter()
    for streams in [*books.at_hub.values(), *books.forked.values()]:
        for digest, payload, _ in streams.messages.values():
            message = json.loads(payload)
            for move in message["body"].get("cash_moves", ()):
                key = move["register"], move["form"], move["currency"]
                told[key] += move["amount"]
                if not message["kind"].startswith("shift.") and digest not in books.undecided:
                    of_documents[key] += move["amount"]
    for name, connection in books.stations.items():
        if name in books.seen.lost_disks:
            continue
        for register, form, currency, amount in connection.execute(
            "SELECT register, form, currency, amount FROM cash_balance"
        ):
            if told[register, form, currency] != amount:
                yield f"{name}: {form} {currency} is {amount}, its messages make {told[register, form, currency]}"
    ledger: Counter[tuple[str, str, str]] = Counter()
    for register, form, currency, amount in books.hub.execute(
        "SELECT register, form, currency, sum(amount)::bigint FROM cash_move GROUP BY 1, 2, 3"
    ):
        ledger[register, form, currency] += amount
    for key in of_documents.keys() | ledger.keys():
        if of_documents[key] != ledger[key]:
            yield f"hub: documents move {of_documents[key]} of {key}, its ledger says {ledger[key]}"


def _stock(books: Books) -> Iterator[str]:
    """REL-07: per warehouse and article, opening + moves; hub, agent and station say the same."""
    moved: Counter[tuple[str, str]] = Counter()
    for article, place_from, place_to, quantity in books.hub.execute(
        "SELECT article, from_place, to_place, quantity_e4 FROM stock_move"
    ).fetchall():
        moved[place_from, article] -= quantity
        moved[place_to, article] += quantity
    unbooked: Counter[tuple[str, str]] = Counter()
    balance: Counter[tuple[str, str]] = Counter()
    for warehouse, article, quantity, waiting in books.hub.execute(
        "SELECT warehouse, article, quantity_e4, unbooked_e4 FROM stock_balance"
    ).fetchall():
        balance[warehouse, article] = quantity
        unbooked[warehouse, article] = waiting
    for key in {key for key in moved.keys() | balance.keys() if key[0].endswith("M")}:
        if moved[key] != balance[key]:
            yield f"hub: {key} is {balance[key]}, its moves make {moved[key]}"
    for name, connection in [*books.agents.items(), *books.stations.items()]:
        here: Counter[tuple[str, str]] = Counter()
        for warehouse, article, quantity in connection.execute(
            "SELECT warehouse, article, quantity_e4 FROM stock_base"
        ):
            here[warehouse, article] += quantity
        for warehouse, article, quantity in connection.execute(
            "SELECT warehouse, article, quantity_e4 FROM stock_pending"
        ):
            here[warehouse, article] += quantity
        store = name.partition("@")[2] or name.partition("T")[0]
        for key in {key for key in balance.keys() | here.keys() if key[0] == f"{store}M"}:
            if here[key] != balance[key] + unbooked[key]:
                yield f"{name}: {key} is {here[key]}, at the hub {balance[key] + unbooked[key]}"


def _definitions(books: Books) -> Iterator[str]:
    """REL-10: every node holds exactly what the hub says for its store, of one version."""
    rows = books.hub.execute("SELECT version FROM definition_feed").fetchone()
    newest = rows[0] if rows else 0
    prices: dict[str, str] = dict(
        books.hub.execute("SELECT key, encode(sha256(body), 'hex') FROM definition WHERE kind = 'price'").fetchall()
    )
    for name, connection in [*books.agents.items(), *books.stations.items()]:
        held = {
            key: hashlib.sha256(bytes(body)).hexdigest()
            for key, body in connection.execute("SELECT key, body FROM definition WHERE kind = 'price'")
            if body is not None
        }
        if held != prices:
            yield f"{name}: prices are not those of version {newest}"


def _queues(books: Books) -> Iterator[str]:
    """REL-09: nothing waits any more, at no node; nothing is stopped."""
    for name, connection in books.stations.items():
        for incarnation, held, final, forked in connection.execute(
            "SELECT incarnation, held_seq, final_seq, forked FROM uplink"
        ):
            (head,) = connection.execute(
                "SELECT max(seq) FROM message WHERE incarnation = ?", (incarnation,)
            ).fetchall()[0]
            running = incarnation == books.machines.stations[name].node.station.identity.incarnation
            if forked == 1 or (forked and running) or (head or 0) != held or held != final:
                yield f"{name}: head {head}, held {held}, final {final}, forked {forked}"
    for name, connection in books.agents.items():
        newest = _newest_lives(connection)
        for origin, incarnation, held, hub, closed, stopped in connection.execute(
            "SELECT origin, incarnation, held_seq, hub_seq, closed, stopped FROM stream"
        ):
            if held != hub or (closed and incarnation in newest) or stopped:
                yield f"{name}: stream {origin} held {held}, at the hub {hub}, closed {closed}, stopped {stopped}"
    for origin, seq, processed in books.hub.execute(
        "SELECT origin, seq, processed_seq FROM stream WHERE processed_seq < seq"
    ).fetchall():
        yield f"hub: stream {origin} has {seq}, looked at {processed}"


def _decided(books: Books) -> Iterator[str]:
    """Nothing that was sold by the rules waits for a person, but what two tills did to one draft."""
    expected = {"document.draft_approved_twice"}
    if books.seen.restored:
        expected |= {"stream.forked", "message.id_conflict", "shift.documents_differ"}
    for reason, number in books.hub.execute("SELECT reason, count(*) FROM verification_item GROUP BY 1").fetchall():
        if reason not in expected:
            yield f"hub: {number} wait for a person: {reason}"


def _confirmed(books: Books) -> Iterator[str]:
    """What the hub decided of a document, its station and its agent know."""
    latest: dict[str, tuple[str, str]] = {}
    for doc_id, origin, state in books.hub.execute(
        "SELECT doc_id, origin, state FROM confirmation ORDER BY store, version"
    ).fetchall():
        if state in ("booked", "parked"):
            latest[doc_id] = (origin, state)
    for doc_id, (origin, state) in latest.items():
        if origin not in books.stations or origin in books.seen.lost_disks:
            continue
        agent = books.machines.agent_of[origin]
        for place, connection in ((origin, books.stations[origin]), (agent, books.agents[agent])):
            row = connection.execute("SELECT state FROM confirmation WHERE doc_id = ?", (doc_id,)).fetchall()
            if not row or row[0][0] != state:
                yield f"{place} does not know that {doc_id} is {state}"


def _parked_documents(books: Books) -> Iterator[str]:
    """REL-18, PARK-03: with everything quiet, each till lists the store's parked documents as the agent has them."""
    for agent, connection in books.agents.items():
        there = set(
            connection.execute(
                "SELECT doc_id, max(version) FROM parked_document JOIN parked_version USING (doc_id) GROUP BY doc_id"
            )
        )
        for name, its_agent in books.machines.agent_of.items():
            if its_agent != agent:
                continue
            rows = books.stations[name].execute("SELECT doc_id, row FROM parked").fetchall()
            here = {(doc_id, json.loads(_bytes(row))["version"]) for doc_id, row in rows}
            if here != there:
                yield f"{name} lists other parked documents than {agent}: {sorted(here ^ there)}"


def _buffer(books: Books) -> Iterator[str]:
    """PARK-08: what was approved has left the store's buffer, or names what was made of it."""
    approved = {row[0] for row in books.hub.execute("SELECT doc_id::text FROM document").fetchall()}
    for agent, connection in books.agents.items():
        for doc_id, state in connection.execute("SELECT doc_id, state FROM parked_document"):
            if doc_id in approved and not json.loads(_bytes(state)).get("approved_as"):
                yield f"{agent} still offers {doc_id}, which is approved"


def _tokens(books: Books) -> Iterator[str]:
    """REL-11: each version of a parked document was saved under a token not below that of the one before."""
    for agent, connection in books.agents.items():
        highest: dict[str, int] = {}
        rows = connection.execute("SELECT doc_id, version, token FROM parked_version ORDER BY doc_id, version")
        for doc_id, version, token in rows:
            if token and token < highest.get(doc_id, 0):
                yield f"{agent}: version {version} of {doc_id} was saved under an older token"
            highest[doc_id] = max(token, highest.get(doc_id, 0))


CHECKS: Final[dict[str, Callable[[Books], Iterator[str]]]] = {
    "REL-14 chains": _chains,
    "REL-02 arrived": _arrived,
    "REL-02 issued": _issued,
    "REL-03 invented": _nothing_invented,
    "REL-05 numbers": _numbers,
    "REL-06 money": _money,
    "REL-07 stock": _stock,
    "REL-09 queues": _queues,
    "REL-10 definitions": _definitions,
    "REL-18 confirmed": _confirmed,
    "REL-18 parked": _parked_documents,
    "PARK-08 buffer": _buffer,
    "REL-11 tokens": _tokens,
    "REL-09 decided": _decided,
}


def violations(machines: Machines, seen: Seen) -> list[str]:
    """Everything that does not hold, each with the check's name first."""
    try:
        books = Books(machines, seen)
    except apsw.Error as error:
        return [f"REL-04 readable: a database cannot be read: {error}"]
    try:
        return [f"{name}: {each}" for name, check in CHECKS.items() for each in check(books)]
    finally:
        books.close()
