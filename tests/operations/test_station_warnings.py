"""What the screens of a station warn of while selling goes on (SEC-01, REL-19)."""

from pathlib import Path

import pytest

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.time import instant_text
from kontuar.operations.station import station_status
from kontuar.operations.station.login import Silence
from kontuar.operations.station.station_status import Warnings
from shop import new_station, with_parameter


@pytest.mark.parametrize(
    ("skew_seconds", "off_seconds"),
    [(None, 0), (0.0, 0), (120.0, 0), (-120.0, 0), (120.6, 121), (-120.6, -121), (7200.0, 7200)],
)
def test_a_clock_further_off_than_the_parameter_is_warned_of(
    tmp_path: Path, skew_seconds: float | None, off_seconds: int
) -> None:
    """REL-19: two minutes where nobody set it; not known is no warning."""
    warnings = station_status.warnings(new_station(tmp_path), skew_seconds)
    assert warnings == Warnings(clock_off_seconds=off_seconds)


def test_the_firm_says_how_far_off_a_clock_may_be(tmp_path: Path) -> None:
    """REL-19: `clock.skew_warning_seconds`."""
    station = new_station(tmp_path)
    with_parameter(station.books, "clock.skew_warning_seconds", "10")
    told = [station_status.warnings(station, seconds).clock_off_seconds for seconds in (10.0, 11.0)]
    with_parameter(station.books, "clock.skew_warning_seconds", "3600")
    told.append(station_status.warnings(station, 3599.0).clock_off_seconds)
    assert told == [0, 11, 0]


def test_the_firm_says_when_silence_is_warned_of_and_an_answer_ends_it(tmp_path: Path) -> None:
    """SEC-01: `login.offline_warning_hours`."""
    station = new_station(tmp_path)
    level = Connectivity.OFFLINE
    station.connectivity = lambda: level
    with_parameter(station.books, "login.offline_warning_hours", "2")
    station.books.set_fact("agent_heard_at", instant_text(station.clock.now()))
    station.clock.turn(7199)
    before = station_status.warnings(station, None).silence.level
    station.clock.turn(1)
    silence = station_status.warnings(station, None).silence
    level = Connectivity.STORE
    after = station_status.warnings(station, None).silence
    assert (before, silence, after) == ("fine", Silence(level="warn", hours=2, hours_to_limit=334), Silence())


def test_a_station_without_definitions_warns_of_nothing_yet(tmp_path: Path) -> None:
    station = new_station(tmp_path, loaded=False)
    station.books.set_fact("agent_heard_at", instant_text(station.clock.now()))
    station.connectivity = lambda: Connectivity.OFFLINE
    station.clock.turn(10_000 * 3600)
    assert station_status.warnings(station, 5000.0) == Warnings()
