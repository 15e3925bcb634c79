"""A clock that goes back (REL-05, REL-19)."""

from pathlib import Path

import pytest

from kontuar.domain.documents.messages import TechnicalEvent, read_body
from kontuar.kernel.time import parse_instant
from kontuar.operations.station import approval, payments, shifts
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, actor_of, cashier, everything, fill, messages, open_till, sell


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def times(station: Station) -> list[object]:
    return [message.at for message in messages(station)]


def test_a_clock_behind_the_last_document_is_named_and_nothing_is_written(station: Station) -> None:
    """REL-05, REL-19: no silent continuation."""
    last = sell(station, MILK)
    draft = fill(station, MILK, actor=cashier())
    payments.assign(station, cashier(), draft.doc_id, "cash")
    station.clock.turn(-3)
    before = everything(station)
    for step in (
        lambda: approval.approve(station, cashier(), draft.doc_id),
        lambda: shifts.close_shift(station, cashier(), ()),
    ):
        with refused("clock.behind") as problems:
            step()
    assert parse_instant(problems[0].facts["last"]) == last.approved_at
    assert everything(station) == before


def test_a_clock_set_back_by_a_whisker_waits_at_the_last_document(station: Station) -> None:
    """REL-05: times in a series never go back."""
    first = sell(station, MILK)
    station.clock.turn(-1.5)
    second = sell(station, MILK)
    assert second.approved_at == first.approved_at
    station.clock.turn(4)
    sell(station, MILK)
    assert times(station) == sorted(times(station))


def test_an_authorised_person_accepts_the_clock_and_head_office_hears_of_it(station: Station) -> None:
    """REL-19: from then on the station counts by its new clock."""
    sell(station, MILK)
    station.clock.turn(-3600)
    manager = actor_of()
    sell(station, MILK, actor=manager)
    kinds = [message.kind for message in messages(station)]
    assert kinds[-2:] == ["station.event/1", "receipt.approved/1"]
    told = read_body(messages(station)[-2])
    assert told == TechnicalEvent(
        event="clock.accepted", facts={"last": "2026-11-21T08:00:00.000000Z", "now": "2026-11-21T07:00:00.000000Z"}
    )
    sell(station, MILK, actor=cashier())
    assert [message.kind for message in messages(station)].count("station.event/1") == 1


def test_a_clock_that_stands_still_or_jumps_ahead_stops_nobody(station: Station) -> None:
    """REL-01."""
    sell(station, MILK, actor=cashier())
    sell(station, MILK, actor=cashier())
    station.clock.turn(400 * 24 * 3600)
    assert sell(station, MILK, actor=cashier()).number == "PAR/2026/11/00003/POS1"
