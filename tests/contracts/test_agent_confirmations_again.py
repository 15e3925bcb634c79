"""An agent that was set up again from a backup tells its stations their confirmations anew (REL-18)."""

from pathlib import Path

from kontuar.operations.ports.hub_documents import Confirmation, Confirmations, StockFigures
from kontuar.operations.ports.streams import Position
from kontuar.operations.ports.sync import FeedCursor, NodeIdentity
from kontuar.storage.sqlite.agent.books import AgentBooks
from sync_chain import STORE, Store, TestClock, Till, push_all

ASKER = NodeIdentity(node="T1", kind="station", store=STORE, incarnation="i1", public_key=b"")


def confirmed(version: int, doc_id: str) -> Confirmation:
    return Confirmation(
        doc_id=doc_id, origin="T1", incarnation="i1", seq=version, state="booked", gid="G", reason="", version=version
    )


def told_by_hub(books: AgentBooks, version: int, doc_id: str, epoch: str = "h1") -> None:
    told = Confirmations(epoch=epoch, version=version, rows=(confirmed(version, doc_id),))
    with books.database.transaction():
        books.sink.apply_confirmations(told)


def feeds_of(books: AgentBooks) -> tuple[FeedCursor, FeedCursor]:
    """What it asks the hub with: (confirmations, stock)."""
    return books.sink.cursors().confirmations, books.sink.cursors().stock


def names(told: Confirmations) -> list[str]:
    return [row.doc_id for row in told.rows]


def test_versions_that_a_station_has_seen_of_the_agent_before_hide_nothing_from_it(tmp_path: Path) -> None:
    """REL-18: head office was set up again too, so versions above those of the agent are given a second time."""
    agent = AgentBooks(tmp_path / "agent.db", tmp_path / "snapshots", STORE, TestClock(), "process 1")
    told_by_hub(agent, 5, "OLD")
    told_by_hub(agent, 6, "NEW")
    seen = FeedCursor("h1", 50)
    assert names(agent.feeds.confirmations_since(ASKER, seen)) == []
    agent.feeds.tell_again()
    told = agent.feeds.confirmations_since(ASKER, seen)
    assert names(told) == ["OLD", "NEW"]
    assert (told.epoch, told.version) == ("h1+process 1", 6)
    assert names(agent.feeds.confirmations_since(ASKER, FeedCursor(told.epoch, told.version))) == []
    told_by_hub(agent, 7, "LATER")
    assert names(agent.feeds.confirmations_since(ASKER, FeedCursor(told.epoch, told.version))) == ["LATER"]
    agent.database.close()


def test_it_is_told_again_once_and_also_after_the_next_restore(tmp_path: Path) -> None:
    """REL-18: the mark is that of the process which found it out."""
    epochs = []
    for process in ("process 1", "process 2"):
        agent = AgentBooks(tmp_path / "agent.db", tmp_path / "snapshots", STORE, TestClock(), process)
        told_by_hub(agent, 5, "OLD")
        for _ in range(2):
            agent.feeds.tell_again()
            epochs.append(agent.feeds.confirmations_since(ASKER, FeedCursor()).epoch)
        agent.database.close()
    assert epochs == ["h1+process 1", "h1+process 1", "h1+process 2", "h1+process 2"]


def test_a_station_that_was_acknowledged_more_shows_it_with_its_first_claim(tmp_path: Path) -> None:
    """REL-02, REL-18: once for each claim; an ordinary push shows nothing."""
    clock = TestClock()
    at_till, before, after = (tmp_path / name for name in ("till", "before", "after"))
    for folder in (at_till, before, after):
        folder.mkdir()
    till = Till(at_till, clock)
    till.sell()
    push_all(till, Store(before, clock))
    shown: list[str] = []
    restored = Store(after, clock)
    restored.receiver._restored = lambda: shown.append("restored")
    clock.seconds += 61
    push_all(till, restored)
    assert shown == ["restored"]
    till.sell()
    push_all(till, restored)
    assert shown == ["restored"]


def test_all_is_asked_for_anew_of_a_hub_that_went_back_whatever_epoch_it_is_in_by_then(tmp_path: Path) -> None:
    """REL-07, REL-18: it was set up again twice, and the epoch that it began in between was heard of by nobody."""
    clock = TestClock()
    till, store = Till(tmp_path, clock), Store(tmp_path, clock)
    for _ in range(3):
        till.sell()
    push_all(till, store)
    agent = store.books
    head = agent.outbox.stream(till.id).head  # type: ignore[union-attr]
    before = Position(1, agent.outbox.hash_at(till.id, 1) or "")
    with agent.database.transaction():
        agent.outbox.acknowledged(till.id, head, head)
        agent.sink.apply_stock(StockFigures(epoch="h1", version=8, full=True, rows=(), covered=()))
    for version, name in enumerate(("ONE", "TWO", "THREE"), 1):
        told_by_hub(agent, version, name)
    known = agent.feeds.confirmations_since(ASKER, FeedCursor())
    seen = FeedCursor(known.epoch, known.version)
    assert feeds_of(agent) == (FeedCursor("h1", 3), FeedCursor("h1", 8))
    epochs = {seen.epoch}
    for _ in range(2):
        with agent.database.transaction():
            agent.outbox.acknowledged(till.id, before, before)
        assert feeds_of(agent) == (FeedCursor(), FeedCursor())
        assert names(agent.feeds.confirmations_since(ASKER, seen)) == [], "nothing is told anew before the hub answers"
        assert agent.feeds.stock_since(FeedCursor()).epoch, "the store's own figures are told on"
        rows = tuple(confirmed(at, name) for at, name in enumerate(("TWO", "FOUR", "ONE"), 1))
        with agent.database.transaction():
            agent.sink.apply_confirmations(Confirmations(epoch="h1", version=3, rows=rows))
            agent.sink.apply_stock(StockFigures(epoch="h1", version=2, full=True, rows=(), covered=()))
            agent.outbox.acknowledged(till.id, head, head)
        assert feeds_of(agent) == (FeedCursor("h1", 3), FeedCursor("h1", 2))
        told = agent.feeds.confirmations_since(ASKER, seen)
        assert names(told) == ["TWO", "FOUR", "ONE"]
        epochs.add(told.epoch)
        seen = FeedCursor(told.epoch, told.version)
        agent.feeds.tell_again()
        assert names(agent.feeds.confirmations_since(ASKER, seen)) == []
    assert len(epochs) == 3
    agent.database.close()
