"""Time is handed in: no inner floor ever asks the machine for it."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where time comes from: the machine's clock in a node, virtual time in a simulation."""

    def now(self) -> datetime:
        """The instant, in UTC, with microseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; the origin means nothing."""
        ...


def instant_text(instant: datetime) -> str:
    """ISO 8601 in UTC with microseconds: sorts as text in the order of time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """The instant that `instant_text` wrote; raises `ValueError` for what is none, or is beyond the calendar."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"beyond the calendar: {text[:40]}") from None


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day at the shop's place."""
    return instant.astimezone(ZoneInfo(zone)).date()


def local_time(instant: datetime, zone: str) -> datetime:
    """The same instant as clocks at the shop's place show it."""
    return instant.astimezone(ZoneInfo(zone))


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970, exact."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
