"""What a scanned string is: an article's code, a weighed piece, a GS1 label, one of our documents. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from kontuar.kernel.codes import is_ean
from kontuar.kernel.money import Minor

if TYPE_CHECKING:
    from biip.gs1_element_strings import GS1ElementString

ScanKind = Literal["article", "in_store", "gs1", "logistic_unit", "document", "text", "empty"]
InStoreValue = Literal["weight", "price", "quantity"]
_VALUES: Final[Mapping[str, InStoreValue]] = {"weight": "weight", "price": "price", "quantity": "quantity"}

DOCUMENT_PREFIX = "kontuar:document:"
"""What the QR codes on our prints begin with; the document's id follows."""

_GROUP_SEPARATOR = "\x1d"
_GS1_MARKS = ("]C1", "]d2", "]Q3", "]e0", "]J1")
_EAN_MARKS = ("]E0", "]E4", "]E3")
_EAN_LENGTHS = (8, 12, 13, 14)
_SHORTEST_LABEL = 4
_BATCH, _EXPIRY, _BEST_BEFORE, _SERIAL, _COUNT = "10", "17", "15", "21", ("30", "37")
_NET_WEIGHT_KG = "310"


class InStoreScheme(msgspec.Struct, frozen=True, kw_only=True):
    """How a shop's own EAN-13 carries a weight, a price or a quantity: prefix, article, value, check digit.

    `prefix`: 2 or 3 digits, 20-29 by custom; `article_digits` follow it; `skip_digits` (a check digit of the
    price in some countries) are ignored; `value_digits` come before the EAN check digit; `value_places` of
    them are decimals (a price counts in major units of the currency: 2 places = grosz).
    """

    prefix: str
    article_digits: int
    skip_digits: int = 0
    value_digits: int
    value_places: int
    value: InStoreValue

    def fits(self) -> bool:
        """Do the parts make 13 digits with the check digit, and the value whole minor units?"""
        digits = len(self.prefix) + self.article_digits + self.skip_digits + self.value_digits + 1
        return digits == 13 and (self.value != "price" or self.value_places <= 2)


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A scanned string, read."""

    kind: ScanKind
    text: str
    """What the scanner gave, without its symbology mark and line ends."""
    code: str = ""
    """What to look the article up by: the EAN, the article digits of an in-store code, or the text."""
    check_digit_wrong: bool = False
    """The length of an EAN with a wrong check digit: probably misread."""
    quantity: Decimal | None = None
    weight_kg: Decimal | None = None
    price: Minor | None = None
    batch: str = ""
    serial: str = ""
    expiry: date | None = None
    logistic_unit: str = ""
    """The SSCC of a pallet or parcel."""
    document_id: str = ""


def read_scan(raw: str, schemes: Sequence[InStoreScheme] = ()) -> Scan:
    """Classify; never refuses: what is not known otherwise is `text`, looked up as it stands."""
    text = raw.strip("\r\n\t ")
    if not text:
        return Scan(kind="empty", text="")
    marked = text.startswith(_GS1_MARKS)
    if text.startswith((*_GS1_MARKS, *_EAN_MARKS)):
        text = text[3:]
    if text.startswith(DOCUMENT_PREFIX):
        return Scan(kind="document", text=text, document_id=text.removeprefix(DOCUMENT_PREFIX))
    if not marked and text.isascii() and text.isdigit() and len(text) in _EAN_LENGTHS:
        return _article(text, schemes)
    elements = _gs1_elements(text)
    return _gs1(text, elements) if elements else Scan(kind="text", text=text, code=text)


def schemes_from(text: str) -> tuple[InStoreScheme, ...]:
    """Schemes as the parameter `scan.in_store_codes` writes them: PREFIX:ARTICLE:VALUE:PLACES:KIND, blanks between.

    `29:5:5:3:weight` = prefix 29, five digits of the article, five of the weight with three decimals. What does
    not fit 13 digits is left out.
    """
    found: list[InStoreScheme] = []
    for part in text.split():
        pieces = part.split(":")
        if len(pieces) == 5 and all(piece.isdecimal() for piece in pieces[:4]) and pieces[4] in _VALUES:
            found.append(
                InStoreScheme(
                    prefix=pieces[0],
                    article_digits=int(pieces[1]),
                    value_digits=int(pieces[2]),
                    value_places=int(pieces[3]),
                    value=_VALUES[pieces[4]],
                )
            )
    return tuple(scheme for scheme in found if scheme.fits())


def document_code(document_id: str) -> str:
    """The content of the QR code that `read_scan` recognises."""
    return DOCUMENT_PREFIX + document_id


def _article(digits: str, schemes: Sequence[InStoreScheme]) -> Scan:
    if not is_ean(digits):
        return Scan(kind="text", text=digits, code=digits, check_digit_wrong=True)
    for scheme in schemes:
        if len(digits) == 13 and digits.startswith(scheme.prefix) and scheme.fits():
            return _in_store(digits, scheme)
    return Scan(kind="article", text=digits, code=_plain_ean(digits))


def _plain_ean(digits: str) -> str:
    """UPC-A and a GTIN-14 of the single piece as the EAN-13 that catalogues hold."""
    padded = digits.zfill(14)
    return digits if len(digits) == 8 else padded[1:] if padded[0] == "0" else digits


def _in_store(digits: str, scheme: InStoreScheme) -> Scan:
    start = len(scheme.prefix)
    article = digits[start : start + scheme.article_digits]
    raw_value = int(digits[-1 - scheme.value_digits : -1])
    value = Decimal(raw_value).scaleb(-scheme.value_places)
    return Scan(
        kind="in_store",
        text=digits,
        code=article,
        weight_kg=value if scheme.value == "weight" else None,
        quantity=value if scheme.value == "quantity" else None,
        price=Minor(int(value.scaleb(2))) if scheme.value == "price" else None,
    )


def _gs1_elements(text: str) -> "list[GS1ElementString]":
    """The GS1 element strings of a label, a web address of one, or its human-readable form; else none."""
    if len(text) < _SHORTEST_LABEL:  # the parser trips over a lone `]`
        return []
    # Read with the first label and not with the program: a till would begin to sell later (PERF-03).
    from biip import ParseError, parse
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI
    from biip.gs1_messages import GS1Message

    try:
        if text.startswith("("):
            return GS1Message.parse_hri(text).element_strings
        if text.startswith(("http://", "https://")):
            return GS1DigitalLinkURI.parse(text).element_strings
        message = parse(text).gs1_message
    except ParseError:
        return []
    elements = message.element_strings if message else []
    return elements if _convincing(text, elements) else []


def _convincing(text: str, elements: "Sequence[GS1ElementString]") -> bool:
    """Many a plain number can be read as GS1; we believe it when an article or a logistic unit is named."""
    return _GROUP_SEPARATOR in text or any(element.ai.ai in ("00", "01", "02") for element in elements)


def _gs1(text: str, elements: "Sequence[GS1ElementString]") -> Scan:
    by_ai = {element.ai.ai: element for element in elements}
    article = by_ai.get("01") or by_ai.get("02")
    weight = next((element.decimal for ai, element in by_ai.items() if ai.startswith(_NET_WEIGHT_KG)), None)
    counted = next((by_ai[ai].value for ai in _COUNT if ai in by_ai), "")
    expiry = by_ai.get(_EXPIRY) or by_ai.get(_BEST_BEFORE)
    unit = by_ai["00"].value if "00" in by_ai else ""
    return Scan(
        kind="gs1" if article or not unit else "logistic_unit",
        text=text,
        code=_plain_ean(article.value) if article else "",
        quantity=Decimal(counted) if counted else None,
        weight_kg=weight,
        batch=by_ai[_BATCH].value if _BATCH in by_ai else "",
        serial=by_ai[_SERIAL].value if _SERIAL in by_ai else "",
        expiry=expiry.date if expiry else None,
        logistic_unit=unit,
    )
