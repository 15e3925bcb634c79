"""The checkers: plain SQL over every node's own database, against what people saw. None of the code under test.

Each gives the violations it finds, by requirement id; nothing found = it holds.
"""

from collections.abc import Callable, Iterator
from typing import Final

import apsw

from kontuar.tools.simulate import (
    checks_backups,
    checks_ledgers,
    checks_parking,
    checks_pruned,
    checks_sales,
    checks_streams,
)
from kontuar.tools.simulate.books_read import Books
from kontuar.tools.simulate.ground import Machines
from kontuar.tools.simulate.seen import Seen

CHECKS: Final[dict[str, Callable[[Books], Iterator[str]]]] = {
    "REL-14 chains": checks_streams.chains,
    "REL-02 arrived": checks_streams.arrived,
    "REL-02 issued": checks_streams.issued,
    "REL-03 invented": checks_streams.nothing_invented,
    "REL-05 numbers": checks_ledgers.numbers,
    "REL-06 money": checks_ledgers.money,
    "REL-07 stock": checks_ledgers.stock,
    "REL-08 effects": checks_ledgers.effects,
    "REL-09 queues": checks_streams.queues,
    "REL-10 definitions": checks_ledgers.definitions,
    "REL-12 coupons": checks_sales.coupons,
    "SALE-06 invoices": checks_sales.invoices,
    "REL-13 lives": checks_streams.lives,
    "REL-18 confirmed": checks_streams.confirmed,
    "REL-18 parked": checks_parking.parked_documents,
    "PARK-08 buffer": checks_parking.buffer,
    "REL-18 deleted": checks_parking.deleted,
    "REL-11 tokens": checks_parking.tokens,
    "REL-09 decided": checks_streams.decided,
    "REL-17 pruned": checks_pruned.pruned,
    "REL-20 backups": checks_backups.restorable,
}


def violations(machines: Machines, seen: Seen) -> list[str]:
    """Everything that does not hold, each with the check's name first."""
    try:
        books = Books(machines, seen)
    except apsw.Error as error:
        return [f"REL-04 readable: a database cannot be read: {error}"]
    try:
        return [f"{name}: {each}" for name, check in CHECKS.items() for each in check(books)]
    finally:
        books.close()
