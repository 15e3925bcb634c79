"""One record for every document type; what differs between types stands in their tables (`types`)."""

import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from kontuar.domain.cash.records import CashMove, Payment
from kontuar.domain.pricing.basket import Adjustment, Application, HeaderDiscount, LineDiscount, Lost, UnusedGift
from kontuar.domain.pricing.vat import Direction, TaxSum
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import ZERO, Minor

UNAPPROVED: Final = "unapproved"
APPROVED: Final = "approved"
CANCELLED: Final = "cancelled"
FORKED: Final = "forked"
"""A station's word for a document whose message agent and hub hold otherwise: head office decides about it (REL-05)."""


class Ceiling(msgspec.Struct, frozen=True, kw_only=True):
    """The most that an operator may still give of what a continued document came with (PARK-12).

    A percent of the value that it is given on; without one an amount in major units and in the document's direction:
    on a line per base unit, on the header of all.
    """

    percent: Decimal | None = None
    amount: Decimal = Decimal(0)


class Promised(msgspec.Struct, frozen=True, kw_only=True):
    """All that a carried line came with, kept while a part of it is not given: another form of payment is planned than
    the one that it is for (DISC-10). The form planned again gives it again."""

    adjustments: tuple[Adjustment, ...] = ()
    has: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `price` per `unit` in the document's direction; `value` = what the line costs, in minor units.

    `number` is never reused within a document. `quantity` in `unit`, `base_quantity` in the article's base unit.
    `price_row` = key of the price definition that gave `base_price`. `typed` = what of its money somebody typed;
    `initial_by` typed the initial price (empty: it is the list's), `initial_allowed_by` authorised it. `batch` with its
    `properties` = which kind of the article (DOC-29). `split_payment`, `reverse_charge`: copied from the article.

    `adjustments` = all that changed the value, in order (DISC-26). `discount`: what the operator gave. `has`, `could`:
    bundles on the line, and others that concern it. `carried`: discounts stay as they came (PARK-12).
    `in_bundles`: bundles were asked for since it was added (DISC-23); `only_bundles`: of a continued document, no other
    discounts come to it. `gift_of`: the rule whose gift it is. `given_most`: what an operator may give on a line that
    was parked with its document; None on others. `promised`: None = all that it came with is given.
    """

    number: int
    article: str
    name: str
    kind: str
    unit: str
    precision: int
    quantity: Decimal
    base_quantity: Decimal
    base_price: Decimal
    initial_price: Decimal
    price: Decimal
    value: Minor
    vat: str
    percent: Decimal | None
    letter: str
    warehouse: str = ""
    ean: str = ""
    price_row: str = ""
    handler: str = ""
    typed: Literal["", "price", "value", "initial"] = ""
    initial_by: str = ""
    initial_allowed_by: str = ""
    discount: LineDiscount | None = None
    adjustments: tuple[Adjustment, ...] = ()
    has: tuple[str, ...] = ()
    could: tuple[str, ...] = ()
    carried: bool = False
    in_bundles: bool = True
    only_bundles: bool = False
    gift_of: str = ""
    given_most: Ceiling | None = None
    promised: Promised | None = None
    batch: str = ""
    properties: dict[str, str] = {}
    attributes: dict[str, str] = {}
    split_payment: bool = False
    reverse_charge: bool = False


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """The contractor as he was when the document was made; the walk-in customer has the code UNDEFINED."""

    code: str
    name: str
    kind: str = "retail"
    tax_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "PL"
    loyalty_card: str = ""
    second_name: str = ""
    status: Literal["domestic", "eu", "outside"] = "domestic"


class ParkedOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of a parked document was approved, under which fencing token (0 = without a live lease)."""

    doc_id: str
    version: int
    token: int


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link to another document; `quantities` = (line there, base units) where the kind has them (DOC-04)."""

    kind: Literal["correction_of", "generated_from", "exchange_pair", "transfer_pair", "protocol_of",
                  "complaint_about", "settles", "approved_from"]  # fmt: skip
    doc_id: str
    number: str
    quantities: tuple[tuple[int, Decimal], ...] = ()


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice must know of the receipt that it repeats: the buyer's number on it, what it left owed."""

    tax_number: str = ""
    owed: Minor = ZERO


class Authorisation(msgspec.Struct, frozen=True, kw_only=True):
    """One action that another operator allowed: who, what, when, where on the document."""

    right: str
    operator: str
    at: datetime.datetime
    place: str = ""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The document's sums in minor units (DOC-28) and the total quantity (DOC-24)."""

    net: Minor = ZERO
    tax: Minor = ZERO
    gross: Minor = ZERO
    base_sum: Minor = ZERO
    initial_sum: Minor = ZERO
    discount: Minor = ZERO
    surcharge: Minor = ZERO
    quantity: Decimal = Decimal(0)
    quantity_places: int = 0


class DocumentCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon put on the document (COUP-01 … COUP-04): the code shown, its definition, the discount it unlocks.

    `state`: *offline* = no one could be asked; *verified* by head office; *reserved* there for this document.
    `used`: its discount was given, so approval uses it up.
    """

    code: str
    coupon: str
    discount: str
    name: str
    last_day: datetime.date | None = None
    state: Literal["offline", "verified", "reserved"] = "offline"
    used: bool = False


class DocumentDiscounts(msgspec.Struct, frozen=True, kw_only=True):
    """What was given on the whole document, and how the discounts came about (DISC-23, DISC-26, DISC-31).

    `bundles`: *follow* the parameter, *applied* by the button, *removed* by it. `at_minute` of the shop's day and
    `payment_form` are what rules were asked with. `payment_form` empty: none was planned.
    `problems`: what could not be given as it was asked for. `proven`, `gap`: of the best assignment (DISC-25).
    `header_most`: of a document that was parked, what may be given on its header. `brought`: the applications that
    made the discounts of carried lines. `priced_for`: the contractor whose discounts hold, where it is not the buyer
    (DOC-27).
    """

    header: HeaderDiscount | None = None
    header_most: Ceiling | None = None
    coupons: tuple[DocumentCoupon, ...] = ()
    bundles: Literal["follow", "applied", "removed"] = "follow"
    payment_form: str = ""
    at_minute: int | None = None
    applications: tuple[Application, ...] = ()
    brought: tuple[Application, ...] = ()
    priced_for: str = ""
    unused_gifts: tuple[UnusedGift, ...] = ()
    lost: tuple[Lost, ...] = ()
    problems: tuple[Problem, ...] = ()
    proven: bool = True
    gap: Minor = ZERO


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document of any type, draft or approved. Unapproved: no number, no moves (DOC-01).

    `definitions` = (epoch, version) it was priced with; `business_day` comes from the shift. `recipient` where it is
    not the buyer. `due_on`: when deferred payments are due (SALE-03). `oss_country`: whose VAT it bears (SALE-07).
    `delivery_method`: how the goods reach the buyer, empty = not said (DISC-10).
    `repeats`: the receipt whose sale this invoice only puts down again, without stock, money or turnover (SALE-06).
    """

    doc_id: str
    type: str
    state: str = UNAPPROVED
    created_at: datetime.datetime
    created_by: str
    store: str
    station: str
    warehouse: str
    currency: str
    direction: Direction = "gross"
    number: str = ""
    approved_at: datetime.datetime | None = None
    approved_by: str = ""
    business_day: datetime.date | None = None
    shift_id: str = ""
    register: str = ""
    handler: str = ""
    buyer: Buyer
    recipient: Buyer | None = None
    price_list: str = ""
    definitions: tuple[str, int] = ("", 0)
    next_line: int = 1
    lines: tuple[Line, ...] = ()
    taxes: tuple[TaxSum, ...] = ()
    totals: Totals = Totals()
    payments: tuple[Payment, ...] = ()
    links: tuple[Link, ...] = ()
    stock_moves: tuple[StockMove, ...] = ()
    cash_moves: tuple[CashMove, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    reason: str = ""
    order_number: str = ""
    foreign_number: str = ""
    description: str = ""
    delivery_method: str = ""
    amount: Minor = ZERO
    perpetual_gross: Minor = ZERO
    attributes: dict[str, str] = {}
    sold_on: datetime.date | None = None
    due_on: datetime.date | None = None
    reverse_charge: bool = False
    oss_country: str = ""
    split_payment: bool = False
    repeats: str = ""
    repeated: Repeated | None = None
    parked: ParkedOrigin | None = None
    discounts: DocumentDiscounts = DocumentDiscounts()


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a document after or around approval (DOC-03)."""

    at: datetime.datetime
    event: str
    operator: str
    station: str
    facts: dict[str, str] = {}
