"""What is taken off a receipt after it was entered is told to head office, also when only a part of it is."""

from decimal import Decimal
from pathlib import Path

from kontuar.domain.documents.messages import LineVoided, read_body
from kontuar.operations.station import till
from kontuar.operations.station.station import Station
from shop import MILK, actor_of, messages, open_till

EWA = actor_of()


def voided(station: Station) -> list[LineVoided]:
    return [read_body(message) for message in messages(station) if message.kind == "line.voided/1"]


def test_a_lowered_quantity_is_told_like_a_removed_line(tmp_path: Path) -> None:
    station = open_till(tmp_path)
    draft = till.begin(station, EWA, "receipt")
    draft = till.scan(station, EWA, draft.doc_id, MILK, "10")
    till.change_quantity(station, EWA, draft.doc_id, 1, "4")
    (told,) = voided(station)
    assert (told.article, told.quantity, told.value) == (MILK, Decimal(6), 6 * 399)


def test_a_raised_quantity_is_nothing_to_tell(tmp_path: Path) -> None:
    station = open_till(tmp_path)
    draft = till.begin(station, EWA, "receipt")
    draft = till.scan(station, EWA, draft.doc_id, MILK)
    till.change_quantity(station, EWA, draft.doc_id, 1, "4")
    assert voided(station) == []
