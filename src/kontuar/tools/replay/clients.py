"""The APIs of `node_apis` over HTTP: the only place that knows paths and shapes of the nodes' JSON."""

import datetime
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from kontuar.domain.stock.records import Balance
from kontuar.kernel.ids import uuid7
from kontuar.kernel.money import Minor, to_major
from kontuar.kernel.quantity import unscaled
from kontuar.tools.replay.figures import DayTotals, Stock
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_apis import ApprovedReceipt, NodeSaidNo, OpenShift, Quiet, SoldLine
from kontuar.tools.replay.reconcile import ChainCheck

RECEIPT = "receipt"
DOCUMENTS = "/api/v1/documents"

PAGE_ROWS = "500"


class HttpStation:
    """A till over its JSON API; amounts in minor units of `currency`. `node` is asked what has no method here."""

    def __init__(self, node: HttpNode, currency: str) -> None:
        self.node = node
        self._currency = currency

    async def login(self, operator: str, pin: str) -> None:
        """All further calls are this operator's."""
        await self.node.login(operator, pin)

    async def open_shift(self, day: datetime.date, opening_float: Minor) -> None:
        """Begin a shift with a chosen business day."""
        body = {"business_day": day.isoformat(), "float": self._major(opening_float)}
        await self.node.ask("POST", "/api/v1/shift/open", body)

    async def new_receipt(self) -> str:
        """The draft's doc_id."""
        return str((await self.node.ask("POST", DOCUMENTS, {"type": RECEIPT}))["doc_id"])

    async def set_buyer(self, doc_id: str, code: str) -> None:
        """Choose the contractor."""
        await self.node.ask("PUT", f"{DOCUMENTS}/{doc_id}/buyer", {"code": code})

    async def add_line(self, doc_id: str, code: str, quantity: Decimal) -> tuple[SoldLine, ...]:
        """Scan an EAN."""
        body = {"code": code, "quantity": f"{quantity:f}"}
        return _sold_lines(await self.node.ask("POST", f"{DOCUMENTS}/{doc_id}/lines", body))

    async def add_coupon(self, doc_id: str, code: str) -> tuple[SoldLine, ...]:
        """Scan a coupon."""
        return _sold_lines(await self.node.ask("POST", f"{DOCUMENTS}/{doc_id}/coupons", {"code": code}))

    async def authorise(self, right: str, operator: str, pin: str, doc_id: str) -> str:
        """Another operator allows one action; the grant."""
        body = {"right": right, "operator": operator, "pin": pin, "doc_id": doc_id}
        return str((await self.node.ask("POST", "/api/v1/authorisations", body))["authorisation"])

    async def set_line_value(self, doc_id: str, line: int, value: Minor, grant: str) -> tuple[SoldLine, ...]:
        """Type the line's value."""
        path = f"{DOCUMENTS}/{doc_id}/lines/{line}"
        document = await self.node.ask("PATCH", path, {"value": self._major(value)}, headers={"X-Authorisation": grant})
        return _sold_lines(document)

    async def open_payment(self, doc_id: str) -> Minor:
        """What there is to pay."""
        return Minor((await self.node.ask("POST", f"{DOCUMENTS}/{doc_id}/payment/open"))["due"])

    async def pay(self, doc_id: str, form: str, amount: Minor) -> None:
        """Assign an amount to a form."""
        body = {"form": form, "currency": self._currency, "amount": self._major(amount)}
        await self.node.ask("POST", f"{DOCUMENTS}/{doc_id}/payments", body)

    async def approve(self, doc_id: str) -> ApprovedReceipt:
        """The single commit; what devices could not do is a *no*, for none is set up."""
        answer = await self.node.ask("POST", f"{DOCUMENTS}/{doc_id}/approve")
        document = answer["document"]
        if answer["notes"]:
            raise NodeSaidNo(f"{self.node.name}: receipt {document['number']}: {answer['notes']}")
        return ApprovedReceipt(str(document["number"]), Minor(document["totals"]["gross"]))

    async def close_shift(self, counted: Mapping[str, Minor]) -> None:
        """With what was counted per form."""
        rows = [
            {"form": form, "currency": self._currency, "amount": self._major(amount)}
            for form, amount in sorted(counted.items())
        ]
        await self.node.ask("POST", "/api/v1/shift/close", {"counted": rows})

    async def open_shift_now(self) -> OpenShift | None:
        """The shift that is open, if one is."""
        status = await self.node.ask("GET", "/api/v1/status")
        if not status["shift_open"]:
            return None
        report = await self.node.ask("GET", "/api/v1/shift")
        taken = {row["form"]: Minor(row["expected"]) for row in report["forms"] if row["expected"]}
        return OpenShift(datetime.date.fromisoformat(status["business_day"]), taken)

    async def throw_drafts_away(self) -> int:
        """Payments taken off first: a draft that holds money stays."""
        drafts = await self.node.ask("GET", "/api/v1/drafts")
        for draft in drafts:
            doc_id = draft["doc_id"]
            if draft["payments"]:
                await self.node.ask("DELETE", f"{DOCUMENTS}/{doc_id}/payments")
            await self.node.ask("DELETE", f"/api/v1/drafts/{doc_id}")
        return len(drafts)

    async def status(self) -> Quiet:
        """Whether everything was passed on."""
        return _quiet(await self.node.ask("GET", "/api/v1/status"))

    async def totals(self, day: datetime.date) -> DayTotals:
        """The station's own receipts of the day."""
        return _totals(await self.node.ask("GET", "/api/v1/reconciliation", query={"day": day.isoformat()}))

    def _major(self, amount: Minor) -> str:
        return f"{to_major(amount, self._currency):f}"


