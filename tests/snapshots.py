"""What stands in a snapshot file of the feed, row by row with the version of each."""

from pathlib import Path

import msgspec
import zstandard

from kontuar.operations.ports.hub_definitions import SnapshotInfo

_Row = tuple[str, str, int, msgspec.Raw]


def rows_in(info: SnapshotInfo) -> list[tuple[str, str, int, bytes]]:
    """(kind, key, version, body) of every row."""
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(Path(info.path).read_bytes()).splitlines()
    rows = (msgspec.json.decode(line, type=_Row) for line in lines)
    return [(kind, key, version, bytes(body)) for kind, key, version, body in rows]
