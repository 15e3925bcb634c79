"""What scanned strings are taken for."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.catalogue.scanned import InStoreScheme, document_code, read_scan, schemes_from
from kontuar.kernel.codes import with_ean_check_digit

VECTORS = Path("/work/shared/formats/checks/gs1-parse-biip.json")
WEIGHT = InStoreScheme(prefix="29", article_digits=5, value_digits=5, value_places=3, value="weight")
PRICE = InStoreScheme(prefix="20", article_digits=4, skip_digits=1, value_digits=5, value_places=2, value="price")


@pytest.mark.parametrize(
    ("scanned", "code"),
    [
        ("5901234123457", "5901234123457"),
        ("96385074", "96385074"),
        ("036000291452", "0036000291452"),
        ("05901234123457\r\n", "5901234123457"),
        ("15901234123454", "15901234123454"),
        ("]E05901234123457", "5901234123457"),
    ],
)
def test_article_codes_are_looked_up_as_catalogues_hold_them(scanned: str, code: str) -> None:
    scan = read_scan(scanned)
    assert (scan.kind, scan.code) == ("article", code)


def test_a_misread_code_is_marked_by_its_check_digit() -> None:
    scan = read_scan("5901234123450")
    assert (scan.kind, scan.check_digit_wrong, scan.code) == ("text", True, "5901234123450")


def test_a_weighed_piece_carries_its_weight_in_kilograms() -> None:
    scan = read_scan(with_ean_check_digit("291234501234"), [PRICE, WEIGHT])
    assert (scan.kind, scan.code, scan.weight_kg, scan.price) == ("in_store", "12345", Decimal("1.234"), None)


def test_a_priced_piece_carries_its_price_in_minor_units() -> None:
    scan = read_scan(with_ean_check_digit("201234701299"), [PRICE, WEIGHT])
    assert (scan.kind, scan.code, scan.weight_kg, scan.price) == ("in_store", "1234", None, 1299)


def test_without_a_scheme_an_in_store_code_is_an_ordinary_one() -> None:
    assert read_scan(with_ean_check_digit("291234501234")).kind == "article"


def test_a_label_with_batch_expiry_and_weight_is_read_whole() -> None:
    scan = read_scan("]C101059012341234571727113010L1\x1d3103000750")
    assert (scan.kind, scan.code, scan.batch) == ("gs1", "5901234123457", "L1")
    assert (scan.expiry, scan.weight_kg) == (date(2027, 11, 30), Decimal("0.750"))


def test_the_printed_form_and_the_web_address_of_a_label_are_the_same_label() -> None:
    printed = read_scan("(01)05901234123457(10)L1(3103)000750")
    address = read_scan("https://id.gs1.org/01/05901234123457/10/L1?3103=000750")
    assert (printed.code, printed.batch, printed.weight_kg) == (address.code, address.batch, address.weight_kg)
    assert printed.code == "5901234123457"


def test_a_pallet_is_a_logistic_unit_without_an_article() -> None:
    scan = read_scan("00340123450000000000")
    assert (scan.kind, scan.code, scan.logistic_unit) == ("logistic_unit", "", "340123450000000000")


def test_our_own_prints_are_recognised() -> None:
    scan = read_scan(document_code("0199-abc"))
    assert (scan.kind, scan.document_id) == ("document", "0199-abc")


@pytest.mark.parametrize("text", ["ABC-1", "10-PLU", "17", "https://example.com/x", "1521"])
def test_anything_else_is_looked_up_as_it_stands(text: str) -> None:
    scan = read_scan(text)
    assert (scan.kind, scan.code) == ("text", text)


def test_an_empty_scan_is_nothing() -> None:
    assert read_scan(" \r\n").kind == "empty"


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors of GS1 labels are not on this machine")
def test_labels_are_read_as_the_shared_vectors_say() -> None:
    vectors = [vector for vector in json.loads(VECTORS.read_text()) if vector["elements"]]
    assert len(vectors) == 4
    for vector in vectors:
        scan, elements = read_scan(vector["input"]), dict(vector["elements"])
        assert scan.logistic_unit == (vector["sscc"] or "")
        assert scan.code == (vector["gtin"] or "").removeprefix("0")
        assert scan.batch == elements.get("10", "")


@given(st.text(max_size=60))
def test_no_scan_is_ever_refused(text: str) -> None:
    assert read_scan(text, [WEIGHT, PRICE]).kind


@given(st.integers(0, 99999), st.integers(0, 99999))
def test_every_weight_is_read_to_the_gram(article: int, grams: int) -> None:
    scan = read_scan(with_ean_check_digit(f"29{article:05}{grams:05}"), [WEIGHT])
    assert (scan.code, scan.weight_kg) == (f"{article:05}", Decimal(grams) / 1000)


def test_schemes_are_read_from_their_parameter_and_what_does_not_fit_is_left_out() -> None:
    """DOC-20: weighed goods with labels of the shop's own."""
    schemes = schemes_from("29:5:5:3:weight 28:4:5:2:price nonsense 27:5:6:3:weight 26:5:5:3:length")
    assert [(scheme.prefix, scheme.value) for scheme in schemes] == [("29", "weight")]
    assert read_scan(with_ean_check_digit("291234501500"), schemes).weight_kg == Decimal("1.5")
