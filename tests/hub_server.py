"""A whole head office on loopback for tests of its screens: real PostgreSQL, real HTTP, the import guide's firm."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import httpx
import uvicorn

from hub_definitions_world import guide_examples
from kontuar.nodes.hub import ADMINISTRATOR_FILE, Extend, Hub
from kontuar.nodes.settings import HubSettings

START_SECONDS = 30.0


class HubServer:
    """A hub that answers at `url` for as long as the with block lasts; SZEF with the PIN 246810 may do everything."""

    def __init__(self, folder: Path, database_url: str, extend: Sequence[Extend] = ()) -> None:
        self.hub = Hub(HubSettings(data=folder, database_url=database_url), extend)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self.hub.app, log_level="warning", lifespan="on"))
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],), name="hub", daemon=True)

    def __enter__(self) -> HubServer:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        code = (self.hub.settings.data / ADMINISTRATOR_FILE).read_text().strip()
        # A connection is given up before the server does (5 s): a request must not meet one that is closing.
        self.client = httpx.Client(base_url=self.url, timeout=60, limits=httpx.Limits(keepalive_expiry=2))
        answer = self.client.post("/api/v1/login", json={"operator": "administrator", "pin": code})
        self.client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        for kind, text in guide_examples():
            self.client.post(f"/api/v1/definitions/{kind}/import", content=text.encode()).raise_for_status()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(timeout=20)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health").status_code == 200
        except httpx.TransportError:
            return False
