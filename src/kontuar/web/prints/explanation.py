"""Why each line of a document costs what it costs, as a print on demand (DISC-26)."""

from collections.abc import Sequence
from typing import Final, cast

from kontuar.domain.documents.document import Document
from kontuar.kernel.money import Minor
from kontuar.operations.explained import Explanation, Step
from kontuar.operations.print_model import Language, LineHeadings, PrintLine, PrintModel, PrintRow
from kontuar.web.i18n import Texts
from kontuar.web.prints.documents import moment_of, seller_rows
from kontuar.web.prints.scene import PrintScene

DISCOUNT_WORDS: Final = {
    "KNT": "Contractor's discount",
    "KNU": "Discount on goods for a contractor",
    "PRM": "Promotion",
    "WTR": "Discount of the document's value",
    "BUNDLE": "Bundle",
    "operator:line": "Operator's discount on the line",
    "operator:header": "Header discount",
}
"""What discounts are called at the till, by kind, and by rule for what an operator gave; translated when shown."""
IN_PERCENT: Final = frozenset({"percent", "gift"})
"""Kinds of changes whose rate is a per cent."""


def explanation_model(document: Document, rows: Sequence[Explanation], scene: PrintScene, texts: Texts) -> PrintModel:
    """Each line at its initial price, below it each change with what the line costs after it."""
    lines = [part for row in rows for part in _lines_of(row, document, texts)]
    total = texts.amount(document.totals.gross, document.currency)
    return PrintModel(
        language=cast("Language", texts.language),
        title=texts.gettext("HOW THE PRICES CAME ABOUT"),
        number=document.number,
        seller=seller_rows(scene, texts),
        store=scene.store.name,
        station=scene.station,
        operator=scene.operators.get(document.approved_by, document.approved_by),
        issued_at=moment_of(document.approved_at or document.created_at, scene, texts),
        headings=LineHeadings(
            name=texts.gettext("Name"), quantity=texts.gettext("Changed by"), value=texts.gettext("Value")
        ),
        lines=tuple(lines),
        totals=(PrintRow(label=f"{texts.gettext('TOTAL')} {document.currency}", value=total, strong=True),),
    )


def step_words(step: Step, texts: Texts) -> str:
    """What changed the value: kind, name, per cent or price."""
    word = texts.gettext(DISCOUNT_WORDS.get(step.rule) or DISCOUNT_WORDS.get(step.source, step.source))
    named = f"{word}: {step.name}" if step.name else word
    if step.rate is None:
        return named
    rate = f"{texts.quantity(step.rate)} %" if step.kind in IN_PERCENT else texts.price(step.rate)
    return f"{named}, {rate}"


def _lines_of(row: Explanation, document: Document, texts: Texts) -> list[PrintLine]:
    line = row.line
    first = PrintLine(
        name=line.name, quantity=texts.quantity(line.quantity, line.precision), unit=line.unit, code=line.article,
        unit_price=texts.price(line.initial_price), value=texts.amount(row.initial_value, document.currency),
    )  # fmt: skip
    steps = [
        PrintLine(
            name=f"- {step_words(step, texts)}", quantity=texts.amount(Minor(step.amount), document.currency),
            value=texts.amount(step.after, document.currency),
        )
        for step in row.steps
    ]  # fmt: skip
    return [first, *steps]
