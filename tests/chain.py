"""Verifying a station's stream from nothing but its table: what an auditor does (REL-14)."""

from kontuar.domain.documents.proof.chain import Chain
from kontuar.domain.documents.proof.records import Stored
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.sync.keys import is_signed
from shop import signer


def verify(database: SqliteDatabase) -> list[int]:
    """Positions whose message is missing, or has a wrong hash or signature; empty = the chain holds."""
    chain = Chain("", "", "", _seal)
    rows = database.rows("SELECT seq, payload, hash, signature FROM message ORDER BY seq")
    found = [
        fault.seq
        for seq, payload, digest, signature in rows
        for fault in chain.take(Stored(seq=seq, payload=payload, hash=digest, signature=signature, message_id=""))
    ]
    return sorted(set(found))


def _seal(digest: bytes, signature: bytes) -> str:
    return "" if is_signed(signer().public_key, signature, digest) else "signature.bad"
