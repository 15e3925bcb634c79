"""A print model as ESC/POS bytes for a roll of 32, 42 or 48 columns. The same model, the same bytes."""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kontuar.devices.printing import layout
from kontuar.kernel.codes import is_ean
from kontuar.operations.print_model import PrintModel

if TYPE_CHECKING:
    from escpos.magicencode import Encoder

CodePage = Literal["CP852", "CP858", "CP1250", "CP1252"]
CODE_PAGES: tuple[CodePage, ...] = ("CP852", "CP858", "CP1250", "CP1252")
COLUMNS = (32, 42, 48)
DRAWER_PULSE = b"\x1bp\x00\x19\xfa"
"""Pin 2, 50 ms on, 500 ms off."""

_DOTS = {32: 384, 42: 512, 48: 576}
_MODULES_OF_EAN13 = 113
_TALL_STRONG = b"\x1b!\x18"
_NORMAL = b"\x1b!\x00"
_STRONG_ON, _STRONG_OFF = b"\x1bE\x01", b"\x1bE\x00"
_LEFT, _CENTRE = b"\x1ba\x00", b"\x1ba\x01"


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """The roll and the letters that the printer knows."""

    columns: int = 48
    code_page: CodePage = "CP852"
    """Tried first; letters it lacks are looked for in the other pages."""


def receipt_bytes(model: PrintModel, paper: Paper, *, open_drawer: bool = False) -> bytes:
    """The whole job, from initialisation to the cut; the drawer opens first, so that change is quick."""
    assert paper.columns in COLUMNS, f"no roll of {paper.columns} columns"
    draft = _Draft(paper)
    if open_drawer:
        draft.raw(DRAWER_PULSE)
    _write_top(draft, model)
    _write_body(draft, model)
    _write_bottom(draft, model)
    return draft.finished()


def drawer_bytes() -> bytes:
    """A job that only opens the drawer."""
    return DRAWER_PULSE


class _Draft:
    """Collects the job; python-escpos chooses the code page of each letter."""

    def __init__(self, paper: Paper) -> None:
        # Its table of printers takes half a second to load: only when something is printed (PERF-03).
        from escpos.magicencode import MagicEncode
        from escpos.printer import Dummy

        self.columns = paper.columns
        self._printer = Dummy(profile="default")
        self._printer.magic = MagicEncode(self._printer, encoder=_encoder(self._printer, paper.code_page))
        self._printer._raw(b"\x1b@")

    def raw(self, command: bytes) -> None:
        self._printer._raw(command)

    def lines(self, texts: list[str]) -> None:
        for text in texts:
            if text:
                self._printer.magic.write(text)
            self.raw(b"\n")

    def centred(self, texts: list[str]) -> None:
        self.raw(_CENTRE)
        self.lines(texts)
        self.raw(_LEFT)

    def strong(self, texts: list[str]) -> None:
        self.raw(_STRONG_ON)
        self.lines(texts)
        self.raw(_STRONG_OFF)

    def rule(self) -> None:
        self.lines([layout.rule(self.columns)])

    def qr(self, content: str) -> None:
        self.raw(_CENTRE)
        self._printer.qr(content, native=True, size=5, ec=1)
        self.raw(_LEFT + b"\n")

    def finished(self) -> bytes:
        self._printer.cut(mode="PART")
        output: bytes = self._printer.output
        return output


def _encoder(printer: Any, first: CodePage) -> "Encoder":
    from escpos.magicencode import Encoder

    slots = {page: int(printer.profile.get_code_pages()[page]) for page in CODE_PAGES}
    encoder = Encoder(slots)
    encoder.used_encodings.add(first)
    return encoder


def _write_top(draft: _Draft, model: PrintModel) -> None:
    width = draft.columns
    draft.centred([part for line in model.seller for part in layout.wrapped(line, width)])
    draft.raw(_CENTRE + _TALL_STRONG)
    draft.lines(layout.wrapped(model.title, width))
    draft.raw(_NORMAL)
    draft.lines([part for text in (model.number, model.copy_mark) if text for part in layout.wrapped(text, width)])
    draft.raw(_LEFT)
    draft.lines(layout.head(model, width))
    draft.lines(layout.labelled(model.details, width))
    draft.rule()


def _write_body(draft: _Draft, model: PrintModel) -> None:
    for line in model.lines:
        draft.lines(layout.body_line(line, draft.columns))
    if model.lines:
        draft.rule()


def _write_bottom(draft: _Draft, model: PrintModel) -> None:
    width = draft.columns
    draft.lines(layout.vat_table(model, width))
    for row in model.totals:
        texts = layout.labelled((row,), width)
        if row.strong:
            draft.raw(_TALL_STRONG)
            draft.lines(texts)
            draft.raw(_NORMAL)
        else:
            draft.lines(texts)
    if model.payments:
        draft.rule()
        draft.lines(layout.labelled(model.payments, width))
    if model.footer:
        draft.lines([""])
        draft.centred([part for line in model.footer for part in layout.wrapped(line, width)])
    if model.barcode:
        draft.raw(_CENTRE + _barcode(model.barcode, width) + _LEFT + b"\n")
    if model.qr:
        draft.qr(model.qr)


def _barcode(content: str, columns: int) -> bytes:
    """Bars with the text below; content that would not fit on the roll is printed as text alone."""
    assert content.isascii(), f"not printable as a bar code: {content!r}"
    assert content.isprintable(), f"not printable as a bar code: {content!r}"
    ean = len(content) == 13 and content.isdigit() and is_ean(content)
    pairs = content.isdigit() and len(content) % 2 == 0
    signs = len(content) // 2 if pairs else len(content)
    modules = _MODULES_OF_EAN13 if ean else 11 * (signs + 3) + 22
    width = next((dots for dots in (3, 2) if modules * dots <= _DOTS[columns]), 0)
    if not width:
        return content.encode("ascii") + b"\n"
    setup = b"\x1dh\x50" + b"\x1dw" + bytes([width]) + b"\x1df\x00\x1dH\x02"
    if ean:
        return setup + b"\x1dk\x43\x0d" + content.encode("ascii")
    if pairs:  # code set C: two digits in one sign, so that a parked document's number fits on 58 mm
        data = b"{C" + bytes(int(content[at : at + 2]) for at in range(0, len(content), 2))
        return setup + b"\x1dk\x49" + bytes([len(data)]) + data
    data = b"{B" + content.replace("{", "{{").encode("ascii")
    return setup + b"\x1dk\x49" + bytes([len(data)]) + data
