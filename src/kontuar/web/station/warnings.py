"""What the bar of every screen warns of, in words: a silent agent (SEC-01), a wrong clock (REL-19), a till
that is replaced (REL-13), documents that nobody else holds (REL-21), and what to do."""

import datetime

import msgspec
from babel import dates

from kontuar.kernel.errors import Problem
from kontuar.operations.station.login import Silence
from kontuar.operations.station.station_status import Warnings
from kontuar.web.i18n import Texts

LEAST_UNITS = 2
"""72 hours are told as three days, but 30 hours as hours: less than two of a unit is told in the smaller one."""


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """A band that belongs to the bar: `kind` warn or bad, and its words."""

    kind: str
    text: str


def in_words(words: Texts, warnings: Warnings) -> list[Band]:
    """The worst first."""
    stopped = [Band(kind="bad", text=words.problem(Problem(warnings.stopped)))] if warnings.stopped else []
    told = [
        *stopped, *_of_silence(words, warnings.silence), *_of_clock(words, warnings.clock_off_seconds),
        *_of_copies(words, warnings.alone),
    ]  # fmt: skip
    return sorted(told, key=lambda band: band.kind != "bad")


def _of_silence(words: Texts, silence: Silence) -> list[Band]:
    if silence.level == "fine":
        return []
    if silence.level == "limit":
        text = words.gettext(
            "The store's server has been silent for %(time)s: everyone has a cashier's rights only. Selling goes on, "
            "without price changes, cash out and goods documents. Check the network and the store's server, or call "
            "support."
        )
        return [Band(kind="bad", text=text % {"time": _span(words, silence.hours * 3600)})]
    text = words.gettext(
        "The store's server has been silent for %(time)s: prices and operators here may be out of date. Check the "
        "network and the store's server, or call support; in %(left)s rights are cut to a cashier's."
    )
    left = _span(words, silence.hours_to_limit * 3600)
    return [Band(kind="warn", text=text % {"time": _span(words, silence.hours * 3600), "left": left})]


def _of_clock(words: Texts, off_seconds: int) -> list[Band]:
    if not off_seconds:
        return []
    if off_seconds > 0:
        text = words.gettext(
            "This till's clock is %(time)s ahead of the store's server. Documents get this till's time: set the clock "
            "that is wrong, or call support."
        )
    else:
        text = words.gettext(
            "This till's clock is %(time)s behind the store's server. Documents get this till's time: set the clock "
            "that is wrong, or call support."
        )
    return [Band(kind="warn", text=text % {"time": _span(words, abs(off_seconds))})]


def _of_copies(words: Texts, alone: int) -> list[Band]:
    if not alone:
        return []
    text = words.ngettext(
        "%(num)s document was issued that only this till holds. It goes up as soon as the store's server answers; "
        "until then do not replace or reset this till.",
        "%(num)s documents were issued that only this till holds. They go up as soon as the store's server answers; "
        "until then do not replace or reset this till.",
        alone,
    )
    return [Band(kind="warn", text=text % {"num": alone})]


def _span(words: Texts, seconds: int) -> str:
    """*3 days*, *30 hours*, *5 minutes*."""
    span = datetime.timedelta(seconds=seconds)
    return str(dates.format_timedelta(span, threshold=LEAST_UNITS, locale=words.locale))
