"""What lists and forms show: the firm's choice, the station's, the operator's own (DOC-10)."""

from pathlib import Path

import pytest

from kontuar.domain.firm.records import Attribute, View
from kontuar.domain.firm.views import Choice
from kontuar.kernel.errors import Refused
from kontuar.operations.station import views
from kontuar.operations.station.station import Station
from shop import actor_of, cashier, change, new_station

EWA = actor_of()
LIST = "documents-goods"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return new_station(tmp_path)


def shown(station: Station, name: str = LIST, **who: object) -> list[str]:
    actor = who.get("actor", EWA)
    return [piece.key for piece in views.seen(station, actor, name).columns if piece.shown]  # type: ignore[arg-type]


def refused(station: Station, choice: Choice, actor: object = EWA) -> list[str]:
    with pytest.raises(Refused) as refusal:
        views.choose(station, actor, LIST, "operator", choice)  # type: ignore[arg-type]
    return [problem.code for problem in refusal.value.problems]


def test_a_list_looks_as_it_was_made_until_somebody_chooses(station: Station) -> None:
    """DOC-10."""
    assert shown(station) == ["number", "type", "state", "created", "by", "sync"]


def test_an_operator_orders_and_hides_columns_for_himself_alone(station: Station) -> None:
    """DOC-10: kept per operator."""
    views.choose(station, EWA, LIST, "operator", Choice(columns=("created", "number", "-sync", "-by")))
    assert shown(station) == ["created", "number", "type", "state"]
    assert shown(station, actor=cashier()) == ["number", "type", "state", "created", "by", "sync"]


def test_a_choice_for_the_station_is_everyones_and_the_own_one_stands_above_it(station: Station) -> None:
    """DOC-10: kept per station, or per operator."""
    views.choose(station, EWA, LIST, "station", Choice(columns=("-state",)))
    views.choose(station, EWA, LIST, "operator", Choice(columns=("-by",)))
    assert shown(station, actor=cashier()) == ["number", "type", "created", "by", "sync"]
    assert shown(station) == ["number", "type", "created", "sync"]
    assert views.chosen_by(station, EWA, LIST) == "operator"
    views.reset(station, EWA, LIST, "operator")
    assert shown(station) == ["number", "type", "created", "by", "sync"]
    assert views.chosen_by(station, EWA, LIST) == "station"


def test_head_office_gives_the_view_below_what_is_chosen_here(station: Station) -> None:
    """DOC-10: the nearest scope wins; another station's view is nothing to this one."""
    change(
        station.books, View(name=LIST, scope="global", columns=("sync", "-type")),  # type: ignore[arg-type]
        View(name=LIST, scope="store:S1", columns=("-by",)), View(name=LIST, scope="station:S1T2", columns=("-state",)),
    )  # fmt: skip
    assert shown(station) == ["sync", "number", "state", "created"]
    views.choose(station, EWA, LIST, "station", Choice(columns=("type", "-sync")))
    assert shown(station) == ["type", "number", "state", "created"]


def test_what_an_update_brings_appears_behind_what_was_chosen(station: Station) -> None:
    """DOC-10: the choice survives updates; keys that are no more are ignored."""
    station.books.views.keep(LIST, "EWA", Choice(columns=("sync", "number", "gone", "-state")))
    assert shown(station) == ["sync", "number", "type", "created", "by"]


def test_what_cannot_be_hidden_stays(station: Station) -> None:
    station.books.views.keep(LIST, "EWA", Choice(columns=("-number", "-state")))
    assert "number" in shown(station)
    assert refused(station, Choice(columns=("-number",))) == ["view.must_stay"]


def test_only_who_may_manage_views_changes_them_and_only_what_there_is(station: Station) -> None:
    """SEC-01; nothing is kept of what is refused."""
    assert refused(station, Choice(columns=("-state",)), cashier()) == ["right.missing"]
    assert refused(station, Choice(columns=("colour",), buttons=("jump",))) == ["view.piece_unknown"] * 2
    with pytest.raises(Refused, match=r"view\.unknown"):
        views.seen(station, EWA, "documents-else")
    assert station.books.database.rows("SELECT * FROM own_view") == []


def test_attributes_are_columns_hidden_until_chosen(station: Station) -> None:
    """DOC-11: one column per attribute of the type."""
    change(station.books, Attribute(code="ROUTE", name="Trasa", level="document"),  # type: ignore[arg-type]
           Attribute(code="OLD", name="Dawny", level="document", active=False),
           Attribute(code="SIZE", name="Rozmiar", level="line"))  # fmt: skip
    keys = [piece.key for piece in views.seen(station, EWA, "documents-trade").columns]
    assert keys[-1] == "attribute:ROUTE"
    assert "attribute:ROUTE" not in shown(station, "documents-trade")
    views.choose(station, EWA, "documents-trade", "operator", Choice(columns=("attribute:ROUTE",)))
    assert shown(station, "documents-trade")[0] == "attribute:ROUTE"
    assert "attribute:SIZE" in [piece.key for piece in views.seen(station, EWA, "receipt").columns]
