"""Bytes of a message change under a node, as a bad disk or a hand in the database does it: the digests must find it,
and another copy must take their place (REL-18)."""

import contextlib
from collections.abc import Callable
from typing import Final

import apsw

from kontuar.storage.sqlite.engine import CHECKSUM_VFS
from kontuar.tools.simulate.chain import AgentMachine, StationMachine
from kontuar.tools.simulate.scene import Scene
from kontuar.tools.simulate.trouble_machines import end

_FINAL: Final = {
    "agent.db": "SELECT m.incarnation, m.seq FROM message m JOIN stream s USING (origin, incarnation)"
    " WHERE m.seq <= s.hub_seq ORDER BY 1, 2",
    "station.db": "SELECT m.incarnation, m.seq FROM message m JOIN uplink u USING (incarnation)"
    " WHERE m.seq <= u.final_seq ORDER BY 1, 2",
}
"""What head office has, too."""


def alter_message(scene: Scene) -> None:
    """One that others hold, too; its machine is down meanwhile."""
    machine = scene.some_node()
    if machine.is_up:
        end(scene, machine, power=False)
        scene.later(0.2, lambda: None if machine.is_up else _alter(scene, machine))


def _alter(scene: Scene, machine: StationMachine | AgentMachine) -> None:
    file = str(machine.folder / machine.database_file)
    with contextlib.closing(apsw.Connection(file, vfs=CHECKSUM_VFS)) as database:
        found = list(database.execute(_FINAL[machine.database_file]))
        if not found:
            return
        chosen = scene.chance.choice(found)
        triggers = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'message'"
        ).fetchall()
        database.execute("BEGIN")
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(
            "UPDATE message SET payload = CAST(payload || ' ' AS BLOB) WHERE incarnation = ? AND seq = ?", chosen
        )
        for _, sql in triggers:
            database.execute(str(sql))
        database.execute("COMMIT")
    scene.seen.altered[machine.name] += 1


KINDS: Final[dict[str, Callable[[Scene], None]]] = {"alter_message": alter_message}
