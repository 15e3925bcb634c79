"""The period and the part of the firm that a report is about, as its address says it."""

import datetime
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Request

from kontuar.domain.firm.records import Firm
from kontuar.operations.ports.hub_lists import ReportFilter
from kontuar.web.hub.document_query import day_of

FIELDS: Final = ("day_from", "day_to", "store", "station", "operator")
_LONGEST: Final = 60


def today_of(firm: Firm, now: datetime.datetime) -> datetime.date:
    """The business day where the firm keeps its books."""
    return now.astimezone(ZoneInfo(firm.time_zone)).date()


def chosen_of(request: Request[Any, Any, Any], today: datetime.date) -> dict[str, str]:
    """What was asked for; without a period the last seven days."""
    given = request.query_params
    chosen = {name: str(given.get(name, "")).strip()[:_LONGEST] for name in FIELDS}
    chosen["day_to"] = chosen["day_to"] or today.isoformat()
    if not chosen["day_from"]:
        last = day_of(chosen["day_to"], "day_to") or today
        chosen["day_from"] = (last - datetime.timedelta(days=6)).isoformat()
    return chosen


def filter_of(chosen: Mapping[str, str], currency: str) -> ReportFilter:
    """Raises `Refused("filter.unreadable")` with the field."""
    first, last = day_of(chosen["day_from"], "day_from"), day_of(chosen["day_to"], "day_to")
    assert first is not None
    assert last is not None, "chosen_of fills the period in"
    return ReportFilter(
        day_from=first, day_to=last, store=chosen["store"], station=chosen["station"], operator=chosen["operator"],
        currency=currency,
    )  # fmt: skip
