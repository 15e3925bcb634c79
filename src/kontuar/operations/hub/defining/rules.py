"""What definitions demand of each other: references, things only one may have, trees without loops, scope."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kontuar.domain.catalogue.records import Article, Batch, QuickFavourite, QuickGroup, VatRate
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.definitions.kinds import KINDS, Kind
from kontuar.domain.firm.records import Parameter, StationDefinition, View
from kontuar.domain.parties.records import Contractor, Operator
from kontuar.kernel.canonical import encode, row_checksum
from kontuar.kernel.errors import Problem
from kontuar.kernel.sorting import search_key
from kontuar.operations.ports.hub_definitions import Claim, DefinitionStore, PreparedRow, RowKey, Scope

TREES = {"article_group": "parent", "centre": "parent", "contractor_group": "parent"}
"""Kinds that form a tree, and the field that names the row above."""

TAKEN = {
    "ean": "article.ean_taken",
    "series": "station.series_taken",
    "card": "operator.card_taken",
    "loyalty": "contractor.card_of_another",
}
_FIELDS = {"ean": "eans", "series": "series", "card": "card", "loyalty": "cards"}
_SCOPED_KINDS = {"centre": "centre", "store": "store", "station": "station"}
_NUL = b"\\u0000"
"""The character that the databases' texts cannot hold, as canonical bytes spell it."""
VAT = "vat"
"""Articles name a VAT rate by its code; its rows are keyed by code and day."""


class Candidate(msgspec.Struct, frozen=True):
    """A row that someone wants to write, with what it demands."""

    kind: Kind
    key: str
    record: Any
    body: bytes
    references: tuple[tuple[str, str, str], ...]
    claims: tuple[Claim, ...]


Finding = tuple[int, Problem]
"""(position of the candidate, what is wrong with it)."""


def candidate(kind: str, record: Any) -> Candidate:
    """The row with its key, its references (field, kind, key) and its claims."""
    rule = KINDS[kind]
    references = tuple(dict.fromkeys(rule.refers(record))) + tuple(_more_references(record))
    return Candidate(rule, rule.key_of(record), record, encode(record), references, tuple(_claims(record)))


def own_problems(candidates: Sequence[Candidate]) -> Iterable[Finding]:
    """What is wrong with each row by itself, and rows that come twice."""
    seen: dict[RowKey, int] = {}
    for position, row in enumerate(candidates):
        for problem in problems_with(row.record):
            yield position, problem
        if _NUL in row.body:
            yield position, Problem("definition.not_text", "", {"key": row.key.replace("\0", "?")})
        first = seen.setdefault((row.kind.name, row.key), position)
        if first != position:
            yield position, Problem("definition.twice", "", {"key": row.key})


def missing_references(candidates: Sequence[Candidate], store: DefinitionStore) -> Iterable[Finding]:
    """References to rows that exist neither in the store nor in the same write."""
    written = {(row.kind.name, row.key) for row in candidates}
    wanted = {(kind, key) for row in candidates for _, kind, key in row.references if kind != VAT} - written
    known = store.known(sorted(wanted)) if wanted else {}
    vat_codes = _vat_codes(candidates, store)
    for position, row in enumerate(candidates):
        for field, kind, key in row.references:
            found = key in vat_codes if kind == VAT else (kind, key) in written or (kind, key) in known
            if not found:
                facts = {"kind": "vat_rate" if kind == VAT else kind, "key": key}
                yield position, Problem("definition.reference_unknown", field, facts)


def taken_claims(
    candidates: Sequence[Candidate], store: DefinitionStore, leaving: Collection[RowKey] = ()
) -> Iterable[Finding]:
    """EANs, series and cards that another row has, in the store or in the same write; `leaving` let go of theirs."""
    written = {*((row.kind.name, row.key) for row in candidates), *leaving}
    holders: dict[Claim, RowKey] = {}
    wanted = sorted({claim for row in candidates for claim in row.claims})
    if wanted:
        # Rows written now let go of what they held before: only other rows' claims count.
        holders = {c: holder for c, holder in store.claimed(wanted).items() if holder not in written}
    for position, row in enumerate(candidates):
        mine = (row.kind.name, row.key)
        for claim in row.claims:
            if claim in holders:
                yield position, _taken(claim, holders[claim])
            else:
                holders[claim] = mine


