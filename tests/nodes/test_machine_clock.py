"""The machine's clock (PARK-05)."""

import sys
import time

import pytest

from kontuar.nodes.machine import MachineClock


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems count sleep or have no such clock")
def test_a_suspended_till_does_not_take_its_leases_for_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """PARK-05: CLOCK_MONOTONIC stands still while a laptop sleeps, CLOCK_BOOTTIME goes on."""
    hour_asleep = {time.CLOCK_MONOTONIC: 100.0, time.CLOCK_BOOTTIME: 3700.0}
    monkeypatch.setattr(time, "clock_gettime", hour_asleep.__getitem__)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert MachineClock().monotonic() == 3700.0
