"""The stock ledger: goods move from a place to a place; balances are rebuildable sums."""

from decimal import Decimal

import msgspec


class StockMove(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, keyed (doc_id, line, effect). Places: a warehouse code, or `@customer`, `@internal`.

    `quantity` in base units; negative when a cancellation takes the move back.
    """

    line: int
    effect: str
    article: str
    from_place: str
    to_place: str
    quantity: Decimal


CUSTOMER = "@customer"
INTERNAL = "@internal"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an article a warehouse holds (base units)."""

    warehouse: str
    article: str
    quantity: Decimal


def is_warehouse(place: str) -> bool:
    """True for a real warehouse, False for the world outside."""
    return not place.startswith("@")


def effects_on_balances(moves: tuple[StockMove, ...]) -> dict[tuple[str, str], Decimal]:
    """(warehouse, article) → change of its balance."""
    changes: dict[tuple[str, str], Decimal] = {}
    for move in moves:
        for place, sign in ((move.from_place, -1), (move.to_place, 1)):
            if is_warehouse(place):
                key = (place, move.article)
                changes[key] = changes.get(key, Decimal(0)) + sign * move.quantity
    return changes
