"""Text on a roll of so many characters: words wrapped, amounts right-aligned. Pure functions."""

import textwrap

from kontuar.operations.print_model import PrintLine, PrintModel, PrintRow, VatRow

_PLAIN = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "–": "-",
        "—": "-",
        "\u2212": "-",
        "’": "'",
        "‘": "'",
        "„": '"',
        "”": '"',
        "“": '"',
        "…": "...",
        "œ": "oe",
        "Œ": "OE",
    }
)


def plain(text: str) -> str:
    """Characters that receipt printers lack, replaced before widths are counted; control characters go."""
    return "".join(letter for letter in text.translate(_PLAIN) if letter.isprintable())


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most `columns` characters; words longer than a line are cut."""
    return textwrap.wrap(plain(text), columns, break_on_hyphens=False) or [""]


def apart(left: str, right: str, columns: int) -> list[str]:
    """`left` at the left edge and `right` at the right; `left` wraps when both do not fit in one line."""
    right = plain(right)[:columns]
    room = columns - len(right) - (1 if right else 0)
    if room < min(8, len(plain(left))):
        return [*wrapped(left, columns), right.rjust(columns)]
    parts = wrapped(left, room)
    return [*parts[:-1], parts[-1].ljust(columns - len(right)) + right]


def rule(columns: int) -> str:
    """A dividing line."""
    return "-" * columns


def head(model: PrintModel, columns: int) -> list[str]:
    """When, where and by whom, then the buyer."""
    rows: list[str] = []
    if model.issued_at or model.station:
        rows += apart(model.issued_at, model.station, columns)
    if model.operator or model.store:
        rows += apart(model.operator, model.store, columns)
    for line in model.buyer:
        rows += wrapped(line, columns)
    return rows


def body_line(line: PrintLine, columns: int) -> list[str]:
    """Name, then quantity x price at the left and the value with its VAT letter at the right."""
    mark = "x " if line.struck else ""
    rows = wrapped(mark + line.name, columns)
    count = " ".join(part for part in (line.quantity, line.unit) if part)
    sum_text = f"{count} x {line.unit_price}" if line.unit_price else count
    value = f"{line.value} {line.vat_letter}" if line.vat_letter else line.value
    if sum_text or value:
        rows += apart("  " + sum_text if sum_text else "", value, columns)
    if line.discount:
        rows += ["  " + part for part in wrapped(line.discount, columns - 2)]
    return rows


def vat_table(model: PrintModel, columns: int) -> list[str]:
    """Four columns: rate, net, tax, gross; headings only when the model has them."""
    headings = model.vat_headings
    rows: list[str] = []
    if model.vat and headings.net:
        rows.extend(_four(headings.rate, headings.net, headings.vat, headings.gross, columns))
    return rows + [text for row in model.vat for text in _vat_row(row, columns)]


def labelled(rows: tuple[PrintRow, ...], columns: int) -> list[str]:
    """Labels at the left, values at the right."""
    return [text for row in rows for text in apart(row.label, row.value, columns)]


def _vat_row(row: VatRow, columns: int) -> list[str]:
    return _four(f"{row.letter} {row.rate}".strip(), row.net, row.vat, row.gross, columns)


def _four(first: str, second: str, third: str, fourth: str, columns: int) -> list[str]:
    """One line, or more where it is too narrow: a figure or a rate is never cut."""
    width = (columns - 8) // 3
    head = columns - 3 * width
    name, *figures = (plain(part) for part in (first, second, third, fourth))
    longest = max(map(len, figures))
    if len(name) <= head and longest < width:
        return [name.ljust(head) + "".join(figure.rjust(width) for figure in figures)]
    if longest < columns // 3:
        return [*wrapped(name, columns), "".join(figure.rjust(columns // 3) for figure in figures).rjust(columns)]
    return [*wrapped(name, columns), *(figure.rjust(columns) for figure in figures)]
