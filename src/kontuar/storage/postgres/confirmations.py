"""Confirmations of a store, in the order of commits."""

from kontuar.operations.ports.hub_documents import Confirmation, Confirmations
from kontuar.storage.postgres.engine import HubConnection

_AFTER = """
SELECT doc_id, origin, incarnation, seq, state, gid, reason, version FROM confirmation
WHERE store = %s AND version > %s ORDER BY version LIMIT %s"""


def confirmations_after(connection: HubConnection, store: str, epoch: str, version: int, most: int) -> Confirmations:
    """Those after a version; from the start when the epoch is another one or the version lies ahead of ours."""
    row = connection.execute("SELECT epoch, version FROM store_feed WHERE store = %s", [store]).fetchone()
    if row is None:
        return Confirmations(epoch="", version=0, rows=(), full=version != 0)
    now_epoch, newest = row
    full = epoch != now_epoch or version > newest
    begin = 0 if full else version
    rows = tuple(
        Confirmation(
            doc_id=doc_id, origin=origin, incarnation=life, seq=seq, state=state, gid=gid, reason=reason,
            version=at,
        )
        for doc_id, origin, life, seq, state, gid, reason, at in connection.execute(_AFTER, [store, begin, most])
    )  # fmt: skip
    return Confirmations(epoch=now_epoch, version=rows[-1].version if rows else begin, rows=rows, full=full)
