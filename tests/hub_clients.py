"""Clients of a hub inside the test's process: begun, ready, logged in; beside them messages are booked by hand."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

from hub_documents_world import Hub as Intake
from hub_documents_world import Till
from kontuar.nodes.hub import ADMINISTRATOR_FILE, Hub
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.settings import HubSettings

Client = TestClient[Any]
READY_SECONDS = 20


@contextmanager
def client_of(hub: Hub) -> Iterator[Client]:
    """A client of a hub that has prepared its database."""
    with TestClient(hub.app, base_url="http://hub.test", raise_server_exceptions=False) as client:
        deadline = time.monotonic() + READY_SECONDS
        while client.get("/health").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield client


def first_token(client: Client, hub: Hub) -> str:
    """The login by the code of the first start: no operator may be defined yet."""
    code = (hub.settings.data / ADMINISTRATOR_FILE).read_text().strip()
    token: str = client.post("/api/v1/login", json={"operator": "administrator", "pin": code}).json()["token"]
    return token


@contextmanager
def intake_of(database_url: str) -> Iterator[Intake]:
    """Messages come in and are booked beside the application, as by its own lanes."""
    world = Intake(database_url)
    yield world
    world.database.close()


def hub_beside(database_url: str, folder: Path) -> Hub:
    """The whole application over the database that the intake has filled."""
    return Hub(HubSettings(data=folder / "hub", database_url=database_url), [extend_documents])


@contextmanager
def administrators_client(hub: Hub, intake: Intake) -> Iterator[Client]:
    """The first administrator's client; the operators of the intake's firm step aside until he is logged in."""
    operators = intake.rows("DELETE FROM definition WHERE kind = 'operator' RETURNING key, version, body")
    with client_of(hub) as client:
        client.headers["Authorization"] = f"Bearer {first_token(client, hub)}"
        for key, version, body in operators:
            intake.rows(
                "INSERT INTO definition (kind, key, version, body, checksum) VALUES ('operator', %s, %s, %s, 0) "
                "RETURNING key", key, version, body,
            )  # fmt: skip
        yield client


def opened_till() -> Till:
    """A till with an open shift."""
    till = Till()
    till.open_shift()
    return till


def arrive(intake: Intake, till: Till) -> None:
    """What the till said is received and booked."""
    intake.push(till)
    intake.book()
