"""What set-backs destroy for good, and what is missing without that excuse."""

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import psycopg
import pytest

from kontuar.tools.simulate import policy, trouble
from kontuar.tools.simulate.ground import Ground, Machines
from kontuar.tools.simulate.losses import sales_of, set_back
from kontuar.tools.simulate.policy import Policy
from kontuar.tools.simulate.scene import Scene
from kontuar.tools.simulate.seen import Sale
from kontuar.tools.simulate.simulation import Simulation

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
CHAIN = (1, 1)
TILL, AGENT = "S1T1", "agent@S1"


@pytest.fixture(autouse=True)
def nothing_is_backed_up_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "WEIGHTS", {"kill": 1})
    monkeypatch.setattr(policy, "drawn", lambda _: Policy())


@contextlib.contextmanager
def a_day_over(ground: Ground) -> Iterator[tuple[Machines, Scene, set[Sale]]]:
    """Everything the till sold is everywhere, all machines are down, and have a backup of the evening before."""
    with Simulation(ground, 3, 25).ended() as (machines, seen):
        scene = Scene(machines, seen, random.Random(0), lambda: None)
        sold = set(seen.issued)
        assert sold <= sales_of(scene, machines.hub).keys() & sales_of(scene, machines.agents[AGENT]).keys()
        assert len(sold) >= 3
        yield machines, scene, sold


@pytest.mark.parametrize("order", [(TILL, AGENT, "hub"), ("hub", TILL, AGENT), (AGENT, "hub", TILL)])
def test_a_sale_is_destroyed_when_its_last_holder_is_set_back(small_ground: Ground, order: tuple[str, ...]) -> None:
    """REL-02: whoever goes last; as long as anybody holds it, nobody may lose it."""
    with a_day_over(small_ground) as (machines, scene, sold):
        every = {machine.name: machine for machine in machines.every()}
        for name in order:
            assert not scene.seen.destroyed
            set_back(scene, every[name], every[name].restore)
        assert sold <= scene.seen.destroyed.keys()
        shift_ids = {doc_id for doc_id, number in scene.seen.destroyed if not number}
        assert shift_ids
        assert not shift_ids & {doc_id for doc_id, _ in sold}


@pytest.mark.parametrize("liar", [AGENT, "hub"])
def test_who_acknowledged_a_sale_and_does_not_have_it_is_no_excuse(small_ground: Ground, liar: str) -> None:
    """REL-04: nobody has it any more, and the one who was known to have it was never set back behind it."""
    with a_day_over(small_ground) as (machines, scene, _):
        agent, till = machines.agents[AGENT], machines.stations[TILL]
        with psycopg.connect(machines.hub.url, autocommit=True) as hub:
            hub.execute("ALTER TABLE message DISABLE TRIGGER ALL")
            hub.execute("DELETE FROM message")
        if liar == AGENT:
            _tampered(agent.folder / agent.database_file, "DELETE FROM message")
            _tampered(till.folder / till.database_file, "UPDATE uplink SET final_seq = 0")
        for machine in (till, agent, machines.hub):
            set_back(scene, machine, machine.restore)
        assert not sales_of(scene, till)
        assert not scene.seen.destroyed


def _tampered(database: Path, statement: str) -> None:
    with contextlib.closing(apsw.Connection(str(database))) as books:
        for (name,) in list(books.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            books.execute(f"DROP TRIGGER {name}")
        books.execute(statement)
