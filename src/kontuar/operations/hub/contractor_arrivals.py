"""Contractors that tills made or changed become definitions at head office, or wait for a person (DOC-27, HUB-05).

Merging is by field: what the till changed is written over what head office has, where head office still has what the
till saw (or has come to the same value). A field that both changed, a code that stands for somebody else, and a tax
number of another contractor that the operator was not shown are decided by a person.
"""

import datetime
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.booking import Verdict
from kontuar.domain.documents.messages import ContractorChanged, ContractorCreated
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.codes import plain_tax_number
from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.sorting import search_key
from kontuar.operations.hub.defining.changes import RowsRefused, write_change
from kontuar.operations.hub.defining.rules import candidate
from kontuar.operations.ports.hub_definitions import Author, DefinitionStore
from kontuar.operations.ports.hub_documents import BookingDesk

KIND: Final = "contractor"
MOST_SIMILAR: Final = 50
ANONYMISED: Final = "contractor.anonymised"
"""Why a till's news of a contractor waits whose personal data were taken out: accepting it sets it aside."""
Told = ContractorCreated | ContractorChanged


def take_contractors(desk: BookingDesk, verdicts: Sequence[Verdict], now: datetime.datetime) -> Sequence[Verdict]:
    """Write the contractors among what is about to be booked; the verdicts, with a reason where one has to wait."""
    return [
        _taken(desk, verdict, now) if isinstance(verdict.reading.body, Told) and not verdict.problems else verdict
        for verdict in verdicts
    ]


def write_all_the_same(desk: BookingDesk, verdict: Verdict, now: datetime.datetime) -> bool:
    """A person accepted it: the till's contractor as it is, whatever head office has. False where rules refuse it.

    Raises `Refused("contractor.anonymised_meanwhile")`: what was taken out for good is not brought back (HUB-09).
    """
    body = verdict.reading.body
    if not isinstance(body, Told):
        return True
    wanted = body.contractor if isinstance(body, ContractorCreated) else body.after
    here = _row(desk.definitions, wanted.code)
    if here is not None and here.anonymised:
        raise refuse("contractor.anonymised_meanwhile", contractor=wanted.code)
    return not _write(desk.definitions, verdict, wanted, now)


def merged(before: Contractor, after: Contractor, here: Contractor) -> tuple[Contractor, tuple[str, ...]]:
    """What head office has with what the till changed, and the fields that both changed to different values."""
    changes, clashes = {}, []
    for field in Contractor.__struct_fields__:
        seen, said, has = (getattr(row, field) for row in (before, after, here))
        if said in (seen, has):
            continue
        if has != seen:
            clashes.append(field)
        changes[field] = said
    return msgspec.structs.replace(here, **changes), tuple(clashes)


def _taken(desk: BookingDesk, verdict: Verdict, now: datetime.datetime) -> Verdict:
    body = verdict.reading.body
    store = desk.definitions
    if isinstance(body, ContractorCreated):
        wanted, problems = body.contractor, list(_code_taken(store, body.contractor))
        problems += _number_taken(store, wanted, body.seen)
    else:
        wanted, problems = _changed(store, body)
    if not problems:
        problems = list(_write(store, verdict, wanted, now))
    return msgspec.structs.replace(verdict, problems=tuple(problems)) if problems else verdict


def _changed(store: DefinitionStore, body: ContractorChanged) -> tuple[Contractor, list[Problem]]:
    here = _row(store, body.after.code)
    facts = {"code": body.after.code, "name": body.after.name}
    if here is None:
        return body.after, [Problem("contractor.missing", "", facts)]
    if here.anonymised:
        return here, [Problem(ANONYMISED, "", {"code": here.code})]
    wanted, clashes = merged(body.before, body.after, here)
    problems = []
    if clashes:
        problems.append(Problem("contractor.changed_meanwhile", "", {**facts, "fields": " ".join(clashes)}))
    if plain_tax_number(body.after.tax_number) != plain_tax_number(body.before.tax_number):
        problems += _number_taken(store, wanted, body.seen)
    return wanted, problems


def _code_taken(store: DefinitionStore, contractor: Contractor) -> Sequence[Problem]:
    here = _row(store, contractor.code)
    if here is None or here == contractor:
        return ()
    if here.anonymised:
        return [Problem(ANONYMISED, "", {"code": here.code})]
    return [Problem("contractor.code_taken", "", {"code": contractor.code, "name": here.name})]


def _number_taken(store: DefinitionStore, contractor: Contractor, seen: Sequence[str]) -> Sequence[Problem]:
    number = plain_tax_number(contractor.tax_number)
    if not number:
        return ()
    texts = dict.fromkeys((search_key(contractor.tax_number), search_key(number)))
    rows = [row for text in texts for row in store.page(KIND, "", text, MOST_SIMILAR)]
    others = {row.key: msgspec.json.decode(row.body, type=Contractor) for row in rows}
    same = [
        row
        for row in others.values()
        if row.code not in (contractor.code, *seen) and row.active and plain_tax_number(row.tax_number) == number
    ]
    facts = {"code": contractor.code, "name": contractor.name, "number": contractor.tax_number}
    return [Problem("contractor.tax_number_taken", "", {**facts, "by": row.code}) for row in same[:1]]


def _row(store: DefinitionStore, code: str) -> Contractor | None:
    found = store.rows(KIND, [code])
    return msgspec.json.decode(found[0].body, type=Contractor) if found else None


def _write(
    store: DefinitionStore, verdict: Verdict, contractor: Contractor, now: datetime.datetime
) -> Sequence[Problem]:
    assert verdict.reading.message is not None
    author = Author(verdict.reading.message.by, now)
    try:
        with store.transaction():
            write_change(store, store.next_version(), [candidate(KIND, contractor)], (), author)
    except RowsRefused as refusal:
        return [problem for _, problem in refusal.findings]
    return ()
