"""Change sets by their version: what each did, which version each node runs, taking a bad one back (HUB-03)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.rights import DEFINE, SEE_HUB
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.changes import RowsRefused, write_change
from kontuar.operations.hub.defining.definitions import Definitions, Written, placed
from kontuar.operations.hub.defining.history import Action, FieldChange, action_of, changes_between
from kontuar.operations.hub.defining.rules import Candidate, candidate
from kontuar.operations.ports.hub_definitions import ChangedRow, RowKey, RunningVersion, VersionRow

MOST_ROWS_WITHDRAWN: Final = 20_000
MOST_ROWS_TOLD: Final = 500
MOST_PROBLEMS_TOLD: Final = 50


class VersionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a version did to one row."""

    kind: str
    key: str
    action: Action
    changes: tuple[FieldChange, ...]


def versions(definitions: Definitions, actor: Actor, before: int = 0, limit: int = 50) -> Sequence[VersionRow]:
    """Change sets older than `before` (0 = from the newest), newest first."""
    actor.require(SEE_HUB)
    with definitions.store.transaction():
        return definitions.store.versions(max(before, 0), max(1, min(limit, 500)))


def changes_of(definitions: Definitions, actor: Actor, version: int) -> Sequence[VersionChange]:
    """What a version changed, at most `MOST_ROWS_TOLD` rows; raises `Refused("version.not_found")`."""
    actor.require(SEE_HUB)
    with definitions.store.transaction():
        found = definitions.store.changes_of(version, MOST_ROWS_TOLD)
    if not found:
        raise refuse("version.not_found", version=version)
    return [
        VersionChange(
            kind=row.kind,
            key=row.key,
            action=action_of(row.before, row.after),
            changes=changes_between(row.kind, row.before, row.after),
        )
        for row in found
    ]


def running_versions(definitions: Definitions, actor: Actor) -> Sequence[RunningVersion]:
    """Which version each node said it runs."""
    actor.require(SEE_HUB)
    with definitions.store.transaction():
        return definitions.store.running_versions()


def withdraw(definitions: Definitions, actor: Actor, version: int) -> Written:
    """Restore, as a new version, what was before a change set.

    Raises `Refused` and changes nothing: `version.not_found`; `version.changed_since` for each row that was changed
    later; `definition.referred_to` where later rows need what it brought; whatever is wrong with a restored row now.
    """
    actor.require(DEFINE)
    store = definitions.store
    with store.transaction():
        new_version = store.next_version()
        rows = store.changes_of(version, MOST_ROWS_WITHDRAWN + 1)
        _check(version, rows)
        put, remove = _restored(rows)
        try:
            author = definitions.author(actor)
            changed = write_change(store, new_version, put, remove, author, withdraws=version)
        except RowsRefused as refusal:
            told = refusal.findings[:MOST_PROBLEMS_TOLD]
            raise Refused(*(placed(problem, put[at].kind.name, put[at].key) for at, problem in told)) from None
        if not changed:
            raise refuse("version.nothing_to_withdraw", version=version)
    definitions.announce()
    return Written(version=new_version, changed=changed)


def _check(version: int, rows: Sequence[ChangedRow]) -> None:
    if not rows:
        raise refuse("version.not_found", version=version)
    if len(rows) > MOST_ROWS_WITHDRAWN:
        raise refuse("version.too_large", limit=MOST_ROWS_WITHDRAWN)
    if any(row.kind not in KINDS for row in rows):
        raise refuse("version.not_definitions", version=version)
    problems = list(_changed_since(rows))
    if problems:
        raise Refused(*problems[:MOST_PROBLEMS_TOLD])


def _changed_since(rows: Iterable[ChangedRow]) -> Iterable[Problem]:
    for row in rows:
        if row.before != row.after and row.today != row.after:
            facts = {"kind": row.kind, "key": row.key, "version": str(row.last_version), "by": row.last_by}
            yield Problem("version.changed_since", f"{row.kind}:{row.key}", facts)


def _restored(rows: Iterable[ChangedRow]) -> tuple[list[Candidate], list[RowKey]]:
    put: list[Candidate] = []
    remove: list[RowKey] = []
    for row in rows:
        if row.before == row.after:
            continue  # only the stores it is sent to: they follow the row that decides them
        if row.before is None:
            remove.append((row.kind, row.key))
        else:
            put.append(candidate(row.kind, _record(row)))
    return put, remove


def _record(row: ChangedRow) -> Any:
    assert row.before is not None
    try:
        return msgspec.json.decode(row.before, type=KINDS[row.kind].record)
    except msgspec.DecodeError as error:
        raise refuse("definition.unreadable", f"{row.kind}:{row.key}", detail=str(error)[:200]) from None
