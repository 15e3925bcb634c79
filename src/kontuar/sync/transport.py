"""How requests travel: HTTP in a node, memory in tests and simulations."""

from collections.abc import AsyncIterator
from typing import Protocol

import httpx
import msgspec


class Unreachable(Exception):
    """Nobody answered: refused, cut off or too slow. `slow` = the connection stood, the answer did not come."""

    def __init__(self, reason: str, *, slow: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.slow = slow


class Declined(Exception):
    """The other side answered *no* with an HTTP status and a problem code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


_TURNED = {"protocol.too_old": "protocol.too_new", "protocol.too_new": "protocol.too_old"}


def said_here(code: str) -> str:
    """What the other side refused, as it is from here: who is too old for it finds it newer than himself."""
    return _TURNED.get(code, code)


class Transport(Protocol):
    """The way to one other node."""

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        """The answer's body; raises `Unreachable` or `Declined`."""
        ...

    def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        """A file's bytes from a position on; `proof` says who asks. Raises as `post`."""
        ...


class _Problem(msgspec.Struct):
    code: str = ""


class _Problems(msgspec.Struct):
    problems: list[_Problem] = []


class HttpTransport:
    """HTTP/1.1 with connections that are kept."""

    def __init__(self, base_url: str, *, verify: bool | str = True) -> None:
        limits = httpx.Limits(max_connections=8, keepalive_expiry=60)
        self._client = httpx.AsyncClient(
            base_url=base_url, limits=limits, verify=verify, trust_env=False, follow_redirects=False
        )

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        """POST the bytes; `timeout_seconds` is for the answer, connecting takes at most two."""
        try:
            answer = await self._client.post(
                path,
                content=body,
                timeout=_timeout(timeout_seconds),
                headers={"content-type": "application/octet-stream"},
            )
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        if answer.status_code >= 300:
            raise Declined(answer.status_code, _code(answer.content))
        return answer.content

    async def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        """GET with `Range`, in pieces; a server that ignores the range is read from the beginning and skipped."""
        try:
            async with self._client.stream(
                "GET",
                path,
                headers={"range": f"bytes={start}-", "authorization": proof},
                timeout=_timeout(timeout_seconds),
            ) as answer:
                if answer.status_code >= 300:
                    raise Declined(answer.status_code, _code(await answer.aread()))
                skip = start if answer.status_code == 200 else 0
                async for piece in answer.aiter_bytes(256 * 1024):
                    if skip < len(piece):
                        yield piece[skip:]
                    skip = max(0, skip - len(piece))
        except httpx.HTTPError as error:
            raise _unreachable(error) from None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(2.0, seconds))


def _unreachable(error: httpx.HTTPError) -> Unreachable:
    slow = isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout)
    return Unreachable(f"{type(error).__name__}: {error}", slow=slow)


def _code(content: bytes) -> str:
    try:
        problems = msgspec.json.decode(content, type=_Problems).problems
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return problems[0].code if problems else ""
