"""An agent that was set up again from a backup numbers its figures anew, and cannot know that it does (REL-07)."""

import shutil
from pathlib import Path

from kontuar.operations.ports.hub_documents import StockFigures
from kontuar.operations.ports.sync import FeedCursor
from kontuar.storage.sqlite.agent.books import AgentBooks
from shop import HandClock

WAREHOUSE = "S1M"


def agent(folder: Path, process: str) -> AgentBooks:
    return AgentBooks(folder / "agent.db", folder / "snapshots", "S1", HandClock(), f"epoch of {process}")


def told(books: AgentBooks, version: int, *, full: bool = False, **figures: int) -> None:
    """The hub's figures come down."""
    rows = tuple((WAREHOUSE, article, figure) for article, figure in figures.items())
    with books.database.transaction():
        books.stock.take(StockFigures(epoch="hub", version=version, full=full, rows=rows, covered=()))


def test_a_till_that_was_away_hears_all_figures_of_an_agent_that_was_set_back(tmp_path: Path) -> None:
    """REL-07: also when the restored agent has counted past the version that the till was told before."""
    books = agent(tmp_path, "monday")
    told(books, 1, full=True, A=10, B=20)
    books.database.close()
    shutil.copy(tmp_path / "agent.db", tmp_path / "backup")

    books = agent(tmp_path, "tuesday")
    told(books, 2, A=11)
    till = books.stock.since(FeedCursor())
    assert (till.full, sorted(till.rows)) == (True, [(WAREHOUSE, "A", 11), (WAREHOUSE, "B", 20)])
    books.database.close()

    for file in tmp_path.glob("agent.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup", tmp_path / "agent.db")
    books = agent(tmp_path, "wednesday")
    for version, figures in ((2, {"B": 25}), (3, {"A": 12}), (4, {"A": 13})):
        told(books, version, **figures)
    answer = books.stock.since(FeedCursor(till.epoch, till.version))
    assert (answer.full, sorted(answer.rows)) == (True, [(WAREHOUSE, "A", 13), (WAREHOUSE, "B", 25)])
    books.database.close()


def test_a_till_hears_only_what_changed_while_its_agent_runs(tmp_path: Path) -> None:
    """PERF: the other side of it."""
    books = agent(tmp_path, "monday")
    told(books, 1, full=True, A=10, B=20)
    till = books.stock.since(FeedCursor())
    told(books, 2, A=11)
    answer = books.stock.since(FeedCursor(till.epoch, till.version))
    assert (answer.full, answer.rows) == (False, ((WAREHOUSE, "A", 11),))
    books.database.close()
