"""A till whose disk is full says so over HTTP, loses nothing, and goes on when there is room (REL-19, REL-01)."""

import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kontuar.tools.simulate.disk import Disk, faulty_disk, layer
from station_server import StationServer


@pytest.fixture
def till_and_disk(tmp_path: Path) -> Iterator[tuple[StationServer, Disk]]:
    with layer(), faulty_disk(tmp_path, random.Random(1)) as disk, StationServer(tmp_path) as server:
        yield server, disk


def test_a_full_disk_is_told_in_words_and_selling_goes_on_when_there_is_room(
    till_and_disk: tuple[StationServer, Disk],
) -> None:
    server, disk = till_and_disk
    with httpx.Client(base_url=server.url, timeout=20, headers={"accept-language": "en"}) as client:
        token = client.post("/api/v1/login", json={"operator": "EWA", "pin": "2222"}).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        doc_id = client.post("/api/v1/documents", json={"type": "receipt"}).json()["doc_id"]
        lines = f"/api/v1/documents/{doc_id}/lines"
        assert client.post(lines, json={"code": "MILK"}).status_code == 201

        disk.free_bytes = 0
        refused = client.post(lines, json={"code": "WATER"})
        for _ in range(200):
            if refused.status_code == 507:
                break
            refused = client.post(lines, json={"code": "WATER"})
        problem = refused.json()["problems"][0]
        assert (refused.status_code, problem["code"]) == (507, "storage.full")
        assert "disk" in problem["message"].lower()
        kept = client.get(f"/api/v1/drafts/{doc_id}").json()["lines"]

        disk.free_bytes = None
        assert client.post(lines, json={"code": "NUTS", "quantity": "0.5"}).status_code == 201
        names = [line["article"] for line in client.get(f"/api/v1/drafts/{doc_id}").json()["lines"]]
        assert names == [line["article"] for line in kept] + ["NUTS"]
        client.post(f"/api/v1/documents/{doc_id}/payments", json={"form": "cash"})
        answer = client.post(f"/api/v1/documents/{doc_id}/approve")
        assert answer.json()["document"]["number"] == "PAR/2026/11/00001/POS1"
