"""A print model as PDF: an 80 mm roll or A4 pages, by typst, with the fonts typst carries. No network."""

import io
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from kontuar.kernel.codes import is_ean
from kontuar.operations.print_model import PrintModel

if TYPE_CHECKING:
    import typst

Form = Literal["roll", "page"]
"""`roll`: a receipt of 80 mm; `page`: A4 with a table of lines, repeated headings and page numbers."""


def pdf(model: PrintModel, form: Form, font_folder: Path | None = None) -> bytes:
    """The document as one PDF; the same model gives the same bytes.

    `font_folder`: more fonts, used first; without it typst's own ones do.
    """
    return _compiled(model, form, font_folder, "pdf")[0]


def pictures(model: PrintModel, form: Form, pixels_per_inch: float = 110.0) -> list[bytes]:
    """The same pages as PNG pictures (previews, and tests that look)."""
    return _compiled(model, form, None, "png", pixels_per_inch)


def _compiled(
    model: PrintModel,
    form: Form,
    font_folder: Path | None,
    output: Literal["pdf", "png"],
    ppi: float | None = None,
) -> list[bytes]:
    import typst  # this and what draws codes is read with the first print, not with the program (PERF-03)

    with as_file(files("kontuar.devices.printing") / f"{form}.typ") as template:
        made: object = typst.compile(
            template,
            root=template.parent,
            font_paths=_fonts(font_folder),
            format=output,
            ppi=ppi,
            sys_inputs={"model": _data(model)},
        )
    return cast("list[bytes]", made if isinstance(made, list) else [made])


@cache
def _fonts(folder: Path | None) -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[folder] if folder else [])


def _data(model: PrintModel) -> str:
    data = msgspec.to_builtins(model)
    data["qr_picture"] = _qr_svg(model.qr) if model.qr else ""
    data["barcode_picture"] = _barcode_svg(model.barcode) if model.barcode else ""
    return msgspec.json.encode(data).decode()


def _qr_svg(content: str) -> str:
    import segno

    target = io.BytesIO()
    segno.make(content, error="m", micro=False).save(target, kind="svg", border=2, xmldecl=False)
    return target.getvalue().decode()


def _barcode_svg(content: str) -> str:
    from barcode import get_barcode
    from barcode.writer import SVGWriter

    kind = "ean13" if len(content) == 13 and is_ean(content) else "code128"
    target = io.BytesIO()
    get_barcode(kind, content, writer=SVGWriter()).write(target, {"write_text": False, "module_height": 10.0})
    return target.getvalue().decode()
