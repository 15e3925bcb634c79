"""A clock that was set back: nothing but a person's word lets times go back (REL-05, REL-19)."""

import datetime
from pathlib import Path

from kontuar.domain.documents.messages import TechnicalEvent, read_body
from kontuar.operations.station import approval, payments, till
from refusals import refused
from shop import MILK, actor_of, cashier, messages, open_till, sell

HOUR = 3600


def test_what_a_till_tells_of_itself_does_not_let_the_clock_go_back(tmp_path: Path) -> None:
    """REL-05: a till that started, or threw a draft away, with a wrong clock goes on asking for a person."""
    station = open_till(tmp_path)
    sell(station, MILK)
    last = station.books.stream.last_time()
    station.clock.turn(-HOUR)  # type: ignore[attr-defined]
    station.event("station.started", "", build="test")
    thrown = till.begin(station, cashier(), "receipt")
    till.scan(station, cashier(), thrown.doc_id, MILK)
    till.discard(station, cashier(), thrown.doc_id)
    assert station.books.stream.last_time() == last

    draft = till.begin(station, cashier(), "receipt")
    till.scan(station, cashier(), draft.doc_id, MILK)
    payments.assign(station, cashier(), draft.doc_id, "cash", "")
    with refused("clock.behind"):
        approval.approve(station, cashier(), draft.doc_id)


def test_who_accepts_the_clock_makes_the_station_count_by_it(tmp_path: Path) -> None:
    """REL-19."""
    station = open_till(tmp_path)
    sell(station, MILK)
    station.clock.turn(-HOUR)  # type: ignore[attr-defined]
    document = sell(station, MILK, actor=actor_of())
    assert document.approved_at == station.clock.now()
    (accepted,) = [
        message for message in messages(station)
        if isinstance(body := read_body(message), TechnicalEvent) and body.event == "clock.accepted"
    ]  # fmt: skip
    assert accepted.at == station.clock.now()
    station.clock.turn(-1)  # type: ignore[attr-defined]
    assert sell(station, MILK).approved_at == document.approved_at
    assert document.approved_at is not None
    assert datetime.timedelta(0) <= document.approved_at - station.clock.now() <= datetime.timedelta(seconds=1)
