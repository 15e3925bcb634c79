"""Settings of nodes: file, environment, and what is refused before anything starts."""

from pathlib import Path

import pytest

from kontuar.nodes.settings import HubSettings, StationSettings, load
from refusals import refused


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "till.toml"
    file.write_text('data = "/from/file"\nport = 1\nprofile = "replay"\n')
    settings = load(StationSettings, file, {"KONTUAR_PORT": "2", "KONTUAR_STATION": "S1T1", "OTHER": "x"})
    assert (settings.data, settings.port, settings.profile, settings.station) == (
        Path("/from/file"), 2, "replay", "S1T1",
    )  # fmt: skip


@pytest.mark.parametrize("content", ['data = "x"\nport = "many"\n', "data = \n", 'data = "x"\nprofile = "party"\n', ""])
def test_settings_that_cannot_be_used_are_refused_with_the_reason(tmp_path: Path, content: str) -> None:
    file = tmp_path / "till.toml"
    file.write_text(content)
    with refused("settings.unreadable"):
        load(StationSettings, file, {})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with refused("settings.unreadable"):
        load(HubSettings, tmp_path / "nothing.toml", {})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "till.example"])
def test_off_loopback_nothing_starts_without_tls(host: str) -> None:
    """SEC-02."""
    with refused("settings.tls_missing"):
        load(HubSettings, None, {"KONTUAR_DATA": "/d", "KONTUAR_HOST": host})
    secured = {"KONTUAR_TLS_CERTIFICATE": "/c.pem", "KONTUAR_TLS_KEY": "/k.pem"}
    assert load(HubSettings, None, {"KONTUAR_DATA": "/d", "KONTUAR_HOST": host, **secured}).host == host
