"""PERF-01 in the browser: from the scanner's last key to the painted line."""

import asyncio
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kontuar.tools.bench.figures import latency
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.selling import Cashier
from kontuar.tools.replay.node_apis import NodeSaidNo

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

WHOLE: Final = Path("/usr/bin/chromium")
CHROMIUM: Final = WHOLE if WHOLE.exists() else Path("/usr/bin/chromium-headless-shell")
RECEIPT_LINES: Final = 30
WARM_SCANS: Final = 5
_KEY_GAP_SECONDS: Final = 0.008
_PAUSE_SECONDS: Final = 0.15
_PATIENCE_SECONDS: Final = 10.0
_SCREEN: Final = {"width": 1024, "height": 768}
# The clock starts when the page is given the scanner's last key and stops in the frame after the row was painted.
_WATCH: Final = """
window.bench = {key: 0, rows: 0, painted: []};
addEventListener("keydown", event => { if (event.key === "Enter") window.bench.key = performance.now(); }, true);
new MutationObserver(() => {
  const rows = document.querySelectorAll("#lines-rows tr[data-row]").length;
  if (rows <= window.bench.rows || !window.bench.key) return;
  window.bench.rows = rows;
  const began = window.bench.key;
  requestAnimationFrame(() => setTimeout(() => window.bench.painted.push(performance.now() - began)));
}).observe(document, {childList: true, subtree: true});
"""


async def measure(ground: Ground, cashier: Cashier, port: int, token: str, station: str) -> None:
    """Scan whole receipts in a real Chromium; says so when there is none."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        ground.lacks(["PERF-01"], "scan to painted: Playwright is not installed (make setup-test)")
        return
    if not CHROMIUM.exists():
        ground.lacks(["PERF-01"], f"scan to painted: no {CHROMIUM}")
        return
    url = f"http://127.0.0.1:{port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport=_SCREEN)  # type: ignore[arg-type]
        await context.add_cookies([{"name": f"kontuar_{station}", "value": token, "url": url}])
        await context.add_init_script(_WATCH)
        page = await context.new_page()
        runs = []
        for run in range(ground.sizes.runs):
            doc_id = await asyncio.to_thread(cashier.begin)
            await page.goto(f"{url}/sale/{doc_id}")
            painted = await _scan(page, ground.shop.eans, seed=run)
            runs.append(painted[WARM_SCANS:])
        await browser.close()
    ground.add(
        latency("PERF-01", "scan to painted line, in Chromium", runs, targets={"p95": 60.0},
                note=f"receipts of {RECEIPT_LINES} lines; from the scanner's last key; no graphics card"),
    )  # fmt: skip


async def _scan(page: "Page", eans: list[str], seed: int) -> list[float]:
    """Seconds of each scan of a receipt."""
    keys = await page.context.new_cdp_session(page)
    chance = random.Random(seed)  # noqa: S311 - which articles are scanned, wanted repeatable
    for number, ean in enumerate(chance.sample(eans, RECEIPT_LINES), 1):
        await _type(keys, ean)
        await _until_painted(page, number)
        await asyncio.sleep(_PAUSE_SECONDS)
    found: list[float] = await page.evaluate("window.bench.painted")
    return [milliseconds / 1000 for milliseconds in found]


async def _type(keys: "CDPSession", ean: str) -> None:
    """As a scanner types: every key with its stated time, so that a busy machine changes nothing."""
    at = time.time()
    for character in ean:
        at += _KEY_GAP_SECONDS
        await _press(keys, {"key": character, "timestamp": at}, character)
    await _press(keys, {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "timestamp": at}, "\r")


async def _press(keys: "CDPSession", key: dict[str, Any], text: str) -> None:
    await keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **key})
    await keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


async def _until_painted(page: "Page", number: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while await page.evaluate("window.bench.painted.length") < number:
        if time.monotonic() > deadline:
            raise NodeSaidNo(f"the receipt's screen showed no line {number} after a scan")
        await asyncio.sleep(0.01)
