"""Contractors at the till: found, made, changed, also offline; the station's stream tells head office (DOC-27)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.definitions.party_checks import SWITCHED_BY
from kontuar.domain.documents.messages import ContractorChanged, ContractorCreated
from kontuar.domain.documents.sale_checks import EU_COUNTRIES
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Address, Contractor
from kontuar.kernel.canonical import encode
from kontuar.kernel.codes import is_nip, plain_tax_number
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.buyer import contractor_of, owner_of_card

MOST_SIMILAR: Final = 20
LONGEST: Final = 200
MAX_CARD: Final = 64
MADE: Final = "contractors_made"
MADE_KEPT: Final = 40
LONGEST_REQUEST: Final = 64
_CREATED, _CHANGED = "contractor.created/1", "contractor.changed/1"


class ContractorForm(msgspec.Struct, frozen=True, kw_only=True):
    """What is typed of a contractor. `country` empty = the firm's. `seen`: codes of contractors with the same tax
    number, shown and accepted. `request_id`: the same when a new one is sent again, because its answer was lost."""

    name: str
    kind: str = "retail"
    second_name: str = ""
    tax_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    card: str = ""
    pesel: str = ""
    seen: tuple[str, ...] = ()
    request_id: str = ""


def find(station: Station, actor: Actor, code: str) -> Contractor:
    """One contractor, for the preview and the form; raises `Refused("contractor.not_found")`."""
    del actor
    return contractor_of(station, code)


def blank(station: Station, actor: Actor, kind: str) -> ContractorForm:
    """The empty form of a new contractor; however often it is sent, it makes one."""
    return ContractorForm(name="", kind=kind, country=home_country(station, actor), request_id=station.ids.new_id())


def home_country(station: Station, actor: Actor) -> str:
    """Where the firm is: most new contractors are from there."""
    del actor
    return station.firm().country


def with_tax_number(station: Station, number: str, but: str = "") -> Sequence[Contractor]:
    """Active contractors with that tax number, however it is written; not the one with the code `but`."""
    wanted = plain_tax_number(number)
    if not wanted:
        return ()
    found = station.books.definitions.search(
        "contractor", wanted, parent="", inactive=False, after=("", ""), limit=MOST_SIMILAR
    )
    rows = (station.books.definitions.get(Contractor, row.key) for row in found)
    return [row for row in rows if row is not None and row.code != but and plain_tax_number(row.tax_number) == wanted]


def add(station: Station, actor: Actor, form: ContractorForm) -> Contractor:
    """A new contractor, who can be chosen at once; his code begins with this station's series, so no two are equal.

    A `request_id` sent before makes no second one: what was typed differently since changes the first. Raises
    `Refused("contractor.possible_duplicate")` until those with his tax number were `seen`, and every problem of the
    definition itself (`contractor.bad_nip`, …).
    """
    actor.require(rights.EDIT_CONTRACTORS)
    request_id = form.request_id.strip()[:LONGEST_REQUEST]
    made = _made(station)
    known = station.books.definitions.get(Contractor, made.get(request_id, ""))
    if request_id and known is not None:
        return _changed(station, actor, known, _filled(station, known, form), form.seen)
    with station.books.transaction():
        contractor = _filled(station, Contractor(code=_next_code(station), name=""), form)
        _check(station, contractor, form.seen)
        body = ContractorCreated(contractor=contractor, seen=form.seen)
        _tell(station, actor, _CREATED, body, contractor)
        if request_id:
            latest = [*made.items(), (request_id, contractor.code)][-MADE_KEPT:]
            station.books.set_fact(MADE, encode(dict(latest)).decode())
    station.committed()
    return contractor


def change(station: Station, actor: Actor, code: str, form: ContractorForm) -> Contractor:
    """The contractor with what was typed; documents that were begun keep him as he was until he is chosen again."""
    before = _editable(station, actor, code)
    return _changed(station, actor, before, _filled(station, before, form), form.seen)


def put_address(station: Station, actor: Actor, code: str, address: Address, *, instead_of: str = "") -> Contractor:
    """A further address, new or instead of the one with that name; its name is unique among his addresses.

    `country` empty = the firm's.
    """
    before = _editable(station, actor, code)
    address = msgspec.structs.replace(address, country=address.country.strip().upper() or station.firm().country)
    kept = [row for row in before.addresses if row.name != instead_of or not instead_of]
    if any(row.name == address.name for row in kept):
        raise refuse("contractor.address_twice", "name", name=address.name[:60])
    place = next((at for at, row in enumerate(before.addresses) if row.name == instead_of), len(kept))
    rows = (*kept[:place], address, *kept[place:])
    return _changed(station, actor, before, msgspec.structs.replace(before, addresses=rows))


def add_card(station: Station, actor: Actor, code: str, card: str) -> Contractor:
    """A loyalty card more; the first one is the main one. Raises `Refused("contractor.card_taken")`."""
    before = _editable(station, actor, code)
    card = card.strip()
    if not card or len(card) > MAX_CARD:
        raise refuse("contractor.card_unreadable", "card")
    after = _with_card(before, card)
    return _changed(station, actor, before, after)


def _made(station: Station) -> dict[str, str]:
    """The contractors of the latest requests: request → code."""
    kept = station.books.fact(MADE)
    return msgspec.json.decode(kept, type=dict[str, str]) if kept else {}


def _editable(station: Station, actor: Actor, code: str) -> Contractor:
    actor.require(rights.EDIT_CONTRACTORS)
    if code == UNDEFINED:
        raise refuse("contractor.undefined_stays", "contractor")
    return contractor_of(station, code)


def _next_code(station: Station) -> str:
    """A code that nobody has: the numbers of a till that was set up anew begin again, the contractors do not."""
    series = station.identity.series
    while True:
        code = f"{series}-K{station.books.numbers.next_ordinal('contractor', series, '')}"
        if station.books.definitions.get(Contractor, code) is None:
            return code


def _filled(station: Station, contractor: Contractor, form: ContractorForm) -> Contractor:
    if form.kind not in ("business", "retail"):
        raise refuse("field.unknown", f"field:{form.kind[:40]}")
    home = station.firm().country
    country = form.country.strip().upper() or home
    status = "domestic" if country == home else "eu" if country in EU_COUNTRIES else "outside"
    typed = {
        field: getattr(form, field).strip()
        for field in ("name", "second_name", "tax_number", "street", "postal_code", "city", "email", "phone",
                      "pesel")
    }  # fmt: skip
    typed["tax_number"] = plain_tax_number(typed["tax_number"]) if is_nip(typed["tax_number"]) else typed["tax_number"]
    too_long = [
        Problem("text.too_long", field, {"limit": str(LONGEST)}) for field in typed if len(typed[field]) > LONGEST
    ]
    if too_long:
        raise Refused(*too_long)
    filled = msgspec.structs.replace(contractor, kind=form.kind, country=country, status=status, **typed)
    return _with_card(filled, form.card.strip()) if form.card.strip() else filled


def _with_card(contractor: Contractor, card: str) -> Contractor:
    if card in (contractor.loyalty_card, *contractor.cards):
        return contractor
    if not contractor.loyalty_card:
        return msgspec.structs.replace(contractor, loyalty_card=card)
    return msgspec.structs.replace(contractor, cards=(*contractor.cards, card))


def _changed(
    station: Station, actor: Actor, before: Contractor, after: Contractor, seen: tuple[str, ...] = ()
) -> Contractor:
    if after == before:
        return before
    with station.books.transaction():
        # The number was looked at when it was typed; one that stays is nobody's new duplicate.
        _check(
            station,
            after,
            seen,
            number_changed=plain_tax_number(after.tax_number) != plain_tax_number(before.tax_number),
        )
        body = ContractorChanged(before=before, after=after, seen=seen)
        _tell(station, actor, _CHANGED, body, after)
    station.committed()
    return after


def _check(station: Station, contractor: Contractor, seen: tuple[str, ...], *, number_changed: bool = True) -> None:
    parameters = station.parameters()
    found = ((one, SWITCHED_BY.get(one.code)) for one in problems_with(contractor))
    problems = [one for one, switch in found if switch is None or parameters.yes(switch)]
    for card in filter(None, (contractor.loyalty_card, *contractor.cards)):
        owner = owner_of_card(station, card)
        if owner is not None and owner.code != contractor.code:
            problems.append(Problem("contractor.card_taken", "card", {"value": card, "by": owner.name}))
    if problems:
        raise Refused(*problems)
    if number_changed:
        same = with_tax_number(station, contractor.tax_number, but=contractor.code)
        unseen = [row for row in same if row.code not in seen]
        if unseen:
            facts = {"codes": " ".join(row.code for row in same), "name": unseen[0].name}
            raise Refused(Problem("contractor.possible_duplicate", "tax_number", facts))


def _tell(station: Station, actor: Actor, kind: str, body: msgspec.Struct, contractor: Contractor) -> None:
    message_id = station.ids.new_id()
    position = station.announce(kind, message_id, body, actor.operator)
    station.books.contractors.put(contractor, message_id, position)
