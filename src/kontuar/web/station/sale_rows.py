"""Which rows of a document have to be painted again."""

import zlib
from collections.abc import Sequence

import msgspec

from kontuar.domain.documents.document import Line
from kontuar.kernel.canonical import encode


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """`whole`: paint the table anew; else these line numbers in place, and those at the end."""

    whole: bool
    changed: frozenset[int] = frozenset()
    added: frozenset[int] = frozenset()


def fingerprints(lines: Sequence[Line]) -> str:
    """What a browser shows of the lines: number and checksum of each."""
    return " ".join(f"{line.number}.{zlib.crc32(encode(line)) & 0xFFFFFF:x}" for line in lines)


def rows_to_paint(shown: str, lines: Sequence[Line]) -> Rows:
    """Compare with what the browser says it shows; in doubt everything is painted anew."""
    before, now = shown.split(), fingerprints(lines).split()
    if not before or len(before) > len(now):
        return Rows(whole=True)
    pairs = list(zip(before, now, strict=False))
    if any(old.partition(".")[0] != new.partition(".")[0] for old, new in pairs):
        return Rows(whole=True)
    changed = {_number(new) for old, new in pairs if old != new}
    return Rows(whole=False, changed=frozenset(changed), added=frozenset(map(_number, now[len(before) :])))


def _number(fingerprint: str) -> int:
    return int(fingerprint.partition(".")[0])
