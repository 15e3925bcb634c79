"""Coupons on a draft: which there are, putting one on, taking it off (COUP-01 … COUP-03).

Nothing here waits: `to_verify` makes the question for head office, `put` reads the answer; the way between is the
asker's (`web.coupons`). What is reserved from the opening of the payment on stands in `coupon_payment`.
"""

import datetime
from collections.abc import Iterator, Mapping

import msgspec

from kontuar.domain.documents.brought import borne
from kontuar.domain.documents.discounting import freed
from kontuar.domain.documents.document import Document, DocumentCoupon
from kontuar.domain.documents.lines import undiscounted
from kontuar.domain.documents.types import TYPES
from kontuar.domain.pricing.basket import Basket, Settings
from kontuar.domain.pricing.conditions import buyer_key, is_in_scope
from kontuar.domain.pricing.discount import LONGEST_COUPON_CODE, MOST_COUPONS, Coupon, covers, unusable
from kontuar.domain.pricing.rules import BuyerIsIn, ItemDeal, Reward, Rule, SharedDeal
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.sorting import search_key, sort_key
from kontuar.operations.actor import Actor
from kontuar.operations.ports.coupons import CouponAnswer, VerifyCoupon
from kontuar.operations.station import coupon_marks
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.codes import SCANS, SCANS_KEPT, latest_scans
from kontuar.operations.station.till.discounting import basket_on, settings_for, with_discounts
from kontuar.operations.station.till.drafts import lines_editable, look_at

_LAST = datetime.date.max


class CouponRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the coupon window. `name`: the label; `value`: what it gives, where that is one percent or amount.

    `code` is what `put` takes, but of a series (`is_series`) what all its codes begin with: one of them is to be
    scanned or typed. `chosen`: on the document; then `used` says whether its discount was given, and `state` whether
    head office knows of it.
    """

    code: str
    coupon: str
    name: str
    discount: str
    discount_name: str
    value: Reward | None = None
    last_day: datetime.date | None = None
    offline: bool = False
    is_series: bool = False
    chosen: bool = False
    used: bool = False
    state: str = ""


class ToVerify(msgspec.Struct, frozen=True, kw_only=True):
    """What putting a coupon on needs: the answer to `question` (bytes of `VerifyCoupon`); empty = nobody can be asked,
    and the coupon may be taken all the same."""

    question: bytes = b""


def any_here(station: Station) -> bool:
    """Whether this station has any coupon that is active today: the button is shown only then (COUP-01)."""
    day = station.business_day()
    rules = _rules(station, station.firm().currency)
    every = station.books.definitions.every(Coupon).values()
    return any(unusable(coupon, coupon.code, day) is None and coupon.discount in rules for coupon in every)


def takes_coupons(document: Document) -> bool:
    """Whether coupons may stand on a document of this type: receipts, invoices, and what else bears prices."""
    kind = TYPES.get(document.type)
    return kind is not None and kind.lines == "priced" and not document.repeats


def available(station: Station, actor: Actor, doc_id: str, phrase: str = "") -> list[CouponRow]:
    """Those on the document, then the active ones that the buyer may use on this day, soonest expiry first.

    `phrase`: the beginning of words of the label or of the discount's name, or a part of the code; a whole code of a
    series finds that very code (COUP-01).
    """
    document = look_at(station, actor, doc_id)
    chosen = [_chosen_row(station, coupon) for coupon in document.discounts.coupons]
    taken = {row.code for row in chosen}
    rows = (row for row in _offered(station, document, phrase.strip()) if row.code not in taken)
    found = [row for row in (*chosen, *rows) if _fits(row, phrase)]
    return sorted(found, key=lambda row: (not row.chosen, row.last_day or _LAST, sort_key(row.name), row.code))


def is_coupon(station: Station, code: str) -> bool:
    """Whether a scanned or typed code is a coupon's: no article has it, and a coupon or a series covers it."""
    code = code.strip()
    return bool(code) and not station.books.definitions.by_code(code) and coupon_of(station, code) is not None


def was_scanned(station: Station, scan_id: str) -> bool:
    """Whether this very scan was taken already (its answer was lost)."""
    return bool(scan_id) and scan_id in latest_scans(station)


def coupon_of(station: Station, code: str) -> Coupon | None:
    """The coupon that a code belongs to: its own, else of the series with the longest beginning."""
    definitions = station.books.definitions
    for length in range(len(code) if len(code) <= LONGEST_COUPON_CODE else 0, 0, -1):
        found = definitions.get(Coupon, code[:length])
        if found is not None and covers(found, code):
            return found
    return None


