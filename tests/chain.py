"""Verifying a station's stream from nothing but its table: what an auditor does (REL-14)."""

from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.sync.keys import is_signed
from shop import signer


def verify(database: SqliteDatabase) -> list[int]:
    """Positions whose place, hash or signature is wrong; empty = the chain holds."""
    wrong = []
    previous = CHAIN_START
    rows = database.rows("SELECT seq, payload, hash, signature FROM message ORDER BY seq")
    for expected, (seq, payload, digest, signature) in enumerate(rows, 1):
        right = chain_hash(previous, payload) == digest and is_signed(signer().public_key, signature, digest)
        if seq != expected or not right:
            wrong.append(seq)
        previous = digest
    return wrong
