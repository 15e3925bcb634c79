"""A sale explained beside its preview at head office, and reckoned again, in a real browser (DISC-26, DISC-31)."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from browser.back_office import grave
from browser.head_office_pages import desk
from discounts import article, group, off
from explained_world import ShopAndOffice
from hub_server import HubServer
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.discount import Discount, DiscountGroup
from kontuar.nodes.hub import ADMINISTRATOR_FILE
from kontuar.nodes.hub_documents import extend_documents
from kontuar.operations.station import approval, payments, till
from postgres_fixture import fresh_database, open_temporary_folder
from shop import MILK, MILK_EAN, NUTS, WATER, actor_of, fill

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
EWA = actor_of()
PICTURES = os.environ.get("KONTUAR_PICTURES", "")
"""A folder: every screen is kept there, for people to look at."""


class SeenAtHeadOffice:
    """A hub over a firm that sold under promotions: one honest sale, one that a till reckoned otherwise."""

    def __init__(self, url: str, folder: Path) -> None:
        shop = ShopAndOffice(url, folder)
        shop.define(DiscountGroup(code="SPRING", name="Wiosna"), _promotion("MILK10", "Mleko taniej", "10", MILK),
                    Discount(code="FOOD5", name="Tydzień spożywczy", source="PRM", state="confirmed", group="SPRING",
                             deal=off("5", group("FOOD"))))  # fmt: skip
        shop.take_definitions()
        self.sale = _sold(shop, MILK_EAN, WATER, NUTS)
        shop.book(self.sale)
        self.wrong = _reckoned_otherwise(_sold(shop, MILK_EAN))
        shop.book(self.wrong)
        shop.define(_promotion("MILK10", "Mleko taniej", "50", MILK))
        with shop.office.database.transaction():
            # An administrator logs in by the code of the first start, so no operator may be defined.
            shop.office.database.connection.execute("DELETE FROM definition WHERE kind = 'operator'")
        shop.close()
        self.server = HubServer(folder / "hub", url, [extend_documents])
        self._run: uvicorn.Server = self.server._server
        self._thread: threading.Thread = self.server._thread

    def __enter__(self) -> "SeenAtHeadOffice":
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self.server._is_ready():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        code = (self.server.hub.settings.data / ADMINISTRATOR_FILE).read_text().strip()
        login = {"operator": "administrator", "pin": code}
        self.token = str(httpx.post(f"{self.server.url}/api/v1/login", json=login, timeout=30).json()["token"])
        return self

    def __exit__(self, *_: object) -> None:
        self._run.should_exit = True
        self._thread.join(timeout=20)

    def path(self, document: Document) -> str:
        return f"{self.server.url}/documents/S1/{document.doc_id}"


def _promotion(code: str, name: str, percent: str, *goods: str) -> Discount:
    return Discount(code=code, name=name, source="PRM", state="confirmed", deal=off(percent, article(*goods)))


def _sold(shop: ShopAndOffice, *codes: str) -> Document:
    draft = fill(shop.station, *codes)
    if len(codes) > 1:
        till.give_header_discount(shop.station, EWA, draft.doc_id, "percent", "3")
    payments.assign(shop.station, EWA, draft.doc_id, "cash", "200")
    return approval.approve(shop.station, EWA, draft.doc_id)


def _reckoned_otherwise(sale: Document) -> Document:
    """Two steps of 40 and 20 became steps of 60 and 0: the sums agree, the discounts do not."""
    line = sale.lines[0]
    first, second = line.adjustments
    amount = first.amount + second.amount
    steps = (
        msgspec.structs.replace(first, amount=amount, after=first.base + amount),
        msgspec.structs.replace(second, amount=0, after=first.base + amount),
    )
    return msgspec.structs.replace(sale, lines=(msgspec.structs.replace(line, adjustments=steps),))


@pytest.fixture(scope="module")
def seen(postgres_server: str) -> Iterator[SeenAtHeadOffice]:
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        SeenAtHeadOffice(url, folder) as seen,
    ):
        yield seen


def kept(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.mark.parametrize(("language", "dark"), [("pl", False), ("fr", True), ("en", False)])
def test_the_preview_tells_how_the_prices_came_about(
    chromium: Browser, seen: SeenAtHeadOffice, language: str, dark: bool
) -> None:
    page = desk(chromium, seen.server, seen.token, height=900, language=language, dark=dark)
    page.goto(seen.path(seen.sale))
    first = page.locator(".explained").first.inner_text()
    assert "Mleko taniej" in first
    assert "Tydzień spożywczy" in first
    assert page.locator("#discount-summary .is-group").count() == 2
    page.click("#reckon-again")
    page.wait_for_selector("#again-said .note--good")
    assert grave(page) == []
    kept(page, f"explained-{language}")
    page.goto(seen.path(seen.wrong))
    page.click("#reckon-again")
    page.wait_for_selector("#again-said .note--bad")
    assert page.locator("#again-said tbody tr").count() == 1
    assert grave(page) == []
    kept(page, f"differs-{language}")
    page.context.close()


def test_the_explanation_is_a_pdf_too(seen: SeenAtHeadOffice) -> None:
    headers = {"Authorization": f"Bearer {seen.token}"}
    for base in ("", "/api/v1"):
        path = seen.path(seen.sale).replace("/documents/", f"{base}/documents/") + "/explanation/pdf"
        answer = httpx.get(path, headers=headers, timeout=30)
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    told = httpx.get(f"{seen.server.url}/api/v1/documents/S1/{seen.sale.doc_id}/explanation", headers=headers).json()
    assert [step["name"] for step in told["rows"][0]["steps"]] == ["Tydzień spożywczy", "Mleko taniej", ""]
    assert told["summary"]["after"] == seen.sale.totals.gross
    again = httpx.get(f"{seen.server.url}/api/v1/documents/S1/{seen.wrong.doc_id}/again", headers=headers).json()
    assert (again["exact"], [line["number"] for line in again["lines"]]) == (False, [1])
