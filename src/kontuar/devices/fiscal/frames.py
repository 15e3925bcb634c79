"""Frames of the POSNET formatted protocol: STX command TAB (two-letter field value TAB)* # CRC ETX; CP1250.

CRC-16 with polynomial 0x1021, start 0, no reflection, over the bytes between STX and `#`, as four hex digits.
"""

import binascii
import re
import unicodedata
from collections.abc import Mapping, Sequence

import msgspec

STX, TAB, ETX = b"\x02", b"\x09", b"\x03"
FRAME_LIMIT_BYTES = 64 * 1024
BAD_FRAME = "ERR"
"""The command of an answer to a frame that could not be read."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")

Fields = Sequence[tuple[str, str]]


class Frame(msgspec.Struct, frozen=True):
    """A frame that was read; `error` is the device's number of what went wrong."""

    command: str
    fields: Mapping[str, str]
    error: int | None = None


class Garbled(msgspec.Struct, frozen=True):
    """Bytes between STX and ETX that are no frame, or whose CRC is wrong."""

    raw: bytes
    crc_wrong: bool


def crc16(data: bytes) -> str:
    """Four hex digits."""
    return f"{binascii.crc_hqx(data, 0):04X}"


def encoded(command: str, fields: Fields = (), error: int | None = None) -> bytes:
    """The bytes of a frame; letters that CP1250 lacks lose their accents, controls become spaces."""
    parts = [
        command,
        *(f"?{error}" for _ in range(error is not None)),
        *(name + value for name, value in fields),
    ]
    body = b"".join(_bytes(part) + TAB for part in parts)
    return STX + body + b"#" + crc16(body).encode("ascii") + ETX


class PosnetReader:
    """Cuts a stream into frames, whatever the pieces; noise between frames is dropped."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, piece: bytes) -> list[Frame | Garbled]:
        """The frames that this piece completes, in order."""
        self._buffer += piece
        frames: list[Frame | Garbled] = []
        while True:
            start = self._buffer.find(STX)
            if start < 0:
                self._buffer = b""
                return frames
            end = self._buffer.find(ETX, start)
            if end < 0:
                self._buffer = self._buffer[start:][-FRAME_LIMIT_BYTES:]
                return frames
            frames.append(_parsed(self._buffer[start + 1 : end]))
            self._buffer = self._buffer[end + 1 :]


def _bytes(text: str) -> bytes:
    clean = _CONTROLS.sub(" ", text)
    return b"".join(_letter(letter) for letter in clean)


def _letter(letter: str) -> bytes:
    try:
        return letter.encode("cp1250")
    except UnicodeEncodeError:
        base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore")
        return b" " if letter.isspace() else base or b"?"


def _parsed(raw: bytes) -> Frame | Garbled:
    body, mark, crc = raw.rpartition(b"#")
    if not mark or TAB not in body:
        return Garbled(raw, crc_wrong=False)
    if crc16(body).encode("ascii") != crc.strip().upper():
        return Garbled(raw, crc_wrong=True)
    command, *rest = body.decode("cp1250", "replace").split("\t")
    fields: dict[str, str] = {}
    error: int | None = None
    for part in rest:
        if part.startswith("?") and part[1:].isdigit():
            error = int(part[1:])
        elif len(part) >= 2 and not part.startswith("@"):
            fields[part[:2]] = part[2:]
    return Frame(command, fields, error)
