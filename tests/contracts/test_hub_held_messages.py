"""What the hub tells a station of its own earlier lives (REL-13), on a real PostgreSQL."""

import pytest

from hub_documents_world import Hub, Till
from kontuar.domain.documents.messages import TechnicalEvent
from kontuar.operations.ports.questions import AskMessages
from kontuar.operations.ports.streams import START, Position
from kontuar.operations.stream_messages import held_after
from kontuar.storage.postgres.held_messages import PostgresHeldMessages

pytestmark = pytest.mark.postgres


def test_the_hub_tells_what_it_holds_of_a_life_in_order_and_to_its_station_only(hub: Hub) -> None:
    """REL-13, SEC-02: page by page; nothing of a life that it does not know."""
    till = Till()
    till.open_shift()
    for _ in range(205):
        till.say("station.event/1", TechnicalEvent(event="drawer.opened"))
    for first in range(1, 207, 100):
        hub.push(till, first, min(first + 99, 206))
    asked = AskMessages(incarnation=till.stream.incarnation, after=3)
    held = PostgresHeldMessages(hub.database)
    first_page = held_after(held, till.stream.origin, asked)
    assert [(m.seq, m.hash, m.payload.encode()) for m in first_page.messages] == [
        (m.seq, m.hash.hex(), m.payload) for m in till.messages[3:203]
    ]
    assert (first_page.head, first_page.complete) == (Position(206, till.messages[-1].hash.hex()), False)
    rest = held_after(held, till.stream.origin, AskMessages(incarnation=till.stream.incarnation, after=203))
    assert ([m.seq for m in rest.messages], rest.complete) == ([204, 205, 206], True)
    for origin, life in (("another", till.stream.incarnation), (till.stream.origin, "another")):
        nothing = held_after(held, origin, AskMessages(incarnation=life, after=0))
        assert (nothing.messages, nothing.head, nothing.complete) == ((), START, True)
