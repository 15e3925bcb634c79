"""Blocks, BCD numbers and bitmap fields of ZVT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.devices.card import apdu
from kontuar.devices.card.apdu import Apdu, ApduReader, Unreadable
from kontuar.devices.card.results import CURRENCIES, masked, reason_of

blocks = st.builds(Apdu, st.binary(min_size=2, max_size=2), st.binary(max_size=600))


def test_an_authorisation_of_12_34_is_written_byte_for_byte() -> None:
    data = apdu.field(apdu.AMOUNT, apdu.bcd(1234, 6)) + apdu.field(apdu.CURRENCY, apdu.bcd(985, 2))
    assert Apdu(apdu.AUTHORISATION, data).encoded().hex() == "06010a04000000001234490985"


def test_an_acknowledgement_is_80_00_00() -> None:
    assert apdu.ACK.encoded().hex() == "800000"


def test_a_long_block_has_its_length_low_byte_first() -> None:
    assert Apdu(b"\x06\xd3", b"x" * 300).encoded()[:5].hex() == "06d3ff2c01"


def test_a_card_name_has_its_length_in_two_bytes_of_f() -> None:
    assert apdu.field(apdu.CARD_NAME, b"VISA DEBIT\x00").hex() == "8bf1f1" + b"VISA DEBIT\x00".hex()


def test_status_information_with_fields_we_do_not_use_is_read_past_them() -> None:
    data = bytes.fromhex("2700" + "0b000042" + "0c101530" + "3cf0f0f2" + "4142" + "0603" + "1f0401" + "870042")
    fields = apdu.fields_of(data)
    assert (fields[apdu.RESULT], apdu.number_of(fields[apdu.RECEIPT_NUMBER])) == (b"\x00", 42)
    assert fields[apdu.TLV] == b"\x1f\x04\x01"


@pytest.mark.parametrize("data", ["04000000", "8bf1", "8b0102", "ff01", "0683"])
def test_fields_cut_short_or_unknown_are_unreadable_never_guessed(data: str) -> None:
    with pytest.raises(Unreadable):
        apdu.fields_of(bytes.fromhex(data) + b"")


def test_hidden_digits_of_a_card_are_stars_and_padding_is_gone() -> None:
    assert masked(bytes.fromhex("4761eeeeeeee001f")) == "4761********001"


def test_reasons_of_refusal_tell_the_bank_from_the_terminal() -> None:
    assert (reason_of(0x05), reason_of(0x6C), reason_of(0xFF)) == (
        "card.declined.bank",
        "card.declined.stopped",
        "card.declined.terminal",
    )


def test_currencies_have_three_digits() -> None:
    assert CURRENCIES["PLN"] == 985
    assert all(0 < number < 1000 for number in CURRENCIES.values())


@given(st.integers(0, 10**12 - 1))
def test_amounts_are_exact_to_the_largest_one(amount: int) -> None:
    assert apdu.number_of(apdu.bcd(amount, 6)) == amount


@given(st.lists(blocks, min_size=1, max_size=5), st.data())
def test_blocks_are_the_same_whatever_pieces_they_arrive_in(sent: list[Apdu], data: st.DataObject) -> None:
    stream = b"".join(block.encoded() for block in sent)
    reader, received = ApduReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:size])
        stream = stream[size:]
    assert received == sent


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_called_unreadable(data: bytes) -> None:
    try:
        fields = apdu.fields_of(data)
    except Unreadable:
        return
    assert sum(len(value) for value in fields.values()) <= len(data)
