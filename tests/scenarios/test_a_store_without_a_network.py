"""A till in a place without a network: prices come in a file, documents leave in a file, and so do the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import structlog
from typer.testing import CliRunner, Result

from hub_server import HubServer
from kontuar import __version__
from kontuar.kernel.canonical import decode
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import this_machine
from kontuar.nodes.return_desk import ReturnDesk
from kontuar.nodes.running import NODE_FILE
from kontuar.nodes.settings import StationSettings
from kontuar.nodes.station import DATABASE_FILE, IDENTITY_FOLDER, StationNode
from kontuar.operations.station import approval, payments, shifts, till
from kontuar.sync.identity import NodeKeys, enrol, load_identity
from kontuar.sync.keyring import fault_of_seal
from kontuar.sync.transport import HttpTransport
from kontuar.tools.cli import app
from postgres_fixture import fresh_database, open_temporary_folder
from shop import actor_of

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]
T = TypeVar("T")
PARTS = (extend_sync, extend_documents, extend_exchange)


@pytest.fixture
def hub(postgres_server: str) -> Iterator[HubServer]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres_server))
        folder = stack.enter_context(open_temporary_folder())
        yield stack.enter_context(HubServer(folder, url, PARTS))


def enrolled(hub: HubServer, folder: Path, kind: str, node: str) -> NodeKeys:
    """At head office, before the machine is carried to its place."""
    answer = hub.client.post("/api/v1/enrolment-codes", json={"kind": kind, "node": node})
    assert answer.status_code in (200, 201), answer.text

    async def ask() -> NodeKeys:
        transport = HttpTransport(hub.url)
        try:
            return await enrol(
                folder / IDENTITY_FOLDER, transport, code=answer.json()["code"], kind=kind,
                new_incarnation=f"{node.lower()}-1", build=__version__,
            )  # fmt: skip
        finally:
            await transport.close()

    return asyncio.run(ask())


class LoneStation:
    """The real node of a till that is never started: nothing it does needs a network."""

    def __init__(self, folder: Path) -> None:
        keys = load_identity(folder / IDENTITY_FOLDER)
        assert keys is not None
        self._loop = asyncio.new_event_loop()
        settings = StationSettings(data=folder, agent_url="http://127.0.0.1:9", station="K1")
        self.node = StationNode(settings, keys, this_machine())

    def take(self, content: bytes) -> Any:
        return self._done(self.node.desk.exchange.take(content))

    def make(self) -> bytes:
        return self._done(self.node.desk.exchange.make()).content

    def sell(self, code: str) -> tuple[str, int]:
        """(number, what the customer paid) of a receipt."""
        who, station = actor_of(operator="SZEF"), self.node.station

        def work() -> tuple[str, int]:
            if station.books.cash.open_shift() is None:
                shifts.open_shift(station, who, "0")
            draft = till.begin(station, who, "receipt")
            till.scan(station, who, draft.doc_id, code)
            payments.assign(station, who, draft.doc_id, "cash", "")
            document = approval.approve(station, who, draft.doc_id)
            return document.number, document.totals.gross

        return self._done(self.node.lane(work))

    def confirmed(self) -> list[tuple[Any, ...]]:
        return list(self._rows("SELECT state, gid, reason FROM confirmation ORDER BY gid"))

    def documents(self) -> list[str]:
        return [number for (number,) in self._rows("SELECT number FROM document WHERE state = 'approved'")]

    def waiting(self) -> int:
        return int(self._done(self.node.lane(self.node.station.books.stream.waiting)))

    def _rows(self, sql: str) -> Any:
        return self._done(self.node.lane(self.node.lane.database.rows, sql))

    def close(self) -> None:
        self._done(self.node.stop())
        self._loop.close()

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)


def given(hub: HubServer, node: str) -> bytes:
    answer = hub.client.post(f"/api/v1/exchange/export/{node}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="kontuar-hub-{node}-')
    return answer.content


def taken(hub: HubServer, content: bytes) -> dict[str, Any]:
    answer = hub.client.post("/api/v1/exchange/import", content=content)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_till_that_never_sees_the_network_sells_and_is_heard_of_by_file(hub: HubServer) -> None:
    """REL-15, REL-01, REL-02, REL-08, HUB-09: prices down, documents up, confirmations and new prices down."""
    with open_temporary_folder() as folder:
        enrolled(hub, folder, "station", "K1")
        with closing(LoneStation(folder)) as lone:
            first = lone.take(given(hub, "K1"))
            assert first.definitions
            number, paid = lone.sell("5901234123457")
            assert lone.waiting() > 0
            report = taken(hub, lone.make())
            assert (report["sender"], report["taken"], report["parked"]) == ("K1", report["messages"], 0)
            answer = given(hub, "K1")
            brought = lone.take(answer)
            assert (brought.final, brought.confirmations) == (report["taken"], True)
            assert (lone.waiting(), [state for state, *_ in lone.confirmed()]) == (0, ["booked"]), lone.confirmed()

            article = hub.client.get("/api/v1/definitions/article/MLEKO").json()["row"]
            put = {"kind": "article", "row": {**article, "name": "Mleko prosto od krowy"}}
            hub.client.post("/api/v1/definitions", json={"put": [put]}).raise_for_status()
            taken(hub, lone.make())
            assert lone.take(given(hub, "K1")).definitions
            name = lone._rows("SELECT body FROM definition WHERE kind = 'article' AND key = 'MLEKO'")[0][0]
            assert decode(bytes(name), dict)["name"] == "Mleko prosto od krowy"
            again = taken(hub, lone.make())
            assert (again["taken"], again["messages"]) == (0, 0)
            assert not lone.take(answer).confirmations
    rows = hub.client.get("/api/v1/documents").json()["rows"]
    assert [(row["number"], row["gross"]) for row in rows] == [(number, paid)]
    log = hub.client.get("/api/v1/audit").json()["rows"]
    done = [entry["action"] for entry in log if entry["action"].startswith("exchange.")]
    assert sorted(set(done)) == ["exchange.export", "exchange.import"]


def test_head_office_says_why_it_takes_no_file(hub: HubServer) -> None:
    """SEC-04: in the words of whoever asks; nothing is taken in."""
    answer = hub.client.post("/api/v1/exchange/import", content=b"a picture", headers={"accept-language": "en"})
    (problem,) = answer.json()["problems"]
    assert (answer.status_code, problem["code"]) == (422, "exchange.not_a_file")
    assert problem["message"] == "This is not an exchange file of Kontuar."
    missing = hub.client.post("/api/v1/exchange/export/K9")
    assert (missing.status_code, missing.json()["problems"][0]["code"]) == (404, "exchange.node.unknown")
    assert hub.client.get("/api/v1/documents").json()["rows"] == []


def taken_again(lone: LoneStation) -> None:
    """What a running till does by itself within seconds: it looks for what files brought."""
    node = lone.node
    lone._done(node.life_desk.look())
    lone._done(ReturnDesk(node.desk, partial(fault_of_seal, node._keys.keys), node._carrier.has_messages).once())


def test_a_till_that_is_enrolled_by_file_and_set_back_gets_everything_back_by_file(hub: HubServer) -> None:
    """REL-13, REL-15, SEC-02: it never saw a network: certificate, spare life, and what it had sent come in files."""
    with open_temporary_folder() as folder, open_temporary_folder() as way:
        code = hub.client.post("/api/v1/enrolment-codes", json={"kind": "station", "node": "K1", "minutes": 20_000})
        written = kontuar("request", folder, "--code", code.json()["code"], "--to", way / "ask.kte")
        assert written.exit_code == 0, written.output
        assert code.json()["code"].split("-")[1].encode() not in (way / "ask.kte").read_bytes()
        answer = hub.client.post("/api/v1/exchange/enrol", content=(way / "ask.kte").read_bytes())
        assert answer.status_code == 200, answer.text
        (way / "answer.kte").write_bytes(answer.content)
        enrolled_as = decode(kontuar("certificate", folder, way / "answer.kte").stdout.strip().encode(), dict)
        assert (enrolled_as["node"], enrolled_as["store"], enrolled_as["series"]) == ("K1", "S1", "K1")

        with closing(LoneStation(folder)) as lone:
            lone.take(given(hub, "K1"))
            sold = [lone.sell("5901234123457")]
            taken(hub, lone.make())
            lone.take(given(hub, "K1"))
            taken_again(lone)
            assert lone.node._lives.has_spare()
        backup = (folder / DATABASE_FILE).read_bytes()
        with closing(LoneStation(folder)) as lone:
            sold.append(lone.sell("5901234123457"))
            lone._done(lone.node._look())  # the witness is told of it
            taken(hub, lone.make())
        for file in folder.glob(f"{DATABASE_FILE}*"):
            file.unlink()
        (folder / DATABASE_FILE).write_bytes(backup)

        with closing(LoneStation(folder)) as lone:
            assert lone.node._keys.certificate.series == "K1-2"
            lone.node._open_life()
            assert len(lone.documents()) == 1
            sold.append(lone.sell("5901234123457"))
            taken(hub, lone.make())
            lone.take(given(hub, "K1"))
            taken_again(lone)
            assert sorted(lone.documents()) == sorted(number for number, _ in sold)
            assert lone.node._carrier.asks() == []
            taken(hub, lone.make())
    rows = hub.client.get("/api/v1/documents").json()["rows"]
    assert sorted((row["number"], row["gross"]) for row in rows) == sorted(sold)


def test_head_offices_screen_makes_and_takes_files_and_says_what_was_wrong(hub: HubServer) -> None:
    """REL-15, SEC-02: the nodes, the answer to make, the list of all files with refused ones, an enrolment."""
    with open_temporary_folder() as folder, open_temporary_folder() as way:
        enrolled(hub, folder, "station", "K1")
        asking = {"accept-language": "en", "hx-request": "true"}

        def upload(content: bytes) -> httpx.Response:
            return hub.client.post("/exchange/import", files={"file": ("up", content)}, headers=asking, cookies={})

        bad = upload(b"holiday.jpg")
        assert (bad.status_code, bad.json()["problems"][0]["message"]) == (
            422, "This is not an exchange file of Kontuar.",
        )  # fmt: skip
        down = hub.client.post("/exchange/export", data={"node": "K1"})
        assert (down.status_code, down.content[:4]) == (200, b"KTX1")
        with closing(LoneStation(folder)) as lone:
            lone.take(down.content)
            lone.sell("5901234123457")
            told = upload(lone.make())
        assert (told.status_code, "The file of K1 was taken in" in told.text) == (200, True)
        code = hub.client.post("/api/v1/enrolment-codes", json={"kind": "station", "node": "K2"}).json()["code"]
        assert kontuar("request", way, "--code", code, "--to", way / "ask.kte").exit_code == 0
        ask = (way / "ask.kte").read_bytes()
        given_one = upload(ask)
        assert 'download="kontuar-certificate-K2-' in given_one.text
        assert upload(ask[:-40] + b"x" + ask[-39:]).json()["problems"][0]["code"] == "exchange.damaged"
        strange = kontuar("request", way / "other", "--code", "AAAA-BBBB", "--to", way / "odd.kte")
        assert strange.exit_code == 2  # there is no such folder
        listed = hub.client.get("/exchange", headers={"accept-language": "en"}).text
    assert listed.count("This is not an exchange file of Kontuar.") == 1
    assert ("K1" in listed, "a certificate was asked for and given" in listed) == (True, True)


def test_a_certificate_by_file_is_for_who_has_the_code_and_for_his_key_only(hub: HubServer) -> None:
    """SEC-02: another key, another code, a second use, another machine's answer."""
    with open_temporary_folder() as mine, open_temporary_folder() as other, open_temporary_folder() as way:
        asked = {"kind": "station", "node": "K1"}
        code = hub.client.post("/api/v1/enrolment-codes", json=asked).json()["code"]
        wrong = f"{code.split('-')[0]}-WRONG"
        for folder, with_code, name in ((mine, code, "mine"), (other, wrong, "wrong"), (other, code, "other")):
            assert kontuar("request", folder, "--code", with_code, "--to", way / name).exit_code == 0

        def answered(name: str) -> httpx.Response:
            return hub.client.post("/api/v1/exchange/enrol", content=(way / name).read_bytes())

        assert answered("wrong").json()["problems"][0]["code"] == "enrol.code_wrong"
        first, again = answered("mine"), answered("mine")
        assert (first.status_code, again.content) == (200, first.content)
        assert answered("other").json()["problems"][0]["code"] == "enrol.code_wrong"
        (way / "answer").write_bytes(first.content)
        theirs = kontuar("certificate", other, way / "answer")
        assert (theirs.exit_code, theirs.stderr.partition(":")[0]) == (2, "enrol.answer_wrong")
        nobody = kontuar("certificate", way, way / "answer")
        assert (nobody.exit_code, nobody.stderr.partition(":")[0]) == (2, "enrol.no_request")
        assert kontuar("certificate", mine, way / "answer").exit_code == 0
        assert kontuar("certificate", mine, way / "answer").exit_code == 2


