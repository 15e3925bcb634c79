"""Prints: the same model as ESC/POS bytes and as PDF."""

import io
import re
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.print_samples import FRENCH, PAGE, POLISH
from kontuar.devices.printing import layout
from kontuar.devices.printing.escpos import DRAWER_PULSE, Paper, receipt_bytes
from kontuar.devices.printing.pdf import pdf, pictures

GOLDEN_POLISH = (
    b"\x1b@\x1ba\x01\x1bt\x12\xbd\xa2\x88ta \x9d\xa2d\xab Sp. z o.o.\nNIP 526-025-02-74\n\x1ba\x00"
    b"\x1ba\x01\x1b!\x18PARAGON\n\x1b!\x00PAR/2026/01/000123\nKOPIA\n\x1ba\x00"
    b"2026-01-15 10:31          Kasa 2\n"
    b"Anna W\xa5s                Krak\xa2w 1\n"
    b"--------------------------------\n"
    b"Chleb \xbeytni\n"
    b"  2 szt. x 3,99           7,98 B\n"
    b"  rabat 10%: -0,80\n"
    b"x G\xa9\x98\n"
    b"  1,234 kg x 9,90          12,22\n"
    b"--------------------------------\n"
    b"Stawka     Netto     VAT  Brutto\n"
    b"B 8%        6,65    0,53    7,18\n"
    b"\x1b!\x18DO ZAP\x9dATY PLN             19,40\n\x1b!\x00"
    b"--------------------------------\n"
    b"Got\xa2wka                    20,00\n"
    b"Reszta                      0,60\n"
    b"\n\x1ba\x01Dzi\xa9kujemy!\n\x1ba\x00"
    b"\x1ba\x01\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x05\x1d(k\x03\x001E1"
    b"\x1d(k\x18\x001P0kontuar:document:0199\x1d(k\x03\x001Q0\x1ba\x00\n"
    b"\x1bd\x06\x1dV\x01"
)

GOLDEN_FRENCH = (
    b"\x1b@\x1ba\x01\x1bt\x13Caf\x82 de l'\x90t\x82 \x85 N\x8cmes\n\x1ba\x00"
    b"\x1ba\x01\x1b!\x18TICKET DE CAISSE\n\x1b!\x00\x1ba\x00"
    b"------------------------------------------\n"
    b"Cr\x8ame br\x96l\x82e \xae maison \xaf \x85 l'oeuf\n"
    b"  1 x 1 234,50                    1 234,50\n"
    b"------------------------------------------\n"
    b"\x1b!\x18TOTAL \xb7 PAYER                   1 234,50 \xd5\n\x1b!\x00"
    b"\x1ba\x01\x1dhP\x1dw\x03\x1df\x00\x1dH\x02\x1dkC\r5901234123457\x1ba\x00\n"
    b"\x1bd\x06\x1dV\x01"
)


def test_a_polish_receipt_on_58_mm_is_these_bytes() -> None:
    assert receipt_bytes(POLISH, Paper(columns=32, code_page="CP852")) == GOLDEN_POLISH


def test_a_french_receipt_of_42_columns_is_these_bytes() -> None:
    assert receipt_bytes(FRENCH, Paper(columns=42, code_page="CP858")) == GOLDEN_FRENCH


def test_letters_that_the_first_code_page_lacks_are_taken_from_another() -> None:
    """The euro sign is not in CP852; the Polish letters stay in it."""
    model = msgspec.structs.replace(POLISH, seller=("Łódź 5 €",))
    assert b"\x9d\xa2d\xab 5 \x1bt\x10\x80" in receipt_bytes(model, Paper(columns=42, code_page="CP852"))


def test_the_drawer_opens_before_the_paper_moves() -> None:
    job = receipt_bytes(POLISH, Paper(columns=48), open_drawer=True)
    assert job.startswith(b"\x1b@" + DRAWER_PULSE)
    assert DRAWER_PULSE not in receipt_bytes(POLISH, Paper(columns=48))


def test_other_bar_codes_are_code_128_and_too_long_ones_are_text() -> None:
    short = receipt_bytes(msgspec.structs.replace(FRENCH, barcode="PAR-123"), Paper(columns=42))
    assert b"\x1dw\x03" in short
    assert b"\x1dkI\x09{BPAR-123" in short
    long = receipt_bytes(msgspec.structs.replace(FRENCH, barcode="X" * 40), Paper(columns=32))
    assert b"\x1dk" not in long
    assert b"X" * 40 in long


texts = st.text(st.characters(categories=["L", "N", "P", "Zs", "Sc"]), max_size=70)


@given(texts, texts, st.sampled_from([32, 42, 48]))
def test_no_line_is_wider_than_the_roll(left: str, right: str, columns: int) -> None:
    assert all(len(row) <= columns for row in layout.apart(left, right, columns))
    assert all(len(row) <= columns for row in layout.wrapped(left, columns))


@given(texts, st.sampled_from([32, 42, 48]))
def test_wrapping_loses_no_letter(text: str, columns: int) -> None:
    kept = "".join(layout.wrapped(text, columns))
    assert kept.replace(" ", "") == "".join(layout.plain(text).split()).replace(" ", "")


@pytest.mark.parametrize("form", ["roll", "page"])
def test_the_same_model_gives_the_same_pdf(form: str) -> None:
    first = pdf(POLISH, form)  # type: ignore[arg-type]
    assert first.startswith(b"%PDF-")
    assert pdf(POLISH, form) == first  # type: ignore[arg-type]


def test_a_roll_is_80_mm_wide_and_a_page_is_a4() -> None:
    assert _page_sizes(pdf(POLISH, "roll"))[0][0] == 226.8
    assert _page_sizes(pdf(PAGE, "page")) == [(595.3, 841.9)] * 3


def test_other_text_makes_another_pdf_and_strange_text_is_only_text() -> None:
    nasty = msgspec.structs.replace(POLISH, title='#panic("x") *a* $b$ "quotes" \\ [')
    assert pdf(nasty, "roll") != pdf(POLISH, "roll")
    assert pdf(msgspec.structs.replace(nasty, lines=(), totals=(), vat=(), payments=()), "page")


def test_pictures_show_ink_and_the_qr_code_at_the_bottom() -> None:
    (picture,) = pictures(POLISH, "roll", 100)
    image = Image.open(io.BytesIO(picture)).convert("L")
    width, height = image.size
    assert width == 315
    code = image.crop((width // 3, height - 120, 2 * width // 3, height - 20))
    dark = sum(code.histogram()[:128]) / (code.size[0] * code.size[1])
    assert 0.2 < dark < 0.7


def _page_sizes(document: bytes) -> list[tuple[float, float]]:
    streams = [_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", document, re.DOTALL)]
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", document + b"".join(streams))
    return [(round(float(width), 1), round(float(height), 1)) for width, height in boxes]


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
