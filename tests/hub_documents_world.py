"""A small firm at the hub, and streams of real messages to push into it."""

import datetime
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kontuar.domain.cash.records import CashMove, FormTotal, Payment, PaymentForm, Shift, ShiftReport, TypeTotal
from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents.document import Buyer, Document, Line
from kontuar.domain.documents.messages import (
    Cancelled,
    Fiscalised,
    Message,
    ShiftClosed,
    ShiftOpened,
    approved_kind,
    body_bytes,
    cancelled_kind,
)
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.documents.types import TYPES, turnover
from kontuar.domain.firm.records import Warehouse
from kontuar.domain.parties.records import Operator
from kontuar.domain.stock.records import CUSTOMER, INTERNAL, StockMove
from kontuar.kernel.canonical import CHAIN_START, chain_hash, encode
from kontuar.kernel.money import Minor
from kontuar.operations.hub.booking import Booked, book_waiting
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import Acknowledgement, Batch, Position, SealedMessage, StreamId
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.migrations import migrate
from kontuar.storage.postgres.stream_log import PostgresStreamLog

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
DAY = datetime.date(2026, 11, 20)
STORE, WAREHOUSE, STATION, OPERATOR, REGISTER = "S1", "MAG1", "POS1", "anna", "R1"


class FixedClock:
    """Time that tests move by hand."""

    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> datetime.datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


class Hub:
    """Intake and booking on a real database, called apart."""

    def __init__(self, url: str, articles: int = 20) -> None:
        self.database = HubDatabase(url)
        migrate(self.database)
        self.clock = FixedClock()
        self.bad_seals: set[bytes] = set()
        self.log = PostgresStreamLog(self.database, self.clock)
        self.desk = PostgresBookingDesk(self.database, self._seal)
        self.define([Warehouse(code=WAREHOUSE, name="Sklep", store=STORE)], "warehouse")
        self.define([PaymentForm(code="cash", name="Gotówka", kind="cash", gives_change=True)], "payment_form")
        self.define([Operator(code=OPERATOR, name="Anna", pin_verifier="x", roles=())], "operator")
        self.define([article(number) for number in range(1, articles + 1)], "article")

    def _seal(self, stream: StreamId, message: SealedMessage) -> str:
        return "signature.bad" if message.hash in self.bad_seals else ""

    def define(self, records: Sequence[Any], kind: str, at: datetime.datetime = NOON) -> None:
        """Rows as the definitions store keeps them."""
        with self.database.transaction():
            connection = self.database.connection
            row = connection.execute("UPDATE definition_feed SET version = version + 1 RETURNING version").fetchone()
            assert row is not None
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO definition (kind, key, version, body, checksum) VALUES (%s, %s, %s, %s, 0) "
                    "ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, body = excluded.body",
                    [(kind, key_of(record), row[0], encode(record)) for record in records],
                )
                cursor.executemany(
                    "INSERT INTO definition_history VALUES (%s, %s, %s, %s, NULL, %s, 'test')",
                    [(kind, key_of(record), row[0], encode(record), at) for record in records],
                )

    def push(self, till: "Till", first: int = 1, last: int = 0) -> Acknowledgement:
        """Intake only: messages first..last of the till's stream (all when last is 0)."""
        return receive(till.batch(first, last), self.log, receiver="hub", epoch="e1", is_hub=True)

    def book(self) -> Booked:
        return book_waiting(self.desk, self.clock.now())

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database.transaction():
            return self.database.connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        return self.rows(sql, *values)[0][0]

    def reasons(self) -> list[tuple[int, str]]:
        """(position in the stream, reason) of what is parked."""
        return self.rows("SELECT seq, reason FROM verification_item WHERE state = 'parked' ORDER BY seq")

    def balance(self, article_code: str) -> tuple[Decimal, Decimal]:
        """(booked, moved but unbooked)."""
        found = self.rows("SELECT quantity_e4, unbooked_e4 FROM stock_balance WHERE article = %s", article_code)
        return (Decimal(found[0][0]) / 10_000, Decimal(found[0][1]) / 10_000) if found else (Decimal(0), Decimal(0))


