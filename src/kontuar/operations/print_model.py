"""The neutral model of a print: every text is already translated and formatted (DOC: prints)."""

from typing import Literal

import msgspec

Language = Literal["pl", "fr", "en"]


class PrintLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the document's body."""

    name: str
    quantity: str = ""
    unit: str = ""
    unit_price: str = ""
    value: str = ""
    discount: str = ""
    """A note such as `rabat 10%: -0,80`; empty = none."""
    vat_letter: str = ""
    code: str = ""
    struck: bool = False
    """Returned or replaced (CORR-01): drawn struck through."""


class PrintRow(msgspec.Struct, frozen=True, kw_only=True):
    """A label with a value: totals, payments, details."""

    label: str
    value: str
    strong: bool = False


class VatRow(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of one VAT rate."""

    letter: str
    rate: str
    net: str
    vat: str
    gross: str


class LineHeadings(msgspec.Struct, frozen=True, kw_only=True):
    """Column headings of the body in the document's language (used where there is room for them)."""

    code: str = ""
    name: str = ""
    quantity: str = ""
    unit: str = ""
    unit_price: str = ""
    value: str = ""
    vat: str = ""


class VatHeadings(msgspec.Struct, frozen=True, kw_only=True):
    """Column headings of the VAT table."""

    rate: str = ""
    net: str = ""
    vat: str = ""
    gross: str = ""


class PrintModel(msgspec.Struct, frozen=True, kw_only=True):
    """One document as it is to be read on paper."""

    language: Language
    title: str
    number: str = ""
    copy_mark: str = ""
    """`ORYGINAŁ`, `KOPIA`, `DUPLIKAT`…; empty = none."""
    seller: tuple[str, ...] = ()
    buyer: tuple[str, ...] = ()
    store: str = ""
    station: str = ""
    operator: str = ""
    issued_at: str = ""
    details: tuple[PrintRow, ...] = ()
    headings: LineHeadings = LineHeadings()
    lines: tuple[PrintLine, ...] = ()
    totals: tuple[PrintRow, ...] = ()
    vat_headings: VatHeadings = VatHeadings()
    vat: tuple[VatRow, ...] = ()
    payments: tuple[PrintRow, ...] = ()
    footer: tuple[str, ...] = ()
    qr: str = ""
    """Content of a QR code; empty = none."""
    barcode: str = ""
    """Content of a bar code: 13 digits make EAN-13, anything else CODE 128; empty = none."""
