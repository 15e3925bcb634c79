"""`kontuar verify`: a short proof of every stream, every fault by name, an exit status for scripts (HUB-10, REL-14)."""

import json
import shutil
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from hub_documents_world import Hub
from kontuar.domain.documents.proof.records import BooksProof, Fault, StreamProof
from kontuar.operations.ports.streams import SealedMessage
from kontuar.storage.postgres.embedded import EmbeddedPostgres
from kontuar.sync.keys import load_or_make
from kontuar.tools.cli import app
from kontuar.tools.verify.command import Copy, Report, told
from postgres_fixture import open_temporary_folder
from proved_books import KEYS, STREAM, agent_of, busy_station, give, keep_identity, one, sealed, tampered
from shop import MILK, sell
from sync_chain import HUB_KEY, keys_for


def verify(*arguments: object) -> tuple[int, list[str]]:
    """(exit status, lines)."""
    done = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    return done.exit_code, (done.stdout + (done.stderr if done.exit_code == 2 else "")).splitlines()


@pytest.fixture(scope="module")
def messages(till: Path) -> list[SealedMessage]:
    with tampered(till, till.parent / "read") as connection:
        rows = list(connection.execute("SELECT seq, payload, hash, signature FROM message ORDER BY seq"))
    return [SealedMessage(*row) for row in rows]


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain") / "till"
    folder.mkdir()
    busy_station(folder).books.database.close()  # type: ignore[attr-defined]
    return folder


@pytest.fixture(scope="module")
def agent(till: Path, messages: list[SealedMessage]) -> Path:
    folder = till.parent / "agent"
    folder.mkdir()
    agent_of(folder, messages).database.close()
    return folder


@pytest.fixture
def hub(postgres_url: str, messages: list[SealedMessage]) -> str:
    """A hub that took all of it in and knows the station's key."""
    world = Hub(postgres_url)
    give(world.log, messages, is_hub=True)
    world.book()
    with psycopg.connect(postgres_url) as connection:
        of_hub = json.dumps({"public_key": HUB_KEY.public_key.hex()})
        rows = (("hub", "hub", HUB_KEY.public_key.hex(), of_hub, ""),
                (STREAM.origin, "station", "", KEYS.signed.certificate, KEYS.signed.signature))  # fmt: skip
        for node, kind, key, certificate, signature in rows:
            connection.execute(
                "INSERT INTO node_certificate VALUES (%s, %s, 1, %s, 'S1', '', %s, %s, %s, now())",
                [node, STREAM.incarnation, kind, key, certificate, signature],
            )
    world.database.close()
    return postgres_url


def test_what_lies_behind_a_hole_stands_in_the_line(agent: Path, messages: list[SealedMessage], tmp_path: Path) -> None:
    """REL-14: head office was set up again, and what never passed this agent is asked for."""
    with tampered(agent, tmp_path / "copy") as connection:
        held = "UPDATE stream SET held_seq = 2, held_hash = ?, hub_seq = 2, hub_hash = ?"
        connection.execute(held, (messages[1].hash, messages[1].hash))
        for table in ("message", "stock_pending"):
            connection.execute(f"DELETE FROM {table} WHERE seq BETWEEN 3 AND 6")
        name = f"hash|{STREAM.origin}|{STREAM.incarnation}|6"
        connection.execute("INSERT INTO fact VALUES (?, ?)", (name, messages[5].hash.hex()))
    status, lines = verify(tmp_path / "copy")
    assert (status, [line for line in lines if line.endswith("behind a hole: 7–13")]) == (0, lines[:1])


def test_a_station_is_proved_in_a_line(till: Path, messages: list[SealedMessage]) -> None:
    """REL-14."""
    head = messages[-1].hash.hex()[:12]
    assert verify(till) == (0, [
        f"S1T1 (i1): 6 documents in 13 messages, 1–13, hash {head}…, the agent acknowledged 0, the hub acknowledged 0",
        "all holds",
    ])  # fmt: skip


