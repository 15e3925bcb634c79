"""Checks of definitions that the firm switches on and off by parameters of the scope *global* (HUB-13, HUB-14)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.definitions.party_checks import SWITCHED_BY
from kontuar.domain.firm.parameters import PARAMETERS
from kontuar.domain.firm.records import Parameter
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.errors import Problem
from kontuar.kernel.sorting import search_key
from kontuar.operations.hub.defining.rules import Candidate, Finding
from kontuar.operations.ports.hub_definitions import DefinitionStore

Values = Callable[[str], str]
"""What a parameter is, by its name."""
WARN_SIMILAR: Final = "contractor.warn_similar"
_NAME: Final = "article.unique_name"
_SWITCHED_BY: Final[Mapping[str, str]] = {
    **SWITCHED_BY,
    "article.bad_ean": "article.check_ean",
}
"""What a check finds → the parameter that switches the check off."""
_FORBIDDEN: Final[Mapping[str, str]] = {
    "contractor.forbid_space_in_code": " ",
    "contractor.forbid_dot_in_code": ".",
    "contractor.forbid_dash_in_code": "-",
}
_MADE_AT_A_TILL: Final = re.compile(r"[^\W_]{1,24}(-[0-9]+)?-K[0-9]+")
"""Tills make codes of their own, with a dash, so that no two make the same one (docs/protocol.md)."""
_ANY_EAN: Final = re.compile(r"[!-~]{1,40}")
"""What a code must be even where its check digit is not looked at: it is scanned, so no spaces in it."""
_MOST_OF_A_NAME: Final = 20


def global_values(candidates: Sequence[Candidate], store: DefinitionStore) -> Values:
    """Parameters of the scope *global* as they would be after the write."""
    written = {row.record.name: row.record.value for row in candidates
               if isinstance(row.record, Parameter) and row.record.scope == "global"}  # fmt: skip

    @cache
    def value(name: str) -> str:
        if name in written:
            return str(written[name])
        key = KINDS["parameter"].key_of(Parameter(name=name, scope="global", value=""))
        found = store.rows("parameter", [key])
        return msgspec.json.decode(found[0].body, type=Parameter).value if found else PARAMETERS[name].default

    return value


def still_wrong(findings: Iterable[Finding], candidates: Sequence[Candidate], value: Values) -> Iterable[Finding]:
    """The findings without those of checks that are switched off."""
    for position, problem in findings:
        switch = _SWITCHED_BY.get(problem.code)
        if switch is None or value(switch) == "yes" or not _is_usable(problem, candidates[position]):
            yield position, problem


def switched_on(candidates: Sequence[Candidate], store: DefinitionStore, value: Values) -> Iterable[Finding]:
    """What checks find that are off unless somebody wants them."""
    yield from _codes(candidates, store, value)
    if any(isinstance(row.record, Article) for row in candidates) and value(_NAME) == "yes":
        yield from _names(candidates, store)


def _is_usable(problem: Problem, row: Candidate) -> bool:
    """Whether it can be worked with although the check would not like it."""
    if problem.code != "article.bad_ean":
        return True
    return not isinstance(row.record, Contractor) and _ANY_EAN.fullmatch(problem.facts.get("ean", "")) is not None


def _codes(candidates: Sequence[Candidate], store: DefinitionStore, value: Values) -> Iterable[Finding]:
    """A rule for new contractors: those there are keep their codes, for documents name them."""
    named = {position: row for position, row in enumerate(candidates) if isinstance(row.record, Contractor)
             and any(sign in row.key for sign in _FORBIDDEN.values())}  # fmt: skip
    if not named:
        return
    signs = [sign for switch, sign in _FORBIDDEN.items() if value(switch) == "yes"]
    known = store.known([("contractor", row.key) for row in named.values()]) if signs else {}
    for position, row in named.items():
        bad = [sign for sign in signs if sign in row.key]
        if bad and ("contractor", row.key) not in known and not _MADE_AT_A_TILL.fullmatch(row.key):
            facts = {"value": row.key, "sign": " ".join(f"„{sign}”" for sign in bad)}
            yield position, Problem("contractor.sign_in_code", "code", facts)


def _names(candidates: Sequence[Candidate], store: DefinitionStore) -> Iterable[Finding]:
    """A fiscal device tells goods apart by their names alone."""
    written = {row.key: search_key(row.record.name) for row in candidates if isinstance(row.record, Article)}
    first: dict[str, str] = {}
    for position, row in enumerate(candidates):
        if not isinstance(row.record, Article):
            continue
        name = written[row.key]
        other = first.setdefault(name, row.key)
        if other == row.key:
            other = _stored_with(name, row.key, written, store)
        if other != row.key:
            yield position, Problem("article.name_taken", "name", {"name": row.record.name, "by": other})


def _stored_with(name: str, key: str, written: Mapping[str, str], store: DefinitionStore) -> str:
    """The code of another article of this name, `key` when there is none."""
    after = ""
    while rows := store.page("article", after, name, _MOST_OF_A_NAME):
        for found in rows:
            same = search_key(msgspec.json.decode(found.body, type=Article).name) == name
            if same and found.key != key and found.key not in written:
                return found.key
        after = rows[-1].key
        if len(rows) < _MOST_OF_A_NAME:
            break
    return key
