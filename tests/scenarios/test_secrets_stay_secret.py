"""A chain at work: PINs, tokens, enrolment codes and private keys are in no log, no message and no export (SEC-05)."""

import asyncio
import base64
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kontuar.domain.parties.rights import LINE_DISCOUNT
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import Chain, chain_of
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, StubbornCashier, until_final

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]

WRONG_PIN = "918273"
EXPORTS = (
    "/metrics", "/metrics/nodes", "/api/v1/documents", "/api/v1/document-files", "/api/v1/definitions/operator",
    "/api/v1/definitions/operator/export.csv", "/api/v1/definitions/OPERATOR/history", "/api/v1/certificates",
    "/api/v1/audit", "/api/v1/audit-files", "/api/v1/monitor", "/api/openapi.json",
)  # fmt: skip


async def work(nodes: RunningChain, chain: Chain) -> None:
    """A day with everything that handles a secret: logins, right and wrong, an authorisation, a sale, a closure."""
    till = chain.tills[0]
    station = nodes.stations[till.station]
    for operator in (till.cashier, "nobody"):
        with pytest.raises(NodeSaidNo):
            await station.login(operator, WRONG_PIN)
    with pytest.raises(NodeSaidNo):
        await nodes.hub.node.ask("POST", "/api/v1/login", {"operator": "ADMIN", "pin": WRONG_PIN})
    with pytest.raises(NodeSaidNo):
        await nodes.hub.node.ask("POST", "/api/v1/login", {"pin": chain.administrator_pin, "bad": [WRONG_PIN]})
    await asyncio.sleep(3)
    await station.login(till.cashier, till.cashier_pin)
    await station.open_shift(DAY, 0)  # type: ignore[arg-type]
    await StubbornCashier(station, EAN).sell_one()
    draft = await station.new_receipt()
    (sold,) = await station.add_line(draft, "5901234123457", 1)  # type: ignore[arg-type]
    grant = await station.authorise(LINE_DISCOUNT, till.manager, till.manager_pin, draft)
    await station.set_line_value(draft, sold.number, 100, grant)  # type: ignore[arg-type]
    await until_final(nodes)


def secrets_of(nodes: RunningChain, chain: Chain, folder: Path) -> dict[str, str]:
    """What must be nowhere, by what it is."""
    till = chain.tills[0]
    found = {
        "cashier's PIN": till.cashier_pin, "manager's PIN": till.manager_pin, "wrong PIN": WRONG_PIN,
        "administrator's PIN": chain.administrator_pin,
    }  # fmt: skip
    for node in (nodes.hub, *nodes.stations.values(), *nodes.managers.values()):
        token = node.node._client.headers["Authorization"].split()[1]  # type: ignore[attr-defined]
        found[f"a token at {node.node.name}: {token[:4]}…"] = token  # type: ignore[attr-defined]
    for process in nodes.processes:
        if code := process._settings.get("enrolment_code", ""):
            found[f"enrolment code of {process.name}"] = code.partition("-")[2]
    found["first administrator's code"] = (folder / "hub" / "administrator-code").read_text().strip()
    keys = sorted((*folder.rglob("*.key"), *folder.rglob("key")))
    assert len(keys) >= 3, "hub, agent and station have keys"
    for key in keys:
        raw = key.read_bytes()
        body = b"".join(line for line in raw.splitlines() if not line.startswith(b"-----"))
        found[f"{key.relative_to(folder)}, as it stands"] = body.decode("latin-1")
        found[f"{key.relative_to(folder)}, hex"] = raw.hex()
        found[f"{key.relative_to(folder)}, base64"] = base64.b64encode(raw).decode()
    return found


def told(folder: Path) -> Iterator[tuple[str, str]]:
    """Every log, and every message of every stream."""
    for log in (*folder.rglob("*.log"), *folder.rglob("log")):
        yield str(log.relative_to(folder)), log.read_text("utf-8", "replace")
    for file in folder.rglob("*.db"):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            for (payload,) in database.execute("SELECT payload FROM message"):
                yield f"messages in {file.relative_to(folder)}", bytes(payload).decode("utf-8", "replace")


async def exported(nodes: RunningChain) -> list[tuple[str, str]]:
    headers = {"Authorization": nodes.hub.node._client.headers["Authorization"]}
    async with httpx.AsyncClient(base_url=nodes.hub.node._client.base_url, headers=headers, timeout=30) as client:
        return [(path, (await client.get(path.replace("OPERATOR", "operator/ADMIN"))).text) for path in EXPORTS]


def places(secrets: dict[str, str], texts: list[tuple[str, str]]) -> list[str]:
    """Where a secret stands; a PIN counts only as a number of its own, not inside a longer one."""
    patterns = {name: re.compile(rf"(?<![\w.]){re.escape(secret)}(?!\w)") for name, secret in secrets.items()}
    return [f"{name} in {where}" for where, text in texts for name, found in patterns.items() if found.search(text)]


async def day(chain: Chain, folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    async with running(chain, DAY, folder, Silent()) as nodes:
        await work(nodes, chain)
        texts = await exported(nodes)
        secrets = secrets_of(nodes, chain, folder)
    return secrets, [*texts, *told(folder)]


def test_no_secret_is_in_a_log_a_message_or_an_export() -> None:
    """SEC-05."""
    with open_temporary_folder() as folder:
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
        assert not bad
        chain = chain_of(selection, 1, 1)
        secrets, texts = asyncio.run(day(chain, folder / "chain"))
        assert places({"something that is there": "node.listening"}, texts), "logs are read"
        assert any(where.startswith("messages in") and "receipt.approved" in text for where, text in texts)
        assert not places(secrets, texts)
        assert not [where for where, text in texts if "PRIVATE KEY" in text or "$argon2id$" in text]