def to_verify(station: Station, actor: Actor, doc_id: str, code: str) -> ToVerify:
    """Begin to put a coupon on a draft.

    Raises `Refused("coupon.unknown" | "coupon.inactive" | "coupon.not_begun" | "coupon.ended" | "coupon.not_here" |
    "coupon.on_document" | "coupon.same_discount" | "coupon.too_many" | "coupon.takes_none" |
    "coupon.offline_not_allowed")`, and as any change of lines does.
    """
    document = lines_editable(station, actor, doc_id)
    coupon = _fitting(station, document, code.strip())
    if station.connectivity() < Connectivity.ONLINE:
        require_offline(coupon, code.strip())
        return ToVerify()
    return ToVerify(question=encode(VerifyCoupon(doc_id=doc_id, code=code.strip(), day=_day(station, document))))


def put(
    station: Station, actor: Actor, doc_id: str, code: str, answer: bytes | None = None, *, scan_id: str = ""
) -> Document:
    """Put a coupon on, priced anew. `answer`: to the question; None or empty = nobody could be asked.

    Whether its discount is given is said by `DocumentCoupon.used`: conditions that are not met use nothing up
    (COUP-02). Raises as `to_verify`, and `Refused("coupon.answer_unreadable")`.
    """
    document = lines_editable(station, actor, doc_id)
    code = code.strip()
    coupon = _fitting(station, document, code)
    if answer:
        read_answer(answer)
    else:
        require_offline(coupon, code)
    entry = DocumentCoupon(
        code=code, coupon=coupon.code, discount=coupon.discount, name=coupon.name, last_day=coupon.last_day,
        state="verified" if answer else "offline",
    )  # fmt: skip
    with station.books.transaction():
        if scan_id:
            station.books.set_fact(SCANS, " ".join([*latest_scans(station), scan_id[:64]][-SCANS_KEPT:]))
        return _changed(station, document, (*document.discounts.coupons, entry))


def take_off(station: Station, actor: Actor, doc_id: str, code: str) -> Document:
    """Take a coupon off, its discount with it; what head office kept is let go. `Refused("coupon.not_on_document")`."""
    document = lines_editable(station, actor, doc_id)
    off = [coupon for coupon in document.discounts.coupons if coupon.code == code.strip()]
    if not off:
        raise refuse("coupon.not_on_document", "coupon", coupon=code[:LONGEST_COUPON_CODE])
    left = tuple(coupon for coupon in document.discounts.coupons if coupon not in off)
    with station.books.transaction():
        return _changed(station, _freed(document, {coupon.discount for coupon in off}), left)


def require_offline(coupon: Coupon, code: str) -> None:
    """Raise `Refused("coupon.offline_not_allowed")` for a coupon that a till may not take unchecked (COUP-03)."""
    if not coupon.offline:
        raise refuse("coupon.offline_not_allowed", "coupon", coupon=code, name=coupon.name)


def read_answer(answer: bytes) -> CouponAnswer:
    """Head office's yes; raises `Refused("coupon.answer_unreadable")`."""
    try:
        return decode(answer, CouponAnswer)
    except msgspec.DecodeError:
        raise refuse("coupon.answer_unreadable", "coupon") from None


def _changed(station: Station, document: Document, coupons: tuple[DocumentCoupon, ...]) -> Document:
    """With other coupons, priced anew; what was reserved is let go until payment opens again."""
    free = coupon_marks.let_go(station, with_coupons(document, coupons))
    return station.save(with_discounts(station, free))


def _freed(document: Document, discounts: set[str]) -> Document:
    """Lines of a continued document that came with one of these discounts are reckoned anew."""
    lines = tuple(
        undiscounted(freed(msgspec.structs.replace(line, only_bundles=False)), document.currency)
        if line.carried and any(one.rule in discounts for one in borne(line))
        else line
        for line in document.lines
    )
    return msgspec.structs.replace(document, lines=lines)


def with_coupons(document: Document, coupons: tuple[DocumentCoupon, ...]) -> Document:
    """The document with these coupons and nothing else changed."""
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, coupons=coupons))