class HttpAgent:
    """A store's agent over its JSON API."""

    def __init__(self, node: HttpNode) -> None:
        self.node = node

    def sign_in(self, operator: str, pin: str) -> None:
        """All further calls are this operator's."""
        self.node.sign_in_each_time(operator, pin)

    async def status(self) -> Quiet:
        """Whether everything was passed on."""
        return _quiet(await self.node.ask("GET", "/api/v1/status"))

    async def totals(self, day: datetime.date) -> DayTotals:
        """The store's receipts of the day."""
        return _totals(await self.node.ask("GET", "/api/v1/reconciliation", query={"day": day.isoformat()}))

    async def stock(self) -> Stock:
        """Balances of the store's warehouses."""
        return _stock(await self.node.ask("GET", "/api/v1/stock"))


class HttpHub:
    """The head office over its JSON API."""

    def __init__(self, node: HttpNode) -> None:
        self.node = node

    async def login(self, operator: str, pin: str) -> None:
        """All further calls are this operator's."""
        await self.node.login(operator, pin)

    async def define(self, rows: Sequence[tuple[str, msgspec.Struct]]) -> int:
        """Rows of any kinds, all or none; the version after them."""
        put = [{"kind": kind, "row": row} for kind, row in rows]
        return int((await self.node.ask("POST", "/api/v1/definitions", {"put": put}))["version"])

    async def set_opening(self, store: str, day: datetime.date, balances: Sequence[Balance]) -> None:
        """Opening stock of a store."""
        opening_id = uuid7(datetime.datetime.now(datetime.UTC), os.urandom(10))
        rows = list(balances)
        body = {"opening_id": opening_id, "store": store, "business_day": day.isoformat(), "rows": rows}
        await self.node.ask("PUT", "/api/v1/stock/opening", body)

    async def enrolment_code(self, kind: str, code: str) -> str:
        """For one agent (code of the store) or station."""
        return str((await self.node.ask("POST", "/api/v1/enrolment-codes", {"kind": kind, "node": code}))["code"])

    async def totals(self, store: str, day: datetime.date) -> DayTotals:
        """The store's receipts of the day."""
        query = {"store": store, "day": day.isoformat()}
        body = await self.node.ask("GET", "/api/v1/reconciliation", query=query)
        receipts = [row for row in body["documents"] if row["document_type"] == RECEIPT]
        return DayTotals(
            documents=sum(row["documents"] for row in receipts),
            lines=sum(row["lines"] for row in receipts),
            gross=Minor(sum(row["gross"] for row in receipts)),
            payments=_payments(body["tenders"]),
            numbers=await self._numbers(store, day) if receipts else (),
        )

    async def receipts(self, store: str, day: datetime.date) -> int:
        """How many receipts of the day are booked."""
        query = {"store": store, "day": day.isoformat()}
        body = await self.node.ask("GET", "/api/v1/reconciliation", query=query)
        return sum(row["documents"] for row in body["documents"] if row["document_type"] == RECEIPT)

    async def stock(self, store: str) -> Stock:
        """Balances of the store's warehouses."""
        body = await self.node.ask("GET", "/api/v1/stock", query={"store": store})
        return {(warehouse, article): unscaled(quantity) for warehouse, article, quantity in body["rows"]}

    async def verify_chains(self) -> tuple[ChainCheck, ...]:
        """All streams from their first message."""
        answer = await self.node.ask("POST", "/api/v1/verify-chains")
        return tuple(
            ChainCheck(origin=row["origin"], messages=row["messages"], problem=row["problem"])
            for row in answer["streams"]
        )

    async def parked(self) -> int:
        """Documents that wait for verification."""
        return len(await self._all_pages("/api/v1/verification", {"state": "open"}))

    async def _numbers(self, store: str, day: datetime.date) -> tuple[str, ...]:
        query = {"store": store, "type": RECEIPT, "day_from": day.isoformat(), "day_to": day.isoformat()}
        rows = await self._all_pages("/api/v1/documents", query)
        return tuple(row["number"] for row in reversed(rows))

    async def _all_pages(self, path: str, query: Mapping[str, str]) -> list[Any]:
        rows: list[Any] = []
        after = ""
        while True:
            page = await self.node.ask("GET", path, query={**query, "after": after, "limit": PAGE_ROWS})
            rows += page["rows"]
            after = page["next"]
            if not after:
                return rows


