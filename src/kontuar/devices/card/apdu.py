"""ZVT over TCP: application blocks of two control bytes, a length and data; BCD numbers; bitmap fields.

The length is one byte, or FF followed by two bytes, low one first. Data of payments are *bitmaps*: one byte
of tag, then a value whose length follows from the tag, is written before it in two or three bytes F0…F9
(LL, LLL), or, for tag 06, in the BER way.
"""

from collections.abc import Mapping

import msgspec

REGISTRATION = b"\x06\x00"
AUTHORISATION = b"\x06\x01"
COMPLETION = b"\x06\x0f"
ABORT = b"\x06\x1e"
REPEAT_RECEIPT = b"\x06\x20"
REVERSAL = b"\x06\x30"
REFUND = b"\x06\x31"
STOP = b"\x06\xb0"
PRINT_LINE = b"\x06\xd1"
STATUS_INFORMATION = b"\x04\x0f"
INTERMEDIATE_STATUS = b"\x04\xff"
POSITIVE = b"\x80\x00"
NEGATIVE_CLASS = 0x84

AMOUNT, CURRENCY, RESULT, CARD_NUMBER = 0x04, 0x49, 0x27, 0x22
RECEIPT_NUMBER, TRACE_NUMBER, TERMINAL_ID = 0x87, 0x0B, 0x29
AUTHORISATION_CODE, CARD_NAME = 0x3B, 0x8B
TLV = 0x06

_FIXED = {
    0x01: 1, 0x02: 1, 0x03: 1, 0x04: 6, 0x05: 1, 0x0B: 3, 0x0C: 3, 0x0D: 2, 0x0E: 2, 0x17: 2, 0x19: 1,
    0x27: 1, 0x29: 4, 0x2A: 15, 0x3A: 2, 0x3B: 8, 0x3D: 3, 0x49: 2, 0x87: 2, 0x88: 3, 0x8A: 1, 0x8C: 1,
    0xA0: 1, 0xAA: 3, 0xBA: 5, 0xD0: 1, 0xD2: 1, 0xD3: 1, 0xEB: 8,
}  # fmt: skip
_LL = frozenset({0x22, 0x23, 0x8B, 0xA7, 0xD1})
_LLL = frozenset({0x24, 0x2E, 0x37, 0x3C, 0x60, 0x9A, 0xAF})


class Unreadable(ValueError):
    """The terminal sent something that is not ZVT as we know it."""


class Apdu(msgspec.Struct, frozen=True):
    """One application block."""

    control: bytes
    data: bytes = b""

    def encoded(self) -> bytes:
        """The bytes on the wire."""
        size = len(self.data)
        length = bytes([size]) if size < 0xFF else b"\xff" + size.to_bytes(2, "little")
        return self.control + length + self.data


ACK = Apdu(POSITIVE)


class ApduReader:
    """Cuts a stream into blocks, whatever the pieces."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, piece: bytes) -> list[Apdu]:
        """The blocks that this piece completes."""
        self._buffer += piece
        blocks: list[Apdu] = []
        while True:
            start, end = _bounds(self._buffer)
            if end > len(self._buffer):
                return blocks
            blocks.append(Apdu(self._buffer[:2], self._buffer[start:end]))
            self._buffer = self._buffer[end:]


def bcd(number: int, size_bytes: int) -> bytes:
    """Two digits per byte, zeros in front; a number that does not fit is a bug."""
    digits = str(number).zfill(size_bytes * 2)
    assert number >= 0, "no negative number in BCD"
    assert len(digits) == size_bytes * 2, f"{number} does not fit into {size_bytes} bytes"
    return bytes.fromhex(digits)


def number_of(value: bytes) -> int:
    """The number that `bcd` wrote; raises `Unreadable` when a half-byte is no digit."""
    if not value.hex().isdecimal():
        raise Unreadable(f"not a number: {value.hex()}")
    return int(value.hex())


def field(tag: int, value: bytes) -> bytes:
    """One bitmap field."""
    if tag in _FIXED:
        assert len(value) == _FIXED[tag], f"field {tag:02X} has {_FIXED[tag]} bytes"
        return bytes([tag]) + value
    places = 2 if tag in _LL else 3
    length = bytes(0xF0 + int(digit) for digit in str(len(value)).zfill(places))
    return bytes([tag]) + length + value


def fields_of(data: bytes) -> Mapping[int, bytes]:
    """Bitmap fields by tag; raises `Unreadable` at the first unknown tag or a value that is cut short."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        tag = data[at]
        start, size = _value_bounds(data, tag, at + 1)
        if start + size > len(data):
            raise Unreadable(f"field {tag:02X} is cut short")
        fields[tag] = data[start : start + size]
        at = start + size
    return fields


def _value_bounds(data: bytes, tag: int, at: int) -> tuple[int, int]:
    if tag in _FIXED:
        return at, _FIXED[tag]
    if tag == TLV:
        return _ber_length(data, at)
    places = 2 if tag in _LL or 0xE1 <= tag <= 0xE8 or 0xF1 <= tag <= 0xF8 else 3 if tag in _LLL else 0
    digits = data[at : at + places]
    if not places or len(digits) < places or any(not 0xF0 <= digit <= 0xF9 for digit in digits):
        raise Unreadable(f"field {tag:02X} at {at - 1}")
    return at + places, int("".join(str(digit - 0xF0) for digit in digits))


def _ber_length(data: bytes, at: int) -> tuple[int, int]:
    first = data[at] if at < len(data) else 0
    if first < 0x80:
        return at + 1, first
    places = first - 0x80
    return at + 1 + places, int.from_bytes(data[at + 1 : at + 1 + places], "big")


def _bounds(buffer: bytes) -> tuple[int, int]:
    """Where the data of the first block starts and ends; an end beyond the buffer means *wait for more*."""
    if len(buffer) < 3:
        return 0, len(buffer) + 1
    if buffer[2] < 0xFF:
        return 3, 3 + buffer[2]
    if len(buffer) < 5:
        return 0, len(buffer) + 1
    return 5, 5 + int.from_bytes(buffer[3:5], "little")