@pytest.mark.postgres
def test_station_agent_and_hub_hold_the_same(till: Path, agent: Path, hub: str, messages: list[SealedMessage]) -> None:
    """REL-02, REL-04, REL-14: compared by position and hash, from each of them."""
    head = messages[-1].hash.hex()[:12]
    line = f"S1T1 (i1): 6 documents in 13 messages, 1–13, hash {head}…"
    assert verify(till, "--against", agent, "--against", hub) == (
        0, [f"{line}, all at the agent, all at the hub", "all holds"],
    )  # fmt: skip
    assert verify(agent, "--against", hub, "--against", till)[1] == [
        f"{line}, all at the hub, all at the station S1T1", "all holds",
    ]  # fmt: skip
    status, lines = verify(hub, "--against", agent)
    assert (status, lines[-1]) == (0, "all holds")
    assert lines[0].startswith(f"{line}, all at the agent agent@S1, parked: ")


def test_what_another_node_lacks_yet_is_said_and_what_it_has_otherwise_is_a_fault(
    till: Path, messages: list[SealedMessage], tmp_path: Path
) -> None:
    """REL-14: behind = so far; other bytes, more than the till has, or less than it said = faults."""
    behind = tmp_path / "behind"
    behind.mkdir()
    agent_of(behind, messages[:9]).database.close()
    status, lines = verify(till, "--against", behind)
    assert (status, lines[-1]) == (0, "all holds")
    assert ", to 9 at the agent" in lines[0]
    with tampered(till, tmp_path / "promised") as connection:
        connection.execute("INSERT INTO uplink VALUES ('i1', 13, ?, 0, zeroblob(32), 0)", (messages[-1].hash,))
    status, lines = verify(tmp_path / "promised", "--against", behind)
    assert status == 1
    assert lines[1] == "  chain.copy_missing: message 10: agent agent@S1: said to be held to 13, is to 9"
    with tampered(till, tmp_path / "cut") as connection:
        connection.execute("DELETE FROM message WHERE seq = 13")
    status, lines = verify(tmp_path / "cut", "--against", _whole(tmp_path, messages))
    assert (status, [line for line in lines if "copy" in line]) == (
        1, ["  chain.copy_beyond: message 13: agent agent@S1"],
    )  # fmt: skip


def _whole(folder: Path, messages: list[SealedMessage]) -> Path:
    (folder / "whole").mkdir()
    agent_of(folder / "whole", messages).database.close()
    return folder / "whole"


def test_a_copy_with_another_byte_is_told_by_its_message(till: Path, agent: Path, tmp_path: Path) -> None:
    """REL-14."""
    with tampered(agent, tmp_path / "other") as connection:
        connection.execute("UPDATE message SET payload = CAST(payload || ' ' AS BLOB) WHERE seq = 5")
    status, lines = verify(till, "--against", tmp_path / "other")
    assert (status, lines[1]) == (1, "  chain.copy_differs: message 5: agent agent@S1")


def test_every_fault_is_told_with_its_document(till: Path, tmp_path: Path) -> None:
    """REL-14."""
    with tampered(till, tmp_path / "copy") as connection:
        number = one(connection, "SELECT number FROM document WHERE number LIKE 'PAR%' ORDER BY id LIMIT 1")
        connection.execute("UPDATE document SET gross = gross + 1 WHERE number = ?", (number,))
        connection.execute("UPDATE cash_balance SET amount = amount + 1")
    status, lines = verify(tmp_path / "copy")
    assert status == 1
    assert lines[1].startswith(f"  chain.booked_differs: {number}: message 2: document: gross: 6789 instead of 6788")
    assert lines[2].startswith("chain.balance_differs: S1T1 cash PLN: ")
    assert lines[3] == "does not hold: 2 faults"


def test_as_json_it_says_the_same(till: Path, tmp_path: Path) -> None:
    """HUB-10."""
    status, lines = verify(till, "--json")
    told_so = json.loads("".join(lines))
    stream = told_so["proof"]["streams"][0]
    assert (status, told_so["holds"], stream["origin"], stream["last"], stream["faults"]) == (0, True, "S1T1", 13, [])