class Till:
    """A station's stream: messages are added in order, chained and (when it has a key) signed."""

    def __init__(self, station: str = STATION, store: str = STORE, life: str = "life1", signed: bool = False) -> None:
        self.stream = StreamId(station, life)
        self.station, self.store = station, store
        self.key = Ed25519PrivateKey.generate() if signed else None
        self.messages: list[SealedMessage] = []
        self.ordinals: dict[str, int] = {}
        self.perpetual = 0
        self.head = CHAIN_START

    def say(self, kind: str, body: Any, message_id: str = "", by: str = OPERATOR) -> SealedMessage:
        """Append one message of a kind."""
        raw = body if isinstance(body, msgspec.Raw) else body_bytes(body)
        message = Message(
            kind=kind, origin=self.stream.origin, incarnation=self.stream.incarnation, seq=len(self.messages) + 1,
            store=self.store, message_id=message_id or new_id(), at=NOON, by=by, body=raw,
        )  # fmt: skip
        return self.say_bytes(encode(message))

    def say_bytes(self, payload: bytes) -> SealedMessage:
        self.head = chain_hash(self.head, payload)
        signature = self.key.sign(self.head) if self.key else bytes(64)
        sealed = SealedMessage(len(self.messages) + 1, payload, self.head, signature)
        self.messages.append(sealed)
        return sealed

    def batch(self, first: int = 1, last: int = 0) -> Batch:
        last = last or len(self.messages)
        before = self.messages[first - 2].hash if first > 1 else CHAIN_START
        return Batch(
            stream=self.stream, store=self.store, sender=self.stream.origin, first=first, previous_hash=before,
            messages=tuple(self.messages[first - 1 : last]), claim=Position(0, CHAIN_START.hex()),
        )  # fmt: skip

    def open_shift(self, shift_id: str = "shift1") -> Shift:
        shift = Shift(
            shift_id=shift_id, number=1, register=REGISTER, business_day=DAY, opened_at=NOON, opened_by=OPERATOR,
            opening_float=Minor(0), currency="PLN",
        )  # fmt: skip
        self.say("shift.opened/1", ShiftOpened(shift=shift), f"open-{shift_id}")
        return shift

    def close_shift(self, shift: Shift, count: int, gross: int) -> SealedMessage:
        row = TypeTotal(document_type="receipt", count=count, first_number="", last_number="", gross=Minor(gross))
        form = FormTotal(
            form="cash", currency="PLN", opening=Minor(0), received=Minor(gross), paid_out=Minor(0),
            expected=Minor(gross),
        )  # fmt: skip
        report = ShiftReport(
            shift=shift, documents=(row,), taxes=(), forms=(form,), sales_gross=Minor(gross), not_fiscalised=0,
            voided_drafts=0, voided_lines=0, perpetual_gross=Minor(gross), closed_at=NOON, closed_by=OPERATOR,
        )  # fmt: skip
        return self.say("shift.closed/1", ShiftClosed(report=report))

    def next_number(self, kind: str = "receipt", skip: int = 0) -> str:
        self.ordinals[kind] = self.ordinals.get(kind, 0) + 1 + skip
        return f"{TYPES[kind].symbol}/2026/11/{self.ordinals[kind]:05}/{self.station}"

    def sell(self, *lines: tuple[int, int], **changes: Any) -> Document:
        """Append a paid receipt of (article number, pieces) lines."""
        document = self._counted(receipt(self, lines or ((1, 1),), **changes))
        self.say(approved_kind(document.type), document, document.doc_id)
        return document

    def _counted(self, document: Document) -> Document:
        """With the perpetual total that a till would write."""
        self.perpetual += turnover(document)
        return msgspec.structs.replace(document, perpetual_gross=Minor(self.perpetual))

    def cancel(self, document: Document) -> SealedMessage:
        back = tuple(
            msgspec.structs.replace(move, effect=f"{move.effect}_cancelled", quantity=-move.quantity)
            for move in document.stock_moves
        )
        body = Cancelled(
            doc_id=document.doc_id, number=document.number, document_type=document.type,
            business_day=DAY, shift_id=document.shift_id, stock_moves=back,
        )  # fmt: skip
        return self.say(cancelled_kind(document.type), body)

    def fiscalise(self, document: Document) -> SealedMessage:
        body = Fiscalised(doc_id=document.doc_id, number=document.number, fiscal_number="F1", device="double")
        return self.say("document.fiscalised/1", body)

    def release(self, pieces: int, **changes: Any) -> Document:
        """Append an internal release of one article."""
        document = self._counted(internal_release(self, pieces, **changes))
        self.say(approved_kind(document.type), document, document.doc_id)
        return document


