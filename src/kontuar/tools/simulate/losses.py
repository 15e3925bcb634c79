"""What set-backs destroy for good: sales, and openings of shifts, whose every holder was set back behind them, one
after another.

A till that is set back may count on its agent, an agent on head office. When that one is set back, too, before it told
anybody else, nobody has the sale any more, and nobody is to blame.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import psycopg

from kontuar.tools.simulate.books_read import APPROVED, OPENED
from kontuar.tools.simulate.chain import HUB, AgentMachine, HubMachine, StationMachine
from kontuar.tools.simulate.scene import Scene
from kontuar.tools.simulate.seen import Lost, Sale

Machine = HubMachine | AgentMachine | StationMachine

_FORKED: Final = "SELECT {origin}, payload, 0, 0 FROM forked_message"
_OF_STATION: Final = (
    "SELECT ?1, m.payload, m.seq <= coalesce(u.held_seq, 0), m.seq <= coalesce(u.final_seq, 0)"
    " FROM message m LEFT JOIN uplink u USING (incarnation)"
)
_OF_AGENT: Final = "SELECT origin, payload, 0, seq <= hub_seq FROM message JOIN stream USING (origin, incarnation)"
_OF_HUB: Final = "SELECT origin, payload, 0, 0 FROM message"


class Held(NamedTuple):
    """A sale as one machine holds it. `known_at`: who else has it, as far as that machine knows."""

    station: str
    known_at: str


def set_back(scene: Scene, machine: Machine, doing: Callable[[], None]) -> None:
    """Do it (a backup takes the place of its database, which nobody uses), and remember what nobody holds any more."""
    before = sales_of(scene, machine)
    doing()
    _lost(scene, machine, before, sales_of(scene, machine))


def thrown_away(scene: Scene, machine: StationMachine) -> None:
    """Its disk is gone with all it holds."""
    _lost(scene, machine, sales_of(scene, machine), {}, gone=True)


def sales_of(scene: Scene, machine: Machine) -> dict[Sale, Held]:
    """What its database holds, whether it runs or not; the database stays as it is. The opening of a shift has no
    number."""
    if isinstance(machine, HubMachine):
        with psycopg.connect(machine.url, autocommit=True) as hub:
            rows = [row for query in (_OF_HUB, _FORKED.format(origin="origin")) for row in hub.execute(query)]
        return dict(_sales(rows, ""))
    files = [file for file in machine.folder.glob(f"{machine.database_file}*") if not file.name.endswith("-shm")]
    if not files:  # a machine that is being set up
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            shutil.copy(file, folder)
        with contextlib.closing(apsw.Connection(str(Path(folder) / machine.database_file))) as database:
            if isinstance(machine, AgentMachine):
                return dict(_sales(_rows(database, _OF_AGENT, "origin"), ""))
            agent = scene.machines.agent_of[machine.name]
            return dict(_sales(_rows(database, _OF_STATION, "?1", machine.name), agent))


def _rows(database: apsw.Connection, query: str, origin: str, *given: str) -> list[Any]:
    rows = list(database.execute(query, given))
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'forked_message'").fetchall():  # else an older schema
        rows += database.execute(_FORKED.format(origin=origin), given)
    return rows


def _sales(rows: list[Any], agent: str) -> Iterator[tuple[Sale, Held]]:
    for origin, payload, held, final in rows:
        if APPROVED.encode() in bytes(payload) or OPENED.encode() in bytes(payload):
            message = json.loads(bytes(payload))
            if APPROVED in message["kind"] or OPENED in message["kind"]:
                known_at = HUB if final else agent if held else ""
                yield (str(message["message_id"]), message["body"].get("number", "")), Held(origin, known_at)


def _lost(
    scene: Scene, machine: Machine, before: dict[Sale, Held], after: dict[Sale, Held], *, gone: bool = False
) -> None:
    lost = {sale: held for sale, held in before.items() if sale not in after}
    if not lost:
        return
    others = [other for other in scene.machines.every() if not (gone and other is machine)]
    still_held = {sale for other in others for sale in sales_of(scene, other)}
    for sale, held in lost.items():
        known = scene.seen.lost.setdefault(sale, Lost())
        known.by.add(machine.name)
        known.known_at |= {held.known_at} - {""}
        if sale not in still_held and held.station in known.by and known.known_at <= known.by:
            scene.seen.destroyed[sale] = None
