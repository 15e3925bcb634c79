"""What changed in a definition: who, when, each field before and after (HUB-02)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.cells import cell_of
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.input import PIN, SECRET

LONGEST_TEXT: Final = 200
"""Longer texts (a picture's bytes) are told by their beginning."""
Action = Literal["made", "changed", "removed", "sent"]


class FieldChange(msgspec.Struct, frozen=True):
    """One field before and after, as a cell of a table shows it; a PIN is only named."""

    field: str
    before: str
    after: str


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a row. `sent`: nothing of the row changed, only the stores it is sent to."""

    version: int
    changed_at: datetime.datetime
    changed_by: str
    action: Action
    changes: tuple[FieldChange, ...] = ()


def history_of(definitions: Definitions, actor: Actor, kind: str, key: str) -> Sequence[HistoryEntry]:
    """The row's versions, newest first."""
    past = definitions.history(actor, kind, key)
    earlier = [*(entry.body for entry in past[1:]), None][: len(past)]
    return [
        HistoryEntry(
            version=entry.version,
            changed_at=entry.changed_at,
            changed_by=entry.changed_by,
            action=action_of(before, entry.body),
            changes=changes_between(kind, before, entry.body),
        )
        for entry, before in zip(past, earlier, strict=True)
    ]


def action_of(before: bytes | None, after: bytes | None) -> Action:
    """What a step from one body to the other is called."""
    if after is None:
        return "removed"
    if before is None:
        return "made"
    return "sent" if before == after else "changed"


def changes_between(kind: str, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
    """The fields that differ; nothing for a row that was removed."""
    if after is None:
        return ()
    old, new = ({} if before is None else _cells(kind, before)), _cells(kind, after)
    return tuple(
        _change(field, old.get(field, ""), new.get(field, ""))
        for field in (*new, *(name for name in old if name not in new))
        if old.get(field, "") != new.get(field, "")
    )


def _change(field: str, before: str, after: str) -> FieldChange:
    return FieldChange(PIN, "", "") if field == SECRET else FieldChange(field, _short(before), _short(after))


def _cells(kind: str, body: bytes) -> Mapping[str, str]:
    try:
        record: Any = KINDS[kind].as_written(msgspec.json.decode(body, type=KINDS[kind].record))
    except (msgspec.DecodeError, KeyError):
        # Written by another version of the program: told as it stands.
        fields = msgspec.json.decode(body, type=dict[str, Any])
        return {name: value if isinstance(value, str) else str(value) for name, value in fields.items()}
    return {name: cell_of(getattr(record, name)) for name in record.__struct_fields__}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
