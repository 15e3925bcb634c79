"""A long replay in slices: stop after any of them, be killed in the middle of one, go on later in the same folder.

What is sold already is asked of the stations, not remembered: each sells its queue in order, so the number of its
receipts is its place in the queue. Every slice is compared over everything since the first basket.
"""

import datetime
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from kontuar.kernel.canonical import content_hash, encode
from kontuar.kernel.time import instant_text
from kontuar.tools.replay.baskets import NoBaskets, Selection
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.lines import class_counts
from kontuar.tools.replay.node_process import end_left_over
from kontuar.tools.replay.progress import Watch
from kontuar.tools.replay.reconcile import Difference
from kontuar.tools.replay.run import Prepared, Seller, Settings, prepare, reproduced
from kontuar.tools.replay.sources import Source

BEGUN_FILE: Final = "replay.json"
DEFINED_FILE: Final = "defined"
SAID_FILE: Final = "said.jsonl"
SLICES_FILE: Final = "slices.jsonl"


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What a sliced replay was begun with. `baskets_hash`: the baskets must be the same when it goes on.

    `results`: a file that every finished slice is appended to, beside the folder's own; empty = none.
    """

    source: Source
    settings: Settings
    slice_baskets: int
    baskets: int
    baskets_hash: str
    results: str = ""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """A finished slice. `upto`: baskets sold since the beginning; `sold`: in this slice by this process (less when
    it took over from one that was killed); `reproduced`: lines priced by the engine as they were booked, and
    `differences`, over everything so far."""

    number: int
    upto: int
    of: int
    sold: int
    seconds: float
    offline: int
    store_alone: int
    cuts: int
    lines: dict[str, int]
    reproduced: int = 0
    differences: tuple[str, ...]
    at: str
    resumed: bool


class SlicesFolder:
    """The files of one sliced replay, beside the nodes' data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, begun: Begun) -> None:
        """Note what is to be replayed; the folder is new."""
        (self.folder / BEGUN_FILE).write_bytes(encode(begun))

    def begun(self) -> Begun:
        """Raises `NoBaskets` where no replay was begun, or none that got as far as its first sale."""
        file = self.folder / BEGUN_FILE
        if not file.exists():
            raise NoBaskets(f"{self.folder}: no sliced replay was begun there")
        if not (self.folder / DEFINED_FILE).exists():
            raise NoBaskets(f"{self.folder}: stopped before the first sale; begin anew in another folder")
        return msgspec.json.decode(file.read_bytes(), type=Begun)

    def note_defined(self) -> None:
        """Every node has its identity and its definitions: from now on it can be resumed."""
        (self.folder / DEFINED_FILE).touch()

    def say(self, difference: Difference) -> None:
        """What came to another amount while it was sold, kept at once."""
        _append(self.folder / SAID_FILE, encode(difference))

    def said(self) -> tuple[Difference, ...]:
        """Everything said by all processes so far."""
        return tuple(msgspec.json.decode(line, type=Difference) for line in _whole_lines(self.folder / SAID_FILE))

    def finish(self, done: Slice, results: str) -> None:
        """Append a finished slice."""
        for file in (self.folder / SLICES_FILE, *([Path(results)] if results else [])):
            file.parent.mkdir(parents=True, exist_ok=True)
            _append(file, encode(done))

    def slices(self) -> list[Slice]:
        """The finished ones, in order."""
        return [msgspec.json.decode(line, type=Slice) for line in _whole_lines(self.folder / SLICES_FILE)]


def hash_of(selection: Selection) -> str:
    """Same baskets, same hash."""
    return content_hash(encode([(b.code, b.store, b.day.isoformat(), b.gross) for b in selection.baskets])).hex()


async def replay_slices(
    selection: Selection, begun: Begun, kept: SlicesFolder, watch: Watch, most: int, *, again: bool
) -> list[Slice]:
    """At most `most` slices more (0 = all that are left); every finished slice so far.

    Raises `NoBaskets` when the source gives other baskets than at the beginning.
    """
    if hash_of(selection) != begun.baskets_hash:
        raise NoBaskets("the source gives other baskets than when this replay was begun")
    if again and (left := end_left_over(kept.folder)):
        watch.step(f"ended {left} nodes of a run that was killed")
    bounds = _bounds(begun, len(kept.slices()), most)
    if not bounds:
        return kept.slices()
    prepared = prepare(selection, begun.settings, watch)
    first_day = min(basket.day for basket in prepared.baskets)
    async with running(prepared.chain, first_day, kept.folder, watch, again=again) as nodes:
        kept.note_defined()
        sold = await _sold_before(nodes, prepared, watch) if again else dict.fromkeys(prepared.plan.queues, 0)
        watch.begin(bounds[-1] - sum(sold.values()))
        for number, upto in enumerate(bounds, len(kept.slices()) + 1):
            seller = Seller(nodes, prepared, watch, kept.say)
            kept.finish(await _slice(seller, prepared, kept, sold, number, upto, again), begun.results)
            sold, again = prepared.ends(upto), False
    return kept.slices()


def _bounds(begun: Begun, finished: int, most: int) -> Sequence[int]:
    """Where the slices end that are to be sold now, counted in baskets from the first."""
    ends = [*range(begun.slice_baskets, begun.baskets, begun.slice_baskets), begun.baskets][finished:]
    return ends[:most] if most else ends


async def _slice(
    seller: Seller, prepared: Prepared, kept: SlicesFolder, sold: dict[str, int], number: int, upto: int, resumed: bool
) -> Slice:
    began = time.monotonic()
    sales = await seller.sell(sold, upto)
    seconds = time.monotonic() - began
    found = await seller.compared(upto)
    board, said, baskets = seller.board, kept.said(), prepared.baskets[:upto]
    return Slice(
        number=number, upto=upto, of=len(prepared.baskets), sold=len(sales), seconds=round(seconds, 1),
        offline=board.offline, store_alone=board.store_alone, cuts=board.cuts,
        lines=dict(class_counts(baskets)), reproduced=reproduced(baskets, said),
        at=instant_text(datetime.datetime.now(datetime.UTC)),
        differences=(*map(str, said), *map(str, found)), resumed=resumed,
    )  # fmt: skip


async def _sold_before(nodes: RunningChain, prepared: Prepared, watch: Watch) -> dict[str, int]:
    """Each station's place in its queue; what a killed cashier had only begun is thrown away."""
    sold: dict[str, int] = {}
    for station, queue in prepared.plan.queues.items():
        manager = nodes.managers[station]
        await manager.throw_drafts_away()
        days = sorted({basket.day for basket in queue})
        sold[station] = sum([(await manager.totals(day)).documents for day in days])
    watch.step(f"{sum(sold.values())} baskets were sold before")
    return sold


def _append(file: Path, line: bytes) -> None:
    """A line more; one that has no end, for the power went while it was written, is dropped first."""
    whole = b"".join(_whole_lines(file))
    if file.exists() and file.stat().st_size > len(whole):
        file.write_bytes(whole)
    with file.open("ab") as out:
        out.write(line + b"\n")


def _whole_lines(file: Path) -> list[bytes]:
    if not file.exists():
        return []
    return [line for line in file.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
