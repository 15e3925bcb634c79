"""A till asks for an earlier life from the beginning, of which it let go of the older part (REL-13, REL-17)."""

from pathlib import Path

import msgspec
import pytest

from kontuar.kernel.errors import Refused
from kontuar.operations.ports.streams import Position, SealedMessage
from kontuar.operations.station.returned import Fetched, merge
from kontuar.operations.station.station import Station
from lives_world import books_of, bring_back, database_of, faults, life, put_away, stream_of
from pruned_books import Shop
from shop import HandClock


def pruned_and_restored(folder: Path) -> tuple[Station, list[SealedMessage], int]:
    """(the second life of a pruned till, what others hold of the first, how far it is pruned)."""
    shop = Shop(folder)
    shop.shift()
    shop.shift()
    held = stream_of(shop.station)
    shop.decided()
    mark = shop.prune()
    assert 0 < mark < len(held)
    put_away(shop.station)
    clock = HandClock()
    clock.turn(2_000)
    return life(folder, 2, clock), held, mark


def test_what_was_let_go_of_does_not_come_back(tmp_path: Path) -> None:
    """REL-07, REL-08, REL-17: its goods and its money are in the balances already."""
    station, held, mark = pruned_and_restored(tmp_path)
    before = books_of(station)
    done = bring_back(station, held)
    assert (done.returned, done.aside) == (0, 0)
    assert books_of(station) == before
    assert bring_back(station, held, after=mark).returned == 0
    assert faults(tmp_path) == []


def test_others_who_hold_less_than_was_let_go_of_change_nothing(tmp_path: Path) -> None:
    """REL-02, REL-17: a hub that was set up again; what it lacks is nowhere, which it is told (`stream.gap`)."""
    station, held, mark = pruned_and_restored(tmp_path)
    before = books_of(station)
    assert bring_back(station, held[: mark - 1]).returned == 0
    assert books_of(station) == before
    assert bring_back(station, held[:mark]).returned == 0
    assert database_of(station).value("SELECT count(*) FROM forked_message") == 0


def test_who_holds_something_else_than_head_office_signed_is_not_believed(tmp_path: Path) -> None:
    """REL-14."""
    station, held, mark = pruned_and_restored(tmp_path)
    other = tuple(msgspec.structs.replace(message, hash=bytes(32)) for message in held[mark - 1 :])
    fetched = Fetched(incarnation="i1", messages=other, head=Position(len(held), "00" * 32), complete=True)
    before = books_of(station)
    with pytest.raises(Refused) as refused:
        merge(station, fetched, {"i1": 1, "i2": 2})
    assert refused.value.problems[0].facts == {"seq": str(mark), "reason": "pruned"}
    assert books_of(station) == before
