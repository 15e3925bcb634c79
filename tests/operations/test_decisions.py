"""A station carries out what head office decided about its documents (HUB-05)."""

from pathlib import Path

import msgspec
import pytest

from kontuar.domain.documents.messages import Cancelled, TechnicalEvent, read_body
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.ports.hub_documents import Confirmation, Confirmations
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.station.decisions import FACT, carry_out
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite.sync_state import StationOutbox, StationSink
from shop import MILK, everything, know_stock, messages, move_goods, open_till, sell


@pytest.fixture
def station(tmp_path: Path) -> Station:
    opened = open_till(tmp_path)
    know_stock(opened, **{MILK: "10"})
    return opened


def tell(station: Station, doc_id: str, *, state: str = "cancel_asked", reason: str = "7|boss|made twice") -> None:
    """What comes down with the confirmations."""
    database = station.books.database
    stream = StreamId(station.identity.station, station.identity.incarnation)
    sink = StationSink(database, station.books.definitions, StationOutbox(database, stream, "S1"))
    row = Confirmation(
        doc_id=doc_id, origin=stream.origin, incarnation=stream.incarnation, seq=1, state=state, gid="", reason=reason,
        version=1,
    )  # fmt: skip
    with sink.transaction():
        sink.apply_confirmations(Confirmations(epoch="e", version=1, rows=(row,)))


def test_a_document_is_cancelled_by_its_own_step_in_the_name_of_who_decided(station: Station) -> None:
    """HUB-05: one message, with who and why; the goods are back."""
    document = move_goods(station, "internal_receipt", MILK)
    tell(station, document.doc_id)
    assert carry_out(station) == 1
    last = messages(station)[-1]
    said = read_body(last)
    assert (last.kind, last.by) == ("internal_receipt.cancelled/1", "boss")
    assert isinstance(said, Cancelled)
    assert (said.doc_id, said.reason) == (document.doc_id, "made twice")
    stored = station.books.documents.find(document.doc_id)
    assert stored is not None
    assert stored.row.state == "cancelled"
    assert station.books.facts(FACT) == {}


def test_the_same_decision_again_changes_nothing(station: Station) -> None:
    """REL-08: the feed may bring it twice."""
    document = move_goods(station, "internal_receipt", MILK)
    tell(station, document.doc_id)
    carry_out(station)
    before = len(messages(station))
    tell(station, document.doc_id)
    assert carry_out(station) == 1
    assert len(messages(station)) == before
    assert carry_out(station) == 0


def test_what_cannot_be_cancelled_is_answered_with_the_reason(station: Station) -> None:
    """HUB-05: a sale has no such step, an unknown document none at all."""
    sale = sell(station, MILK)
    for doc_id, code in ((sale.doc_id, "step.not_allowed"), ("0190-nothing", "document.not_found")):
        tell(station, doc_id)
        assert carry_out(station) == 1
        said = read_body(messages(station)[-1])
        assert isinstance(said, TechnicalEvent)
        assert said.event == "decision.refused"
        assert said.facts == {"decision": "7", "doc_id": doc_id, "code": code}
    assert station.books.facts(FACT) == {}


def test_a_decision_waits_for_the_agent(station: Station) -> None:
    """HUB-05: internal goods are cancelled while the agent is in reach; until then the decision is kept."""
    document = move_goods(station, "internal_receipt", MILK)
    tell(station, document.doc_id)
    reached = station.connectivity
    station.connectivity = lambda: Connectivity.OFFLINE
    before = everything(station)
    assert carry_out(station) == 0
    assert everything(station) == before
    station.connectivity = reached
    assert carry_out(station) == 1


def test_a_decision_does_not_hide_what_became_of_the_document(station: Station) -> None:
    """DOC-11: the list goes on saying parked, with the reason."""
    document = move_goods(station, "internal_receipt", MILK)
    tell(station, document.doc_id, state="parked", reason="warehouse.undefined")
    tell(station, document.doc_id)
    stored = station.books.documents.find(document.doc_id)
    assert stored is not None
    assert (stored.row.sync, stored.reason) == ("parked", "warehouse.undefined")
    assert msgspec.structs.asdict(stored)["gid"] == ""
