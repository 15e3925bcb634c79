"""Identities, canonical bytes, the hash chain, alphabetical order, time (DOC-01, HUB-10)."""

import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.kernel import codes
from kontuar.kernel.canonical import CHAIN_START, chain_hash, content_hash, decode, encode, row_checksum
from kontuar.kernel.ids import parse_id, uuid7
from kontuar.kernel.sorting import search_key, sort_key
from kontuar.kernel.time import instant_text, local_day, milliseconds, parse_instant
from refusals import refused

NOON = datetime.datetime(2026, 11, 21, 12, 0, 0, 123_000, tzinfo=datetime.UTC)


def test_an_identity_is_a_uuid_of_version_seven_that_tells_its_millisecond() -> None:
    """DOC-01."""
    made = UUID(uuid7(NOON, bytes(10)))
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == milliseconds(NOON) == 1_795_262_400_123


def test_identities_sort_in_the_order_of_their_milliseconds() -> None:
    """DOC-01."""
    later = NOON + datetime.timedelta(milliseconds=1)
    assert uuid7(NOON, b"\xff" * 10) < uuid7(later, bytes(10))


@given(st.binary(min_size=10, max_size=10))
def test_every_entropy_gives_a_well_formed_identity(entropy: bytes) -> None:
    text = uuid7(NOON, entropy)
    assert parse_id(text, "id") == text


@pytest.mark.parametrize("text", ["", "abc", "0" * 31, "018f-xyz", "'; DROP TABLE document; --"])
def test_what_is_no_identity_is_refused(text: str) -> None:
    with refused("id.unreadable"):
        parse_id(text, "doc_id")


def test_an_identity_is_read_in_any_spelling_and_kept_in_one() -> None:
    text = uuid7(NOON, bytes(range(10)))
    assert parse_id(text.upper().replace("-", ""), "doc_id") == text


class _First(msgspec.Struct, kw_only=True):
    beta: int
    alpha: Decimal
    at: datetime.datetime


class _Second(msgspec.Struct, kw_only=True):
    at: datetime.datetime
    alpha: Decimal
    beta: int


def test_canonical_bytes_do_not_depend_on_the_order_of_fields() -> None:
    """HUB-10."""
    first = encode(_First(beta=1, alpha=Decimal("1.50"), at=NOON))
    assert first == encode(_Second(beta=1, alpha=Decimal("1.50"), at=NOON))
    assert first == b'{"alpha":"1.50","at":"2026-11-21T12:00:00.123000Z","beta":1}'


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=8))))
def test_canonical_bytes_do_not_depend_on_the_order_of_insertion(values: dict[str, int | str]) -> None:
    """HUB-10."""
    assert encode(values) == encode(dict(reversed(values.items())))


def test_fields_of_newer_writers_are_ignored() -> None:
    """REL-16."""
    read = decode(b'{"beta":1,"alpha":"2","at":"2026-11-21T12:00:00Z","gamma":[1]}', _First)
    assert (read.beta, read.alpha) == (1, Decimal(2))


def test_the_chain_has_its_golden_values() -> None:
    """HUB-10: a change of the rule would make every stored chain unreadable."""
    first = chain_hash(CHAIN_START, b'{"a":1}')
    assert first.hex() == "e63aea5bbdf64fd12a47dfc939735a65541a174c5659f56188a6052ed44b31cb"
    assert chain_hash(first, b'{"a":2}').hex() == "3d9cf603b13f596fd2066b73a360f59f258048b8dfe765b4d99ce284b8a59aa3"
    assert content_hash(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert row_checksum("unit", "szt", b"{}") == 11084522498363520316


def test_a_row_checksum_tells_kind_and_key_apart() -> None:
    """REL-10."""
    assert row_checksum("unit", "szt", b"{}") != row_checksum("units", "zt", b"{}")


def test_names_sort_as_a_polish_reader_expects() -> None:
    words = [
        "żubr",
        "Łosoś",
        "lody",
        "zebra",
        "źrebię",
        "ąkac",
        "Azot",
        "ćma",
        "cena",
        "lukier",
        "ser",
        "śruba",
        "2 szt",
    ]
    ordered = ["2 szt", "Azot", "ąkac", "cena", "ćma", "lody", "lukier", "Łosoś", "ser", "śruba", "zebra", "źrebię"]
    assert sorted(words, key=sort_key) == [*ordered, "żubr"]


def test_other_accents_are_sorted_as_their_letter_and_case_does_not_matter() -> None:
    assert sort_key("Crème BRÛLÉE") == sort_key("creme brulee")


def test_people_in_a_hurry_find_words_without_accents() -> None:
    assert search_key("Żółta ŁÓDŹ") == "zolta lodz"


def test_an_instant_is_text_that_sorts_like_time() -> None:
    earlier = NOON - datetime.timedelta(microseconds=1)
    assert instant_text(NOON) == "2026-11-21T12:00:00.123000Z"
    assert instant_text(earlier) < instant_text(NOON)
    assert parse_instant(instant_text(NOON)) == NOON


def test_the_day_is_the_shops_day() -> None:
    late = datetime.datetime(2026, 11, 21, 23, 30, tzinfo=datetime.UTC)
    assert local_day(late, "Europe/Warsaw") == datetime.date(2026, 11, 22)


def test_codes_know_their_check_digits() -> None:
    assert codes.is_ean("5901234123457")
    assert not codes.is_ean("5901234123458")
    assert codes.with_ean_check_digit("590123412345") == "5901234123457"
    assert codes.is_nip("PL 526-025-09-95")
    assert codes.plain_nip("526-025-09-95") == "5260250995"
    assert not codes.is_nip("5260250996")
