"""How versions of one document differ (PARK-15)."""

from decimal import Decimal
from pathlib import Path

from kontuar.domain.documents.comparing import compared_lines
from kontuar.operations.station import till
from shop import MILK, NUTS, WATER, actor_of, fill, open_till

EWA = actor_of()


def test_lines_are_compared_by_what_they_are_and_not_by_their_numbers(tmp_path: Path) -> None:
    """PARK-15: both tills gave their new line the number 2, and the first line another quantity."""
    station = open_till(tmp_path)
    one = fill(station, MILK, WATER)
    two = fill(station, MILK, NUTS)
    two = till.change_quantity(station, EWA, two.doc_id, 1, "3")
    rows = compared_lines((one, two))
    assert [(row.article, row.differs) for row in rows] == [("MILK", True), ("WATER", True), ("NUTS", True)]
    quantities = [tuple(cell and cell.quantity for cell in row.cells) for row in rows]
    assert quantities == [(Decimal(1), Decimal(3)), (Decimal(1), None), (None, Decimal(1))]
    assert all(not row.differs for row in compared_lines((one, one)))


def test_the_same_article_twice_is_two_lines(tmp_path: Path) -> None:
    """PARK-15."""
    station = open_till(tmp_path)
    once = fill(station, MILK)
    twice = till.scan(station, EWA, fill(station, MILK).doc_id, MILK)
    assert [row.cells[0] is not None for row in compared_lines((once, twice))] == [True, False]
