"""Frames of the POSNET formatted protocol."""

from hypothesis import given
from hypothesis import strategies as st

from kontuar.devices.fiscal.frames import Frame, Garbled, PosnetReader, crc16, encoded

values = st.text(st.characters(codec="cp1250", exclude_categories=["Cc"]), max_size=40)
names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=2)
commands = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)


def test_the_checksum_is_that_of_the_manual() -> None:
    assert crc16(b"trinit\tbm0\t") == "4825"
    assert crc16(b"123456789") == "31C3"
    assert crc16(b"ERR\t?5\t") == "7F84"


def test_a_command_is_written_byte_for_byte_as_in_the_manual() -> None:
    assert encoded("trinit", [("bm", "0")]) == b"\x02trinit\tbm0\t#4825\x03"


def test_polish_letters_travel_in_the_windows_code_page() -> None:
    assert b"na\xaf\xf3\xb3w\t" in encoded("trline", [("na", "Żółw")])


def test_letters_of_other_languages_lose_their_accents_and_controls_become_spaces() -> None:
    (frame,) = PosnetReader().feed(encoded("trline", [("na", "Crème\tbrûlée ñ 漢")]))
    assert isinstance(frame, Frame)
    assert frame.fields["na"] == "Creme brulée n ?"


def test_the_number_of_an_error_is_read_with_and_without_a_closing_tab() -> None:
    for body in (b"trend\t?2805\t", b"trend\t?2805"):
        raw = b"\x02" + body + b"#" + crc16(body).encode() + b"\x03"
        assert PosnetReader().feed(raw) == [Frame("trend", {}, 2805)]


def test_a_frame_with_one_changed_byte_is_garbled_never_misread() -> None:
    raw = bytearray(encoded("scnt", [("bn", "17")]))
    raw[8] ^= 1
    (frame,) = PosnetReader().feed(bytes(raw))
    assert isinstance(frame, Garbled)
    assert frame.crc_wrong


@given(commands, st.lists(st.tuples(names, values), max_size=6, unique_by=lambda pair: pair[0]))
def test_what_is_written_is_read_back(command: str, fields: list[tuple[str, str]]) -> None:
    assert PosnetReader().feed(encoded(command, fields)) == [Frame(command, dict(fields))]


@given(st.lists(st.tuples(commands, values), min_size=1, max_size=5), st.data())
def test_frames_are_the_same_whatever_pieces_they_arrive_in(sent: list[tuple[str, str]], data: st.DataObject) -> None:
    stream = b"\x00noise".join(encoded(command, [("tx", value)]) for command, value in sent)
    reader, frames = PosnetReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        frames += reader.feed(stream[:size])
        stream = stream[size:]
    assert frames == [Frame(command, {"tx": value}) for command, value in sent]
