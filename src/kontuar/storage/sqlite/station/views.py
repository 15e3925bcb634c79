"""How lists and forms look at this station, as operators chose it (DOC-10)."""

import msgspec

from kontuar.domain.firm.views import Choice
from kontuar.kernel.canonical import encode
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqliteViews:
    """The table `own_view`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def find(self, name: str, operator: str) -> Choice | None:
        """What an operator chose, or everyone here where it is empty; what cannot be read counts as not chosen."""
        where = (name, operator)
        body = self._database.value("SELECT body FROM own_view WHERE name = ? AND operator = ?", where)
        try:
            return None if body is None else msgspec.json.decode(body, type=Choice)
        except msgspec.DecodeError:
            return None

    def keep(self, name: str, operator: str, choice: Choice) -> None:
        """It looks so from now on."""
        values = (name, operator, encode(choice))
        with self._database.transaction():
            self._database.write("INSERT OR REPLACE INTO own_view VALUES (?, ?, ?)", values)

    def forget(self, name: str, operator: str) -> None:
        """As without the choice."""
        with self._database.transaction():
            self._database.write("DELETE FROM own_view WHERE name = ? AND operator = ?", (name, operator))
