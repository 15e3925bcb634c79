"""The list of documents says at its end which ones are at head office only (REL-17)."""

from pathlib import Path

import httpx

from kontuar.operations.station.station import Station
from shop import MILK, sell
from station_server import StationServer

LANGUAGES = {
    "en": "Documents up to 18/11/2026 are kept at head office",
    "pl": "Dokumenty do 18.11.2026 są w centrali",
    "fr": "Les documents jusqu’au 18/11/2026 sont au siège",
}


def _prune(station: Station) -> None:
    database = station.books.database  # type: ignore[attr-defined]
    with database.transaction():
        database.write("INSERT INTO pruned_to VALUES ('POS1', 'old', 9, x'00', '', '2026-11-18', '', '')")


def test_the_last_page_names_the_day_in_every_language(tmp_path: Path) -> None:
    """REL-17: not before something was pruned."""
    with StationServer(tmp_path) as server, httpx.Client(base_url=server.url, timeout=60) as browser:
        server.do(sell, server.station, MILK)
        answer = browser.post("/login", data={"operator": "EWA", "pin": "2222"}, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert "is-note" not in browser.get("/documents").text
        server.do(_prune, server.station)
        for language, said in LANGUAGES.items():
            browser.cookies.set("kontuar_language", language)
            page = browser.get("/documents", headers={"Accept-Language": language})
            assert said in page.text, language
        api = browser.get("/api/v1/documents").json()
        assert api["pruned_until"] == "2026-11-18"
