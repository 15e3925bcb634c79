"""Discounts over the JSON API: read, tried, confirmed, put in order (DISC-20, DISC-40)."""

from collections.abc import Iterator
from typing import Any

import pytest

from hub_server import HubServer
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = pytest.mark.postgres
CHEESE: dict[str, Any] = {
    "code": "SERY", "name": "Sery", "source": "PRM",
    "deal": {"type": "items", "elements": [
        {"goods": [{"articles": ["SER"]}], "tiers": [{"reward": {"kind": "percent", "value": "20"}}]},
    ]},
}  # fmt: skip


@pytest.fixture(scope="module")
def hub(postgres_server: str) -> Iterator[HubServer]:
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        HubServer(folder / "hub", url) as hub,
    ):
        yield hub


def test_a_discount_is_read_in_the_language_asked_for(hub: HubServer) -> None:
    answer = hub.client.post("/api/v1/discounts/read", json=CHEESE, headers={"Accept-Language": "fr"}).json()
    assert (
        answer["says"][1]
        == "Sur\u00a0: Ser gouda na wagę (SER)\u00a0; pour\u00a0: tous\u00a0; accorde\u00a0: 20 % de remise."
    )
    assert (answer["problems"], answer["warnings"]) == ([], [])
    bad = hub.client.post("/api/v1/discounts/read", json={**CHEESE, "step": 0}).json()
    assert [problem["code"] for problem in bad["problems"]] == ["discount.priority_reserved"]
    odd = hub.client.post("/api/v1/discounts/read", json={**CHEESE, "moon": 1})
    assert (odd.status_code, odd.json()["problems"][0]["code"]) == (422, "definition.field_unknown")


@pytest.mark.parametrize(
    "odd",
    [
        {"position": 10**40}, {"limits": {"saving": "1E+999999"}}, {"limits": {"quantity": "sNaN"}},
        {"source": "BUNDLE", "step": 0, "limits": {"times": 10**30}, "deal": {
            "type": "bundle", "slots": [{"quantity": "2"}], "reward": {"kind": "percent", "value": "5"}}},
    ],
)  # fmt: skip
def test_a_number_beyond_everything_is_refused_in_words_wherever_it_stands(hub: HubServer, odd: dict[str, Any]) -> None:
    """DISC-40."""
    discount = {**CHEESE, "code": "ODD", **odd}
    read = hub.client.post("/api/v1/discounts/read", json=discount)
    put = hub.client.put("/api/v1/definitions/discount/ODD", json=discount)
    assert (read.status_code, put.status_code) == (200, 422)
    assert read.json()["problems"][0]["code"] == put.json()["problems"][0]["code"] == "discount.number_too_large"


def test_a_basket_is_tried_confirmed_and_ordered_by_programs(hub: HubServer) -> None:
    trial = {"store": "S1", "day": "2026-12-05", "lines": [{"article": "SER", "quantity": "0.5"}]}
    outcome = hub.client.post("/api/v1/discounts/try", json={"discount": CHEESE, "trial": trial}).json()
    assert (outcome["without"], outcome["value"], outcome["applied"], outcome["currency"]) == (1645, 1316, True, "PLN")
    hub.client.put("/api/v1/definitions/discount/SERY", json=CHEESE).raise_for_status()
    changed = hub.client.post("/api/v1/discounts/SERY/state", json={"state": "confirmed"}, headers={"If-Match": '"1"'})
    assert changed.json()["problems"][0]["code"] == "definition.conflict"
    changed = hub.client.post("/api/v1/discounts/SERY/state", json={"state": "confirmed"})
    assert (changed.status_code, changed.json()["changed"], changed.json()["warnings"]) == (200, 1, [])
    order = hub.client.get("/api/v1/discounts/order").json()
    assert [one["code"] for one in order["promotions"]] == ["SERY", "NAB10", "JOGURTY", "TANIE"]
    hub.client.post("/api/v1/discounts/SERY/move", json={"way": "down"}).raise_for_status()
    order = hub.client.get("/api/v1/discounts/order").json()
    assert [one["code"] for one in order["promotions"]] == ["NAB10", "SERY", "JOGURTY", "TANIE"]


def test_what_cannot_be_read_is_refused(hub: HubServer) -> None:
    answer = hub.client.post("/api/v1/discounts/try", json={"discount": {"code": "X"}})
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "definition.unreadable")
