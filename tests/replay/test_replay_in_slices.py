"""A long replay that is killed in the middle goes on where it was, and everything is compared at the end."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kontuar.tools.replay.slices import SLICES_FILE
from postgres_fixture import open_temporary_folder

pytestmark = [pytest.mark.replay, pytest.mark.postgres]

BASKETS, SLICE, KILLED_AFTER = 150, 50, 70
REPLAY = [sys.executable, "-m", "kontuar", "replay"]
LONGEST_SECONDS = 200


def write_baskets(file: Path) -> None:
    """Three days of one store; every basket another amount."""
    lines = ["basket,store,at,ean,name,quantity,unit,price,value,vat"]
    for number in range(BASKETS):
        at = f"2026-03-{2 + number // 60:02}T{9 + number % 60 // 10:02}:{number % 10:02}"
        lines.append(f"b{number:03},Rynek,{at},5901234123457,Mleko 2%,{1 + number % 7},szt,3.49,,5")
        lines.append(f"b{number:03},Rynek,{at},5900000000008,Ser,0.{100 + number},kg,40.00,,5")
    file.write_text("\n".join(lines), "utf-8")


def receipts_at(folder: Path) -> int:
    """What the tills have sold, read beside them."""
    count = 0
    for file in folder.glob("station-*/station.db"):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            count += database.execute("SELECT count(*) FROM document").fetchone()[0]
    return count


def resumed(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*REPLAY, "resume", str(folder), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)


def kill_while_it_sells(file: Path, folder: Path, results: Path) -> None:
    """The driver is killed inside the second slice; its nodes run on without it."""
    arguments = ["csv", str(file), "--slice", str(SLICE), "--keep", str(folder), "--results", str(results)]
    driver = subprocess.Popen([*REPLAY, *arguments], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + LONGEST_SECONDS
    while not (folder / "defined").exists() or receipts_at(folder) < KILLED_AFTER:
        assert driver.poll() is None, driver.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()


def test_a_replay_that_was_killed_in_a_slice_goes_on_and_everything_holds() -> None:
    """PERF-08: runs too long for one sitting; no basket is sold twice or left out."""
    with open_temporary_folder() as parent:
        file, folder, results = parent / "baskets.csv", parent / "kept", parent / "results.jsonl"
        write_baskets(file)
        kill_while_it_sells(file, folder, results)
        assert len((folder / SLICES_FILE).read_text().splitlines()) == 1
        done = resumed(folder)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all holds"), done.stdout + done.stderr
        slices = [json.loads(line) for line in results.read_text().splitlines()]
        assert [(one["number"], one["upto"], one["resumed"]) for one in slices] == [
            (1, 50, False), (2, 100, True), (3, 150, False),
        ]  # fmt: skip
        assert slices[0]["sold"] == 50
        assert slices[1]["sold"] <= 100 - KILLED_AFTER
        assert slices[2]["sold"] == 50
        assert all(one["differences"] == [] for one in slices)
        assert receipts_at(folder) == BASKETS
        again = resumed(folder)
        assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "all holds"), "there is nothing left to sell"


def test_a_replay_goes_on_only_with_the_same_baskets_and_where_one_was_begun(tmp_path: Path) -> None:
    done = resumed(tmp_path)
    assert done.returncode == 2
    assert "no sliced replay was begun there" in done.stdout
