"""Asking a node over one kept connection, with as little of our own work inside the measured time as possible."""

import socket
import time
from typing import Any

import msgspec

from kontuar.kernel.canonical import encode
from kontuar.tools.replay.node_apis import NodeSaidNo

_END = b"\r\n\r\n"
_CHUNK = 262_144
TIMEOUT_SECONDS = 120.0
_KEPT_SECONDS = 3.0
"""Servers close a connection that is idle for five."""


class Stopwatch:
    """An HTTP/1.1 connection whose every request is timed; for nodes that say how long their answers are."""

    def __init__(self, port: int, *, token: str = "") -> None:
        self._port = port
        self._token = token
        self._socket: socket.socket | None = None
        self._used_at = 0.0
        self.seconds = 0.0
        """How long the last request took, from the first byte sent to the last byte received."""

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON, None when it is empty; raises `NodeSaidNo`."""
        answer = self.send(method, path, b"" if body is None else encode(body), "application/json")
        return msgspec.json.decode(answer) if answer else None

    def send(self, method: str, path: str, content: bytes, media_type: str) -> bytes:
        """The answer's bytes; raises `NodeSaidNo`."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(content)}\r\n"
        if content:
            head += f"Content-Type: {media_type}\r\n"
        if self._token:
            head += f"Authorization: Bearer {self._token}\r\n"
        connection = self._connection()
        request = head.encode() + b"\r\n" + content
        began = time.perf_counter()
        connection.sendall(request)
        status, answer = _read(connection)
        self._used_at = time.perf_counter()
        self.seconds = self._used_at - began
        if status >= 300:
            raise NodeSaidNo(f"{method} {path}: {status} {answer[:600].decode('utf-8', 'replace')}")
        return answer

    def log_in(self, operator: str, pin: str) -> str:
        """All further requests are this operator's; the token."""
        self._token = self.ask("POST", "/api/v1/login", {"operator": operator, "pin": pin})["token"]
        return self._token

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connection(self) -> socket.socket:
        if time.perf_counter() - self._used_at > _KEPT_SECONDS:
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


def _read(connection: socket.socket) -> tuple[int, bytes]:
    data = b""
    while (end := data.find(_END)) < 0:
        data += _piece(connection)
    lines = data[:end].decode("latin-1").split("\r\n")
    length = 0
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    parts, have = [data[end + len(_END) :]], len(data) - end - len(_END)
    while have < length:
        parts.append(_piece(connection))
        have += len(parts[-1])
    return int(lines[0].split(" ")[1]), b"".join(parts)


def _piece(connection: socket.socket) -> bytes:
    piece = connection.recv(_CHUNK)
    if not piece:
        raise NodeSaidNo("the node closed the connection")
    return piece
