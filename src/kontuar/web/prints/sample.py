"""The test print: what a person looks at to see whether printer and paper are right."""

import datetime
from typing import cast

from kontuar.operations.print_model import Language, PrintLine, PrintModel, PrintRow
from kontuar.web.i18n import Texts
from kontuar.web.prints.documents import moment_of, seller_rows
from kontuar.web.prints.scene import PrintScene

LETTERS = ("ĄĆĘŁŃÓŚŹŻ ąćęłńóśźż", "ÀÂÇÉÈÊËÎÏÔŒÙÛ àâçéèêëîïôœùû", "0123456789 €%&@#")


def sample_model(scene: PrintScene, texts: Texts, now: datetime.datetime) -> PrintModel:
    """Letters of three languages, a wide line, an amount, a code."""
    return PrintModel(
        language=cast("Language", texts.language),
        title=texts.gettext("TEST PRINT"),
        seller=seller_rows(scene, texts),
        store=scene.store.name,
        station=scene.station,
        issued_at=moment_of(now, scene, texts),
        lines=tuple(PrintLine(name=letters) for letters in LETTERS),
        totals=(PrintRow(label=texts.gettext("TOTAL"), value=texts.amount(123456, scene.firm.currency), strong=True),),
        qr="kontuar:test",
    )
