"""What lists and forms show: the firm's choice, this station's, the operator's own, each above the other (DOC-10)."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from kontuar.domain.firm.records import Attribute, View
from kontuar.domain.firm.views import VIEWS, Arrangement, Choice, arranged, hidden_fixed, unknown_keys
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A list or form as the operator sees it. `attributes`: names by code; `may_manage`: he may change the view."""

    view: Arrangement
    attributes: Mapping[str, str]
    may_manage: bool

    def shows(self, key: str) -> bool:
        """Whether a column or a button is to be seen."""
        return self.view.shows(key)


Owner = Literal["operator", "station"]
EVERYONE = ""


def seen(station: Station, actor: Actor, name: str) -> Arrangement:
    """A list or form as this operator sees it here; raises `Refused("view.unknown")`."""
    _require_known(name)
    own = [station.books.views.find(name, operator) for operator in (EVERYONE, actor.operator)]
    return arranged(name, [*_defined(station, name), *filter(None, own)], attribute_codes(station, name))


def look(station: Station, actor: Actor, name: str) -> Look:
    """What the screen of a list or form needs of its view."""
    return Look(
        view=seen(station, actor, name), attributes=attribute_names(station, actor),
        may_manage=rights.MANAGE_VIEWS in actor.rights,
    )  # fmt: skip


def of_form(document_type: str) -> str:
    """The view of the form on which documents of a type are made."""
    return document_type if document_type in VIEWS else "receipt"


def chosen_by(station: Station, actor: Actor, name: str) -> Owner | Literal[""]:
    """Whose choice this operator sees: his own, the station's, or nobody's here."""
    _require_known(name)
    if station.books.views.find(name, actor.operator):
        return "operator"
    return "station" if station.books.views.find(name, EVERYONE) else ""


def choose(station: Station, actor: Actor, name: str, owner: Owner, choice: Choice) -> Arrangement:
    """Show, hide and order columns and buttons, for oneself or for everyone at this station.

    Raises `Refused("view.unknown" | "view.piece_unknown" | "view.must_stay" | "right.missing")`.
    """
    actor.require(rights.MANAGE_VIEWS)
    _require_known(name)
    problems = [Problem("view.piece_unknown", f"view:{name}", {"piece": key[:80]})
                for key in unknown_keys(name, choice, attribute_codes(station, name))]  # fmt: skip
    problems += [Problem("view.must_stay", f"view:{name}", {"piece": key}) for key in hidden_fixed(name, choice)]
    if problems:
        raise Refused(*problems)
    station.books.views.keep(name, actor.operator if owner == "operator" else EVERYONE, choice)
    return seen(station, actor, name)


def reset(station: Station, actor: Actor, name: str, owner: Owner) -> Arrangement:
    """Give one's own choice up, or the station's."""
    actor.require(rights.MANAGE_VIEWS)
    _require_known(name)
    station.books.views.forget(name, actor.operator if owner == "operator" else EVERYONE)
    return seen(station, actor, name)


def attribute_codes(station: Station, name: str) -> tuple[str, ...]:
    """The attributes that are columns of a view, in their order."""
    level = VIEWS[name].attributes
    found = [row for row in station.books.definitions.every(Attribute).values() if row.active and row.level == level]
    return tuple(row.code for row in sorted(found, key=lambda row: (row.position, row.name)))


def attribute_names(station: Station, actor: Actor) -> dict[str, str]:
    """Names of attributes by code, for the heads of columns."""
    del actor
    return {code: row.name for code, row in station.books.definitions.every(Attribute).items()}


def _defined(station: Station, name: str) -> Iterable[Choice]:
    """What head office says, for all, for this store, for this station."""
    identity = station.identity
    for scope in ("global", f"store:{identity.store}", f"station:{identity.station}"):
        found = station.books.definitions.get(View, f"{name}|{scope}")
        if found is not None:
            yield Choice(columns=found.columns, buttons=found.buttons)


def _require_known(name: str) -> None:
    if name not in VIEWS:
        raise refuse("view.unknown", f"view:{name[:40]}", name=name[:40])