def _fitting(station: Station, document: Document, code: str) -> Coupon:
    """The coupon of a code, where it may stand on this document."""
    if not takes_coupons(document):
        raise refuse("coupon.takes_none", "coupon", type=document.type)
    coupon = coupon_of(station, code)
    if coupon is None:
        raise refuse("coupon.unknown", "coupon", coupon=code[:LONGEST_COUPON_CODE])
    problem = unusable(coupon, code, _day(station, document))
    facts = {"coupon": code, "name": coupon.name}
    if problem is None and coupon.discount not in _rules(station, document.currency):
        problem = Problem("coupon.not_here", "coupon", facts)
    if problem is not None:
        raise Refused(problem)
    for other in document.discounts.coupons:
        if other.code == code:
            raise Refused(Problem("coupon.on_document", "coupon", facts))
        if other.discount == coupon.discount:
            raise Refused(Problem("coupon.same_discount", "coupon", {**facts, "other": other.code}))
    if len(document.discounts.coupons) >= MOST_COUPONS:
        raise refuse("coupon.too_many", "coupon", most=MOST_COUPONS)
    return coupon


def _day(station: Station, document: Document) -> datetime.date:
    return document.business_day or station.business_day()


def _rules(station: Station, currency: str) -> Mapping[str, Rule]:
    """The discounts that hold here, by code."""
    return station.rules.book(currency).by_id


def _offered(station: Station, document: Document, phrase: str) -> Iterator[CouponRow]:
    if not takes_coupons(document):
        return
    rules, day = _rules(station, document.currency), _day(station, document)
    basket, settings = basket_on(station, document), settings_for(station.parameters(), document)
    usable: dict[str, bool] = {}
    for coupon in station.books.definitions.every(Coupon).values():
        rule = rules.get(coupon.discount)
        if rule is None or unusable(coupon, coupon.code, day) is not None:
            continue
        if rule.id not in usable:
            usable[rule.id] = _is_for_buyer(rule, basket, settings)
        if usable[rule.id]:
            named = bool(coupon.digits) and covers(coupon, phrase)
            yield _row(coupon, rule, phrase if named else coupon.code, is_series=bool(coupon.digits) and not named)


def _is_for_buyer(rule: Rule, basket: Basket, settings: Settings) -> bool:
    """Whether this buyer can have the discount here on this day, whatever is bought and however it is paid."""
    anyhow = msgspec.structs.replace(rule.scope, payment_forms=(), delivery_methods=())
    if not is_in_scope(msgspec.structs.replace(rule, scope=anyhow), basket, settings):
        return False
    if isinstance(rule.deal, ItemDeal) and not any(
        buyer_key(element.buyers, basket, settings) is not None for element in rule.deal.elements
    ):
        return False
    groups = {group for path in basket.buyer_groups for group in path}
    return all(groups & set(one.groups) for one in rule.conditions if isinstance(one, BuyerIsIn))


def _row(coupon: Coupon, rule: Rule, code: str, *, is_series: bool) -> CouponRow:
    return CouponRow(
        code=code, coupon=coupon.code, name=coupon.name, discount=coupon.discount, discount_name=rule.name,
        value=_value(rule), last_day=coupon.last_day, offline=coupon.offline, is_series=is_series,
    )  # fmt: skip


def _chosen_row(station: Station, coupon: DocumentCoupon) -> CouponRow:
    definition = station.books.definitions.get(Coupon, coupon.coupon)
    rule = _rules(station, station.firm().currency).get(coupon.discount)
    return CouponRow(
        code=coupon.code, coupon=coupon.coupon, name=coupon.name, discount=coupon.discount,
        discount_name=rule.name if rule else "", value=_value(rule) if rule else None, last_day=coupon.last_day,
        offline=definition is not None and definition.offline, chosen=True, used=coupon.used, state=coupon.state,
    )  # fmt: skip


def _value(rule: Rule) -> Reward | None:
    """The one reward of a simple discount; None where it depends on thresholds, rows or sets."""
    rows = rule.deal.elements if isinstance(rule.deal, ItemDeal) else ()
    tiers = rule.deal.tiers if isinstance(rule.deal, SharedDeal) else tuple(tier for row in rows for tier in row.tiers)
    rewards = {tier.reward for tier in tiers}
    return rewards.pop() if len(rewards) == 1 else None


def _fits(row: CouponRow, phrase: str) -> bool:
    words = search_key(phrase).split()
    if not words or search_key(phrase) in search_key(row.code):
        return True
    there = search_key(f"{row.name} {row.discount_name}").split()
    return all(any(known.startswith(word) for known in there) for word in words)
