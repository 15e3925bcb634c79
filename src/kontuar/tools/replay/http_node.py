"""Asking a node over HTTP: a bearer token, JSON both ways, and every *no* told with the request it answers."""

import base64
from collections.abc import Mapping
from typing import Any

import httpx

from kontuar.kernel.canonical import encode
from kontuar.tools.replay.node_apis import NodeSaidNo

TIMEOUT_SECONDS = 120.0
LONGEST_ANSWER_SHOWN = 600


class HttpNode:
    """One node at one address; `name` is how messages call it."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._client = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, headers={"Accept-Language": "en"})

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def login(self, operator: str, pin: str) -> None:
        """All further requests are this operator's."""
        answer = await self.ask("POST", "/api/v1/login", {"operator": operator, "pin": pin})
        self._client.headers["Authorization"] = f"Bearer {answer['token']}"

    def sign_in_each_time(self, operator: str, pin: str) -> None:
        """Operator and PIN with every request (HTTP Basic): how an agent is asked."""
        told = base64.b64encode(f"{operator}:{pin}".encode()).decode()
        self._client.headers["Authorization"] = f"Basic {told}"

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's JSON (None when it is empty); raises `NodeSaidNo`."""
        content = None if body is None else encode(body)
        sent = {"Content-Type": "application/json", **(headers or {})} if content is not None else dict(headers or {})
        try:
            answer = await self._client.request(method, path, content=content, headers=sent, params=query)
        except httpx.HTTPError as error:
            raise NodeSaidNo(f"{self.name}: {method} {path}: {type(error).__name__} {error}") from error
        if not answer.is_success:
            said = answer.text[:LONGEST_ANSWER_SHOWN]
            raise NodeSaidNo(f"{self.name}: {method} {path}: {answer.status_code} {said}")
        return answer.json() if answer.content else None
