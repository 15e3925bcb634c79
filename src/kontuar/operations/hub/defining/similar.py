"""Contractors that may be the same one: a warning before somebody writes him down twice (HUB-14)."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from kontuar.domain.parties.records import UNDEFINED, Contractor
from kontuar.domain.parties.rights import SEE_HUB
from kontuar.kernel.sorting import search_key
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.switches import WARN_SIMILAR, global_values

MOST_FOUND: Final = 10
_SEPARATORS: Final = str.maketrans("", "", " -./")


class SimilarContractor(msgspec.Struct, frozen=True, kw_only=True):
    """Another contractor, and what the two have in common."""

    code: str
    name: str
    same: Literal["tax_number", "name", "email", "phone"]


def similar_contractors(definitions: Definitions, actor: Actor, contractor: Contractor) -> Sequence[SimilarContractor]:
    """Others with the same tax number, name, e-mail or phone, the surest likeness of each; nobody where the firm
    wants no such warning (parameter `contractor.warn_similar`)."""
    actor.require(SEE_HUB)
    found: dict[str, SimilarContractor] = {}
    with definitions.store.transaction():
        if global_values((), definitions.store)(WARN_SIMILAR) != "yes":
            return ()
        for text in dict.fromkeys(_texts(contractor)):
            for row in definitions.store.page("contractor", "", search_key(text), MOST_FOUND * 2):
                other = msgspec.json.decode(row.body, type=Contractor)
                same = _same(contractor, other)
                if same and other.code not in (contractor.code, UNDEFINED):
                    found.setdefault(other.code, SimilarContractor(code=other.code, name=other.name, same=same))
    return list(found.values())[:MOST_FOUND]


def _texts(contractor: Contractor) -> Iterator[str]:
    """What to search for: the tax number as typed and as digits, the name, the e-mail, the phone."""
    number = contractor.tax_number
    texts = (number, number.translate(_SEPARATORS), contractor.name, contractor.email, contractor.phone)
    return (text for text in texts if len(text.strip()) > 2)


def _same(one: Contractor, other: Contractor) -> Literal["tax_number", "name", "email", "phone"] | None:
    if _plain(one.tax_number) and _plain(one.tax_number) == _plain(other.tax_number):
        return "tax_number"
    if search_key(one.name) == search_key(other.name):
        return "name"
    if one.email and one.email.casefold() == other.email.casefold():
        return "email"
    return "phone" if _plain(one.phone) and _plain(one.phone) == _plain(other.phone) else None


def _plain(text: str) -> str:
    return text.translate(_SEPARATORS).upper().removeprefix("PL").removeprefix("+48")