_serial = 0


def new_id() -> str:
    """A UUIDv7-like identity, growing."""
    global _serial
    _serial += 1
    return str(
        uuid.UUID(int=(0x0190_0000_0000 << 80) | (7 << 76) | (2 << 62) | (uuid.uuid4().int >> 88 << 20) | _serial)
    )


def article_code(number: int) -> str:
    return f"A{number:05}"


def article(number: int) -> Article:
    return Article(code=article_code(number), name=f"Towar {number}", vat="B", unit="szt", group="G")


def key_of(record: Any) -> str:
    return str(record.code)


def line(number: int, article_number: int, pieces: int) -> Line:
    vat, percent = ("B", Decimal(8)) if article_number % 2 else ("A", Decimal(23))
    price = Decimal("4.9900")
    return Line(
        number=number, article=article_code(article_number), name=f"Towar {article_number}", kind="goods", unit="szt",
        precision=0, quantity=Decimal(pieces), base_quantity=Decimal(pieces), base_price=price, initial_price=price,
        price=price, value=Minor(499 * pieces), vat=vat, percent=percent, letter=vat, warehouse=WAREHOUSE,
        ean="5900000000008", price_row=f"DET|{article_code(article_number)}|szt|2026-01-01",
    )  # fmt: skip


def receipt(till: Till, lines: Sequence[tuple[int, int]], **changes: Any) -> Document:
    """A receipt paid in cash with change."""
    rows = tuple(line(position, *what) for position, what in enumerate(lines, start=1))
    gross = sum(row.value for row in rows)
    given = Payment(
        number=1, form="cash", kind="cash", currency="PLN", amount=Minor(gross + 100), rate=Decimal(1),
        in_system=Minor(gross + 100),
    )  # fmt: skip
    back = msgspec.structs.replace(given, number=2, amount=Minor(-100), in_system=Minor(-100), role="change")
    document = Document(
        doc_id=new_id(), type="receipt", state="approved", created_at=NOON, created_by=OPERATOR, store=till.store,
        station=till.station, warehouse=WAREHOUSE, currency="PLN", number="", approved_at=NOON, approved_by=OPERATOR,
        business_day=DAY, shift_id="shift1", register=REGISTER, buyer=Buyer(code="UNDEFINED", name="Undefined"),
        price_list="DET", definitions=("e", 1), next_line=len(rows) + 1, lines=rows, payments=(given, back),
    )  # fmt: skip
    changed = msgspec.structs.replace(document, **changes)
    if not changed.number:
        changed = msgspec.structs.replace(changed, number=till.next_number())
    return with_effects(changed, "sale", CUSTOMER)


def internal_release(till: Till, pieces: int, **changes: Any) -> Document:
    """Goods taken for internal use."""
    document = Document(
        doc_id=new_id(), type="internal_release", state="approved", created_at=NOON, created_by=OPERATOR,
        store=till.store, station=till.station, warehouse=WAREHOUSE, currency="PLN",
        number=till.next_number("internal_release"), approved_at=NOON, approved_by=OPERATOR, business_day=DAY,
        buyer=Buyer(code="UNDEFINED", name="Undefined"), lines=(line(1, 1, pieces),), reason="WASTE",
    )  # fmt: skip
    return with_effects(msgspec.structs.replace(document, **changes), "release", INTERNAL)


def with_effects(document: Document, effect: str, target: str) -> Document:
    moves = tuple(
        StockMove(
            line=row.number, effect=effect, article=row.article, from_place=row.warehouse, to_place=target,
            quantity=row.base_quantity,
        )
        for row in document.lines
    )  # fmt: skip
    cash = tuple(
        CashMove(
            line=payment.number, effect="payment", register=document.register, form=payment.form,
            currency=payment.currency, amount=payment.amount, in_system=payment.in_system,
        )
        for payment in document.payments
    )  # fmt: skip
    return with_totals(msgspec.structs.replace(document, stock_moves=moves, cash_moves=cash))
