"""PERF-04 and PERF-09 (hub): this program is the agent of a store and sends what its stations sold."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar import __version__
from kontuar.nodes.machine import MachineClock
from kontuar.operations.known_kinds import SCHEMAS
from kontuar.operations.ports.streams import Position, SealedMessage, StreamId
from kontuar.sync import frames, wire
from kontuar.sync.identity import NodeKeys
from kontuar.tools.bench import bare
from kontuar.tools.bench.chain import PATIENCE_SECONDS, Hub, enrolled
from kontuar.tools.bench.figures import latency, repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.machine import resident_megabytes
from kontuar.tools.bench.shop import SENDING_STORE, STATIONS, Shop
from kontuar.tools.bench.stopwatch import Stopwatch
from kontuar.tools.bench.till import load, opened, sell
from kontuar.tools.replay.node_apis import NodeSaidNo

MEASURED: Final = ("PERF-04", "PERF-09")
FRAMES_PER_REQUEST: Final = 5
KNOWN_ARTICLES: Final = 2_000
_SENDING: Final = tuple(code for code, store in STATIONS.items() if store == SENDING_STORE)
_ONE_BY_ONE: Final = _SENDING[-1]
_ALL: Final = "SELECT seq, payload, hash, signature FROM message ORDER BY seq"


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """What a station of the store wrote into its stream."""

    stream: StreamId
    messages: tuple[SealedMessage, ...]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is ready to go; `messages` in it, `bytes` of their payloads."""

    body: bytes
    messages: int


async def measure(ground: Ground, hub: Hub) -> None:
    """Prepare all requests, send them in batches and one by one, measure the engine beside."""
    sizes = ground.sizes
    ground.tell(f"selling {sizes.hub_documents + sizes.hub_single_documents} receipts to send to the hub")
    agent = await enrolled(hub, ground.folder / "sending-agent", "agent", SENDING_STORE)
    share = sizes.hub_documents // (len(_SENDING) - 1)
    sold = [await _sold(ground, hub, station, share) for station in _SENDING[:-1]]
    single = await _sold(ground, hub, _ONE_BY_ONE, sizes.hub_single_documents)
    if ground.wants("PERF-04"):
        await _in_batches(ground, hub, agent, sold)
        await _one_by_one(ground, hub, agent, single)
        if parked := hub.parked():
            ground.lacks(["PERF-04"], f"{parked} messages were parked: the figures are not of booked documents")
    memory = resident_megabytes(hub.process.pid)
    ground.add(repeated("PERF-09", "hub process, resident", "MB", [memory], target=400.0,
                        note="after all of this run, PostgreSQL not counted"))  # fmt: skip


# -- sending ------------------------------------------------------------------------------------------------------
async def _in_batches(ground: Ground, hub: Hub, agent: NodeKeys, sold: Sequence[Sold]) -> None:
    requests = _in_turn([requests_of(agent, SENDING_STORE, one, wire.MOST_MESSAGES) for one in sold])
    stations = [one.stream.origin for one in sold]
    count = sum(request.messages for request in requests)
    payloads = [message.payload for one in sold for message in one.messages if b"receipt.approved" in message.payload]
    size = sum(len(request.body) for request in requests)
    taken, booked = await asyncio.to_thread(_send, hub, requests, stations)
    copied = await asyncio.to_thread(bare.copied, hub.url, payloads)
    note = f"{count} messages, {len(payloads)} receipts of {ground.sizes.hub_lines} lines, {size / count:.0f} B each"
    ground.add(
        repeated("PERF-04", "receipts in batches, final and booked", "/s", [len(payloads) / booked], target=4000.0,
                 better="higher", beside=[len(payloads) / copied], note=note,
                 limit_name="COPY of the same messages, documents, lines and payments"),
        repeated("PERF-04", "receipts in batches, final", "/s", [len(payloads) / taken], better="higher", note=note),
    )  # fmt: skip


