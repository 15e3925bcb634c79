"""Scans and definition files that nobody would make: refused in words, nothing else (SEC-04)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub_server import HubServer
from kontuar.kernel.errors import Refused
from kontuar.operations.station import till
from postgres_fixture import fresh_database, open_temporary_folder
from shop import actor_of, cashier, open_till

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(300)]

gentle = settings(
    max_examples=150, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
ODD = st.sampled_from(
    ["0", "9" * 400, "-1", "1e9", "=1+1", "'; --", "\x00", "\u202e", "𝟙", "(01)", "\x1d", "*", ",", "]C1"]
)
scanned = st.text(max_size=60) | st.lists(ODD | st.text("0123456789()*,.\x1d", max_size=14), max_size=5).map("".join)


def test_no_scan_breaks_a_till(tmp_path: Path) -> None:
    """SEC-04, SALE-01: a line or a refusal with words, whatever a scanner sends."""
    station = open_till(tmp_path)
    actor = actor_of(*cashier().rights)
    doc_id = till.begin(station, actor, "receipt").doc_id
    refused: list[Refused] = []

    @gentle
    @given(text=scanned)
    def scan(text: str) -> None:
        try:
            till.scan(station, actor, doc_id, text)
        except Refused as refusal:
            refused.append(refusal)

    scan()
    assert len(refused) > 50
    assert all(problem.code for refusal in refused for problem in refusal.problems)
    assert till.scan(station, actor, doc_id, "MILK").lines[-1].article == "MILK"


@pytest.fixture(scope="module")
def hub(postgres_server: str) -> Iterator[HubServer]:
    with open_temporary_folder() as folder, fresh_database(postgres_server) as url, HubServer(folder, url) as server:
        yield server


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["article", "contractor", "price"])
def test_no_definition_file_breaks_the_hub(hub: HubServer, kind: str) -> None:
    """SEC-04, HUB-02: spoiled CSV and XLSX files, by *preview*, which changes nothing."""
    found: list[str] = []
    files = [hub.client.get(f"/api/v1/definitions/{kind}/export.{end}").content for end in ("csv", "xlsx")]
    assert all(files)

    @gentle
    @given(data=st.data())
    def preview(data: st.DataObject) -> None:
        body = bytearray(data.draw(st.sampled_from(files)))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(body)))
            more = data.draw(st.binary(max_size=20) | st.text(max_size=10).map(str.encode))
            body[place : place + data.draw(st.integers(0, 40))] = more
        answer = hub.client.post(f"/api/v1/definitions/{kind}/preview", content=bytes(body))
        if answer.status_code >= 500 or (answer.status_code >= 400 and not answer.json()["problems"][0]["message"]):
            found.append(f"{answer.status_code} {answer.text[:200]} for {bytes(body)[:300]!r}")

    preview()
    assert not found, "\n".join(found[:5])
    assert hub.client.get("/health").status_code == 200
