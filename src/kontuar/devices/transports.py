"""How a finished print job reaches a printer: a file or character device, a TCP port, or nowhere."""

import errno
import os
import socket
from pathlib import Path
from typing import Protocol

from kontuar.devices.failures import DeviceFailure, failure, partly_printed

CONNECT_SECONDS = 3.0
SEND_SECONDS = 15.0


class Transport(Protocol):
    """Takes whole jobs."""

    def send(self, job: bytes) -> None:
        """Hand the job over; raises `DeviceFailure` (nothing went out) or `PartlyPrinted`."""
        ...


class FilePrinter:
    """A printer behind a file name: `/dev/usb/lp0`, or a plain file that collects jobs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, job: bytes) -> None:
        """Append the job and wait until the system has it."""
        sent = 0
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as fault:
            raise self._failure(fault, sent) from fault
        try:
            while sent < len(job):
                sent += os.write(handle, job[sent:])
            _flush(handle)
        except OSError as fault:
            raise self._failure(fault, sent) from fault
        finally:
            os.close(handle)

    def _failure(self, fault: OSError, sent: int) -> DeviceFailure:
        # The kernel's usblp driver answers "no space" when the printer is out of paper.
        paper_out = fault.errno == errno.ENOSPC and self._path.is_char_device()
        code = "printer.paper_out" if paper_out else "printer.unavailable"
        reason = errno.errorcode.get(fault.errno or 0, type(fault).__name__)
        make = partly_printed if sent else failure
        return make(code, printer=self._path, reason=reason)


class NetworkPrinter:
    """A printer that takes raw jobs on a TCP port (9100 by custom)."""

    def __init__(
        self,
        host: str,
        port: int = 9100,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._address = (host, port)
        self._connect_seconds = connect_seconds
        self._send_seconds = send_seconds

    def send(self, job: bytes) -> None:
        """One connection per job; the printer's closing of its side says that all of it was taken."""
        sent = 0
        try:
            with socket.create_connection(self._address, self._connect_seconds) as connection:
                connection.settimeout(self._send_seconds)
                while sent < len(job):
                    sent += connection.send(job[sent : sent + 4096])
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1024):
                    pass  # status bytes that some printers send by themselves
        except TimeoutError as fault:
            raise self._failure(sent, len(job), "timeout") from fault
        except OSError as fault:
            reason = errno.errorcode.get(fault.errno or 0, type(fault).__name__)
            raise self._failure(sent, len(job), reason) from fault

    def _failure(self, sent: int, size: int, reason: str) -> DeviceFailure:
        make = partly_printed if sent else failure
        printer = f"{self._address[0]}:{self._address[1]}"
        return make("printer.unavailable", printer=printer, reason=reason, sent_bytes=sent, job_bytes=size)


class NullPrinter:
    """A station without a printer: jobs go nowhere, and that is meant."""

    def send(self, job: bytes) -> None:
        """Nothing happens."""


def _flush(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as fault:
        # Character devices and pipes know no fsync; what write() took is with the driver.
        if fault.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
