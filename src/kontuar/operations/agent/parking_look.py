"""Looking at a parked document without editing it, to compare differing versions (PARK-15)."""

import msgspec

from kontuar.kernel.errors import refuse
from kontuar.operations.agent.parking_buffer import ParkingBuffer, refusal_of
from kontuar.operations.ports.parking import Looked, LookParked


def look(buffer: ParkingBuffer, asker: str, asked: LookParked) -> Looked:
    """The document as last saved; any station of the store may look.

    Raises `Refused("parking.not_found" | "parking.approved" | "parking.deleted")`.
    """
    del asker
    with buffer.books.transaction():
        parked = buffer.books.find(asked.doc_id)
        if parked is None:
            gone = buffer.books.gone(asked.doc_id)
            raise refuse("parking.not_found") if gone is None else refusal_of(gone)
        return Looked(row=parked.row, document=msgspec.Raw(buffer.books.body(asked.doc_id)))
