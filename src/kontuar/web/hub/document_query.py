"""What the documents' list was narrowed by, as its address says it; the same for the list and for its files."""

import datetime
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request

from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor, to_minor
from kontuar.kernel.typed import typed_decimal
from kontuar.operations.ports.hub_lists import DocumentFilter

FIELDS: Final = (
    "number", "store", "station", "type", "state", "day_from", "day_to", "operator", "buyer", "article", "form",
    "gross_from", "gross_to",
)  # fmt: skip
_LONGEST: Final = 100
_HIGHEST: Final = 10**13


def chosen_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The filters as they were typed; `day` stands for one business day."""
    given: Mapping[str, str] = {name: str(value) for name, value in request.query_params.items()}
    chosen = {name: given.get(name, "").strip()[:_LONGEST] for name in FIELDS}
    if given.get("day"):
        chosen |= {"day_from": given["day"][:_LONGEST], "day_to": given["day"][:_LONGEST]}
    return chosen


def filter_of(chosen: Mapping[str, str], after: str = "", limit: int = 50) -> DocumentFilter:
    """Raises `Refused("filter.unreadable")` with the field."""
    return DocumentFilter(
        number=chosen["number"], store=chosen["store"], station=chosen["station"], type=chosen["type"],
        state=chosen["state"], operator=chosen["operator"], buyer=chosen["buyer"], article=chosen["article"],
        form=chosen["form"], after=after, limit=limit,
        day_from=day_of(chosen["day_from"], "day_from"), day_to=day_of(chosen["day_to"], "day_to"),
        gross_from=_amount_of(chosen["gross_from"], "gross_from"), gross_to=_amount_of(chosen["gross_to"], "gross_to"),
    )  # fmt: skip


def day_of(text: str, field: str) -> datetime.date | None:
    """None for nothing typed; raises `Refused("filter.unreadable")`."""
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise refuse("filter.unreadable", field, value=text[:40]) from None


def _amount_of(text: str, field: str) -> Minor | None:
    if not text:
        return None
    amount = typed_decimal(text)
    if amount is None or abs(amount) >= _HIGHEST:
        raise refuse("filter.unreadable", field, value=text[:40])
    return to_minor(amount, "PLN")
