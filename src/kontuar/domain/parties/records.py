"""Who takes part: contractors, operators, roles."""

from typing import Literal

import msgspec


class Contractor(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer, short form. `price_list` replaces the store's list; the code UNDEFINED is the walk-in customer."""

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


UNDEFINED = "UNDEFINED"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the permission matrix: a name and the rights it gives."""

    code: str
    name: str
    rights: tuple[str, ...]


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who logs in. `pin_verifier` is an argon2 string, never the PIN; `stores` empty = everywhere."""

    code: str
    name: str
    pin_verifier: str
    roles: tuple[str, ...]
    stores: tuple[str, ...] = ()
    card: str = ""
    language: Literal["pl", "en", "fr"] = "pl"
    active: bool = True
    valid_until: str = ""
