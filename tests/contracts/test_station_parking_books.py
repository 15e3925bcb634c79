"""What a station holds of parked documents: the list, copies, and a power cut at any write (PARK-01, REL-04)."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import msgspec
import pytest

from kontuar.domain.documents.parking import ParkedRow
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.station import ParkedHere
from kontuar.operations.ports.sync import FeedCursor
from kontuar.operations.station import till
from kontuar.operations.station.parking import continuing, errands, putting
from kontuar.operations.station.station import Station
from kontuar.storage.failures import StorageFailure
from kontuar.storage.sqlite.station.parking import SqliteParking
from kontuar.tools.simulate.disk import faulty_disk, layer
from shop import MILK, WATER, actor_of, everything, new_station, open_till

EWA = actor_of()
SEEDS = 60
MOST_WRITES = 200


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return new_station(tmp_path)


def row(doc_id: str, version: int = 1, **more: str) -> ParkedRow:
    return ParkedRow(doc_id=doc_id, version=version, type="receipt", ean=f"ean of {doc_id}", **more)


def tell(station: Station, *put: ParkedRow, epoch: str = "e1", version: int = 1, **news: object) -> None:
    with station.books.transaction():
        station.books.parking.take_news(ParkedNews(epoch=epoch, version=version, put=put, **news))  # type: ignore[arg-type]


def held(doc_id: str, state: str = "copy", **more: object) -> ParkedHere:
    return ParkedHere(doc_id=doc_id, type="receipt", state=state, version=1, row=row(doc_id), body=b"{}", **more)  # type: ignore[arg-type]


def test_the_list_is_what_the_agent_told_last(station: Station) -> None:
    """PARK-01, PARK-10."""
    tell(station, row("A", modified_at="1"), row("B", modified_at="2"), full=True, version=2)
    tell(station, row("A", 2, modified_at="3"), removed=("B",), version=3)
    assert list(station.books.parking.rows()) == [row("A", 2, modified_at="3")]
    assert station.books.parking.cursor() == FeedCursor("e1", 3)


def test_a_full_list_leaves_out_what_is_gone(station: Station) -> None:
    tell(station, row("A"), row("B"), full=True)
    tell(station, row("B"), full=True, version=2)
    assert [one.doc_id for one in station.books.parking.rows()] == ["B"]


def test_copies_of_what_is_gone_are_forgotten_and_work_is_kept(station: Station) -> None:
    """PARK-03, PARK-06, PARK-08."""
    parking = station.books.parking
    for state in ("copy", "waiting", "editing", "refused", "approved"):
        parking.keep(held(state, state))
    names = ("copy", "waiting", "editing", "refused", "approved")
    tell(station, *(row(name) for name in names))
    tell(station, removed=names, version=2)
    assert sorted(one.doc_id for one in parking.held()) == ["approved", "editing", "refused", "waiting"]


def test_an_agent_that_was_replaced_is_to_be_offered_what_is_held(station: Station) -> None:
    """PARK-15: its empty list makes nothing forgotten."""
    parking = station.books.parking
    tell(station, row("A"), full=True)
    parking.keep(held("A", token=7))
    assert parking.offer_due() == ""
    tell(station, epoch="e2", full=True)
    assert (list(parking.rows()), parking.offer_due()) == ([], "e2")
    assert parking.find("A") == held("A", token=7)
    parking.offered()
    assert parking.offer_due() == ""


def test_an_answer_older_than_the_list_changes_nothing(station: Station) -> None:
    tell(station, row("A", 3))
    station.books.parking.list_row(row("A", 2))
    assert station.books.parking.row("A") == row("A", 3)


def test_everything_that_is_held_comes_back_as_it_was(station: Station) -> None:
    whole = ParkedHere(
        doc_id="A", type="receipt", state="refused", version=4, token=5, lease=6, row=row("A"), body=b"{}", origin="B",
        became="C", opened_by="OLA", own=True, sent=True, tries=2, at="2026 x", reason="parking.lease_lost",
    )  # fmt: skip
    station.books.parking.keep(whole)
    assert SqliteParking(station.books.database).find("A") == whole  # type: ignore[attr-defined]
    assert station.books.parking.held("copy") == []


# -- power ----------------------------------------------------------------------------------------------------
def test_a_document_is_a_draft_or_parked_whenever_the_power_goes(tmp_path: Path) -> None:
    """PARK-01, PARK-03, REL-04: never both, never neither."""
    morning = tmp_path / "morning"
    open_till(morning).books.database.close()  # type: ignore[attr-defined]
    with layer():
        found = {}
        for seed in range(SEEDS):
            known, platter = _park_until_the_power_goes(morning, tmp_path / str(seed), seed)
            lost = list(_losses(known, new_station(platter)))
            if lost:
                found[seed] = lost
    assert found == {}


def _park_until_the_power_goes(morning: Path, folder: Path, seed: int) -> tuple[dict[str, tuple[str, int]], Path]:
    """Where the operator was told that each document is, with its lines; and what was on the platter."""
    chance = random.Random(seed)
    shutil.copytree(morning, folder / "till")
    known: dict[str, tuple[str, int]] = {}
    with faulty_disk(folder / "till", chance) as disk:
        station = new_station(folder / "till")
        disk.kept = chance.choice([0.0, 0.5, 1.0])
        disk.writes_left = chance.randint(1, MOST_WRITES)
        with suppress(StorageFailure):
            while True:
                _one_document(station, chance, known)
        with suppress(apsw.Error):
            station.books.database._connection.close(True)  # type: ignore[attr-defined]
        return known, disk.restored(folder / "platter")


def _one_document(station: Station, chance: random.Random, known: dict[str, tuple[str, int]]) -> None:
    station.clock.turn(1)  # type: ignore[attr-defined]
    doc_id = till.begin(station, EWA, "receipt").doc_id
    till.scan(station, EWA, doc_id, MILK)
    known[doc_id] = ("draft", 1)
    known[doc_id] = ("moving", 1)
    putting.park(station, EWA, doc_id)
    known[doc_id] = ("parked", 1)
    if chance.random() < 0.5:
        known[doc_id] = ("moving", 1)
        continuing.opening(station, EWA, doc_id)
        known[doc_id] = ("changing", 1)
        till.scan(station, EWA, doc_id, WATER)
        known[doc_id] = ("draft", 2)


def _losses(known: dict[str, tuple[str, int]], station: Station) -> Iterator[str]:
    for doc_id, (place, lines) in known.items():
        draft, parked = station.books.drafts.load(doc_id), station.books.parking.find(doc_id)
        if (draft is None) == (parked is None):
            yield f"{doc_id} is in {int(draft is not None) + int(parked is not None)} places"
        elif place == "draft" and draft is None:
            yield f"draft {doc_id} is parked"
        elif place == "parked" and parked is None:
            yield f"{doc_id} is not parked"
        elif draft is not None and place == "draft" and len(draft.lines) != lines:
            yield f"{doc_id} has {len(draft.lines)} lines"
        elif parked is not None and len(msgspec.json.decode(parked.body)["lines"]) != 1:
            yield f"the parked {doc_id} is not whole"


def test_a_refused_parking_writes_nothing(tmp_path: Path) -> None:
    """PARK-02."""
    station = open_till(tmp_path)
    document = till.begin(station, EWA, "cash_in")
    before = everything(station)
    with pytest.raises(Exception, match=r"parking\.not_for_type"):
        putting.park(station, EWA, document.doc_id)
    assert everything(station) == before
    assert errands.errand_for(station, document.doc_id) is None
