"""Checkers of the copies that agents keep of their tills' databases."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw

from kontuar.kernel.errors import Refused
from kontuar.nodes.agent import BACKUPS_FOLDER
from kontuar.nodes.machine import MachineClock
from kontuar.nodes.restoring import put_in_place
from kontuar.operations.ports.backups import KeptBackup
from kontuar.storage.backup_shelf import FolderShelf
from kontuar.storage.sqlite.engine import CHECKSUM_VFS
from kontuar.tools.simulate.books_read import Books


def restorable(books: Books) -> Iterator[str]:
    """REL-20: the latest backup of each till makes a database that is sound, and holds what it said to hold."""
    for name, agent in books.machines.agents.items():
        shelf = FolderShelf(agent.folder / BACKUPS_FOLDER, MachineClock())
        latest: dict[str, KeptBackup] = {}
        for kept in shelf.kept():
            latest.setdefault(kept.station, kept)
        for station, kept in sorted(latest.items()):
            with tempfile.TemporaryDirectory() as place:
                yield from (f"{name} keeps of {station} {fault}" for fault in _faults(shelf, kept, Path(place)))


def _faults(shelf: FolderShelf, kept: KeptBackup, place: Path) -> Iterator[str]:
    try:
        info = put_in_place(shelf.chain(kept), place)
    except Refused as refusal:
        yield f"what cannot be put together: {refusal}"
        return
    if _image_of(place / "station.db", info.page_size) != info.image:
        yield "pages that are not those of the till"
    with contextlib.closing(apsw.Connection(str(place / "station.db"), vfs=CHECKSUM_VFS)) as database:
        try:
            said = database.execute("PRAGMA integrity_check").fetchall()
            query = "SELECT max(seq) FROM message WHERE incarnation = ?"
            held = database.execute(query, (kept.incarnation,)).fetchall()[0][0] or 0
        except apsw.Error as error:
            yield f"a database that is damaged: {error}"
            return
    if said != [("ok",)]:
        yield f"a database that is damaged: {said[0]}"
    if held != kept.seq:
        yield f"messages to {held}, and was told to {kept.seq}"


def _image_of(file: Path, page_size: int) -> str:
    """As docs/protocol.md has it; none of the code under test."""
    content = file.read_bytes()
    pages = (content[start : start + page_size] for start in range(0, len(content), page_size))
    return hashlib.sha256(
        b"image/1" + b"".join(hashlib.blake2b(page, digest_size=16).digest() for page in pages)
    ).hexdigest()
