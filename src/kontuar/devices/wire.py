"""A TCP conversation with a device: bounded waits, and one exception for everything that breaks it."""

import socket
import time
from collections import deque
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

Frame = TypeVar("Frame")


class LinkBroken(Exception):
    """The conversation ended without the awaited answer."""

    def __init__(self, reason: str, *, connected: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connected = connected
        """False: the device was never reached, so it did nothing."""


class FrameReader(Protocol[Frame]):
    """Cuts a stream into frames, whatever the pieces it arrives in."""

    def feed(self, piece: bytes) -> list[Frame]:
        """The frames that this piece completes."""
        ...


class Link(Generic[Frame]):
    """One connection: sends bytes, waits for frames."""

    def __init__(self, address: tuple[str, int], reader: FrameReader[Frame], connect_seconds: float) -> None:
        self._reader = reader
        self._waiting: deque[Frame] = deque()
        try:
            self._socket = socket.create_connection(address, connect_seconds)
        except OSError as fault:
            raise LinkBroken(f"not reached: {fault}", connected=False) from fault
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes, seconds: float) -> None:
        """All of it, or `LinkBroken`."""
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(data)
        except OSError as fault:
            raise LinkBroken(f"sending: {fault}", connected=True) from fault

    def receive(self, seconds: float) -> Frame:
        """The next frame, within so many seconds."""
        deadline = time.monotonic() + seconds
        while not self._waiting:
            self._waiting.extend(self._reader.feed(self._piece(deadline - time.monotonic())))
        return self._waiting.popleft()

    def close(self) -> None:
        """End the conversation; late answers are lost with it."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _piece(self, seconds: float) -> bytes:
        if seconds <= 0:
            raise LinkBroken("no answer in time", connected=True)
        try:
            self._socket.settimeout(seconds)
            piece = self._socket.recv(4096)
        except OSError as fault:
            raise LinkBroken(f"receiving: {fault}", connected=True) from fault
        if not piece:
            raise LinkBroken("closed by the device", connected=True)
        return piece
