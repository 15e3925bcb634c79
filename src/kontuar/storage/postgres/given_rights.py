"""Which rights this database has met: those that an update brought are given to roles once."""

import datetime
from collections.abc import Iterable

from kontuar.storage.postgres.engine import HubDatabase


class PostgresRightsGiven:
    """The `RightsGiven` of the hub; inside the caller's transaction."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def met(self) -> frozenset[str]:
        rows = self._database.connection.execute("SELECT code FROM right_met").fetchall()
        return frozenset(str(code) for (code,) in rows)

    def meet(self, rights: Iterable[str], now: datetime.datetime) -> None:
        with self._database.connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO right_met (code, met_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [(right, now) for right in rights],
            )
