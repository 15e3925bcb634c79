"""Second factors of operators in PostgreSQL, their secrets sealed (HUB-09)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from kontuar.operations.hub.second_factor import FactorHolder, SecondFactor
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.sealed_secrets import SecretBox

_HOLDERS = """
SELECT f.operator, coalesce(convert_from(d.body, 'UTF8')::jsonb ->> 'name', ''), f.confirmed_at,
  (SELECT count(*) FROM hub_login l WHERE l.operator = f.operator AND l.expires_at > now())
FROM hub_second_factor f
LEFT JOIN definition d ON d.kind = 'operator' AND d.key = f.operator AND NOT d.removed
WHERE f.confirmed_at IS NOT NULL ORDER BY f.operator"""


class PostgresSecondFactors:
    """The `SecondFactorRegister` of the hub."""

    def __init__(self, database: HubDatabase, box: SecretBox) -> None:
        self._database = database
        self._box = box

    def second_factor(self, operator: str) -> SecondFactor | None:
        row = self._database.connection.execute(
            "SELECT secret, key_id, confirmed_at, last_step FROM hub_second_factor WHERE operator = %s FOR UPDATE",
            [operator],
        ).fetchone()
        if row is None:
            return None
        secret = self._box.open(row[1], bytes(row[0]), operator)
        return SecondFactor(operator=operator, secret=secret, confirmed_at=row[2], last_step=row[3])

    def is_set_up(self, operator: str) -> bool:
        row = self._database.connection.execute(
            "SELECT 1 FROM hub_second_factor WHERE operator = %s AND confirmed_at IS NOT NULL", [operator]
        ).fetchone()
        return row is not None

    def put_second_factor(self, factor: SecondFactor) -> None:
        self._database.connection.execute(
            "INSERT INTO hub_second_factor (operator, secret, key_id, confirmed_at, last_step) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (operator) DO UPDATE SET secret = excluded.secret, "
            "key_id = excluded.key_id, confirmed_at = excluded.confirmed_at, last_step = excluded.last_step",
            [factor.operator, self._box.seal(factor.secret, factor.operator), self._box.key_id, factor.confirmed_at,
             factor.last_step],
        )  # fmt: skip

    def remove_second_factor(self, operator: str) -> bool:
        gone = self._database.connection.execute("DELETE FROM hub_second_factor WHERE operator = %s", [operator])
        return gone.rowcount > 0

    def end_logins(self, operator: str) -> int:
        return self._database.connection.execute("DELETE FROM hub_login WHERE operator = %s", [operator]).rowcount

    def holders(self) -> Sequence[FactorHolder]:
        rows = self._database.connection.execute(_HOLDERS).fetchall()
        return [FactorHolder(operator=row[0], name=row[1], since=row[2], logins=row[3]) for row in rows]

    def second_factor_required(self) -> bool:
        row = self._database.connection.execute(
            "SELECT 1 FROM definition WHERE kind = 'parameter' AND NOT removed "
            'AND convert_from(body, \'UTF8\')::jsonb @> \'{"name": "hub.second_factor", "scope": "global", '
            '"value": "yes"}\' LIMIT 1'
        ).fetchone()
        return row is not None

    def audit(self, operator: str, action: str, subject: str, at: datetime, facts: Mapping[str, str]) -> None:
        self._database.connection.execute(
            "INSERT INTO hub_audit (at, operator, action, store, subject, facts) VALUES (%s, %s, %s, '', %s, %s)",
            [at, operator, action, subject, Jsonb(dict(facts))],
        )

    def seal_all(self) -> int:
        """Seal what lies here in the open, from before secrets were sealed; how many can be opened by no key of ours.

        Call it at the start, before anybody logs in.
        """
        with self._database.transaction():
            execute = self._database.connection.execute
            plain = execute("SELECT operator, secret FROM hub_second_factor WHERE key_id = '' FOR UPDATE").fetchall()
            for operator, secret in plain:
                execute(
                    "UPDATE hub_second_factor SET secret = %s, key_id = %s WHERE operator = %s",
                    [self._box.seal(bytes(secret), operator), self._box.key_id, operator],
                )
            lost = execute("SELECT count(*) FROM hub_second_factor WHERE key_id <> %s", [self._box.key_id]).fetchone()
        return int(lost[0]) if lost else 0
