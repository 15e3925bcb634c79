"""A cashier whose every step is timed, over the station's JSON API."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from kontuar.tools.bench.shop import OPERATOR, PIN
from kontuar.tools.bench.stopwatch import Stopwatch

DOCUMENTS: Final = "/api/v1/documents"
LONG_RECEIPT: Final = range(26, 36)
"""Lines with which a receipt counts as one of thirty lines."""


class Cashier:
    """One connection to one station."""

    def __init__(self, port: int, eans: Sequence[str], *, token: str = "", seed: int = 1) -> None:
        self.watch = Stopwatch(port, token=token)
        self._eans = eans
        self._chance = random.Random(seed)  # noqa: S311 - which articles are scanned, wanted repeatable
        self.scans = 0

    def log_in(self) -> str:
        """The token."""
        return self.watch.log_in(OPERATOR, PIN)

    def begin(self) -> str:
        """A new receipt's doc_id."""
        return str(self.watch.ask("POST", DOCUMENTS, {"type": "receipt"})["doc_id"])

    def scan(self, doc_id: str) -> float:
        """Seconds from the scan to the answer with the priced line."""
        code = self._chance.choice(self._eans)
        self.watch.ask("POST", f"{DOCUMENTS}/{doc_id}/lines", {"code": code})
        self.scans += 1
        return self.watch.seconds

    def scan_receipts(self, receipts: int, lines: int) -> Iterator[tuple[int, float]]:
        """(lines on the receipt, seconds) of every scan; the receipts are thrown away."""
        for _ in range(receipts):
            doc_id = self.begin()
            for number in range(1, lines + 1):
                yield number, self.scan(doc_id)
            self.watch.ask("DELETE", f"/api/v1/drafts/{doc_id}")

    def approve(self, doc_id: str) -> float:
        """Seconds from asking to the durable receipt."""
        self.watch.ask("POST", f"{DOCUMENTS}/{doc_id}/approve")
        return self.watch.seconds

    def sell_one(self) -> None:
        """A whole receipt of one line."""
        doc_id = self.begin()
        self.scan(doc_id)
        self.watch.ask("POST", f"{DOCUMENTS}/{doc_id}/payment/open")
        self.watch.ask("POST", f"{DOCUMENTS}/{doc_id}/payments", {"form": "cash"})
        self.approve(doc_id)


def approve_together(port: int, token: str, doc_ids: Sequence[str], connections: int) -> float:
    """Receipts a second when several connections approve at once."""
    shares = [doc_ids[number::connections] for number in range(connections)]
    failed: list[BaseException] = []

    def work(share: Sequence[str]) -> None:
        cashier = Cashier(port, (), token=token)
        try:
            for doc_id in share:
                cashier.approve(doc_id)
        except Exception as error:  # noqa: BLE001 - a thread's failure is raised by who waits for it
            failed.append(error)

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return len(doc_ids) / (time.perf_counter() - began)
