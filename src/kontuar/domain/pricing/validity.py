"""Whether a rule holds on a day and at a minute: dates, weekdays, hours, cyclic repetition (DISC-10)."""

import datetime

from kontuar.domain.pricing.rules import Hours, Repeats, Validity

MINUTES_OF_DAY = 24 * 60


def holds_on(validity: Validity, day: datetime.date | None) -> bool:
    """Dates, weekdays and repetition. Without a day only a rule that asks for none holds."""
    asks = validity.first_day or validity.last_day or validity.weekdays or validity.repeats
    if not asks:
        return True
    if day is None:
        return False
    if validity.first_day is not None and day < validity.first_day:
        return False
    if validity.last_day is not None and day > validity.last_day:
        return False
    if validity.weekdays and day.isoweekday() not in validity.weekdays:
        return False
    return validity.repeats is None or _in_cycle(validity.repeats, validity.first_day, day)


def holds_at(hours: tuple[Hours, ...], minute: int | None) -> bool:
    """Whether the minute of the day lies in one of the spans; without a minute only a rule without hours holds."""
    if not hours:
        return True
    return minute is not None and any(_within(span, minute) for span in hours)


def _within(span: Hours, minute: int) -> bool:
    if span.start_minute < span.end_minute:
        return span.start_minute <= minute < span.end_minute
    return minute >= span.start_minute or minute < span.end_minute


def _in_cycle(repeats: Repeats, first_day: datetime.date | None, day: datetime.date) -> bool:
    if first_day is None:
        return False
    if repeats.unit != "month":
        length = repeats.every * (7 if repeats.unit == "week" else 1)
        return (day - first_day).days % length < repeats.lasts_days
    months = (day.year - first_day.year) * 12 + day.month - first_day.month
    begun = months - months % repeats.every
    starts = [_month_later(first_day, count) for count in (begun, begun - repeats.every) if count >= 0]
    return any(0 <= (day - start).days < repeats.lasts_days for start in starts)


def _month_later(day: datetime.date, months: int) -> datetime.date:
    """The same day of a later month, its last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = datetime.date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = (following - datetime.timedelta(days=1)).day
    return datetime.date(year, month + 1, min(day.day, last))