def loops(candidates: Sequence[Candidate], store: DefinitionStore) -> Iterable[Finding]:
    """Rows of a tree that would be their own ancestors."""
    for kind, field in TREES.items():
        written = {row.key: row for row in candidates if row.kind.name == kind}
        if not written:
            continue
        parents = {row.key: getattr(_record(KINDS[kind], row.body), field) for row in store.rows(kind)}
        parents |= {key: getattr(row.record, field) for key, row in written.items()}
        for position, row in enumerate(candidates):
            if row.kind.name == kind and _is_in_loop(row.key, parents):
                yield position, Problem("definition.loop", field, {"key": row.key})


def prepare(row: Candidate, scope: Scope) -> PreparedRow:
    """The row's bytes and what the store keeps beside them."""
    return PreparedRow(
        kind=row.kind.name,
        key=row.key,
        body=row.body,
        checksum=row_checksum(row.kind.name, row.key, row.body),
        scope=scope,
        refers=tuple(f"{kind}:{key}" for _, kind, key in row.references),
        claims=row.claims,
        find=_search_text(row),
    )


def scopes_of(candidates: Sequence[Candidate], store: DefinitionStore, reached: Mapping[str, Scope]) -> list[Scope]:
    """For each row the stores it is sent to; rows that share another row's scope follow it.

    `reached`: the stores of discounts, which depend on more than the row.
    """
    own = {
        (row.kind.name, row.key): reached[row.key] if row.kind.reaches else _as_scope(row.kind.scope(row.record))
        for row in candidates
    }
    leaders = {
        (leader[1], getattr(row.record, leader[0])) for row in candidates if (leader := row.kind.scope_from)
    } - own.keys()
    known = store.known(sorted(leaders)) if leaders else {}
    result = []
    for row in candidates:
        if row.kind.scope_from is None:
            result.append(own[(row.kind.name, row.key)])
        else:
            field, kind = row.kind.scope_from
            leader = (kind, getattr(row.record, field))
            result.append(own[leader] if leader in own else known[leader].scope)
    return result


def _more_references(record: Any) -> Iterable[tuple[str, str, str]]:
    if isinstance(record, Article):
        yield ("vat", VAT, record.vat)
    elif isinstance(record, QuickGroup | QuickFavourite):
        yield from (("stores", "store", store) for store in record.stores)
    elif isinstance(record, Parameter | View):
        level, _, code = record.scope.partition(":")
        if level in _SCOPED_KINDS and code:
            yield ("scope", _SCOPED_KINDS[level], code)


def _article_claims(article: Article) -> Iterable[Claim]:
    return [("ean", code.ean) for code in article.eans]


def _cards(contractor: Contractor) -> Iterable[Claim]:
    cards = dict.fromkeys((contractor.loyalty_card, *contractor.cards))
    return [("loyalty", card) for card in cards if card]


_CLAIMS: Mapping[type, Callable[[Any], Iterable[Claim]]] = {
    Article: _article_claims,
    StationDefinition: lambda station: [("series", station.series)],
    Operator: lambda operator: [("card", operator.card)] if operator.card else [],
    Batch: lambda batch: [("ean", ean) for ean in dict.fromkeys(batch.eans)],
    Contractor: _cards,
}


def _claims(record: Any) -> Iterable[Claim]:
    claims = _CLAIMS.get(type(record))
    return claims(record) if claims else ()


def _taken(claim: Claim, holder: RowKey) -> Problem:
    what, value = claim
    return Problem(TAKEN[what], _FIELDS[what], {"value": value, "kind": holder[0], "key": holder[1]})


def _vat_codes(candidates: Sequence[Candidate], store: DefinitionStore) -> set[str]:
    if not any(kind == VAT for row in candidates for _, kind, _ in row.references):
        return set()
    written = {row.record.code for row in candidates if isinstance(row.record, VatRate)}
    return written | store.codes_with_versions("vat_rate")


def _is_in_loop(start: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    key = parents.get(start, "")
    while key and key not in seen:
        if key == start:
            return True
        seen.add(key)
        key = parents.get(key, "")
    return False


def _record(kind: Kind, body: bytes) -> Any:
    return msgspec.json.decode(body, type=kind.record)


def _as_scope(stores: tuple[str, ...]) -> Scope:
    return tuple(sorted(set(stores))) if stores else None


def _search_text(row: Candidate) -> str:
    """Key, name and the codes that people type, as they type them in a hurry."""
    words = [row.key, getattr(row.record, "name", "")]
    words += [value for what, value in row.claims if what in ("ean", "loyalty")]
    words += [getattr(row.record, field, "") for field in ("tax_number", "city", "second_name", "phone", "email")]
    words.append("".join(filter(str.isalnum, getattr(row.record, "tax_number", ""))))
    return search_key(" ".join(word for word in words if word))
