"""What the hub holds of a shift, booked and parked alike: declared = applied + parked (REL-06)."""

from kontuar.domain.documents.booking import Arrived, read
from kontuar.domain.documents.booking_checks import ShiftSums
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Cancelled
from kontuar.storage.postgres.engine import HubConnection

_PARKED = """
SELECT m.store, m.origin, m.incarnation, m.seq, m.message_id, m.kind, m.payload, m.hash FROM verification_item v
JOIN message m ON (m.store, m.origin, m.incarnation, m.seq) = (v.store, v.origin, v.incarnation, v.seq)
JOIN shift s ON s.store = v.store AND s.shift_id = %(shift)s AND s.origin = v.origin AND s.incarnation = v.incarnation
WHERE v.store = %(store)s AND v.state = 'parked' AND NOT v.forked"""


def sums_of_shift(connection: HubConnection, store: str, shift_id: str) -> ShiftSums:
    """Counts and gross per document type (a repeated sale has none of its own), cash per (form, currency)."""
    sums = ShiftSums()
    where = {"store": store, "shift": shift_id}
    for name, count, gross in connection.execute(
        "SELECT d.type, count(*), "
        "sum(CASE WHEN r.doc_id IS NOT NULL THEN 0 WHEN d.amount <> 0 THEN d.amount ELSE d.gross END) FROM document d "
        "LEFT JOIN sale_repeat r ON r.store = d.store AND r.doc_id = d.doc_id "
        "WHERE d.store = %(store)s AND d.shift_id = %(shift)s GROUP BY d.type",
        where,
    ):
        sums.counts[name] += count
        sums.gross[name] += int(gross)
    for form, currency, amount in connection.execute(
        "SELECT form, currency, sum(amount) FROM cash_move WHERE store = %(store)s AND shift_id = %(shift)s "
        "GROUP BY form, currency",
        where,
    ):
        sums.cash[(form, currency)] += int(amount)
    for store_code, origin, life, seq, message_id, kind, payload, digest in connection.execute(_PARKED, where):
        arrived = Arrived(
            store=store_code, origin=origin, incarnation=life, seq=seq, message_id=message_id, kind=kind,
            payload=bytes(payload), hash=bytes(digest),
        )  # fmt: skip
        _add_parked(sums, read(arrived).body, shift_id)
    return sums


def _add_parked(sums: ShiftSums, body: object, shift_id: str) -> None:
    if isinstance(body, Document | Cancelled) and body.shift_id == shift_id:
        sums.add(body)
