"""The hub's connection to PostgreSQL: one connection, used by one thread; it heals itself when the server returns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel, errors
from psycopg.pq import TransactionStatus

from kontuar.operations.ports.runner import ASKED_FROM
from kontuar.storage.failures import StorageBusy, StorageDamaged, StorageFailure, StorageFull, StorageUnavailable

HubConnection = psycopg.Connection[tuple[Any, ...]]

_DAMAGE = (errors.DataCorrupted, errors.IndexCorrupted)
_HELD = (errors.LockNotAvailable, errors.DeadlockDetected)
_AWAY_CLASSES = ("08", "57", "53")
"""SQLSTATE classes: connection lost, operator intervention, out of resources."""
CONNECT_TIMEOUT_SECONDS = 5


class HubDatabase:
    """One connection to the hub's database. Use it from one thread only, always inside `transaction()`.

    Raises `StorageUnavailable`, `StorageBusy`, `StorageFull` or `StorageDamaged`; the next transaction connects anew.
    """

    connect: Callable[..., HubConnection] = staticmethod(psycopg.connect)
    """How a connection is made; a simulation makes one that breaks between two statements."""

    def __init__(self, conninfo: str, *, name: str = "kontuar hub") -> None:
        self._conninfo = conninfo
        self._name = name
        self._open: HubConnection | None = None

    @property
    def conninfo(self) -> str:
        """Where the server is; never logged."""
        return self._conninfo

    @property
    def connection(self) -> HubConnection:
        """The live connection, made when there is none."""
        if self._open is None or self._open.closed or self._open.broken:
            self._open = self.connect(
                self._conninfo,
                autocommit=True,
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                application_name=self._name,
            )
        return self._open

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[None]:
        """All or nothing, durable when left; one inside another is part of it.

        `reading`: everything read inside is of one moment, and nothing can be written; never inside one that writes.
        """
        with self._named_failures():
            connection = self.connection
            if reading and self._is_reading(connection):
                yield
                return
            if connection.info.transaction_status == TransactionStatus.IDLE:
                _begins(connection, reading=reading)
            with connection.transaction():
                if not reading and ASKED_FROM.get():
                    connection.execute("SELECT set_config('kontuar.asked_from', %s, true)", [ASKED_FROM.get()])
                yield

    @staticmethod
    def _is_reading(connection: HubConnection) -> bool:
        """Whether we are inside a look already; asked inside a transaction that writes, it is a mistake."""
        if connection.info.transaction_status == TransactionStatus.IDLE:
            return False
        assert connection.read_only, "what writes is not of one moment"
        return True

    def ping(self) -> None:
        """Raise `StorageUnavailable` when the database does not answer."""
        with self._named_failures():
            self.connection.execute("SELECT 1")

    def close(self) -> None:
        """Let go of the connection; the next transaction makes a new one."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            failure = _failure_of(error, self._open)
            if failure is None:
                raise
            raise failure from error


def _begins(connection: HubConnection, *, reading: bool) -> None:
    """How the next transaction begins; said together with its beginning, which spares a way to the server and back."""
    if bool(connection.read_only) != reading:
        connection.read_only = reading or None
        connection.isolation_level = IsolationLevel.REPEATABLE_READ if reading else None


def _failure_of(error: psycopg.Error, connection: HubConnection | None) -> StorageFailure | None:
    """The failure in our words; None when the statement itself is at fault, which is a bug."""
    if isinstance(error, errors.DiskFull):
        return StorageFull(str(error))
    if isinstance(error, _DAMAGE):
        return StorageDamaged(str(error))
    if isinstance(error, _HELD):
        return StorageBusy(str(error))
    if isinstance(error, errors.QueryCanceled):
        return None
    lost = connection is None or connection.closed or connection.broken
    state = error.sqlstate or ""
    if isinstance(error, psycopg.OperationalError) and (lost or not state or state[:2] in _AWAY_CLASSES):
        return StorageUnavailable(str(error))
    return None