async def _one_by_one(ground: Ground, hub: Hub, agent: NodeKeys, sold: Sold) -> None:
    requests = requests_of(agent, SENDING_STORE, sold, 1, frames_each=1)
    began = time.perf_counter()
    ours = await asyncio.to_thread(_send_timed, hub.process.port, "/sync/v1/push", requests)
    taken = len(ours) / (time.perf_counter() - began)
    _until_booked(hub, [sold.stream.origin], len(sold.messages))
    booked = len(ours) / (time.perf_counter() - began)
    payloads = [message.payload for message in sold.messages if b"receipt.approved" in message.payload]
    bare.empty_tables(hub.url)
    with bare.served(bare.bare_intake, hub.url) as port:
        plain = [Sent(body=payload, messages=1) for payload in payloads]
        began = time.perf_counter()
        beside = await asyncio.to_thread(_send_timed, port, "/", plain)
        limit = len(beside) / (time.perf_counter() - began)
    name = "bare ingest: unsigned, same bytes, one transaction each"
    ground.add(
        repeated("PERF-04", "one message at a time, final, of the bare ingest", "×", [taken / limit], target=0.4,
                 better="higher", note=f"{taken:.0f}/s of {limit:.0f}/s; booked too: {booked:.0f}/s; {name}"),
        latency("PERF-04", "one message at a time, to its acknowledgement", [ours], beside=[beside], limit_name=name),
    )  # fmt: skip


def _send(hub: Hub, requests: Sequence[Sent], stations: Sequence[str]) -> tuple[float, float]:
    """Seconds until all is final, and until all is booked."""
    wanted = sum(request.messages for request in requests)
    began = time.perf_counter()
    _send_timed(hub.process.port, "/sync/v1/push", requests)
    taken = time.perf_counter() - began
    _until_booked(hub, stations, wanted)
    return taken, time.perf_counter() - began


def _send_timed(port: int, path: str, requests: Sequence[Sent]) -> list[float]:
    watch, found = Stopwatch(port), []
    for request in requests:
        watch.send("POST", path, request.body, "application/octet-stream")
        found.append(watch.seconds)
    watch.close()
    return found


def _until_booked(hub: Hub, stations: Sequence[str], wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (done := hub.places(stations)[1]) < wanted:
        if time.monotonic() > deadline:
            raise NodeSaidNo(f"{done} of {wanted} messages booked after {PATIENCE_SECONDS} s")
        time.sleep(0.02)


# -- preparing ----------------------------------------------------------------------------------------------------
async def _sold(ground: Ground, hub: Hub, station: str, count: int) -> Sold:
    keys = await enrolled(hub, ground.folder / f"sending-{station}", "station", station)
    return await asyncio.to_thread(sold_by, ground, keys, station, count, ground.sizes.hub_lines, KNOWN_ARTICLES)


def sold_by(ground: Ground, keys: NodeKeys, station: str, count: int, lines: int, known: int) -> Sold:
    """What a station writes that sells so many receipts of so many lines, knowing so many articles."""
    shop = ground.shop
    few = Shop(definitions=shop.definitions, articles=shop.articles[:known],
               prices=shop.prices[:known], source=shop.source)  # fmt: skip
    with opened(ground.folder / f"sold-{station}", keys) as till:
        load(till, few)
        sell(till, few, count, lines, seed=sum(station.encode()))
        rows = till.books.database.rows(_ALL)
    messages = tuple(SealedMessage(seq, bytes(body), bytes(digest), bytes(sign)) for seq, body, digest, sign in rows)
    return Sold(stream=StreamId(keys.certificate.node, keys.certificate.incarnation), messages=messages)


def requests_of(
    sender: NodeKeys, store: str, sold: Sold, per_frame: int, frames_each: int = FRAMES_PER_REQUEST
) -> list[Sent]:
    """Requests as a node of a store makes them: signed frames of one stream, in its order."""
    made: list[Sent] = []
    parts: list[bytes] = []
    messages = 0
    previous = Position(0, "00" * 32)
    for start in range(0, len(sold.messages), per_frame):
        run = sold.messages[start : start + per_frame]
        parts.append(_frame(sender, store, sold.stream, previous, run))
        messages += len(run)
        previous = Position(run[-1].seq, run[-1].hash.hex())
        if len(parts) == frames_each or start + per_frame >= len(sold.messages):
            made.append(Sent(body=frames.join(parts), messages=messages))
            parts, messages = [], 0
    return made


def _frame(sender: NodeKeys, store: str, stream: StreamId, after: Position, messages: Sequence[SealedMessage]) -> bytes:
    fields = wire.PushFields(
        stream=stream, store=store, first=after.seq + 1, last=messages[-1].seq, prev_hash=after.hash,
        head_hash=messages[-1].hash.hex(), claim=after, schemas=SCHEMAS, certificate=sender.signed,
    )  # fmt: skip
    body = wire.pack_messages(messages)
    return frames.seal(sender.sender(__version__), "push", wire.to_fields(fields), body, MachineClock().now())


def _in_turn(queues: Sequence[Sequence[Sent]]) -> list[Sent]:
    """One request of each stream after the other."""
    most = max(map(len, queues))
    return [queue[turn] for turn in range(most) for queue in queues if turn < len(queue)]
