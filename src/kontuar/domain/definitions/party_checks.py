"""What is wrong with one contractor, role or operator by itself."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator, Role
from kontuar.domain.parties.rights import ALL_RIGHTS
from kontuar.kernel.codes import is_ean, is_eu_vat, is_nip, is_pesel
from kontuar.kernel.errors import Problem

LONGEST_TERM_DAYS = 3650
SWITCHED_BY: Final[Mapping[str, str]] = {
    "contractor.bad_nip": "contractor.check_tax_number",
    "contractor.bad_eu_vat": "contractor.check_tax_number",
    "contractor.bad_pesel": "contractor.check_pesel",
}
"""What is found wrong with a contractor → the parameter that switches the check off (HUB-14)."""


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar in ISO form."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _contractor(contractor: Contractor) -> Iterable[Problem]:
    yield from _tax_number(contractor)
    yield from _pesel(contractor)
    yield from _terms(contractor)
    yield from _relations(contractor)
    for address in contractor.addresses:
        if not address.name.strip():
            yield Problem("contractor.address_without_name", "addresses")
        if address.ean and not is_ean(address.ean):
            yield Problem("article.bad_ean", "addresses", {"ean": address.ean[:40]})
    for consent in contractor.consents:
        if consent.since and not is_day(consent.since):
            yield Problem("definition.bad_date", "consents", {"value": consent.since[:40]})


def _tax_number(contractor: Contractor) -> Iterable[Problem]:
    number = contractor.tax_number
    if contractor.kind == "business" and not number:
        yield Problem("contractor.nip_missing", "tax_number", {})
    if number and contractor.country == "PL" and not is_nip(number):
        yield Problem("contractor.bad_nip", "tax_number", {"value": number[:20]})
    elif number and contractor.status == "eu" and not is_eu_vat(contractor.country, number):
        facts = {"value": number[:20], "country": contractor.country[:20]}
        yield Problem("contractor.bad_eu_vat", "tax_number", facts)


def _pesel(contractor: Contractor) -> Iterable[Problem]:
    """The law lets it be kept of persons; a business is told by its tax number."""
    if contractor.pesel and contractor.kind != "retail":
        yield Problem("contractor.pesel_of_business", "pesel")
    elif contractor.pesel and not is_pesel(contractor.pesel):
        yield Problem("contractor.bad_pesel", "pesel", {"value": contractor.pesel[:20]})


def _terms(contractor: Contractor) -> Iterable[Problem]:
    if not 0 <= contractor.payment_days <= LONGEST_TERM_DAYS:
        facts = {"value": str(contractor.payment_days), "limit": str(LONGEST_TERM_DAYS)}
        yield Problem("contractor.bad_term", "payment_days", facts)
    if contractor.credit_limit is not None and contractor.credit_limit < 0:
        yield Problem("contractor.bad_credit_limit", "credit_limit", {"value": str(contractor.credit_limit)})


def _relations(contractor: Contractor) -> Iterable[Problem]:
    if contractor.code in contractor.recipients:
        yield Problem("contractor.own_recipient", "recipients")
    if contractor.code == UNDEFINED and not contractor.active:
        yield Problem("contractor.undefined_needed", "active")
    cards = [contractor.loyalty_card, *contractor.cards] if contractor.loyalty_card else list(contractor.cards)
    for card in dict.fromkeys(cards):
        if cards.count(card) > 1:
            yield Problem("contractor.card_twice", "cards", {"value": card[:64]})


def _role(role: Role) -> Iterable[Problem]:
    for right in role.rights:
        if right not in ALL_RIGHTS:
            yield Problem("role.unknown_right", "rights", {"right": right[:60]})


def _operator(operator: Operator) -> Iterable[Problem]:
    if not operator.pin_verifier.startswith("$argon2id$"):
        yield Problem("operator.bad_verifier", "pin_verifier", {})


PARTY_CHECKS: Final[Mapping[type, Callable[[Any], Iterable[Problem]]]] = {
    Contractor: _contractor,
    Role: _role,
    Operator: _operator,
}
