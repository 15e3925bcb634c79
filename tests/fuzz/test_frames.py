"""Frames that nobody would send: spoiled, cut, signed nonsense, bombs; against a real agent and a real hub (SEC-04).

Nothing answers 5xx, hangs or grows; what could not be read is kept, and an honest push goes through afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub_server import HubServer
from kontuar.kernel.canonical import content_hash, encode
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import MachineClock
from kontuar.sync import frames, wire
from kontuar.sync.identity import NodeKeys, enrol
from kontuar.sync.transport import HttpTransport
from kontuar.sync.uplink import Push, Woken
from kontuar.tools.bench.machine import resident_megabytes
from postgres_fixture import fresh_database, open_temporary_folder
from sync_chain import Till
from sync_hub import HubDouble, agent_process, served

pytestmark = [pytest.mark.fuzz, pytest.mark.postgres, pytest.mark.timeout(300)]

EXAMPLES = 100
LONGEST_SECONDS = 10.0
MOST_GROWTH_MB = 150.0
POSTS = ("/sync/v1/push", "/sync/v1/down", "/sync/v1/ask", "/sync/v1/enrol")

gentle = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


class Node(msgspec.Struct, frozen=True):
    """A running node, a till certified for it, the messages it holds, and the frames it kept unread."""

    url: str
    client: httpx.Client
    process: int
    till: Till
    payloads: Callable[[], list[bytes]]
    unreadable: Callable[[], int]


@pytest.fixture(scope="module")
def hub(postgres_server: str) -> Iterator[Node]:
    with (
        open_temporary_folder() as folder,
        fresh_database(postgres_server) as url,
        HubServer(folder, url, (extend_sync,)) as server,
    ):
        code = server.client.post("/api/v1/enrolment-codes", json={"kind": "station", "node": "K1"}).json()["code"]
        till = Till(folder / "till", MachineClock(), asyncio.run(_enrolled(folder / "keys", server.url, code)))  # type: ignore[arg-type]

        def rows(query: str) -> list[Any]:
            with psycopg.connect(url) as connection:
                return [row[0] for row in connection.execute(query).fetchall()]

        client = httpx.Client(base_url=server.url, timeout=LONGEST_SECONDS)
        held = "SELECT payload FROM message WHERE origin = 'K1' ORDER BY seq"
        yield Node(
            server.url, client, os.getpid(), till, lambda: [bytes(row) for row in rows(held)],
            lambda: rows("SELECT count(*) FROM unreadable_frame")[0],
        )  # fmt: skip


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("frames")
    ready: Future[Node] = Future()
    over = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_agent(folder, ready, over)))
    thread.start()
    try:
        yield ready.result(120)
    finally:
        over.set()
        thread.join(30)


async def _agent(folder: Path, ready: Future[Node], over: threading.Event) -> None:
    try:
        hub_double = HubDouble(folder)
        async with served(hub_double.app) as url:
            with agent_process(folder / "agent", url) as process:
                address = (await process.address()).url
                keys = await _enrolled(folder / "keys", address, "T1-CODE")
                till = Till(folder / "till", MachineClock(), keys)  # type: ignore[arg-type]
                metrics = lambda: httpx.get(f"{address}/metrics", timeout=10).text  # noqa: E731
                assert process._process is not None
                ready.set_result(
                    Node(address, httpx.Client(base_url=address, timeout=LONGEST_SECONDS), process._process.pid, till,
                         lambda: [payload for _, payload in hub_double.payloads(till.id)],
                         lambda: _figure(metrics(), "unreadable"))
                )  # fmt: skip
                await asyncio.to_thread(over.wait)
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise


def _figure(metrics: str, word: str) -> int:
    """The sum of the figures whose name has the word."""
    lines = [line for line in metrics.splitlines() if word in line and not line.startswith("#")]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))


async def _enrolled(folder: Path, url: str, code: str) -> NodeKeys:
    transport = HttpTransport(url)
    try:
        return await enrol(folder, transport, code=code, kind="station", new_incarnation="fuzz-1", build="1")
    finally:
        await transport.close()


@pytest.fixture(params=["agent", "hub"])
def node(request: pytest.FixtureRequest) -> Node:
    found: Node = request.getfixturevalue(request.param)
    return found


def real_push(node: Node) -> bytes:
    if not node.till.payloads():
        node.till.sell()
        node.till.sell(note="ł" * 500)
    effect = node.till.new_uplink().step(Woken())
    assert isinstance(effect, Push)
    return effect.body


def signed(keys: NodeKeys, kind: str, fields: Any, body: bytes = b"", *, packed: bytes | None = None) -> bytes:
    """A request with one rightly signed frame, whatever is in it; `packed`: a body compressed by hand."""
    sender = keys.sender("1")
    sent = body if packed is None else packed
    header = {
        "kind": kind, "protocol": frames.PROTOCOL, "node": sender.node, "incarnation": sender.incarnation, "at": "",
        "build": "1", "body_hash": content_hash(sent).hex(), "encoding": "plain" if packed is None else "zstd",
        "fields": fields,
    }  # fmt: skip
    head = encode(header)
    bare = frames.MAGIC + struct.pack(">I", len(head)) + head + sent
    return frames.join([bare + sender.sign(bare)])


def wrong_with(node: Node, path: str, body: bytes) -> str:
    """What is wrong with the answer; empty = it is a good one."""
    answer = node.client.post(path, content=body)
    if answer.status_code >= 500:
        return f"{path} {answer.status_code} {answer.text[:300]} for {body[:200]!r}"
    if answer.status_code >= 400 and not answer.json()["problems"][0]["code"]:
        return f"{path} a refusal without a reason"
    return ""


def fields_of(node: Node, kind: str) -> dict[str, Any]:
    """The right fields of each kind, as plain values."""
    keys = node.till.keys
    certificate = msgspec.to_builtins(keys.signed)
    pushed = frames.peek(frames.split(real_push(node))[0]).fields
    nothing = {"epoch": "", "version": 0}
    definitions = {"epoch": "", "version": 0, "checksum": "", "rows": 0}
    down = {
        "store": keys.certificate.store, "confirmations": nothing, "stock": nothing, "definitions": definitions,
        "wait_seconds": 0, "certificate": certificate,
    }  # fmt: skip
    return {"push": pushed, "down": down, "ask": {"question": "document", "certificate": certificate}}[kind]


@gentle
@given(data=st.data())
def spoil(node: Node, found: list[str], data: st.DataObject) -> None:
    body = bytearray(real_push(node))
    how = data.draw(st.sampled_from(["flip", "cut", "insert", "twice", "length"]))
    place = data.draw(st.integers(0, len(body) - 1))
    if how == "flip":
        body[place] ^= data.draw(st.integers(1, 255))
    elif how == "cut":
        del body[place:]
    elif how == "insert":
        body[place:place] = data.draw(st.binary(min_size=1, max_size=50))
    elif how == "length":
        body[:4] = struct.pack(">I", data.draw(st.integers(0, 2**32 - 1)))
    else:
        body += body[place:]
    found.append(wrong_with(node, data.draw(st.sampled_from(POSTS)), bytes(body)))


@gentle
@given(kind=st.sampled_from(["push", "down", "ask"]), data=st.data())
def say_nonsense(node: Node, found: list[str], kind: str, data: st.DataObject) -> None:
    fields = fields_of(node, kind)
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(anything)
    if kind == "down" and isinstance(fields.get("wait_seconds"), (int, float)):
        fields["wait_seconds"] = 0
    body = data.draw(st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
    found.append(wrong_with(node, f"/sync/v1/{kind}", signed(node.till.keys, kind, fields, body)))


@gentle
@given(data=st.binary(max_size=400), path=st.sampled_from(POSTS))
def send_bytes(node: Node, found: list[str], data: bytes, path: str) -> None:
    found.append(wrong_with(node, path, data))


def test_spoiled_nonsensical_and_random_frames_are_refused_in_words(node: Node) -> None:
    """SEC-04, SEC-02."""
    found: list[str] = []
    for fuzz in (spoil, say_nonsense, send_bytes):
        fuzz(node, found)
    assert not list(filter(None, found)), "\n".join(list(filter(None, found))[:10])
    assert node.unreadable() > 0, "what could not be read is kept and counted"
    node.client.post("/sync/v1/push", content=real_push(node)).raise_for_status()
    sold = [payload for _, payload in node.till.payloads()]
    for _ in range(100):
        if node.payloads()[: len(sold)] == sold:
            break
        threading.Event().wait(0.1)
    assert node.payloads() == sold, "nothing that was made up was taken; the honest messages are there, byte for byte"


def bombs(node: Node) -> list[tuple[str, bytes]]:
    """Small requests that would like to be large, or deep."""
    keys, push = node.till.keys, fields_of(node, "push")
    deep = b"[" * 60_000
    nested = json.loads("[" * 200 + "]" * 200)
    return [
        ("/sync/v1/push", signed(keys, "push", push, packed=zstandard.compress(bytes(10**9)))),
        ("/sync/v1/push", signed(keys, "push", push, packed=zstandard.compress(zstandard.compress(bytes(10**9))))),
        ("/sync/v1/ask", signed(keys, "ask", fields_of(node, "ask"), packed=zstandard.compress(bytes(10**9)))),
        ("/sync/v1/ask", signed(keys, "ask", fields_of(node, "ask"), deep)),
        ("/sync/v1/push", signed(keys, "push", {**push, "certificate": nested})),
        ("/sync/v1/push", frames.join([frames.MAGIC + struct.pack(">I", len(deep)) + deep + bytes(64)])),
        ("/sync/v1/push", frames.join([frames.MAGIC + struct.pack(">I", 2**32 - 1) + bytes(100)])),
        ("/sync/v1/push", bytes(4) * 1_000_000),
        ("/sync/v1/push", struct.pack(">I", 2**31) + b"x"),
        ("/sync/v1/enrol", b'{"code":"' + b"A" * 2_000_000 + b'"}'),
        ("/sync/v1/enrol", deep),
        ("/sync/v1/push", signed(keys, "push", push, wire.pack_messages([]) + bytes(10**6))),
    ]


def test_bombs_neither_fill_the_memory_nor_stop_a_node(node: Node) -> None:
    """SEC-04: zip bombs, lengths that lie, deep nesting."""
    requests = bombs(node)
    before = resident_megabytes(node.process)
    wrong = [wrong_with(node, path, body) for path, body in requests for _ in range(2)]
    assert not list(filter(None, wrong)), "\n".join(filter(None, wrong))
    assert resident_megabytes(node.process) - before < MOST_GROWTH_MB
    assert httpx.get(f"{node.url}/health", timeout=10).status_code == 200


def test_snapshots_are_given_to_nobody_who_cannot_prove_himself(node: Node) -> None:
    """SEC-02, SEC-04."""
    for name in ("x", "..%2f..%2fetc%2fpasswd", "%00", "a" * 4_000):
        for proof in ("", "Frame", "Frame ====", "Frame " + "A" * 8_000, "Basic eDp5"):
            headers = {"Authorization": proof, "Range": "bytes=9999999999999999999-"}
            answer = httpx.get(f"{node.url}/sync/v1/snapshots/{name}", headers=headers, timeout=10)
            assert 400 <= answer.status_code < 500, (name, proof, answer.status_code, answer.text[:200])
