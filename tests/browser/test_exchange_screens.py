"""Files carried between a till and head office with a browser at each end, and the delivery method on a receipt's form
(REL-15, DISC-10)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from browser.head_office_pages import desk
from browser.till_pages import Till, at_till
from discounted_shop import defined
from discounts import article, off
from exchange_world import HeadOffice
from hub_server import HubServer
from kontuar.domain.firm.records import DeliveryMethod
from kontuar.domain.pricing.rules import Scope
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from postgres_fixture import fresh_database, open_temporary_folder
from shop import TILE, TILE_EAN, change
from station_server import StationServer

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("KONTUAR_PICTURES", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server, language="en") as made:
        yield made


@pytest.fixture
def office(tmp_path: Path) -> Iterator[HeadOffice]:
    found = HeadOffice(tmp_path / "hub")
    yield found
    found.close()


def picture(page: Page, name: str) -> None:
    """For whoever wants to look: `KONTUAR_PICTURES` names a folder."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


def test_the_delivery_method_is_chosen_on_the_form_and_prices_follow(till: Till, server: StationServer) -> None:
    """DISC-10: named under the sums; taken back, the discount goes with it."""
    scope = Scope(delivery_methods=("COURIER",))
    methods = (DeliveryMethod(code="COURIER", name="Courier"), DeliveryMethod(code="PICKUP", name="Pick-up"))
    sent = defined("SENT", "Cheaper when sent", off("10", article(TILE)), scope=scope)
    server.do(change, server.station.books, *methods, sent)
    doc_id = till.new_receipt("EWA")
    till.scan(TILE_EAN)
    for chosen, gross in (("COURIER", 666), ("", 740)):
        till.page.click("#fields")
        till.page.select_option("select[name=delivery_method]", chosen)
        picture(till.page, f"delivery-{gross}")
        till.page.click("[form=fields-form][type=submit]")
        expect(till.page.locator("#foot")).to_contain_text(f"{gross / 100:.2f}")
        draft = till.draft(doc_id)
        assert draft is not None
        assert (draft.delivery_method, draft.totals.gross) == (chosen, gross)
        expect(till.page.locator("#foot").get_by_text("Courier")).to_have_count(1 if chosen else 0)


def test_a_file_is_saved_carried_and_the_answer_chosen(till: Till, office: HeadOffice, tmp_path: Path) -> None:
    """REL-15: a bad file is told in a message and stays in the list."""
    till.sign_in("EWA", "/settings")
    till.page.click("#exchange")
    with till.page.expect_download() as saved:
        till.page.click("#make-file")
    saved.value.save_as(tmp_path / "up.ktx")
    with ThreadPoolExecutor(1) as elsewhere:  # the browser's own loop runs in this thread
        elsewhere.submit(office.take, (tmp_path / "up.ktx").read_bytes()).result()
        office.enrol_as_told("S1T1")
        answer = elsewhere.submit(office.give, "S1T1").result().content
    till.page.set_input_files("#file", {"name": "x.ktx", "mimeType": "image/png", "buffer": b"holiday"})
    till.page.click("#take")
    expect(till.page.locator(".toast")).to_contain_text("This is not an exchange file of Kontuar.")
    expect(till.page.locator("#files tbody tr").first).to_contain_text("This is not an exchange file of Kontuar.")
    till.page.set_input_files("#file", {"name": "down.ktx", "mimeType": "", "buffer": answer})
    till.page.click("#take")
    expect(till.page.locator("#taken")).to_contain_text("at head office now")
    expect(till.page.locator("#files tbody tr")).to_have_count(3)
    picture(till.page, "exchange-till")


@pytest.mark.postgres
def test_head_office_takes_a_file_and_makes_one(chromium: Browser, postgres_server: str) -> None:
    """REL-15: a download for the node that is chosen; what was refused stands in the list."""
    parts = (extend_sync, extend_documents, extend_exchange)
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        HubServer(folder, url, parts) as hub,
    ):
        code = hub.client.post("/api/v1/enrolment-codes", json={"kind": "station", "node": "K1"}).json()["code"]
        asked = {"code": code, "kind": "station", "incarnation": "k1-1", "public_key": "07" * 32}
        httpx.post(f"{hub.url}/sync/v1/enrol", json=asked, timeout=30).raise_for_status()
        token = hub.client.headers["authorization"].removeprefix("Bearer ")
        page = desk(chromium, hub, token, height=900)
        page.goto(f"{hub.url}/exchange")
        page.set_input_files("#file", {"name": "x.ktx", "mimeType": "image/png", "buffer": b"holiday"})
        page.click("#take")
        expect(page.locator("#exchange-lists")).to_contain_text("This is not an exchange file of Kontuar.")
        with page.expect_download() as saved:
            page.click('[data-make="K1"]')
        assert saved.value.suggested_filename.startswith("kontuar-hub-K1-")
        expect(page.locator("#exchange-lists")).to_contain_text("all that is new for it", timeout=20_000)
        picture(page, "exchange-hub")
        page.context.close()
