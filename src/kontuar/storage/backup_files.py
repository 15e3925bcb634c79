"""A backup file: the pages of a database that changed since the file before it, or all of them (docs/protocol.md).

file  = "KTB1" | u32 length | info (canonical JSON) | batches
batch = u32 length | zstd of: for each page u32 number | page
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import zstandard

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.backups import BackupInfo
from kontuar.storage.sqlite.soundness import sync_folder

MAGIC: Final = b"KTB1"
DIGEST_BYTES: Final = 16
_BATCH_PAGES: Final = 64
_MOST_INFO_BYTES: Final = 65_536
_MOST_BATCH_BYTES: Final = _BATCH_PAGES * (65_536 + 4)
_COPY_BYTES: Final = 1024 * 1024


class BackupWriter:
    """Takes all pages of a database in order and keeps those that are not what they were.

    `before`: the digests of all pages of the last backup, 16 bytes each; empty = there was none.
    """

    def __init__(self, path: Path, before: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._before = before
        self._body = path.with_name(path.name + ".body")
        self._out = self._body.open("wb")
        self._digests = bytearray()
        self._batch: list[bytes] = []
        self.changed = 0

    @property
    def digests(self) -> bytes:
        """Of the pages so far, 16 bytes each."""
        return bytes(self._digests)

    def add(self, pages: Sequence[bytes]) -> None:
        """The next pages."""
        for page in pages:
            digest, at = digest_of(page), len(self._digests)
            self._digests += digest
            if self._before[at : at + DIGEST_BYTES] != digest:
                self._batch += (struct.pack(">I", at // DIGEST_BYTES), page)
                self.changed += 1
        if len(self._batch) >= 2 * _BATCH_PAGES:
            self._flush()

    def finish(self, info: BackupInfo) -> str:
        """Put the file in its place, durably; its hash (hex)."""
        self._flush()
        self._out.close()
        head = encode(info)
        unfinished = self._path.with_name(self._path.name + ".new")
        hashing = hashlib.sha256()
        with unfinished.open("wb") as out, self._body.open("rb") as body:
            for piece in (MAGIC + struct.pack(">I", len(head)) + head, *_pieces(body)):
                hashing.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        self._body.unlink()
        unfinished.rename(self._path)
        sync_folder(self._path.parent)
        return hashing.hexdigest()

    def drop(self) -> None:
        """Leave nothing behind."""
        self._out.close()
        self._body.unlink(missing_ok=True)

    def _flush(self) -> None:
        for start in range(0, len(self._batch), 2 * _BATCH_PAGES):
            packed = zstandard.compress(b"".join(self._batch[start : start + 2 * _BATCH_PAGES]), 3)
            self._out.write(struct.pack(">I", len(packed)) + packed)
        self._batch = []


def digest_of(page: bytes) -> bytes:
    """By which a page is known to be the same."""
    return hashlib.blake2b(page, digest_size=DIGEST_BYTES).digest()


def image_hash(digests: bytes) -> str:
    """The hash of a whole database, from the digests of its pages."""
    return hashlib.sha256(b"image/1" + digests).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file (hex)."""
    hashing = hashlib.sha256()
    with path.open("rb") as file:
        for piece in _pieces(file):
            hashing.update(piece)
    return hashing.hexdigest()


def read_info(path: Path) -> BackupInfo:
    """What a file says of itself; raises `Refused("backup.damaged")`."""
    with path.open("rb") as file:
        return _read_info(file)


def put_together(files: Iterable[Path], image: Path) -> BackupInfo:
    """Write the database that a whole file and those after it make; what the last says of itself.

    Raises `Refused("backup.damaged")` unless it is, page by page, what it was.
    """
    info: BackupInfo | None = None
    image.parent.mkdir(parents=True, exist_ok=True)
    with image.open("wb+") as out:
        for path in files:
            with path.open("rb") as file:
                info = _read_info(file)
                for number, page in _pages(file, info.page_size):
                    if number >= info.page_count:
                        raise refuse("backup.damaged", reason="number of a page")
                    out.seek(number * info.page_size)
                    out.write(page)
            out.truncate(info.page_count * info.page_size)
        if info is None:
            raise refuse("backup.damaged", reason="no files")
        out.flush()
        os.fsync(out.fileno())
        out.seek(0)
        digests = b"".join(digest_of(page) for page in _pieces(out, info.page_size))
    if image_hash(digests) != info.image:
        raise refuse("backup.damaged", reason="pages differ")
    return info


def _read_info(file: BinaryIO) -> BackupInfo:
    head = file.read(8)
    if len(head) != 8 or head[:4] != MAGIC:
        raise refuse("backup.damaged", reason="no backup file")
    (length,) = struct.unpack(">I", head[4:])
    if length > _MOST_INFO_BYTES:
        raise refuse("backup.damaged", reason="length of the info")
    try:
        return msgspec.json.decode(file.read(length), type=BackupInfo)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse("backup.damaged", reason=error) from None


def _pages(file: BinaryIO, page_size: int) -> Iterator[tuple[int, bytes]]:
    unpacking = zstandard.ZstdDecompressor()
    step = 4 + page_size
    while head := file.read(4):
        packed = file.read(int.from_bytes(head, "big")) if len(head) == 4 else b""
        try:
            batch = unpacking.decompress(packed, max_output_size=_MOST_BATCH_BYTES)
        except zstandard.ZstdError as error:
            raise refuse("backup.damaged", reason=error) from None
        if len(batch) % step or len(batch) > _BATCH_PAGES * step:
            raise refuse("backup.damaged", reason="length of a batch")
        for at in range(0, len(batch), step):
            yield int.from_bytes(batch[at : at + 4], "big"), batch[at + 4 : at + step]


def _pieces(file: BinaryIO, size: int = _COPY_BYTES) -> Iterator[bytes]:
    while piece := file.read(size):
        yield piece
