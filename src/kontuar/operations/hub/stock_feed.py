"""Stock figures of a store as the hub knows them, opening stock, stock of other stores."""

import datetime
from collections.abc import Sequence

from kontuar.domain.parties import rights
from kontuar.domain.stock.records import is_warehouse
from kontuar.kernel.canonical import content_hash, encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.ids import parse_id
from kontuar.kernel.quantity import check_precision
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_documents import FeedsOfStore, Opening, StockFigures
from kontuar.operations.ports.questions import ElsewhereRow

MAX_ROWS = 200_000


def stock_since(feeds: FeedsOfStore, store: str, epoch: str, version: int) -> StockFigures:
    """Absolute figures that changed after (epoch, version), and per stream the position they contain.

    Figure = opening + all moves of messages up to `covered`, booked or parked: the goods left either way (REL-07).
    """
    with feeds.reading():
        return feeds.stock(store, epoch, version)


def stock_elsewhere(feeds: FeedsOfStore, store: str, article: str) -> Sequence[ElsewhereRow]:
    """The article in all stores but the asking one."""
    with feeds.reading():
        found = feeds.stock_elsewhere(store, article)
    return [ElsewhereRow(store=code, warehouse=place, quantity=amount) for code, place, amount in found]


def put_opening(feeds: FeedsOfStore, actor: Actor, opening: Opening, now: datetime.datetime) -> bool:
    """Opening stock as moves of its own; the same id with the same rows again is no second effect (REL-08).

    True when written, False when it was there. Raises `Refused` with all bad rows at once, or
    `Conflict("opening.conflict")` when the id was used for other rows. Needs the right `hub.define`.
    """
    actor.require(rights.DEFINE)
    parse_id(opening.opening_id, "field:opening_id")
    problems = _problems_in(opening)
    if problems:
        raise Refused(*problems)
    with feeds.transaction():
        undefined = feeds.undefined(opening.rows)
        if undefined:
            raise Refused(*undefined)
        return feeds.put_opening(opening, content_hash(encode(opening)), actor.operator, now)


def _problems_in(opening: Opening) -> list[Problem]:
    if not opening.rows or len(opening.rows) > MAX_ROWS:
        raise refuse("opening.row_count", "field:rows", count=len(opening.rows), most=MAX_ROWS)
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for position, row in enumerate(opening.rows, start=1):
        place = f"row:{position}"
        try:
            check_precision(row.quantity, 4, place)
        except Refused as refusal:
            problems += refusal.problems
            continue
        if row.quantity <= 0 or not is_warehouse(row.warehouse):
            problems.append(Problem("opening.row_wrong", place, {"article": row.article}))
        if (row.warehouse, row.article) in seen:
            problems.append(Problem("opening.row_repeated", place, {"article": row.article}))
        seen.add((row.warehouse, row.article))
    return problems
