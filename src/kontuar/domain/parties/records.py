"""Who takes part: contractors, operators, roles."""

from decimal import Decimal
from typing import Literal

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A further address of a contractor; the main one stands on the contractor itself."""

    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "PL"
    ean: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent of a contractor: to what, given or not, since when (ISO day)."""

    code: str
    given: bool
    since: str = ""


class ContractorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group in the tree of contractors; `parent` is empty at the root."""

    code: str
    name: str
    parent: str = ""


class Contractor(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer. `price_list` replaces the store's list; the code UNDEFINED is the walk-in customer.

    `group` is the default group (DISC-08), `groups` further ones; `recipients`: contractors that may receive instead;
    `credit_limit` in minor units of the firm's currency, None = none set; `payment_days` = term of deferred forms;
    `status`: where he stands for VAT; `cards`: loyalty cards beside `loyalty_card`; `second_name`: given name or
    a second line of the name; `pesel`: a person's number in the Polish register, of retail customers only (HUB-14);
    `anonymised`: his personal data were taken out (HUB-09).
    """

    code: str
    name: str
    kind: Literal["business", "retail"] = "retail"
    tax_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "PL"
    email: str = ""
    phone: str = ""
    price_list: str = ""
    loyalty_card: str = ""
    payment_days: int = 0
    active: bool = True
    group: str = ""
    groups: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    cards: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    credit_limit: int | None = None
    payment_form: str = ""
    status: Literal["domestic", "eu", "outside"] = "domestic"
    second_name: str = ""
    attributes: dict[str, str] = {}
    anonymised: bool = False
    pesel: str = ""


UNDEFINED = "UNDEFINED"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the permission matrix: a name and the rights it gives."""

    code: str
    name: str
    rights: tuple[str, ...]


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who logs in. `pin_verifier` is an argon2 string, never the PIN; `stores` empty = everywhere.

    `discount_percent`, `discount_amount` (major units): the most he may give on one document; None = as he likes
    (DISC-06).
    """

    code: str
    name: str
    pin_verifier: str
    roles: tuple[str, ...]
    stores: tuple[str, ...] = ()
    card: str = ""
    language: Literal["pl", "en", "fr"] = "pl"
    active: bool = True
    valid_until: str = ""
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
