"""Logins at the hub in PostgreSQL."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from kontuar.operations.ports.hub_definitions import Failures, StoredLogin
from kontuar.storage.postgres.engine import HubDatabase

_FORGET_FAILURES_AFTER = "1 day"


class PostgresLogins:
    """The `LoginRegister` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def operator(self, code: str) -> bytes | None:
        return self._bodies("operator", [code]).get(code)

    def has_operators(self) -> bool:
        found = self._database.connection.execute(
            "SELECT 1 FROM definition WHERE kind = 'operator' AND NOT removed LIMIT 1"
        )
        return found.fetchone() is not None

    def roles(self, codes: Iterable[str]) -> Mapping[str, bytes]:
        return self._bodies("role", codes)

    def failures(self, operator: str) -> Failures | None:
        row = self._database.connection.execute(
            "SELECT failures, blocked_until FROM hub_login_failure WHERE operator = %s FOR UPDATE", [operator]
        ).fetchone()
        return None if row is None else Failures(*row)

    def count_failure(self, operator: str, failures: Failures, at: datetime) -> None:
        # Codes that nobody has are counted too, so what is old must go or a guesser fills the table.
        self._database.connection.execute(
            f"DELETE FROM hub_login_failure WHERE last_at < %s - interval '{_FORGET_FAILURES_AFTER}'", [at]
        )
        self._database.connection.execute(
            "INSERT INTO hub_login_failure (operator, failures, blocked_until, last_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (operator) DO UPDATE SET failures = excluded.failures, "
            "blocked_until = excluded.blocked_until, last_at = excluded.last_at",
            [operator, failures.count, failures.blocked_until, at],
        )

    def forget_failures(self, operator: str) -> None:
        self._database.connection.execute("DELETE FROM hub_login_failure WHERE operator = %s", [operator])

    def add_login(self, token_hash: bytes, login: StoredLogin, at: datetime) -> None:
        self._database.connection.execute("DELETE FROM hub_login WHERE expires_at < %s - interval '1 day'", [at])
        self._database.connection.execute(
            "INSERT INTO hub_login (token_hash, login_id, operator, bootstrap, issued_at, expires_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [token_hash, login.login_id, login.operator, login.bootstrap, at, login.expires_at],
        )

    def login(self, token_hash: bytes) -> StoredLogin | None:
        row = self._database.connection.execute(
            "SELECT login_id, operator, bootstrap, expires_at FROM hub_login WHERE token_hash = %s", [token_hash]
        ).fetchone()
        if row is None:
            return None
        return StoredLogin(login_id=row[0], operator=row[1], bootstrap=row[2], expires_at=row[3])

    def end_login(self, token_hash: bytes) -> None:
        self._database.connection.execute(
            "WITH gone AS (DELETE FROM hub_login WHERE token_hash = %s RETURNING operator, login_id) "
            "INSERT INTO hub_audit (at, operator, action, store, subject, facts) "
            "SELECT now(), operator, 'logout', '', login_id, '{}' FROM gone",
            [token_hash],
        )

    def set_bootstrap(self, code_hash: bytes) -> None:
        self._database.connection.execute(
            "INSERT INTO hub_bootstrap (code_hash) VALUES (%s) "
            "ON CONFLICT (only_row) DO UPDATE SET code_hash = excluded.code_hash, used_at = NULL",
            [code_hash],
        )

    def use_bootstrap(self, code_hash: bytes, at: datetime) -> bool:
        used = self._database.connection.execute(
            "UPDATE hub_bootstrap SET used_at = %s WHERE code_hash = %s AND used_at IS NULL", [at, code_hash]
        )
        return used.rowcount == 1

    def _bodies(self, kind: str, codes: Iterable[str]) -> dict[str, bytes]:
        found = self._database.connection.execute(
            "SELECT key, body FROM definition WHERE kind = %s AND key = ANY(%s) AND NOT removed",
            [kind, list(codes)],
        )
        return {key: bytes(body) for key, body in found}
