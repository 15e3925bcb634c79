"""A station's node looks beside its work for what the bar warns of (SEC-01, REL-19)."""

import asyncio
import datetime
from pathlib import Path

from kontuar.kernel.time import instant_text
from kontuar.nodes.machine import this_machine
from kontuar.nodes.settings import StationSettings
from kontuar.nodes.station import StationNode
from kontuar.operations.station.login import Silence
from kontuar.operations.station.station_status import Warnings
from shop import load, small_shop
from sync_chain import keys_for


def test_a_node_remembers_what_to_warn_of_between_two_looks(tmp_path: Path) -> None:
    """SEC-01, REL-19: silence of four days and a clock ten minutes ahead reach the bar with the next beat."""
    settings = StationSettings(data=tmp_path, agent_url="http://127.0.0.1:9", station="S1T1")
    node = StationNode(settings, keys_for("S1T1", "station"), this_machine())
    load(node.station.books, small_shop())  # type: ignore[arg-type]
    heard = node.clock.now() - datetime.timedelta(hours=96.5)
    node.station.books.set_fact("agent_heard_at", instant_text(heard))
    before = node.sync_status()
    node.connection.compared(600.4)

    async def beat() -> None:
        await node._look()

    asyncio.run(beat())
    after = node.sync_status()
    node.lane.close()
    node.devices.close()
    assert (before.warnings, before.clock_skew_seconds) == (Warnings(), None)
    silence = Silence(level="warn", hours=96, hours_to_limit=240)
    assert after.warnings == Warnings(silence=silence, clock_off_seconds=600)
    assert after.clock_skew_seconds == 600.4
