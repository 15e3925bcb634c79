"""What the bar of a till warns of, over HTTP and in words (SEC-01, REL-19); on which side its pad stands (DOC-33)."""

from collections.abc import Iterator

import httpx
import pytest

from kontuar.domain.firm.records import Parameter
from kontuar.operations.station.login import Silence
from kontuar.operations.station.station_status import Warnings
from kontuar.web.i18n import texts
from kontuar.web.station.warnings import in_words
from shop import change
from station_server import StationServer

WARN = Warnings(silence=Silence(level="warn", hours=72, hours_to_limit=264))
LIMIT = Warnings(silence=Silence(level="limit", hours=400), clock_off_seconds=-130)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["silent for 3 days", "in 11 days rights are cut", "Check the network"]),
        ("pl", ["Serwer sklepu milczy (czas: 3 dni)", "za 11 dni zostaną", "Sprawdź sieć"]),
        ("fr", ["muet depuis 3 jours", "dans 11 jours", "Vérifiez le réseau"]),
    ],
)
def test_a_silent_agent_is_warned_of_with_what_to_do(language: str, told: list[str]) -> None:
    """SEC-01."""
    (band,) = in_words(texts(language), WARN)
    assert (band.kind, [part for part in told if part not in plain(band.text)]) == ("warn", [])


@pytest.mark.parametrize(
    ("language", "restricted", "clock"),
    [
        ("en", ["everyone has a cashier's rights only", "without price changes, cash out"], "2 minutes behind"),
        ("pl", ["tylko uprawnienia kasjera", "bez zmian cen, wypłat z kasy"], "spóźnia się o 2 minuty"),
        ("fr", ["que les droits de caissier", "sortie d'espèces"], "retarde de 2 minutes"),
    ],
)
def test_at_the_limit_the_bar_says_what_is_restricted_before_anything_else(
    language: str, restricted: list[str], clock: str
) -> None:
    """SEC-01, REL-19: and a clock that is off keeps its own band."""
    silence, off = in_words(texts(language), LIMIT)
    assert (silence.kind, off.kind) == ("bad", "warn")
    assert [part for part in restricted if part not in plain(silence.text)] == []
    assert clock in plain(off.text)


def test_a_clock_that_is_ahead_is_called_ahead_and_a_right_one_nothing() -> None:
    """REL-19."""
    (band,) = in_words(texts("en"), Warnings(clock_off_seconds=7200))
    assert "clock is 2 hours ahead" in band.text
    assert in_words(texts("en"), Warnings()) == []


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("bar")) as running:
        yield running


def test_status_and_metrics_tell_the_measured_skew_and_nothing_where_it_is_not_known(server: StationServer) -> None:
    """REL-19: for those who watch from outside."""
    with httpx.Client(base_url=server.url) as client:
        body = {"operator": "OLA", "pin": "1111"}
        token = client.post("/api/v1/login", json=body).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        unknown = (
            client.get("/api/v1/status", headers=headers).json()["clock_skew_seconds"],
            client.get("/metrics").text,
        )
        server.clock_skew_seconds = -3.25
        known = client.get("/api/v1/status", headers=headers).json()["clock_skew_seconds"], client.get("/metrics").text
    assert (unknown[0], known[0]) == (None, -3.25)
    assert "clock_skew" not in unknown[1]
    assert "\nkontuar_station_clock_skew_seconds -3.250\n" in known[1]


def test_the_tills_parameter_says_where_the_pad_stands_also_before_anyone_signs_in(server: StationServer) -> None:
    """DOC-33: `screen.left_handed` of this station, not of its neighbour."""
    with httpx.Client(base_url=server.url) as client:
        told = []
        for scope in ("station:S1T2", "station:S1T1"):
            row = Parameter(name="screen.left_handed", scope=scope, value="yes")
            server.do(change, server.station.books, row)
            told.append('data-hand-here="left"' in client.get("/login").text)
        client.post("/login", data={"operator": "OLA", "pin": "1111"}, headers={"HX-Request": "true"})
        told.append('data-hand-here="left"' in client.get("/").text)
    assert told == [False, True, True]
