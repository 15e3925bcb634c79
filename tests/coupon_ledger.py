"""Head office's ledger of coupons for tests: a hub that knows some coupons, and tills that ask."""

import datetime
from typing import Any

from hub_documents_world import DAY, NOON, STORE, Hub, Till, new_id
from kontuar.domain.documents.document import DocumentCoupon, DocumentDiscounts
from kontuar.domain.parties import rights
from kontuar.domain.pricing.discount import Coupon
from kontuar.operations.actor import Actor
from kontuar.operations.hub import coupons
from kontuar.operations.ports.coupons import CouponAnswer, ReleaseCoupons, ReserveCoupons, VerifyCoupon
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase

BOSS = Actor(operator="SZEF", name="Szef", rights=frozenset(rights.ALL_RIGHTS), login_id="l1")
COUPONS = (
    Coupon(code="ONCE", name="Once", discount="D"),
    Coupon(code="TWICE", name="Twice", discount="D", uses=2),
    Coupon(code="ALWAYS", name="Always", discount="D", uses=0),
    Coupon(code="OFF", name="Off", discount="D", active=False),
    Coupon(code="SOON", name="Soon", discount="D", first_day=DAY + datetime.timedelta(days=1)),
    Coupon(code="GONE", name="Gone", discount="D", last_day=DAY - datetime.timedelta(days=1)),
    Coupon(code="LEAF", name="Leaf", discount="D", digits=3, first_number=1, last_number=20),
    Coupon(code="LEAF007", name="A leaf of its own", discount="D", uses=5),
)


def station(name: str, store: str = STORE, life: str = "i1") -> NodeIdentity:
    return NodeIdentity(node=name, kind="station", store=store, incarnation=life, public_key=b"")


def certify(hub: Hub, node: str, *lives: str) -> None:
    """The station's databases, one after the other, as head office certified them."""
    for ordinal, life in enumerate(lives, start=1):
        hub.rows(
            "INSERT INTO node_certificate (node, incarnation, ordinal, kind, store, series, public_key, certificate, "
            "signature, issued_at) VALUES (%s, %s, %s, 'station', %s, '', '', '', '', now()) RETURNING node",
            node, life, ordinal, STORE,
        )  # fmt: skip


POS1, POS2 = station("POS1"), station("POS2")


class Ledger:
    """The ledger as tills ask it, through a connection of its own."""

    def __init__(self, url: str) -> None:
        self.database = HubDatabase(url)
        self.book = PostgresCouponLedger(self.database)
        self.definitions = PostgresDefinitions(self.database)
        self.now = NOON

    def verify(self, code: str, doc_id: str = "", day: datetime.date = DAY) -> CouponAnswer:
        return coupons.verify(self.book, POS1, VerifyCoupon(doc_id=doc_id or new_id(), code=code, day=day), self.now)

    def reserve(self, doc_id: str, *codes: str, asker: NodeIdentity = POS1, turn: int = 1) -> CouponAnswer:
        asked = ReserveCoupons(doc_id=doc_id, codes=codes, day=DAY, turn=turn, by="anna")
        return coupons.reserve(self.book, self.definitions, asker, asked, self.now)

    def release(self, doc_id: str, asker: NodeIdentity = POS1, turn: int = 1) -> None:
        coupons.release(self.book, asker, ReleaseCoupons(doc_id=doc_id, turn=turn), self.now)

    def kept(self, coupon: str = "ONCE", doc_id: str = "") -> list[Any]:
        """(document, station) of what is kept of a coupon, or the stations that keep it for one document."""
        with self.database.transaction():
            rows = self.book.reservations_of(coupon, "", 50)
        if doc_id:
            return sorted(row.station for row in rows if row.doc_id == doc_id)
        return sorted((row.doc_id, row.station) for row in rows)


def using(*codes: str, used: bool = True, state: Any = "reserved") -> DocumentDiscounts:
    return DocumentDiscounts(coupons=tuple(
        DocumentCoupon(code=code, coupon="LEAF" if code.startswith("LEAF") else code, discount="D", name=code,
                       state=state, used=used) for code in codes
    ))  # fmt: skip


def arrive(hub: Hub, *tills: Till) -> None:
    """Their streams come in and are booked."""
    for till in tills:
        hub.push(till)
    hub.book()
