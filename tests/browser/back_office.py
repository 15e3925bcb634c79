"""What tests of the screens behind the sale share: a signed-in page, sales and documents made beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser.chromium import until
from kontuar.domain.documents.document import Document
from kontuar.operations.station import approval, cash_documents, login, payments, till
from kontuar.operations.station.station import Station
from shop import MILK_EAN, NUTS_EAN, actor_of
from station_server import StationServer

EWA = actor_of()


def do(server: StationServer, work: Callable[..., Any], *given: Any) -> Any:
    """On the database thread; Playwright's own loop stands in the way of `server.do`."""
    return server.lane._thread.submit(work, *given).result()


def opened(
    chromium: Browser, server: StationServer, path: str, *, operator: str = "EWA", language: str = "en",
    size: tuple[int, int] = (1366, 768), theme: str = "light",
) -> Page:  # fmt: skip
    """A page of an operator who is signed in; what the browser complains about is in `window.complaints`."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)  # type: ignore[arg-type]
    cookies = {"kontuar_S1T1": do(server, _token, server.station, operator), "kontuar_language": language}
    context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])
    page = context.new_page()
    page.add_init_script("window.complaints = []; addEventListener('error', (e) => complaints.push(e.message));")
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => complaints.push(e.violatedDirective + ' ' + e.blockedURI));"
    )
    page.goto(f"{server.url}{path}")
    return page


def ready(page: Page) -> Page:
    """The page with its scripts at work."""
    assert until(lambda: bool(page.evaluate("document.readyState === 'complete' && window.htmx !== undefined")))
    return page


_STILL = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const moving = () => document.getAnimations().filter((one) =>
    one.playState !== "finished" && one.effect.getComputedTiming().endTime !== Infinity);
  const end = performance.now() + 10000;
  do {
    for (const one of moving()) one.finish();
    await frame();
    await frame();
  } while ((moving().length || document.querySelector(".htmx-request")) && performance.now() < end);
}"""


def still(page: Page) -> Page:
    """The page as it stays: what it asked for by itself has come, and whatever was moving or fading is at its end."""
    page.evaluate(_STILL)
    return page


def grave(page: Page) -> list[str]:
    """What axe calls serious or critical, with the first place of each, once colours have stopped changing."""
    found = Axe().run(still(page)).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def shows(page: Page, selector: str, text: str) -> bool:
    """Whether the text comes up there."""
    return until(lambda: text in plain(page.text_content(selector) or ""))


def plain(text: str) -> str:
    """Hard spaces as soft ones."""
    return text.replace("\xa0", " ")


def sold(station: Station, quantity: str = "2", form: str = "cash", buyer: str = "") -> Document:
    """Milk and a quarter of a kilogram of nuts."""
    doc_id = till.begin(station, EWA, "receipt").doc_id
    if buyer:
        till.set_buyer(station, EWA, doc_id, buyer)
    till.scan(station, EWA, doc_id, MILK_EAN, quantity)
    till.scan(station, EWA, doc_id, NUTS_EAN, "0,25")
    payments.assign(station, EWA, doc_id, form)
    return approval.approve(station, EWA, doc_id)


def cash_in(station: Station, amount: str = "50") -> Document:
    """Cash in, approved."""
    doc_id = till.begin(station, EWA, "cash_in").doc_id
    till.set_reason(station, EWA, doc_id, "CHANGE")
    cash_documents.set_amount(station, EWA, doc_id, "cash", amount)
    return approval.approve(station, EWA, doc_id)


def released(station: Station) -> Document:
    """Three litres of milk out for internal use."""
    doc_id = till.begin(station, EWA, "internal_release").doc_id
    till.scan(station, EWA, doc_id, MILK_EAN, "3")
    till.set_reason(station, EWA, doc_id, "LOSS")
    return approval.approve(station, EWA, doc_id)


def _token(station: Station, operator: str) -> str:
    return login.log_in(station, login.attempt(station, operator), pin_is_right=True).token
