"""Three tills, an agent and a hub as real processes, worked in a browser: one receipt on, while the agent dies."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from browser.chromium import ARGUMENTS, CHROMIUM
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import Chain, Till, chain_of
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN

pytestmark = [pytest.mark.faults, pytest.mark.browser, pytest.mark.postgres, pytest.mark.timeout(300)]
LONG = 30_000
expect.set_options(timeout=LONG)


class Counter:
    """One till's browser, at a station process."""

    def __init__(self, till: Till, page: Page, url: str) -> None:
        self.till = till
        self.page = page
        self.url = url

    async def sign_in(self) -> None:
        await self.page.goto(f"{self.url}/login?next=/parked")
        await self.page.locator(f'input[name="operator"][value="{self.till.manager}"]').check()
        await self.page.locator("#pin").fill(self.till.manager_pin)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url(lambda address: "/login" not in address)

    async def scan(self, code: str = EAN) -> None:
        lines = self.page.locator("#lines-rows tr")
        quantities = await lines.all_inner_texts()
        told = "code => document.dispatchEvent(new CustomEvent('kontuar:scan', {detail: {code}}))"
        await self.page.evaluate(told, code)
        if quantities:
            await expect(lines).not_to_have_text(quantities, timeout=LONG)
        else:
            await expect(lines).not_to_have_count(0, timeout=LONG)

    async def new_receipt(self) -> str:
        await self.page.goto(f"{self.url}/sale")
        return self.page.url.rsplit("/", 1)[1]

    async def park(self) -> None:
        here = self.page.url
        await self.page.keyboard.press("F8")
        await self.page.wait_for_function(
            "here => location.href !== here || document.querySelector('#dialog[open]')", arg=here, timeout=LONG
        )

    async def state(self, doc_id: str) -> str:
        row = self.page.locator(f'tr[data-row="{doc_id}"] .chip').first
        return await row.inner_text(timeout=LONG)

    async def until(self, doc_id: str, *words: str) -> None:
        """The list, looked at again and again, says this of a document."""
        for _ in range(60):
            await self.page.goto(f"{self.url}/parked")
            found = await self.page.locator(f'tr[data-row="{doc_id}"]').all_inner_texts()
            if found and all(word in found[0] for word in words):
                return
            await asyncio.sleep(0.5)
        raise AssertionError(f"{self.till.station} never listed {doc_id} as {words}: {found}")

    async def proceed(self, doc_id: str) -> None:
        row = self.page.locator(f'tr[data-row="{doc_id}"]')
        await row.click()
        await row.press("Enter")

    async def proceed_to_form(self, doc_id: str) -> None:
        await self.proceed(doc_id)
        await self.page.wait_for_url(re.compile(f"/sale/{doc_id}"), timeout=LONG)


def test_one_receipt_goes_from_till_to_till_while_the_agent_is_stopped_and_started() -> None:
    """PARK-01, PARK-03, PARK-04, PARK-05, PARK-08, PARK-15."""
    with open_temporary_folder() as folder:
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
        assert not bad
        asyncio.run(_with_tills(chain_of(selection, 3, 3), folder / "chain"))


async def _with_tills(chain: Chain, folder: Path) -> None:
    async with running(chain, DAY, folder, Silent()) as nodes, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        counters = [await _counter(browser, till, nodes) for till in chain.tills]
        await _hand_on(counters, nodes)
        await browser.close()


async def _counter(browser: Browser, till: Till, nodes: RunningChain) -> Counter:
    process = next(one for one in nodes.processes if one.name == f"station-{till.station}")
    station = nodes.stations[till.station]
    await station.login(till.cashier, till.cashier_pin)
    await station.open_shift(DAY, 0)  # type: ignore[arg-type]
    context = await browser.new_context(viewport={"width": 1024, "height": 768})
    await context.add_cookies([{"name": "kontuar_language", "value": "en", "url": process.url}])
    page = await context.new_page()
    page.set_default_timeout(LONG)
    counter = Counter(till, page, process.url)
    await counter.sign_in()
    return counter


async def _hand_on(counters: list[Counter], nodes: RunningChain) -> None:
    first, second, third = counters
    agent = next(one for one in nodes.processes if one.kind == "agent")
    doc_id = await first.new_receipt()
    await first.scan()
    await first.park()

    await second.until(doc_id, "Parked")
    await second.proceed_to_form(doc_id)
    await third.until(doc_id, "Being edited")
    await third.proceed(doc_id)
    await expect(third.page.locator("#dialog-title")).to_contain_text(second.till.station)
    await third.page.keyboard.press("Escape")

    await agent.kill()
    await expect(second.page.locator("header.bar")).to_contain_text("Offline")
    await second.scan()
    await second.park()
    await expect(second.page.locator("#dialog-title")).to_have_text("Parked on this till only")
    await third.until(doc_id)
    await third.proceed(doc_id)
    await expect(third.page.locator("#toasts")).to_contain_text("cannot be edited now")
    assert f"/sale/{doc_id}" not in third.page.url

    await agent.start()
    await third.until(doc_id, "Parked", second.till.station)
    await third.proceed_to_form(doc_id)
    await expect(third.page.locator("#lines-rows")).to_contain_text("2")
    await third.page.keyboard.press("F9")
    await third.page.locator("#dialog .tile").filter(has_text="Cash").first.click()
    await expect(third.page.locator("#dialog")).to_contain_text("All is paid")
    await third.page.keyboard.press("F10")
    await expect(third.page.locator("#dialog")).not_to_contain_text("All is paid")
    await _until_gone(first, doc_id)
    (issued,) = (await _documents(nodes, third.till))["rows"]
    assert (issued["doc_id"], issued["gross"]) == (doc_id, 698)


async def _documents(nodes: RunningChain, till: Till) -> dict[str, list[dict[str, object]]]:
    answer: dict[str, list[dict[str, object]]] = await nodes.managers[till.station].node.ask("GET", "/api/v1/documents")
    return answer


async def _until_gone(counter: Counter, doc_id: str) -> None:
    for _ in range(60):
        await counter.page.goto(f"{counter.url}/parked")
        if not await counter.page.locator(f'tr[data-row="{doc_id}"]').count():
            return
        await asyncio.sleep(0.5)
    raise AssertionError("the approved receipt is still listed")
