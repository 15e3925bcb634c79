"""Bodies of the station's JSON API."""

from typing import Annotated, Literal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.operations.station.shifts import Counted
from kontuar.web.http import ProblemBody


class EnrolBody(msgspec.Struct, frozen=True):
    """A one-time code of head office."""

    code: Annotated[str, msgspec.Meta(max_length=80)]


class LoginBody(msgspec.Struct, frozen=True):
    """Operator code and PIN, never a PIN alone."""

    operator: str
    pin: str


class LoginAnswer(msgspec.Struct, frozen=True):
    """The bearer token and what its owner may do."""

    token: str
    operator: str
    name: str
    language: str
    rights: tuple[str, ...]
    expires_at: str


class OperatorTile(msgspec.Struct, frozen=True):
    """Who may log in here."""

    code: str
    name: str
    language: str


class AuthorisationBody(msgspec.Struct, frozen=True):
    """Another operator allows one action, on one document or once anywhere."""

    right: str
    operator: str
    pin: str
    doc_id: str = ""


class AuthorisationAnswer(msgspec.Struct, frozen=True):
    """Send it as `X-Authorisation` with the request that needs it."""

    authorisation: str


class ShiftOpenBody(msgspec.Struct, frozen=True, kw_only=True):
    """`opening_float` in major units; `business_day` (YYYY-MM-DD) only in the replay profile."""

    opening_float: str = msgspec.field(default="0", name="float")
    business_day: str = ""


class ShiftCloseBody(msgspec.Struct, frozen=True):
    """What was counted, per form and currency."""

    counted: tuple[Counted, ...] = ()


class NewDocumentBody(msgspec.Struct, frozen=True):
    """The type of the new draft."""

    type: str


class LineBody(msgspec.Struct, frozen=True):
    """A scanned or typed code; `quantity` in the unit of the code; a `scan_id` seen before adds nothing."""

    code: str
    quantity: str = "1"
    scan_id: str = ""


class LineChangeBody(msgspec.Struct, frozen=True):
    """Exactly one of `quantity` (with `unit`), `price`, `value`."""

    quantity: str = ""
    unit: str = ""
    price: str = ""
    value: str = ""


class BuyerBody(msgspec.Struct, frozen=True):
    """The contractor's code."""

    code: str


class TextBody(msgspec.Struct, frozen=True):
    """The text of a field."""

    text: str


class AmountBody(msgspec.Struct, frozen=True):
    """The money of a KP or KW, in major units."""

    form: str
    amount: str
    currency: str = ""


class PaymentBody(msgspec.Struct, frozen=True):
    """An amount in major units (empty = what is left) of a currency (empty = the firm's) for a form."""

    form: str
    amount: str = ""
    currency: str = ""


class CardDecisionBody(msgspec.Struct, frozen=True):
    """Whether the card payment succeeded all the same (PAY-05)."""

    operation_id: str
    succeeded: bool


class CancelBody(msgspec.Struct, frozen=True):
    """Why, in words."""

    reason: str = ""


class FiscaliseBody(msgspec.Struct, frozen=True):
    """*mark* only changes the state, *print* registers and prints (SALE-05)."""

    how: Literal["mark", "print"]
    fiscal_number: str = ""


class Approved(msgspec.Struct, frozen=True):
    """The approved document, and what the devices could not do."""

    document: Document
    notes: tuple[ProblemBody, ...]


class StatusBody(msgspec.Struct, frozen=True, kw_only=True):
    """The state of this station, for the top bar and for anyone who watches."""

    station: str
    store: str
    incarnation: str
    series: str
    level: str
    since: str
    waiting: int
    problem: str
    stopped: str
    issued_alone: int
    definitions: tuple[str, int]
    shift_open: bool
    business_day: str
    not_fiscalised: int
    silence: str
    clock_skew_seconds: float | None
    devices: dict[str, str]
    build: str
