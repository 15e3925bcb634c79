"""A till with a coupon for milk, and what cashiers do with coupons; head office always says yes."""

import datetime
from collections.abc import Callable
from pathlib import Path

from discounts import article, off
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.domain.pricing.rules import Deal
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem
from kontuar.operations.ports.coupons import CouponAnswer, ReserveCoupons
from kontuar.operations.station import approval, coupon_payment, coupons, payments
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, actor_of, change, open_till

EWA = actor_of()
DAY = datetime.date(2026, 11, 21)


class Line:
    """How far the till reaches; cut and mended by hand."""

    def __init__(self) -> None:
        self.level = Connectivity.ONLINE

    def __call__(self) -> Connectivity:
        return self.level

    def cut(self) -> None:
        self.level = Connectivity.STORE


def till_with_a_coupon(folder: Path) -> Station:
    """Online; MILK10 takes ten per cent off milk, once."""
    opened = open_till(folder)
    opened.connectivity = Line()
    define(opened, "TEN", off("10", article(MILK)), Coupon(code="MILK10", name="Milk cheaper", discount="TEN"))
    return opened


def define(station: Station, code: str, deal: Deal, *rows: Coupon, **more: object) -> None:
    """A promotion that only coupons unlock, with its coupons."""
    change(station.books, Discount(code=code, name=f"Name of {code}", source="PRM", deal=deal, state="confirmed",
                                   by_coupon=True, **more), *rows)  # type: ignore[arg-type]  # fmt: skip


def cut(station: Station) -> None:
    assert isinstance(station.connectivity, Line)
    station.connectivity.cut()


def put(station: Station, draft: Document, code: str) -> Document:
    """As the till does it: head office is asked where it can be, and says yes."""
    asked = coupons.to_verify(station, EWA, draft.doc_id, code)
    answer = encode(CouponAnswer(doc_id=draft.doc_id, codes=(code,))) if asked.question else None
    return coupons.put(station, EWA, draft.doc_id, code, answer)


def reserve(station: Station, draft: Document, until: datetime.datetime | None = None) -> ReserveCoupons | None:
    """Before the payment: what head office was asked, and its yes."""
    begun = coupon_payment.to_reserve(station, EWA, draft.doc_id)
    if not begun.question:
        return None
    asked = decode(begun.question, ReserveCoupons)
    assert begun.turn == asked.turn
    coupon_payment.reserved(station, draft.doc_id, begun.turn, yes_to(asked, until))
    return asked


def yes_to(asked: ReserveCoupons, until: datetime.datetime | None = None) -> bytes:
    """Head office's yes to a question."""
    return encode(CouponAnswer(doc_id=asked.doc_id, codes=asked.codes, until=until))


def pay(station: Station, draft: Document) -> Document:
    reserve(station, draft)
    payments.window(station, EWA, draft.doc_id)
    payments.assign(station, EWA, draft.doc_id, "cash")
    return approval.approve(station, EWA, draft.doc_id)


def said_no(work: Callable[[], object], *codes: str) -> Problem:
    """What is done is refused; the first problem."""
    with refused(*codes) as problems:
        work()
    return problems[0]


def on(document: Document) -> list[tuple[str, str, bool]]:
    return [(coupon.code, coupon.state, coupon.used) for coupon in document.discounts.coupons]


def offered(station: Station, draft: Document, phrase: str = "") -> list[str]:
    return [row.code for row in coupons.available(station, EWA, draft.doc_id, phrase)]
