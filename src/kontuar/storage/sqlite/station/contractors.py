"""The table `own_contractor`."""

from kontuar.domain.parties.records import Contractor
from kontuar.kernel.canonical import encode
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite import own_contractors
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqliteOwnContractors:
    """Contractors made or changed at this station; `SqliteDefinitions` reads them first."""

    def __init__(self, database: SqliteDatabase, stream: StreamId) -> None:
        self._database = database
        self._stream = stream

    def put(self, contractor: Contractor, message_id: str, position: int) -> None:
        """As he is from now on."""
        body = encode(contractor)
        own_contractors.put(self._database, contractor.code, body, message_id, self._stream.incarnation, position)

    def waiting(self) -> int:
        """How many there are."""
        return int(self._database.value("SELECT count(*) FROM own_contractor"))
