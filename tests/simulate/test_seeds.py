"""Whole chains in virtual time: while everything breaks people work, then all must agree (REL-01 … REL-20)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kontuar.tools.simulate.books_read import Books
from kontuar.tools.simulate.checks import violations
from kontuar.tools.simulate.ground import Ground
from kontuar.tools.simulate.seen import Issued
from kontuar.tools.simulate.simulation import Simulation

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
CHAIN = (2, 2)
SEEDS = (1, 2, 4)
OPERATIONS = 120


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_breaks_every_document_arrives_once_and_all_nodes_agree(small_ground: Ground, seed: int) -> None:
    """REL-01 … REL-10, REL-14, REL-18: the checkers find nothing."""
    verdict = Simulation(small_ground, seed, OPERATIONS).run()
    assert verdict.violations == ()
    assert verdict.operations >= OPERATIONS
    assert verdict.issued > OPERATIONS / 4
    assert verdict.troubles >= 2


def test_the_same_seed_takes_the_same_steps_in_every_process() -> None:
    """The trace does not depend on how a process orders its sets."""
    first, second = _verdict_of_a_process("1"), _verdict_of_a_process("2")
    assert first["trace"] == second["trace"]
    assert first["violations"] == second["violations"] == []


def test_the_checkers_see_what_is_missing_altered_or_invented(small_ground: Ground) -> None:
    """REL-02, REL-03, REL-06, REL-07, REL-14: each on books that were tampered with after the end."""
    with Simulation(small_ground, 5, 40).ended() as (machines, seen):
        assert violations(machines, seen) == []
        lost = "00000000-0000-7000-8000-000000000001"
        receipt = Issued(doc_id=lost, station="S1T1", store="S1", number="PAR/LOST", gross=1, at=0.0)
        seen.issued[lost, receipt.number] = receipt
        assert any("PAR/LOST was issued and is 0 times" in found for found in violations(machines, seen))
        del seen.issued[lost, receipt.number]
        known = next(iter(seen.issued.values()))
        again = known.doc_id, "PAR/AGAIN"  # an old draft sold once more: each of its receipts is looked for
        seen.issued[again] = receipt
        assert any("PAR/AGAIN was issued and is 0 times" in found for found in violations(machines, seen))
        seen.destroyed[again] = None
        assert violations(machines, seen) == []
        seen.issued.clear()
        seen.attempted.clear()
        assert any("was never attempted" in found for found in violations(machines, seen))
        books = Books(machines, seen)
        books.hub.execute("ALTER TABLE stock_move DISABLE TRIGGER ALL")
        books.hub.execute("ALTER TABLE cash_move DISABLE TRIGGER ALL")
        books.hub.execute("ALTER TABLE message DISABLE TRIGGER ALL")
        books.hub.execute("UPDATE stock_move SET quantity_e4 = quantity_e4 + 1")
        books.hub.execute("UPDATE cash_move SET amount = amount + 1")
        books.hub.execute("UPDATE message SET payload = payload || ' ' WHERE seq = 2")
        books.close()
        found = violations(machines, seen)
        assert any(each.startswith("REL-07 stock: hub: ") for each in found)
        assert any(each.startswith("REL-06 money: hub: ") for each in found)
        assert any("message 2 of S1T1 does not follow its predecessor" in each for each in found)
        assert any("hub has other bytes for message 2 of S1T1" in each for each in found)


def _verdict_of_a_process(hash_seed: str) -> dict[str, object]:
    command = [str(Path(sys.executable).parent / "kontuar"), "simulate", "--seed", "7", "--ops", "40"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    found: dict[str, object] = json.loads(line)
    return found
