"""The firm as reports need it: its currency and time zone."""

from typing import Final

import msgspec

from kontuar.domain.firm.records import Firm
from kontuar.operations.hub.defining.definitions import Definitions

_NO_FIRM: Final = Firm(code="", name="")


def firm_of(definitions: Definitions) -> Firm:
    """The firm; runs on the database thread. Whoever may see a report may know the firm's currency."""
    with definitions.store.transaction():
        rows = definitions.store.rows("firm")
    return msgspec.json.decode(rows[0].body, type=Firm) if rows else _NO_FIRM
