"""Rights that came with an update are given to the roles that did the same without them (ADR 14)."""

import datetime
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.parties.records import Role
from kontuar.domain.parties.rights import GIVEN_WITH
from kontuar.operations.hub.defining.changes import write_change
from kontuar.operations.hub.defining.rules import candidate
from kontuar.operations.ports.hub_definitions import Author, DefinitionStore, RightsGiven

PROGRAM: Final = "kontuar"
"""Who wrote it, in the history of the definitions."""


def give_new_rights(store: DefinitionStore, given: RightsGiven, now: datetime.datetime) -> Sequence[str]:
    """Give every right that this database has not met yet to the roles of `GIVEN_WITH`, as one version that a person
    can withdraw; the codes of the roles that were given something.

    Each right is given once, ever: what a firm takes away afterwards stays away. A right that some role holds already
    is known to the firm, which decides alone. A hub without roles has nothing to be given.
    """
    with store.transaction():
        version = store.next_version()
        met = given.met()
        new = [right for right in GIVEN_WITH if right not in met]
        roles = [msgspec.json.decode(row.body, type=Role) for row in store.rows("role")]
        held = {right for role in roles for right in role.rights}
        pairs = [(role, with_rights(role, [right for right in new if right not in held])) for role in roles]
        changed = [after for before, after in pairs if after != before]
        if changed:
            write_change(store, version, [candidate("role", role) for role in changed], (), Author(PROGRAM, now))
        given.meet(new, now)
    return [role.code for role in changed]


def with_rights(role: Role, new: Sequence[str]) -> Role:
    """The role with those of the new rights that go with what it holds."""
    added = tuple(right for right in new if GIVEN_WITH[right] & set(role.rights))
    return msgspec.structs.replace(role, rights=(*role.rights, *added)) if added else role