def _sold_lines(document: Any) -> tuple[SoldLine, ...]:
    return tuple(SoldLine(line["number"], Minor(line["value"]), _taken_off(line)) for line in document["lines"])


def _taken_off(line: Any) -> dict[str, Minor]:
    """Rule → what it took off the line."""
    off: dict[str, int] = defaultdict(int)
    for one in line["adjustments"]:
        off[one["rule"]] -= one["amount"]
    return {rule: Minor(amount) for rule, amount in off.items()}


def _quiet(status: Any) -> Quiet:
    return Quiet(unsent=int(status["waiting"]), definitions=int(status["definitions"][1]))


def _totals(body: Any) -> DayTotals:
    """Receipts among the types of the day; money per form."""
    rows = [row for row in body["types"] if row["document_type"] == RECEIPT]
    return DayTotals(
        documents=sum(row["documents"] for row in rows),
        lines=sum(row["lines"] for row in rows),
        gross=Minor(sum(row["gross"] for row in rows)),
        payments=_payments(body["tenders"]),
        numbers=tuple(number for row in rows for number in row["numbers"]),
    )


def _payments(tenders: Any) -> dict[str, Minor]:
    """Money per form."""
    sums: dict[str, int] = defaultdict(int)
    for tender in tenders:
        sums[tender["form"]] += tender["amount"]
    return {form: Minor(amount) for form, amount in sorted(sums.items()) if amount}


def _stock(body: Any) -> Stock:
    return {(row["warehouse"], row["article"]): Decimal(row["quantity"]) for row in body["rows"]}
