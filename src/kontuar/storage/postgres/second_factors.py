"""Second factors of operators in PostgreSQL (HUB-09)."""

from datetime import datetime

from kontuar.operations.hub.second_factor import SecondFactor
from kontuar.storage.postgres.engine import HubDatabase


class PostgresSecondFactors:
    """The `SecondFactorRegister` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def second_factor(self, operator: str) -> SecondFactor | None:
        row = self._database.connection.execute(
            "SELECT secret, confirmed_at, last_step FROM hub_second_factor WHERE operator = %s FOR UPDATE", [operator]
        ).fetchone()
        if row is None:
            return None
        return SecondFactor(operator=operator, secret=bytes(row[0]), confirmed_at=row[1], last_step=row[2])

    def put_second_factor(self, factor: SecondFactor) -> None:
        self._database.connection.execute(
            "INSERT INTO hub_second_factor (operator, secret, confirmed_at, last_step) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (operator) DO UPDATE SET secret = excluded.secret, confirmed_at = excluded.confirmed_at, "
            "last_step = excluded.last_step",
            [factor.operator, factor.secret, factor.confirmed_at, factor.last_step],
        )

    def remove_second_factor(self, operator: str) -> bool:
        gone = self._database.connection.execute("DELETE FROM hub_second_factor WHERE operator = %s", [operator])
        return gone.rowcount > 0

    def second_factor_required(self) -> bool:
        row = self._database.connection.execute(
            "SELECT 1 FROM definition WHERE kind = 'parameter' AND NOT removed "
            'AND convert_from(body, \'UTF8\')::jsonb @> \'{"name": "hub.second_factor", "scope": "global", '
            '"value": "yes"}\' LIMIT 1'
        ).fetchone()
        return row is not None

    def audit(self, operator: str, action: str, subject: str, at: datetime) -> None:
        self._database.connection.execute(
            "INSERT INTO hub_audit (at, operator, action, store, subject, facts) VALUES (%s, %s, %s, '', %s, '{}')",
            [at, operator, action, subject],
        )
