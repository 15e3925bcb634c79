"""Checkers of what may be had once: coupons, invoices of receipts."""

import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from kontuar.tools.simulate.books_read import Approved, Books
from kontuar.tools.simulate.firm import ONCE

_RESERVED: Final = datetime.timedelta(hours=24)
"""How long head office keeps a code for who reserved it, where a firm says nothing else; as docs/protocol.md has it."""


def coupons(books: Books) -> Iterator[str]:
    """REL-12, REL-08: the hub's ledger has each use of a booked document once; who used a code that was used already is
    listed; nobody is told that a code is kept for him while it is kept for another document."""
    uses: dict[str, dict[str, Approved]] = defaultdict(dict)
    for document in books.approved():
        if document.digest not in books.undecided and not document.body.get("repeats"):
            for coupon in document.body.get("discounts", {}).get("coupons", ()):
                if coupon.get("used"):
                    uses[coupon["code"]][document.doc_id] = document
    ledger: dict[str, set[str]] = defaultdict(set)
    for code, doc_id in books.hub.execute("SELECT code, doc_id FROM coupon_use").fetchall():
        ledger[code].add(doc_id)
    for code in sorted(uses.keys() | ledger.keys()):
        for doc_id in sorted(uses[code].keys() ^ ledger[code]):
            missing = "its ledger has no" if doc_id in uses[code] else "its ledger invented the"
            yield f"hub: {missing} use of {code} by {doc_id}"
        yield from _too_often(books, code, uses[code])


def _too_often(books: Books, code: str, uses: dict[str, Approved]) -> Iterator[str]:
    if len(uses) < 2 or not code.startswith(ONCE):
        return
    listed = books.hub.execute(
        "SELECT count(DISTINCT doc_id) FROM verification_item, jsonb_array_elements(problems) p"
        " WHERE p ->> 'code' = 'coupon.used_too_often' AND p -> 'facts' ->> 'coupon' = %s", [code],
    ).fetchone()  # fmt: skip
    told = listed[0] if listed else 0
    if told < len(uses) - 1:
        yield f"{code} was used by {len(uses)} documents, {told} of them are listed"
    kept = [document for document in uses.values() if _kept(document, code)]
    drafts = _at_once(kept)
    doubtful = books.seen.hub_restores or any(books.seen.has_two_pasts(document.origin) for document in kept)
    if len(drafts) > 1 and not doubtful:
        yield f"{code} was kept for {len(drafts)} documents at once: {', '.join(sorted(drafts))}"


def _at_once(kept: list[Approved]) -> set[str]:
    """Drafts of documents for which a code was kept while it was kept for another one. What is reserved ends by itself:
    a sale that takes nights to reach head office finds its coupon given to somebody else, and is listed."""
    by_time = sorted(kept, key=lambda document: str(document.body["approved_at"]))
    found: set[str] = set()
    for one, next_one in itertools.pairwise(by_time):
        if one.draft != next_one.draft and _at(next_one) - _at(one) < _RESERVED:
            found |= {one.draft, next_one.draft}
    return found


def _at(document: Approved) -> datetime.datetime:
    return datetime.datetime.fromisoformat(document.body["approved_at"])


def _kept(document: Approved, code: str) -> bool:
    found = document.body.get("discounts", {}).get("coupons", ())
    return any(coupon["code"] == code and coupon.get("state") == "reserved" for coupon in found)


def invoices(books: Books) -> Iterator[str]:
    """SALE-06: a receipt is invoiced once, and its invoice moves neither money nor goods."""
    made: dict[str, list[str]] = defaultdict(list)
    for document in books.approved():
        of_receipt = document.body.get("repeats")
        if of_receipt:
            if not books.seen.has_two_pasts(document.origin):
                made[of_receipt].append(document.body["number"])
            if document.body.get("cash_moves") or document.body.get("stock_moves"):
                yield f"{document.body['number']} moves what its receipt moved"
    for of_receipt, numbers in made.items():
        if len(numbers) > 1:
            yield f"receipt {of_receipt} has the invoices {', '.join(sorted(numbers))}"
