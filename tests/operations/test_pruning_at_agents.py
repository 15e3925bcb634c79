"""An agent lets go of what the hub has for good, of nothing else (REL-17)."""

import datetime
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kontuar.operations.ports.streams import Head, signed_head
from kontuar.operations.proving import Comparison, prove
from kontuar.operations.pruning import note_finals, prune_once
from kontuar.storage.sqlite.agent.books import MIGRATIONS as OF_AGENTS
from kontuar.storage.sqlite.agent.proving import AgentProofShelf
from kontuar.storage.sqlite.agent.pruning import AgentPruning
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS
from proved_books import KEYS, STATION, STREAM, agent_of, sealed
from pruned_books import LIMITS, OFF, Shop
from sync_chain import HUB_KEY, keys_for

LATER = datetime.timedelta(days=1000)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def agent_with(shop: Shop, folder: Path) -> Any:
    books = agent_of(folder, sealed(shop.database))
    head = shop.books.stream.head()
    told = Head(
        signer="hub", signer_incarnation="h1", origin=STATION, incarnation="i1", seq=head.seq, hash=head.hash, at="x"
    )
    with books.database.transaction():
        books.outbox.acknowledged(STREAM, head, head)
        books.outbox.keep_head("hub", told, signed_head(told, HUB_KEY.sign))
        books.database.write("DELETE FROM stock_pending")
        for doc_id, seq in shop.database.rows("SELECT doc_id, seq FROM document"):
            books.database.write(
                "INSERT INTO confirmation VALUES (?, ?, 'i1', ?, 'booked', 'G', '', 1)", (doc_id, STATION, seq)
            )
    return books


def test_an_agent_lets_go_of_what_the_hub_has_and_can_still_be_compared(shop: Shop, tmp_path: Path) -> None:
    """REL-17: from then on it is as if that had passed before its time."""
    shop.shift()
    shop.decided()
    (tmp_path / "agent").mkdir()
    books = agent_with(shop, tmp_path / "agent")
    pruning = AgentPruning(books.database)
    now = shop.station.clock.now()
    note_finals(pruning, now)
    keys = keys_for("agent@S1", "agent")
    assert prune_once(pruning, OFF, ("agent@S1", "i1"), keys.signer.sign, now + LATER) is None
    mark = prune_once(pruning, LIMITS, ("agent@S1", "i1"), keys.signer.sign, now + LATER)
    assert mark is not None
    head = shop.books.stream.head().seq
    assert mark.seq == head - 1, "the last message stays"
    assert books.database.rows("SELECT seq FROM message") == [(head,)]
    books.database.close()
    with (
        closing(StationProofShelf(tmp_path / "station.db", MIGRATIONS)) as lower,
        closing(AgentProofShelf(tmp_path / "agent" / "agent.db", OF_AGENTS)) as higher,
    ):
        proof = prove(higher, lambda *_: "")
        assert (proof.faults, proof.streams[0].faults, proof.streams[0].pruned_to) == ((), (), mark.seq)
        with lower.reading(), higher.reading():
            (here,), (there,) = lower.streams(), higher.streams()
            assert Comparison(lower, higher).faults(here, there) == (head, ())


def first_after_pruning(shop: Shop, books: Any) -> int:
    """Everything that may go went, long afterwards; what is the first message now."""
    pruning = AgentPruning(books.database)
    note_finals(pruning, shop.station.clock.now())
    while prune_once(pruning, LIMITS, ("agent@S1", "i1"), KEYS.signer.sign, shop.station.clock.now() + LATER):
        pass
    return int(books.database.value("SELECT min(seq) FROM message"))


def test_an_agent_keeps_a_closing_that_waits_for_a_person(shop: Shop, tmp_path: Path) -> None:
    """REL-17: head office names the shift, which another life may have opened, not the message."""
    shop.shift()
    shop.shift()
    shop.decided()
    (tmp_path / "agent").mkdir()
    books = agent_with(shop, tmp_path / "agent")
    place = shop.database.value("SELECT min(seq) FROM message WHERE kind = 'shift.closed/1'")
    with books.database.transaction():
        books.database.write(
            "INSERT INTO confirmation VALUES ('another shift', ?, 'i1', ?, 'parked', '', 'message.id_conflict', 2)",
            (STATION, place),
        )
    assert first_after_pruning(shop, books) == place
    books.database.close()


def test_an_agent_lets_go_of_what_it_parked_once_its_document_is_decided(shop: Shop, tmp_path: Path) -> None:
    """REL-17: a document was taken back a second time; head office names the document, not the message."""
    shop.shift()
    shop.shift()
    shop.decided()
    (tmp_path / "agent").mkdir()
    books = agent_with(shop, tmp_path / "agent")
    query = (
        "SELECT message_id, seq FROM message WHERE instr(CAST(payload AS TEXT), '\"doc_id\"')"
        " AND kind NOT LIKE 'shift.%' AND message_id NOT IN (SELECT doc_id FROM document) ORDER BY seq LIMIT 1"
    )
    (name, place) = shop.database.rows(query)[0]
    with books.database.transaction():
        books.database.write("INSERT INTO parked VALUES (?, 'i1', ?, ?, 'message.id_taken')", (STATION, place, name))
    assert first_after_pruning(shop, books) > place
    books.database.close()


def test_an_agent_keeps_what_is_not_decided(shop: Shop, tmp_path: Path) -> None:
    """REL-17."""
    second = shop.shift()
    shop.shift()
    shop.decided()
    (tmp_path / "agent").mkdir()
    books = agent_with(shop, tmp_path / "agent")
    with books.database.transaction():
        books.database.write("UPDATE confirmation SET state = 'parked' WHERE doc_id = ?", (second,))
    assert first_after_pruning(shop, books) == shop.place(second)
