"""A loopback TCP server in a thread: what the doubles of devices stand on."""

import socket
import threading
from abc import ABC, abstractmethod


class HangUp(Exception):
    """The double drops the connection."""


class DoubleServer(ABC):
    """Listens on 127.0.0.1; one conversation at a time unless `parallel`."""

    parallel = False

    def __init__(self, port: int = 0) -> None:
        self.refuse_connections = False
        """Connections are dropped at once, as by a device that is switched off behind a converter."""
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name=type(self).__name__, daemon=True)
        self._thread.start()

    @abstractmethod
    def converse(self, connection: socket.socket) -> None:
        """Answer until the other side hangs up (raise `HangUp` to hang up first)."""

    def stop(self) -> None:
        """Close the listener and wait for the thread."""
        self._stopping.set()
        self._thread.join(timeout=5)
        self._listener.close()

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than the double lives."""
        if self._stopping.wait(seconds):
            raise HangUp

    def receive(self, connection: socket.socket) -> bytes:
        """The next piece; raises `HangUp` when the other side is gone or the double stops."""
        connection.settimeout(0.1)
        while not self._stopping.is_set():
            try:
                piece = connection.recv(4096)
            except TimeoutError:
                continue
            if not piece:
                raise HangUp
            return piece
        raise HangUp

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            if self.parallel:
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()
            else:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            if self.refuse_connections:
                return
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.converse(connection)
            except (HangUp, OSError):
                return  # the conversation is over; the next one may come