def kontuar(*words: object, **environment: str) -> Result:
    """A command as in a process of its own: its log goes with it."""
    try:
        return CliRunner().invoke(app, ["exchange", *(str(word) for word in words)], env=environment)
    finally:
        structlog.reset_defaults()


def test_the_command_carries_files_between_nodes_that_are_stopped(postgres_server: str) -> None:
    """REL-15: a till and head office, both at rest; the command waits until what came in is booked."""
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres_server))
        office, folder, way = (stack.enter_context(open_temporary_folder()) for _ in range(3))
        with HubServer(office, url, PARTS) as hub:
            enrolled(hub, folder, "station", "K1")
        LoneStation(folder).close()
        down, up = way / "down.ktx", way / "up.ktx"
        at_office = {"KONTUAR_DATABASE_URL": url}
        assert kontuar("export", office, "--for", "K1", "--to", down, **at_office).exit_code == 0
        assert kontuar("import", folder, down).exit_code == 0
        with closing(LoneStation(folder)) as lone:
            lone.sell("5901234123457")
        written = kontuar("export", folder, "--to", up)
        assert written.exit_code == 0, written.output
        told = decode(written.stdout.strip().encode(), dict)
        assert (told["file"], told["left"]) == (str(up), 0)
        assert decode(kontuar("import", office, up, **at_office).stdout.strip().encode(), dict)["taken"] > 0
        assert kontuar("export", office, "--for", "K1", "--to", down, **at_office).exit_code == 0
        report = decode(kontuar("import", folder, down).stdout.strip().encode(), dict)
        assert (report["final"], report["confirmations"]) == (told["messages"], True)
        with closing(LoneStation(folder)) as lone:
            assert [state for state, *_ in lone.confirmed()] == ["booked"]

        cut = way / "cut.ktx"
        cut.write_bytes(up.read_bytes()[:-1])
        refused = kontuar("import", office, cut, **at_office)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.startswith("exchange.damaged: The exchange file is damaged")


def test_the_command_leaves_a_running_node_alone(tmp_path: Path) -> None:
    """Two programs must not have one database; a node that was killed is no hindrance."""
    (tmp_path / NODE_FILE).write_text('{"node": "K1", "url": "http://127.0.0.1:1", "pid": 1}')
    running = kontuar("export", tmp_path, "--to", tmp_path / "file")
    assert (running.exit_code, running.stderr[:20]) == (2, "exchange.node_runs: ")
    (tmp_path / NODE_FILE).write_text('{"node": "K1", "url": "http://127.0.0.1:1", "pid": 999999999}')
    nobody = kontuar("export", tmp_path, "--to", tmp_path / "file")
    assert (nobody.exit_code, nobody.stderr[:18]) == (2, "exchange.no_node: ")
    assert not (tmp_path / "file").exists()