def test_a_backup_has_no_keys_and_says_that_signatures_were_not_checked(till: Path, tmp_path: Path) -> None:
    """REL-13, SEC-02: the identity is no part of a backup."""
    shutil.copytree(till, tmp_path / "backup")
    shutil.rmtree(tmp_path / "backup" / "identity")
    status, lines = verify(tmp_path / "backup")
    assert (status, lines[-1]) == (0, "all holds")
    assert "signatures unchecked: 13" in lines[0]


def test_a_till_is_proved_by_the_certificates_of_all_its_lives(till: Path, tmp_path: Path) -> None:
    """REL-13, REL-14: those of the last ones have not come down to it yet."""
    folder = tmp_path / "till"
    shutil.copytree(till, folder)
    (folder / "identity" / "lives" / "i1").mkdir(parents=True)
    (folder / "identity" / "identity.json").rename(folder / "identity" / "lives" / "i1" / "identity.json")
    keep_identity(folder, keys_for(STREAM.origin, "station", "i0"))
    assert verify(folder)[1][-1] == "all holds"


def test_what_cannot_be_read_ends_with_status_two(till: Path, tmp_path: Path) -> None:
    """REL-19: no folder, no books in it, damage, two of one kind, no such database."""
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "station.db").write_bytes(b"nothing" * 2000)
    (tmp_path / "alien" / "identity").mkdir(parents=True)
    shutil.copy(till / "station.db", tmp_path / "alien")
    (tmp_path / "alien" / "identity" / "identity.json").write_text("{")
    for arguments in (
        [tmp_path / "nowhere"], [tmp_path], [tmp_path / "damaged"], [tmp_path / "alien"], [till, "--against", till],
        ["postgresql://nobody:secret@/nothing?host=/nowhere"],
    ):  # fmt: skip
        status, lines = verify(*arguments)
        assert (status, len(lines)) == (2, 1), (arguments, lines)
        assert "secret" not in lines[0]


def test_a_running_till_may_be_looked_at(tmp_path: Path) -> None:
    """PERF-01: it sells on, nothing of it is written."""
    station = busy_station(tmp_path)
    assert verify(tmp_path)[0] == 0
    sell(station, MILK)
    status, lines = verify(tmp_path)
    assert (status, lines[-1]) == (0, "all holds")
    assert "1–14" in lines[0]
    assert len(sealed(station.books.database)) == 14  # type: ignore[attr-defined]


def test_numbers_are_grouped_and_faults_counted() -> None:
    """The sentence of the specification: so many documents, from where to where, the hash, where all of it is."""
    stream = StreamProof(
        store="S1", origin="till 3", incarnation="0190", first=1, last=4112, messages=4112, documents=4000,
        hash="3fa9" + "0" * 60, faults=(Fault(code="chain.altered", name="PAR/1", seq=7),),
    )  # fmt: skip
    report = Report(
        proof=BooksProof(kind="station", node="till 3", streams=(stream,)), holds=False,
        copies=(Copy(origin="till 3", incarnation="0190", place="hub", last=4112),),
    )  # fmt: skip
    assert list(told(report)) == [
        "till 3 (0190): 4,000 documents in 4,112 messages, 1–4,112, hash 3fa900000000…, all at the hub",
        "  chain.altered: PAR/1: message 7",
        "does not hold: 1 fault",
    ]


@pytest.mark.postgres
def test_a_hubs_folder_is_proved_whether_it_runs_or_not(messages: list[SealedMessage]) -> None:
    """REL-14: with the key that lies beside the database."""
    with open_temporary_folder() as folder:
        load_or_make(folder / "hub.key")
        with EmbeddedPostgres(folder / "postgres", durable=False) as url:
            world = Hub(url)
            give(world.log, messages, is_hub=True)
            world.database.close()
            running = verify(folder)
        stopped = verify(folder)
        (folder / "hub.key").unlink()
    head = messages[-1].hash.hex()[:12]
    for status, lines in (running, stopped):
        assert (status, lines[0]) == (
            1, f"S1T1 (i1): 6 documents in 13 messages, 1–13, hash {head}…, not booked: 13",
        ), lines  # fmt: skip
        assert {line.split(":")[0] for line in lines[1:-1]} == {"  certificate.unknown"}
